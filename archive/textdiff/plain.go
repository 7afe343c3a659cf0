package textdiff

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// DisplayText returns Display(text).Text, at a fraction of the cost: the way
// back to the source is not kept.
func DisplayText(text string) string {
	return norm.NFC.String(cleanText(text))
}

// FoldText returns Fold(text).Text, without the way back.
func FoldText(text string) string {
	text = cleanText(text)
	if isASCII(text) {
		return strings.Map(foldRune, text)
	}
	return cleanText(strings.Map(foldRune, norm.NFKC.String(strings.Map(foldRune, text))))
}

// cleanText returns clean(text).Text.
func cleanText(text string) string {
	i := cleanSpan(text)
	if i == len(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	b.WriteString(text[:i])
	space := false
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch {
		case isWhite(r):
			space = true
		case invisible(r):
		default:
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cleanSpan returns the length of a prefix that cleaning leaves as it is and
// that does not end with a space, unless it is the whole text.
func cleanSpan(text string) int {
	for i := range len(text) {
		c := text[i]
		if c > ' ' && c < 0x7F {
			continue
		}
		// One space between two printable characters is the only other
		// thing that stays as it is.
		if c != ' ' || i == 0 || i+1 == len(text) || text[i+1] <= ' ' || text[i+1] >= 0x7F {
			return i
		}
	}
	return len(text)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
