package gitstore

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"math/bits"
	"sort"
)

// find reports whether the pack has the object, and where.
func (x *packIndex) find(id ID) (packed, bool, error) {
	x.mapOften()
	x.mu.RLock()
	defer x.mu.RUnlock()
	i, ok, err := x.search(id)
	if !ok || err != nil {
		return packed{}, false, err
	}
	var crc [4]byte
	if err := x.read(crc[:], x.crcAt(i)); err != nil {
		return packed{}, false, err
	}
	offset, err := x.offsetBy(i, x.read)
	return packed{offset: offset, crc: binary.BigEndian.Uint32(crc[:])}, err == nil, err
}

// mapOften maps an index in which much is sought.
func (x *packIndex) mapOften() {
	if x.room != nil && x.sought.Load() >= mappedFrom {
		x.sought.Store(math.MinInt64) // once
		x.room.take(x)
	}
}

// rank returns the number of the object in the order of ids.
func (x *packIndex) rank(id ID) (int64, bool, error) {
	x.mapOften()
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.search(id)
}

// search returns the number of the object in the order of ids, and whether it is
// there. It is called with the lock held.
func (x *packIndex) search(id ID) (int64, bool, error) {
	low, high := int64(x.upTo[id[0]]), int64(x.upTo[int(id[0])+1])
	switch {
	case low == high && (x.data != nil || x.file != nil):
		return low, false, nil
	case x.data != nil:
		n := int(high - low)
		i := low + int64(sort.Search(n, func(i int) bool { return bytes.Compare(x.id(low+int64(i)), id[:]) >= 0 }))
		return i, i < high && bytes.Equal(x.id(i), id[:]), nil
	case x.file != nil:
		x.sought.Add(1)
		return x.searchFile(id, low, high)
	}
	return 0, false, x.closedError()
}

// window is how many ids are read at a time. Where an id stands among n that begin
// with the same byte is known to within about √n/2, which is 64 in a pack of four
// million objects.
const window = 128

// searchFile is search between two numbers, in the file. Ids are evenly spread, so
// the first look nearly always finds the place, and the one beside it else; an
// index that somebody made up costs no more than a binary search.
func (x *packIndex) searchFile(id ID, low, high int64) (int64, bool, error) {
	var buffer [window * len(id)]byte
	_, share := bits.Mul64(uint64(high-low), uint64(binary.BigEndian.Uint32(id[1:])))
	from := low + int64(share>>32) - window/2
	for looks := 1; low < high; looks++ {
		n := min(high-low, window)
		from = max(low, min(from, high-n))
		ids := buffer[:n*int64(len(id))]
		if err := x.read(ids, indexIDs+from*int64(len(id))); err != nil {
			return 0, false, err
		}
		at := func(i int) []byte { return ids[i*len(id):][:len(id)] }
		i := sort.Search(int(n), func(i int) bool { return bytes.Compare(at(i), id[:]) >= 0 })
		switch {
		case i < int(n) && bytes.Equal(at(i), id[:]):
			return from + int64(i), true, nil
		case i == 0:
			high, from = from, from-window
		case i == int(n):
			low, from = from+n, from+n
		default:
			return from + int64(i), false, nil
		}
		if looks > 1 {
			from = low + (high-low-window)/2
		}
	}
	return low, false, nil
}

// read reads from the index, with the lock held.
func (x *packIndex) read(b []byte, at int64) error {
	switch {
	case x.data != nil:
		copy(b, x.data[at:])
		return nil
	case x.file == nil:
		return x.closedError()
	}
	_, err := x.file.ReadAt(b, at)
	if err == io.EOF {
		return &TruncatedError{Where: x.path, Size: at, Need: x.size}
	}
	return err
}
