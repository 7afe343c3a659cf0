package textdiff

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// tidy makes a minimal word diff readable at no cost: it drops matches of white
// space alone between two changes, and moves pure insertions and deletions to
// the nearest line or word start.
func tidy(runs []run, a, b cuts) []run {
	runs = dropMatches(runs, func(_, match, _ run) bool {
		text := a.join(match.a0, match.a1)
		return isSpace(text) && !strings.Contains(text, "\n")
	})
	for i := 1; i+1 < len(runs); i++ {
		if !runs[i].equal {
			slide(runs, i, a, b)
		}
	}
	return slices.DeleteFunc(runs, func(r run) bool { return r.a0 == r.a1 && r.b0 == r.b1 })
}

// dropMatches makes one change of two where drop says so of the match between.
// It writes over runs.
func dropMatches(runs []run, drop func(left, match, right run) bool) []run {
	out := runs[:0] // never longer than what was read
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

func isSpace(token string) bool {
	for i := range len(token) {
		switch b := token[i]; {
		case b >= utf8.RuneSelf:
			return strings.TrimSpace(token[i:]) == ""
		case b > ' ' || b != ' ' && (b < '\t' || b > '\r'):
			return false
		}
	}
	return true
}

func isLineEnd(token string) bool { return token == "\n" || token == "\r\n" }

// isGap reports whether a token is white space within a line.
func isGap(token string) bool { return isSpace(token) && !isLineEnd(token) }

// slide moves a pure insertion or deletion along equal text to where it starts
// best. "a b c" to "a b b c" can insert either b; "A.\nB.\n" to "A.\nX.\nB.\n"
// should insert a line, not the end of one and the start of another. Best of
// all is to meet the change before or after it: then there is one change less.
func slide(runs []run, i int, a, b cuts) {
	left, change, right := &runs[i-1], &runs[i], &runs[i+1]
	items, lo, hi := a, change.a0, change.a1
	switch {
	case change.a0 == change.a1:
		items, lo, hi = b, change.b0, change.b1
	case change.b0 != change.b1:
		return
	}
	back, forth := 0, 0
	for back < left.a1-left.a0 && items.piece(lo-1-back) == items.piece(hi-1-back) {
		back++
	}
	for forth < right.a1-right.a0 && items.piece(lo+forth) == items.piece(hi+forth) {
		forth++
	}
	best, bestScore := 0, -1
	for by := forth; by >= -back; by-- {
		score := startScore(items, lo+by)
		if by < 0 && -by == left.a1-left.a0 && i > 1 || by > 0 && by == right.a1-right.a0 && i+2 < len(runs) {
			score = 4
		}
		if score > bestScore {
			best, bestScore = by, score
		}
	}
	for _, p := range []*int{&left.a1, &left.b1, &change.a0, &change.a1, &change.b0, &change.b1, &right.a0, &right.b0} {
		*p += best
	}
}

// startScore says how good a place is for a change to start: a line, a word
// after white space, the white space before a word, elsewhere.
func startScore(items cuts, at int) int {
	switch {
	case at == 0 || isLineEnd(items.piece(at-1)):
		return 3
	case isSpace(items.piece(at - 1)):
		return 2
	case at < items.len() && isSpace(items.piece(at)):
		return 1
	}
	return 0
}
