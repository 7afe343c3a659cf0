package schemas

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func vector(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// edit replaces the first place of old, which must be there.
func edit(t testing.TB, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q is not in the vector", old)
	}
	return strings.Replace(text, old, new, 1)
}

func TestDecodeRefuses(t *testing.T) {
	full := vector(t, "capture-full.json")
	for _, tc := range []struct{ name, old, new, field, problem string }{
		{"unknown key", `"method": "fetched"`, `"methods": "fetched"`, "methods", "not known"},
		{"unknown key inside", `"cipher"`, `"ciphers"`, "hops[0].tls.ciphers", "not known"},
		{"key in upper case", `"page"`, `"Page"`, `"Page"`, "not known"},
		{"key with escape", `"page"`, `"p\u0061ge"`, `"p\\u0061ge"`, "not known"},
		{"empty key", `"page"`, `""`, `""`, "not known"},
		{"key twice", `"sequence": 1,`, `"sequence": 1, "sequence": 1,`, "sequence", "twice"},
		{"keys in another order", `"sequence": 1,` + "\n", `"duration_ms": 412, "sequence": 1,` + "\n", "duration_ms", "twice"},
		{"missing", `  "method": "fetched",` + "\n", "", "method", "missing"},
		{"missing inside", `,
        "length": 127`, "", "hops[0].request.length", "missing"},
		{"null", `"method": "fetched"`, `"method": null`, "method", "null, not a string"},
		{"null for optional", `"head": {`, `"head": null, "x": {`, "head", "null, not an object"},
		{"number for string", `"method": "fetched"`, `"method": 1`, "method", "a number, not a string"},
		{"string for number", `"sequence": 1`, `"sequence": "1"`, "sequence", "a string, not a number"},
		{"list for object", `"access": {`, `"access": [{`, "access", "a list, not an object"},
		{"object for list", `"hops": [`, `"hops": {`, "hops", "an object, not a list"},
		{"boolean for object", `"access": {`, `"access": true, "x": {`, "access", "a boolean, not an object"},
		{"fraction", `"sequence": 1,`, `"sequence": 1.0,`, "sequence", "not a whole number"},
		{"exponent", `"sequence": 1,`, `"sequence": 1e0,`, "sequence", "not a whole number"},
		{"leading zero", `"sequence": 1,`, `"sequence": 01,`, "sequence", "not a whole number"},
		{"minus zero", `"sequence": 1,`, `"sequence": -0,`, "sequence", "not a whole number"},
		{"negative", `"sequence": 1,`, `"sequence": -1,`, "sequence", "not a number from 0"},
		{"2^53", `"sequence": 1,`, `"sequence": 9007199254740992,`, "sequence", "not a number from 0"},
		{"overflow", `"sequence": 1,`, `"sequence": 9223372036854775808,`, "sequence", "not a whole number"},
		{"status of four digits", `"status": 200`, `"status": 1000`, "status", "from 0 to 999"},
		{"empty optional number", `"status": 200`, `"status": 0`, "status", "must then be absent"},
		{"empty optional string", `"operator": "Desk of the Daily Example <desk@daily.example>"`, `"operator": ""`, "operator", "must then be absent"},
		{"empty optional list", `"hops": [`, `"hops": [], "x": [`, "hops", "must then be absent"},
		{"page id in upper case", `"page": "6537b1c8ed`, `"page": "6537B1C8ED`, "page", "20 lower-case hex"},
		{"page id of another page", `"page": "6537b1c8ed`, `"page": "7537b1c8ed`, "page", "not the id of the page"},
		{"short page id", `"page": "6537b1c8ed`, `"page": "6537b1c8e`, "page", "20 lower-case hex"},
		{"digest in upper case", `"sha256:`, `"SHA256:`, "head.sha256", "is not sha256:"},
		{"digest without name", `"sha256:`, `"`, "head.sha256", "is not sha256:"},
		{"time without milliseconds", `05:28:55.127Z`, `05:28:55Z`, "captured_at", "is not a UTC time"},
		{"time with offset", `05:28:55.127Z`, `05:28:55.127+00:00`, "captured_at", "is not a UTC time"},
		{"time with comma", `05:28:55.127Z`, `05:28:55,127Z`, "captured_at", "is not a UTC time"},
		{"impossible day", `2026-11-23T05:28:55.127Z`, `2026-11-31T05:28:55.127Z`, "captured_at", "is not a UTC time"},
		{"no time", `2026-11-23T05:28:55.127Z`, ``, "captured_at", "is not a UTC time"},
		{"first instant", `2026-11-23T05:28:55.127Z`, `1970-01-01T00:00:00.000Z`, "captured_at", "no time"},
		{"unknown method", `"method": "fetched"`, `"method": "guessed"`, "method", `not one of ["fetched"`},
		{"unknown outcome", `"outcome": "served"`, `"outcome": "Served"`, "access.outcome", "not one of"},
		{"unknown truncation", `"truncated": "length"`, `"truncated": "size"`, "truncated", "not one of"},
		{"unknown charset source", `"charset_source": "http"`, `"charset_source": "dream"`, "text.charset_source", "not one of"},
		{"bad run", `"run": "20261123T052855Z-4f1d09ac"`, `"run": "20261123T052855Z-4F1D09AC"`, "run", "not the name of a run"},
		{"bad name", `"url": "https://d.example/a/harbour"`, `"url": "ftp://d.example/a/harbour"`, "url", "not the name of a page"},
		{"space in name", `"url": "https://d.example/a/harbour"`, `"url": "https://d.example/a harbour"`, "url", "not the name of a page"},
		{"bad final address", `"final_url": "https`, `"final_url": "//https`, "final_url", "absolute URL"},
		{"bad rule", `"rule": "http-2xx"`, `"rule": "http 2xx"`, "access.rule", "joined by -"},
		{"absolute path", `"file": "body.html.gz"`, `"file": "/body.html.gz"`, "body.file", "relative path"},
		{"escaping path", `"file": "body.html.gz"`, `"file": "tls/../../x"`, "body.file", "relative path"},
		{"path with backslash", `"file": "body.html.gz"`, `"file": "tls\\x"`, "body.file", "relative path"},
		{"long path", `"file": "body.html.gz"`, `"file": "` + strings.Repeat("a", 1025) + `"`, "body.file", "1025 bytes"},
		{"chain path", `"file": "tls/`, `"file": "tls//`, "hops[0].tls.chain.file", "relative path"},
		{"empty version", `"version": "1.0.0"`, `"version": ""`, "tool.version", "not any text"},
		{"span outside head", `"offset": 0,`, `"offset": 100000,`, "hops[0].request", "outside the head file"},
		{"text of later commit", `"sequence": 1,` + "\n" + `    "charset"`, `"sequence": 2,` + "\n" + `    "charset"`, "text.sequence", "later commit"},
		{"method of a post", `"method": "fetched"`, `"method": "given"`, "url", "is an address"},
		{"invalid UTF-8", `山田`, "\xff\xfe", "text.byline", "UTF-8"},
		{"invalid UTF-8 beside escape", `山田`, "\\\"\xff\xfe", "text.byline", "UTF-8"},
		{"lone surrogate", `山田`, `\ud83d`, "", "canonical form"},
		{"bad escape", `山田`, `\x41`, "text.byline", "not a string of JSON"},
		{"escape at the end", `"language": "en"`, `"language": "en\`, "text.language", "unescaped control"},
		{"control character", `山田`, "\t", "text.byline", "control character"},
		{"needless escape", `山田`, `\u0041`, "", "canonical form"},
		{"escaped slash", `"media_type": "text/html"`, `"media_type": "text\/html"`, "", "canonical form"},
		{"escape in upper case", `山田`, `\u001F`, "", "canonical form"},
		{"long escape", `山田`, `\u000a`, "", "canonical form"},
		{"other indentation", "\n  \"page\"", "\n   \"page\"", "", "canonical form from line 3, byte 3"},
		{"CR LF", "\n", "\r\n", "", "canonical form from line 1"},
		{"space before colon", `"page":`, `"page" :`, "", "canonical form"},
		{"comma at the end", "\n  ]\n}\n", "\n  ],\n}\n", "", "not with a key"},
		{"no comma", `"fetched",`, `"fetched"`, "", "not with , or }"},
		{"no colon", `"method":`, `"method"`, "method", "not by :"},
		{"no comma in list", "    },\n    {\n", "    }\n    {\n", "hops", "not with , or ]"},
		{"text after the end", "\n  ]\n}\n", "\n  ]\n}\n{}", "", "followed by an object"},
		{"NUL after the end", "\n  ]\n}\n", "\n  ]\n}\n\x00", "", `followed by '\x00'`},
		{"second LF", "\n  ]\n}\n", "\n  ]\n}\n\n", "", "canonical form"},
		{"no LF", "\n  ]\n}\n", "\n  ]\n}", "", "canonical form"},
		{"byte order mark", "{\n", "\ufeff{\n", "", "does not begin with"},
		{"another schema", `"capture/1"`, `"post/1"`, "schema", `"post/1"`},
		{"version zero", `"capture/1"`, `"capture/0"`, "schema", `"capture/0"`},
		{"version 01", `"capture/1"`, `"capture/01"`, "schema", `"capture/01"`},
		{"no version", `"capture/1"`, `"capture"`, "schema", `"capture"`},
		{"unknown name", `"capture/1"`, `"snap/2"`, "schema", `"snap/2"`},
		{"no schema", `  "schema": "capture/1",` + "\n", "", "", "does not begin with"},
	} {
		text := edit(t, full, tc.old, tc.new)
		_, err := Decode[Capture]([]byte(text))
		var bad *DecodeError
		if !errors.As(err, &bad) {
			t.Errorf("%s: got %v, want a *DecodeError", tc.name, err)
			continue
		}
		if bad.Field != tc.field || !strings.Contains(bad.Problem, tc.problem) || bad.Schema != CaptureSchema {
			t.Errorf("%s: got %q, %q, %q; want field %q and %q", tc.name, bad.Schema, bad.Field, bad.Problem, tc.field, tc.problem)
		}
	}
}

func TestDecodeRefusesDisorder(t *testing.T) {
	full := vector(t, "receipt.json")
	lines := strings.SplitAfter(full, "\n")
	lines[2], lines[3] = lines[3], lines[2]
	_, err := Decode[Receipt]([]byte(strings.Join(lines, "")))
	if want := "receipt/1: archive_id: stands out of order"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A document that ends anywhere before its end is refused, and nothing panics.
func TestDecodeRefusesEveryBeginning(t *testing.T) {
	for name, data := range vectors(t) {
		for n := range data {
			if doc, err := decodeAny(data[:n]); err == nil {
				t.Fatalf("%s: the first %d bytes are %+v", name, n, doc)
			}
		}
	}
}

// No other byte in the place of any byte is read as the same document.
func TestDecodeNoticesEveryByte(t *testing.T) {
	data := []byte(vector(t, "capture-given.json"))
	for i := range data {
		for _, c := range []byte{0, ' ', '"', '0', 'x', '\n', data[i] ^ 0x20, data[i] ^ 0x80} {
			changed := bytes.Clone(data)
			changed[i] = c
			if c == data[i] {
				continue
			}
			doc, err := Decode[Capture](changed)
			if err != nil {
				continue
			}
			if again, err := Encode(doc); err != nil || !bytes.Equal(again, changed) {
				t.Errorf("byte %d as %q: encoded again it is\n%s", i, c, again)
			}
		}
	}
}

func TestDecodeOfLaterVersion(t *testing.T) {
	want := UnsupportedError{Name: "capture", Version: 2, Known: 1}
	for _, text := range []string{
		edit(t, vector(t, "capture-full.json"), "capture/1", "capture/2"),
		`{"schema": "capture/2", "something": [1.5, null]}`,
		"{\n\t\"schema\" : \"capture/2\" ... whatever",
	} {
		_, err := Decode[Capture]([]byte(text))
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || *unsupported != want {
			t.Errorf("%.40q: got %v, want %v", text, err, &want)
		} else if want := "capture has version 2, and this program reads versions up to 1"; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	line := edit(t, vector(t, "checks.jsonl"), "observation/1", "observation/3")
	_, err := DecodeCheckLine([]byte(line))
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.Version != 3 {
		t.Errorf("got %v, want an *UnsupportedError for version 3", err)
	}
}

func TestDecodeCheckLineRefuses(t *testing.T) {
	line, _, _ := strings.Cut(vector(t, "checks.jsonl"), "\n")
	for name, text := range map[string]string{
		"empty":           "",
		"no LF":           line,
		"two lines":       line + "\n" + line + "\n",
		"other document":  vector(t, "receipt.json"),
		"space":           strings.Replace(line, ",", ", ", 1) + "\n",
		"too long":        strings.Replace(line, `"HTTP`, `"`+strings.Repeat("x", MaxLine)+`HTTP`, 1) + "\n",
		"unknown outcome": strings.Replace(line, `"served"`, `"perished"`, 1) + "\n",
	} {
		got, err := DecodeCheckLine([]byte(text))
		var bad *DecodeError
		if !errors.As(err, &bad) || got != nil {
			t.Errorf("%s: got %v, %v; want nil and a *DecodeError", name, got, err)
		}
	}
}

func TestDecodeRefusesHugeDocuments(t *testing.T) {
	text := edit(t, vector(t, "untracked.json"), "replaced", strings.Repeat("x", maxStored))
	_, err := Decode[Untracked]([]byte(text)) // refused before it is parsed
	if err == nil || !strings.Contains(err.Error(), "bytes, more than 16777216") {
		t.Errorf("got %v", err)
	}
}

func TestDecodeRefusesDeepNesting(t *testing.T) {
	deep := strings.Repeat("[", 1<<20)
	for _, old := range []string{`"capture/1"`, `"fetched"`, `"hops": `} {
		if _, err := Decode[Capture]([]byte(edit(t, vector(t, "capture-full.json"), old, old+deep))); err == nil {
			t.Errorf("a million brackets after %s were accepted", old)
		}
	}
}

func TestDecodeOfOtherTypes(t *testing.T) {
	if _, err := DecodeLine[Capture]([]byte(vector(t, "capture-full.json"))); err == nil {
		t.Error("a capture was read as a line")
	}
	if _, err := Decode[Observation]([]byte(vector(t, "checks.jsonl"))); err == nil {
		t.Error("an observation was read as a document")
	}
	if _, err := Encode(Observation{}); err == nil {
		t.Error("an observation was written as a document")
	}
	for _, v := range []any{nil, 1, "capture/1", map[string]any{}, (*Capture)(nil), Hop{}, &[]Capture{}} {
		if data, err := Encode(v); err == nil {
			t.Errorf("%T was written as %s", v, data)
		}
	}
}

func BenchmarkDecodeCapture(b *testing.B) {
	for _, name := range []string{"capture-full.json", "capture-minimal.json"} {
		data := []byte(vector(b, name))
		b.Run(fmt.Sprintf("%s-%d-bytes", name, len(data)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode[Capture](data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
