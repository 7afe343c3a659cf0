package quote

import (
	"cmp"
	"slices"
)

const (
	// maxErrors is the share of words that may differ, as one in so many.
	maxErrors = 5
	// minAligned is the fewest words that are looked for with differences.
	minAligned = 5
	// maxAligned is the most words that are aligned as a whole.
	maxAligned = 1500
	// maxWindows is how many places are aligned.
	maxWindows = 32
	// gapWords is the room of an ellipsis in words, at the most.
	gapWords = maxGap / 2
)

// A window is a range of words of one source that may have what is wanted.
type window struct {
	source   int
	from, to uint32
	votes    int
}

// aligned returns the passages that the fewest words differ in, within the
// bar, best first; all of them have that many.
func (s *search) aligned() []match {
	if s.count < minAligned || s.count > maxAligned {
		return nil
	}
	var out []match
	allowed := s.count / maxErrors
	for _, w := range s.windows(allowed) {
		if s.work <= 0 {
			break
		}
		m, ok := s.align(w, allowed)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(out, func(o match) bool { return o.source == m.source && overlap(o, m) }) {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b match) int { return cmp.Compare(a.errors, b.errors) })
	return out
}

func overlap(a, b match) bool {
	af, at := a.extent()
	bf, bt := b.extent()
	return af < bt && bf < at
}

// extent returns the range from the first word to the last.
func (m match) extent() (from, to uint32) {
	from = ^uint32(0)
	for _, p := range m.parts {
		if p.from < p.to {
			from, to = min(from, p.from), max(to, p.to)
		}
	}
	return from, to
}

// windows returns where to align. A passage with so many differences has at
// least one piece of the wanted words unchanged if these are cut into one piece
// more; so the pieces are looked up, and each hit is a vote for a window.
func (s *search) windows(allowed int) []window {
	length := max(2, s.count/(allowed+1))
	type seed struct {
		at   int // token
		hits []uint32
	}
	var seeds []seed
	for _, r := range s.runs {
		pieces := max(1, (r.to-r.from)/length)
		for n := range pieces {
			i, end := r.from+n*(r.to-r.from)/pieces, r.from+(n+1)*(r.to-r.from)/pieces
			best := seed{at: -1}
			for j := i; j == i || j+shingle <= end; j++ {
				hits := s.find(s.numbers(j, min(j+shingle, end)))
				if best.at < 0 || len(hits) < len(best.hits) {
					best = seed{j, hits}
				}
			}
			if len(best.hits) > 0 {
				seeds = append(seeds, best)
			}
		}
	}
	slices.SortStableFunc(seeds, func(a, b seed) int { return cmp.Compare(len(a.hits), len(b.hits)) })
	reach := newReach(s.tokens, allowed)
	byStart := map[uint32]int{}
	var out []window
	grid := uint32(s.count/2 + 4)
	const maxHits = 4096
	total := 0
	for _, sd := range seeds {
		if total += len(sd.hits); total > maxHits && len(out) > 0 || len(sd.hits) > maxHits {
			break
		}
		for _, p := range sd.hits {
			s.work--
			w := window{source: s.sourceAt(p)}
			src := &s.sources[w.source]
			w.from = uint32(max(int(src.first), int(p)-reach.before[sd.at]))
			w.to = uint32(min(int(src.end), int(p)+reach.after[sd.at]))
			// Hits of one passage begin at about the same word.
			key := uint32(max(0, int(p)-sd.at)) / grid
			if i, ok := byStart[key]; ok && out[i].source == w.source {
				out[i].from, out[i].to = min(out[i].from, w.from), max(out[i].to, w.to)
				out[i].votes++
				continue
			}
			byStart[key] = len(out)
			w.votes = 1
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b window) int {
		return cmp.Or(cmp.Compare(b.votes, a.votes), cmp.Compare(s.tier(a.source), s.tier(b.source)))
	})
	return out[:min(len(out), maxWindows)]
}

// reach says how many words of a source may stand before and behind each token.
type reach struct {
	before, after []int
}

func newReach(tokens []token, allowed int) reach {
	room := func(t token) int {
		switch t.kind {
		case wildToken:
			return maxWild
		case gapToken:
			return gapWords
		}
		return 1
	}
	r := reach{make([]int, len(tokens)), make([]int, len(tokens))}
	n := allowed + 1
	for i, t := range tokens {
		r.before[i] = n
		n += room(t)
	}
	n = allowed + 1
	for i := len(tokens) - 1; i >= 0; i-- {
		n += room(tokens[i])
		r.after[i] = n
	}
	return r
}

// Steps of an alignment. A value of skip or more is a token that stands for
// step-skip words of the source.
const (
	stepPair    = iota // a word of each side
	stepMissing        // the source has no word for this one
	stepAdded          // a word of the source that is not wanted
	skip
)

// errorCost is the cost of a word that differs. Smaller costs decide between
// alignments with as many of these: a word in the room of an ellipsis has one,
// so that the nearest passage is taken; and a word more in the source less than
// one that is missing or replaced, so that more words stand on both sides.
const (
	errorCost    = 1 << 14
	addedCost    = errorCost + 1
	replacedCost = errorCost + 2
	missingCost  = errorCost + 2
)

// align finds the passage of a window that differs least: a semi-global
// alignment (the ends of the window are free) of wanted tokens and words.
func (s *search) align(w window, allowed int) (match, bool) {
	words := s.words[w.from:w.to]
	n := len(words)
	if s.work -= (n + 1) * len(s.tokens) / 4; n == 0 || s.work <= 0 {
		return match{}, false
	}
	before, row := make([]int32, n+1), make([]int32, n+1)
	steps := make([]uint16, len(s.tokens)*(n+1))
	for i, t := range s.tokens {
		step := steps[i*(n+1) : (i+1)*(n+1)]
		if t.kind == wordToken {
			alignWord(t.id, words, before, row, step)
		} else {
			s.alignRoom(t.kind, w, before, row, step)
		}
		before, row = row, before
	}
	end, cost := 0, before[0]
	for j, c := range before {
		if c < cost {
			end, cost = j, c
		}
	}
	errors := int(cost / errorCost)
	if errors > allowed {
		return match{}, false
	}
	m := match{source: w.source, errors: errors, parts: make([]part, len(s.runs))}
	s.trace(&m, steps, n, end, w.from)
	return m, true
}

// alignWord fills the row of a word.
func alignWord(id uint32, words []uint32, before, row []int32, step []uint16) {
	row[0], step[0] = before[0]+missingCost, stepMissing
	for j, word := range words {
		pair := before[j]
		if word != id {
			pair += replacedCost
		}
		missing, added := before[j+1]+missingCost, row[j]+addedCost
		switch {
		case pair <= missing && pair <= added:
			row[j+1], step[j+1] = pair, stepPair
		case missing <= added:
			row[j+1], step[j+1] = missing, stepMissing
		default:
			row[j+1], step[j+1] = added, stepAdded
		}
	}
}

// alignRoom fills the row of a token that stands for some words: the least of
// the row before over as many columns as it has room for.
func (s *search) alignRoom(kind tokenKind, w window, before, row []int32, step []uint16) {
	var queue []int // columns that may be the least, cheapest first
	src := &s.sources[w.source]
	value := func(k int) int32 { return before[k] - int32(k) }
	for j := range row {
		for len(queue) > 0 && value(queue[len(queue)-1]) > value(j) {
			queue = queue[:len(queue)-1]
		}
		queue = append(queue, j)
		for queue[0] < j && !s.fits(kind, src, w.from+uint32(queue[0]), w.from+uint32(j)) {
			queue = queue[1:]
		}
		k := queue[0]
		row[j] = value(k) + int32(j)
		step[j] = skip + uint16(j-k)
	}
}

// fits is within for positions that are not at the begin of a source.
func (s *search) fits(kind tokenKind, src *source, from, to uint32) bool {
	switch {
	case kind == wildToken:
		return to-from <= maxWild
	case to-from > gapWords:
		return false
	case from == src.first:
		return from == to
	}
	return s.between(src, from, to) <= maxGap
}

// trace reads the words of each run off an alignment.
func (s *search) trace(m *match, steps []uint16, n, end int, base uint32) {
	j := end
	for k, i := len(s.runs)-1, len(s.tokens)-1; i >= 0; {
		if k > 0 && i < s.runs[k].from {
			k--
		}
		switch step := steps[i*(n+1)+j]; step {
		case stepPair:
			j--
			m.parts[k].add(base + uint32(j))
			i--
		case stepMissing:
			i--
		case stepAdded:
			j--
			m.parts[k].add(base + uint32(j))
		default:
			m.left += int(step - skip)
			j -= int(step - skip)
			i--
		}
	}
}

// add adds a word before the others.
func (p *part) add(position uint32) {
	if p.from == p.to {
		p.to = position + 1
	}
	p.from = position
}
