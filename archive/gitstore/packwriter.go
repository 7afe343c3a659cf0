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

// writeBuffer is how many bytes of a pack wait in memory. Larger objects pass
// by it.
const writeBuffer = 256 << 10

// packWriter writes a pack. Only what the index needs stays in memory. A failed
// write changes nothing: it can be tried again.
type packWriter struct {
	file    *os.File
	pending []byte // after flushed bytes of the file
	flushed int64
	list    []located // by offset
}

// located is a line of an index.
type located struct {
	id     ID
	crc    uint32
	offset int64
}

// newPackWriter makes the file, which must not exist. Its mode is that of a
// finished pack.
func newPackWriter(path string) (*packWriter, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return nil, err
	}
	return &packWriter{file: f, pending: encodePackHeader(0)}, nil // the count comes last
}

func encodePackHeader(count int) []byte {
	b := append(make([]byte, 0, packHeaderSize), packMagic...)
	b = binary.BigEndian.AppendUint32(b, 2)
	return binary.BigEndian.AppendUint32(b, uint32(count))
}

// end returns where the next entry will begin.
func (w *packWriter) end() int64 { return w.flushed + int64(len(w.pending)) }

// append adds an entry.
func (w *packWriter) append(id ID, head, deflated []byte) error {
	line := located{id, crc32.Update(crc32.ChecksumIEEE(head), crc32.IEEETable, deflated), w.end()}
	mark := len(w.pending)
	w.pending = append(w.pending, head...)
	if len(deflated) < writeBuffer {
		w.pending = append(w.pending, deflated...)
	}
	if err := w.settle(deflated); err != nil {
		w.pending = w.pending[:min(mark, len(w.pending))]
		return err
	}
	w.list = append(w.list, line)
	return nil
}

// appendFrom adds an entry whose n bytes after its head come from r.
func (w *packWriter) appendFrom(id ID, head []byte, r io.Reader, n int64) error {
	line := located{id, crc32.ChecksumIEEE(head), w.end()}
	w.pending = append(w.pending, head...)
	err := w.pass(r, n, func(piece []byte) { line.crc = crc32.Update(line.crc, crc32.IEEETable, piece) })
	if err == nil && w.flushed > line.offset {
		err = w.flush() // who reads an entry finds it in one place
	}
	if err != nil {
		w.cut(line.offset)
		return err
	}
	w.list = append(w.list, line)
	return nil
}

// copyFrom adds an entry whose n bytes after its head come from r. The same bytes
// after formerHead had the CRC want.
func (w *packWriter) copyFrom(id ID, head, formerHead []byte, r io.Reader, n int64, want uint32) error {
	line := located{id, crc32.ChecksumIEEE(head), w.end()}
	former := crc32.ChecksumIEEE(formerHead)
	w.pending = append(w.pending, head...)
	err := w.pass(r, n, func(piece []byte) {
		line.crc = crc32.Update(line.crc, crc32.IEEETable, piece)
		former = crc32.Update(former, crc32.IEEETable, piece)
	})
	if err == nil && former != want {
		err = fmt.Errorf("its CRC is %08x, the index says %08x", former, want)
	}
	if err != nil {
		w.cut(line.offset)
		return err
	}
	w.list = append(w.list, line)
	return nil
}

// pass writes the next n bytes of r and shows them to see. What it wrote before
// an error is for the caller to cut off.
func (w *packWriter) pass(r io.Reader, n int64, see func([]byte)) error {
	for n > 0 {
		at := len(w.pending)
		w.pending = slices.Grow(w.pending, writeBuffer)[:at+int(min(n, writeBuffer))]
		piece := w.pending[at:]
		if _, err := io.ReadFull(r, piece); err != nil {
			return noEOF(err)
		}
		see(piece)
		n -= int64(len(piece))
		if err := w.settle(nil); err != nil {
			return err
		}
	}
	return nil
}

// settle writes to the file what is too much to keep.
func (w *packWriter) settle(deflated []byte) error {
	switch {
	case len(deflated) >= writeBuffer:
		if _, err := w.file.WriteAt(deflated, w.end()); err != nil {
			return err
		}
		if err := w.flush(); err != nil {
			return err
		}
		w.flushed += int64(len(deflated))
	case len(w.pending) >= writeBuffer:
		return w.flush()
	}
	return nil
}

func (w *packWriter) flush() error {
	if _, err := w.file.WriteAt(w.pending, w.flushed); err != nil {
		return err
	}
	w.flushed += int64(len(w.pending))
	w.pending = w.pending[:0]
	return nil
}

// rollback forgets the entries after the first n.
func (w *packWriter) rollback(n int) {
	end := w.list[n].offset
	w.list = w.list[:n]
	w.cut(end)
}

// cut takes back all that was written from there on.
func (w *packWriter) cut(end int64) {
	if end >= w.flushed {
		w.pending = w.pending[:end-w.flushed]
	} else {
		w.flushed, w.pending = end, w.pending[:0]
	}
}

// finish completes the pack: count, trailer, sync. It can be repeated after an
// error, and objects can still be added after one.
func (w *packWriter) finish() (trailer [20]byte, err error) {
	if err := w.flush(); err != nil {
		return trailer, err
	}
	if err := w.salt(); err != nil {
		return trailer, err
	}
	if _, err := w.file.WriteAt(encodePackHeader(len(w.list)), 0); err != nil {
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
func (w *packWriter) encodeIndex(trailer [20]byte) []byte {
	sorted := slices.Clone(w.list)
	slices.SortFunc(sorted, func(a, b located) int { return bytes.Compare(a.id[:], b.id[:]) })
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
func (w *packWriter) discard() error {
	return errors.Join(w.file.Close(), removeIfThere(w.file.Name()))
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
