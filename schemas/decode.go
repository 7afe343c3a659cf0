package schemas

import (
	"bytes"
	"fmt"
	"reflect"
)

// Decode reads the canonical bytes of a document of type T: those that
// [Encode] gives, and no others. The error is an *[UnsupportedError] when the
// document has a higher version than T, and otherwise a *[DecodeError].
func Decode[T Document](data []byte) (*T, error) { return decodeAs[T](data, false) }

// DecodeLine reads one line of a .jsonl file, with its LF, as [Decode] does.
func DecodeLine[T Document](line []byte) (*T, error) { return decodeAs[T](line, true) }

// CheckLine is a line of a checks file: an *[Observation], a *[Change] or a
// *[QuoteVerdict].
type CheckLine interface{ checkLine() }

func (*Observation) checkLine()  {}
func (*Change) checkLine()       {}
func (*QuoteVerdict) checkLine() {}

// DecodeCheckLine reads one line of a checks file, with its LF; bytes.Lines
// gives them so. Errors are those of [Decode].
func DecodeCheckLine(line []byte) (CheckLine, error) {
	schema, _ := schemaOf(line)
	switch name, _ := splitSchema(schema); name {
	case "observation":
		return orError[*Observation](DecodeLine[Observation](line))
	case "change":
		return orError[*Change](DecodeLine[Change](line))
	case "quote":
		return orError[*QuoteVerdict](DecodeLine[QuoteVerdict](line))
	}
	return nil, &DecodeError{Schema: "checks file", Field: "schema", Problem: fmt.Sprintf("is %.40q", schema)}
}

// orError keeps a nil pointer from becoming a CheckLine that is not nil.
func orError[L CheckLine](line L, err error) (CheckLine, error) {
	if err != nil {
		return nil, err
	}
	return line, nil
}

func decodeAs[T any](data []byte, line bool) (*T, error) {
	d, err := documentOf(reflect.TypeFor[T](), line)
	if err != nil {
		return nil, err
	}
	doc := new(T)
	if err := d.decode(data, reflect.ValueOf(doc).Elem()); err != nil {
		return nil, err
	}
	canonical, err := encode(doc, line, len(data))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(canonical, data) {
		return nil, &DecodeError{Schema: d.schema, Problem: "is not in canonical form " + difference(data, canonical)}
	}
	return doc, nil
}

// decode fills v, without looking at what only encode judges.
func (d *document) decode(data []byte, v reflect.Value) error {
	if len(data) > d.limit {
		return &DecodeError{Schema: d.schema, Problem: fmt.Sprintf("has %d bytes, more than %d", len(data), d.limit)}
	}
	schema, ok := schemaOf(data)
	if !ok {
		return &DecodeError{Schema: d.schema, Problem: `does not begin with {"schema": "<name>/<version>"`}
	}
	if err := d.accept(schema); err != nil {
		return err
	}
	r := reader{data: data}
	err := r.object(d.plan(), v)
	if err == nil && (r.next() != 0 || r.pos < len(data)) {
		err = problem("is followed by %s", r.found())
	}
	if err != nil {
		err.Schema = d.schema
		return err
	}
	return nil
}

// schemaOf reads the first key, which is all that a later version has to have
// in common with this one.
func schemaOf(data []byte) (string, bool) {
	r := reader{data: data}
	if !r.take('{') {
		return "", false
	}
	if key, err := r.key(); err != nil || string(key) != "schema" {
		return "", false
	}
	schema, err := r.text()
	return schema, err == nil
}

// difference says where the bytes got leave the bytes want.
func difference(got, want []byte) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	line := bytes.Count(got[:i], []byte{'\n'})
	column := i - bytes.LastIndexByte(got[:i], '\n')
	return fmt.Sprintf("from line %d, byte %d", line+1, column)
}
