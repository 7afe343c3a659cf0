package gitstore

import (
	"bytes"
	"fmt"
	"strings"
)

// configReader reads the syntax of git's config files (git-config(1)) as
// config.c of git does. It is our own for its weight: the one of go-git brings
// encoding/gob and others that set up tables whenever the program starts.
type configReader struct {
	rest []byte
	line int
}

// parseConfig returns the settings of a config in their order. A key without a
// value has the value "".
func parseConfig(content []byte) (settings, error) {
	content = bytes.ReplaceAll(bytes.TrimPrefix(content, []byte("\ufeff")), []byte("\r\n"), []byte("\n"))
	r := configReader{rest: content, line: 1}
	var all settings
	section, ok := "", true
	for ok {
		switch c := r.next(); {
		case c == 0 && len(r.rest) == 0:
			return all, nil
		case isConfigSpace(c):
		case c == '#' || c == ';':
			r.skipLine()
		case c == '[':
			section, ok = r.section()
		case isConfigLetter(c):
			s := setting{name: section + r.key(c)}
			if s.value, ok = r.value(); ok {
				all = append(all, s)
			}
		default:
			ok = false
		}
	}
	return nil, fmt.Errorf("line %d is not a line of a git config", r.line)
}

// next returns 0 at the end; a zero byte in the file is no part of any syntax.
func (r *configReader) next() byte {
	if len(r.rest) == 0 {
		return 0
	}
	c := r.rest[0]
	r.rest = r.rest[1:]
	if c == '\n' {
		r.line++
	}
	return c
}

func (r *configReader) skipLine() {
	if at := bytes.IndexByte(r.rest, '\n'); at >= 0 {
		r.rest = r.rest[at:]
	} else {
		r.rest = nil
	}
}

// section reads what follows "[": a name, and a quoted subsection or one after a
// dot. It returns them with a dot behind each.
func (r *configReader) section() (name string, ok bool) {
	var b strings.Builder
	for {
		switch c := r.next(); {
		case c == ']':
			return b.String() + ".", b.Len() > 0
		case isConfigLetter(c) || isConfigDigit(c) || c == '-' || c == '.':
			b.WriteByte(lowered(c))
		case c == ' ' || c == '\t':
			b.WriteByte('.')
			ok = b.Len() > 1 && r.subsection(&b)
			return b.String() + ".", ok
		default:
			return "", false
		}
	}
}

// subsection reads on to the closing bracket.
func (r *configReader) subsection(b *strings.Builder) bool {
	r.rest = bytes.TrimLeft(r.rest, " \t")
	if r.next() != '"' {
		return false
	}
	for {
		switch c := r.next(); c {
		case 0, '\n':
			return false
		case '"':
			return r.next() == ']'
		case '\\':
			if c = r.next(); c == 0 || c == '\n' {
				return false
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}

// key reads the rest of a key.
func (r *configReader) key(first byte) string {
	key := []byte{lowered(first)}
	for len(r.rest) > 0 && (isConfigLetter(r.rest[0]) || isConfigDigit(r.rest[0]) || r.rest[0] == '-') {
		key = append(key, lowered(r.next()))
	}
	return string(key)
}

// value reads what follows a key, to the end of the line. Space around it is
// left out but in quotes; a backslash at the end of a line joins the next.
func (r *configReader) value() (string, bool) {
	r.rest = bytes.TrimLeft(r.rest, " \t")
	if len(r.rest) == 0 || r.rest[0] == '\n' {
		return "", true
	}
	if r.next() != '=' {
		return "", false
	}
	var value []byte
	quoted, kept := false, 0 // value[:kept] ends with what is not space
	for {
		ended := len(r.rest) == 0
		c := r.next()
		switch {
		case ended || c == '\n':
			return string(value[:kept]), !quoted
		case c == 0:
			return "", false
		case c == '"':
			quoted = !quoted
			kept = len(value)
			continue
		case (c == '#' || c == ';') && !quoted:
			r.skipLine()
			continue
		case isConfigSpace(c) && !quoted:
			if len(value) > 0 {
				value = append(value, c)
			}
			continue
		case c == '\\':
			var ok bool
			if c, ok = r.escaped(); !ok {
				return "", false
			}
			if c == 0 {
				kept = len(value)
				continue
			}
		}
		value = append(value, c)
		kept = len(value)
	}
}

// escaped returns the character that follows a backslash, 0 for a joined line.
func (r *configReader) escaped() (byte, bool) {
	if len(r.rest) == 0 {
		return 0, true // the end counts as the end of a line
	}
	switch c := r.next(); c {
	case '\n':
		return 0, true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'n':
		return '\n', true
	case '\\', '"':
		return c, true
	}
	return 0, false
}

func isConfigSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isConfigLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isConfigDigit(c byte) bool  { return '0' <= c && c <= '9' }

func lowered(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c |= 0x20
	}
	return c
}
