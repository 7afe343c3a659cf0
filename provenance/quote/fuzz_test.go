package quote

import (
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

func fuzzDocument(text string, kind uint8) *extract.Document {
	d := document(strings.Split(strings.ToValidUTF8(text, ""), "\n")...)
	for i := range d.Blocks {
		if (int(kind)+i)%4 == 0 {
			d.Blocks[i].Kind = extract.Quotation
		}
		d.Links = append(d.Links, extract.Link{URL: "https://a.example/", Text: "a", Block: i})
	}
	return d
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"He said “a b c ‘d’ e” and 'f g h i'.", "“One two three\n“four five,” the man said.", "„a b c“ »d e f« 「あいう」 […] [sic]", `"a" 'b "c d e" f'`} {
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		d := fuzzDocument(text, kind)
		end := textdiff.Place{Block: -1}
		for _, q := range Find(d) {
			checkPlaces(t, d.Blocks, q.Places)
			if len(q.Places) == 0 || q.Text != textAt(d.Blocks, q.Places) {
				t.Fatalf("%q is not at its places", q.Text)
			}
			if first := q.Places[0]; first.Block < end.Block || first.Block == end.Block && first.Start < end.End {
				t.Fatalf("%q overlaps the quotation before", q.Text)
			}
			end = q.Places[len(q.Places)-1]
			for _, l := range append(q.Sentence, q.Paragraph...) {
				if l < 0 || l >= len(d.Links) {
					t.Fatalf("no link %d", l)
				}
			}
		}
	})
}

func FuzzBind(f *testing.F) {
	f.Add("a b c d e f g", "x a b c d y e f g z", uint8(1))
	f.Add("a … b [c] d", "a b\nc d a x x x b d", uint8(1))
	f.Add("“one two three four five six seven eight nine” said the man", "one two three four\nfive six 7 eight nine said the man", uint8(2))
	f.Fuzz(func(t *testing.T, text, other string, kind uint8) {
		post, source := fuzzDocument(text, kind), fuzzDocument(other, 1)
		l := NewLibrary()
		if l.Add("a", source) != nil || l.Add("b", fuzzDocument("b "+other, 1)) != nil {
			t.Skip("too long")
		}
		r := Compare(source, post)
		whole := quoted(strings.ToValidUTF8(text, ""))
		for _, b := range append(l.BindPost(post, func(Quotation) [][]string { return [][]string{{"a", "c"}} }), Bound{whole, l.Bind(whole)}) {
			candidates := b.Binding.Candidates
			switch b.Binding.State {
			case Verbatim, Normalised, Elided, Altered:
				candidates = append(candidates, b.Binding.Candidate)
			}
			if b.Binding.State != Ambiguous && b.Binding.State != NotFound && b.Binding.State != Unseen && len(candidates) != 1 || b.Binding.Errors > 0.2 {
				t.Fatalf("%+v", b.Binding)
			}
			for _, c := range candidates {
				if len(c.Places) == 0 || c.Source == "" {
					t.Fatalf("no place: %+v", c)
				}
				if c.Source == "a" {
					checkPlaces(t, source.Blocks, c.Places)
					checkPlaces(t, post.Blocks, r.Judge(c.Places).Places)
					if v := Compare(source, source).Judge(c.Places); v.Fate != Intact {
						t.Fatalf("%q is %s in the same text", c.Text, v.Fate)
					}
				}
			}
			if b.Binding.State == Altered && joinedSegments(b.Binding.Segments, textdiff.Delete) == joinedSegments(b.Binding.Segments, textdiff.Insert) {
				t.Fatalf("nothing is altered: %+v", b.Binding)
			}
		}
	})
}

func joinedSegments(segments []textdiff.Segment, side textdiff.Op) string {
	out := ""
	for _, s := range segments {
		if s.Op == textdiff.Equal || s.Op == side {
			out += s.Text
		}
	}
	return out
}
