package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestEncodeRefuses(t *testing.T) {
	for _, tc := range []struct {
		field string
		spoil func(*Capture)
	}{
		{"schema", func(c *Capture) { c.Schema = "" }},
		{"schema", func(c *Capture) { c.Schema = PostSchema }},
		{"page", func(c *Capture) { c.Page = PageID{} }},
		{"page", func(c *Capture) { c.Page = PageIDOf("https://other.example/") }},
		{"url", func(c *Capture) { c.URL = "https://d.example/" + strings.Repeat("a", 9000) }},
		{"method", func(c *Capture) { c.Method = "" }},
		{"method", func(c *Capture) { c.URL = "urn:walkback:post:a"; c.Page = PageIDOf(c.URL) }},
		{"hops", func(c *Capture) {
			c.URL, c.Method = "urn:walkback:post:a", Given
			c.Page = PageIDOf(c.URL)
		}},
		{"url", func(c *Capture) { c.Method = Given }},
		{"run", func(c *Capture) { c.Run = "today" }},
		{"sequence", func(c *Capture) { c.Sequence = -1 }},
		{"sequence", func(c *Capture) { c.Sequence = 1 << 53 }},
		{"captured_at", func(c *Capture) { c.CapturedAt = 0 }},
		{"captured_at", func(c *Capture) { c.CapturedAt = 253_402_300_800_000 }},
		{"captured_at", func(c *Capture) { c.CapturedAt = -62_167_219_200_001 }},
		{"access.outcome", func(c *Capture) { c.Access.Outcome = "lost" }},
		{"access.rule", func(c *Capture) { c.Access.Rule = "" }},
		{"access.evidence[1]", func(c *Capture) { c.Access.Evidence[1] = "\xc3" }},
		{"claimed_date", func(c *Capture) { c.ClaimedDate = "last week" }},
		{"status", func(c *Capture) { c.Status = -1 }},
		{"failure.reason", func(c *Capture) { c.Failure = &Failure{} }},
		{"failure.detail", func(c *Capture) { c.Failure = &Failure{"tls", "\xff"} }},
		{"head.file", func(c *Capture) { c.Head.File = "../head.http" }},
		{"head.size", func(c *Capture) { c.Head.Size = -1 }},
		{"hops[1].url", func(c *Capture) { c.Hops[1].URL = "" }},
		{"hops[0].tls.chain.sha256", func(c *Capture) { c.Hops[0].TLS.Chain.SHA256 = Digest{} }},
		{"hops[1].response", func(c *Capture) { c.Hops[1].Response.Length++ }},
		{"hops[1].request", func(c *Capture) { c.Head = nil; c.Hops[0].Request, c.Hops[0].Response = nil, nil }},
		{"body.media_type", func(c *Capture) { c.Body.MediaType = "" }},
		{"text.title", func(c *Capture) { c.Text.Title = "a\x80" }},
		{"last_served", func(c *Capture) { c.LastServed = &State{0, c.CapturedAt, Served, "", Digest{}} }},
		{"last_served.outcome", func(c *Capture) {
			c.Access.Outcome = Gone
			c.LastServed = &State{0, c.CapturedAt, Missing, "", Digest{}}
		}},
		{"last_served.sequence", func(c *Capture) {
			c.Access.Outcome = Gone
			c.LastServed = &State{c.Sequence, c.CapturedAt, Served, "", Digest{}}
		}},
		{"tool.name", func(c *Capture) { c.Tool.Name = "" }},
	} {
		c, err := Decode[Capture]([]byte(vector(t, "capture-full.json")))
		if err != nil {
			t.Fatal(err)
		}
		tc.spoil(c)
		_, err = Encode(c)
		var bad *DecodeError
		if !errors.As(err, &bad) || bad.Field != tc.field || bad.Schema != CaptureSchema {
			t.Errorf("got %v, want a *DecodeError for %s", err, tc.field)
		}
	}
}

func TestEncodeRefusesInsideReports(t *testing.T) {
	for _, tc := range []struct {
		field string
		doc   any
	}{
		{"capture", func() any { s := decodeVector[Show](t, "show.json"); s.Capture = nil; return s }()},
		{"capture.schema", func() any { s := decodeVector[Show](t, "show.json"); s.Capture.Schema = "capture/2"; return s }()},
		{"post.sources[0].page", func() any { s := decodeVector[Show](t, "show.json"); s.Post.Sources[0].Page[0]++; return s }()},
		{"hunks[0].segments[1].op", func() any { d := decodeVector[Diff](t, "diff.json"); d.Hunks[0].Segments[1].Op = "+"; return d }()},
		{"posts[0].change.rule", func() any {
			r := decodeVector[CaptureReport](t, "capture-report.json")
			r.Posts[0].Change.Rule = "Words"
			return r
		}()},
		{"url", func() any { l := decodeVector[Log](t, "log.json"); l.URL = "\n"; return l }()},
		{"page", func() any { l := decodeVector[Log](t, "log.json"); l.URL = ""; return l }()},
	} {
		_, err := Encode(tc.doc)
		var bad *DecodeError
		if !errors.As(err, &bad) || bad.Field != tc.field {
			t.Errorf("got %v, want a *DecodeError for %s", err, tc.field)
		}
	}
}

func decodeVector[T Document](t *testing.T, name string) *T {
	t.Helper()
	doc, err := Decode[T]([]byte(vector(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestEncodeLists(t *testing.T) {
	for name, sources := range map[string][]Source{"nil": nil, "empty": {}} {
		post := decodeVector[Post](t, "post.json")
		post.Sources, post.Omitted = sources, []Omitted{}
		data, err := Encode(post)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte("\n  \"sources\": []\n}\n")) {
			t.Errorf("%s list: got\n%s", name, data)
		}
		if len(post.Sources) != 0 || name == "nil" && post.Sources != nil {
			t.Errorf("%s list: Encode changed its argument", name)
		}
	}
}

func TestEncodeTakesValuesAndPointers(t *testing.T) {
	receipt := decodeVector[Receipt](t, "receipt.json")
	byValue, err := Encode(*receipt)
	if err != nil {
		t.Fatal(err)
	}
	if want := vector(t, "receipt.json"); string(byValue) != want {
		t.Errorf("got\n%s\nwant\n%s", byValue, want)
	}
}

func TestEncodeRefusesLongLines(t *testing.T) {
	first, _, _ := strings.Cut(vector(t, "checks.jsonl"), "\n")
	o, err := DecodeLine[Observation]([]byte(first + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	o.Access.Evidence = []string{strings.Repeat("x", MaxLine)}
	if _, err := EncodeLine(o); err == nil {
		t.Error("a line of more than MaxLine bytes was written")
	}
}

// Strings have the escapes of encoding/json, but for U+2028 and U+2029.
func TestStringsOfEveryRune(t *testing.T) {
	for r := range rune(0x10ffff + 1) {
		if r == 0x2028 || r == 0x2029 || r >= 0xd800 && r < 0xe000 {
			continue
		}
		s := "a" + string(r) + "b"
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := append(appendText(nil, s), '\n'); !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%U: got %s, want %s", r, got, want.Bytes())
		}
	}
}

func BenchmarkEncodeCapture(b *testing.B) {
	c, err := Decode[Capture]([]byte(vector(b, "capture-full.json")))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(c); err != nil {
			b.Fatal(err)
		}
	}
}
