package gitstore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"

	"github.com/klauspost/compress/zlib"
	"github.com/pjbgf/sha1cd"
)

// ObjectReader reads an object of any size in constant memory. The last bytes
// come only when all of them have been found to be what the object's name says;
// otherwise there is an error in place of io.EOF, a *CorruptError or a
// *TruncatedError. It is for one goroutine and must be closed.
type ObjectReader struct {
	id    ID
	kind  Kind
	size  int64
	where string

	content io.Reader // inflated
	left    int64     // of it
	sum     hash.Hash // nil for content that was checked before
	finish  func() error
	failed  func(error) error // names the object and its place in an error
	close   func() error

	ahead []byte // read and hashed, not yet handed out
	err   error  // after ahead
	room  [32 << 10]byte
}

// Kind returns the kind of the object.
func (r *ObjectReader) Kind() Kind { return r.kind }

// Size returns the length of the content in bytes, as far as the object's header
// can be trusted before all of it is read.
func (r *ObjectReader) Size() int64 { return r.size }

// Close lets go of the object's file.
func (r *ObjectReader) Close() error {
	if r.close == nil {
		return nil
	}
	done := r.close
	r.close = nil
	r.ahead, r.err = nil, os.ErrClosed
	return done()
}

// Open opens an object to be read piece by piece. Errors are those of Object;
// an object that stock git stored as a delta must fit into memory. It is safe
// for concurrent use.
func (s *Store) Open(id ID) (*ObjectReader, error) {
	r, err := s.openLarge(id)
	for attempt := 0; err != nil && isGone(err) && attempt < maxLooks; attempt++ {
		if err := s.packs.scan(); err != nil {
			return nil, fmt.Errorf("reading the pack folder: %w", err)
		}
		r, err = s.openLarge(id)
	}
	if r != nil || err != nil {
		return r, err
	}
	o, _, err := s.object(id)
	if err != nil {
		return nil, err
	}
	return &ObjectReader{
		id: id, kind: o.kind, size: int64(len(o.content)), content: bytes.NewReader(o.content), left: int64(len(o.content)),
	}, nil
}

// largeSize is the size above which an object is read piece by piece. Smaller
// ones cost less when they are read at once.
const largeSize = 1 << 20

// openLarge opens an object that is stored whole and is large. It returns nil
// for any other, also for one that it does not find.
func (s *Store) openLarge(id ID) (*ObjectReader, error) {
	p, at, err := s.packs.find(id)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return s.openLargeLoose(id)
	}
	return openLargePacked(p, id, at)
}

func openLargePacked(p *pack, id ID, at packed) (*ObjectReader, error) {
	if err := p.open(); err != nil {
		return nil, withID(err, id)
	}
	e, err := p.entryAt(at.offset)
	if err != nil || e.kind > KindTag || e.size <= largeSize {
		return nil, nil // an error is told by who reads it at once
	}
	// The pack may be closed while this reader is at work.
	f, info, err := openRegular(p.path)
	if err != nil {
		return nil, withID(err, id)
	}
	if info.Size() != p.size {
		return nil, f.Close() // another file by now
	}
	raw := &crcReader{from: io.NewSectionReader(f, at.offset, p.size-at.offset)}
	buffered := bufio.NewReaderSize(raw, 64<<10)
	r := &ObjectReader{id: id, kind: e.kind, size: e.size, left: e.size, where: fmt.Sprintf("%s at %d", p.path, at.offset), close: f.Close}
	r.failed = func(err error) error {
		if errors.Is(err, io.ErrUnexpectedEOF) && p.torn {
			return &TruncatedError{ID: id, Where: p.path, Size: p.size, Need: p.size + 1}
		}
		return r.corrupt(err)
	}
	r.finish = func() error {
		if got := raw.sum(buffered.Buffered()); got != at.crc {
			return fmt.Errorf("its CRC is %08x, the index says %08x", got, at.crc)
		}
		return nil
	}
	if _, err := buffered.Discard(int(e.data - at.offset)); err != nil {
		return nil, errors.Join(r.failed(err), f.Close())
	}
	return r.inflate(buffered)
}

func (s *Store) openLargeLoose(id ID) (*ObjectReader, error) {
	path := s.loosePath(id)
	f, _, err := openRegular(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, withID(err, id)
	}
	buffered := bufio.NewReaderSize(f, 64<<10)
	r := &ObjectReader{id: id, where: path, close: f.Close}
	r.failed = r.corrupt
	r.finish = func() error {
		if _, err := buffered.ReadByte(); err != io.EOF {
			return errors.New("something follows the object")
		}
		return nil
	}
	inflated, err := zlib.NewReader(buffered)
	if err == nil {
		r.kind, r.size, err = readLooseHeader(inflated)
	}
	if err != nil || r.size <= largeSize {
		return nil, f.Close() // an error is told by who reads it at once
	}
	r.left = r.size
	r.begin(inflated)
	return r, nil
}

// inflate begins with the zlib stream that follows.
func (r *ObjectReader) inflate(deflated io.Reader) (*ObjectReader, error) {
	inflated, err := zlib.NewReader(deflated)
	if err != nil {
		return nil, errors.Join(r.failed(err), r.Close())
	}
	r.begin(inflated)
	return r, nil
}

func (r *ObjectReader) begin(content io.Reader) {
	r.content, r.sum = content, sha1cd.New()
	writeObjectHeader(r.sum, r.kind, r.size)
}

// corrupt is the error for content that cannot be read.
func (r *ObjectReader) corrupt(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("reading object %s: %w", r.id, err)
	}
	return &CorruptError{ID: r.id, Where: r.where, Reason: err.Error()}
}

// Read reads on. See ObjectReader for what its end means.
func (r *ObjectReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(r.ahead) == 0 && r.err == nil {
		r.fill()
	}
	if len(r.ahead) == 0 {
		return 0, r.err
	}
	n := copy(p, r.ahead)
	r.ahead = r.ahead[n:]
	return n, nil
}

// fill reads the next piece, and with the last one all that can be checked.
func (r *ObjectReader) fill() {
	n, err := io.ReadFull(r.content, r.room[:min(r.left, int64(len(r.room)))])
	r.left -= int64(n)
	if r.sum != nil {
		r.sum.Write(r.room[:n])
	}
	switch {
	case err != nil && r.left > 0:
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		r.err = r.wrong(err)
		return
	case r.left == 0:
		if r.err = r.check(); r.err != io.EOF {
			return
		}
	}
	r.ahead = r.room[:n]
}

// wrong tells a stream that is shorter than it declares from a file that is.
func (r *ObjectReader) wrong(err error) error {
	if r.failed == nil {
		return err
	}
	if err == io.ErrUnexpectedEOF {
		if _, again := r.content.Read(make([]byte, 1)); again == io.EOF {
			err = errLength
		}
	}
	return r.failed(err)
}

// check returns io.EOF when all was as the name says.
func (r *ObjectReader) check() error {
	if r.sum == nil {
		return io.EOF
	}
	switch n, err := io.ReadFull(r.content, make([]byte, 1)); {
	case n > 0:
		return r.failed(errLength)
	case err != io.EOF:
		return r.failed(err)
	}
	if err := r.finish(); err != nil {
		return r.failed(err)
	}
	var got ID
	if _, attack := r.sum.(sha1cd.CollisionResistantHash).CollisionResistantSum(got[:0]); attack {
		return r.failed(errors.New(reasonCollision))
	}
	if got != r.id {
		return r.failed(errors.New("its content is that of " + got.String()))
	}
	return io.EOF
}

// crcReader sums up what is read of a file. It is read through a buffer, so the
// last piece is summed up only as far as it was used.
type crcReader struct {
	from io.Reader
	crc  uint32
	last []byte
}

func (c *crcReader) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.crc = crc32.Update(c.crc, crc32.IEEETable, c.last)
	c.last = append(c.last[:0], p[:n]...)
	return n, err
}

// sum returns the checksum of all that was read but for the last unused bytes.
func (c *crcReader) sum(unused int) uint32 {
	return crc32.Update(c.crc, crc32.IEEETable, c.last[:len(c.last)-unused])
}
