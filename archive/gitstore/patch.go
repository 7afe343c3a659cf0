package gitstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

var errDelta = errors.New("its delta is garbled")

// applyDelta patches base with a delta in the form that delta.go tells. The
// sizes in the delta's head are held against the limits first: copying from a
// large base lets a small delta make gigabytes.
func applyDelta(content, delta []byte) ([]byte, error) {
	r := bytes.NewReader(delta)
	from, err1 := binary.ReadUvarint(r)
	to, err2 := binary.ReadUvarint(r)
	switch {
	case err1 != nil || err2 != nil:
		return nil, errors.New("its delta has no head")
	case from != uint64(len(content)):
		return nil, errors.New("its delta is not made for this base")
	case to > maxWhole:
		return nil, fmt.Errorf("its delta claims more than %d bytes", maxWhole)
	}
	return patch(content, delta[len(delta)-r.Len():], int(to))
}

// maxPatchStart bounds the memory that is taken before a delta has shown that it
// fills it.
const maxPatchStart = 1 << 20

// patch follows the instructions of a delta that make size bytes.
func patch(base, delta []byte, size int) ([]byte, error) {
	out := make([]byte, 0, min(size, maxPatchStart))
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		if op < 0x80 {
			n := int(op)
			if n == 0 || n > len(delta) || n > size-len(out) {
				return nil, errDelta
			}
			out = append(out, delta[:n]...)
			delta = delta[n:]
			continue
		}
		var at, n uint64
		for i := range 7 { // four bytes of offset, three of size, those that op names
			if op&(1<<i) == 0 {
				continue
			}
			if len(delta) == 0 {
				return nil, errDelta
			}
			if i < 4 {
				at |= uint64(delta[0]) << (8 * i)
			} else {
				n |= uint64(delta[0]) << (8 * (i - 4))
			}
			delta = delta[1:]
		}
		if n == 0 {
			n = 0x10000
		}
		if at+n > uint64(len(base)) || n > uint64(size-len(out)) {
			return nil, errDelta
		}
		out = append(out, base[at:at+n]...)
	}
	if len(out) != size {
		return nil, errDelta
	}
	return out, nil
}
