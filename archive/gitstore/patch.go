package gitstore

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var errDelta = errors.New("its delta is damaged")

// applyDelta returns what a delta makes of its base. What the delta claims to
// make is held against its limit and against its instructions before memory is
// taken: copying from a large base lets a small delta make gigabytes.
func applyDelta(content, delta []byte) ([]byte, error) {
	size, instructions, err := deltaHead(content, delta)
	if err != nil {
		return nil, err
	}
	result := make([]byte, size)
	patch(result, content, instructions)
	return result, nil
}

// deltaHead returns the size of what a delta makes of content, and its
// instructions, which are good for a result of this size.
func deltaHead(content, delta []byte) (size int, instructions []byte, err error) {
	from, n := binary.Uvarint(delta)
	to, m := binary.Uvarint(delta[max(n, 0):])
	switch {
	case n <= 0 || m <= 0:
		return 0, nil, errors.New("its delta has no head")
	case from != uint64(len(content)):
		return 0, nil, errors.New("its delta is not made for this base")
	case to > maxWhole:
		return 0, nil, fmt.Errorf("its delta claims more than %d bytes", maxWhole)
	}
	instructions = delta[n+m:]
	made := 0
	for rest := instructions; len(rest) > 0; {
		offset, count, literal, n := instruction(rest)
		if n == 0 || count > int(to)-made || !literal && (offset < 0 || count > len(content)-offset) {
			return 0, nil, errDelta
		}
		made += count
		rest = rest[n:]
	}
	if made != int(to) {
		return 0, nil, errDelta
	}
	return int(to), instructions, nil
}

// instruction reads the first instruction, which takes n bytes with its literal
// ones: count bytes at an offset of the base, or the last count of the n. It
// returns 0 for n when there is no such instruction.
func instruction(b []byte) (offset, count int, literal bool, n int) {
	code := b[0]
	if code&0x80 == 0 {
		if count = int(code); count == 0 || count >= len(b) {
			return 0, 0, false, 0
		}
		return 0, count, true, 1 + count
	}
	n = 1
	var args [7]byte // four of the offset, three of the count
	for i := range args {
		if code>>i&1 == 0 {
			continue
		}
		if n == len(b) {
			return 0, 0, false, 0
		}
		args[i] = b[n]
		n++
	}
	offset = int(binary.LittleEndian.Uint32(args[:]))
	count = int(args[4]) | int(args[5])<<8 | int(args[6])<<16
	if count == 0 {
		count = 0x10000
	}
	return offset, count, false, n
}

// patch carries out instructions that deltaHead found good.
func patch(result, content, instructions []byte) {
	for len(instructions) > 0 {
		offset, count, literal, n := instruction(instructions)
		if literal {
			copy(result, instructions[n-count:n])
		} else {
			copy(result, content[offset:offset+count])
		}
		result, instructions = result[count:], instructions[n:]
	}
}
