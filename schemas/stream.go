package schemas

import (
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strconv"
)

// EncodeList writes what [Encode] returns for a document whose last field is a
// list, which must be empty: elements come in its place, one at a time, so that
// a list of any length can be written. The limit on the size of the document is
// on each element. After an error, of writing, of elements, or a *[DecodeError],
// what was written is no document.
func EncodeList[E any](to io.Writer, doc any, elements iter.Seq2[E, error]) error {
	head, err := Encode(doc)
	if err != nil {
		return err
	}
	d, err := documentOf(reflect.Indirect(reflect.ValueOf(doc)).Type(), false)
	if err != nil {
		return err
	}
	const end = "[]\n}\n"
	at := len(head) - len(end)
	list := d.plan().fields[len(d.plan().fields)-1]
	if list.plan.shape != shapeList || string(head[at:]) != end {
		return fmt.Errorf("%T does not end in an empty list", doc)
	}
	w := writer{buf: slices.Clone(head[:at+1]), indented: true, depth: 2, limit: d.limit}
	n := 0
	for element, err := range elements {
		if err != nil {
			return err
		}
		if n > 0 {
			w.buf = append(w.buf, ',')
		}
		w.newline()
		if err := w.value(list.plan.elem, reflect.ValueOf(&element).Elem()); err != nil {
			err = err.within("[" + strconv.Itoa(n) + "]").within(list.key)
			err.Schema = d.schema
			return err
		}
		n++
		if _, err := to.Write(w.buf); err != nil {
			return err
		}
		w.buf = w.buf[:0]
	}
	if n > 0 {
		w.depth = 1
		w.newline()
	}
	_, err = to.Write(append(w.buf, end[1:]...))
	return err
}
