package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser reads JSON into values as their plans say. It knows each key before
// it meets it, so nothing unknown is skipped and nesting goes no deeper than
// the Go types do. White space, escapes and the order of keys may still differ
// from the canonical form: Decode compares the bytes afterwards.
type parser struct {
	data []byte
	pos  int
}

// next skips white space and returns the byte there, 0 at the end.
func (r *parser) next() byte {
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

// take consumes c if it comes next.
func (r *parser) take(c byte) bool {
	if r.next() != c {
		return false
	}
	r.pos++
	return true
}

// found describes what stands where something else was expected.
func (r *parser) found() string {
	switch c := r.next(); {
	case r.pos >= len(r.data):
		return "the end of the document"
	case c == '"':
		return "a string"
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == 't' || c == 'f':
		return "a boolean"
	case c == 'n':
		return "null"
	case c == '-' || isDigit(c):
		return "a number"
	default:
		return fmt.Sprintf("%q", rune(c))
	}
}

func (r *parser) value(p *plan, v reflect.Value) *DecodeError {
	switch p.shape {
	case shapeText:
		s, err := r.text()
		v.SetString(s)
		return err
	case shapeNumber:
		return r.number(p, v)
	case shapeFlag:
		return r.flag(v)
	case shapeList:
		return r.list(p, v)
	case shapeRef:
		v.Set(reflect.New(v.Type().Elem()))
		return r.object(p.elem, v.Elem())
	case shapeObject:
		return r.object(p, v)
	}
	return r.scalar(p, v)
}

func (r *parser) scalar(p *plan, v reflect.Value) *DecodeError {
	s, problemThere := r.text()
	if problemThere != nil {
		return problemThere
	}
	var err error
	switch p.shape {
	case shapeDigest:
		*v.Addr().Interface().(*Digest), err = ParseDigest(s)
	case shapePage:
		*v.Addr().Interface().(*PageID), err = ParsePageID(s)
	default:
		*v.Addr().Interface().(*Time), err = ParseTime(s)
	}
	if err != nil {
		return problem("%v", err)
	}
	return nil
}

// text reads a string. Escaped lone surrogates become U+FFFD, which the
// comparison in Decode refuses.
func (r *parser) text() (string, *DecodeError) {
	if r.next() != '"' {
		return "", problem("is %s, not a string", r.found())
	}
	start := r.pos
	for i := start + 1; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '\\':
			return r.escapedText()
		case c < ' ':
			return "", problem("holds an unescaped control character")
		case c == '"':
			r.pos = i + 1
			return validText(r.data[start+1 : i])
		}
	}
	return "", problem("is a string without an end")
}

func validText(raw []byte) (string, *DecodeError) {
	if !utf8.Valid(raw) {
		return "", problem("is not valid UTF-8")
	}
	return string(raw), nil
}

func (r *parser) escapedText() (string, *DecodeError) {
	for i := r.pos + 1; i < len(r.data); i++ {
		switch r.data[i] {
		case '\\':
			i++
		case '"':
			raw := r.data[r.pos : i+1]
			r.pos = i + 1
			if _, err := validText(raw); err != nil {
				return "", err
			}
			var s string
			if json.Unmarshal(raw, &s) != nil {
				return "", problem("is not a string of JSON")
			}
			return s, nil
		}
	}
	return "", problem("is a string without an end")
}

func (r *parser) number(p *plan, v reflect.Value) *DecodeError {
	if c := r.next(); c != '-' && !isDigit(c) {
		return problem("is %s, not a number", r.found())
	}
	start := r.pos
	for r.pos < len(r.data) && (isDigit(r.data[r.pos]) || strings.IndexByte("+-.eE", r.data[r.pos]) >= 0) {
		r.pos++
	}
	digits := string(r.data[start:r.pos])
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil || strconv.FormatInt(n, 10) != digits:
		return problem("is %.40s, not a whole number in plain digits", digits)
	case n < p.least || n > p.most || v.OverflowInt(n):
		return problem("is %d, not a number from %d to %d", n, p.least, p.most)
	}
	v.SetInt(n)
	return nil
}

func (r *parser) flag(v reflect.Value) *DecodeError {
	r.next()
	rest := r.data[r.pos:]
	switch {
	case bytes.HasPrefix(rest, []byte("true")):
		v.SetBool(true)
		r.pos += len("true")
	case bytes.HasPrefix(rest, []byte("false")):
		r.pos += len("false")
	default:
		return problem("is %s, not true or false", r.found())
	}
	return nil
}

func (r *parser) list(p *plan, v reflect.Value) *DecodeError {
	if !r.take('[') {
		return problem("is %s, not a list", r.found())
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	if r.take(']') {
		return nil
	}
	for i := 0; ; i++ {
		v.Grow(1)
		v.SetLen(i + 1)
		v.Index(i).SetZero()
		if err := r.value(p.elem, v.Index(i)); err != nil {
			return err.within("[" + strconv.Itoa(i) + "]")
		}
		if r.take(']') {
			return nil
		}
		if !r.take(',') {
			return problem("goes on with %s, not with , or ]", r.found())
		}
	}
}

func (r *parser) object(p *plan, v reflect.Value) *DecodeError {
	if !r.take('{') {
		return problem("is %s, not an object", r.found())
	}
	seen := make([]bool, len(p.fields))
	last, disordered := -1, ""
	for !r.take('}') {
		if last >= 0 && !r.take(',') {
			return problem("goes on with %s, not with , or }", r.found())
		}
		key, err := r.key()
		if err != nil {
			return err
		}
		i := p.fieldNamed(key)
		switch {
		case i < 0:
			return problem("is not known here").within(printableKey(key))
		case seen[i]:
			return problem("stands there twice").within(key)
		case i < last && disordered == "":
			disordered = key
		}
		seen[i], last = true, i
		fv := v.FieldByIndex(p.fields[i].index)
		if err := r.value(p.fields[i].plan, fv); err != nil {
			return err.within(key)
		}
		if p.fields[i].optional && isAbsent(fv) {
			return problem("is empty, and must then be absent").within(key)
		}
	}
	for i := range p.fields {
		if !seen[i] && !p.fields[i].optional {
			return problem("is missing").within(p.fields[i].key)
		}
	}
	if disordered != "" {
		return problem("stands out of order").within(disordered)
	}
	return nil
}

// key reads a key and its colon.
func (r *parser) key() (string, *DecodeError) {
	if r.next() != '"' {
		return "", problem("goes on with %s, not with a key", r.found())
	}
	key, err := r.text()
	switch {
	case err != nil:
		return "", problem("has a key that %s", err.Problem)
	case !r.take(':'):
		return "", problem("is followed by %s, not by :", r.found()).within(printableKey(key))
	}
	return key, nil
}

// printableKey quotes keys that are not like ours: they are not ours.
func printableKey(key string) string {
	if key != "" && len(key) <= 40 && allBytes(key, func(c byte) bool { return isLower(c) || isDigit(c) || c == '_' }) {
		return key
	}
	return fmt.Sprintf("%.40q", key)
}
