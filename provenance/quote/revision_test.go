package quote

import (
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
)

func TestJudgeAgain(t *testing.T) {
	const (
		passage = "officials of the upper town said that nobody had been hurt"
		first   = "A first paragraph says what happened in the two towns by the river."
		last    = "A last paragraph says what will be done about it next year."
	)
	before := document(first, river, last)
	replace := func(old, with string) *extract.Document {
		return document(first, strings.ReplaceAll(river, old, with), last)
	}
	otherRoot := document("Subscribe to our newsletter.", "We use cookies.")
	otherRoot.Root = "aside"
	for _, c := range []struct {
		name  string
		after *extract.Document
		want  string
	}{
		{"same", before, "intact"},
		{"not seen", nil, "unseen"},
		{"elsewhere on the page", document("A new paragraph.", first+" And more of it.", river, last), "intact"},
		{"moved", document(first, last, "Something new that was written since.", "More that is new.", "Even more.", river), "moved"},
		{"context", replace("3.5 metres", "four metres"), "context-changed"},
		{"altered", replace("nobody", "somebody"), "altered officials of the upper town said that [-nobody-]{+somebody+} had been hurt negation words"},
		{"cut", replace(" of the upper town", ""), "altered officials [-of the upper town -]said that nobody had been hurt words"},
		{"sentence removed", document(first, river[strings.Index(river, "“We"):], last), "removed"},
		{"paragraph removed", document(first, last), "removed"},
		{"rewritten", replace(passage, "the fire brigade counted no victims"), "removed"},
		{"another root", otherRoot, "unseen"},
		{"punctuation", replace("said that", "said, that"), "intact"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := NewLibrary()
			if err := l.Add("river", before); err != nil {
				t.Fatal(err)
			}
			b := l.Bind(quoted(passage))
			if b.State != Verbatim {
				t.Fatalf("bound %s", b.State)
			}
			v := Compare(before, c.after).Judge(b.Places)
			got := string(v.Fate)
			if v.Fate == Changed {
				got = strings.Join(append([]string{got, shown(v.Segments)}, v.Meaning...), " ")
			}
			if got != c.want {
				t.Errorf("got %s, want %s\n%q", got, c.want, shown(v.Segments))
			}
			if v.Fate == Intact && v.Text != passage && c.name != "punctuation" {
				t.Errorf("it stands at %q", v.Text)
			}
		})
	}
}

func TestMentions(t *testing.T) {
	const passage = "officials of the upper town said that nobody had been hurt"
	for _, c := range []struct {
		note string
		want bool
	}{
		{"Correction: An earlier version wrongly had officials of the upper town as the source.", true},
		{"Correction: It misquoted the mayor as saying “nobody” instead of “somebody”.", true},
		{"Correction: An earlier version misspelled the name of the mayor.", false},
		{"Correction: It was said that the bridge had been closed.", false},
		{"", false},
	} {
		if got := Mentions(c.note, passage); got != c.want {
			t.Errorf("Mentions(%q) = %v", c.note, got)
		}
	}
}
