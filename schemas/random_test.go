package schemas

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// random fills v with any value that its plan admits.
func random(t *rapid.T, p *plan, v reflect.Value) {
	switch p.shape {
	case shapeText:
		v.SetString(randomText(t, p))
	case shapeNumber:
		v.SetInt(rapid.Int64Range(p.least, p.most).Draw(t, "number"))
	case shapeFlag:
		v.SetBool(rapid.Bool().Draw(t, "flag"))
	case shapeDigest:
		v.Set(reflect.ValueOf(DigestOf(rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "digest"))))
	case shapePage:
		v.Set(reflect.ValueOf(PageIDOf(rapid.String().Draw(t, "page"))))
	case shapeTime:
		const first, last = -62_167_219_200_000, 253_402_300_799_999 // the years 0 to 9999
		v.SetInt(rapid.Int64Range(first, last).Filter(func(n int64) bool { return n != 0 }).Draw(t, "time"))
	case shapeList:
		n := rapid.IntRange(0, 3).Draw(t, "length")
		if n == 0 && rapid.Bool().Draw(t, "nil") {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			random(t, p.elem, v.Index(i))
		}
	case shapeRef:
		v.Set(reflect.New(v.Type().Elem()))
		random(t, p.elem, v.Elem())
	case shapeObject:
		randomObject(t, p, v)
	}
}

func randomText(t *rapid.T, p *plan) string {
	switch {
	case p.values != nil:
		return rapid.SampledFrom(p.values).Draw(t, "value")
	case p.rule == nil:
		return rapid.String().Draw(t, "text")
	case p.rule.name == "date":
		return rapid.SampledFrom([]string{"2026-11-23", "0001-01-01T00:00:00.5-03:00"}).Draw(t, "date")
	case p.rule.pattern == "":
		return "x" + rapid.String().Draw(t, "text")
	}
	return matching(p.rule.pattern).Filter(func(s string) bool { return p.rule.max == 0 || len(s) <= p.rule.max }).Draw(t, p.rule.name)
}

func randomObject(t *rapid.T, p *plan, v reflect.Value) {
	for _, f := range p.fields {
		if !f.optional || rapid.Bool().Draw(t, f.key) {
			random(t, f.plan, v.FieldByIndex(f.index))
		}
	}
	if p.schema != "" {
		v.FieldByIndex(p.fields[0].index).SetString(p.schema)
	}
	if p.page >= 0 && p.url >= 0 {
		url := v.FieldByIndex(p.fields[p.url].index).String()
		id := PageIDOf(url)
		if url == "" {
			id = PageID{}
		}
		v.FieldByIndex(p.fields[p.page].index).Set(reflect.ValueOf(id))
	}
	if c, ok := v.Addr().Interface().(*Capture); ok {
		reconcile(c)
	}
}

// reconcile makes the fields of a random capture agree.
func reconcile(c *Capture) {
	if strings.HasPrefix(c.URL, postPrefix) {
		c.Method, c.Hops = Given, nil
	} else if c.Method == Given {
		c.Method = Fetched
	}
	c.Sequence = max(c.Sequence, 1)
	if c.Text != nil {
		c.Text.Sequence %= c.Sequence + 1
	}
	if c.LastServed != nil {
		c.LastServed.Sequence %= c.Sequence
		c.LastServed.Outcome = Served
	}
	if c.Access.Outcome == Served {
		c.LastServed = nil
	}
	for i := range c.Hops {
		c.Hops[i].Request, c.Hops[i].Response = within(c.Head, c.Hops[i].Request), within(c.Head, c.Hops[i].Response)
	}
	for i := range c.Resources {
		r := &c.Resources[i]
		r.Request, r.Response = within(c.ResourceHeads, r.Request), within(c.ResourceHeads, r.Response)
	}
}

// within moves a span into a file, which may be nil.
func within(file *File, span *Span) *Span {
	if span == nil || file == nil {
		return nil
	}
	span.Offset %= file.Size + 1
	span.Length %= file.Size - span.Offset + 1
	return span
}

// Every value that may be is written, read back as it was, and described by
// its JSON Schema.
func TestRandomDocuments(t *testing.T) {
	compiled := compiledSchemas(t)
	for i := range documents {
		d := &documents[i]
		t.Run(d.schema, rapid.MakeCheck(func(t *rapid.T) {
			v := reflect.New(d.goType)
			random(t, d.plan(), v.Elem())
			doc := v.Interface()
			data, err := encodeAny(doc)
			if err != nil {
				t.Fatalf("encoding: %v", err)
			}
			back, err := decodeAny(data)
			if err != nil {
				t.Fatalf("decoding: %v\n%s", err, data)
			}
			if diff := cmp.Diff(doc, back, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-written +read\n%s", diff)
			}
			if err := validate(compiled[d.schema], data); err != nil {
				t.Errorf("JSON Schema: %v\n%s", err, data)
			}
		}))
	}
}

func validate(schema *jsonschema.Schema, data []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("reading JSON: %w", err)
	}
	return schema.Validate(v)
}

// What is accepted has one form, and the JSON Schema accepts it too.
func FuzzDecode(f *testing.F) {
	for _, data := range vectors(f) {
		f.Add(data)
	}
	compiled := compiledSchemas(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := decodeAny(data)
		if err != nil {
			return
		}
		again, err := encodeAny(doc)
		if err != nil {
			t.Fatalf("encoding an accepted document: %v", err)
		}
		if !bytes.Equal(again, data) {
			t.Errorf("got\n%s\nwant\n%s", again, data)
		}
		schema, _ := schemaOf(data)
		if err := validate(compiled[schema], data); err != nil {
			t.Errorf("JSON Schema: %v\n%s", err, data)
		}
	})
}

func TestRandomMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Message{
			Kind:      rapid.SampledFrom(commitKinds).Draw(t, "kind"),
			Subject:   rapid.StringMatching(`[!-~]([ -~]{0,40}[!-~])?`).Draw(t, "subject"),
			ArchiveID: matching(ruleNamed("archive").pattern).Draw(t, "archive"),
			Sequence:  rapid.Int64Range(1, 1<<62).Draw(t, "sequence"),
			Manifest:  DigestOf(rapid.SliceOf(rapid.Byte()).Draw(t, "manifest")),
			Parent:    DigestOf(rapid.SliceOf(rapid.Byte()).Draw(t, "parent")),
		}
		if m.Kind == KindInit {
			m.Sequence, m.Parent = 0, Digest{}
		}
		text, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseMessage(text)
		if err != nil {
			t.Fatal(err)
		}
		if *back != m {
			t.Errorf("got %+v, want %+v", *back, m)
		}
	})
}

func TestRandomManifests(t *testing.T) {
	path := matching(ruleNamed("path").pattern).Filter(func(s string) bool { return len(s) <= maxPath && s != manifestPath })
	rapid.Check(t, func(t *rapid.T) {
		m := Manifest{}
		for _, p := range rapid.SliceOfNDistinct(path, 1, 20, rapid.ID).Draw(t, "paths") {
			m = append(m, ManifestEntry{SHA256: DigestOf([]byte(p)), Path: p})
		}
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseManifest(data)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(m, func(a, b ManifestEntry) int { return strings.Compare(a.Path, b.Path) })
		if !slices.Equal(back, m) {
			t.Errorf("got %v, want %v", back, m)
		}
	})
}
