package gitstore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// A pack index of version 2 (gitformat-pack): magic, version, 256 fan-out
// counts, then for n objects their sorted ids, CRC-32s and offsets of 31 bits,
// then the 64-bit offsets that did not fit, the pack's trailer and the index's
// own trailer. All integers are big-endian.
const (
	indexMagic   = "\xfftOc"
	indexVersion = 2
	indexFanout  = 8
	indexIDs     = indexFanout + 256*4
	indexTrailer = 2 * len(ID{})
	indexEntry   = int64(len(ID{}) + 4 + 4)
	largeOffset  = 1 << 31
)

// mappedIndex is the size up to which an index is mapped when it is opened.
// Larger ones, of which there are few, are searched in their files: the system
// counts a dozen pages around each touched one as memory of the process, and
// dozens of objects are looked for in dozens of packs.
const mappedIndex = 1 << 20

// mappedFrom is the number of searches from which on a large index is mapped all
// the same, while there is room: who makes so many is at work on the whole archive,
// and each costs two microseconds in the file, a tenth of that in memory.
const mappedFrom = 4096

// packIndex finds objects in an index. It never loads or hashes the whole file:
// an index of 4 million objects opens in under a millisecond.
type packIndex struct {
	path    string
	size    int64
	count   int64
	large   int64       // number of 64-bit offsets
	upTo    [257]uint32 // number of objects whose first byte is less
	trailer [20]byte
	sought  atomic.Int64 // searches in the file
	room    *mapRoom     // shared with others; nil: it is mapped only as a whole

	mu    sync.RWMutex // held while the file is read, so that close cannot take it away
	file  *os.File     // nil for a mapped index, and after close
	data  []byte       // the mapped file; nil until it is read as a whole, and after close
	unmap func() error
}

// packed is what an index says about one object.
type packed struct {
	offset int64
	crc    uint32
}

func openIndex(path string) (*packIndex, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	x, err := indexOf(f, path, info.Size())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if x.size > mappedIndex {
		return x, nil
	}
	x.file = nil
	return x, errors.Join(x.mapped(f), f.Close())
}

// indexOf reads the ends of an index, which keeps the file.
func indexOf(f *os.File, path string, size int64) (*packIndex, error) {
	if need := int64(indexIDs + indexTrailer); size < need {
		return nil, &TruncatedError{Where: path, Size: size, Need: need}
	}
	if size > math.MaxInt {
		return nil, &CorruptError{Where: path, Reason: "the index is too large for this machine"}
	}
	ends := make([]byte, indexIDs+indexTrailer)
	if _, err := f.ReadAt(ends[:indexIDs], 0); err != nil {
		return nil, err
	}
	if _, err := f.ReadAt(ends[indexIDs:], size-int64(indexTrailer)); err != nil {
		return nil, err
	}
	x, err := newIndex(path, size, ends)
	if err == nil {
		x.file = f
	}
	return x, err
}

// newIndex checks all of an index that does not grow with it: what stands before
// its ids and after its offsets.
func newIndex(path string, size int64, ends []byte) (*packIndex, error) {
	if string(ends[:4]) != indexMagic || binary.BigEndian.Uint32(ends[4:]) != indexVersion {
		return nil, &CorruptError{Where: path, Reason: "it is not a pack index of version 2"}
	}
	x := &packIndex{path: path, size: size}
	for i := range 256 {
		n := binary.BigEndian.Uint32(ends[indexFanout+4*i:])
		if n < x.upTo[i] {
			return nil, &CorruptError{Where: path, Reason: "its fan-out table is not ascending"}
		}
		x.upTo[i+1] = n
	}
	x.count = int64(x.upTo[256])
	need := int64(len(ends)) + x.count*indexEntry
	if size < need {
		return nil, &TruncatedError{Where: path, Size: size, Need: need}
	}
	if (size-need)%8 != 0 || (size-need)/8 > x.count {
		return nil, &CorruptError{Where: path, Reason: "its size does not fit its number of objects"}
	}
	x.large = (size - need) / 8
	copy(x.trailer[:], ends[indexIDs:])
	return x, nil
}

// mapped maps the file.
func (x *packIndex) mapped(f *os.File) error {
	data, unmap, err := mapFile(f, x.size)
	if err != nil {
		return &os.PathError{Op: "mmap", Path: x.path, Err: err}
	}
	x.data, x.unmap = data, unmap
	return nil
}

// openMapped opens an index in which every object will be looked for: mapped, a
// search costs no call to the system.
func openMapped(path string) (*packIndex, error) {
	x, err := openIndex(path)
	if err != nil {
		return nil, err
	}
	if err := x.stay(); err != nil {
		return nil, errors.Join(err, x.close())
	}
	return x, nil
}

// whole calls read while the whole index is mapped.
func (x *packIndex) whole(read func() error) error {
	x.mu.RLock()
	if x.data != nil {
		defer x.mu.RUnlock()
		return read()
	}
	x.mu.RUnlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.data != nil {
		return read()
	}
	if x.file == nil {
		return x.closedError()
	}
	if err := x.mapped(x.file); err != nil {
		return err
	}
	err := errors.Join(read(), x.unmap())
	x.data = nil
	return err
}

// all returns the lines of the index by offset.
func (x *packIndex) all() (list []located, err error) {
	err = x.whole(func() error {
		list = make([]located, x.count)
		for i := range list {
			offset, err := x.offset(int64(i))
			if err != nil {
				return err
			}
			list[i] = located{ID(x.id(int64(i))), x.crc(int64(i)), offset}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b located) int { return cmp.Compare(a.offset, b.offset) })
	return list, err
}

// placed is an object by its place in the pack and its rank.
type placed struct{ offset, rank int64 }

// between returns the objects that begin in a range of the pack, by offset. list
// is room for them.
func (x *packIndex) between(list []placed, from, to int64) ([]placed, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	const lines = 16 << 10 // read at a time
	var buffer []byte
	for first := int64(0); first < x.count; first += lines {
		n := min(lines, x.count-first)
		buffer = slices.Grow(buffer[:0], int(4*n))[:4*n]
		if err := x.read(buffer, x.offsetAt(first)); err != nil {
			return list, err
		}
		for i := range n {
			offset, err := x.offsetOf(binary.BigEndian.Uint32(buffer[4*i:]), x.read)
			if err != nil {
				return list, err
			}
			if offset >= from && offset < to {
				list = append(list, placed{offset, first + i})
			}
		}
	}
	slices.SortFunc(list, func(a, b placed) int { return cmp.Compare(a.offset, b.offset) })
	return list, nil
}

// line returns the id and the checksum of an object by its rank.
func (x *packIndex) line(rank int64) (id ID, crc uint32, err error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var sum [4]byte
	if err := x.read(id[:], indexIDs+int64(len(id))*rank); err != nil {
		return id, 0, err
	}
	err = x.read(sum[:], x.crcAt(rank))
	return id, binary.BigEndian.Uint32(sum[:]), err
}

func (x *packIndex) closedError() error {
	return &os.PathError{Op: "read", Path: x.path, Err: os.ErrClosed}
}

// Of a mapped index:

func (x *packIndex) id(i int64) []byte { return x.data[indexIDs+20*i:][:20] }

func (x *packIndex) crc(i int64) uint32 { return binary.BigEndian.Uint32(x.data[x.crcAt(i):]) }

func (x *packIndex) offset(i int64) (int64, error) {
	return x.offsetBy(i, func(b []byte, at int64) error {
		copy(b, x.data[at:])
		return nil
	})
}

// Where something stands in the file:

func (x *packIndex) crcAt(i int64) int64 { return indexIDs + 20*x.count + 4*i }

func (x *packIndex) offsetAt(i int64) int64 { return indexIDs + 24*x.count + 4*i }

// offsetBy returns the place of an object in the pack, with a way to read the
// index.
func (x *packIndex) offsetBy(i int64, read func(b []byte, at int64) error) (int64, error) {
	var b [8]byte
	if err := read(b[:4], x.offsetAt(i)); err != nil {
		return 0, err
	}
	return x.offsetOf(binary.BigEndian.Uint32(b[:]), read)
}

// offsetOf returns the place that a line of the table of offsets stands for.
func (x *packIndex) offsetOf(short uint32, read func(b []byte, at int64) error) (int64, error) {
	var b [8]byte
	if short < largeOffset {
		return int64(short), nil
	}
	j := int64(short - largeOffset)
	if j >= x.large {
		return 0, &CorruptError{Where: x.path, Reason: "an offset lies outside its table"}
	}
	if err := read(b[:], indexIDs+28*x.count+8*j); err != nil {
		return 0, err
	}
	offset := binary.BigEndian.Uint64(b[:])
	if offset > math.MaxInt64 {
		return 0, &CorruptError{Where: x.path, Reason: "an offset is negative"}
	}
	return int64(offset), nil
}

// sameLayout reports whether two packs have the same objects at the same places.
// An index that cannot be read has not.
func (x *packIndex) sameLayout(other *packIndex) bool {
	same := false
	_ = x.whole(func() error {
		return other.whole(func() error {
			ids, offsets := x.layout()
			otherIDs, otherOffsets := other.layout()
			same = bytes.Equal(ids, otherIDs) && bytes.Equal(offsets, otherOffsets)
			return nil
		})
	})
	return same
}

func (x *packIndex) layout() (ids, offsets []byte) {
	return x.data[:indexIDs+20*x.count], x.data[indexIDs+24*x.count : len(x.data)-indexTrailer]
}

func (x *packIndex) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var errs []error
	if x.file != nil {
		errs = append(errs, x.file.Close())
	}
	if x.data != nil {
		errs = append(errs, x.unmap())
	}
	x.file, x.data = nil, nil
	return errors.Join(errs...)
}
