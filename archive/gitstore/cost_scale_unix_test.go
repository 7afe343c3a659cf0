//go:build unix

package gitstore_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// BenchmarkCostScale captures random pages anew, one by one and 512 in a batch,
// in archives of more and more pages. The archives take turns, so that whatever
// else the machine does meets all of them; the ratios are medians of those of a
// turn, largest archive to smallest.
func BenchmarkCostScale(b *testing.B) {
	for b.Loop() {
		var archives []*scaled
		for _, pages := range []int{1000, 100_000, 1_000_000} {
			archives = append(archives, newScaled(b, pages))
		}
		for turn := range 1 + scaleTurns {
			for i := range archives {
				a := archives[(i+turn)%len(archives)]
				wall, cpu := a.single(b)
				if turn > 0 { // the first finds nothing in memory
					a.walls, a.cpus = append(a.walls, wall), append(a.cpus, cpu)
				}
			}
		}
		b.ReportMetric(0, "ns/op")
		for _, a := range archives {
			a.report(b)
		}
		small, large := archives[0], archives[len(archives)-1]
		b.ReportMetric(ratio(large.walls, small.walls), "wall-ratio")
		b.ReportMetric(ratio(large.cpus, small.cpus), "CPU-ratio")
	}
}

// scaleTurns is how many single captures of each archive count.
const scaleTurns = 60

// A scaled is an archive of a number of pages, with what captures took in it.
type scaled struct {
	pages       int
	dir         string
	store       *gitstore.Store
	random      *rand.Rand
	made        int // captures
	walls, cpus []time.Duration
}

func newScaled(b *testing.B, pages int) *scaled {
	b.Helper()
	a := &scaled{pages: pages, dir: newRepository(b), random: rand.New(rand.NewSource(1))}
	s := open(b, a.dir)
	fillPages(b, s, pages)
	ok(b, s.Close())
	a.store = open(b, a.dir)
	return a
}

// capture adds a capture of a random page to a batch.
func (a *scaled) capture(b *testing.B, batch *gitstore.Batch) {
	a.made++
	page := pagePath(a.random.Intn(a.pages))
	put(b, batch, page+"/capture.json", fmt.Sprint(page, a.made), "manifest-sha256.txt", fmt.Sprint(a.made))
	commit(b, batch, "again")
}

// single captures a page by itself, durably.
func (a *scaled) single(b *testing.B) (wall, cpu time.Duration) {
	b.Helper()
	started, used := time.Now(), usage(b, syscall.RUSAGE_SELF)
	batch := begin(b, a.store)
	a.capture(b, batch)
	ok(b, batch.Publish(context.Background()))
	ok(b, batch.Close())
	return time.Since(started), usage(b, syscall.RUSAGE_SELF) - used
}

// report tells what single captures took, and the bytes of trees of some more.
func (a *scaled) report(b *testing.B) {
	b.Helper()
	const singles, batched = 11, 512
	b.ReportMetric(micros(middle(a.walls)), fmt.Sprintf("µs/single-%d", a.pages))
	b.ReportMetric(micros(middle(a.cpus)), fmt.Sprintf("CPU-µs/single-%d", a.pages))
	known := packSet(b, a.dir)
	for range singles {
		a.single(b)
	}
	b.ReportMetric(float64(treeBytes(b, a.dir, known))/singles, fmt.Sprintf("tree-B/single-%d", a.pages))
	known = packSet(b, a.dir)
	batch := begin(b, a.store)
	for range batched {
		a.capture(b, batch)
	}
	ok(b, batch.Publish(context.Background()))
	ok(b, batch.Close())
	b.ReportMetric(float64(treeBytes(b, a.dir, known))/batched, fmt.Sprintf("tree-B/batched-%d", a.pages))
	ok(b, a.store.Close())
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// middle returns the median.
func middle[T cmp.Ordered](values []T) T {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// ratio returns the median of the ratios of a turn.
func ratio(of, to []time.Duration) float64 {
	var ratios []float64
	for i := range of {
		ratios = append(ratios, float64(of[i])/float64(to[i]))
	}
	return middle(ratios)
}

func packSet(b *testing.B, dir string) map[string]bool {
	b.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.idx"))
	ok(b, err)
	set := map[string]bool{}
	for _, path := range paths {
		set[path] = true
	}
	return set
}

// treeBytes sums the trees in the packs that are new.
func treeBytes(b *testing.B, dir string, known map[string]bool) (total int) {
	b.Helper()
	for path := range packSet(b, dir) {
		if known[path] {
			continue
		}
		for line := range strings.Lines(git(b, dir, "verify-pack", "-v", path)) {
			if f := strings.Fields(line); len(f) >= 5 && f[1] == "tree" {
				size := 0
				_, err := fmt.Sscan(f[3], &size)
				ok(b, err)
				total += size
			}
		}
	}
	return total
}
