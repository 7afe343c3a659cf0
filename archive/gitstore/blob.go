package gitstore

import (
	"bytes"
	standard "compress/zlib"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
	"github.com/pjbgf/sha1cd"
)

// Blob is content ready to be stored: hashed and deflated. Making one is the
// expensive part of storing it and can be done in many goroutines.
type Blob struct {
	id       ID
	sum      [32]byte
	size     int64
	deflated io.ReaderAt
	length   int64     // of deflated
	held     io.Closer // nil when there is nothing to let go of
}

// NewBlob hashes and deflates content that this program made. It keeps the
// result in memory, but not the content. It is safe for concurrent use.
func NewBlob(content []byte) *Blob {
	deflated := deflate(content)
	return &Blob{
		id:       ownID(KindBlob, content),
		sum:      sha256.Sum256(content),
		size:     int64(len(content)),
		deflated: bytes.NewReader(deflated),
		length:   int64(len(deflated)),
	}
}

// Room is where a blob waits to be stored. It is written first, then read.
type Room interface {
	io.Writer
	io.ReaderAt
	io.Closer
}

// ErrCollision is returned for content that bears the marks of a SHA-1 collision
// attack. Git refuses to read it, so it cannot be stored.
var ErrCollision = errors.New(reasonCollision)

// ReadBlob hashes and deflates size bytes of content into the room, in constant
// memory. The room is the blob's, which the caller closes when it is stored or
// not wanted; on an error it is closed. The errors are ErrCollision, that of ctx,
// io.ErrUnexpectedEOF for content that is shorter, and those of content and room.
func ReadBlob(ctx context.Context, content io.Reader, size int64, room Room) (_ *Blob, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, room.Close())
		}
	}()
	name, sum, to := sha1cd.New().(sha1cd.CollisionResistantHash), sha256.New(), &counter{to: room}
	writeObjectHeader(name, KindBlob, size)
	deflater := fastDeflaters.Get().(*zlib.Writer)
	defer fastDeflaters.Put(deflater)
	deflater.Reset(to)
	piece := make([]byte, min(size, 64<<10))
	for left := size; left > 0; left -= int64(len(piece)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		piece = piece[:min(left, int64(len(piece)))]
		if _, err := io.ReadFull(content, piece); err != nil {
			return nil, noEOF(err)
		}
		name.Write(piece)
		sum.Write(piece)
		if _, err := deflater.Write(piece); err != nil {
			return nil, err
		}
	}
	if err := deflater.Close(); err != nil {
		return nil, err
	}
	b := &Blob{size: size, deflated: room, length: to.n, held: room}
	sum.Sum(b.sum[:0])
	if _, attack := name.CollisionResistantSum(b.id[:0]); attack {
		return nil, ErrCollision
	}
	return b, nil
}

// noEOF makes the end of a file that came too early an error.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// counter counts what it passes on.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// Close lets go of the room that ReadBlob was given. The blob cannot be stored
// any more.
func (b *Blob) Close() error {
	if b.held == nil {
		return nil
	}
	return b.held.Close()
}

// Open returns a reader of the content, which the caller closes. It must not be
// read after the blob was closed.
func (b *Blob) Open() (io.ReadCloser, error) {
	return zlib.NewReader(io.NewSectionReader(b.deflated, 0, b.length))
}

// ID returns the name of the blob.
func (b *Blob) ID() ID { return b.id }

// SHA256 returns the SHA-256 of the content.
func (b *Blob) SHA256() [32]byte { return b.sum }

// Size returns the length of the content in bytes.
func (b *Blob) Size() int64 { return b.size }

// The levels of compression. At the fast one, the fastest that still shrinks
// HTML by a factor of 3.8, incompressible data passes at memory speed.
const (
	fastLevel = 2
	slowLevel = 6
	// tightLevel is for what is packed once and for long. Below 7 the library
	// stores a short delta of ids and digests as it is: a sixth more.
	tightLevel = 8
)

// The deflaters keep compressors: a new one costs more than deflating a page.
var fastDeflaters, slowDeflaters, tightDeflaters = newDeflaters(fastLevel), newDeflaters(slowLevel), newDeflaters(tightLevel)

// treeDeflaters are those of the standard library, which finds a code for a folder
// of ids where the other one stores them as they are: 7 percent less, in less time.
var treeDeflaters = &sync.Pool{New: func() any { return standard.NewWriter(nil) }}

func newDeflaters(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		w, err := zlib.NewWriterLevel(nil, level)
		if err != nil {
			panic(err) // the level is a constant
		}
		return w
	}}
}

type deflater interface {
	io.WriteCloser
	Reset(to io.Writer)
}

func deflate(content []byte) []byte { return deflateWith(fastDeflaters, content) }

func deflateWith(deflaters *sync.Pool, content []byte) []byte {
	w := deflaters.Get().(deflater)
	defer deflaters.Put(w)
	var b bytes.Buffer
	b.Grow(64 + len(content)/3)
	w.Reset(&b)
	_, _ = w.Write(content) // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
