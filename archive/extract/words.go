package extract

import (
	"strings"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// wordsOf returns the words of a text in compare form, without punctuation.
func wordsOf(text string) []string {
	return strings.FieldsFunc(textdiff.FoldText(text), func(r rune) bool { return !isAlphanumeric(r) })
}

// sameWords reports whether two texts differ in nothing but punctuation and case.
func sameWords(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if short, long := min(len(a), len(b)), max(len(a), len(b)); long > maxSameWords && long > 8*short {
		return false // a text, and not the title of one
	}
	return strings.Join(wordsOf(a), " ") == strings.Join(wordsOf(b), " ")
}

// maxSameWords is how many bytes two texts have at the most of which one may be
// several times as long as the other and yet have the same words.
const maxSameWords = 4096
