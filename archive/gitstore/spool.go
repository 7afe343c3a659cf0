package gitstore

import (
	"bytes"
	"fmt"
	"io"
)

// spool is the pack of a batch. Its objects can be read while it is written.
type spool struct {
	*packWriter
	entries []spooled  // of list
	byID    map[ID]int // into entries
}

// spooled is one object of the pack being written.
type spooled struct {
	kind   Kind
	depth  int   // deltas in its chain
	base   int   // into entries: what a delta is made on; less than 0 without
	head   int   // bytes of its entry header
	length int64 // of the entry
	size   int64 // inflated; of a delta, the size of the delta
}

func newSpool(path string) (*spool, error) {
	w, err := newPackWriter(path)
	if err != nil {
		return nil, err
	}
	return &spool{packWriter: w, byID: map[ID]int{}}, nil
}

// add appends an object that the pack does not have yet.
func (w *spool) add(kind Kind, id ID, size int64, deflated []byte) error {
	head := appendEntryHeader(make([]byte, 0, maxEntryHeader), kind, size)
	return w.addEntry(id, spooled{kind: kind, size: size, base: -1}, head, deflated)
}

// addFrom appends a blob, of any size.
func (w *spool) addFrom(b *Blob) error {
	head := appendEntryHeader(make([]byte, 0, maxEntryHeader), KindBlob, b.size)
	if err := w.appendFrom(b.id, head, io.NewSectionReader(b.deflated, 0, b.length), b.length); err != nil {
		return err
	}
	w.note(b.id, spooled{kind: KindBlob, size: b.size, base: -1, head: len(head), length: int64(len(head)) + b.length})
	return nil
}

// addDelta appends an object as a delta, of this size inflated, on an earlier
// entry, which is of the same kind.
func (w *spool) addDelta(id ID, base int, size int64, deflated []byte) error {
	on := w.entries[base]
	head := appendEntryHeader(make([]byte, 0, maxEntryHeader), kindOffset, size)
	head = appendBack(head, w.end()-w.list[base].offset)
	return w.addEntry(id, spooled{kind: on.kind, size: size, base: base, depth: on.depth + 1}, head, deflated)
}

func (w *spool) addEntry(id ID, e spooled, head, deflated []byte) error {
	if err := w.append(id, head, deflated); err != nil {
		return err
	}
	e.head, e.length = len(head), int64(len(head)+len(deflated))
	w.note(id, e)
	return nil
}

func (w *spool) note(id ID, e spooled) {
	w.byID[id] = len(w.entries)
	w.entries = append(w.entries, e)
}

func (w *spool) has(id ID) bool {
	_, ok := w.byID[id]
	return ok
}

// rollback forgets the objects after the first n.
func (w *spool) rollback(n int) {
	if n == len(w.entries) {
		return
	}
	for _, line := range w.list[n:] {
		delete(w.byID, line.id)
	}
	w.packWriter.rollback(n)
	w.entries = w.entries[:n]
}

// read returns an object of the pack being written.
func (w *spool) read(pool *inflaters, id ID) (object, bool, error) {
	i, ok := w.byID[id]
	if !ok {
		return object{}, false, nil
	}
	content, err := w.content(pool, i)
	if err != nil {
		return object{}, false, fmt.Errorf("reading object %s of the batch: %w", id, err)
	}
	return object{w.entries[i].kind, content}, true, nil
}

// content returns what an entry stands for; chains are short.
func (w *spool) content(pool *inflaters, i int) ([]byte, error) {
	e, offset := w.entries[i], w.list[i].offset
	if e.size > maxWhole {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are read at once", e.size, maxWhole)
	}
	start, end := offset+int64(e.head), offset+e.length
	var source io.ReaderAt = w.file
	if offset >= w.flushed {
		source = bytes.NewReader(w.pending)
		start, end = start-w.flushed, end-w.flushed
	}
	content, _, err := pool.inflateAt(source, start, end, e.size)
	if err != nil || e.base < 0 {
		return content, err
	}
	base, err := w.content(pool, e.base)
	if err != nil {
		return nil, err
	}
	return applyDelta(base, content)
}
