package archive

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// offered is how many near names an error lists.
const offered = 3

// nearest finds the names that share most three-letter pieces with a spec, and
// of those that share as many the first by name.
type nearest struct {
	pieces map[uint32]int // in which name a piece was last seen, from 1
	likely [1 << 16]bool  // by the hash of a piece: spares most of them the map
	seen   int
	best   []scored // best first
}

type scored struct {
	name  string
	score int
}

func newNearest(spec string) *nearest {
	n := &nearest{pieces: map[uint32]int{}}
	for piece := range trigrams(spec) {
		n.pieces[piece] = 0
		n.likely[hash16(piece)] = true
	}
	return n
}

// hash16 is a multiplicative hash (Knuth, TAOCP 6.4).
func hash16(piece uint32) uint16 { return uint16(piece * 2654435769 >> 16) }

func (n *nearest) clear() {
	n.seen, n.best = 0, nil
	for piece := range n.pieces {
		n.pieces[piece] = 0
	}
}

func (n *nearest) add(name string) {
	n.seen++
	score := 0
	for piece := range trigrams(name) {
		if !n.likely[hash16(piece)] {
			continue
		}
		if last, wanted := n.pieces[piece]; wanted && last != n.seen {
			n.pieces[piece] = n.seen
			score++
		}
	}
	if score == 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(n.best, scored{name, score}, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.name, b.name))
	})
	if i < offered {
		n.best = slices.Insert(n.best, i, scored{strings.Clone(name), score})
		n.best = n.best[:min(len(n.best), offered)]
	}
}

func (n *nearest) names() []string {
	var names []string
	for _, s := range n.best {
		names = append(names, s.name)
	}
	return names
}

// trigrams yields the three-letter pieces of a name in lower case, without what
// most names begin with. Names are ASCII; of a spec that is not, the bytes count.
func trigrams(s string) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, prefix := range []string{"https://", "http://", "www.", givenPrefix} {
			s = strings.TrimPrefix(s, prefix)
		}
		piece := uint32(0)
		for i := range len(s) {
			c := s[i]
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			if piece = (piece<<8 | uint32(c)) & 0xffffff; i >= 2 && !yield(piece) {
				return
			}
		}
	}
}
