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
	return a != "" && b != "" && strings.Join(wordsOf(a), " ") == strings.Join(wordsOf(b), " ")
}
