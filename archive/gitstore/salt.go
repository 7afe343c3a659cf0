package gitstore

import (
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"io"
)

// A pack is named for its content, and no two packs that are written here may
// ever have one name, not even when they hold the same. For git repack first notes
// by name the packs that have no .keep, then copies what is in none with one, then
// removes those it noted. If meanwhile one of them came again under its name, now
// with a .keep, nobody would have copied it. And if we took one that was there
// already for our own result and removed git's copy, git would remove the other.
const (
	saltEntries = 32       // each has room for two bits
	saltedSize  = 64 << 10 // bytes of an entry that is read again for it
)

// salt gives the finished entries of the pack a content that differs each time:
// the two bits in the head of a zlib stream that tell how hard the writer tried
// are of no use to a reader (RFC 1950, section 2.2, FLEVEL).
func (w *packWriter) salt() error {
	random := make([]byte, saltEntries)
	_, _ = rand.Read(random) // never fails
	for i := range w.list {
		if len(random) == 0 {
			break
		}
		end := w.flushed
		if i+1 < len(w.list) {
			end = w.list[i+1].offset
		}
		if end-w.list[i].offset > saltedSize {
			continue
		}
		if err := w.saltEntry(&w.list[i], end, random[0]); err != nil {
			return err
		}
		random = random[1:]
	}
	return nil
}

func (w *packWriter) saltEntry(line *located, end int64, level byte) error {
	content := make([]byte, end-line.offset)
	if _, err := w.file.ReadAt(content, line.offset); err != nil && err != io.EOF {
		return err
	}
	e, err := parseEntryHeader(content, line.offset)
	if err != nil {
		return nil // who reads the pack again will say so
	}
	stream := content[e.data-line.offset:]
	if len(stream) < 2 || crc32.ChecksumIEEE(content) != line.crc {
		return fmt.Errorf("object %s is not what was written", line.id)
	}
	stream[1] = stream[1]&0x20 | level<<6
	stream[1] += byte(31-(int(stream[0])<<8|int(stream[1]))%31) % 31
	line.crc = crc32.ChecksumIEEE(content)
	_, err = w.file.WriteAt(stream[:2], e.data)
	return err
}
