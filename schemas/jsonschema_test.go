package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaBase = "https://github.com/walkback-dev/walkback/schemas/json/"

// object is a JSON object.
type object = map[string]any

// skeleton makes from the Go types what a JSON Schema has to say, without the
// descriptions: one for the document itself, and one for each $defs.
type skeleton struct {
	root    reflect.Type
	defs    object
	defKeys []string            // in the order of first use
	order   map[string][]string // of the properties; "" is the root
	types   map[string]reflect.Type
}

func skeletonOf(d *document) (object, *skeleton) {
	s := &skeleton{root: d.goType, defs: object{}, order: map[string][]string{}, types: map[string]reflect.Type{}}
	root := s.object("", d.plan(), d.goType)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = schemaBase + schemaFile(d.schema)
	if len(s.defs) > 0 {
		root["$defs"] = s.defs
	}
	return root, s
}

func (s *skeleton) object(def string, p *plan, t reflect.Type) object {
	properties, required := object{}, []any{}
	for _, f := range p.fields {
		s.order[def] = append(s.order[def], f.key)
		field := t.FieldByIndex(f.index)
		switch {
		case f.key == "schema":
			properties[f.key] = object{"const": p.schema}
		default:
			properties[f.key] = s.property(f.plan, field.Type, f.optional)
		}
		if !f.optional {
			required = append(required, f.key)
		}
	}
	return object{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
}

func (s *skeleton) property(p *plan, t reflect.Type, optional bool) object {
	switch p.shape {
	case shapeDigest:
		return s.ref("digest", t, object{"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"})
	case shapePage:
		return s.ref("page-id", t, object{"type": "string", "pattern": "^[0-9a-f]{20}$"})
	case shapeTime:
		return s.ref("time", t, object{
			"type": "string", "format": "date-time",
			"pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$`,
		})
	case shapeFlag:
		if optional {
			return object{"const": true}
		}
		return object{"type": "boolean"}
	case shapeNumber:
		return number(p, optional)
	case shapeText:
		return s.text(p, t, optional)
	case shapeList:
		list := object{"type": "array", "items": s.property(p.elem, t.Elem(), false)}
		if optional {
			list["minItems"] = 1.0
		}
		return list
	case shapeRef:
		return s.property(p.elem, t.Elem(), false)
	}
	if p.schema != "" {
		return object{"$ref": schemaFile(p.schema)}
	}
	name := kebab(t.Name())
	if s.defs[name] == nil {
		s.ref(name, t, object{}) // keeps its place in the order
		s.defs[name] = s.object(name, p, t)
	}
	return object{"$ref": "#/$defs/" + name}
}

func number(p *plan, optional bool) object {
	n := object{"type": "integer", "minimum": float64(p.least), "maximum": float64(p.most)}
	switch {
	case optional && p.least < 0:
		n["not"] = object{"const": 0.0}
	case optional:
		n["minimum"] = 1.0
	}
	return n
}

func (s *skeleton) text(p *plan, t reflect.Type, optional bool) object {
	if p.values != nil {
		values := make([]any, len(p.values))
		for i, v := range p.values {
			values[i] = v
		}
		if t == reflect.TypeFor[string]() {
			return object{"enum": values}
		}
		return s.ref(kebab(t.Name()), t, object{"enum": values})
	}
	text := object{"type": "string"}
	switch {
	case p.rule == nil && !optional:
		return text
	case p.rule == nil || p.rule.pattern == "":
		text["minLength"] = 1.0
		return text
	case p.rule.max > 0:
		text["maxLength"] = float64(p.rule.max)
	}
	text["pattern"] = p.rule.pattern
	return s.ref(p.rule.name, nil, text)
}

func (s *skeleton) ref(name string, t reflect.Type, def object) object {
	if s.defs[name] == nil {
		s.defs[name] = def
		s.defKeys = append(s.defKeys, name)
		s.types[name] = t
	}
	return object{"$ref": "#/$defs/" + name}
}

// kebab turns ListedPage into listed-page, and TLS into tls.
func kebab(name string) string {
	if strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func TestJSONSchemasSayWhatTheTypesSay(t *testing.T) {
	for i := range documents {
		d := &documents[i]
		data, ok := JSONSchema(d.schema)
		if !ok {
			t.Errorf("%s has no JSON Schema", d.schema)
			continue
		}
		var got object
		if err := json.Unmarshal(data, &got); err != nil {
			t.Errorf("%s: %v", d.schema, err)
			continue
		}
		if missing := undescribed(d.schema, got); len(missing) > 0 {
			t.Errorf("%s: no description: %s", d.schema, strings.Join(missing, ", "))
		}
		want, s := skeletonOf(d)
		strip(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -Go type +JSON Schema:\n%s", d.schema, diff)
		}
		for def, keys := range s.order {
			place := []string{"properties"}
			if def != "" {
				place = []string{"$defs", def, "properties"}
			}
			if got := keysAt(t, data, place...); !slices.Equal(got, keys) {
				t.Errorf("%s: %v are %v, want %v", d.schema, place, got, keys)
			}
		}
	}
}

// strip removes what is for people.
func strip(v any) {
	switch v := v.(type) {
	case object:
		if _, isSchema := v["description"].(string); isSchema {
			delete(v, "description")
			delete(v, "title")
		}
		for _, child := range v {
			strip(child)
		}
	case []any:
		for _, child := range v {
			strip(child)
		}
	}
}

// undescribed lists the schemas of properties and definitions that say nothing
// to a person.
func undescribed(place string, v any) (missing []string) {
	o, _ := v.(object)
	if _, ok := o["description"].(string); !ok {
		missing = append(missing, place)
	}
	for _, group := range []string{"properties", "$defs"} {
		children, _ := o[group].(object)
		for key, child := range children {
			missing = append(missing, undescribed(place+"."+key, child)...)
		}
	}
	slices.Sort(missing)
	return missing
}

// keysAt returns the keys of a nested object in their order.
func keysAt(t *testing.T, data []byte, place ...string) []string {
	t.Helper()
	for _, step := range place {
		var level map[string]json.RawMessage
		if err := json.Unmarshal(data, &level); err != nil {
			t.Fatal(err)
		}
		data = level[step]
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		t.Fatalf("%v: %v", place, err)
	}
	var keys []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, fmt.Sprint(key))
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// compiledSchemas returns a validator for each document.
func compiledSchemas(t testing.TB) map[string]*jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range Names() {
		data, _ := JSONSchema(name)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.AddResource(schemaBase+schemaFile(name), doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	compiled := map[string]*jsonschema.Schema{}
	for _, name := range Names() {
		s, err := c.Compile(schemaBase + schemaFile(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		compiled[name] = s
	}
	return compiled
}
