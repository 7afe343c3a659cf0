package change_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

var (
	dataScript = regexp.MustCompile(`(?is)<script[^>]*json[^>]*>.*?</script>`)
	noteLabel  = regexp.MustCompile(`(?i)^(?:corrections?|clarifications?|updates?)\b.{0,40}$`)
)

// noteAdded and noteRemoved are the classes of notes.
var (
	noteAdded   = []schemas.ChangeClass{schemas.Correction, schemas.Clarification, schemas.UpdateNote}
	noteRemoved = []schemas.ChangeClass{schemas.NoticeRemoved}
)

// withoutText cuts the paragraphs out of a page that hold a text, and a label
// before it; nil when no paragraph does.
func withoutText(t *testing.T, page []byte, url, text string) []byte {
	t.Helper()
	d := read(t, page, url)
	blocks := slices.Concat(d.Blocks, d.Outside)
	slices.SortFunc(blocks, func(a, b extract.Block) int { return a.Start - b.Start })
	want := textdiff.FoldText(text)
	for i, b := range blocks {
		said := textdiff.FoldText(b.Text)
		if b.End <= b.Start || !strings.Contains(said, want) && (len(said) < len(want)/2 || !strings.Contains(want, said)) {
			continue
		}
		rest := slices.Concat(page[:b.Start], page[b.End:])
		if i > 0 && noteLabel.MatchString(blocks[i-1].Text) {
			rest = slices.Concat(rest[:blocks[i-1].Start], rest[blocks[i-1].End:])
		}
		return rest
	}
	return nil
}

// TestEvaluationOfNotices takes notes out of real pages and puts them back. The
// same is done with words that only look like notes. JSON-LD, which may repeat a
// note, is left out on both sides.
func TestEvaluationOfNotices(t *testing.T) {
	lines, err := os.ReadFile(data + "/notices/labels.jsonl")
	if err != nil {
		t.Skip("the notice pages are not here")
	}
	var added, removed, notes, unseen, wrong, alike int
	for line := range bytes.Lines(lines) {
		var row struct {
			File, Text, URL string
			Notice          *bool
			VisibleText     string `json:"visible_text"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if row.Notice == nil {
			continue // people do not agree on it
		}
		if row.VisibleText != "" {
			row.Text = row.VisibleText
		}
		page := dataScript.ReplaceAllLiteral(gunzipped(t, data+"/notices/"+row.File), nil)
		without := withoutText(t, page, row.URL, row.Text)
		if without == nil {
			if *row.Notice {
				unseen++
				t.Logf("%s: no paragraph has %q", row.File, row.Text)
			}
			continue // style rules, data of programs, words of a date line
		}
		with, bare := servedSide(read(t, page, row.URL)), servedSide(read(t, without, row.URL))
		came, went := judge(t, bare, with, nil), judge(t, with, bare, nil)
		if !*row.Notice {
			alike++
			if slices.Contains(noteAdded, came.Class) || slices.Contains(noteRemoved, went.Class) {
				wrong++
				t.Errorf("%s: %s when it came, %s when it went: %q", row.File, came.Class, went.Class, row.Text)
			}
			continue
		}
		notes++
		if slices.Contains(noteAdded, came.Class) {
			added++
		} else {
			t.Logf("%s: %s by %s %q, when %q came", row.File, came.Class, came.Rule, came.Evidence, row.Text)
		}
		if slices.Contains(noteRemoved, went.Class) {
			removed++
		} else {
			t.Logf("%s: %s by %s %q, when %q went", row.File, went.Class, went.Rule, went.Evidence, row.Text)
		}
	}
	if wrong > 0 {
		t.Errorf("%d look-alikes are taken for notes", wrong)
	}
	t.Logf("%d notes, %d of them in no paragraph: %d told when they come, %d when they go; %d of %d look-alikes taken for one", notes+unseen, unseen, added, removed, wrong, alike)
	if 100*(added+removed) < 95*2*notes {
		t.Errorf("less than 95 %% of the notes are told")
	}
}

// mostMissedPairs is how many changes are missed: words of a menu, and a button
// below a paragraph. What is neither prose nor among it is not judged.
const mostMissedPairs = 2

// TestEvaluationOfAnalysts judges pairs that analysts called important or not.
func TestEvaluationOfAnalysts(t *testing.T) {
	lines, err := os.ReadFile(data + "/access/edit-pairs.jsonl")
	if err != nil {
		t.Skip("the pairs are not here")
	}
	missed := 0
	for line := range bytes.Lines(lines) {
		var row struct{ Before, After, Expect string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		var sides [2]change.Side
		for i, file := range []string{row.Before, row.After} {
			page, err := os.ReadFile(data + "/access/" + file)
			if err != nil {
				t.Fatal(err)
			}
			sides[i] = servedSide(read(t, page, "https://agency.example/page"))
		}
		got := judge(t, sides[0], sides[1], nil)
		t.Logf("%s: %s by %s %q, also %v; expected: %s", row.After, got.Class, got.Rule, got.Evidence, got.Also, row.Expect)
		switch {
		case row.Expect == string(schemas.BoilerplateOnly):
			if !got.Class.Quiet() {
				t.Errorf("%s is told: %+v", row.After, got.Passages)
			}
		case got.Class.Quiet():
			missed++
		}
	}
	if missed > mostMissedPairs {
		t.Errorf("%d changes are not told", missed)
	}
}

// TestManyNotices: a page made of nothing but notes, all of them changed, is told of
// in part. To pair all took minutes and more.
func TestManyNotices(t *testing.T) {
	page := func(was string) *extract.Document {
		var b strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&b, "<p>Correction: An earlier version said that number %d was %s hollow, which it was not.\n", i, was)
		}
		return pageOf(t, "<title>Notes</title>"+b.String())
	}
	before, after := page("quite"), page("all")
	if len(after.Notices) < 10_000 {
		t.Fatalf("%d notices were found", len(after.Notices))
	}
	got := judge(t, side(schemas.Served, before), side(schemas.Served, after), nil)
	if n := len(got.Notices); n == 0 || n > 200 {
		t.Errorf("%d notices are told of", n)
	}
	same := judge(t, side(schemas.Served, before), side(schemas.Served, page("quite")), nil)
	if len(same.Notices) > 0 {
		t.Errorf("the same notices are told of: %v", same.Notices[0])
	}
}
