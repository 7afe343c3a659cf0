package gitstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pjbgf/sha1cd"
)

const (
	// sectionSize is how much of a pack one worker reads at a time, in bytes. A
	// pack has at most maxSections, for each takes a look at the whole index.
	sectionSize = 4 << 20
	maxSections = 512
	// scanBudget is how many bytes of delta bases a worker keeps.
	scanBudget = 6 << 20
	// readAhead is how much of a pack is read at once.
	readAhead = 256 << 10
)

// section is a range of a pack.
type section struct {
	pack     *pack
	digests  packDigests
	from, to int64
}

// Digests reads every file of the packs once, in the order in which they lie
// there, in several goroutines: checks its CRC-32 and its SHA-1 name and keeps its
// SHA-256. What fails a check has no digest, nor have large and loose files: who
// needs one of them reads it by its name and learns what is wrong. Memory does
// not grow with the repository. progress may be nil; it is told the bytes of packs
// that were read, and is called by several goroutines.
func (s *Store) Digests(ctx context.Context, progress func(done, total int64)) (*Digests, error) {
	s.packs.mu.RLock()
	packs := slices.Clone(s.packs.order)
	s.packs.mu.RUnlock()
	indexes, packs, err := copyIndexes(packs, &mapRoom{})
	if err != nil {
		return nil, fmt.Errorf("reading packs: %w", err)
	}
	d, err := newDigests(indexes, maxHeld)
	if err != nil {
		return nil, fmt.Errorf("making room for digests: %w", err)
	}
	sections, total := d.sections(packs)
	var (
		workers    sync.WaitGroup
		next, done atomic.Int64
		failures   = make([]error, runtime.GOMAXPROCS(0))
	)
	for i := range failures {
		workers.Go(func() {
			w := newScanner(s, d)
			for failures[i] == nil && ctx.Err() == nil {
				k := next.Add(1) - 1
				if k >= int64(len(sections)) {
					return
				}
				failures[i] = w.section(ctx, sections[k])
				if n := done.Add(sections[k].to - sections[k].from); progress != nil {
					progress(n, total)
				}
			}
		})
	}
	workers.Wait()
	if err := errors.Join(append(failures, ctx.Err())...); err != nil {
		return nil, errors.Join(fmt.Errorf("reading packs: %w", err), d.Close())
	}
	return d, nil
}

// sections cuts the packs that can be read at all into ranges.
func (d *Digests) sections(packs []*pack) (sections []section, total int64) {
	for i, p := range packs {
		if p.open() != nil {
			continue
		}
		size := max(sectionSize, p.size/maxSections+1)
		for from := int64(packHeaderSize); from < p.size; from += size {
			to := min(from+size, p.size)
			sections = append(sections, section{p, d.packs[i], from, to})
			total += to - from
		}
	}
	return sections, total
}

// scanner is a worker of a scan.
type scanner struct {
	store   *Store
	digests *Digests
	unzip   unzipper
	sha1    sha1cd.CollisionResistantHash
	delta   []byte
	recent  recent

	at      section
	list    []placed
	skipped []bool // by list: entries that are no files
	raw     []byte // of the pack, from start
	start   int64
}

func newScanner(s *Store, d *Digests) *scanner {
	return &scanner{store: s, digests: d, sha1: sha1cd.New().(sha1cd.CollisionResistantHash), recent: recent{at: map[int64]int{}}}
}

// section reads the entries that begin in a range. The error is for what is not
// the fault of an entry: the room for digests, ctx.
func (w *scanner) section(ctx context.Context, at section) error {
	w.at, w.raw, w.start = at, w.raw[:0], at.from
	w.recent.clear()
	var err error
	if w.list, err = at.digests.index.between(w.list[:0], at.from, at.to); err != nil {
		return nil // every object in this pack will tell
	}
	w.skipped = append(w.skipped[:0], make([]bool, len(w.list))...)
	for i, e := range w.list {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		end := at.pack.size
		if i+1 < len(w.list) {
			end = w.list[i+1].offset
		}
		id, crc, err := at.digests.index.line(e.rank)
		if err != nil {
			return nil
		}
		content, err := w.entry(i, packed{e.offset, crc}, end)
		if err != nil || content == nil {
			continue // it gets no digest, so it will be read by itself
		}
		if !w.named(id, content) {
			continue
		}
		if err := w.digests.put(at.digests.first+e.rank, sha256.Sum256(content), len(content)); err != nil {
			return err
		}
	}
	return nil
}

// named reports whether a file has the name it should have.
func (w *scanner) named(id ID, content []byte) bool {
	got, attack := foreignIDWith(w.sha1, KindBlob, content)
	return got == id && !attack
}

// entry returns the content of a file; it is valid until the next call. It is
// nil for anything else.
func (w *scanner) entry(i int, at packed, end int64) ([]byte, error) {
	raw, err := w.read(at.offset, end)
	if err != nil {
		return nil, err
	}
	e, err := parseEntryHeader(raw[:min(len(raw), maxEntryHeader)], at.offset)
	if err != nil {
		return nil, err
	}
	switch {
	case e.kind <= KindTag && e.kind != KindBlob:
		w.skipped[i] = true
		return nil, nil
	case e.size > largeSize:
		return nil, nil
	case e.kind == KindBlob:
		content := w.recent.room(int(e.size))
		if err := w.inflate(content, raw, e, at); err != nil {
			return nil, err
		}
		w.recent.keep(at.offset, content)
		return content, nil
	}
	return w.deltified(i, at, e, raw)
}

// deltified returns the content of a file that is a delta.
func (w *scanner) deltified(i int, at packed, e entry, raw []byte) ([]byte, error) {
	if e.kind == kindRef {
		found, ok, err := w.at.digests.index.find(e.id)
		if err != nil || !ok {
			return nil, err
		}
		e.offset = found.offset
	}
	byOffset := func(p placed, offset int64) int { return cmp.Compare(p.offset, offset) }
	if k, ok := slices.BinarySearchFunc(w.list, e.offset, byOffset); ok && w.skipped[k] {
		w.skipped[i] = true
		return nil, nil
	}
	base, ok := w.recent.get(e.offset)
	if !ok {
		return w.stray(i, at)
	}
	w.delta = slices.Grow(w.delta[:0], int(e.size))[:e.size]
	if err := w.inflate(w.delta, raw, e, at); err != nil {
		return nil, err
	}
	size, instructions, err := deltaHead(base, w.delta)
	if err != nil {
		return nil, err
	}
	content := w.recent.room(size)
	patch(content, base, instructions)
	w.recent.keep(at.offset, content)
	return content, nil
}

// stray reads a delta whose base is not among the recent ones by itself, with
// its whole chain.
func (w *scanner) stray(i int, at packed) ([]byte, error) {
	o, _, err := w.store.packReader.resolve(w.at.pack, at)
	if err != nil {
		return nil, err
	}
	if o.kind != KindBlob {
		w.skipped[i] = true
		return nil, nil
	}
	if len(o.content) <= largeSize {
		w.recent.keep(at.offset, append(w.recent.room(len(o.content))[:0], o.content...))
	}
	return o.content, nil
}

// read returns the bytes of the pack from offset to end, or fewer when they are
// too many to belong to an entry that is read here.
func (w *scanner) read(offset, end int64) ([]byte, error) {
	end = min(end, offset+largeSize+largeSize/8)
	have := w.start + int64(len(w.raw))
	if offset >= w.start && end <= have {
		return w.raw[offset-w.start : end-w.start], nil
	}
	kept := 0
	if offset >= w.start && offset < have {
		kept = copy(w.raw[:cap(w.raw)], w.raw[offset-w.start:])
	}
	want := int(min(max(end-offset, readAhead), w.at.pack.size-offset))
	if want <= 0 {
		return nil, errors.New("it lies outside the pack")
	}
	w.raw = slices.Grow(w.raw[:kept], want-min(kept, want))[:max(want, kept)]
	w.start = offset
	if _, err := w.at.pack.file.ReadAt(w.raw[kept:], offset+int64(kept)); err != nil {
		w.raw = w.raw[:kept]
		return nil, err
	}
	return w.raw[:end-offset], nil
}

// inflate fills dst from the stream of an entry and checks the entry's CRC.
func (w *scanner) inflate(dst, raw []byte, e entry, at packed) error {
	head := int(e.data - at.offset)
	n, err := w.unzip.unzip(dst, raw[head:])
	if err != nil {
		return err
	}
	return sameCRC(crc32.ChecksumIEEE(raw[:head+n]), at.crc)
}
