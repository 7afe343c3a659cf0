package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// A word is a word of a text in compare form, with the bytes of the text that
// it was made from.
type word struct {
	text       string
	start, end int
}

// wordsOf returns the words of a text: runs of letters and digits, with
// apostrophes and the separators of numbers inside; one character in scripts
// without spaces; a web address; and the signs that change what a number says.
func wordsOf(text string) []word {
	out := make([]word, 0, len(text)/5)
	eachWord(text, func(w word) { out = append(out, w) })
	return out
}

func countWords(text string) int {
	n := 0
	eachWord(text, func(word) { n++ })
	return n
}

// eachWord yields the words of a text. No word has a space in it, so the text
// is folded from space to space, which most of most texts, being ASCII, need
// not be.
func eachWord(text string, yield func(word)) {
	for start := 0; start < len(text); {
		end := start
		ascii := true
		for end < len(text) && text[end] != ' ' && text[end] != '\n' {
			ascii = ascii && text[end] < utf8.RuneSelf
			end++
		}
		if from, to := address(text[start:end]); from < to {
			yield(word{textdiff.FoldText(text[start+from : start+to]), start + from, start + to})
		} else if ascii {
			eachFolded(strings.ToLower(text[start:end]), func(from, to int, w string) { yield(word{w, start + from, start + to}) })
		} else {
			form := textdiff.Fold(text[start:end])
			eachFolded(form.Text, func(from, to int, w string) {
				from, to = form.Source(from, to)
				yield(word{w, start + from, start + to})
			})
		}
		start = end + 1
	}
}

// address returns where a web address begins and ends in a text without spaces;
// it is one word.
func address(text string) (from, to int) {
	if from = strings.Index(text, "://"); from < 0 {
		return 0, 0
	}
	for from > 0 && 'a' <= text[from-1]|0x20 && text[from-1]|0x20 <= 'z' {
		from--
	}
	to = from + len(strings.TrimRightFunc(text[from:], func(r rune) bool { return !isWordRune(r) }))
	return from, to
}

// eachFolded yields the words of a text in compare form.
func eachFolded(folded string, yield func(from, to int, w string)) {
	previous := rune(' ')
	for i := 0; i < len(folded); {
		n := wordLength(folded[i:], previous)
		if n > 0 {
			yield(i, i+n, folded[i:i+n])
			previous, _ = utf8.DecodeLastRuneInString(folded[i : i+n])
		} else {
			previous, n = utf8.DecodeRuneInString(folded[i:])
		}
		i += n
	}
}

// wordLength returns the length of the word that a text in compare form begins
// with, 0 if it begins with none.
func wordLength(text string, previous rune) int {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case isSign(r):
		return size
	case r == '-' || r == '+':
		if next, _ := utf8.DecodeRuneInString(text[size:]); unicode.IsDigit(next) && !isWordRune(previous) {
			return size
		}
		return 0
	case !isWordRune(r):
		return 0
	case alone(r):
		return size
	}
	n := size
	for n < len(text) {
		next, width := utf8.DecodeRuneInString(text[n:])
		if isWordRune(next) && !alone(next) {
			r = next
			n += width
			continue
		}
		behind, _ := utf8.DecodeRuneInString(text[n+width:])
		if next == '\'' && unicode.IsLetter(r) && unicode.IsLetter(behind) ||
			strings.ContainsRune(".,:/", next) && unicode.IsDigit(r) && unicode.IsDigit(behind) {
			r = next
			n += width
			continue
		}
		break
	}
	return n
}

// isSign reports whether a character beside a number belongs to what it says.
func isSign(r rune) bool {
	return strings.ContainsRune("%‰°§=<>±≤≥≈", r) || r > unicode.MaxASCII && unicode.Is(unicode.Sc, r) || r == '$'
}

// alone reports whether a character is a word by itself.
func alone(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
