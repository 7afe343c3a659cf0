package textdiff

import "slices"

// unmatched is the match of a block that has none.
const unmatched = -1

// A match is a group of blocks before that became a group of blocks after.
type match struct {
	before, after Range
	moved         bool
}

// A matching is what [Blocks] knows so far.
type matching struct {
	before, after []string
	matches       []match
	of            [2][]int // match of each block before and after
	inPlace       []pair   // blocks matched one to one in order, which bound the gaps
}

func newMatching(before, after []string) *matching {
	m := &matching{before: before, after: after}
	for side, blocks := range [2][]string{before, after} {
		m.of[side] = slices.Repeat([]int{unmatched}, len(blocks))
	}
	return m
}

func (m *matching) add(n match) {
	for i := n.before.From; i < n.before.To; i++ {
		m.of[0][i] = len(m.matches)
	}
	for j := n.after.From; j < n.after.To; j++ {
		m.of[1][j] = len(m.matches)
	}
	m.matches = append(m.matches, n)
}

func single(i int) Range { return Range{i, i + 1} }

// free returns the blocks of a range that have no match yet.
func (m *matching) free(side int, r Range) []int {
	var out []int
	for i := r.From; i < r.To; i++ {
		if m.of[side][i] == unmatched {
			out = append(out, i)
		}
	}
	return out
}

// gaps returns the ranges between the blocks that are matched in place.
func (m *matching) gaps() (before, after []Range) {
	i, j := 0, 0
	for _, p := range append(slices.Clip(m.inPlace), pair{len(m.before), len(m.after)}) {
		if p.a > i || p.b > j {
			before, after = append(before, Range{i, p.a}), append(after, Range{j, p.b})
		}
		i, j = p.a+1, p.b+1
	}
	return before, after
}

// inOrder matches the blocks that stand in the same order: those with the same
// bytes, and between them those with the same compare form.
func (m *matching) inOrder() {
	m.matchInOrder(func(block string) string { return block })
	m.matchInOrder(FoldText)
}

func (m *matching) matchInOrder(form func(string) string) {
	ids := make(numbering)
	found := slices.Clone(m.inPlace)
	before, after := m.gaps()
	var na, nb [][]int32
	work := 0
	for k := range before {
		na = append(na, numbered(m.before[before[k].From:before[k].To], form, ids))
		nb = append(nb, numbered(m.after[after[k].From:after[k].To], form, ids))
		work += cost(len(na[k]), len(nb[k]))
	}
	var al aligner
	for k := range before {
		for _, r := range al.align(na[k], nb[k], len(ids), shareOf(cost(len(na[k]), len(nb[k])), work)) {
			for n := 0; r.equal && n < r.a1-r.a0; n++ {
				found = append(found, pair{before[k].From + r.a0 + n, after[k].From + r.b0 + n})
			}
		}
	}
	slices.SortFunc(found, func(p, q pair) int { return p.a - q.a })
	m.inPlace = found
	for _, p := range found {
		if m.of[0][p.a] == unmatched {
			m.add(match{single(p.a), single(p.b), false})
		}
	}
}

func numbered(blocks []string, form func(string) string, ids numbering) []int32 {
	out := make([]int32, len(blocks))
	for i, b := range blocks {
		out[i] = ids.of(form(b))
	}
	return out
}

// moved matches blocks of the same compare form wherever they stand, the first
// with the first.
func (m *matching) moved() {
	at := make(map[string][]int)
	for _, i := range m.free(0, Range{0, len(m.before)}) {
		form := FoldText(m.before[i])
		at[form] = append(at[form], i)
	}
	if len(at) == 0 {
		return
	}
	for _, j := range m.free(1, Range{0, len(m.after)}) {
		form := FoldText(m.after[j])
		if left := at[form]; len(left) > 0 && form != "" {
			m.add(match{single(left[0]), single(j), true})
			at[form] = left[1:]
		}
	}
}

// rows writes the matching down in order.
func (m *matching) rows(d *BlockDiff) {
	d.home = make([]int, len(m.before))
	d.claimed = make([]int, len(m.after))
	d.Rows = make([]Row, 0, max(len(m.before), len(m.after)))
	differences := m.differences()
	other := make(map[int]int) // the row of a move that came first
	add := func(n int, op RowOp, before, after Range) {
		r := Row{Op: op, Before: before, After: after, Other: -1}
		if n != unmatched {
			r.Segments = differences[n]
		}
		at := len(d.Rows)
		if op == MovedAway || op == MovedHere {
			if first, ok := other[n]; ok {
				r.Other, d.Rows[first].Other = first, at
			}
			other[n] = at
		}
		for i := before.From; op != MovedHere && i < before.To; i++ {
			d.home[i] = at
		}
		for j := after.From; op != MovedAway && j < after.To; j++ {
			d.claimed[j] = at
		}
		d.Rows = append(d.Rows, r)
	}
	for i, j := 0, 0; i < len(m.before) || j < len(m.after); {
		left, right := unmatched, unmatched
		if i < len(m.before) {
			left = m.of[0][i]
		}
		if j < len(m.after) {
			right = m.of[1][j]
		}
		switch {
		case i < len(m.before) && left == unmatched:
			add(unmatched, Deleted, single(i), Range{j, j})
			i++
		case left != unmatched && m.matches[left].moved:
			add(left, MovedAway, m.matches[left].before, m.matches[left].after)
			i++
		case j < len(m.after) && right == unmatched:
			add(unmatched, Inserted, Range{i, i}, single(j))
			j++
		case right != unmatched && m.matches[right].moved:
			add(right, MovedHere, m.matches[right].before, m.matches[right].after)
			j++
		default: // left and right are one match, since these keep the order
			op := Same
			if differences[left] != nil {
				op = Edited
			}
			add(left, op, m.matches[left].before, m.matches[left].after)
			i, j = m.matches[left].before.To, m.matches[left].after.To
		}
	}
}

// differences compares the words of each match whose sides differ.
func (m *matching) differences() [][]Segment {
	type differing struct {
		match int
		passages
	}
	out := make([][]Segment, len(m.matches))
	var all []differing
	var al aligner
	work := 0
	for n, match := range m.matches {
		switch before, after := joined(m.before, match.before), joined(m.after, match.after); {
		case before == after:
		case isLong(before, after):
			out[n] = segments(before, after, longRuns(&al, before, after))
		default:
			p := passagesOf(before, after)
			all, work = append(all, differing{n, p}), work+p.cost()
		}
	}
	for _, p := range all {
		out[p.match] = p.segments(&al, shareOf(p.cost(), work))
	}
	return out
}
