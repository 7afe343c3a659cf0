package quote

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
)

// goldQuote is a quotation from a novel in scholarly writing, and where an
// exhaustive alignment with the novel finds it.
type goldQuote struct {
	Row, Words, Start, End int
	Err                    float64
	Status                 string
	Text                   string
}

// novelQuotes reads the quotations and the novel, cut into paragraphs; starts
// is where each of these begins.
func novelQuotes(t *testing.T) (quotes []goldQuote, novel *extract.Document, starts []int) {
	t.Helper()
	text := string(sharedData(t, "data/quotes/middlemarch.txt"))
	table := csv.NewReader(bytes.NewReader(sharedData(t, "data/quotes/middlemarch-first-half.csv")))
	table.FieldsPerRecord = -1
	rows, err := table.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(sharedData(t, "data/quotes/gold-first-half.jsonl"))); ; {
		var q goldQuote
		if err := d.Decode(&q); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		q.Text = rows[q.Row][4]
		quotes = append(quotes, q)
	}
	novel = &extract.Document{MediaType: "text/plain"}
	for at := 0; at < len(text); {
		n := strings.Index(text[at:], "\n\n")
		if n < 0 {
			n = len(text) - at
		}
		if strings.TrimSpace(text[at:at+n]) != "" {
			novel.Blocks = append(novel.Blocks, extract.Block{Text: text[at : at+n]})
			starts = append(starts, at)
		}
		at += n + len("\n\n")
	}
	return quotes, novel, starts
}

func quotationOf(text string) Quotation {
	// The table has the marks of the scholar's page around the words.
	text = strings.Trim(text, "“”\"' \n")
	q := quoted(text)
	return q
}

// extent returns the bytes of the novel that a passage takes.
func (c Candidate) extent(starts []int) (start, end int) {
	first, last := c.Places[0], c.Places[len(c.Places)-1]
	return starts[first.Block] + first.Start, starts[last.Block] + last.End
}

type score struct{ sure, found, wrong, ambiguous, missed int }

func lengthClass(words int) int {
	switch {
	case words < 3:
		return 0
	case words < 5:
		return 1
	}
	return 2
}

func TestRecordedQuotations(t *testing.T) {
	quotes, novel, starts := novelQuotes(t)
	l := NewLibrary()
	if err := l.Add("novel", novel); err != nil {
		t.Fatal(err)
	}
	var scores [3]score
	states := map[State]int{}
	for _, g := range quotes {
		b := l.Bind(quotationOf(g.Text))
		states[b.State]++
		if g.Status != "sure" {
			continue
		}
		s := &scores[lengthClass(g.Words)]
		s.sure++
		switch {
		case b.State == Ambiguous:
			s.ambiguous++
		case b.State == NotFound:
			s.missed++
			if g.Words >= 5 {
				t.Logf("not found: row %d, %d words, error %.3f: %q\n\t%q", g.Row, g.Words, g.Err, g.Text, passageAt(novel, starts, g.Start, g.End))
			}
		default:
			start, end := b.extent(starts)
			if lo, hi := max(start, g.Start), min(end, g.End); hi <= lo {
				s.wrong++
				t.Errorf("wrong place: row %d %s: %q\n\tgot  %q\n\twant %q", g.Row, b.State, g.Text, b.Text, passageAt(novel, starts, g.Start, g.End))
				continue
			}
			s.found++
		}
	}
	for i, name := range []string{"< 3", "3-4", ">= 5"} {
		s := scores[i]
		t.Logf("%-5s words: %4d sure, %4d found (%.1f %%), %d wrong, %d ambiguous, %d not found", name, s.sure, s.found, 100*float64(s.found)/float64(max(s.sure, 1)), s.wrong, s.ambiguous, s.missed)
	}
	t.Log(states)
	if s := scores[2]; 100*s.found < 96*s.sure {
		t.Errorf("%d of %d quotations of five words or more are found", s.found, s.sure)
	}
}

func passageAt(d *extract.Document, starts []int, start, end int) string {
	var out []string
	for i, b := range d.Blocks {
		if lo, hi := max(0, start-starts[i]), min(len(b.Text), end-starts[i]); lo < hi {
			out = append(out, b.Text[lo:hi])
		}
	}
	return strings.Join(out, " / ")
}

// cutOut is the paragraphs around a passage, some 30 kB, and those with the
// passage cut out.
func cutOut(novel *extract.Document, starts []int, start, end int) (before, after *extract.Document) {
	const around = 15_000
	before, after = &extract.Document{}, &extract.Document{}
	for i, b := range novel.Blocks {
		if starts[i]+len(b.Text) < start-around || starts[i] > end+around {
			continue
		}
		before.Blocks = append(before.Blocks, b)
		lo, hi := max(0, min(len(b.Text), start-starts[i])), max(0, min(len(b.Text), end-starts[i]))
		if lo < hi {
			b.Text = strings.TrimSpace(b.Text[:lo] + b.Text[hi:])
		}
		if b.Text != "" {
			after.Blocks = append(after.Blocks, b)
		}
	}
	return before, after
}

// A passage that is cut out of its source is not found there again, neither by
// a search nor by judging it again; one that is left is.
func TestRecordedDeletions(t *testing.T) {
	quotes, novel, starts := novelQuotes(t)
	tested, found, still, lost, moved, unmoved := 0, 0, 0, 0, 0, 0
	for _, g := range quotes {
		if g.Status != "sure" || g.Words < 3 {
			continue
		}
		before, after := cutOut(novel, starts, g.Start, g.End)
		q := quotationOf(g.Text)
		l, cut := NewLibrary(), NewLibrary()
		if l.Add("", before) != nil || cut.Add("", after) != nil {
			t.Fatal("full")
		}
		tested++
		if b := cut.Bind(q); b.State != NotFound {
			found++
			t.Errorf("row %d: %q is found as %q", g.Row, g.Text, b.Text)
		}
		b := l.Bind(q)
		if b.State == NotFound || b.State == Ambiguous {
			continue
		}
		if v := Compare(before, after).Judge(b.Places); v.Fate != Removed {
			still++
			t.Errorf("row %d: %s: %q is still %q\n\t%s", g.Row, v.Fate, b.Text, v.Text, shown(v.Segments))
		}
		if v := Compare(before, before).Judge(b.Places); v.Fate != Intact {
			lost++
			t.Errorf("row %d: %s: %q", g.Row, v.Fate, b.Text)
		}
		// The paragraphs of the passage at the end of the page.
		last := b.Places[len(b.Places)-1].Block + 1
		first := b.Places[0].Block
		other := &extract.Document{}
		other.Blocks = append(other.Blocks, before.Blocks[:first]...)
		other.Blocks = append(other.Blocks, before.Blocks[last:]...)
		other.Blocks = append(other.Blocks, before.Blocks[first:last]...)
		if v := Compare(before, other).Judge(b.Places); v.Fate == Moved || v.Fate == Intact {
			moved++
		} else {
			unmoved++
			t.Errorf("row %d: moved is %s: %q", g.Row, v.Fate, b.Text)
		}
	}
	t.Logf("%d passages: cut out, %d are found and %d are judged to be still there; left, %d are judged gone; moved, %d are found and %d are not", tested, found, still, lost, moved, unmoved)
}
