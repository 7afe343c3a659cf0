package extract_test

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
)

const storyPage = `<!doctype html><html><head><title>The bridge | Town News</title>
<meta property="og:title" content="The bridge"><meta property="og:site_name" content="Town News">
<meta property="article:section" content="Town"><meta name="robots" content="max-image-preview:large">
<meta name="citation_doi" content="doi:10.1000/Bridge.182"><meta name="author" content="Ann Example">
<script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge","author":{"name":"Ann Example"},"datePublished":"2024-05-04T10:00:00Z",
"dateModified":"2024-05-06T10:00:00Z","isAccessibleForFree":"False","articleSection":"Town","identifier":"https://doi.org/10.1000/bridge.182"}</script>
</head><body><div class="css-1x2y3z page"><nav><a href="/">Home</a> <a href="/town">Town</a></nav>
<div class="story-body is-loading"><h1>The bridge</h1><p class="intro">What the council decided, and why it took the members two long evenings to do so.</p>
<p>By Ann Example</p><p>Updated 6 May 2024</p>
TEXT<blockquote><p>We have waited for it for thirty years, and now we want to see it built at last.</p></blockquote>
<ul><li>The bridge will be 300 metres long, and open to people on foot.</li></ul>
<p>Correction: An earlier version of this article misstated the length of the bridge.</p></div>
<div class="story-body"><p>Short.</p></div><footer>Copyright Town News. All rights reserved.</footer></div></body></html>`

// numbered returns paragraphs that differ.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<p>On day %d the council met in the evening to speak about the new bridge, and about what it will cost the town.</p>\n", i)
	}
	return b.String()
}

func readStory(t *testing.T, page string) *extract.Document {
	t.Helper()
	page = strings.Replace(page, "TEXT", numbered(9), 1)
	doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(page), ContentType: "text/html; charset=utf-8", URL: "https://news.example/a", At: fetched})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestKindsOfBlocks: each line of a page has its kind, and what is not of the
// article is outside.
func TestKindsOfBlocks(t *testing.T) {
	doc := readStory(t, storyPage)
	var got []string
	for _, b := range doc.Blocks {
		if len(got) == 0 || got[len(got)-1] != b.Kind.String() {
			got = append(got, b.Kind.String())
		}
	}
	want := strings.Fields("headline dek byline date paragraph quotation item notice")
	if !slices.Equal(got, want) {
		t.Errorf("kinds %q, want %q", got, want)
	}
	outside := ""
	for _, b := range doc.Outside {
		outside += b.Text + "|"
	}
	if want := "Home Town|Short.|Copyright Town News. All rights reserved.|"; outside != want {
		t.Errorf("outside %q, want %q", outside, want)
	}
	if strings.Contains(doc.Text(), "The bridge\n") || strings.Count(string(doc.Markdown()), "The bridge\n") != 1 {
		t.Errorf("the headline is not once in\n%s", doc.Markdown())
	}
}

// TestStatements: what a page says of itself comes with who says so.
func TestStatements(t *testing.T) {
	const ld, og, meta = extract.LinkedData, extract.OpenGraph, extract.MetaTag
	want := extract.Meta{
		Headline: []extract.Statement{
			{Value: "The bridge", Source: og},
			{Value: "The bridge", Source: ld},
			{Value: "The bridge", Source: extract.TopHeading},
			{Value: "The bridge | Town News", Source: extract.TitleTag},
		},
		Byline:    []extract.Statement{{Value: "Ann Example", Source: ld}, {Value: "Ann Example", Source: meta}},
		Published: []extract.Statement{{Value: "2024-05-04T10:00:00Z", Source: ld}},
		Modified:  []extract.Statement{{Value: "2024-05-06T10:00:00Z", Source: ld}, {Value: "2024-05-06", Source: extract.TextLine}},
		Section:   []extract.Statement{{Value: "Town", Source: ld}, {Value: "Town", Source: og}},
		Robots:    []extract.Statement{{Value: "max-image-preview:large", Source: meta}},
		Free:      []extract.Statement{{Value: "false", Source: ld}},
		DOI:       []extract.Statement{{Value: "10.1000/bridge.182", Source: extract.Citation}, {Value: "10.1000/bridge.182", Source: ld}},
	}
	if diff := cmp.Diff(want, readStory(t, storyPage).Meta); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
}

// TestRootIsStable: edits of the text, of names that programs make, and boxes
// around the article leave its root as it is; another article has another root.
func TestRootIsStable(t *testing.T) {
	want := readStory(t, storyPage).Root
	if want != "body > div.page > div.story-body" {
		t.Fatalf("root %q", want)
	}
	for _, edit := range [][2]string{
		{"TEXT", "TEXT<p>And one more paragraph, which says that the council will meet again on Tuesday.</p>"},
		{"css-1x2y3z", "css-4f5g6h"},
		{"is-loading", "is-ready"},
		{"<nav>", "<div class='offer'>Read all for one euro.</div><nav>"},
	} {
		if got := readStory(t, strings.Replace(storyPage, edit[0], edit[1], 1)).Root; got != want {
			t.Errorf("%s: root %q, want %q", edit[1], got, want)
		}
	}
	moved := strings.Replace(strings.Replace(storyPage, "TEXT", "", 1), "<p>Short.</p>", "TEXT", 1)
	if got := readStory(t, moved).Root; got == want || got == "" {
		t.Errorf("root %q of another element", got)
	}
}

// TestRootStaysAmongClutter: boxes before and behind the content of real pages do
// not change the name of the root, nor do edits of numbers.
func TestRootStaysAmongClutter(t *testing.T) {
	digits := regexp.MustCompile(`>[^<>]*[0-9][^<>]*<`)
	changed, n := 0, 0
	for i, p := range realPages(t) {
		start := bodyStart.FindIndex(p.payload)
		if start == nil || i%3 != 0 {
			continue
		}
		n++
		cluttered := slices.Concat(p.payload[:start[1]], []byte(promoBox), digits.ReplaceAllFunc(p.payload[start[1]:], func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte("1"), []byte("7"))
		}))
		if before, after := p.read(t, p.payload).Root, p.read(t, cluttered).Root; before != after || before == "" {
			changed++
			t.Logf("%s: %q became %q", p.id, before, after)
		}
	}
	t.Logf("%d of %d roots changed", changed, n)
	if changed > 0 {
		t.Errorf("%d of %d roots changed", changed, n)
	}
}

// TestSameDocument reads pages again and again: all of the document is the same.
func TestSameDocument(t *testing.T) {
	for i, p := range realPages(t) {
		if i%20 != 0 {
			continue
		}
		first := p.read(t, p.payload)
		for range 20 {
			if again := p.read(t, p.payload); !reflect.DeepEqual(first, again) || !bytes.Equal(first.Markdown(), again.Markdown()) {
				t.Fatalf("%s: read differently", p.id)
			}
		}
	}
}
