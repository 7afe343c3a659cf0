package gitstore

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

func TestChooseMerge(t *testing.T) {
	packs := func(sizes ...int64) (packs []mergeable) {
		for _, size := range sizes {
			packs = append(packs, mergeable{size: size, objects: size / 1000})
		}
		return packs
	}
	const k, m = 1 << 10, 1 << 20
	for _, test := range []struct {
		name   string
		packs  []mergeable
		others int
		want   int
	}{
		{"few", packs(slices.Repeat([]int64{k}, 15)...), 3, 0},
		{"a full level", packs(slices.Repeat([]int64{k}, 16)...), 0, 16},
		{"a full level below others", packs(append(slices.Repeat([]int64{k}, 20), 100*m, 900*m)...), 0, 20},
		{"two levels", packs(append(slices.Repeat([]int64{k}, 10), slices.Repeat([]int64{2 * m}, 10)...)...), 0, 0},
		{"the second level", packs(append(slices.Repeat([]int64{k}, 10), slices.Repeat([]int64{2 * m}, 16)...)...), 0, 16},
		{"too many that are kept", packs(k, 2*m, 3*m), 46, 3},
		{"not beyond 2 GiB", packs(slices.Repeat([]int64{200 * m}, 16)...), 0, 5}, // by objects here
		{"none", nil, 60, 0},
	} {
		if got := len(chooseMerge(test.packs, test.others)); got != test.want {
			t.Errorf("%s: %d packs are merged, want %d", test.name, got, test.want)
		}
	}
}

// TestPacksStayFew adds packs of all sizes for long.
func TestPacksStayFew(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	var packs []mergeable
	most := 0
	for range 20_000 {
		size := int64(100 + r.Intn(1<<(8+r.Intn(16))))
		packs = append(packs, mergeable{size: size, objects: 1 + size/2000})
		slices.SortFunc(packs, func(a, b mergeable) int { return int(a.size - b.size) })
		if chosen := chooseMerge(packs, 0); len(chosen) > 1 {
			sum := mergeable{}
			for _, one := range chosen {
				sum.size, sum.objects = sum.size+one.size, sum.objects+one.objects
			}
			i := slices.Index(packs, chosen[0])
			packs = append(slices.Delete(packs, i, i+len(chosen)), sum)
		}
		most = max(most, len(packs))
	}
	if most > 50 {
		t.Errorf("there were %d packs", most)
	}
}

func TestParseReplaced(t *testing.T) {
	const a, b = "pack-1111111111111111111111111111111111111111", "pack-2222222222222222222222222222222222222222"
	record := fmt.Sprintf("new %s\nold %s\nold ../../%s\nold pack-x\nold\nother %s\nold %s", a, b, b, b, b[:30])
	new, old := parseReplaced(record, "folder")
	if !slices.Equal(new, []string{"folder/" + a}) || !slices.Equal(old, []string{"folder/" + b}) {
		t.Errorf("got %q and %q", new, old)
	}
}
