package index_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/index"
)

// TestDamage flips bytes of an index. Each reading must give what the sound one
// gave, or a DamagedError; a search must not find what is not there.
func TestDamage(t *testing.T) {
	file := newFile(t)
	x := open(t, file)
	for n := range 60 {
		url := fmt.Sprintf("https://a.example/%d", n%17)
		touches := []index.Touch{touched(url, fmt.Sprintf("Pier %d is hollow, said number %d.", n%3, n)), touched(urlB, fmt.Sprint("mark ", n/2))}
		touches[0].First, touches[1].First = n < 17, n == 0
		add(t, x, touches)
	}
	want, err := read(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	wantHits, err := hits(t.Context(), x, "hollow")
	if err != nil || len(wantHits) != 60 {
		t.Fatalf("%d hits, %v", len(wantHits), err)
	}
	closed(t, x)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 150 {
		bad := append([]byte(nil), good...)
		for range 1 + r.IntN(3) {
			bad[100+r.IntN(len(bad)-100)] ^= byte(1 << r.IntN(8))
		}
		if r.IntN(10) == 0 {
			bad = bad[:4096*(1+r.IntN(len(bad)/4096))]
		}
		if err := os.WriteFile(file, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		damaged := false
		notice := func(err error) bool {
			var known *index.DamagedError
			if err != nil && !errors.As(err, &known) {
				t.Errorf("not told as damage: %v", err)
			}
			damaged = damaged || err != nil
			return err == nil
		}
		x := open(t, file)
		got, err := read(t.Context(), x)
		if notice(err) && got.Sequence >= 0 {
			for _, page := range got.Due {
				if !slices.Contains(want.Due, page) {
					t.Fatalf("a damaged index said that %+v is due", page)
				}
			}
			got.Due = want.Due // it may miss some
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("a damaged index said (-want +got):\n%s", diff)
			}
		}
		if _, err := hits(t.Context(), x, "hollow"); notice(err) {
			w, err := x.Writer(t.Context())
			if notice(err) {
				sequence, _ := w.Newest()
				notice(w.Add(t.Context(), index.Commit{Sequence: sequence + 1, Touched: []index.Touch{touched(urlB, "mark new")}}))
				notice(w.Flush(t.Context()))
				w.Close() // a damaged file may refuse the rollback, too
			}
		}
		if damaged {
			found++
			if err := x.Discard(); err != nil {
				t.Fatal(err)
			}
			x.Close() // as above
			x = open(t, file)
			if got, err := read(t.Context(), x); err != nil || got.Sequence != -1 {
				t.Fatalf("made anew: %+v, %v", got, err)
			}
		}
		x.Close()
	}
	if found < 20 {
		t.Errorf("only %d of 150 damaged files were noticed", found)
	}
	t.Logf("%d of 150 damaged files were noticed", found)
}
