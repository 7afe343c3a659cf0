package main

import "testing"

func TestCore(t *testing.T) {
	for _, c := range []struct{ before, after, wantBefore, wantAfter string }{
		{"killed 12 people there", "killed 17 people there", "killed 12 people", "killed 17 people"},
		{"he said. “Twelve of the piles", "he said. “Two of the piles", "Twelve of", "Two of"},
		{"was told. Twelve.” Then", "was told. Two.” Then", "Twelve.”", "Two.”"},
		{"is “safe” now", "is “unsafe” now", "is “safe” now", "is “unsafe” now"},
		{"“safe” now", "“unsafe” now", "“safe” now", "“unsafe” now"},
		{"It ended. All went home.", "It ended. Nearly all went home.", "All went", "Nearly all went"},
		{"It ended. Then", "It ended. Nobody slept. Then", "", "Nobody slept."},
		{"went. Then", "Boats went. Then", "went.", "Boats went."},
		{"one two", "one three four five two", "", "three four five"},
	} {
		before, after := core(c.before, c.after)
		if before != c.wantBefore || after != c.wantAfter {
			t.Errorf("%q, %q: got %q, %q, want %q, %q", c.before, c.after, before, after, c.wantBefore, c.wantAfter)
		}
	}
}
