package main

import (
	"slices"
	"testing"
)

func TestNarrow(t *testing.T) {
	for name, test := range map[string]struct {
		widths []int
		limit  int
		want   []int
	}{
		"fits":                 {[]int{30, 6, 30}, 80, []int{30, 6, 30}},
		"address cut first":    {[]int{100, 6, 30}, 80, []int{40, 6, 30}},
		"then the title":       {[]int{100, 6, 60}, 80, []int{24, 6, 46}},
		"no less than legible": {[]int{100, 6, 60}, 40, []int{24, 6, 24}},
		"one column":           {[]int{100}, 40, []int{40}},
		"none":                 {nil, 40, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := slices.Clone(test.widths)
			narrow(got, test.limit)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
