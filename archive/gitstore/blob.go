package gitstore

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// Blob is content ready to be stored: hashed and deflated. Making one is the
// expensive part of storing it and can be done in many goroutines.
type Blob struct {
	id       ID
	sum      [32]byte
	size     int64
	deflated []byte
}

// NewBlob hashes and deflates content, which it does not keep. It is safe for
// concurrent use.
func NewBlob(content []byte) *Blob {
	return &Blob{
		id:       ownID(KindBlob, content),
		sum:      sha256.Sum256(content),
		size:     int64(len(content)),
		deflated: deflate(content),
	}
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
	slowLevel = 6 // for what is packed once and for long
)

// fastDeflaters and slowDeflaters keep compressors: a new one costs more than deflating a page.
var fastDeflaters, slowDeflaters = newDeflaters(fastLevel), newDeflaters(slowLevel)

func newDeflaters(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		w, err := zlib.NewWriterLevel(nil, level)
		if err != nil {
			panic(err) // the level is a constant
		}
		return w
	}}
}

func deflate(content []byte) []byte { return deflateWith(fastDeflaters, content) }

func deflateWith(deflaters *sync.Pool, content []byte) []byte {
	w := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(w)
	var b bytes.Buffer
	b.Grow(64 + len(content)/3)
	w.Reset(&b)
	_, _ = w.Write(content) // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
