package buffer

import (
	"io"
	"sync"
)

// Shelf keeps many contents in few files: a process may open only so many. Its
// methods may be called by several goroutines.
type Shelf struct {
	pool *Pool

	mu   sync.Mutex
	open *board // that the next content goes to; nil when there is none
}

// boardSize is the size from which on a board takes no more.
const boardSize = 8 << 20

// board is a buffer that several contents share. The shelf's lock guards it.
type board struct {
	*Buffer
	users int
}

// NewShelf returns an empty shelf. It is gone when all that it keeps is closed.
func (p *Pool) NewShelf() *Shelf { return &Shelf{pool: p} }

// Kept is a content on a shelf.
type Kept struct {
	*io.SectionReader
	close func() error
}

// Keep moves the content of a buffer to the shelf and closes the buffer. The
// caller closes what it returns. The error is a *WriteError, or that of reading.
func (s *Shelf) Keep(b *Buffer) (*Kept, error) {
	defer b.Close() // read to its end
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.open
	if on == nil {
		on = &board{Buffer: s.pool.New()}
		s.open = on
	}
	start := on.Size()
	on.users++
	if on.Size()+b.Size() >= boardSize {
		s.open = nil
	}
	if _, err := io.Copy(on.Buffer, b.Reader()); err != nil {
		s.open = nil // what stands there is no content
		_ = s.leave(on)
		return nil, err
	}
	leave := sync.OnceValue(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.leave(on)
	})
	return &Kept{SectionReader: io.NewSectionReader(on.Buffer, start, b.Size()), close: leave}, nil
}

// leave ends one content's use of a board. The caller holds the lock.
func (s *Shelf) leave(on *board) error {
	if on.users--; on.users > 0 {
		return nil
	}
	if s.open == on {
		s.open = nil
	}
	return on.Close()
}

// Close lets go of the content. Closing again does nothing.
func (k *Kept) Close() error { return k.close() }
