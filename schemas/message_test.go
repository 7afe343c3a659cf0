package schemas

import (
	"errors"
	"strings"
	"testing"
)

const goodMessage = `capture: https://news.example/a (+7 sources)

Archive-Format: 1
Archive-Id: urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e
Sequence: 42
Manifest-SHA256: b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c
Parent-SHA256: 7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730
`

const rootMessage = `init: a new archive

Archive-Format: 1
Archive-Id: urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e
Sequence: 0
Manifest-SHA256: b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c
Parent-SHA256: none
`

func TestParseMessage(t *testing.T) {
	m, err := ParseMessage(goodMessage)
	if err != nil {
		t.Fatal(err)
	}
	want := Message{
		Kind: KindCapture, Subject: "https://news.example/a (+7 sources)",
		ArchiveID: "urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e", Sequence: 42,
		Manifest: DigestOf([]byte("foo\n")), Parent: DigestOf([]byte("bar\n")),
	}
	if *m != want {
		t.Errorf("got %+v, want %+v", *m, want)
	}
	root, err := ParseMessage(rootMessage)
	if err != nil {
		t.Fatal(err)
	}
	if !root.Parent.IsZero() || root.Sequence != 0 || root.Kind != KindInit {
		t.Errorf("root is %+v", root)
	}
}

func TestParseMessageRefuses(t *testing.T) {
	lines := strings.SplitAfter(goodMessage, "\n")
	swapped := strings.Join(append(append([]string{}, lines[:4]...), lines[5], lines[4], lines[6]), "")
	for name, tc := range map[string]struct {
		text  string
		field string
	}{
		"empty":                 {"", "subject"},
		"no kind":               {strings.TrimPrefix(goodMessage, "capture: "), "subject"},
		"unknown kind":          {strings.Replace(goodMessage, "capture:", "snapshot:", 1), "kind"},
		"no space after kind":   {strings.Replace(goodMessage, "capture: ", "capture:", 1), "subject"},
		"empty subject":         {strings.Replace(goodMessage, "https://news.example/a (+7 sources)", "", 1), "subject"},
		"space at end":          {strings.Replace(goodMessage, "sources)\n", "sources) \n", 1), "subject"},
		"tab in subject":        {strings.Replace(goodMessage, " (+7", "\t(+7", 1), "subject"},
		"é in subject":          {strings.Replace(goodMessage, "/a ", "/é ", 1), "subject"},
		"invalid UTF-8":         {strings.Replace(goodMessage, "/a ", "/\xff ", 1), "subject"},
		"LF in subject":         {strings.Replace(goodMessage, "/a ", "/a\n", 1), "subject"},
		"long subject":          {strings.Replace(goodMessage, "/a", "/"+strings.Repeat("a", 9000), 1), "subject"},
		"huge":                  {goodMessage + strings.Repeat("a", 10000), ""},
		"two empty lines":       {strings.Replace(goodMessage, "\n\n", "\n\n\n", 1), "Archive-Format"},
		"no empty line":         {strings.Replace(goodMessage, "\n\n", "\n", 1), "Archive-Format"},
		"no LF at end":          {strings.TrimSuffix(goodMessage, "\n"), ""},
		"two LF at end":         {goodMessage + "\n", ""},
		"CR LF":                 {strings.ReplaceAll(goodMessage, "\n", "\r\n"), "Archive-Format"},
		"reordered":             {swapped, "Sequence"},
		"missing trailer":       {strings.Replace(goodMessage, lines[4], "", 1), ""},
		"duplicate trailer":     {strings.Replace(goodMessage, lines[4], lines[4]+lines[4], 1), ""},
		"extra trailer":         {goodMessage + "Signed-off-by: a\n", ""},
		"trailer in wrong case": {strings.Replace(goodMessage, "Archive-Id", "Archive-ID", 1), "Archive-Id"},
		"two spaces":            {strings.Replace(goodMessage, "Sequence: 42", "Sequence:  42", 1), "Sequence"},
		"format 0":              {strings.Replace(goodMessage, "Archive-Format: 1", "Archive-Format: 0", 1), "Archive-Format"},
		"format 01":             {strings.Replace(goodMessage, "Archive-Format: 1", "Archive-Format: 01", 1), "Archive-Format"},
		"no format":             {strings.Replace(goodMessage, "Archive-Format: 1\n", "", 1), "Archive-Format"},
		"upper-case UUID":       {strings.Replace(goodMessage, "2f1e6c1c", "2F1E6C1C", 1), "Archive-Id"},
		"short UUID":            {strings.Replace(goodMessage, "2f1e6c1c", "2f1e6c1", 1), "Archive-Id"},
		"dash elsewhere":        {strings.Replace(goodMessage, "2f1e6c1c-6", "2f1e6c1-c6", 1), "Archive-Id"},
		"sequence 042":          {strings.Replace(goodMessage, ": 42", ": 042", 1), "Sequence"},
		"sequence +42":          {strings.Replace(goodMessage, ": 42", ": +42", 1), "Sequence"},
		"negative sequence":     {strings.Replace(goodMessage, ": 42", ": -42", 1), "Sequence"},
		"huge sequence":         {strings.Replace(goodMessage, ": 42", ": 9223372036854775808", 1), "Sequence"},
		"upper-case manifest":   {strings.Replace(goodMessage, "b5bb9d", "B5BB9D", 1), "Manifest-SHA256"},
		"zero manifest":         {strings.Replace(goodMessage, DigestOf([]byte("foo\n")).Hex(), strings.Repeat("0", 64), 1), "Manifest-SHA256"},
		"prefixed manifest":     {strings.Replace(goodMessage, "b5bb9d", "sha256:b5bb9d", 1), "Manifest-SHA256"},
		"zero parent":           {strings.Replace(goodMessage, DigestOf([]byte("bar\n")).Hex(), strings.Repeat("0", 64), 1), "Parent-SHA256"},
		"no parent":             {strings.Replace(goodMessage, DigestOf([]byte("bar\n")).Hex(), "none", 1), "Parent-SHA256"},
		"root with parent":      {strings.Replace(rootMessage, "none", DigestOf(nil).Hex(), 1), "Parent-SHA256"},
		"init later":            {strings.Replace(rootMessage, "Sequence: 0", "Sequence: 1", 1), "Sequence"},
		"root of another kind":  {strings.Replace(rootMessage, "init:", "capture:", 1), "Sequence"},
	} {
		m, err := ParseMessage(tc.text)
		var bad *DecodeError
		if !errors.As(err, &bad) {
			t.Errorf("%s: got %+v, %v; want a *DecodeError", name, m, err)
			continue
		}
		if bad.Field != tc.field {
			t.Errorf("%s: field is %q, want %q (%v)", name, bad.Field, tc.field, err)
		}
	}
}

func TestParseMessageOfLaterFormat(t *testing.T) {
	later := "audit: of 2031\n\nArchive-Format: 7\nSomething-New: yes\n"
	_, err := ParseMessage(later)
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) {
		t.Fatalf("got %v, want an *UnsupportedError", err)
	}
	if want := (UnsupportedError{Name: "Archive-Format", Version: 7, Known: 1}); *unsupported != want {
		t.Errorf("got %+v, want %+v", *unsupported, want)
	}
}

func TestMessageEncodeRefuses(t *testing.T) {
	good, err := ParseMessage(goodMessage)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Message){
		"Kind":     func(m *Message) { m.Kind = "" },
		"Subject":  func(m *Message) { m.Subject = "two\n\nparts" },
		"Archive":  func(m *Message) { m.ArchiveID = "urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e\nSequence: 9" },
		"Sequence": func(m *Message) { m.Sequence = -1 },
		"Manifest": func(m *Message) { m.Manifest = Digest{} },
		"Parent":   func(m *Message) { m.Parent = Digest{} },
	} {
		m := *good
		spoil(&m)
		if text, err := m.Encode(); err == nil {
			t.Errorf("spoilt %s was encoded as %q", name, text)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add(goodMessage)
	f.Add(rootMessage)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMessage(text)
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatalf("encoding an accepted message: %v", err)
		}
		if again != text {
			t.Errorf("got %q, want %q", again, text)
		}
	})
}
