package extract_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode"

	"github.com/walkback-dev/walkback/archive/extract"
)

// A realPage is one of the article pages.
type realPage struct {
	id, url string
	payload []byte
}

// realPages returns the article pages, or skips the test.
func realPages(t testing.TB) []realPage {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(articlesDir, "ground-truth.json"))
	if err != nil {
		t.Skip("the article pages are not here")
	}
	var truth map[string]struct{ URL string }
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	var out []realPage
	for id, p := range truth {
		out = append(out, realPage{id, p.URL, gunzip(t, filepath.Join(articlesDir, "html", id+".html.gz"))})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

// read returns the document of a page with a payload in the place of its own.
func (p realPage) read(t testing.TB, payload []byte) *extract.Document {
	t.Helper()
	doc, err := extract.Read(t.Context(), extract.Input{Payload: payload, ContentType: "text/html", URL: p.url, At: fetched})
	if err != nil {
		t.Fatalf("%s: %v", p.id, err)
	}
	return doc
}

const (
	promoBox = `<div class="box"><h3>Our best offer of the year</h3><p>Read all our stories for one euro a month, on all your
		devices, and cancel whenever you like. The offer ends on Sunday.</p><a href="/offer">Take the offer</a></div>`
	moreStories = `<div class="list-of-pages"><h2>More stories</h2><ul>
		<li><a href="/1">Council votes for a new bridge across the river</a><p>The vote was close, and the mayor has said that she will not sign it.</p></li>
		<li><a href="/2">Bus drivers go on strike for three days</a><p>From Monday to Wednesday no bus will leave the depot.</p></li>
		<li><a href="/3">What the summer festival will bring this year</a><p>Sixty bands, two stages, and for the first time a market for books.</p></li>
		<li><a href="/4">Swimming pool to close for repairs until the autumn</a></li></ul></div>`
)

var (
	bodyStart = regexp.MustCompile(`(?i)<body[^>]*>`)
	bodyEnd   = regexp.MustCompile(`(?i)</body\s*>`)
)

// TestCalmAmongClutter adds a promotion before and a list of stories behind the
// content of each page: what is read must stay the same.
func TestCalmAmongClutter(t *testing.T) {
	changed, n := 0, 0
	for _, p := range realPages(t) {
		start, ends := bodyStart.FindIndex(p.payload), bodyEnd.FindAllIndex(p.payload, -1)
		if start == nil || len(ends) == 0 {
			continue
		}
		end := ends[len(ends)-1]
		cluttered := slices.Concat(p.payload[:start[1]], []byte(promoBox), p.payload[start[1]:end[0]], []byte(moreStories), p.payload[end[0]:])
		n++
		if before, after := p.read(t, p.payload), p.read(t, cluttered); !bytes.Equal(before.Markdown(), after.Markdown()) {
			changed++
			t.Logf("%s: %d blocks became %d", p.id, len(before.Blocks), len(after.Blocks))
		}
	}
	t.Logf("%d of %d pages changed", changed, n)
	if changed > 2 {
		t.Errorf("%d of %d pages changed, want at most 2", changed, n)
	}
}

// TestOneWordIsOneChange changes one word in the text of each page: the text
// must change in that word and nowhere else.
func TestOneWordIsOneChange(t *testing.T) {
	const other = "Quibblesome"
	exact, n := 0, 0
	for _, p := range realPages(t) {
		before := p.read(t, p.payload)
		word, block := rareWord(before, p.payload)
		if word == "" {
			continue
		}
		n++
		payload := bytes.Replace(p.payload, []byte(word), []byte(other), 1)
		after := p.read(t, payload)
		want := slices.Clone(before.Blocks)
		want[block].Text = strings.Replace(want[block].Text, word, other, 1)
		moved, place := len(other)-len(word), bytes.Index(p.payload, []byte(word))
		for i := range want {
			for _, end := range []*int{&want[i].Start, &want[i].End} {
				if *end > place {
					*end += moved
				}
			}
		}
		if slices.Equal(after.Blocks, want) && after.Root == before.Root {
			exact++
		} else {
			t.Logf("%s: %q in block %d of %d", p.id, word, block, len(before.Blocks))
		}
	}
	t.Logf("%d of %d changes exact", exact, n)
	if exact < n-1 {
		t.Errorf("%d of %d changes exact, want all but one", exact, n)
	}
}

// rareWord returns a word of the text that the page has only once.
func rareWord(doc *extract.Document, payload []byte) (word string, block int) {
	for i := range doc.Blocks {
		i = (i + len(doc.Blocks)/2) % len(doc.Blocks)
		if k := doc.Blocks[i].Kind; k == extract.Date || k == extract.Byline {
			continue // what such a line is depends on its first word
		}
		for w := range strings.FieldsFuncSeq(doc.Blocks[i].Text, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if len(w) > 5 && bytes.Count(payload, []byte(w)) == 1 {
				return w, i
			}
		}
	}
	return "", 0
}
