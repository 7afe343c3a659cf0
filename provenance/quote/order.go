package quote

import "sort"

// shingle is how many words the index tells apart.
const shingle = 4

// seal sorts the positions of all words by the words that stand there, so that
// a sequence of up to four words is one range of the order: four passes over
// the words, each a stable sort by counting, from the last word to the first.
func (l *Library) seal() {
	if len(l.order) == len(l.words) {
		return
	}
	n := len(l.words)
	l.order = make([]uint32, n)
	for i := range l.order {
		l.order[i] = uint32(i)
	}
	next := make([]uint32, n)
	counts := make([]uint32, len(l.ids)+2)
	for k := shingle - 1; k >= 0; k-- {
		clear(counts)
		for _, p := range l.order {
			counts[l.at(p, k)+1]++
		}
		for i := 1; i < len(counts); i++ {
			counts[i] += counts[i-1]
		}
		for _, p := range l.order {
			id := l.at(p, k)
			next[counts[id]] = p
			counts[id]++
		}
		l.order, next = next, l.order
	}
}

// at returns the word k places behind a position, 0 behind the end of its
// source.
func (l *Library) at(position uint32, k int) uint32 {
	for i := range k {
		if l.words[int(position)+i] == 0 {
			return 0
		}
	}
	if i := int(position) + k; i < len(l.words) {
		return l.words[i]
	}
	return 0
}

// find returns the positions of a sequence of one to four words.
func (l *Library) find(words []uint32) []uint32 {
	for _, w := range words {
		if w == unknown {
			return nil
		}
	}
	compare := func(position uint32) int {
		for k, w := range words {
			if at := l.at(position, k); at != w {
				if at < w {
					return -1
				}
				return 1
			}
		}
		return 0
	}
	from := sort.Search(len(l.order), func(i int) bool { return compare(l.order[i]) >= 0 })
	to := from + sort.Search(len(l.order)-from, func(i int) bool { return compare(l.order[from+i]) > 0 })
	return l.order[from:to]
}
