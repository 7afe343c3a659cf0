package textdiff

import "strings"

// tidy makes a minimal word diff readable. It drops matches that only white
// space or a stray word makes between larger changes, and moves pure
// insertions and deletions to the nearest line or word start.
func tidy(runs []run, a, b []string) []run {
	var out []run
	for i, r := range runs {
		last := len(out) - 1
		switch {
		case last >= 0 && !out[last].equal && !r.equal:
			out[last].a1, out[last].b1 = r.a1, r.b1
		case last >= 0 && i+1 < len(runs) && r.equal && incidental(out[last], r, runs[i+1], a, b):
			out[last].a1, out[last].b1 = r.a1, r.b1
		default:
			out = append(out, r)
		}
	}
	for i := 1; i+1 < len(out); i++ {
		if !out[i].equal {
			slide(&out[i-1], &out[i], &out[i+1], a, b)
		}
	}
	n := 0
	for _, r := range out {
		if r.a0 < r.a1 || r.b0 < r.b1 {
			out[n] = r
			n++
		}
	}
	return out[:n]
}

// incidental reports whether the match between two changes is white space, or
// at most two words and three times smaller than the changes on both sides. A
// match that holds a line end is kept: it pairs lines.
func incidental(left, match, right run, a, b []string) bool {
	if match.a1-match.a0 > 5 {
		return false // two words and the white space around them at most
	}
	for _, t := range a[match.a0:match.a1] {
		if t == "\n" || t == "\r\n" {
			return false
		}
	}
	n := 3 * visible(a[match.a0:match.a1])
	size := func(r run) int { return max(visible(a[r.a0:r.a1]), visible(b[r.b0:r.b1])) }
	return n == 0 || n <= 6 && n <= size(left) && n <= size(right)
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
	case at == 0 || items[at-1] == "\n" || items[at-1] == "\r\n":
		return 3
	case isSpace(items[at-1]):
		return 2
	case at < len(items) && isSpace(items[at]):
		return 1
	}
	return 0
}
