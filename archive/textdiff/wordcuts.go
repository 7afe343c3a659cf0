package textdiff

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// cutWords adds the UAX #29 words of a part of the text without URLs, numbers
// joined. Most of most texts is ASCII, for which the rules are few; the rest is
// cut by the library. The two meet after a space and before an ASCII character
// that is none, where there is a boundary whatever stands around. A byte that is
// not UTF-8 is a token: the library would take what follows a character cut
// short in one way at the end of its text and in another elsewhere.
func (c *cuts) cutWords(start, end int) {
	for start < end {
		broken := invalidByte(c.text, start, end)
		c.cutValid(start, broken)
		if start = broken; broken < end {
			start++
			c.at = append(c.at, int32(start))
		}
	}
}

// invalidByte returns the position of the first byte that is not UTF-8, or end.
func invalidByte(text string, start, end int) int {
	if utf8.ValidString(text[start:end]) {
		return end
	}
	for start < end {
		r, size := utf8.DecodeRuneInString(text[start:end])
		if r == utf8.RuneError && size == 1 {
			break
		}
		start += size
	}
	return start
}

// cutValid is cutWords for UTF-8.
func (c *cuts) cutValid(start, end int) {
	for start < end {
		ascii, next := c.asciiPart(start, end)
		c.cutASCII(start, ascii)
		if ascii < next {
			c.cutUnicode(ascii, next)
		}
		start = next
	}
}

// asciiPart returns where the ASCII text at start ends, and where the text
// after it that must be cut by all the rules does.
func (c *cuts) asciiPart(start, end int) (ascii, next int) {
	other := start
	for other < end && c.text[other] < utf8.RuneSelf {
		other++
	}
	if other == end {
		return end, end
	}
	meets := func(i int) bool {
		return c.text[i-1] == ' ' && c.text[i] != ' ' && c.text[i] < utf8.RuneSelf
	}
	for ascii = other - 1; ascii > start && !meets(ascii); {
		ascii--
	}
	for next = other + 1; next < end && !meets(next); {
		next++
	}
	return max(ascii, start), next
}

// cutUnicode adds the words of a part of the text.
func (c *cuts) cutUnicode(start, end int) {
	first := len(c.at)
	for it := words.FromString(c.text[start:end]); it.Next(); {
		c.addWord(first, start+it.End())
	}
}

// cutASCII adds the words of a part of the text that is ASCII: rules WB3, 3a,
// 3b, 3d and 5 to 13b.
func (c *cuts) cutASCII(start, end int) {
	text := c.text[:end]
	first := len(c.at)
	for i := start; i < end; {
		switch b := text[i]; {
		case isWordByte(b):
			for i++; i < end; {
				if isWordByte(text[i]) {
					i++
				} else if i+1 < end && isMiddle(text[i-1], text[i], text[i+1]) {
					i += 2
				} else {
					break
				}
			}
		case b == ' ':
			for i++; i < end && text[i] == ' '; {
				i++
			}
		case b == '\r' && i+1 < end && text[i+1] == '\n':
			i += 2
		default:
			i++
		}
		c.addWord(first, i)
	}
}

// addWord ends a word. It is joined with the two before it, if these were added
// since the piece first, where the three are one number.
func (c *cuts) addWord(first, end int) {
	if n := len(c.at); n-2 >= first && joinsNumber(c.piece(n-3), c.piece(n-2), c.text[c.at[n-1]:end]) {
		c.at = c.at[:n-2]
	}
	c.at = append(c.at, int32(end))
}

func isWordByte(b byte) bool { return isDigit(b) || isASCIILetter(b) || b == '_' }

func isASCIILetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// isMiddle reports whether a character between two others belongs to the word
// or the number that these are part of.
func isMiddle(before, b, after byte) bool {
	switch b {
	case '.', '\'':
		return isDigit(before) && isDigit(after) || isASCIILetter(before) && isASCIILetter(after)
	case ':':
		return isASCIILetter(before) && isASCIILetter(after)
	case ',', ';':
		return isDigit(before) && isDigit(after)
	}
	return false
}
