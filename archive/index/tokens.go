package index

import (
	"hash/fnv"
	"io"
	"strings"
)

// pairs is how many tokens there are for two words that stand together. More
// tokens make fewer false hits, and a larger file for a small archive.
const pairs = 1 << 20

// tokens returns what FTS5 gets to see of a text, with one space between: its
// words, each once, and then a token for each two words that stand together, in
// their order.
func tokens(text string) string {
	words := wordsOf(text)
	var b strings.Builder
	b.Grow(2*len(text) + 64)
	seen := make(map[string]struct{}, len(words))
	for _, w := range words {
		if _, known := seen[w.folded]; !known {
			seen[w.folded] = struct{}{}
			b.WriteString(w.folded)
			b.WriteByte(' ')
		}
	}
	for i := 1; i < len(words); i++ {
		appendPair(&b, words[i-1].folded, words[i].folded)
		b.WriteByte(' ')
	}
	return b.String()
}

// appendPair appends the token of two words: one of pairs, told from words by a
// control character, which no word holds.
func appendPair(b *strings.Builder, first, second string) {
	const digits = "0123456789abcdefghijklmnopqrstuv"
	h := fnv.New64a()
	_, _ = io.WriteString(h, first) // a Hash takes all
	_, _ = h.Write([]byte{0})
	_, _ = io.WriteString(h, second)
	sum := h.Sum64()
	sum ^= sum >> 32
	b.WriteRune('\u0080')
	for n := uint64(pairs); n > 1; n /= uint64(len(digits)) {
		b.WriteByte(digits[sum%uint64(len(digits))])
		sum /= uint64(len(digits))
	}
}
