package schemas

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// vectors returns the example documents: the bytes of each .json file and of
// each line of each .jsonl file, by name.
func vectors(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.json*")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		if filepath.Ext(name) == ".json" {
			all[name] = data
			continue
		}
		n := 0
		for line := range bytes.Lines(data) {
			n++
			all[name+":"+string(rune('0'+n))] = line
		}
	}
	if len(all) < len(documents) {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

// decodeAny reads a document by what its bytes say it is.
func decodeAny(data []byte) (any, error) {
	schema, _ := schemaOf(data)
	decode, ok := decoders[schema]
	if !ok {
		return nil, &DecodeError{Schema: "any", Problem: "unknown"}
	}
	return decode(data)
}

var decoders = map[string]func([]byte) (any, error){
	ArchiveSchema:          decoder(Decode[Archive]),
	CaptureSchema:          decoder(Decode[Capture]),
	PostSchema:             decoder(Decode[Post]),
	UntrackedSchema:        decoder(Decode[Untracked]),
	RetractionsSchema:      decoder(Decode[Retractions]),
	WithheldSchema:         decoder(Decode[Withheld]),
	RetractionReportSchema: decoder(Decode[RetractionReport]),
	ObservationSchema:      decoder(DecodeLine[Observation]),
	ChangeSchema:           decoder(DecodeLine[Change]),
	QuoteVerdictSchema:     decoder(DecodeLine[QuoteVerdict]),
	RevocationSchema:       decoder(DecodeLine[Revocation]),
	PolicySchema:           decoder(Decode[TrustPolicy]),
	ReceiptSchema:          decoder(Decode[Receipt]),
	IntroductionSchema:     decoder(Decode[Introduction]),
	VerifyReportSchema:     decoder(Decode[VerifyReport]),
	CaptureReportSchema:    decoder(Decode[CaptureReport]),
	CheckReportSchema:      decoder(Decode[CheckReport]),
	PageListSchema:         decoder(Decode[PageList]),
	LogSchema:              decoder(Decode[Log]),
	CustodySchema:          decoder(Decode[Custody]),
	ShowSchema:             decoder(Decode[Show]),
	DiffSchema:             decoder(Decode[Diff]),
	SearchSchema:           decoder(Decode[Search]),
	QuotesSchema:           decoder(Decode[Quotes]),
	StampReportSchema:      decoder(Decode[StampReport]),
	AuthoritiesSchema:      decoder(Decode[Authorities]),
	KeyListSchema:          decoder(Decode[KeyList]),
	SignerListSchema:       decoder(Decode[SignerList]),
	CheckpointReportSchema: decoder(Decode[CheckpointReport]),
	BundleReportSchema:     decoder(Decode[BundleReport]),
}

func decoder[T any](decode func([]byte) (*T, error)) func([]byte) (any, error) {
	return func(data []byte) (any, error) { return decode(data) }
}

func encodeAny(doc any) ([]byte, error) {
	if isLine(doc) {
		return EncodeLine(doc)
	}
	return Encode(doc)
}

func isLine(doc any) bool {
	switch doc.(type) {
	case CheckLine, *Revocation:
		return true
	}
	return false
}

func TestVectorsRoundTrip(t *testing.T) {
	seen := map[string]bool{}
	for name, data := range vectors(t) {
		doc, err := decodeAny(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := encodeAny(doc)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%s: encoded again it is %v\n%s", name, err, again)
		}
		schema, _ := schemaOf(data)
		seen[schema] = true
	}
	for _, name := range Names() {
		if !seen[name] {
			t.Errorf("%s has no vector", name)
		}
	}
}

func TestVectorsHoldEveryKey(t *testing.T) {
	held := map[reflect.Type]*heldKeys{}
	for name, data := range vectors(t) {
		doc, err := decodeAny(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v := reflect.ValueOf(doc).Elem()
		for i := range documents {
			if documents[i].goType == v.Type() {
				noteKeys(held, documents[i].plan(), v)
			}
		}
	}
	for goType, h := range held {
		for _, f := range h.plan.fields {
			if !h.keys[f.key] {
				t.Errorf("no vector holds %q of a %v with the keys %v", f.key, goType, slices.Sorted(maps.Keys(h.keys)))
			}
		}
	}
}

// heldKeys are the keys that the vectors hold of the objects of one Go type.
type heldKeys struct {
	plan *plan
	keys map[string]bool
}

func noteKeys(held map[reflect.Type]*heldKeys, p *plan, v reflect.Value) {
	switch p.shape {
	case shapeRef:
		noteKeys(held, p.elem, v.Elem())
	case shapeList:
		for i := range v.Len() {
			noteKeys(held, p.elem, v.Index(i))
		}
	case shapeObject:
		h := held[v.Type()]
		if h == nil {
			h = &heldKeys{p, map[string]bool{}}
			held[v.Type()] = h
		}
		for _, f := range p.fields {
			if fv := v.FieldByIndex(f.index); !f.optional || !isAbsent(fv) {
				h.keys[f.key] = true
				noteKeys(held, f.plan, fv)
			}
		}
	}
}

// Another implementation of JSON Schema agrees that the examples are what the
// schemas describe.
func TestVectorsMatchJSONSchemas(t *testing.T) {
	compiled := compiledSchemas(t)
	for name, data := range vectors(t) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		schema, _ := schemaOf(data)
		if err := compiled[schema].Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The canonical form is plain JSON with indentation: encoding/json gives the
// same, but for U+2028 and U+2029, which it escapes without need.
func TestVectorsAreWhatEncodingJSONGives(t *testing.T) {
	for name, data := range vectors(t) {
		doc, err := decodeAny(data)
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		if !isLine(doc) {
			enc.SetIndent("", "  ")
		}
		if err := enc.Encode(doc); err != nil {
			t.Fatal(err)
		}
		got := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(buf.String())
		if got != string(data) {
			t.Errorf("%s: encoding/json gives\n%s\nwant\n%s", name, got, data)
		}
	}
}

func TestDecodeCheckLine(t *testing.T) {
	file, err := os.ReadFile("testdata/vectors/checks.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range bytes.Lines(file) {
		l, err := DecodeCheckLine(line)
		if err != nil {
			t.Fatal(err)
		}
		switch l := l.(type) {
		case *Observation:
			got = append(got, "observation of "+l.Run)
		case *Change:
			got = append(got, "change of "+l.Run)
		case *QuoteVerdict:
			got = append(got, "quote of "+l.Run)
		}
	}
	const run = " of 20261124T060000Z-9b2e7d10"
	if want := []string{"observation" + run, "observation" + run, "change" + run, "quote" + run}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
