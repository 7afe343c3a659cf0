package textdiff

import (
	"slices"
	"strings"
)

// withoutGaps returns the tokens that are matched with each other, and their
// positions: all but the white space within lines, which is half of a text,
// tells nothing, and would be matched wherever two changes have a space.
func withoutGaps(ts []string) (kept []string, at []int) {
	for i, t := range ts {
		if !isGap(t) {
			kept, at = append(kept, t), append(at, i)
		}
	}
	return kept, at
}

// withGaps turns runs over the kept tokens into runs over all of them. White
// space is matched where it stands next to a match, or between two.
func withGaps(runs []run, ia, ib []int, a, b []string) []run {
	var pairs []pair
	i, j := 0, 0
	upTo := func(endA, endB int) {
		if i < endA && j < endB && a[i] == b[j] && isGap(a[i]) {
			pairs = append(pairs, pair{i, j})
			i, j = i+1, j+1
		}
		if i < endA && j < endB && a[endA-1] == b[endB-1] && isGap(a[endA-1]) {
			pairs = append(pairs, pair{endA - 1, endB - 1})
		}
	}
	for _, r := range runs {
		for k := 0; r.equal && k < r.a1-r.a0; k++ {
			p := pair{ia[r.a0+k], ib[r.b0+k]}
			upTo(p.a, p.b)
			pairs = append(pairs, p)
			i, j = p.a+1, p.b+1
		}
	}
	upTo(len(a), len(b))
	return runsOf(pairs, len(a), len(b))
}

// tidy makes a minimal word diff readable. It drops matches that only white
// space or a stray word makes between larger changes, and moves pure
// insertions and deletions to the nearest line or word start.
func tidy(runs []run, a, b []string) []run {
	runs = dropMatches(runs, func(left, match, right run) bool { return incidental(left, match, right, a, b) })
	for i := 1; i+1 < len(runs); i++ {
		if !runs[i].equal {
			slide(&runs[i-1], &runs[i], &runs[i+1], a, b)
		}
	}
	return slices.DeleteFunc(runs, func(r run) bool { return r.a0 == r.a1 && r.b0 == r.b1 })
}

// dropMatches makes one change of two where drop says so of the match between.
func dropMatches(runs []run, drop func(left, match, right run) bool) []run {
	var out []run
	for i, r := range runs {
		last := len(out) - 1
		between := r.equal && last >= 0 && i+1 < len(runs)
		if last >= 0 && !r.equal && !out[last].equal || between && drop(out[last], r, runs[i+1]) {
			out[last].a1, out[last].b1 = r.a1, r.b1
			continue
		}
		out = append(out, r)
	}
	return out
}

// incidental reports whether the match between two changes is at most two
// words, and three times smaller than the changes on both sides. A match that
// holds a line end is kept: it pairs lines.
func incidental(left, match, right run, a, b []string) bool {
	if match.a1-match.a0 > 5 || slices.ContainsFunc(a[match.a0:match.a1], isLineEnd) {
		return false // more than two words with the white space around them
	}
	n := visible(a[match.a0:match.a1])
	size := func(r run) int { return max(visible(a[r.a0:r.a1]), visible(b[r.b0:r.b1])) }
	return n <= 2 && 3*n <= min(size(left), size(right))
}

// visible counts the tokens that are not white space.
func visible(ts []string) int {
	n := 0
	for _, t := range ts {
		if !isSpace(t) {
			n++
		}
	}
	return n
}

func isSpace(token string) bool { return strings.TrimSpace(token) == "" }

func isLineEnd(token string) bool { return token == "\n" || token == "\r\n" }

// isGap reports whether a token is white space within a line.
func isGap(token string) bool { return isSpace(token) && !isLineEnd(token) }

// slide moves a pure insertion or deletion along equal text to where it starts
// best. "a b c" to "a b b c" can insert either b; "A.\nB.\n" to "A.\nX.\nB.\n"
// should insert a line, not the end of one and the start of another.
func slide(left, change, right *run, a, b []string) {
	items, lo, hi := a, &change.a0, &change.a1
	switch {
	case change.a0 == change.a1:
		items, lo, hi = b, &change.b0, &change.b1
	case change.b0 != change.b1:
		return
	}
	back, forth := 0, 0
	for back < left.a1-left.a0 && items[*lo-1-back] == items[*hi-1-back] {
		back++
	}
	for forth < right.a1-right.a0 && items[*lo+forth] == items[*hi+forth] {
		forth++
	}
	best, bestScore := 0, -1
	for by := forth; by >= -back; by-- {
		if s := startScore(items, *lo+by); s > bestScore {
			best, bestScore = by, s
		}
	}
	for _, p := range []*int{&left.a1, &left.b1, &change.a0, &change.a1, &change.b0, &change.b1, &right.a0, &right.b0} {
		*p += best
	}
}

// startScore says how good a place is for a change to start: a line, a word
// after white space, the white space before a word, elsewhere.
func startScore(items []string, at int) int {
	switch {
	case at == 0 || isLineEnd(items[at-1]):
		return 3
	case isSpace(items[at-1]):
		return 2
	case at < len(items) && isSpace(items[at]):
		return 1
	}
	return 0
}
