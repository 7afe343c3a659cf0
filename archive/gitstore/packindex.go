package gitstore

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"os"
	"slices"
	"sort"
	"sync"
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

// packIndex finds objects in a mapped index. It never loads or hashes the whole
// file: an index of 4 million objects opens in under a millisecond.
type packIndex struct {
	path    string
	count   int64
	large   int64 // number of 64-bit offsets
	trailer [20]byte

	mu    sync.RWMutex // held while data is read, so that close cannot unmap it
	data  []byte       // nil after close
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
	defer f.Close()
	if info.Size() > math.MaxInt {
		return nil, &CorruptError{Where: path, Reason: "the index is too large for this machine"}
	}
	data, unmap, err := mapFile(f, info.Size())
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: path, Err: err}
	}
	x, err := newIndex(path, data)
	if err != nil {
		_ = unmap()
		return nil, err
	}
	x.unmap = unmap
	return x, nil
}

// newIndex checks all of an index that does not grow with it.
func newIndex(path string, data []byte) (*packIndex, error) {
	size := int64(len(data))
	need := indexIDs + int64(indexTrailer)
	if size < need {
		return nil, &TruncatedError{Where: path, Size: size, Need: need}
	}
	if string(data[:4]) != indexMagic || binary.BigEndian.Uint32(data[4:]) != indexVersion {
		return nil, &CorruptError{Where: path, Reason: "it is not a pack index of version 2"}
	}
	x := &packIndex{path: path, data: data}
	for i := range 256 {
		n := x.fanout(i)
		if n < x.count {
			return nil, &CorruptError{Where: path, Reason: "its fan-out table is not ascending"}
		}
		x.count = n
	}
	if need += x.count * indexEntry; size < need {
		return nil, &TruncatedError{Where: path, Size: size, Need: need}
	}
	if (size-need)%8 != 0 || (size-need)/8 > x.count {
		return nil, &CorruptError{Where: path, Reason: "its size does not fit its number of objects"}
	}
	x.large = (size - need) / 8
	copy(x.trailer[:], data[size-int64(indexTrailer):])
	return x, nil
}

// fanout returns the number of objects whose first byte is at most i.
func (x *packIndex) fanout(i int) int64 {
	return int64(binary.BigEndian.Uint32(x.data[indexFanout+4*i:]))
}

// find reports whether the pack has the object, and where.
func (x *packIndex) find(id ID) (packed, bool, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, ok, err := x.search(id)
	if !ok || err != nil {
		return packed{}, false, err
	}
	offset, err := x.offset(i)
	if err != nil {
		return packed{}, false, err
	}
	return packed{offset: offset, crc: x.crc(i)}, true, nil
}

// rank returns the number of the object in the order of ids.
func (x *packIndex) rank(id ID) (int64, bool, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.search(id)
}

func (x *packIndex) search(id ID) (int64, bool, error) {
	if x.data == nil {
		return 0, false, x.closedError()
	}
	low := int64(0)
	if id[0] > 0 {
		low = x.fanout(int(id[0]) - 1)
	}
	n := int(x.fanout(int(id[0])) - low)
	i := low + int64(sort.Search(n, func(i int) bool { return bytes.Compare(x.id(low+int64(i)), id[:]) >= 0 }))
	return i, i < low+int64(n) && bytes.Equal(x.id(i), id[:]), nil
}

// all returns the lines of the index by offset.
func (x *packIndex) all() ([]located, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.data == nil {
		return nil, x.closedError()
	}
	list := make([]located, x.count)
	for i := range list {
		offset, err := x.offset(int64(i))
		if err != nil {
			return nil, err
		}
		list[i] = located{ID(x.id(int64(i))), x.crc(int64(i)), offset}
	}
	slices.SortFunc(list, func(a, b located) int { return cmp.Compare(a.offset, b.offset) })
	return list, nil
}

// placed is an object by its place in the pack and its rank.
type placed struct{ offset, rank int64 }

// between returns the objects that begin in a range of the pack, by offset. list
// is room for them.
func (x *packIndex) between(list []placed, from, to int64) ([]placed, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.data == nil {
		return nil, x.closedError()
	}
	for i := range x.count {
		offset, err := x.offset(i)
		if err != nil {
			return nil, err
		}
		if offset >= from && offset < to {
			list = append(list, placed{offset, i})
		}
	}
	slices.SortFunc(list, func(a, b placed) int { return cmp.Compare(a.offset, b.offset) })
	return list, nil
}

// line returns the id and the checksum of an object by its rank.
func (x *packIndex) line(rank int64) (ID, uint32, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.data == nil {
		return ID{}, 0, x.closedError()
	}
	return ID(x.id(rank)), x.crc(rank), nil
}

func (x *packIndex) closedError() error {
	return &os.PathError{Op: "read", Path: x.path, Err: os.ErrClosed}
}

func (x *packIndex) crc(i int64) uint32 {
	return binary.BigEndian.Uint32(x.data[indexIDs+20*x.count+4*i:])
}

func (x *packIndex) id(i int64) []byte { return x.data[indexIDs+20*i:][:20] }

func (x *packIndex) offset(i int64) (int64, error) {
	short := binary.BigEndian.Uint32(x.data[indexIDs+24*x.count+4*i:])
	if short < largeOffset {
		return int64(short), nil
	}
	j := int64(short - largeOffset)
	if j >= x.large {
		return 0, &CorruptError{Where: x.path, Reason: "an offset lies outside its table"}
	}
	offset := binary.BigEndian.Uint64(x.data[indexIDs+28*x.count+8*j:])
	if offset > math.MaxInt64 {
		return 0, &CorruptError{Where: x.path, Reason: "an offset is negative"}
	}
	return int64(offset), nil
}

// sameLayout reports whether two packs have the same objects at the same places.
func (x *packIndex) sameLayout(other *packIndex) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	layout := func(x *packIndex) (ids, offsets []byte) {
		return x.data[:indexIDs+20*x.count], x.data[indexIDs+24*x.count : len(x.data)-indexTrailer]
	}
	if x.data == nil || other.data == nil {
		return false
	}
	ids, offsets := layout(x)
	otherIDs, otherOffsets := layout(other)
	return bytes.Equal(ids, otherIDs) && bytes.Equal(offsets, otherOffsets)
}

func (x *packIndex) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.data == nil {
		return nil
	}
	x.data = nil
	return x.unmap()
}
