package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxWord bounds a folded word, in bytes: longer ones are data, not language.
const maxWord = 64

// word is a folded word and where it stands in its text, in bytes.
type word struct {
	folded     string
	start, end int
}

// wordsOf cuts a text into its words.
func wordsOf(text string) []word {
	words := make([]word, 0, len(text)/6)
	eachWord(text, func(w word) { words = append(words, w) })
	return words
}

// eachWord calls take with the words of a text, one after another: those of a long
// text take many times its room.
func eachWord(text string, take func(word)) {
	start, ascii := -1, true // of the run in hand; -1: none
	flush := func(end int) {
		if start >= 0 {
			if folded := fold(text[start:end], ascii); folded != "" {
				take(word{folded, start, end})
			}
		}
		start, ascii = -1, true
	}
	for i, r := range text {
		switch {
		case r < utf8.RuneSelf:
			if !isASCIIWord(byte(r)) {
				flush(i)
				continue
			}
		case !isWord(r):
			flush(i)
			continue
		case isUnspaced(r):
			flush(i)
			end := i + utf8.RuneLen(r)
			take(word{norm.NFKC.String(text[i:end]), i, end})
			continue
		default:
			ascii = false
		}
		if start < 0 {
			start = i
		}
	}
	flush(len(text))
}

func isASCIIWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z'
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// unspaced are the scripts whose words nothing sets apart.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

func isUnspaced(r rune) bool { return r >= 0x0e00 && unicode.In(r, unspaced...) }

// fold returns the form in which words are compared. It holds nothing but
// letters, digits and marks.
func fold(s string, ascii bool) string {
	if ascii {
		return cut(strings.ToLower(s))
	}
	s = strings.Map(func(r rune) rune {
		if r >= 0x0300 && r <= 0x036f || !isWord(r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
	return cut(norm.NFC.String(cases.Fold().String(s)))
}

func cut(s string) string {
	if len(s) <= maxWord {
		return s
	}
	n := maxWord
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
