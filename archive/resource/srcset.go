package resource

import (
	"strconv"
	"strings"
)

// What is asked for of the candidates of a srcset: enough for a large window.
const (
	wantedWidth   = 1600
	wantedDensity = 2
)

// bestOf returns the candidate of a srcset that is asked for, and its descriptor;
// "" when there is none.
func bestOf(srcset string) (best, how string) {
	rank := 0.0
	for rest := srcset; ; {
		address, descriptor, left, ok := nextCandidate(rest)
		if !ok {
			return best, how
		}
		if r := rankOf(descriptor); best == "" || r > rank {
			best, how, rank = address, strings.TrimSpace(descriptor), r
		}
		rest = left
	}
}

// rankOf orders candidates by their descriptor, the best highest. Up to what is
// wanted more is better; beyond that, less is.
func rankOf(descriptor string) float64 {
	value, wanted := 1.0, float64(wantedDensity)
	for word := range strings.FieldsSeq(descriptor) {
		number, err := strconv.ParseFloat(word[:len(word)-1], 64)
		if err != nil || !(number > 0) || number > 1e6 {
			continue
		}
		switch word[len(word)-1] {
		case 'w':
			value, wanted = number, wantedWidth
			if value >= wanted {
				return 2e6 - value // the smallest that is wide enough
			}
		case 'x':
			value = number
			if value > wanted {
				return -value
			}
		}
	}
	return value
}

// nextCandidate takes the next candidate off a srcset (HTML, parsing a srcset
// attribute): an address, and what stands behind it up to a comma outside of
// parentheses.
func nextCandidate(s string) (address, descriptor, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t\r\n\f,")
	if s == "" {
		return "", "", "", false
	}
	end := strings.IndexAny(s, " \t\r\n\f")
	if end < 0 {
		end = len(s)
	}
	address, rest = s[:end], s[end:]
	if bare := strings.TrimRight(address, ","); bare != address {
		return bare, "", rest, true
	}
	depth := 0
	for i := range len(rest) {
		switch rest[i] {
		case '(':
			depth++
		case ')':
			depth = max(depth-1, 0)
		case ',':
			if depth == 0 {
				return address, rest[:i], rest[i+1:], true
			}
		}
	}
	return address, rest, "", true
}
