package textdiff

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// showRows writes a block diff down, one row a line.
func showRows(d BlockDiff) string {
	var b strings.Builder
	for _, r := range d.Rows {
		fmt.Fprintf(&b, "%v %s->%s", r.Op, showRange(r.Before), showRange(r.After))
		if r.Other >= 0 {
			fmt.Fprintf(&b, " row %d", r.Other)
		}
		if r.Segments != nil {
			fmt.Fprintf(&b, " %s", strings.ReplaceAll(show(r.Segments), "\n", "|"))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func showRange(r Range) string {
	switch r.Len() {
	case 0:
		return ""
	case 1:
		return fmt.Sprint(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To-1)
}

// blocksOf cuts a text at the bars between its blocks.
func blocksOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "|")
}

func TestBlocks(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"nothing", "", "", ""},
		{"same", "One.|Two.", "One.|Two.", "same 0->0\nsame 1->1\n"},
		{"all new", "", "One.", "inserted ->0\n"},
		{"all gone", "One.", "", "deleted 0->\n"},
		{
			"a word", "One.|It killed twelve people.|Two.", "One.|It killed seventeen people.|Two.",
			"same 0->0\nedited 1->1 It killed [-twelve-]{+seventeen+} people.\nsame 2->2\n",
		},
		{"a digit in a short block", "12 dead", "17 dead", "edited 0->0 [-12-]{+17+} dead\n"},
		{
			"quotation marks", "He said \"no\".|Two.", "He said “no”.|Two.",
			"edited 0->0 He said [-\"-]{+“+}no[-\"-]{+”+}.\nsame 1->1\n",
		},
		{
			"moved", "The one.|The two.|The three.", "The three.|The one.|The two.",
			"moved-here 2->0 row 3\nsame 0->1\nsame 1->2\nmoved-away 2->0 row 0\n",
		},
		{
			"moved, other case", "ONE MORE.|Two.|Three.", "Two.|Three.|One more.",
			"moved-away 0->2 row 3 [-ONE MORE-]{+One more+}.\nsame 1->0\nsame 2->1\nmoved-here 0->2 row 0 [-ONE MORE-]{+One more+}.\n",
		},
		{
			"moved and edited", "The minister said on Monday that twelve people had died.|A.|B.", "A.|B.|The minister said on Monday that seventeen people had died.",
			"moved-away 0->2 row 3 The minister said on Monday that [-twelve-]{+seventeen+} people had died.\nsame 1->0\nsame 2->1\n" +
				"moved-here 0->2 row 0 The minister said on Monday that [-twelve-]{+seventeen+} people had died.\n",
		},
		{"replaced", "Alpha beta gamma delta.|End.", "One two three four five.|End.", "deleted 0->\ninserted ->0\nsame 1->1\n"},
		{
			"split", "First sentence is here. Second one stands there.|End.", "First sentence is here.|Second one stands there.|End.",
			"edited 0->0-1 First sentence is here.[- -]{+|+}Second one stands there.\nsame 1->2\n",
		},
		{
			"joined", "First sentence is here.|Second one stands there.|End.", "First sentence is here. Second one stands there.|End.",
			"edited 0-1->0 First sentence is here.[-|-]{+ +}Second one stands there.\nsame 2->1\n",
		},
		{"one of two alike removed", "Share.|Text one.|Share.", "Share.|Text one.", "same 0->0\nsame 1->1\ndeleted 2->\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Blocks(blocksOf(c.before), blocksOf(c.after))
			if diff := cmp.Diff(c.want, showRows(d)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// checkBlocks tells whether a block diff keeps the promises of its types.
func checkBlocks(d BlockDiff, before, after []string) error {
	var i, j int
	for n, r := range d.Rows {
		wantB, wantA := r.Op != MovedHere && r.Op != Inserted, r.Op != MovedAway && r.Op != Deleted
		if wantB {
			if r.Before.From != i || r.Before.Len() < 1 {
				return fmt.Errorf("row %d holds blocks %v before, want from %d", n, r.Before, i)
			}
			i = r.Before.To
		}
		if wantA {
			if r.After.From != j || r.After.Len() < 1 {
				return fmt.Errorf("row %d holds blocks %v after, want from %d", n, r.After, j)
			}
			j = r.After.To
		}
		switch r.Op {
		case MovedAway, MovedHere:
			o := d.Rows[r.Other]
			if o.Other != n || o.Op == r.Op || o.Before != r.Before || o.After != r.After {
				return fmt.Errorf("row %d %+v is linked with %+v", n, r, o)
			}
		case Inserted:
			if r.Before != (Range{i, i}) || r.Segments != nil {
				return fmt.Errorf("row %d: %+v", n, r)
			}
			continue
		case Deleted:
			if r.After != (Range{j, j}) || r.Segments != nil {
				return fmt.Errorf("row %d: %+v", n, r)
			}
			continue
		}
		a, b := joined(before, r.Before), joined(after, r.After)
		if (r.Segments == nil) != (a == b) || (r.Op == Same) && a != b {
			return fmt.Errorf("row %d, %v: segments %v of %q and %q", n, r.Op, r.Segments, a, b)
		}
		if r.Segments != nil {
			if gotA, gotB := sides(r.Segments); gotA != a || gotB != b {
				return fmt.Errorf("row %d rebuilds %q and %q, want %q and %q", n, gotA, gotB, a, b)
			}
		}
	}
	if i != len(before) || j != len(after) {
		return fmt.Errorf("rows hold %d and %d blocks, want %d and %d", i, j, len(before), len(after))
	}
	return nil
}

// checkProjection follows passages of each block.
func checkProjection(d BlockDiff, before, after []string) error {
	for i, b := range before {
		for _, s := range []Span{{0, len(b)}, {len(b) / 3, 2 * len(b) / 3}, {len(b) / 2, len(b)}, {-1, 1}, {3, 2}, {0, 1 << 40}} {
			p := d.Project(Place{i, s})
			for k, place := range p.Places {
				if place.Start < 0 || place.Start >= place.End || place.End > len(after[place.Block]) {
					return fmt.Errorf("%v of block %d: place %v is not in the text", s, i, place)
				}
				if k > 0 && (place.Block < p.Places[k-1].Block || place.Block == p.Places[k-1].Block && place.Start < p.Places[k-1].End) {
					return fmt.Errorf("%v of block %d: places %v", s, i, p.Places)
				}
			}
			lo, hi := clamp(s.Start, len(b)), clamp(s.End, len(b))
			if lo >= hi {
				continue
			}
			if p.Fate == Kept && len(p.Places) > 0 {
				got := ""
				if p.Moved {
					p.Places = p.Places[:1] // others hold the same
				}
				for _, place := range p.Places {
					got += " " + after[place.Block][place.Start:place.End]
				}
				if Fold(got).Text != Fold(b[lo:hi]).Text && !strings.Contains(b[lo:hi], "\n") && utf8Whole(b, lo, hi) {
					return fmt.Errorf("%v of block %d: %q kept as %q", s, i, b[lo:hi], got)
				}
			}
		}
	}
	return nil
}

func utf8Whole(s string, lo, hi int) bool {
	return strings.ToValidUTF8(s[lo:hi], "?") == strings.ToValidUTF8(s, "?")[min(lo, len(s)):min(hi, len(s))]
}

func TestBlocksHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		block := texts()
		before := rapid.SliceOfN(block, 0, 12).Draw(t, "before")
		after := slices.Clone(before)
		for range rapid.IntRange(0, 6).Draw(t, "edits") {
			i := rapid.IntRange(0, len(after)).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				after = slices.Insert(after, i, block.Draw(t, "new"))
			case 1:
				if i < len(after) {
					after = slices.Delete(after, i, i+1)
				}
			case 2:
				if i < len(after) {
					b := after[i]
					after = slices.Insert(slices.Delete(after, i, i+1), rapid.IntRange(0, len(after)-1).Draw(t, "to"), b)
				}
			case 3:
				if i < len(after) {
					after[i] += " " + block.Draw(t, "more")
				}
			}
		}
		d := Blocks(before, after)
		if err := checkBlocks(d, before, after); err != nil {
			t.Fatal(err)
		}
		if err := checkProjection(d, before, after); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzBlocks(f *testing.F) {
	f.Add("One a b c d e f g.|Two.", "Two.|One a b c d e f.|X")
	f.Add("|a||b", "b|a|")
	f.Fuzz(func(t *testing.T, before, after string) {
		a, b := blocksOf(before), blocksOf(after)
		d := Blocks(a, b)
		if err := checkBlocks(d, a, b); err != nil {
			t.Fatal(err)
		}
		if err := checkProjection(d, a, b); err != nil {
			t.Fatal(err)
		}
	})
}
