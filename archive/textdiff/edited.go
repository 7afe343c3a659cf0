package textdiff

import (
	"cmp"
	"slices"
)

// edited matches what is left between the same neighbours by their words.
func (m *matching) edited() {
	before, after := m.gaps()
	var gaps []gap
	work := 0
	for k := range before {
		g := gap{before: m.free(0, before[k]), after: m.free(1, after[k])}
		if len(g.before) == 0 || len(g.after) == 0 {
			continue
		}
		g.number(m.before, m.after)
		gaps, work = append(gaps, g), work+g.cost()
	}
	var al aligner
	for _, g := range gaps {
		for _, n := range g.match(&al, shareOf(g.cost(), work)) {
			m.add(n)
		}
	}
}

// A gap holds blocks that have no match between two that have.
type gap struct {
	before, after []int // blocks
	a, b          tokenised
	count         int
}

// tokenised are the visible tokens of several blocks, one after the other.
type tokenised struct {
	numbers []int32
	block   []int32 // which of the blocks each token stands in
	size    []int   // tokens of each block
}

func (t *tokenised) add(numbers []int32) {
	for range numbers {
		t.block = append(t.block, int32(len(t.size)))
	}
	t.numbers = append(t.numbers, numbers...)
	t.size = append(t.size, len(numbers))
}

func (g *gap) number(before, after []string) {
	ids := make(numbering)
	cut := visible
	if size(before, g.before)+size(after, g.after) > longGap {
		cut = func(block string, ids numbering) []int32 { return ids.all(coarse(block)) }
	}
	for _, i := range g.before {
		g.a.add(cut(before[i], ids))
	}
	for _, j := range g.after {
		g.b.add(cut(after[j], ids))
	}
	g.count = len(ids)
}

// longGap is how many bytes blocks have together that are not compared by their
// words, which take many times as much memory, but piece by piece.
const longGap = 4 << 20

// size returns how many bytes some of the blocks have.
func size(blocks []string, which []int) (n int) {
	for _, i := range which {
		n += len(blocks[i])
	}
	return n
}

func (g *gap) cost() int { return cost(len(g.a.numbers), len(g.b.numbers)) }

// A link says that two blocks of a gap have tokens in common.
type link struct {
	i, j           int // as counted in the gap
	tokens         int
	a0, a1, b0, b1 int // first and last of these tokens
}

// match returns the groups of blocks that have most of their tokens in common.
func (g *gap) match(al *aligner, work int) []match {
	var out []match
	var last link
	for _, l := range g.links(al, work) {
		if !g.strong(l) {
			continue
		}
		if n := len(out) - 1; n >= 0 && (l.i == last.i || l.j == last.j) {
			// Split or joined blocks are one group, if nothing that has
			// moved stands between them.
			before, after := Range{out[n].before.From, g.before[l.i] + 1}, Range{out[n].after.From, g.after[l.j] + 1}
			if unbroken(g.before, before) && unbroken(g.after, after) {
				out[n].before, out[n].after = before, after
				last = l
			}
			continue
		}
		out = append(out, match{single(g.before[l.i]), single(g.after[l.j]), false})
		last = l
	}
	return out
}

// unbroken reports whether all blocks of a range are among the sorted blocks.
func unbroken(blocks []int, r Range) bool {
	from, _ := slices.BinarySearch(blocks, r.From)
	return from+r.Len() <= len(blocks) && blocks[from+r.Len()-1] == r.To-1
}

// strong reports whether a link makes two blocks one row: half of all their
// tokens are common, or nearly all of one of them and these stand together in
// the other.
func (g *gap) strong(l link) bool {
	a, b := g.a.size[l.i], g.b.size[l.j]
	if 4*l.tokens >= a+b {
		return true
	}
	return l.tokens >= 3 && 5*l.tokens >= 4*min(a, b) && 5*l.tokens >= 4*(l.a1-l.a0+1) && 5*l.tokens >= 4*(l.b1-l.b0+1)
}

// links aligns the tokens of the gap and counts the matches for each pair of
// blocks. Links come in the order of both sides.
func (g *gap) links(al *aligner, work int) []link {
	var out []link
	for _, r := range al.align(g.a.numbers, g.b.numbers, g.count, work) {
		for k := 0; r.equal && k < r.a1-r.a0; k++ {
			a, b := r.a0+k, r.b0+k
			i, j := int(g.a.block[a]), int(g.b.block[b])
			if n := len(out) - 1; n < 0 || out[n].i != i || out[n].j != j {
				out = append(out, link{i: i, j: j, a0: a, b0: b})
			}
			l := &out[len(out)-1]
			l.tokens, l.a1, l.b1 = l.tokens+1, a, b
		}
	}
	return out
}

const (
	// minMoved is the number of tokens below which an edited block is not
	// looked for elsewhere: short texts resemble each other by chance.
	minMoved = 8
	// maxHolders is the number of blocks from which on a shingle tells none
	// of them from the others.
	maxHolders = 8
	// maxCandidates bounds the blocks that one block is compared with.
	maxCandidates = 3
)

// movedAndEdited matches blocks that are left over with ones left over
// elsewhere that share half of their tokens, the most similar first.
func (m *matching) movedAndEdited() {
	if size(m.before, m.free(0, Range{0, len(m.before)}))+size(m.after, m.free(1, Range{0, len(m.after)})) > longGap {
		return
	}
	ids := make(numbering)
	before := m.leftOver(0, m.before, ids)
	after := m.leftOver(1, m.after, ids)
	type shingled [3]int32
	holders := make(map[shingled][]int)
	for n, l := range before {
		for k := range len(l.tokens) - 2 {
			key := shingled(l.tokens[k : k+3])
			if h := holders[key]; len(h) == 0 || h[len(h)-1] != n {
				holders[key] = append(h, n)
			}
		}
	}
	var found []resemblance
	for _, r := range after {
		shared := make(map[int]int)
		for k := range len(r.tokens) - 2 {
			if h := holders[shingled(r.tokens[k:k+3])]; len(h) <= maxHolders {
				for _, n := range h {
					shared[n]++
				}
			}
		}
		for _, n := range mostShared(shared) {
			found = append(found, resemblance{before: before[n], after: r})
		}
	}
	work := 0
	for _, f := range found {
		work += cost(len(f.before.tokens), len(f.after.tokens))
	}
	var al aligner
	for n := range found {
		found[n].measure(&al, len(ids), work)
	}
	slices.SortStableFunc(found, func(x, y resemblance) int { return cmp.Compare(y.similarity, x.similarity) })
	for _, f := range found {
		i, j := f.before.block, f.after.block
		if f.similarity >= 0.5 && m.of[0][i] == unmatched && m.of[1][j] == unmatched {
			m.add(match{single(i), single(j), true})
		}
	}
}

// A leftOver block has no match yet.
type leftOver struct {
	block  int
	tokens []int32
}

func (m *matching) leftOver(side int, blocks []string, ids numbering) []leftOver {
	var out []leftOver
	for _, i := range m.free(side, Range{0, len(blocks)}) {
		if tokens := visible(blocks[i], ids); len(tokens) >= minMoved {
			out = append(out, leftOver{i, tokens})
		}
	}
	return out
}

// mostShared returns the keys with the greatest counts, a few only.
func mostShared(counts map[int]int) []int {
	var keys []int
	for n := range counts {
		keys = append(keys, n)
	}
	slices.SortFunc(keys, func(x, y int) int { return cmp.Or(counts[y]-counts[x], x-y) })
	return keys[:min(len(keys), maxCandidates)]
}

// A resemblance is a pair of blocks that may be one.
type resemblance struct {
	before, after leftOver
	similarity    float64
}

func (r *resemblance) measure(al *aligner, count, work int) {
	a, b := r.before.tokens, r.after.tokens
	kept := 0
	for _, run := range al.align(a, b, count, shareOf(cost(len(a), len(b)), work)) {
		if run.equal {
			kept += run.a1 - run.a0
		}
	}
	r.similarity = 2 * float64(kept) / float64(len(a)+len(b))
}
