package fetch

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// startLine stands for the first line of a head where the names of fields are
// listed.
const startLine = "start line"

// isSecret reports whether the values of this field are not to be stored.
func isSecret(name string) bool {
	switch strings.ToLower(name) {
	case "cookie", "set-cookie", "cookie2", "set-cookie2", "authorization":
		return true
	}
	return len(name) > len("proxy-") && strings.EqualFold(name[:len("proxy-")], "proxy-") && isToken(name)
}

// redact returns a copy of the head with secret values replaced, and the names
// of the fields it did that to, sorted, each once. Nothing but values changes:
// names keep their case, lines their number and their ends. What was sent as a
// secret is replaced wherever it occurs.
func (s *secrets) redact(head []byte) ([]byte, []string) {
	out := make([]byte, 0, len(head))
	var names []string
	secret, field := false, "" // the field that the line belongs to is one; its name
	for i, line := 0, []byte(nil); len(head) > 0; i++ {
		line, head = cutLine(head)
		text, end := trimLineEnd(line)
		name, value, isField := cutField(text)
		folded := len(text) > 0 && isBlank(text[0])
		switch {
		case i == 0 || len(text) == 0:
			if hidden, found := s.hideIn(line); found {
				names, line = append(names, startLine), hidden
			}
			out = append(out, line...)
			continue
		case folded && secret:
			value = bytes.TrimLeft(text, " \t")
		case isField && s.isName(name):
			secret, field = true, name
			names = append(names, http.CanonicalHeaderKey(name))
		case !folded:
			secret, field = false, name
		}
		if !secret {
			if hidden, found := s.hideIn(line); found {
				names, line = append(names, http.CanonicalHeaderKey(field)), hidden
			}
			out = append(out, line...)
			continue
		}
		out = append(out, text[:len(text)-len(value)]...)
		out = append(append(out, redacted...), end...)
	}
	slices.Sort(names)
	return out, slices.Compact(names)
}

// hideFields replaces secret values in the fields and returns them.
func (s *secrets) hideFields(header http.Header) http.Header {
	for name, values := range header {
		for i := range values {
			if values[i] = s.hide(values[i]); s.isName(name) {
				values[i] = redacted
			}
		}
	}
	return header
}

// cutField takes a line apart at its colon. Blanks around the name, which no
// field may have, are tolerated; the value is without blanks before it.
func cutField(text []byte) (name string, value []byte, ok bool) {
	before, after, ok := bytes.Cut(text, []byte(":"))
	if !ok {
		return "", nil, false
	}
	return string(bytes.Trim(before, " \t")), bytes.TrimLeft(after, " \t"), true
}

// cutLine returns the first line with its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1], b[i+1:]
	}
	return b, nil
}

// trimLineEnd takes CR LF or LF off a line.
func trimLineEnd(line []byte) (text, end []byte) {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
		if n > 0 && line[n-1] == '\r' {
			n--
		}
	}
	return line[:n], line[n:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isToken reports whether s can be a field name (RFC 9110 §5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
