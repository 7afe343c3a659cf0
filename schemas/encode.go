package schemas

import (
	"fmt"
	"reflect"
)

// Encode returns the canonical bytes of a document: one of the types listed in
// the package documentation, or a pointer to one. A nil list that must be
// there is written as []. A value that Decode would refuse is a *[DecodeError]
// naming the field: nothing is written that could not be read again.
func Encode(doc any) ([]byte, error) { return encode(doc, false, 1024) }

// EncodeLine returns the canonical bytes of one line of a .jsonl file,
// including its LF. The types that are lines are [Observation], [Change],
// [QuoteVerdict] and [Revocation].
func EncodeLine(doc any) ([]byte, error) { return encode(doc, true, 1024) }

// encode expects about as many bytes as size says.
func encode(doc any, line bool, size int) ([]byte, error) {
	v := reflect.ValueOf(doc)
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		v = v.Elem()
	case v.Kind() == reflect.Struct: // a copy that has an address
		v = reflect.New(v.Type()).Elem()
		v.Set(reflect.ValueOf(doc))
	default:
		return nil, fmt.Errorf("%T holds no document", doc)
	}
	d, err := documentOf(v.Type(), line)
	if err != nil {
		return nil, err
	}
	w := writer{buf: make([]byte, 0, size), indented: !line, limit: d.limit}
	if err := w.value(d.plan(), v); err != nil {
		err.Schema = d.schema
		return nil, err
	}
	w.buf = append(w.buf, '\n')
	if len(w.buf) > d.limit {
		return nil, &DecodeError{Schema: d.schema, Problem: fmt.Sprintf("has more than %d bytes", d.limit)}
	}
	return w.buf, nil
}
