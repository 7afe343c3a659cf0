package textdiff

import "strings"

// An Op says which side of a comparison a segment belongs to.
type Op int8

// The operations. Delete and Insert always appear in this order where both
// stand at one place.
const (
	Equal  Op = iota // in both texts
	Delete           // in the text before only
	Insert           // in the text after only
)

// String returns "equal", "delete" or "insert".
func (op Op) String() string {
	switch op {
	case Equal:
		return "equal"
	case Delete:
		return "delete"
	case Insert:
		return "insert"
	}
	return "invalid"
}

// A Segment is a run of text with one operation. Its text is never empty.
type Segment struct {
	Op   Op
	Text string
}

// A Diff is the result of [Compare]. Joining the text of the Equal and Delete
// segments gives the text before, joining Equal and Insert the text after,
// byte for byte. Neighbouring segments never have the same operation.
type Diff struct {
	Segments []Segment
}

// Compare returns the changes that lead from one text to the other.
//
// Time: lines are compared as items, then the tokens of replaced lines, each
// by [maxWork] at the most; see the package documentation.
func Compare(before, after string) Diff {
	a, b := lines(before), lines(after)
	ids := make(numbering)
	na, nb := ids.all(a), ids.all(b)
	return Diff{segments(before, after, compareWithin(a, b, newAligner(len(ids)).align(na, nb, maxWork)))}
}

// Equal reports whether the two texts were the same, byte for byte.
func (d Diff) Equal() bool {
	for _, s := range d.Segments {
		if s.Op != Equal {
			return false
		}
	}
	return true
}

// compareWithin compares the words of replaced pieces. It takes runs over the
// pieces of two texts and returns runs over their bytes.
func compareWithin(a, b cuts, runs []run) []run {
	var all []passages
	work := 0
	runs = joinAcrossBlank(runs, a)
	for _, r := range runs {
		if !r.equal {
			w := passagesOf(a.join(r.a0, r.a1), b.join(r.b0, r.b1))
			all, work = append(all, w), work+w.cost()
		}
	}
	var out []run
	for _, r := range runs {
		at := run{r.equal, a.at[r.a0], a.at[r.a1], b.at[r.b0], b.at[r.b1]}
		if r.equal {
			out = append(out, at)
			continue
		}
		w := all[0]
		all = all[1:]
		for _, r := range w.runs(shareOf(w.cost(), work)) {
			out = append(out, run{r.equal, at.a0 + w.a.at[r.a0], at.a0 + w.a.at[r.a1], at.b0 + w.b.at[r.b0], at.b0 + w.b.at[r.b1]})
		}
	}
	return out
}

// joinAcrossBlank merges changes that only blank lines keep apart. The blank
// line between two paragraphs equals any other, so matching it says nothing,
// but it would stop words from being matched across it.
func joinAcrossBlank(runs []run, a cuts) []run {
	return dropMatches(runs, func(_, match, _ run) bool {
		return strings.TrimSpace(a.join(match.a0, match.a1)) == ""
	})
}

// segments turns runs over bytes into segments.
func segments(before, after string, runs []run) []Segment {
	var out []Segment
	add := func(op Op, text string) {
		if text != "" {
			out = append(out, Segment{op, text})
		}
	}
	for i := 0; i < len(runs); {
		r := runs[i]
		for i++; i < len(runs) && runs[i].equal == r.equal; i++ {
			r.a1, r.b1 = runs[i].a1, runs[i].b1
		}
		if r.equal {
			add(Equal, before[r.a0:r.a1])
			continue
		}
		add(Delete, before[r.a0:r.a1])
		add(Insert, after[r.b0:r.b1])
	}
	return out
}
