package textdiff

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Span is a range of bytes of a text.
type Span struct {
	Start, End int
}

// Locate finds every place where a passage stands in a text, judged in compare
// form, so that line breaks, quotation marks, dashes and case may differ but
// no word may. A passage does not match inside a longer word. The spans are
// ranges of text, from left to right, and do not overlap. An empty passage is
// found nowhere.
func Locate(text, passage string) []Span {
	needle := Fold(passage).Text
	if needle == "" {
		return nil
	}
	f := Fold(text)
	var out []Span
	for at := 0; ; {
		i := strings.Index(f.Text[at:], needle)
		if i < 0 {
			return out
		}
		start, end := at+i, at+i+len(needle)
		if splitsWord(f.Text, start) || splitsWord(f.Text, end) {
			_, size := utf8.DecodeRuneInString(f.Text[start:])
			at = start + size
			continue
		}
		from, to := f.Source(start, end)
		out = append(out, Span{from, to})
		at = end
	}
}

// splitsWord reports whether the characters on both sides of a position belong
// to one word. Scripts written without spaces have no words in this sense.
func splitsWord(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return at > 0 && at < len(text) && joins(before) && joins(after)
}

func joins(r rune) bool {
	if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}
