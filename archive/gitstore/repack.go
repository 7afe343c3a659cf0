package gitstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxDepthCompact is the deepest chain of deltas in a compacted pack. The newest
// version of a file is read at once, the oldest over that many.
const maxDepthCompact = 50

// maxCompactObjects bounds a compacted pack as maxPackSize does: its index is
// made in memory.
const maxCompactObjects = 512 << 10

// repack writes the objects in order, then those that main does not reach.
func (c *compaction) repack(ctx context.Context) error {
	c.to = &repacker{compaction: c, ctx: ctx}
	total := c.from.size()
	var group sortRecord
	for record, err := range c.order.sorted() {
		if err != nil {
			return err
		}
		if !bytes.Equal(record[:groupSize], group[:groupSize]) {
			group = record
			c.to.former = packedObject{}
		}
		if err := c.repackOne(ID(record[recordID:])); err != nil {
			return err
		}
		c.options.Progress("packed objects", c.report.Objects, total)
	}
	c.to.former = packedObject{}
	err := c.from.rest(func(id ID) error {
		err := c.repackFound(id, false)
		if errors.As(err, new(*MissingError)) {
			return nil // git pruned it meanwhile
		}
		if err != nil {
			return err
		}
		c.report.Unreachable++
		c.options.Progress("packed objects", c.report.Objects, total)
		return nil
	})
	if err != nil {
		return err
	}
	return c.to.finish()
}

// repackOne writes an object unless that is done.
func (c *compaction) repackOne(id ID) error {
	fresh, err := c.from.take(id)
	if err != nil || !fresh {
		return err
	}
	return c.repackFound(id, true)
}

// repackFound writes an object, if like is set perhaps as a delta on the former
// one.
func (c *compaction) repackFound(id ID, like bool) error {
	if err := c.to.ctx.Err(); err != nil {
		return err
	}
	if c.omit[id] {
		return nil
	}
	large, err := c.store.openLarge(id)
	if err != nil && !isGone(err) {
		return err
	}
	if large != nil && large.Kind() == KindBlob && large.Size() > maxTight {
		err = errors.Join(c.to.addLarge(large), large.Close())
	} else {
		if large != nil {
			_ = large.Close() // nothing was read
		}
		var o object
		if o, _, err = c.store.object(id); err == nil {
			err = c.to.add(id, o, like)
		}
	}
	if err == nil {
		c.report.Objects++
	}
	return err
}

// repacker writes compacted packs, one after the other.
type repacker struct {
	*compaction
	ctx    context.Context // of the one run
	pack   *packWriter     // nil before the first object
	differ differ
	former packedObject // the newer version of the next object, if any
}

// packedObject is an object that has been written and may be a delta base.
type packedObject struct {
	object
	offset int64 // 0 for none
	depth  int
}

// maxTight is the size up to which an object is read at once and deflated with
// care. Larger ones pass through a file, in constant memory.
const maxTight = 8 << 20

// room begins a pack unless there is one that has room for an object.
func (r *repacker) room(size int64) error {
	if r.pack != nil && (r.pack.end()+size > maxPackSize || len(r.pack.list) >= maxCompactObjects) {
		if err := r.finish(); err != nil {
			return err
		}
	}
	if r.pack != nil {
		return nil
	}
	w, err := newPackWriter(r.store.privatePath(r.name()) + ".pack")
	if err != nil {
		return err
	}
	r.pack = w
	return nil
}

// addLarge writes an object whole.
func (r *repacker) addLarge(content *ObjectReader) error {
	if err := r.room(content.Size()); err != nil {
		return err
	}
	r.former = packedObject{}
	path := r.store.privatePath(r.name()) + ".large"
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	deflated, length := io.ReaderAt(nil), int64(0)
	blob, err := ReadBlob(r.ctx, content, content.Size(), file) // which closes the file on an error
	if err == nil {
		deflated, length = blob.deflated, blob.length
		// The end of the content vouches for all of it.
		if _, err = content.Read(make([]byte, 1)); err == io.EOF {
			head := appendEntryHeader(nil, content.Kind(), content.Size())
			err = r.pack.appendFrom(content.id, head, io.NewSectionReader(deflated, 0, length), length)
		}
		err = errors.Join(err, file.Close())
	}
	return errors.Join(err, removeIfThere(path))
}

// add writes an object, if like is set perhaps as a delta on the former one.
func (r *repacker) add(id ID, o object, like bool) error {
	if err := r.room(int64(len(o.content))); err != nil {
		return err
	}
	packed := packedObject{object: o, offset: r.pack.end()}
	head, body := appendEntryHeader(nil, o.kind, int64(len(o.content))), []byte(nil)
	if delta := r.delta(o); like && delta != nil {
		head = appendBack(appendEntryHeader(nil, kindOffset, int64(len(delta.content))), packed.offset-r.former.offset)
		body, packed.depth = delta.deflated, r.former.depth+1
	} else {
		body = deflateWith(tightDeflaters, o.content)
	}
	if len(o.content) > maxDelta {
		packed = packedObject{} // nothing is to hold it in memory
	}
	r.former = packed
	return r.pack.append(id, head, body)
}

// madeDelta is a delta that is worth its base being read.
type madeDelta struct{ content, deflated []byte }

// delta returns the delta on the former object, or nil.
func (r *repacker) delta(o object) *madeDelta {
	f := r.former
	if f.offset == 0 || f.kind != o.kind || f.depth >= maxDepthCompact || len(f.content) < block || len(o.content) > maxDelta {
		return nil
	}
	var d madeDelta
	if o.kind == KindTree {
		old, errOld := parseTree(f.content)
		new, errNew := parseTree(o.content)
		if errOld != nil || errNew != nil {
			return nil
		}
		d.content = treeDelta(old, new)
	} else {
		d.content = r.differ.delta(f.content, o.content)
	}
	d.deflated = deflateWith(tightDeflaters, d.content)
	// Text shrinks to a fourth or less, so half of that needs no comparison.
	if 8*len(d.deflated) <= len(o.content) || r.saves(len(d.deflated), o) {
		return &d
	}
	return nil
}

// shortContent is the size up to which a blob is taken for a list of digests.
const shortContent = 4 << 10

// saves reports whether a delta of this size is to be preferred. Trees, commits
// and short blobs are mostly ids and digests, which do not shrink: a tenth is
// all that can be expected of them.
func (r *repacker) saves(delta int, o object) bool {
	whole := len(deflateWith(tightDeflaters, o.content))
	if o.kind != KindBlob || len(o.content) <= shortContent {
		return 10*delta < 9*whole
	}
	return worthwhile(delta, whole)
}

// name is that of the pack being written in the private folder.
func (r *repacker) name() string { return fmt.Sprint(compactPrefix, len(r.names)) }

// finish completes a pack and compares it with what is to be replaced.
func (r *repacker) finish() error {
	if r.pack == nil {
		return nil
	}
	w, name := r.pack, r.name()
	r.pack, r.former = nil, packedObject{}
	defer w.file.Close()
	if r.options.DryRun {
		r.report.After.Packs++
		r.report.After.Bytes += w.end() + int64(packTrailer) + int64(len(w.encodeIndex([20]byte{})))
		r.names = append(r.names, name)
		return removeIfThere(w.file.Name())
	}
	trailer, err := r.store.sealChecked(r.ctx, w, name, func(p *pack) error { return r.compare(p, w.list) })
	if err != nil {
		return err
	}
	r.names, r.trailer = append(r.names, name), append(r.trailer, trailer)
	return nil
}

// compare reads each object of the new pack and of the old ones. Large ones are
// read from the new pack only: their name, which was checked when they were
// copied, vouches for them.
func (r *repacker) compare(p *pack, list []located) error {
	for i, line := range list {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if large, err := openLargePacked(p, line.id, packed{line.offset, line.crc}); err != nil {
			return err
		} else if large != nil {
			if _, err := io.Copy(io.Discard, large); err != nil {
				return errors.Join(err, large.Close())
			}
			if err := large.Close(); err != nil {
				return err
			}
			continue
		}
		after, err := r.store.recheckObject(p, line.id)
		if err != nil {
			return err
		}
		before, _, err := r.store.object(line.id)
		if errors.As(err, new(*MissingError)) {
			continue // git pruned it, or packed it elsewhere and did
		}
		if err != nil {
			return err
		}
		if before.kind != after.kind || !bytes.Equal(before.content, after.content) {
			return &CorruptError{ID: line.id, Where: p.path, Reason: "it is not as it was before"}
		}
		r.options.Progress("compared objects", int64(i+1), int64(len(list)))
	}
	return nil
}

// discard removes a pack that is not finished.
func (r *repacker) discard() error {
	if r.pack == nil {
		return nil
	}
	return r.pack.discard()
}
