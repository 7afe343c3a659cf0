package textdiff

// passages are two passages cut into tokens, to be compared.
type passages struct {
	a, b   cuts    // all tokens
	ka, kb []int32 // numbers of the tokens that are matched with each other
	ia, ib []int32 // which tokens these are
	count  int     // of numbers
}

func passagesOf(before, after string) passages {
	p := passages{a: tokens(before), b: tokens(after)}
	if before == "" || after == "" {
		return p // nothing to match
	}
	ids := make(numbering, min(p.a.len(), p.b.len())/8)
	p.ka, p.ia = withoutGaps(p.a, ids)
	p.kb, p.ib = withoutGaps(p.b, ids)
	p.count = len(ids)
	return p
}

// cost bounds the work that the comparison takes.
func (p passages) cost() int { return cost(len(p.ka), len(p.kb)) }

// runs compares the tokens and returns runs over them.
func (p passages) runs(al *aligner, work int) []run {
	return tidy(p.withGaps(al.align(p.ka, p.kb, p.count, work)), p.a, p.b)
}

// segments compares the tokens and returns segments.
func (p passages) segments(al *aligner, work int) []Segment {
	var out []run
	for _, r := range p.runs(al, work) {
		out = append(out, run{r.equal, p.a.start(r.a0), p.a.start(r.a1), p.b.start(r.b0), p.b.start(r.b1)})
	}
	return segments(p.a.text, p.b.text, out)
}

// withoutGaps returns the tokens that are matched with each other, numbered,
// and which they are: all but the white space within lines, which is half of a
// text, tells nothing, and would be matched wherever two changes have a space.
func withoutGaps(c cuts, ids numbering) (numbers, at []int32) {
	numbers, at = make([]int32, 0, c.len()), make([]int32, 0, c.len())
	for i := range c.len() {
		if t := c.piece(i); !isGap(t) {
			numbers, at = append(numbers, ids.of(t)), append(at, int32(i))
		}
	}
	return numbers, at
}

// withGaps turns runs over the matched tokens into runs over all of them. White
// space is matched where it stands next to a match, or between two.
func (p passages) withGaps(runs []run) []run {
	pairs := make([]pair, 0, min(p.a.len(), p.b.len()))
	i, j := 0, 0
	same := func(i, j int) bool { return p.a.piece(i) == p.b.piece(j) && isGap(p.a.piece(i)) }
	upTo := func(endA, endB int) {
		if i < endA && j < endB && same(i, j) {
			pairs = append(pairs, pair{i, j})
			i, j = i+1, j+1
		}
		if i < endA && j < endB && same(endA-1, endB-1) {
			pairs = append(pairs, pair{endA - 1, endB - 1})
		}
	}
	for _, r := range runs {
		for k := 0; r.equal && k < r.a1-r.a0; k++ {
			q := pair{int(p.ia[r.a0+k]), int(p.ib[r.b0+k])}
			upTo(q.a, q.b)
			pairs = append(pairs, q)
			i, j = q.a+1, q.b+1
		}
	}
	upTo(p.a.len(), p.b.len())
	return runsOf(pairs, p.a.len(), p.b.len())
}
