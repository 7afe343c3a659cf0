package textdiff

// shingle is how many tokens in a row are looked at where order is not.
const shingle = 5

// Similarity says how much two texts have in common, from 0, nothing, to 1,
// where they differ in white space at most. It is the greater of two figures:
// the share of tokens that a word diff keeps, 2·kept/(before+after), white
// space not counted; and the same share of the runs of five tokens that both
// texts have, in whatever order, which is what tells moved text from new text.
//
// It is one figure for all sizes: nothing in it is left out, sampled or judged
// by another rule because a text is short, long or very different.
func Similarity(before, after string) float64 {
	if before == after {
		return 1
	}
	return Compare(before, after).Similarity()
}

// Similarity is [Similarity] of the two texts, counted on the segments.
func (d Diff) Similarity() float64 {
	var before, after []int32
	ids := make(numbering)
	kept := 0
	for _, s := range d.Segments {
		numbers := visible(s.Text, ids)
		if s.Op != Insert {
			before = append(before, numbers...)
		}
		if s.Op != Delete {
			after = append(after, numbers...)
		}
		if s.Op == Equal {
			kept += len(numbers)
		}
	}
	total := len(before) + len(after)
	if 2*kept == total {
		return 1
	}
	return max(2*float64(kept)/float64(total), shared(before, after))
}

// visible numbers the tokens of a text that are not white space.
func visible(text string, ids numbering) []int32 {
	c := tokens(text)
	numbers := make([]int32, 0, c.len())
	for i := range c.len() {
		if t := c.piece(i); !isSpace(t) {
			numbers = append(numbers, ids.of(t))
		}
	}
	return numbers
}

// shared returns the share of shingles that two sequences have in common.
func shared(a, b []int32) float64 {
	if len(a) < shingle || len(b) < shingle {
		return 0
	}
	type key [shingle]int32
	in := make(map[key]int, len(a))
	for i := range len(a) - shingle + 1 {
		in[key(a[i:i+shingle])]++
	}
	common := 0
	for j := range len(b) - shingle + 1 {
		if k := key(b[j : j+shingle]); in[k] > 0 {
			in[k]--
			common++
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b)-2*(shingle-1))
}
