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

// MaxBlockTokens bounds the word step: a run of replaced lines with more
// tokens than this, white space not counted, both sides together, is reported
// as one deletion and one insertion.
const MaxBlockTokens = 60_000

// Compare returns the changes that lead from one text to the other.
func Compare(before, after string) Diff {
	var w segmentWriter
	if before == after {
		w.add(Equal, before)
		return Diff{Segments: w.segments}
	}
	work := aligner{left: maxWork}
	a, b := lines(before), lines(after)
	for _, r := range joinAcrossBlankLines(work.align(a, b, true), a) {
		if r.equal {
			w.add(Equal, join(a[r.a0:r.a1]))
			continue
		}
		compareWords(&w, &work, join(a[r.a0:r.a1]), join(b[r.b0:r.b1]))
	}
	return Diff{Segments: w.segments}
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

// compareWords appends the word diff of one run of replaced lines.
func compareWords(w *segmentWriter, work *aligner, before, after string) {
	var runs []run
	var a, b []string
	if before != "" && after != "" {
		a, b = tokens(before), tokens(after)
		ka, ia := withoutGaps(a)
		kb, ib := withoutGaps(b)
		if len(ka)+len(kb) <= MaxBlockTokens {
			runs = tidy(withGaps(work.align(ka, kb, false), ia, ib, a, b), a, b)
		}
	}
	if runs == nil {
		w.add(Delete, before)
		w.add(Insert, after)
		return
	}
	for _, r := range runs {
		if r.equal {
			w.add(Equal, join(a[r.a0:r.a1]))
			continue
		}
		w.add(Delete, join(a[r.a0:r.a1]))
		w.add(Insert, join(b[r.b0:r.b1]))
	}
}

// joinAcrossBlankLines merges changes that only blank lines keep apart. The
// blank line between two paragraphs equals any other, so matching it says
// nothing, but it would stop words from being matched across it.
func joinAcrossBlankLines(runs []run, a []string) []run {
	var out []run
	for i, r := range runs {
		blank := r.equal && i > 0 && i < len(runs)-1 && strings.TrimSpace(join(a[r.a0:r.a1])) == ""
		last := len(out) - 1
		if last >= 0 && !out[last].equal && (blank || !r.equal) {
			out[last].a1, out[last].b1 = r.a1, r.b1
			continue
		}
		out = append(out, r)
	}
	return out
}

// lines cuts a text after each line feed.
func lines(text string) []string {
	out := strings.SplitAfter(text, "\n")
	if out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// join is strings.Join without a separator. The parts lie next to each other
// in one text, but rebuilding that from string headers would need unsafe.
func join(parts []string) string { return strings.Join(parts, "") }

// A segmentWriter keeps neighbouring segments of one operation together.
// An insertion and a deletion that follow each other without an equal segment
// between them are put in the order deletion, insertion.
type segmentWriter struct {
	segments []Segment
}

func (w *segmentWriter) add(op Op, text string) {
	if text == "" {
		return
	}
	n := len(w.segments)
	switch {
	case n > 0 && w.segments[n-1].Op == op:
		w.segments[n-1].Text += text
	case n > 0 && op == Delete && w.segments[n-1].Op == Insert:
		if n > 1 && w.segments[n-2].Op == Delete {
			w.segments[n-2].Text += text
			return
		}
		w.segments = append(w.segments, w.segments[n-1])
		w.segments[n-1] = Segment{Delete, text}
	default:
		w.segments = append(w.segments, Segment{op, text})
	}
}
