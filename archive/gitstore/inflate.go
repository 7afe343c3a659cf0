package gitstore

import (
	"bufio"
	"errors"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// errLength is returned for a stream that holds more or less than it declared.
var errLength = errors.New("it does not have the length it declares")

// eagerSize is how much memory is taken on the word of a header alone. Beyond
// it the buffer grows with the data that really comes.
const eagerSize = 256 << 10

// inflater reads one zlib stream at a time out of a file. It is reused, because
// the tables of a decompressor cost more than a small object.
type inflater struct {
	source io.SectionReader
	buffer *bufio.Reader
	zlib   io.ReadCloser
	raw    [16 << 10]byte // of the file, for checksums
}

// inflaters is a pool of them, safe for concurrent use.
type inflaters struct{ pool sync.Pool }

func (p *inflaters) get() *inflater {
	if f, ok := p.pool.Get().(*inflater); ok {
		return f
	}
	f := &inflater{}
	f.buffer = bufio.NewReaderSize(nil, len(f.raw))
	return f
}

func (p *inflaters) put(f *inflater) {
	f.source = io.SectionReader{} // lets go of the file
	p.pool.Put(f)
}

// reset starts at the zlib stream at off; nothing at or after end is read.
func (f *inflater) reset(r io.ReaderAt, off, end int64) error {
	f.source = *io.NewSectionReader(r, off, end-off)
	f.buffer.Reset(&f.source)
	if f.zlib == nil {
		z, err := zlib.NewReader(f.buffer)
		if err != nil {
			return err
		}
		f.zlib = z
		return nil
	}
	return f.zlib.(zlib.Resetter).Reset(f.buffer, nil)
}

// consumed returns how many bytes of the file the stream took, once it ended.
func (f *inflater) consumed() int64 {
	at, _ := f.source.Seek(0, io.SeekCurrent)
	return at - int64(f.buffer.Buffered())
}

// rest returns the remaining content, which must have exactly this size and end
// with a good checksum.
func (f *inflater) rest(size int64) ([]byte, error) {
	content := make([]byte, min(size, eagerSize))
	for filled := int64(0); ; {
		n, err := io.ReadFull(f.zlib, content[filled:])
		filled += int64(n)
		switch {
		case err == io.EOF && filled < size:
			return nil, errLength
		case err == io.ErrUnexpectedEOF && f.ended():
			return nil, errLength
		case err != nil && filled < size:
			return nil, err
		case filled == size:
			return content, f.end()
		}
		grown := make([]byte, min(size, 4*filled))
		copy(grown, content)
		content = grown
	}
}

// ended tells a stream that ended early from a file that did.
func (f *inflater) ended() bool {
	_, err := f.zlib.Read(make([]byte, 1))
	return err == io.EOF
}

// end requires the end of the stream and checks its checksum.
func (f *inflater) end() error {
	n, err := io.ReadFull(f.zlib, make([]byte, 1))
	switch {
	case n > 0:
		return errLength
	case err == io.EOF:
		return nil
	}
	return err
}

// inflateAt returns the content of the stream at off and how many bytes of the
// file it took.
func (p *inflaters) inflateAt(r io.ReaderAt, off, end, size int64) (content []byte, consumed int64, err error) {
	f := p.get()
	defer p.put(f)
	if err := f.reset(r, off, end); err != nil {
		return nil, 0, err
	}
	content, err = f.rest(size)
	return content, f.consumed(), err
}

// checksum returns the CRC-32 of a range of the file. Reading it again costs less
// than watching what a decompressor takes byte by byte.
func (p *inflaters) checksum(r io.ReaderAt, off, end int64) (sum uint32, err error) {
	f := p.get()
	defer p.put(f)
	for off < end {
		n, err := r.ReadAt(f.raw[:min(end-off, int64(len(f.raw)))], off)
		sum = crc32.Update(sum, crc32.IEEETable, f.raw[:n])
		if off += int64(n); err != nil && off < end {
			return 0, err
		}
	}
	return sum, nil
}
