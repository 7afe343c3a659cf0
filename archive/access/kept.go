package access

import (
	"hash/maphash"
	"strings"
	"unicode"
)

// shingle is the length of the runs of words by which texts are compared.
const shingle = 5

// containment returns which part of the runs of five words of a former text, 0
// to 1, stand in another text too. Where nothing but the order of paragraphs
// changed it is nearly 1.
func containment(former, text string) float64 {
	seed := maphash.MakeSeed() // only equality within this call counts
	old := shingles(seed, former)
	if len(old) == 0 {
		return 1
	}
	now := shingles(seed, text)
	kept := 0
	for s := range old {
		if _, ok := now[s]; ok {
			kept++
		}
	}
	return float64(kept) / float64(len(old))
}

// shingles returns the runs of five words of a text, or its one shorter run.
func shingles(seed maphash.Seed, text string) map[uint64]struct{} {
	words := foldedWords(text)
	if len(words) == 0 {
		return nil
	}
	size := min(shingle, len(words))
	set := make(map[uint64]struct{}, len(words))
	for i := 0; i+size <= len(words); i++ {
		set[maphash.String(seed, strings.Join(words[i:i+size], " "))] = struct{}{}
	}
	return set
}

// foldedWords cuts a text into words of letters and digits in lower case;
// letters of scripts without spaces are words of their own.
func foldedWords(text string) []string {
	var words []string
	start := -1
	lower := strings.ToLower(text)
	end := func(i int) {
		if start >= 0 {
			words = append(words, lower[start:i])
			start = -1
		}
	}
	for i, r := range lower {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			end(i)
			words = append(words, string(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if start < 0 {
				start = i
			}
		default:
			end(i)
		}
	}
	end(len(lower))
	return words
}
