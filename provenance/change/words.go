package change

import (
	"strings"
	"unicode"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

func wordSet(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for word := range strings.FieldsSeq(list) {
			set[word] = true
		}
	}
	return set
}

// wordsOf returns the words of a text in compare form, without signs between
// them; an apostrophe stays, and so do the separators of a number.
func wordsOf(text string) []string {
	return strings.FieldsFunc(textdiff.FoldText(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\''
	})
}

// meaningsOf names what words are that went or came; those that stand on both
// sides say nothing.
func meaningsOf(words, others []string) []string {
	var meanings []string
	kept := map[string]int{}
	for _, word := range others {
		kept[word]++
	}
	for _, word := range words {
		if kept[word] > 0 {
			kept[word]--
		} else if meaning := textdiff.MeaningOf(word); meaning != "" {
			meanings = append(meanings, meaning)
		}
	}
	return meanings
}

func containsDigit(s string) bool { return strings.IndexFunc(s, unicode.IsDigit) >= 0 }

// sameNumbers reports whether two texts have the same digits with the same
// signs between them.
func sameNumbers(a, b string) bool {
	numbers := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
			return !unicode.IsDigit(r) && !strings.ContainsRune(".,:/-−+", r)
		}), " ")
	}
	return numbers(a) == numbers(b)
}

// besideDigit reports whether a range of a text stands directly before a digit
// or between two.
func besideDigit(text string, from, to int) bool {
	after := strings.TrimLeft(text[to:], "-−+.,")
	return after != "" && unicode.IsDigit([]rune(after[:min(4, len(after))])[0]) &&
		(from == 0 || text[from-1] != ' ' || strings.ContainsAny(text[from:to], "-−+±~≈<>≤≥"))
}

func hasQuotationMark(s string) bool { return strings.ContainsAny(s, "\"“”„«»「」『』‘") }

// isSpelling reports whether the change corrects how one word is written: two
// letters at most, one in a short word, the first one kept, and no digit.
func isSpelling(was, is []string) bool {
	if len(was) != 1 || len(is) != 1 || containsDigit(was[0]) || containsDigit(is[0]) {
		return false
	}
	a, b := []rune(was[0]), []rune(is[0])
	if len(a) < 3 || len(b) < 3 || a[0] != b[0] || isIdeograph(a[0]) {
		return false
	}
	most := 2
	if min(len(a), len(b)) < 6 {
		most = 1
	}
	return distance(a, b) <= most
}

func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// distance is that of Damerau and Levenshtein with neighbours exchanged once
// (optimal string alignment). Words are short; longer ones are far apart.
func distance(a, b []rune) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[2][j] = min(rows[1][j]+1, rows[2][j-1]+1, rows[1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[2][j] = min(rows[2][j], rows[0][j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
	}
	return rows[1][len(b)]
}
