package main

import (
	"slices"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/schemas"
)

// TestKilledSecondLook: a check of pages of which many are looked at twice is
// killed a few times. The two looks at a page are in the archive both or neither,
// and the report of the run has each page once.
func TestKilledSecondLook(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some twenty seconds")
	}
	t.Parallel()
	const pages, kills = 400, 5
	dice := newDice(t)
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	addresses, _ := servePosts(web, pages, 0)
	w.must(0, "capture", "--list", w.list(addresses))
	down := archivetest.Page{Status: 404, Body: "<h1>Not found</h1>"}
	for i, address := range addresses {
		switch i % 4 {
		case 0:
			web.Replace(address, archivetest.Page{Body: "<title>Moved</title><article><p>Nothing of what stood here before is left, and nobody can say who took it all away, nor when, nor why.</p></article>"})
		case 1:
			web.Replace(address, down)
		case 2:
			web.Once(address, down)
		}
	}
	check := []string{"check", "--no-probe", "--second-look", "20ms"}
	for range kills {
		w.killed(time.Duration(dice.Int64N(int64(50*time.Millisecond))), requests(web, 1+dice.IntN(300)), check...)
		w.intact()
		if !w.unfinished() {
			break
		}
	}
	if w.unfinished() {
		stdout, stderr, code := w.run(append(check, "--json")...)
		report, err := schemas.Decode[schemas.CheckReport]([]byte(stdout))
		if code != exitChanged || err != nil {
			t.Fatalf("check ends with %d: %v: %s", code, err, stderr)
		}
		outcomes := map[schemas.Outcome]int{}
		for _, page := range report.Pages {
			outcomes[page.Outcome]++
		}
		if len(report.Pages) != pages || outcomes[schemas.Missing] != pages/4 {
			t.Errorf("the report of the whole run has %d pages, want %d, of these %v, want %d missing", len(report.Pages), pages, outcomes, pages/4)
		}
	}
	w.intact()
	lines, runs := w.checkLines()
	captured := w.commitsOf("capture.json")
	for i, address := range addresses {
		slices.Sort(lines[address]) // files come in the order of their names
		once := slices.Equal(lines[address], []string{"observation/1"})
		twice := slices.Equal(lines[address], []string{"change/1", "observation/1"})
		n := captured[archivetest.At(t, address).Folder+"/capture.json"]
		switch i % 4 {
		case 0, 1: // the second look bears the first one out
			if !twice || n != 2 {
				t.Errorf("the record of %s is %v, and it was written %d times", address, lines[address], n)
			}
		case 2: // it does not, unless a process that was killed had the bad answer
			if !(twice && n == 3 || once && n == 1) {
				t.Errorf("the record of %s is %v, and it was written %d times", address, lines[address], n)
			}
		default:
			if !once || n != 1 {
				t.Errorf("the record of %s is %v, and it was written %d times", address, lines[address], n)
			}
		}
	}
	if len(runs) != 1 {
		t.Errorf("the lines belong to runs %v, want one", runs)
	}
	if found := w.leftovers(); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}
