package textdiff

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// longest is the length of a longest common subsequence, by the book.
func longest(a, b []int32) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		corner := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = corner + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			corner = above
		}
	}
	return row[len(b)]
}

// checkPairs tells whether pairs are a common subsequence.
func checkPairs(pairs []pair, a, b []int32) error {
	for n, p := range pairs {
		if a[p.a] != b[p.b] {
			return fmt.Errorf("pair %d: items %d and %d", n, a[p.a], b[p.b])
		}
		if n > 0 && (p.a <= pairs[n-1].a || p.b <= pairs[n-1].b) {
			return fmt.Errorf("pair %v follows %v", p, pairs[n-1])
		}
	}
	return nil
}

// sequences draws two sequences of up to 400 items, of which few or many are
// distinct; the second is often made from the first.
func sequences(t *rapid.T) (a, b []int32, count int32) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	count = 1 + r.Int32N(1<<r.IntN(9))
	items := func() []int32 {
		out := make([]int32, r.IntN(400))
		for i := range out {
			out[i] = r.Int32N(count)
		}
		return out
	}
	a, b = items(), items()
	if r.IntN(2) == 0 {
		b = append([]int32(nil), a...)
		for n := r.IntN(20); n > 0 && len(b) > 0; n-- {
			b[r.IntN(len(b))] = r.Int32N(count)
		}
	}
	return a, b, count
}

func TestSubsequenceIsLongest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, count := sequences(t)
		pairs := new(sweep).inStages(a, b, int(count), rapid.SampledFrom([]int{1, 10, 100, minLog}).Draw(t, "limit"))
		if err := checkPairs(pairs, a, b); err != nil {
			t.Fatal(err)
		}
		if got, want := len(pairs), longest(a, b); got != want {
			t.Fatalf("length %d, want %d", got, want)
		}
	})
}

// TestAlignBounded checks that too little work gives a common subsequence all
// the same, and one that is not much shorter.
func TestAlignBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, count := sequences(t)
		var al aligner
		for _, work := range []int{-1, 0, 1, 7, 100, 1000} {
			al.align(a, b, int(count), work)
			if err := checkPairs(al.pairs, a, b); err != nil {
				t.Fatalf("work %d: %v", work, err)
			}
		}
		al.align(a, b, int(count), cost(len(a), len(b)))
		if got, want := len(al.pairs), longest(a, b); got != want {
			t.Fatalf("length %d, want %d", got, want)
		}
	})
}
