package quote

import (
	"strings"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Mentions reports whether a text, such as a note of a page on its own change,
// speaks of quoted words: it has a run of three of them, two of which carry
// sense, or quotes one of them that does.
func Mentions(text, quoted string) bool {
	in := wordsOf(quoted)
	has := map[string][]int{}
	for i, w := range in {
		has[w.text] = append(has[w.text], i)
	}
	words := wordsOf(text)
	for i := 0; i+3 <= len(words); i++ {
		for _, k := range has[words[i].text][:min(len(has[words[i].text]), 64)] {
			if k+3 <= len(in) && in[k+1].text == words[i+1].text && in[k+2].text == words[i+2].text && weighty(words[i:i+3]) > 1 {
				return true
			}
		}
	}
	pairs, _ := marks(text)
	for _, pair := range pairs {
		named := wordsOf(text[pair.inner.Start:pair.inner.End])
		if weighty(named) > 0 && strings.Contains(spacedWords(in), spacedWords(named)) {
			return true
		}
	}
	return false
}

func spacedWords(words []word) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(" " + w.text)
	}
	return b.String() + " "
}

// weighty counts the words that carry sense: not the small ones that every
// text has.
func weighty(words []word) int {
	n := 0
	for _, w := range words {
		if textdiff.MeaningOf(w.text) != "" || len(w.text) > 3 && !pronouns[w.text] && !stops[w.text] {
			n++
		}
	}
	return n
}
