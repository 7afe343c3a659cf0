package textdiff

import (
	"slices"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// A run pairs a[a0:a1] with b[b0:b1]: the same items when equal, else the
// former replaced by the latter (either may be empty). Runs cover both
// sequences in order; no two neighbours are both unequal.
type run struct {
	equal          bool
	a0, a1, b0, b1 int
}

// maxWork bounds the work of one comparison. Myers' algorithm takes at most
// about as many steps as the product of the lengths of the two sequences;
// this many take some seconds.
const maxWork = 1 << 30

// An aligner finds common subsequences until its work is used up. What is left
// then is reported as replaced: a bound on steps, unlike one on time, gives the
// same result on each machine.
type aligner struct {
	left int
}

// align finds a longest common subsequence and returns the runs between and
// along it. Sequences that are too long for that are split, if anchored is
// true, at items that occur once on each side.
func (w *aligner) align(a, b []string, anchored bool) []run {
	prefix := commonPrefix(a, b)
	suffix := commonSuffix(a[prefix:], b[prefix:])
	pa, pb := number(a[prefix:len(a)-suffix], b[prefix:len(b)-suffix])
	pairs := make([]pair, 0, prefix+suffix+min(len(pa), len(pb)))
	for i := range prefix {
		pairs = append(pairs, pair{i, i})
	}
	pairs = w.match(pairs, pa, pb, prefix, prefix, anchored)
	for i := suffix; i > 0; i-- {
		pairs = append(pairs, pair{len(a) - i, len(b) - i})
	}
	return runsOf(pairs, len(a), len(b))
}

// A pair says that two positions hold the same item.
type pair struct{ a, b int }

// match appends the pairs of a longest common subsequence of a and b, whose
// first items stand at positions a0 and b0.
func (w *aligner) match(pairs []pair, a, b []rune, a0, b0 int, anchored bool) []pair {
	// An item that the other side does not have can never match. Leaving
	// these out keeps the result the same and the two sequences short.
	ka, ia := shared(a, b)
	kb, ib := shared(b, a)
	if len(ka) == 0 || len(kb) == 0 {
		return pairs
	}
	if len(ka) > w.left/len(kb) {
		if !anchored {
			return pairs
		}
		return w.matchAnchored(pairs, a, b, a0, b0)
	}
	w.left -= len(ka) * len(kb)
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // a time limit would make the result depend on the clock
	i, j := 0, 0
	for _, d := range dmp.DiffMainRunes(ka, kb, false) {
		n := utf8.RuneCountInString(d.Text)
		switch d.Type {
		case diffmatchpatch.DiffDelete:
			i += n
		case diffmatchpatch.DiffInsert:
			j += n
		case diffmatchpatch.DiffEqual:
			for range n {
				pairs = append(pairs, pair{a0 + ia[i], b0 + ib[j]})
				i, j = i+1, j+1
			}
		}
	}
	return pairs
}

// matchAnchored splits long sequences at the items that occur once in each
// (patience diff), then matches what lies between.
func (w *aligner) matchAnchored(pairs []pair, a, b []rune, a0, b0 int) []pair {
	i, j := 0, 0
	for _, p := range append(anchors(a, b), pair{len(a), len(b)}) {
		pairs = w.match(pairs, a[i:p.a], b[j:p.b], a0+i, b0+j, false)
		if p.a < len(a) {
			pairs = append(pairs, pair{a0 + p.a, b0 + p.b})
		}
		i, j = p.a+1, p.b+1
	}
	return pairs
}

// anchors returns a longest increasing sequence of pairs of items that occur
// once in a and once in b.
func anchors(a, b []rune) []pair {
	type seen struct{ na, nb, b int }
	items := make(map[rune]*seen)
	at := func(r rune) *seen {
		if items[r] == nil {
			items[r] = new(seen)
		}
		return items[r]
	}
	for _, r := range a {
		at(r).na++
	}
	for j, r := range b {
		s := at(r)
		s.nb++
		s.b = j
	}
	// Patience sorting: tails[k] ends the best sequence of length k+1.
	var all []pair
	var tails, before []int
	for i, r := range a {
		s := items[r]
		if s.na != 1 || s.nb != 1 {
			continue
		}
		k, _ := slices.BinarySearchFunc(tails, s.b, func(t, b int) int { return all[t].b - b })
		previous := -1
		if k > 0 {
			previous = tails[k-1]
		}
		all, before = append(all, pair{i, s.b}), append(before, previous)
		tails = append(tails[:k], append([]int{len(all) - 1}, tails[min(k+1, len(tails)):]...)...)
	}
	var out []pair
	if len(tails) > 0 {
		for k := tails[len(tails)-1]; k >= 0; k = before[k] {
			out = append(out, all[k])
		}
	}
	slices.Reverse(out)
	return out
}

// number gives each distinct item a rune of its own. Surrogates are left out:
// the diff library passes its runes through strings, where they do not survive.
func number(a, b []string) (na, nb []rune) {
	ids := make(map[string]rune)
	next := rune(1)
	of := func(items []string) []rune {
		out := make([]rune, len(items))
		for i, s := range items {
			id, ok := ids[s]
			if !ok {
				id = next
				if next++; next == 0xD800 {
					next = 0xE000
				}
				ids[s] = id
			}
			out[i] = id
		}
		return out
	}
	return of(a), of(b)
}

// shared returns the items of a that b has too, and their positions in a.
func shared(a, b []rune) (items []rune, at []int) {
	in := make(map[rune]struct{}, len(b))
	for _, r := range b {
		in[r] = struct{}{}
	}
	for i, r := range a {
		if _, ok := in[r]; ok {
			items, at = append(items, r), append(at, i)
		}
	}
	return items, at
}

// runsOf turns matched positions into runs that cover both sequences.
func runsOf(pairs []pair, lenA, lenB int) []run {
	var out []run
	i, j := 0, 0
	for _, p := range pairs {
		if p.a > i || p.b > j {
			out = append(out, run{false, i, p.a, j, p.b})
		}
		if n := len(out); n > 0 && out[n-1].equal && out[n-1].a1 == p.a && out[n-1].b1 == p.b {
			out[n-1].a1++
			out[n-1].b1++
		} else {
			out = append(out, run{true, p.a, p.a + 1, p.b, p.b + 1})
		}
		i, j = p.a+1, p.b+1
	}
	if i < lenA || j < lenB {
		out = append(out, run{false, i, lenA, j, lenB})
	}
	return out
}

func commonPrefix(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
