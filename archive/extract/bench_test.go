package extract_test

import (
	nurl "net/url"
	"strings"
	"testing"

	"github.com/markusmobius/go-htmldate"
	"github.com/markusmobius/go-trafilatura"
	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/archive/extract"
)

// BenchmarkArticles reads the article pages, and has a well-known library read
// them for comparison, without its search for dates. "parse" is what both spend
// on the HTML parser.
func BenchmarkArticles(b *testing.B) {
	pages := realPages(b)
	size := 0
	for _, p := range pages {
		size += len(p.payload)
	}
	run := func(name string, read func(p realPage)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, p := range pages {
					read(p)
				}
			}
		})
	}
	run("extract", func(p realPage) {
		if _, err := extract.Read(b.Context(), extract.Input{Payload: p.payload, ContentType: "text/html", URL: p.url, At: fetched}); err != nil {
			b.Fatal(err)
		}
	})
	run("trafilatura", func(p realPage) {
		address, _ := nurl.Parse(p.url)
		root, err := html.Parse(strings.NewReader(string(p.payload)))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = trafilatura.ExtractDocument(root, trafilatura.Options{
			OriginalURL: address, EnableFallback: true, ExcludeComments: true,
			HtmlDateMode: trafilatura.Disabled, HtmlDateOverride: &htmldate.Result{},
		})
	})
	run("parse", func(p realPage) {
		if _, err := html.Parse(strings.NewReader(string(p.payload))); err != nil {
			b.Fatal(err)
		}
	})
}
