package gitstore

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
)

// spoolBuffer is how many bytes of a pack wait in memory. Larger objects pass
// by it.
const spoolBuffer = 256 << 10

// spool is a pack being written. Objects go to its file as they come; only what
// the index needs stays in memory. A failed write changes nothing: it can be
// tried again.
type spool struct {
	file    *os.File
	pending []byte // after flushed bytes of the file
	flushed int64
	entries []spooled
	byID    map[ID]int // into entries
}

// spooled is one object of the pack being written.
type spooled struct {
	id     ID
	crc    uint32
	kind   Kind
	offset int64
	head   int   // bytes of its entry header
	length int64 // of the entry
	size   int64 // inflated; of a delta, the size of the delta
	base   int   // into entries: what a delta is made for; less than 0 without
	depth  int   // deltas in its chain
}

// newSpool makes the file, which must not exist. Its mode is that of a finished
// pack.
func newSpool(path string) (*spool, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return nil, err
	}
	w := &spool{file: f, byID: map[ID]int{}}
	w.pending = append(w.pending, encodePackHeader(0)...) // the count comes last
	return w, nil
}

func encodePackHeader(count int) []byte {
	b := append(make([]byte, 0, packHeaderSize), packMagic...)
	b = binary.BigEndian.AppendUint32(b, 2)
	return binary.BigEndian.AppendUint32(b, uint32(count))
}

func (w *spool) end() int64 { return w.flushed + int64(len(w.pending)) }

// add appends an object that the pack does not have yet.
func (w *spool) add(kind Kind, id ID, size int64, deflated []byte) error {
	head := appendEntryHeader(make([]byte, 0, maxEntryHeader), kind, size)
	return w.append(spooled{id: id, kind: kind, size: size, base: -1}, head, deflated)
}

// addDelta appends an object as a delta, of this size inflated, on an earlier
// entry, which is of the same kind.
func (w *spool) addDelta(id ID, base int, size int64, deflated []byte) error {
	on := w.entries[base]
	head := appendEntryHeader(make([]byte, 0, maxEntryHeader), kindOffset, size)
	head = appendBack(head, w.end()-on.offset)
	return w.append(spooled{id: id, kind: on.kind, size: size, base: base, depth: on.depth + 1}, head, deflated)
}

func (w *spool) append(e spooled, head, deflated []byte) error {
	e.offset, e.head, e.length = w.end(), len(head), int64(len(head)+len(deflated))
	e.crc = crc32.Update(crc32.ChecksumIEEE(head), crc32.IEEETable, deflated)
	mark := len(w.pending)
	w.pending = append(w.pending, head...)
	if len(deflated) < spoolBuffer {
		w.pending = append(w.pending, deflated...)
	}
	if err := w.settle(deflated); err != nil {
		w.pending = w.pending[:min(mark, len(w.pending))]
		return err
	}
	w.byID[e.id] = len(w.entries)
	w.entries = append(w.entries, e)
	return nil
}

// settle writes to the file what is too much to keep.
func (w *spool) settle(deflated []byte) error {
	switch {
	case len(deflated) >= spoolBuffer:
		if _, err := w.file.WriteAt(deflated, w.end()); err != nil {
			return err
		}
		if err := w.flush(); err != nil {
			return err
		}
		w.flushed += int64(len(deflated))
	case len(w.pending) >= spoolBuffer:
		return w.flush()
	}
	return nil
}

func (w *spool) flush() error {
	if _, err := w.file.WriteAt(w.pending, w.flushed); err != nil {
		return err
	}
	w.flushed += int64(len(w.pending))
	w.pending = w.pending[:0]
	return nil
}

func appendEntryHeader(b []byte, kind Kind, size int64) []byte {
	c := byte(kind)<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		b = append(b, c|0x80)
		c = byte(size & 0x7f)
	}
	return append(b, c)
}

// appendBack encodes the distance to a delta base, the inverse of parseBack.
func appendBack(b []byte, back int64) []byte {
	var digits [10]byte
	i := len(digits) - 1
	digits[i] = byte(back & 0x7f)
	for back >>= 7; back > 0; back >>= 7 {
		back--
		i--
		digits[i] = 0x80 | byte(back&0x7f)
	}
	return append(b, digits[i:]...)
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
	end := w.entries[n].offset
	for _, e := range w.entries[n:] {
		delete(w.byID, e.id)
	}
	w.entries = w.entries[:n]
	if end >= w.flushed {
		w.pending = w.pending[:end-w.flushed]
	} else {
		w.flushed, w.pending = end, w.pending[:0]
	}
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
	e := w.entries[i]
	start, end := e.offset+int64(e.head), e.offset+e.length
	var source io.ReaderAt = w.file
	if e.offset >= w.flushed {
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

// finish completes the pack: count, trailer, sync. It can be repeated after an
// error, and objects can still be added after one.
func (w *spool) finish() (trailer [20]byte, err error) {
	if err := w.flush(); err != nil {
		return trailer, err
	}
	if _, err := w.file.WriteAt(encodePackHeader(len(w.entries)), 0); err != nil {
		return trailer, err
	}
	// The count stands in front of all that is hashed and is known last.
	h := sha1.New()
	if _, err := io.Copy(h, io.NewSectionReader(w.file, 0, w.flushed)); err != nil {
		return trailer, err
	}
	h.Sum(trailer[:0])
	if _, err := w.file.WriteAt(trailer[:], w.flushed); err != nil {
		return trailer, err
	}
	if err := w.file.Truncate(w.flushed + int64(len(trailer))); err != nil {
		return trailer, err
	}
	return trailer, w.file.Sync()
}

// encodeIndex returns the version 2 index of the finished pack.
func (w *spool) encodeIndex(trailer [20]byte) []byte {
	sorted := slices.Clone(w.entries)
	slices.SortFunc(sorted, func(a, b spooled) int { return bytes.Compare(a.id[:], b.id[:]) })
	b := make([]byte, 0, indexIDs+len(sorted)*int(indexEntry)+indexTrailer)
	b = append(b, indexMagic...)
	b = binary.BigEndian.AppendUint32(b, indexVersion)
	n := 0
	for i := range 256 {
		for n < len(sorted) && int(sorted[n].id[0]) <= i {
			n++
		}
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	for _, e := range sorted {
		b = append(b, e.id[:]...)
	}
	for _, e := range sorted {
		b = binary.BigEndian.AppendUint32(b, e.crc)
	}
	var large []byte
	for _, e := range sorted {
		if e.offset < largeOffset {
			b = binary.BigEndian.AppendUint32(b, uint32(e.offset))
			continue
		}
		b = binary.BigEndian.AppendUint32(b, uint32(largeOffset+len(large)/8))
		large = binary.BigEndian.AppendUint64(large, uint64(e.offset))
	}
	b = append(append(b, large...), trailer[:]...)
	sum := sha1.Sum(b)
	return append(b, sum[:]...)
}

// discard closes and removes the file.
func (w *spool) discard() error {
	return errors.Join(w.file.Close(), removeIfThere(w.file.Name()))
}
