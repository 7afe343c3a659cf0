package quote

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// document is a document of paragraphs.
func document(paragraphs ...string) *extract.Document {
	d := &extract.Document{MediaType: "text/html"}
	for _, p := range paragraphs {
		d.Blocks = append(d.Blocks, extract.Block{Text: p})
	}
	return d
}

func quoted(text string) Quotation {
	return Quotation{Mark: Paired, Text: text, Fragments: fragments(text), Places: []textdiff.Place{{Span: textdiff.Span{End: len(text)}}}}
}

func shown(segments []textdiff.Segment) string {
	var b strings.Builder
	for _, s := range segments {
		switch s.Op {
		case textdiff.Delete:
			b.WriteString("[-" + s.Text + "-]")
		case textdiff.Insert:
			b.WriteString("{+" + s.Text + "+}")
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

const river = "The river rose by 3.5 metres on 4 May, and officials of the upper town said that nobody had been hurt. " +
	"“We were lucky,” the mayor told reporters, although two bridges were closed until the end of the week."

func TestBindStates(t *testing.T) {
	l := NewLibrary()
	for key, d := range map[string]*extract.Document{
		"river": document("Flood in two towns", river, "The lower town lost its power for six hours on Tuesday night.", "It was the worst flood since 1902."),
		"twice": document("All of them agreed to the plan.", "In the end all of them agreed to the plan again."),
	} {
		if err := l.Add(key, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Add("blocked", nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"verbatim", "officials of the upper town said that nobody had been hurt", "verbatim river 1"},
		{"comma of the post", "two bridges were closed until the end of the week,", "verbatim river 1"},
		{"case", "The Lower town lost its power", "normalised river 2"},
		{"marks", `said that nobody had been hurt. "We were lucky," the mayor told`, "normalised river 1"},
		{"across blocks", "until the end of the week. The lower town lost its power", "verbatim river 1 2"},
		{"elided", "The river rose by 3.5 metres … and two bridges were closed", "altered river 1 1 words"},
		{"elided in order", "The river rose by 3.5 metres … two bridges were closed", "elided river 1 1"},
		{"not in order", "two bridges were closed … The river rose by 3.5 metres", "not-found"},
		{"bracket", "officials [there] said that nobody had been hurt", "elided river 1"},
		{"letter in bracket", "[T]wo bridges were closed until the end", "normalised river 1"},
		{"number", "The river rose by 2.5 metres on 4 May, and officials", "altered river 1 number"},
		{"negation", "officials of the upper town said that somebody had been hurt", "altered river 1 negation words"},
		{"too much", "officials in the lower city said that somebody had been hurt", "not-found"},
		{"four words, one differs", "the mayor told nobody", "not-found"},
		{"three words", "We were lucky", "verbatim river 1"},
		{"two places", "all of them agreed to the plan", "ambiguous twice twice"},
		{"nowhere", "a passage that no source of these has", "not-found"},
		{"nothing", "…", "not-found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := l.Bind(quoted(c.text))
			got := string(b.State)
			if b.Source != "" {
				got += " " + b.Source
			}
			for _, p := range b.Places {
				got += fmt.Sprint(" ", p.Block)
			}
			for _, k := range b.Candidates {
				got += " " + k.Source
			}
			got = strings.Join(append([]string{got}, b.Meaning...), " ")
			if got != c.want {
				t.Errorf("got %s, want %s\n%s", got, c.want, shown(b.Segments))
			}
		})
	}
	if got := l.Bind(quoted("a passage that no source of these has"), []string{"river"}, []string{"blocked"}).State; got != Unseen {
		t.Errorf("with a source that was not seen the state is %s", got)
	}
	if got := l.Bind(quoted("a passage that no source of these has"), []string{"never added"}).State; got != Unseen {
		t.Errorf("with a source that is not there the state is %s", got)
	}
}

func TestBindSegments(t *testing.T) {
	l := NewLibrary()
	if err := l.Add("river", document(river)); err != nil {
		t.Fatal(err)
	}
	b := l.Bind(quoted("The river rose by 35 metres on 4 May … “We were not lucky,” the mayor told reporters"))
	const want = "The river rose by [-3.5-]{+35+} metres on 4 May … We were {+not +}lucky,” the mayor told reporters"
	if got := shown(b.Segments); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"number", "negation"}, b.Meaning); diff != "" {
		t.Error(diff)
	}
}

func TestBindPrefersTiers(t *testing.T) {
	const passage = "one two three four five six seven eight nine ten"
	l := NewLibrary()
	for _, key := range []string{"a", "b", "c"} {
		if err := l.Add(key, document("Before it "+passage+" and behind it "+key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Add("d", document("Before it "+strings.Replace(passage, "five", "six", 1)+" and behind.")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want  string
		tiers [][]string
	}{
		{"verbatim b", [][]string{{"b"}}},
		{"verbatim c", [][]string{{"x"}, {"c"}, {"a", "b"}}},
		{"ambiguous ", [][]string{{"a", "b"}}},
		{"ambiguous ", nil},
		{"verbatim a", [][]string{{"d"}, {"a"}}},
	} {
		b := l.Bind(quoted(passage), c.tiers...)
		if got := string(b.State) + " " + b.Source; got != c.want {
			t.Errorf("tiers %v: got %s, want %s", c.tiers, got, c.want)
		}
	}
}

// A passage that many sources have is found in the one that the post names.
func TestBindAmongMany(t *testing.T) {
	l := NewLibrary()
	for i := range 200 {
		if err := l.Add(fmt.Sprint(i), document("Here it says that they never asked for it at all.")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Add("other", document("It says nothing of the kind.")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, want string
		tiers      [][]string
	}{
		{"they never asked", "verbatim 170 0", [][]string{{"170"}}},
		{"never asked", "verbatim 170 0", [][]string{{"170"}}},
		{"never asked", "not-found  0", [][]string{{"other"}}},
		{"they never asked", "ambiguous  16", nil},
		{"says that they never asked us for it", "altered 170 0", [][]string{{"170"}, {"3"}}},
	} {
		b := l.Bind(quoted(c.text), c.tiers...)
		if got := fmt.Sprint(b.State, " ", b.Source, " ", len(b.Candidates)); got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}
