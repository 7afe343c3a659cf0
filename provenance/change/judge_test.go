package change_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

// document is a text of one paragraph a line.
func document(lines ...string) *extract.Document {
	d := &extract.Document{MediaType: "text/html", Title: "The harbour"}
	for _, line := range lines {
		d.Blocks = append(d.Blocks, extract.Block{Text: line})
	}
	return d
}

var seen = schemas.TimeOf(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))

func side(outcome schemas.Outcome, d *extract.Document) change.Side {
	return change.Side{State: schemas.State{Outcome: outcome}, Document: d}
}

// TestJudge has one row for each rule, and the rows between which a rule must
// tell.
func TestJudge(t *testing.T) {
	const twelve, seventeen = "The mayor said that 12 people are dead after the fire.", "The mayor said that 17 people are dead after the fire."
	linked := document(twelve)
	linked.Links = []extract.Link{{URL: "https://a.example/", Text: "said"}}
	relinked := document(twelve)
	relinked.Links = []extract.Link{{URL: "https://b.example/", Text: "said"}}
	retitled := document(twelve)
	retitled.Title = "The port"
	for _, test := range []struct {
		name          string
		before, after change.Side
		class         schemas.ChangeClass
		rule          string
		confidence    schemas.Confidence
		words         *schemas.Words
	}{
		{"blocked after", side(schemas.Served, document(twelve)), side(schemas.Blocked, nil), schemas.NotCompared, "not-served", schemas.Certain, nil},
		{"missing before", side(schemas.Missing, nil), side(schemas.Served, document(twelve)), schemas.NotCompared, "not-served", schemas.Certain, nil},
		{"failed twice", side(schemas.Missing, nil), side(schemas.Gone, nil), schemas.NotCompared, "not-served", schemas.Certain, nil},
		{"challenge with a text of its own", side(schemas.Served, document(twelve)), side(schemas.Challenged, document(seventeen)), schemas.NotCompared, "not-served", schemas.Certain, nil},
		{"bytes", side(schemas.Served, nil), side(schemas.Served, nil), schemas.Changed, "bytes-only", schemas.Certain, nil},
		{"text gone", side(schemas.Served, document(twelve)), side(schemas.Served, nil), schemas.Changed, "text-gone", schemas.Suspect, nil},
		{"text appeared", side(schemas.Served, nil), side(schemas.Served, document(twelve)), schemas.Changed, "text-appeared", schemas.Suspect, nil},
		{"same text", side(schemas.Served, document(twelve)), side(schemas.Served, document(twelve)), schemas.Unchanged, "same-text", schemas.Certain, nil},
		{"one word", side(schemas.Served, document(twelve)), side(schemas.Served, document(seventeen)), schemas.Changed, "text-differs", schemas.Certain, &schemas.Words{Added: 1, Deleted: 1, Kept: 12}},
		{"other link", side(schemas.Served, linked), side(schemas.Served, relinked), schemas.Changed, "text-differs", schemas.Certain, &schemas.Words{}},
		{"other title", side(schemas.Served, document(twelve)), side(schemas.Served, retitled), schemas.Changed, "text-differs", schemas.Certain, &schemas.Words{}},
		{"another paragraph", side(schemas.Served, document(twelve)), side(schemas.Served, document(twelve, "Nobody knew.")), schemas.Changed, "text-differs", schemas.Certain, &schemas.Words{Added: 2, Deleted: 0, Kept: 13}},
		{"nothing left", side(schemas.Served, document(twelve)), side(schemas.Served, &extract.Document{}), schemas.Changed, "text-differs", schemas.Certain, &schemas.Words{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := change.Judge(test.before, test.after)
			if got.Class != test.class || got.Rule != test.rule || got.Confidence != test.confidence {
				t.Errorf("got %s by %s (%s), want %s by %s (%s)", got.Class, got.Rule, got.Confidence, test.class, test.rule, test.confidence)
			}
			if len(got.Evidence) == 0 || got.Evidence[0] == "" {
				t.Error("a verdict without evidence")
			}
			compared := test.rule == "same-text" || test.rule == "text-differs"
			if compared != (got.Extractor == extract.Name) || (test.rule == "text-differs") != (got.Words != nil && len(got.Passages) > 0) {
				t.Errorf("extractor %q, words %v, passages %v", got.Extractor, got.Words, got.Passages)
			}
			if test.words != nil && *test.words != (schemas.Words{}) {
				if diff := cmp.Diff(test.words, got.Words); diff != "" {
					t.Errorf("words (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestPassagesOfText: passages are quoted with where they stand in text.md.
func TestPassagesOfText(t *testing.T) {
	before := document("It began at ten.", "Nobody was hurt, the fire brigade said on Tuesday.")
	after := document("It began at ten.", "Two men were hurt, the fire brigade said on Tuesday.")
	got := change.Judge(side(schemas.Served, before), side(schemas.Served, after))
	want := []schemas.Passage{{Line: 5, Before: "Nobody was hurt, the fire", After: "Two men were hurt, the fire"}}
	if diff := cmp.Diff(want, got.Passages); diff != "" {
		t.Errorf("passages (-want +got):\n%s", diff)
	}
	lines := strings.Split(string(after.Markdown()), "\n")
	if line := lines[got.Passages[0].Line-1]; !strings.Contains(line, got.Passages[0].After) {
		t.Errorf("line %d of text.md is %q", got.Passages[0].Line, line)
	}
}

// TestBounds: a verdict stays small whatever the texts are.
func TestBounds(t *testing.T) {
	var before, after []string
	for i := range 100 {
		before = append(before, fmt.Sprintf("Line %d has the word alpha in the middle of a line.", i))
		after = append(after, fmt.Sprintf("Line %d has the word omega in the middle of a line.", i))
	}
	for name, test := range map[string]struct {
		before, after []string
		passages      int
	}{
		"many places":   {before, after, 20},
		"a long place":  {[]string{"Short."}, []string{strings.Repeat("数え切れない、", 2000)}, 1},
		"one long word": {[]string{"Short."}, []string{strings.Repeat("é", 5000)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := change.Judge(side(schemas.Served, document(test.before...)), side(schemas.Served, document(test.after...)))
			if len(got.Passages) != test.passages {
				t.Errorf("%d passages, want %d", len(got.Passages), test.passages)
			}
			for _, p := range got.Passages {
				for _, quoted := range []string{p.Before, p.After} {
					if len(quoted) > 400+len("…") || !utf8.ValidString(quoted) || strings.Contains(quoted, "\n") {
						t.Errorf("a passage of %d bytes: %.80q", len(quoted), quoted)
					}
				}
			}
			got.Schema, got.Run, got.URL = schemas.ChangeSchema, "20261123T120000Z-01234567", "https://a.example/"
			got.Page = schemas.PageIDOf(got.URL)
			at := schemas.State{Sequence: 1, Outcome: schemas.Served, CapturedAt: seen}
			got.Before, got.After = at, at
			if line, err := schemas.EncodeLine(&got); err != nil || len(line) > 20_000 {
				t.Errorf("the line has %d bytes, %v", len(line), err)
			}
		})
	}
}
