package textdiff

import (
	"slices"
	"strings"
)

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
	start := sameLines(before, after)
	end := sameLinesAtEnd(before[start:], after[start:])
	a, b := lines(before[start:len(before)-end]), lines(after[start:len(after)-end])
	ids := make(numbering)
	na, nb := ids.all(a), ids.all(b)
	var al aligner
	runs := compareWithin(&al, a, b, al.align(na, nb, len(ids), maxWork))
	for i := range runs {
		r := &runs[i]
		r.a0, r.a1, r.b0, r.b1 = start+r.a0, start+r.a1, start+r.b0, start+r.b1
	}
	if start > 0 {
		runs = slices.Insert(runs, 0, run{true, 0, start, 0, start})
	}
	if end > 0 {
		runs = append(runs, run{true, len(before) - end, len(before), len(after) - end, len(after)})
	}
	return Diff{segments(before, after, runs)}
}

// sameLines returns the length of the lines that two texts both start with.
func sameLines(a, b string) int {
	n := min(len(a), len(b))
	i := 0
	for i+64 <= n && a[i:i+64] == b[i:i+64] {
		i += 64
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return strings.LastIndexByte(a[:i], '\n') + 1
}

// sameLinesAtEnd returns the length of the lines that two texts both end with.
func sameLinesAtEnd(a, b string) int {
	n := min(len(a), len(b))
	i := 0
	for i+64 <= n && a[len(a)-i-64:len(a)-i] == b[len(b)-i-64:len(b)-i] {
		i += 64
	}
	for i < n && a[len(a)-1-i] == b[len(b)-1-i] {
		i++
	}
	if i == len(a) && i == len(b) {
		return i
	}
	// What differs ends a line, or the same text of it is on both sides.
	next := strings.IndexByte(a[len(a)-i:], '\n')
	if next < 0 {
		return 0
	}
	return i - next - 1
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
func compareWithin(al *aligner, a, b cuts, runs []run) []run {
	var all []passages
	work := 0
	runs = joinAcrossBlank(runs, a)
	for _, r := range runs {
		if before, after := a.join(r.a0, r.a1), b.join(r.b0, r.b1); !r.equal && !isLong(before, after) {
			w := passagesOf(before, after)
			all, work = append(all, w), work+w.cost()
		}
	}
	out := make([]run, 0, 4*len(runs))
	for _, r := range runs {
		at := run{r.equal, a.start(r.a0), a.start(r.a1), b.start(r.b0), b.start(r.b1)}
		before, after := a.join(r.a0, r.a1), b.join(r.b0, r.b1)
		switch {
		case r.equal, a.coarse && isLong(before, after):
			out = append(out, at)
			continue
		case isLong(before, after):
			for _, r := range longRuns(&aligner{}, before, after) {
				out = append(out, run{r.equal, at.a0 + r.a0, at.a0 + r.a1, at.b0 + r.b0, at.b0 + r.b1})
			}
			continue
		}
		w := all[0]
		all = all[1:]
		for _, r := range w.runs(al, shareOf(w.cost(), work)) {
			out = append(out, run{r.equal, at.a0 + w.a.start(r.a0), at.a0 + w.a.start(r.a1), at.b0 + w.b.start(r.b0), at.b0 + w.b.start(r.b1)})
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
	out := make([]Segment, 0, len(runs)+len(runs)/2+1)
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
