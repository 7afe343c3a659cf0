package main

import (
	"slices"
	"testing"
	"time"
)

func TestProgressWords(t *testing.T) {
	for _, test := range []struct {
		done, total, did int64
		within           time.Duration
		want             string
	}{
		{3, 10, 3, 100 * time.Millisecond, "posts 3 of 10"},
		{300, 1000, 300, 10 * time.Second, "posts 300 of 1000, 30/s, about 23 s left"},
		{905, 1000, 5, 5 * time.Second, "posts 905 of 1000, 1.0/s, about 2 min left"}, // continued: 900 were done before
		{10, 1000, 10, 100 * time.Second, "posts 10 of 1000, 6.0/min, about 2 h 45 min left"},
		{10, 100000, 10, 100 * time.Second, "posts 10 of 100000, 6.0/min, about 12 days left"},
		{1000, 1000, 1000, 10 * time.Second, "posts 1000 of 1000, 100/s"},
		{40, 0, 40, 10 * time.Second, "posts 40, 4.0/s"},
		{900, 1000, 0, 10 * time.Second, "posts 900 of 1000"},
	} {
		if got := progressWords("posts", test.done, test.total, test.did, test.within); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

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
