package extract_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/walkback-dev/walkback/archive/extract"
)

// checkDocument reads a payload and checks what each text.md promises.
func checkDocument(t *testing.T, in extract.Input) {
	t.Helper()
	doc, err := extract.Read(t.Context(), in)
	if err != nil {
		if strings.Contains(err.Error(), "parser fault") {
			t.Fatalf("%v", err)
		}
		return
	}
	md := string(doc.Markdown())
	if !utf8.ValidString(md) || !norm.NFC.IsNormalString(md) {
		t.Fatalf("text.md is not NFC: %q", md)
	}
	if !strings.HasSuffix(md, "\n") || strings.HasSuffix(md, "\n\n") || strings.HasPrefix(md, "\n") || strings.Contains(md, "\n\n\n") {
		t.Fatalf("text.md has blank lines where none belong: %q", md)
	}
	if i := strings.IndexFunc(md, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
		t.Fatalf("text.md has a control character at %d: %q", i, md)
	}
	for _, line := range strings.Split(md, "\n") {
		if strings.TrimRight(line, " ") != line {
			t.Fatalf("line ends with a space: %q", line)
		}
	}
	for _, l := range doc.Links {
		if l.Block < 0 || l.Block > len(doc.Blocks) || strings.ContainsAny(l.URL, " \n") ||
			!strings.HasPrefix(l.URL, "http://") && !strings.HasPrefix(l.URL, "https://") {
			t.Fatalf("link %+v of %d blocks", l, len(doc.Blocks))
		}
	}
	again, err := extract.Read(t.Context(), in)
	if err != nil || string(again.Markdown()) != md {
		t.Fatalf("second reading differs: %v", err)
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("<title>A</title><article><h1>A</h1><p>B <a href=/c>d</a>.<br>E<ul><li>f<table><tr><td>g<td>h</table><pre>i\n j</pre><blockquote>k")
	f.Add("<a href=x><p>y<a href='http://z'><img alt=w></a></p><td>q</td><li><dd></b></p></div>")
	f.Fuzz(func(t *testing.T, page string) {
		checkDocument(t, extract.Input{Payload: []byte(page), ContentType: "text/html; charset=utf-8", URL: "https://example.org/a", At: fetched})
	})
}

func FuzzMarkdown(f *testing.F) {
	f.Add("---\ntitle: A\n---\n# B\n\nC [d](e) <http://f.g/> *h* `i`\n\n- j\n  - k\n\n> l\n\n|m|n|\n|-|-|\n|o|p|\n\n    q\n\n<div>r</div>\n")
	f.Fuzz(func(t *testing.T, text string) {
		checkDocument(t, extract.Input{Payload: []byte(text), ContentType: "text/markdown; charset=utf-8", URL: "https://example.org/a", At: fetched})
	})
}

func FuzzCharset(f *testing.F) {
	f.Add([]byte("<meta charset=gbk><p>\xb9\xfa"), "text/html")
	f.Add([]byte("\xff\xfea\x00b\x00"), "text/plain; charset=utf-16")
	f.Add([]byte("<?xml version='1.0' encoding=\"koi8-r\"?><a>\xd0</a>"), "application/xml")
	f.Fuzz(func(t *testing.T, payload []byte, contentType string) {
		_, err := extract.Read(t.Context(), extract.Input{Payload: payload, ContentType: contentType})
		var limit *extract.LimitError
		if err != nil && !errors.Is(err, extract.ErrNoText) && !errors.As(err, &limit) {
			t.Fatalf("%v", err)
		}
		checkDocument(t, extract.Input{Payload: payload, ContentType: contentType})
	})
}
