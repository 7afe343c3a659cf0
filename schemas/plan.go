package schemas

import (
	"fmt"
	"reflect"
	"strings"
)

// plan says how the values of one Go type are written, read and judged. It is
// made from the type and the tags of its fields, so that writing, reading and the
// JSON Schemas cannot disagree.
type plan struct {
	shape   shape
	values  []string // of an enumeration
	rule    *rule    // of a text; nil: any
	least   int64    // of a number
	most    int64    // of a number
	elem    *plan    // of a list or a reference
	fields  []field  // of an object
	schema  string   // of an object that is a document
	page    int      // of an object: index of its field "page", -1 when there is none
	url     int      // likewise of "url"
	coheres bool     // of an object: it is a cohering
}

// shape is the kind of JSON value and the Go kind behind it.
type shape uint8

const (
	shapeText shape = iota
	shapeNumber
	shapeFlag
	shapeDigest
	shapePage
	shapeTime
	shapeList
	shapeRef // a pointer to an object
	shapeObject
)

// field is one key of an object.
type field struct {
	key      string
	index    []int // as in reflect.StructField, through embedded structs
	optional bool  // absent when its value is zero
	plan     *plan
}

// cohering is a struct whose fields must agree with one another.
type cohering interface {
	// incoherence names the field that does not fit, and why.
	incoherence() (field, problem string)
}

// planOf returns the plan of a document's type.
func planOf(t reflect.Type) *plan {
	c := compiler{schemas: map[reflect.Type]string{}, plans: map[reflect.Type]*plan{}}
	for i := range documents {
		c.schemas[documents[i].goType] = documents[i].schema
	}
	return c.plan(t, "")
}

type compiler struct {
	schemas map[reflect.Type]string
	plans   map[reflect.Type]*plan // of objects
}

// plan panics for a type that a document cannot hold: the types are ours.
func (c *compiler) plan(t reflect.Type, tag string) *plan {
	switch t {
	case reflect.TypeFor[Digest]():
		return &plan{shape: shapeDigest}
	case reflect.TypeFor[PageID]():
		return &plan{shape: shapePage}
	case reflect.TypeFor[Time]():
		return &plan{shape: shapeTime}
	}
	switch t.Kind() {
	case reflect.String:
		return textPlan(t, tag)
	case reflect.Int, reflect.Int64:
		return numberPlan(tag)
	case reflect.Bool:
		return &plan{shape: shapeFlag}
	case reflect.Slice:
		return &plan{shape: shapeList, elem: c.plan(t.Elem(), tag)}
	case reflect.Pointer:
		return &plan{shape: shapeRef, elem: c.plan(t.Elem(), tag)}
	case reflect.Struct:
		return c.object(t)
	}
	panic(fmt.Sprintf("schemas: %v has no place in a document", t))
}

// maxNumber is the highest number that every JSON reader keeps exact
// (RFC 7493 §2.2).
const maxNumber = 1<<53 - 1

func numberPlan(tag string) *plan {
	switch tag {
	case "":
		return &plan{shape: shapeNumber, least: 0, most: maxNumber}
	case "signed":
		return &plan{shape: shapeNumber, least: -maxNumber, most: maxNumber}
	case "status": // three digits, RFC 9110 §15
		return &plan{shape: shapeNumber, least: 0, most: 999}
	}
	panic(fmt.Sprintf("schemas: there is no rule %q for numbers", tag))
}

func textPlan(t reflect.Type, tag string) *plan {
	p := &plan{shape: shapeText, values: enumerations[t]}
	if strings.Contains(tag, "|") {
		p.values = strings.Split(tag, "|")
	} else if word, ok := strings.CutPrefix(tag, "is:"); ok {
		p.values = []string{word}
	} else if tag != "" {
		if p.rule = ruleNamed(tag); p.rule == nil {
			panic(fmt.Sprintf("schemas: there is no rule %q", tag))
		}
	}
	return p
}

func (c *compiler) object(t reflect.Type) *plan {
	if p := c.plans[t]; p != nil {
		return p
	}
	p := &plan{
		shape: shapeObject, schema: c.schemas[t],
		coheres: reflect.PointerTo(t).Implements(reflect.TypeFor[cohering]()),
	}
	c.plans[t] = p
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue
		}
		key, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		p.fields = append(p.fields, field{
			key: key, index: f.Index, optional: option != "", plan: c.plan(f.Type, f.Tag.Get("rule")),
		})
	}
	if len(p.fields) > 64 {
		panic(fmt.Sprintf("schemas: %v has more keys than the parser counts", t))
	}
	p.page, p.url = p.fieldNamed([]byte("page")), p.fieldNamed([]byte("url"))
	return p
}

// fieldNamed returns -1 when the object has no such key.
func (p *plan) fieldNamed(key []byte) int {
	for i := range p.fields {
		if p.fields[i].key == string(key) {
			return i
		}
	}
	return -1
}
