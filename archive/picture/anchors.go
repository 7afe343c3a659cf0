package picture

import (
	"hash/maphash"
	"image"
	"slices"
)

// anchorsOf returns rows that occur once in each picture, in an order that both
// have, as many as possible.
func anchorsOf(before, after *image.RGBA) []pair {
	seed := maphash.MakeSeed()
	type place struct{ before, after, times, timesAfter int }
	places := make(map[uint64]place, before.Rect.Dy())
	for y := range before.Rect.Dy() {
		sum := maphash.Bytes(seed, rowOf(before, y))
		p := places[sum]
		p.before, p.times = y, p.times+1
		places[sum] = p
	}
	for y := range after.Rect.Dy() {
		sum := maphash.Bytes(seed, rowOf(after, y))
		if p, ok := places[sum]; ok {
			p.after, p.timesAfter = y, p.timesAfter+1
			places[sum] = p
		}
	}
	var unique []pair
	for _, p := range places {
		if p.times == 1 && p.timesAfter == 1 {
			unique = append(unique, pair{p.before, p.after})
		}
	}
	slices.SortFunc(unique, func(a, b pair) int { return a.before - b.before })
	return rising(unique)
}

// rising returns the longest run of pairs whose second rows rise, too.
func rising(all []pair) []pair {
	piles := []int{}               // index of the pair on top of each pile
	below := make([]int, len(all)) // the top of the pile to the left, when it was laid
	for i, p := range all {
		at, _ := slices.BinarySearchFunc(piles, p.after, func(top, after int) int { return all[top].after - after })
		below[i] = -1
		if at > 0 {
			below[i] = piles[at-1]
		}
		if at == len(piles) {
			piles = append(piles, i)
		} else {
			piles[at] = i
		}
	}
	run := make([]pair, len(piles))
	if len(piles) == 0 {
		return run
	}
	for i, at := len(piles)-1, piles[len(piles)-1]; i >= 0; i, at = i-1, below[at] {
		run[i] = all[at]
	}
	return run
}
