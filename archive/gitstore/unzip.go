package gitstore

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
)

// errDeflate is returned for bytes that are no zlib stream.
var errDeflate = errors.New("it is not a zlib stream")

// unzipper inflates zlib streams (RFC 1950, 1951) from memory into memory of a
// known size. A git object's size stands before its stream, so that nothing has
// to grow, wait or remember a window: this takes half the time of a reader. It
// accepts what zlib's own inflate accepts. The tables are reused; an unzipper is
// for one goroutine.
type unzipper struct {
	raw  []byte // what packReader has before it of a pack
	from int64  // its place there; 0 when there is nothing

	dst, src []byte
	out, in  int
	bits     uint64 // the next bits of src; those above count are not to be used
	count    uint

	length, distance, precode  huffman
	fixedLength, fixedDistance huffman
	fixed                      bool // the tables of fixed blocks are made
	lengths                    [maxLengths + maxDistances]uint8
}

// The alphabets of deflate.
const (
	maxLengths   = 286
	maxDistances = 30
	endOfBlock   = 256
	longestMatch = 258

	// fewBytes are so few that making a large table costs more than it spares.
	fewBytes    = 8 << 10
	minRefilled = 56 // bits that there are after a refill from eight bytes, at least
)

// unzip fills dst with the content of the stream that src begins with, and
// returns how much of src the stream takes. It is an error if the content is
// longer or shorter, errLength, or if src ends within, io.ErrUnexpectedEOF.
func (u *unzipper) unzip(dst, src []byte) (consumed int, err error) {
	if len(src) < 2 {
		return 0, io.ErrUnexpectedEOF
	}
	if src[0]&0x0f != 8 || src[0]>>4 > 7 || src[1]&0x20 != 0 || binary.BigEndian.Uint16(src)%31 != 0 {
		return 0, errDeflate
	}
	u.dst, u.src = dst, src
	u.out, u.in, u.bits, u.count = 0, 2, 0, 0
	defer func() { u.dst, u.src = nil, nil }()
	for last := false; !last; {
		if last, err = u.block(); err != nil {
			return 0, err
		}
	}
	u.align()
	switch {
	case u.out < len(dst):
		return 0, errLength
	case len(src)-u.in < 4:
		return 0, io.ErrUnexpectedEOF
	case binary.BigEndian.Uint32(src[u.in:]) != adler32.Checksum(dst):
		return 0, errors.New("its Adler-32 is not that of its content")
	}
	return u.in + 4, nil
}

func (u *unzipper) block() (last bool, err error) {
	head, err := u.take(3)
	if err != nil {
		return false, err
	}
	switch head >> 1 {
	case 0:
		err = u.stored()
	case 1:
		u.makeFixed()
		err = u.compressed(&u.fixedLength, &u.fixedDistance)
	case 2:
		if err = u.readTables(); err == nil {
			err = u.compressed(&u.length, &u.distance)
		}
	default:
		err = errDeflate
	}
	return head&1 == 1, err
}

// take returns the next n bits.
func (u *unzipper) take(n uint) (uint, error) {
	u.refill()
	if u.count < n {
		return 0, io.ErrUnexpectedEOF
	}
	v := uint(u.bits & (1<<n - 1))
	u.bits >>= n
	u.count -= n
	return v, nil
}

// refill takes in bytes as long as one more fits.
func (u *unzipper) refill() {
	if len(u.src)-u.in >= 8 {
		u.bits |= binary.LittleEndian.Uint64(u.src[u.in:]) << (u.count & 63)
		u.in += int(63-u.count) >> 3
		u.count |= minRefilled
		return
	}
	for u.count <= minRefilled && u.in < len(u.src) {
		u.bits |= uint64(u.src[u.in]) << u.count
		u.in++
		u.count += 8
	}
}

// align goes back to the first byte of which no bit was taken.
func (u *unzipper) align() {
	u.in -= int(u.count / 8)
	u.bits, u.count = 0, 0
}

func (u *unzipper) stored() error {
	u.align()
	if len(u.src)-u.in < 4 {
		return io.ErrUnexpectedEOF
	}
	n := int(binary.LittleEndian.Uint16(u.src[u.in:]))
	if n^0xffff != int(binary.LittleEndian.Uint16(u.src[u.in+2:])) {
		return errDeflate
	}
	u.in += 4
	switch {
	case n > len(u.src)-u.in:
		return io.ErrUnexpectedEOF
	case n > len(u.dst)-u.out:
		return errLength
	}
	u.out += copy(u.dst[u.out:], u.src[u.in:u.in+n])
	u.in += n
	return nil
}

// compressed decodes a block's symbols: in a hurry as long as neither src nor
// dst can end, then with care.
func (u *unzipper) compressed(length, distance *huffman) error {
	for {
		if err := u.hurry(length, distance); err != nil {
			return err
		}
		if ended, err := u.symbol(length, distance); ended || err != nil {
			return err
		}
	}
}

// hurry decodes as long as nothing can end within a symbol, and nothing rare
// comes, which is left to symbol.
func (u *unzipper) hurry(length, distance *huffman) error {
	dst, src, out, in, b, n := u.dst, u.src, u.out, u.in, u.bits, u.count
	lengthMask, distanceMask := uint64(1)<<length.bits-1, uint64(1)<<distance.bits-1
	lengths, distances := &length.table, &distance.table
	// Two refills of eight bytes; three literals and a match with what its copy
	// writes too much.
	for len(src)-in >= 16 && len(dst)-out >= 3+longestMatch+8 {
		b |= binary.LittleEndian.Uint64(src[in:]) << (n & 63)
		in += int(63-n) >> 3
		n |= minRefilled
		e := lengths[b&lengthMask]
		for literals := 0; e&isLiteral != 0 && literals < 3; literals++ {
			b >>= e & totalMask
			n -= uint(e & totalMask)
			dst[out] = byte(e >> valueShift)
			out++
			e = lengths[b&lengthMask]
		}
		if e&isLiteral != 0 {
			continue
		}
		if e&isRare != 0 {
			if e&isLink != 0 {
				e = lengths[uint64(e>>valueShift)+b>>(length.bits&63)&(1<<(e&totalMask)-1)]
			}
			if e&(isRare|isLiteral) != 0 {
				break
			}
		}
		size := int(e>>valueShift) + int(b&(1<<(e&totalMask)-1)>>(e>>codeShift&codeMask))
		b >>= e & totalMask
		n -= uint(e & totalMask)

		b |= binary.LittleEndian.Uint64(src[in:]) << (n & 63)
		in += int(63-n) >> 3
		n |= minRefilled
		e = distances[b&distanceMask]
		if e&isLink != 0 {
			e = distances[uint64(e>>valueShift)+b>>(distance.bits&63)&(1<<(e&totalMask)-1)]
		}
		back := int(e>>valueShift) + int(b&(1<<(e&totalMask)-1)>>(e>>codeShift&codeMask))
		if e&isRare != 0 || back > out {
			return errDeflate
		}
		b >>= e & totalMask
		n -= uint(e & totalMask)
		repeat(dst[:out+size+8], out, size, back)
		out += size
	}
	u.out, u.in, u.bits, u.count = out, in, b, n
	return nil
}

// repeat copies size bytes from back before out to out, and may write up to 7
// more.
func repeat(dst []byte, out, size, back int) {
	switch {
	case back >= size && size > 32:
		copy(dst[out:out+size], dst[out-back:])
	case back >= 8:
		from, to := dst[out-back:], dst[out:]
		for i := 0; i < size; i += 8 {
			binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
		}
	case back == 1:
		to, c := dst[out:out+size], dst[out-1]
		for i := range to {
			to[i] = c
		}
	default:
		for i := out; i < out+size; i++ {
			dst[i] = dst[i-back]
		}
	}
}

// symbol decodes one symbol, and the distance that belongs to it.
func (u *unzipper) symbol(length, distance *huffman) (ended bool, err error) {
	e, extra, err := u.decode(length)
	switch {
	case err != nil:
		return false, err
	case e&isLiteral != 0:
		if u.out == len(u.dst) {
			return false, errLength
		}
		u.dst[u.out] = byte(e >> valueShift)
		u.out++
		return false, nil
	case e&isEnd != 0:
		return true, nil
	}
	size := int(e>>valueShift) + extra
	if e, extra, err = u.decode(distance); err != nil {
		return false, err
	}
	back := int(e>>valueShift) + extra
	switch {
	case back > u.out:
		return false, errDeflate
	case size > len(u.dst)-u.out:
		return false, errLength
	}
	for range size {
		u.dst[u.out] = u.dst[u.out-back]
		u.out++
	}
	return false, nil
}

// decode returns the table's entry for the next symbol and its extra bits.
func (u *unzipper) decode(h *huffman) (e uint32, extra int, err error) {
	u.refill()
	b := u.bits
	e = h.table[b&(1<<h.bits-1)]
	if e&isLink != 0 {
		e = h.table[uint64(e>>valueShift)+b>>h.bits&(1<<(e&totalMask)-1)]
	}
	total := uint(e & totalMask)
	switch {
	case total > u.count, u.count < maxCode && u.in == len(u.src) && e&(isRare|isEnd) == isRare:
		return 0, 0, io.ErrUnexpectedEOF
	case e&(isRare|isEnd) == isRare:
		return 0, 0, errDeflate
	}
	u.bits >>= total
	u.count -= total
	return e, int(b & (1<<total - 1) >> (e >> codeShift & codeMask)), nil
}

// makeFixed makes the tables of blocks that bring none, once.
func (u *unzipper) makeFixed() {
	if u.fixed {
		return
	}
	u.fixed = true
	var lengths [len(lengthValues)]uint8
	for i := range lengths {
		switch {
		case i < 144, i >= 280:
			lengths[i] = 8
		case i < endOfBlock:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	u.fixedLength.build(lengths[:], lengthValues[:], someBits, false)
	for i := range distanceValues {
		lengths[i] = 5
	}
	u.fixedDistance.build(lengths[:len(distanceValues)], distanceValues[:], fewBits, false)
}

// precodeOrder is the order in which the lengths of the precode's codes come.
var precodeOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readTables reads the codes of a block with codes of its own.
func (u *unzipper) readTables() error {
	head, err := u.take(14)
	if err != nil {
		return err
	}
	lengths, distances, precodes := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if lengths > maxLengths || distances > maxDistances {
		return errDeflate
	}
	var precode [len(precodeOrder)]uint8
	for _, symbol := range precodeOrder[:precodes] {
		n, err := u.take(3)
		if err != nil {
			return err
		}
		precode[symbol] = uint8(n)
	}
	if !u.precode.build(precode[:], precodeValues[:], fewBits, true) {
		return errDeflate
	}
	if err := u.readLengths(u.lengths[:lengths+distances]); err != nil {
		return err
	}
	first := manyBits
	if len(u.dst)-u.out < fewBytes {
		first = someBits
	}
	if u.lengths[endOfBlock] == 0 ||
		!u.length.build(u.lengths[:lengths], lengthValues[:], first, false) ||
		!u.distance.build(u.lengths[lengths:lengths+distances], distanceValues[:], fewBits, false) {
		return errDeflate
	}
	return nil
}

// readLengths reads the lengths of codes, which are themselves encoded.
func (u *unzipper) readLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		e, extra, err := u.decode(&u.precode)
		if err != nil {
			return err
		}
		symbol, times := uint8(e>>valueShift), 1
		switch symbol {
		case 16:
			if i == 0 {
				return errDeflate
			}
			symbol, times = lengths[i-1], 3+extra
		case 17:
			symbol, times = 0, 3+extra
		case 18:
			symbol, times = 0, 11+extra
		}
		if times > len(lengths)-i {
			return errDeflate
		}
		for range times {
			lengths[i] = symbol
			i++
		}
	}
	return nil
}
