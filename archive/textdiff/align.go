package textdiff

import "slices"

// A run pairs a[a0:a1] with b[b0:b1]: the same items when equal, else the
// former replaced by the latter (either may be empty). Runs cover both
// sequences in order; no two neighbours are both unequal.
type run struct {
	equal          bool
	a0, a1, b0, b1 int
}

// maxWork bounds the work of one comparison, in words of 64 positions looked
// at. Two texts of 130,000 tokens each stay below it; so much takes a second or two.
const maxWork = 1 << 28

// An aligner matches sequences of items.
type aligner struct {
	pairs   []pair  // of the sequences at hand, from left to right
	numbers []int32 // scratch for each item, 0 between uses
	known   [2]known
	sweep   sweep
}

// known are the items of a sequence that the other one has too, numbered anew,
// and their positions.
type known struct{ numbers, at []int32 }

// room empties a known and makes room for n items.
func (k *known) room(n int) {
	k.numbers, k.at = slices.Grow(k.numbers[:0], n), slices.Grow(k.at[:0], n)
}

func (k *known) add(number int32, at int) {
	k.numbers, k.at = append(k.numbers, number), append(k.at, int32(at))
}

// align returns the runs between and along the matches of two sequences of
// items numbered below count. The matches are a longest common subsequence if
// finding it takes no more than the work allowed.
func (al *aligner) align(a, b []int32, count, work int) []run {
	al.pairs = al.pairs[:0]
	if n := count - len(al.numbers); n > 0 {
		al.numbers = append(al.numbers, make([]int32, n)...)
	}
	al.match(a, b, 0, 0, work)
	return runsOf(al.pairs, len(a), len(b))
}

// match appends the matches of a and b, whose first items stand at positions
// a0 and b0. What is too much work is cut in two until it is not. The share of
// work follows the size of the parts, so that the result gets worse by degrees
// as texts grow, and there is no size from which on nothing is matched.
func (al *aligner) match(a, b []int32, a0, b0, work int) {
	prefix := commonPrefix(a, b)
	for i := range prefix {
		al.pairs = append(al.pairs, pair{a0 + i, b0 + i})
	}
	a, b, a0, b0 = a[prefix:], b[prefix:], a0+prefix, b0+prefix
	suffix := commonSuffix(a, b)
	a, b = a[:len(a)-suffix], b[:len(b)-suffix]
	if cost(len(a), len(b)) <= max(work, 1) {
		al.exact(a, b, a0, b0)
	} else {
		i, j := al.middle(a, b)
		left, right := cost(i, j), cost(len(a)-i, len(b)-j)
		share := int(float64(work) * float64(left) / float64(left+right))
		al.match(a[:i], b[:j], a0, b0, share)
		al.match(a[i:], b[j:], a0+i, b0+j, work-share)
	}
	for i := range suffix {
		al.pairs = append(al.pairs, pair{a0 + len(a) + i, b0 + len(b) + i})
	}
}

// cost is the work that a longest common subsequence takes at the worst.
func cost(a, b int) int { return a * ((b + 63) / 64) }

// shareOf returns the work allowed for a part of a comparison that costs so much
// of a total: what it costs, or less in proportion if the total is too much.
func shareOf(part, total int) int {
	if total <= maxWork {
		return part
	}
	return int(float64(maxWork) * (float64(part) / float64(total)))
}

// exact appends a longest common subsequence. An item that only one side has
// cannot match: leaving these out keeps the result and shortens the sequences.
func (al *aligner) exact(a, b []int32, a0, b0 int) {
	for _, id := range b {
		al.numbers[id] = 1
	}
	count := int32(0)
	inA, inB := &al.known[0], &al.known[1]
	inA.room(len(a))
	inB.room(len(b))
	for i, id := range a {
		if al.numbers[id] == 0 {
			continue
		}
		if al.numbers[id] == 1 {
			count++
			al.numbers[id] = count + 1
		}
		inA.add(al.numbers[id]-2, i)
	}
	for j, id := range b {
		if al.numbers[id] > 1 {
			inB.add(al.numbers[id]-2, j)
		}
	}
	for _, id := range b {
		al.numbers[id] = 0
	}
	for _, p := range al.sweep.subsequence(inA.numbers, inB.numbers, int(count)) {
		al.pairs = append(al.pairs, pair{a0 + int(inA.at[p.a]), b0 + int(inB.at[p.b])})
	}
}

// middle returns where to cut two sequences: at an item in the middle half of
// a that occurs once on each side and lies on a longest chain of such items
// (patience diff), or else half-way through both.
func (al *aligner) middle(a, b []int32) (i, j int) {
	best := pair{-len(a), 0}
	for _, p := range al.unique(a, b) {
		if distance(p.a, len(a)/2) < distance(best.a, len(a)/2) {
			best = p
		}
	}
	if distance(best.a, len(a)/2) > len(a)/4 {
		return len(a) / 2, len(b) / 2
	}
	return best.a, best.b
}

func distance(i, j int) int { return max(i-j, j-i) }

// unique returns a longest increasing chain of pairs of items that occur once
// in a and once in b.
func (al *aligner) unique(a, b []int32) []pair {
	const once, often = 1, 2
	seen := make(map[int32][2]uint8)
	at := make(map[int32]int)
	for _, id := range a {
		s := seen[id]
		s[0] = min(s[0]+1, often)
		seen[id] = s
	}
	for j, id := range b {
		s := seen[id]
		s[1] = min(s[1]+1, often)
		seen[id] = s
		at[id] = j
	}
	// Patience sorting: tails[k] ends the best chain of length k+1.
	var all []pair
	var tails, before []int
	for i, id := range a {
		if seen[id] != [2]uint8{once, once} {
			continue
		}
		j := at[id]
		k, _ := slices.BinarySearchFunc(tails, j, func(t, j int) int { return all[t].b - j })
		previous := -1
		if k > 0 {
			previous = tails[k-1]
		}
		all, before = append(all, pair{i, j}), append(before, previous)
		if k == len(tails) {
			tails = append(tails, 0)
		}
		tails[k] = len(all) - 1
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

// runsOf turns matches into runs that cover both sequences.
func runsOf(pairs []pair, lenA, lenB int) []run {
	breaks := 1
	for n, p := range pairs {
		if n == 0 || p.a != pairs[n-1].a+1 || p.b != pairs[n-1].b+1 {
			breaks++
		}
	}
	out := make([]run, 0, 2*breaks)
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

func commonPrefix(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
