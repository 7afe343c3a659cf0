package gitstore

import (
	"encoding/binary"
	"math/bits"
)

// A delta (gitformat-pack): the sizes of base and result as varints, then
// instructions. A byte with its high bit set copies a range of the base, its
// other bits saying which bytes of offset and size follow; any other byte but 0
// is the number of literal bytes that follow.
const (
	maxInsert = 0x7f
	maxCopy   = 0xffff // in two bytes of size, as git itself writes it
)

// deltaWriter makes a delta. Neighbouring copies become one, as do literals.
type deltaWriter struct {
	out      []byte
	literal  []byte // not yet written
	from, to int    // range of the base not yet written; it precedes literal
}

func newDelta(base, result int) *deltaWriter {
	w := &deltaWriter{out: make([]byte, 0, 64)}
	w.out = binary.AppendUvarint(w.out, uint64(base))
	w.out = binary.AppendUvarint(w.out, uint64(result))
	return w
}

func (w *deltaWriter) copy(from, to int) {
	switch {
	case from == to:
	case len(w.literal) == 0 && w.to == from:
		w.to = to
	default:
		w.flush()
		w.from, w.to = from, to
	}
}

func (w *deltaWriter) insert(b []byte) { w.literal = append(w.literal, b...) }

func (w *deltaWriter) flush() {
	for n := 0; w.from < w.to; w.from += n {
		n = min(w.to-w.from, maxCopy)
		w.out = appendCopy(w.out, uint32(w.from), uint32(n))
	}
	for rest := w.literal; len(rest) > 0; {
		n := min(len(rest), maxInsert)
		w.out = append(append(w.out, byte(n)), rest[:n]...)
		rest = rest[n:]
	}
	w.from, w.to, w.literal = 0, 0, w.literal[:0]
}

func (w *deltaWriter) finish() []byte {
	w.flush()
	return w.out
}

func appendCopy(b []byte, offset, size uint32) []byte {
	at := len(b)
	b = append(b, 0x80)
	for i := range 4 {
		if c := byte(offset >> (8 * i)); c != 0 {
			b[at] |= 1 << i
			b = append(b, c)
		}
	}
	for i := range 2 {
		if c := byte(size >> (8 * i)); c != 0 {
			b[at] |= 0x10 << i
			b = append(b, c)
		}
	}
	return b
}

// treeDelta returns the delta between two trees. It knows where an entry begins,
// so of a changed one only the id is literal.
func treeDelta(old, new []Entry) []byte {
	w := newDelta(treeSize(old), treeSize(new))
	off, i := 0, 0
	for _, e := range new {
		for i < len(old) && compareEntries(old[i], e) < 0 {
			off += entrySize(old[i])
			i++
		}
		if i == len(old) || old[i].Name != e.Name || old[i].Mode != e.Mode {
			w.insert(appendEntry(nil, e))
			continue
		}
		end := off + entrySize(e)
		if old[i].ID == e.ID {
			w.copy(off, end)
		} else {
			w.copy(off, end-len(e.ID))
			w.insert(e.ID[:])
		}
		off = end
		i++
	}
	return w.finish()
}

// block is the shortest run of bytes that a delta of contents copies, and the
// step at which the base is remembered.
const block = 16

// maxCandidates is how many equal blocks of the base are compared. Pages repeat
// their markup; the best of a few is as good as the best of all.
const maxCandidates = 8

// differ makes deltas of contents. It is reused for its tables and is not safe
// for concurrent use.
type differ struct {
	first []int32 // by hash: 1 + number of the block of the base
	next  []int32 // by block: 1 + the next of the same hash
	shift uint
}

func hashBlock(b []byte, shift uint) uint32 {
	const k1, k2 = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f
	h := binary.LittleEndian.Uint64(b)*k1 ^ bits.RotateLeft64(binary.LittleEndian.Uint64(b[8:])*k2, 31)
	return uint32(h * k1 >> shift)
}

// remember takes up the blocks of a base, the last ones first, so that looking
// one up begins with the earliest.
func (d *differ) remember(base []byte) {
	n := len(base) / block
	size := max(4, bits.Len(uint(n)))
	d.shift = uint(64 - size)
	d.first = zeroed(d.first, 1<<size)
	d.next = zeroed(d.next, n)
	for i := n - 1; i >= 0; i-- {
		h := hashBlock(base[i*block:], d.shift)
		d.next[i] = d.first[h]
		d.first[h] = int32(i + 1)
	}
}

func zeroed(s []int32, n int) []int32 {
	if cap(s) < n {
		return make([]int32, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// delta returns the delta from base to target. Both may have at most 2 GiB.
func (d *differ) delta(base, target []byte) []byte {
	d.remember(base)
	w := newDelta(len(base), len(target))
	done := 0 // bytes of target that are in the delta
	for i := 0; i+block <= len(target); {
		from, length, back := d.longest(base, target, i, done)
		if length == 0 {
			i++
			continue
		}
		w.insert(target[done : i-back])
		w.copy(from, from+length)
		done = i - back + length
		i = done
	}
	w.insert(target[done:])
	return w.finish()
}

// longest returns the longest range of the base that is equal to the target
// around i: back bytes of it lie before i, but none before done.
func (d *differ) longest(base, target []byte, i, done int) (from, length, back int) {
	tries := 0
	for c := d.first[hashBlock(target[i:], d.shift)]; c != 0 && tries < maxCandidates; c = d.next[c-1] {
		tries++
		at := int(c-1) * block
		ahead := common(base[at:], target[i:])
		if ahead < block {
			continue
		}
		behind := 0
		for behind < i-done && behind < at && base[at-behind-1] == target[i-behind-1] {
			behind++
		}
		if ahead+behind > length {
			from, length, back = at-behind, ahead+behind, behind
		}
	}
	return from, length, back
}

// common returns the number of leading bytes that are equal.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
