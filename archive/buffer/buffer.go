package buffer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Buffer holds one content. It is written by one goroutine; when it is, any
// number may read it until it is closed.
type Buffer struct {
	pool   *Pool
	size   int64
	memory []byte   // the content, until it is in a file
	file   *os.File // nil while the content is in memory
	name   string   // of a file that could not be made nameless
	closed bool
}

// WriteError is returned when a temporary file cannot be made or written: the
// disk is full, for instance.
type WriteError struct {
	Folder string
	Err    error
}

func (e *WriteError) Error() string {
	err := e.Err
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err // the random name tells nobody anything
	}
	return fmt.Sprintf("writing a temporary file in %s: %v", e.Folder, err)
}

func (e *WriteError) Unwrap() error { return e.Err }

// readSize is how much is read at a time of what goes to a file.
const readSize = 128 << 10

// Write appends to the content. The error is a *WriteError.
func (b *Buffer) Write(p []byte) (int, error) {
	if b.file == nil && !b.fits(len(p)) {
		if err := b.spill(); err != nil {
			return 0, err
		}
	}
	if b.file == nil {
		b.memory = append(b.memory, p...)
		b.grown(len(p), len(p))
		return len(p), nil
	}
	n, err := b.file.WriteAt(p, b.size)
	b.grown(0, n)
	if err != nil {
		return n, &WriteError{Folder: b.pool.folder, Err: err}
	}
	return n, nil
}

// ReadFrom appends all that r gives. Errors that are no *WriteError are those of
// r; what came before is kept.
func (b *Buffer) ReadFrom(r io.Reader) (total int64, err error) {
	for b.file == nil {
		if !b.fits(1) {
			if err := b.spill(); err != nil {
				return total, err
			}
			break
		}
		if len(b.memory) == cap(b.memory) {
			b.memory = slices.Grow(b.memory, max(len(b.memory), 4096))
		}
		n, err := r.Read(b.memory[len(b.memory):min(cap(b.memory), maxInMemory)])
		b.memory = b.memory[:len(b.memory)+n]
		b.grown(n, n)
		total += int64(n)
		if err != nil {
			return total, orNil(err)
		}
	}
	chunk := make([]byte, readSize)
	for {
		n, err := r.Read(chunk)
		written, writeErr := b.Write(chunk[:n])
		total += int64(written)
		if writeErr != nil {
			return total, writeErr
		}
		if err != nil {
			return total, orNil(err)
		}
	}
}

func orNil(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Grow makes room in memory for n bytes that are about to come, as far as
// memory is where they will be.
func (b *Buffer) Grow(n int64) {
	if b.file == nil && b.size == 0 && n > int64(cap(b.memory)) && n <= maxInMemory {
		b.memory = make([]byte, 0, n)
	}
}

func (b *Buffer) fits(n int) bool {
	return b.size+int64(n) <= maxInMemory && b.pool.hasRoom(int64(n))
}

func (b *Buffer) grown(memory, n int) {
	b.size += int64(n)
	b.pool.account(int64(memory), int64(n), 0)
}

// spill moves the content to a file.
func (b *Buffer) spill() error {
	f, name, err := b.pool.create()
	if err == nil {
		if _, err = f.WriteAt(b.memory, 0); err != nil {
			err = errors.Join(err, discard(f, name))
		}
	}
	if err != nil {
		return &WriteError{Folder: b.pool.folder, Err: err}
	}
	b.file, b.name, b.memory = f, name, nil
	b.pool.account(-b.size, 0, 1)
	return nil
}

// Size returns the length of the content in bytes.
func (b *Buffer) Size() int64 { return b.size }

// ReadAt reads of the content, see [io.ReaderAt].
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case b.closed:
		return 0, os.ErrClosed
	case off < 0:
		return 0, errors.New("reading a buffer before its beginning")
	case off >= b.size:
		return 0, io.EOF
	case b.file != nil:
		return b.file.ReadAt(p, off)
	}
	n := copy(p, b.memory[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Reader returns a reader of the whole content. There can be several.
func (b *Buffer) Reader() *io.SectionReader { return io.NewSectionReader(b, 0, b.size) }

// Close lets go of the content. Closing again does nothing.
func (b *Buffer) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	if b.file == nil {
		b.pool.account(-b.size, -b.size, 0)
		b.memory = nil
		return nil
	}
	b.pool.account(0, -b.size, -1)
	return discard(b.file, b.name)
}

// discard closes a file, and removes it if it still has a name.
func discard(f *os.File, name string) error {
	err := f.Close()
	if name == "" {
		return err
	}
	if gone := os.Remove(name); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
