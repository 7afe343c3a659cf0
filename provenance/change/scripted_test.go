package change_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

var (
	seed   = flag.Uint64("seed", 1, "of the scripted edits")
	perKey = flag.Int("edits", 4, "scripted edits of each kind on each page")
)

// scripted are edits of the bytes of a page, within a paragraph of its article.
// Each finds the places it could be made at; what it makes of a place is never
// the same.
var scripted = []struct {
	name  string
	grave bool // shown as minor or as nothing, it would be a lie
	place *regexp.Regexp
	edit  func(r *rand.Rand, found string) string
}{
	{"digit", true, regexp.MustCompile(`[ (]\d{1,4}[ .,)]`), func(r *rand.Rand, s string) string {
		b := []byte(s)
		i := bytes.IndexAny(b, "0123456789")
		b[i] = '1' + (b[i]-'0'+byte(r.IntN(8)))%9
		return string(b)
	}},
	{"negation", true, regexp.MustCompile(` (?:is|was|are|were|will|would|could|has|had) [a-z]`), func(_ *rand.Rand, s string) string { return s[:len(s)-2] + " not" + s[len(s)-2:] }},
	{"name", true, regexp.MustCompile(`[a-z] [A-Z][a-z]{3,9}[ ,.]`), func(r *rand.Rand, s string) string {
		b := []byte(s)
		i := 3 + r.IntN(len(b)-4)
		b[i] = 'a' + (b[i]-'a'+1+byte(r.IntN(24)))%26
		return string(b)
	}},
	{"quotation", true, regexp.MustCompile(`(?:“|&ldquo;|&#8220;|\xe2\x80\x9c)[A-Za-z ,]{4,60} [a-z]{4,9} [a-z]`), func(_ *rand.Rand, s string) string { return s[:len(s)-1] + "perhaps " + s[len(s)-1:] }},
	{"word", false, regexp.MustCompile(` [a-z]{5,9} `), func(_ *rand.Rand, _ string) string { return " marmalade " }},
	{"comma", false, regexp.MustCompile(`[a-z], [a-z]`), func(_ *rand.Rand, s string) string { return s[:1] + s[2:] }},
}

func gunzipped(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// TestEvaluationOfScriptedEdits edits real pages and counts how each kind of
// edit is shown. Truth is known exactly: it is kept apart from real pairs. No
// edit that changes what is said may be shown as a small one.
func TestEvaluationOfScriptedEdits(t *testing.T) {
	if testing.Short() || !testing.Verbose() {
		t.Skip("an evaluation takes minutes: -run Evaluation -v")
	}
	files, _ := filepath.Glob(data + "/articles/html/*.html.gz")
	if len(files) == 0 {
		t.Skip("the pages are not here")
	}
	t.Logf("seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	shown := map[string]map[schemas.ChangeClass]int{}
	total, lies := 0, 0
	for _, file := range files {
		page := gunzipped(t, file)
		before := readPage(t, page)
		if before == nil {
			continue
		}
		for _, kind := range scripted {
			for range *perKey {
				edited := applied(random, page, before, kind.place, kind.edit)
				if edited == nil {
					continue
				}
				got, err := change.Judge(servedSide(before), servedSide(readPage(t, edited)), nil)
				if err != nil {
					t.Fatal(err)
				}
				if shown[kind.name] == nil {
					shown[kind.name] = map[schemas.ChangeClass]int{}
				}
				total++
				shown[kind.name][got.Class]++
				if kind.grave && (got.Class.Quiet() || got.Class == schemas.MinorEdit) {
					lies++
					t.Errorf("%s %s: %s by %s %+v", filepath.Base(file)[:8], kind.name, got.Class, got.Rule, got.Passages)
				}
			}
		}
	}
	for _, name := range sortedKeys(shown) {
		classes := []string{}
		for class, n := range shown[name] {
			classes = append(classes, fmt.Sprintf("%s %d", class, n))
		}
		slices.Sort(classes)
		t.Logf("%-10s %v", name, classes)
	}
	t.Logf("%d scripted edits, %d grave ones shown as minor or as nothing; %s, %s", total, lies, extract.Name, time.Now().UTC().Format(time.DateOnly))
}

func readPage(t testing.TB, page []byte) *extract.Document {
	t.Helper()
	d, err := extract.Read(t.Context(), extract.Input{Payload: page, ContentType: "text/html", URL: "https://pages.example/story", At: seen.Time()})
	if err != nil {
		return nil
	}
	return d
}

// applied makes an edit at a random place of a random paragraph; nil when no
// paragraph has a place.
func applied(random *rand.Rand, page []byte, d *extract.Document, place *regexp.Regexp, edit func(*rand.Rand, string) string) []byte {
	for range 40 {
		b := d.Blocks[random.IntN(len(d.Blocks))]
		if b.Kind != extract.Paragraph || b.End <= b.Start || b.End > len(page) {
			continue
		}
		at := place.FindAllIndex(page[b.Start:b.End], -1)
		if len(at) == 0 {
			continue
		}
		found := at[random.IntN(len(at))]
		from, to := b.Start+found[0], b.Start+found[1]
		if tag := bytes.LastIndexAny(page[b.Start:from], "<>"); tag >= 0 && page[b.Start+tag] == '<' {
			continue // within markup
		}
		return slices.Concat(page[:from], []byte(edit(random, string(page[from:to]))), page[to:])
	}
	return nil
}
