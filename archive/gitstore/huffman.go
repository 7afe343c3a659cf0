package gitstore

import "math/bits"

// huffman is a table that decodes the symbols of a Huffman code (RFC 1951, 3.2.2)
// by looking at several bits at once. The first 1<<bits entries are for the next
// bits of the stream; codes longer than that go on in a further table, to which
// an entry leads.
//
// An entry says in its low bits how many bits the symbol takes with its extra
// bits, then how many of them are its code, and in its upper half the symbol's
// value: a literal byte, a length or a distance without the extra bits. That of
// a link has the number of bits that the further table looks at, and its place.
type huffman struct {
	bits   uint
	table  [maxTable]uint32
	sorted [len(lengthValues)]uint16 // for build
}

const (
	totalMask  = 0x3f
	codeShift  = 6
	codeMask   = 0x1f
	isLiteral  = 1 << 12
	isRare     = 1 << 13 // a link, the end of a block, or nothing valid
	isLink     = 1 << 14
	isEnd      = 1 << 15
	valueShift = 16

	maxCode = 15 // bits of a code

	// Bits that a first table looks at: for lengths and literals in a large
	// block, in a small one, where making a table costs more than it spares, and
	// for other symbols.
	manyBits, someBits, fewBits = 11, 9, 8
	// maxTable is enough for all tables of a code of 288 symbols of at most 15
	// bits with a first table of 11; the others take less (zlib's
	// examples/enough.c).
	maxTable = 2342
)

// What the entries of symbols say: the values, and in the low bits the number of
// extra bits. Two lengths and two distances have codes but no meaning.
var (
	lengthValues   = makeLengthValues()
	distanceValues = makeDistanceValues()
	precodeValues  = [...]uint32{
		0 << valueShift, 1 << valueShift, 2 << valueShift, 3 << valueShift, 4 << valueShift,
		5 << valueShift, 6 << valueShift, 7 << valueShift, 8 << valueShift, 9 << valueShift,
		10 << valueShift, 11 << valueShift, 12 << valueShift, 13 << valueShift, 14 << valueShift,
		15 << valueShift, 16<<valueShift | 2, 17<<valueShift | 3, 18<<valueShift | 7,
	}
)

func makeLengthValues() (values [maxLengths + 2]uint32) {
	for i := range endOfBlock {
		values[i] = isLiteral | uint32(i)<<valueShift
	}
	values[endOfBlock] = isRare | isEnd
	size := uint32(3)
	for i := range 28 {
		extra := uint32(max(i/4-1, 0))
		values[endOfBlock+1+i] = size<<valueShift | extra
		size += 1 << extra
	}
	values[maxLengths-1] = longestMatch << valueShift
	values[maxLengths], values[maxLengths+1] = isRare, isRare
	return values
}

func makeDistanceValues() (values [maxDistances + 2]uint32) {
	back := uint32(1)
	for i := range maxDistances {
		extra := uint32(max(i/2-1, 0))
		values[i] = back<<valueShift | extra
		back += 1 << extra
	}
	values[maxDistances], values[maxDistances+1] = isRare, isRare
	return values
}

// build makes the table of the code that gives symbol i a code of lengths[i]
// bits, none for 0. values are what the entries of the symbols say besides; the
// first table looks at so many bits at most. ok is false for lengths that make no code that zlib would accept: an incomplete one
// must be of a single bit or, if it is no precode, empty.
func (h *huffman) build(lengths []uint8, values []uint32, first int, precode bool) (ok bool) {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	longest := maxCode
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	count[0] = 0
	left := 1
	for n := 1; n <= maxCode; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return false
		}
	}
	h.bits = uint(min(max(longest, 1), first))
	if left > 0 {
		if precode || longest > 1 {
			return false
		}
		for i := range h.table[:1<<h.bits] {
			h.table[i] = isRare
		}
	}
	h.fill(h.sort(lengths, &count), lengths, values, &count)
	return true
}

// sort returns the symbols that have a code in the order of codes.
func (h *huffman) sort(lengths []uint8, count *[maxCode + 1]int) []uint16 {
	var at [maxCode + 2]int
	for n, c := range count {
		at[n+1] = at[n] + c
	}
	for symbol, n := range lengths {
		if n > 0 {
			h.sorted[at[n]] = uint16(symbol)
			at[n]++
		}
	}
	return h.sorted[:at[maxCode+1]]
}

// fill enters the symbols. A code stands in the stream with its first bit lowest,
// so that an entry repeats at all places that have the code's bits at their end.
func (h *huffman) fill(symbols []uint16, lengths []uint8, values []uint32, count *[maxCode + 1]int) {
	var (
		code  uint32            // of the next symbol, its first bit highest
		last  uint              // length of the one before
		next  = 1 << h.bits     // where a further table can be put
		first = uint32(1) << 31 // first bits of the codes in the further table; none yet
		table = h.table[:next]  // the one that takes the symbol
		width = h.bits          // of it
	)
	for _, symbol := range symbols {
		n := uint(lengths[symbol])
		code <<= n - last
		last = n
		reversed := bits.Reverse32(code) >> (32 - n)
		e := values[symbol] + uint32(n) | uint32(n)<<codeShift
		if n > h.bits {
			if low := reversed & (1<<h.bits - 1); low != first {
				first, width = low, n-h.bits
				for used := count[n]; used < 1<<width; {
					width++
					used = used<<1 + count[h.bits+width]
				}
				table = h.table[next : next+1<<width]
				h.table[low] = isRare | isLink | uint32(next)<<valueShift | uint32(width)
				next += 1 << width
			}
			reversed >>= h.bits
		}
		step := n
		if n > h.bits {
			step = n - h.bits
		}
		for i := int(reversed); i < 1<<width; i += 1 << step {
			table[i] = e
		}
		count[n]--
		code++
	}
}
