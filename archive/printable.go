package archive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/schemas"
)

// maxPlain bounds what a document quotes of foreign text, in bytes.
const maxPlain = 2000

// plain makes foreign text fit for a document: valid UTF-8 on one line,
// without control characters, of bounded length.
func plain(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	for len(s) > maxPlain {
		s = s[:maxPlain]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
	}
	return s
}

func printable(a schemas.Access) schemas.Access {
	for i, e := range a.Evidence {
		a.Evidence[i] = plain(e)
	}
	return a
}
