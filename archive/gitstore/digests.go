package gitstore

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"sync/atomic"
)

// Digests are the SHA-256 digests of files, found by Store.Digests in one pass
// over the packs. They are safe for concurrent use and must be closed.
//
// There is a record of 40 bytes for each object of each pack, in the order of the
// pack's index: the digest, then the size and one. A record of zeroes stands for
// an object that is no file, is large, or could not be read. Where there are more
// than fits into memory, they are kept in a temporary file that has no name.
type Digests struct {
	packs []packDigests // newest first
	total int64
	taken []uint64 // a bit for each record
	held  []byte   // nil when there is a file
	file  *os.File
	last  atomic.Int64 // number of the pack that had the file before
}

// packDigests are those of a pack.
type packDigests struct {
	index *packIndex // opened on its own: the pack may go
	first int64      // number of its first record
}

const (
	recordSize = 40
	// maxHeld is how many records are kept in memory.
	maxHeld = 1 << 20
)

// newDigests makes room for the digests of what the indexes list, in memory for
// so many at most. On an error the indexes are closed.
func newDigests(indexes []*packIndex, most int64) (*Digests, error) {
	d := &Digests{}
	for _, x := range indexes {
		d.packs = append(d.packs, packDigests{x, d.total})
		d.total += x.count
	}
	d.taken = make([]uint64, d.total/64+1)
	if d.total <= most {
		d.held = make([]byte, d.total*recordSize)
		return d, nil
	}
	var err error
	if d.file, err = os.CreateTemp("", "walkback-verify-"); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	_ = os.Remove(d.file.Name()) // where open files must keep their names, Close does it
	return d, nil
}

// Close lets go of the digests.
func (d *Digests) Close() error {
	var errs []error
	for _, p := range d.packs {
		errs = append(errs, p.index.close())
	}
	if d.file != nil {
		errs = append(errs, d.file.Close(), removeIfThere(d.file.Name()))
	}
	return errors.Join(errs...)
}

// put keeps the digest of record n.
func (d *Digests) put(n int64, sum [32]byte, size int) error {
	var record [recordSize]byte
	copy(record[:], sum[:])
	binary.BigEndian.PutUint64(record[len(sum):], uint64(size)+1)
	if d.file == nil {
		copy(d.held[n*recordSize:], record[:])
		return nil
	}
	_, err := d.file.WriteAt(record[:], n*recordSize)
	return err
}

// Take returns the digest and the size of a file, and whether this is the first
// time that it is asked for, wherever it is stored. ok is false for what has to be
// read by itself.
func (d *Digests) Take(id ID) (sum [32]byte, size int64, first, ok bool) {
	last := int(d.last.Load())
	for i := range d.packs {
		k := (last + i) % len(d.packs) // the one that had the file before, and what came after
		rank, found, err := d.packs[k].index.rank(id)
		if err != nil {
			break
		}
		if found {
			d.last.Store(int64(k))
			return d.take(k, d.packs[k].first+rank, id)
		}
	}
	return sum, 0, false, false
}

// take returns record n, which is in pack k.
func (d *Digests) take(k int, n int64, id ID) (sum [32]byte, size int64, first, ok bool) {
	var record [recordSize]byte
	if d.file == nil {
		copy(record[:], d.held[n*recordSize:])
	} else if _, err := d.file.ReadAt(record[:], n*recordSize); err != nil {
		return sum, 0, false, false // also beyond the last one that was written
	}
	size = int64(binary.BigEndian.Uint64(record[len(sum):])) - 1
	if size < 0 {
		return sum, 0, false, false
	}
	copy(sum[:], record[:])
	return sum, size, d.mark(n) && d.firstBefore(k, id), true
}

// mark notes that record n was asked for, and reports whether it was not before.
func (d *Digests) mark(n int64) bool {
	bit := uint64(1) << (n % 64)
	return atomic.OrUint64(&d.taken[n/64], bit)&bit == 0
}

// firstBefore reports whether a file of pack k was not asked for in a pack before
// it: a file that several packs hold counts by the first of them.
func (d *Digests) firstBefore(k int, id ID) bool {
	for _, p := range d.packs[:k] {
		if rank, found, err := p.index.rank(id); found && err == nil {
			return d.mark(p.first + rank)
		}
	}
	return true
}

// copyIndexes opens the indexes of packs again.
func copyIndexes(packs []*pack, room *mapRoom) (indexes []*packIndex, kept []*pack, err error) {
	for _, p := range packs {
		x, err := openIndex(p.index.path)
		if errors.Is(err, os.ErrNotExist) {
			continue // repacked since: what it held is found by its name
		}
		if err != nil {
			for _, x := range indexes {
				_ = x.close()
			}
			return nil, nil, err
		}
		x.room = room
		indexes, kept = append(indexes, x), append(kept, p)
	}
	return indexes, slices.Clip(kept), nil
}
