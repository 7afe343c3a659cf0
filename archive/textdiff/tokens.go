package textdiff

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokens cuts a text into the units that a change cannot split.
func tokens(text string) cuts {
	c := cuts{text: text, at: make([]int32, 1, 2+len(text)/2)}
	for start := 0; start < len(text); {
		if n := urlLength(text[start:]); n > 0 {
			start += n
			c.at = append(c.at, int32(start))
			continue
		}
		// Word boundaries are looked for up to the next URL only, so that
		// the iterator never runs past the start of one.
		end := len(text)
		if i := strings.Index(text[start:], "://"); i >= 0 {
			end = start + i
			for end > start && isASCIILetter(text[end-1]) {
				end--
			}
			if end == start {
				end = start + i + len("://") // "://" without a scheme that we know
			}
		}
		c.cutWords(start, end)
		start = end
	}
	return c
}

// joinsNumber reports whether digits, a separator and digits are one number,
// time or fraction.
func joinsNumber(left, separator, right string) bool {
	switch separator {
	case ".", ",", ":", "/", "'", "’", "\u2009", "\u202f", "\u00a0":
	default:
		return false
	}
	return len(left) > 0 && isDigit(left[len(left)-1]) && isDigit(right[0])
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// urlLength returns the length of the web address that a text starts with, or
// 0. Closing punctuation at its end belongs to the sentence, not to it.
func urlLength(text string) int {
	n := 0
	for _, scheme := range []string{"https://", "http://", "ftp://"} {
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			n = len(scheme)
			break
		}
	}
	if n == 0 {
		return 0
	}
	end := strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"“”«»", r)
	})
	if end < 0 {
		end = len(text)
	}
	return trimURL(text[:end], n)
}

// trimURL returns the length of a URL without the punctuation that closes the
// sentence around it. Brackets at the end stay if the URL opened them.
func trimURL(url string, scheme int) int {
	parens := strings.Count(url, ")") - strings.Count(url, "(")
	squares := strings.Count(url, "]") - strings.Count(url, "[")
	end := len(url)
	for end > scheme {
		r, size := utf8.DecodeLastRuneInString(url[:end])
		switch {
		case strings.ContainsRune(".,;:!?'’", r):
		case r == ')' && parens > 0:
			parens--
		case r == ']' && squares > 0:
			squares--
		default:
			return end
		}
		end -= size
	}
	return 0
}

// isWord reports whether a token has a letter or a digit in it.
func isWord(token string) bool {
	return strings.ContainsFunc(token, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// URLs returns the http, https and ftp addresses that stand in a text as such,
// in order, without the punctuation of the sentence around them.
func URLs(text string) []string {
	if !strings.Contains(text, "://") {
		return nil
	}
	var out []string
	c := tokens(text)
	for i := range c.len() {
		if t := c.piece(i); urlLength(t) == len(t) {
			out = append(out, t)
		}
	}
	return out
}
