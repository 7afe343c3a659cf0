package schemas

import (
	"encoding/hex"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// writer writes values as their plans say, and refuses those that must not be.
type writer struct {
	buf      []byte
	indented bool
	depth    int
	limit    int
}

func (w *writer) value(p *plan, v reflect.Value) *DecodeError {
	switch p.shape {
	case shapeText:
		return w.text(p, v.String())
	case shapeNumber:
		n := v.Int()
		if n < p.least || n > p.most {
			return problem("is %d, not a number from %d to %d", n, p.least, p.most)
		}
		w.buf = strconv.AppendInt(w.buf, n, 10)
		return nil
	case shapeFlag:
		w.buf = strconv.AppendBool(w.buf, v.Bool())
		return nil
	case shapeList:
		return w.list(p, v)
	case shapeRef:
		if v.IsNil() {
			return problem("is missing")
		}
		return w.object(p.elem, v.Elem())
	case shapeObject:
		return w.object(p, v)
	}
	return w.scalar(p, v)
}

// scalar writes the values that have a text form of their own.
func (w *writer) scalar(p *plan, v reflect.Value) *DecodeError {
	if v.IsZero() {
		return problem("is missing")
	}
	w.buf = append(w.buf, '"')
	switch p.shape {
	case shapeDigest:
		d := v.Addr().Interface().(*Digest)
		w.buf = hex.AppendEncode(append(w.buf, digestPrefix...), d[:])
	case shapePage:
		id := v.Addr().Interface().(*PageID)
		w.buf = hex.AppendEncode(w.buf, id[:])
	default:
		t := Time(v.Int()).Time()
		if year := t.Year(); year < 0 || year > 9999 {
			return problem("lies outside the years 0 to 9999")
		}
		w.buf = t.AppendFormat(w.buf, timeLayout)
	}
	w.buf = append(w.buf, '"')
	return nil
}

func (w *writer) text(p *plan, s string) *DecodeError {
	switch {
	case !utf8.ValidString(s):
		return problem("is not valid UTF-8")
	case p.values != nil && !slices.Contains(p.values, s):
		return problem("is %.40q, not one of %q", s, p.values)
	case p.rule != nil && p.rule.max > 0 && len(s) > p.rule.max:
		return problem("has %d bytes, more than %d", len(s), p.rule.max)
	case p.rule != nil && !p.rule.holds(s):
		return problem("is %.60q, not %s", s, p.rule.want)
	}
	w.buf = appendText(w.buf, s)
	return nil
}

func (w *writer) list(p *plan, v reflect.Value) *DecodeError {
	if v.Len() == 0 {
		w.buf = append(w.buf, "[]"...)
		return nil
	}
	w.buf = append(w.buf, '[')
	w.depth++
	for i := range v.Len() {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.newline()
		if err := w.value(p.elem, v.Index(i)); err != nil {
			return err.within("[" + strconv.Itoa(i) + "]")
		}
		if len(w.buf) > w.limit {
			break // encode says so
		}
	}
	w.depth--
	w.newline()
	w.buf = append(w.buf, ']')
	return nil
}

func (w *writer) object(p *plan, v reflect.Value) *DecodeError {
	w.buf = append(w.buf, '{')
	w.depth++
	empty := true
	for i := range p.fields {
		f := &p.fields[i]
		fv := v.FieldByIndex(f.index)
		if f.optional && isAbsent(fv) {
			continue
		}
		if !empty {
			w.buf = append(w.buf, ',')
		}
		empty = false
		w.newline()
		w.key(f.key)
		if err := w.value(f.plan, fv); err != nil {
			return err.within(f.key)
		}
	}
	w.depth--
	if !empty {
		w.newline()
	}
	w.buf = append(w.buf, '}')
	return p.judge(v)
}

// isAbsent reports whether an optional field is not written: it is zero, or an
// empty list.
func isAbsent(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// judge looks at what the fields of an object say together.
func (p *plan) judge(v reflect.Value) *DecodeError {
	if p.schema != "" {
		if found := v.FieldByIndex(p.fields[0].index).String(); found != p.schema {
			return problem("is %.40q, not %q", found, p.schema).within("schema")
		}
	}
	if p.page >= 0 && p.url >= 0 {
		page := *v.FieldByIndex(p.fields[p.page].index).Addr().Interface().(*PageID)
		url := v.FieldByIndex(p.fields[p.url].index).String()
		if (!page.IsZero() || url != "") && page != PageIDOf(url) {
			return problem("is not the id of the page %.60q", url).within("page")
		}
	}
	if p.coheres {
		if field, what := v.Addr().Interface().(cohering).incoherence(); what != "" {
			return problem("%s", what).within(field)
		}
	}
	return nil
}

func (w *writer) key(key string) {
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, key...)
	w.buf = append(w.buf, '"', ':')
	if w.indented {
		w.buf = append(w.buf, ' ')
	}
}

func (w *writer) newline() {
	if !w.indented {
		return
	}
	w.buf = append(w.buf, '\n')
	for range w.depth {
		w.buf = append(w.buf, ' ', ' ')
	}
}

// appendText writes s as RFC 8785 §3.2.2.2 has it: only the quotation mark, the
// backslash and control characters are escaped, in the short form where there
// is one.
func appendText(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		buf = append(buf, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			buf = append(buf, '\\', c)
		case '\b':
			buf = append(buf, '\\', 'b')
		case '\t':
			buf = append(buf, '\\', 't')
		case '\n':
			buf = append(buf, '\\', 'n')
		case '\f':
			buf = append(buf, '\\', 'f')
		case '\r':
			buf = append(buf, '\\', 'r')
		default:
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(buf, s[start:]...), '"')
}
