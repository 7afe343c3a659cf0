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

// reader reads JSON into values as their plans say. It knows each key before
// it meets it, so nothing unknown is skipped and nesting goes no deeper than
// the Go types do. White space, escapes and the order of keys may still differ
// from the canonical form: Decode compares the bytes afterwards.
type reader struct {
	data []byte
	pos  int
}

// next skips white space and returns the byte there, 0 at the end.
func (r *reader) next() byte {
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
func (r *reader) take(c byte) bool {
	if r.next() != c {
		return false
	}
	r.pos++
	return true
}

// found describes what stands where something else was expected.
func (r *reader) found() string {
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

func (r *reader) value(p *plan, v reflect.Value) *DecodeError {
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

func (r *reader) scalar(p *plan, v reflect.Value) *DecodeError {
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
func (r *reader) text() (string, *DecodeError) {
	raw, escaped, err := r.quoted()
	if err != nil || !escaped {
		return string(raw), err
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", problem("is not a string of JSON")
	}
	return s, nil
}

// quoted reads the bytes of a string: those between the quotation marks, or
// with them when there are escapes to be undone.
func (r *reader) quoted() (raw []byte, escaped bool, err *DecodeError) {
	if r.next() != '"' {
		return nil, false, problem("is %s, not a string", r.found())
	}
	start := r.pos
	for i := start + 1; i < len(r.data); i++ {
		switch c := r.data[i]; {
		case c == '\\':
			escaped = true
			i++ // whatever follows, it does not end the string
		case c < ' ':
			return nil, false, problem("holds an unescaped control character")
		case c == '"':
			r.pos = i + 1
			raw = r.data[start+1 : i]
			if !utf8.Valid(raw) {
				return nil, false, problem("is not valid UTF-8")
			}
			if escaped {
				raw = r.data[start:r.pos]
			}
			return raw, escaped, nil
		}
	}
	return nil, false, problem("is a string without an end")
}

func (r *reader) number(p *plan, v reflect.Value) *DecodeError {
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

func (r *reader) flag(v reflect.Value) *DecodeError {
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

func (r *reader) list(p *plan, v reflect.Value) *DecodeError {
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

func (r *reader) object(p *plan, v reflect.Value) *DecodeError {
	if !r.take('{') {
		return problem("is %s, not an object", r.found())
	}
	var seen uint64 // bit i: the field i was there
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
		if i < 0 {
			return problem("is not known here").within(printableKey(key))
		}
		f := &p.fields[i]
		switch {
		case seen&(1<<i) != 0:
			return problem("stands there twice").within(f.key)
		case i < last && disordered == "":
			disordered = f.key
		}
		seen |= 1 << i
		last = i
		fv := v.FieldByIndex(f.index)
		if err := r.value(f.plan, fv); err != nil {
			return err.within(f.key)
		}
		if f.optional && isAbsent(fv) {
			return problem("is empty, and must then be absent").within(f.key)
		}
	}
	for i := range p.fields {
		if seen&(1<<i) == 0 && !p.fields[i].optional {
			return problem("is missing").within(p.fields[i].key)
		}
	}
	if disordered != "" {
		return problem("stands out of order").within(disordered)
	}
	return nil
}

// key reads a key and its colon. None of ours needs an escape, so an escaped
// one stays as it is and is not known.
func (r *reader) key() ([]byte, *DecodeError) {
	if r.next() != '"' {
		return nil, problem("goes on with %s, not with a key", r.found())
	}
	key, _, err := r.quoted()
	switch {
	case err != nil:
		return nil, problem("has a key that %s", err.Problem)
	case !r.take(':'):
		return nil, problem("is followed by %s, not by :", r.found()).within(printableKey(key))
	}
	return key, nil
}

// printableKey quotes keys that are not like ours: they are not ours.
func printableKey(key []byte) string {
	s := strings.Trim(string(key), `"`)
	if s != "" && len(s) <= 40 && allBytes(s, func(c byte) bool { return isLower(c) || isDigit(c) || c == '_' }) {
		return s
	}
	return fmt.Sprintf("%.40q", s)
}
