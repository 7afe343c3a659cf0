package index

import (
	"hash/fnv"
	"hash/maphash"
	"io"
	"strings"
)

// pairs is how many tokens there are for two words that stand together. More
// tokens make fewer false hits, and a larger file for a small archive.
const pairs = 1 << 20

const (
	// longText is the size from which on a text is long: FTS5 gathers all that a row
	// has in memory, ten times and more as much as there is.
	longText = 256 << 10
	// partSize is how much of a long text it gets to see at a time.
	partSize = 512 << 10
	// longMark is a token of each long text.
	longMark = "\u0080\u0080"
)

// tokens calls take with what FTS5 gets to see of a text, with one space between:
// its words, each once, and then a token for each two words that stand together, in
// their order. A long text has each of these tokens once, too, and a mark, and comes
// in parts of which no two have a token in common: then it makes no difference that
// FTS5, given the same row twice, counts the positions anew and knows one list of
// them for each token.
func tokens(text string, take func(part string) error) error {
	var b strings.Builder
	long := len(text) >= longText
	if long {
		b.WriteString(longMark + " ")
	} else {
		b.Grow(2*len(text) + 64)
	}
	var err error
	part := func() {
		if long && b.Len() >= partSize && err == nil {
			err = take(b.String())
			b.Reset()
		}
	}
	seen, seed := map[uint64]struct{}{}, maphash.MakeSeed() // by hashes that nobody can foresee
	eachWord(text, func(w word) {
		sum := maphash.String(seed, w.folded)
		if _, known := seen[sum]; !known {
			seen[sum] = struct{}{}
			b.WriteString(w.folded)
			b.WriteByte(' ')
			part()
		}
	})
	seen = nil
	var once [pairs / 64]uint64
	last, any := "", false
	eachWord(text, func(w word) {
		n := pairOf(last, w.folded)
		if first := once[n/64]>>(n%64)&1 == 0; any && (first || !long) {
			once[n/64] |= 1 << (n % 64)
			appendPair(&b, n)
			b.WriteByte(' ')
			part()
		}
		last, any = w.folded, true
	})
	if err != nil || long && b.Len() == 0 {
		return err
	}
	return take(b.String())
}

// pairOf returns the number of the token of two words.
func pairOf(first, second string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, first) // a Hash takes all
	_, _ = h.Write([]byte{0})
	_, _ = io.WriteString(h, second)
	sum := h.Sum64()
	return (sum ^ sum>>32) % pairs
}

// appendPair appends the token of two words: one of pairs, told from words by a
// control character, which no word holds.
func appendPair(b *strings.Builder, number uint64) {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	b.WriteRune('\u0080')
	for n := uint64(pairs); n > 1; n /= uint64(len(digits)) {
		b.WriteByte(digits[number%uint64(len(digits))])
		number /= uint64(len(digits))
	}
}
