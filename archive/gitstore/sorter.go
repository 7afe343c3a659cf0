package gitstore

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
)

// sortRecord is what a sorter sorts, bytewise.
type sortRecord [41]byte

// sortRun is how many records are sorted in memory, 21 MB of them.
const sortRun = 512 << 10

// sorter sorts more records than there is memory for. Sorted runs of them wait in
// a file.
type sorter struct {
	path string
	file *os.File // made with the first run
	runs []int64  // where each ends
	held []sortRecord
}

func (s *sorter) add(r sortRecord) error {
	if s.held = append(s.held, r); len(s.held) < sortRun {
		return nil
	}
	return s.spill()
}

func (s *sorter) sortHeld() {
	slices.SortFunc(s.held, func(a, b sortRecord) int { return bytes.Compare(a[:], b[:]) })
}

func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
			return err
		}
	}
	s.sortHeld()
	w := bufio.NewWriterSize(s.file, 256<<10)
	for i := range s.held {
		if _, err := w.Write(s.held[i][:]); err != nil {
			return err
		}
	}
	end := int64(len(s.held) * len(sortRecord{}))
	if len(s.runs) > 0 {
		end += s.runs[len(s.runs)-1]
	}
	s.runs, s.held = append(s.runs, end), s.held[:0]
	return w.Flush()
}

// sorted yields all records in order. None may be added any more.
func (s *sorter) sorted() iter.Seq2[sortRecord, error] {
	return func(yield func(sortRecord, error) bool) {
		s.sortHeld()
		readers := []io.Reader{&heldReader{s.held}}
		start := int64(0)
		for _, end := range s.runs {
			readers = append(readers, bufio.NewReaderSize(io.NewSectionReader(s.file, start, end-start), 64<<10))
			start = end
		}
		heads := make([]sortRecord, 0, len(readers))
		for i := 0; i < len(readers); {
			var head sortRecord
			more, err := readRecord(readers[i], &head)
			if err != nil {
				yield(head, err)
				return
			}
			if !more {
				readers = slices.Delete(readers, i, i+1)
				continue
			}
			heads = append(heads, head)
			i++
		}
		for len(heads) > 0 {
			least := 0
			for i := range heads {
				if bytes.Compare(heads[i][:], heads[least][:]) < 0 {
					least = i
				}
			}
			if !yield(heads[least], nil) {
				return
			}
			more, err := readRecord(readers[least], &heads[least])
			if err != nil {
				yield(sortRecord{}, err)
				return
			}
			if !more {
				heads, readers = slices.Delete(heads, least, least+1), slices.Delete(readers, least, least+1)
			}
		}
	}
}

// heldReader reads the records that stayed in memory.
type heldReader struct{ rest []sortRecord }

func (h *heldReader) Read(b []byte) (int, error) {
	if len(h.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, h.rest[0][:]) // readRecord asks for one
	h.rest = h.rest[1:]
	return n, nil
}

func readRecord(r io.Reader, to *sortRecord) (more bool, err error) {
	_, err = io.ReadFull(r, to[:])
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// close removes the file.
func (s *sorter) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), removeIfThere(s.path))
}
