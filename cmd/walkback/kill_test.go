package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// newDice returns random numbers whose seed is printed; KILL_SEED repeats them.
func newDice(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KILL_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KILL_SEED=%d repeats this", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// killed runs walkback and kills it (SIGKILL: it cannot notice) a moment after
// ready returns true. It reports false when walkback was done by then, which
// must have been with exit code 0 or 3.
func (w workplace) killed(after time.Duration, ready func() bool, args ...string) bool {
	w.t.Helper()
	cmd := w.command(args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var moment <-chan time.Time
	for {
		select {
		case err := <-ended:
			if code := cmd.ProcessState.ExitCode(); code > 0 && code != exitChanged {
				w.t.Fatalf("walkback %s: %v: %s", args[0], err, complaints.String())
			}
			return cmd.ProcessState.ExitCode() < 0 // ended by the signal
		case <-tick.C:
			if moment == nil && ready() {
				moment = time.After(after)
			}
		case <-moment:
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				w.t.Fatal(err)
			}
			moment = nil
			ready = func() bool { return false }
		}
	}
}

// requests returns a ready function for killed: n further requests arrived.
func requests(web *archivetest.Web, n int) func() bool {
	want := len(web.Requests("")) + n
	return func() bool { return len(web.Requests("")) >= want }
}

// committed returns a ready function for killed: main has moved.
func (w workplace) committed() func() bool {
	main := filepath.Join(w.archive(), "refs", "heads", "main")
	before, err := os.ReadFile(main)
	if err != nil {
		w.t.Fatal(err)
	}
	return func() bool {
		now, err := os.ReadFile(main)
		return err == nil && !bytes.Equal(now, before)
	}
}

// intact holds the archive to what must be true at any moment.
func (w workplace) intact() *schemas.VerifyReport {
	w.t.Helper()
	report, err := provenance.Verify(context.Background(), w.archive(), provenance.VerifyOptions{Memory: trust.NewMemory(w.path("state"))})
	if err != nil {
		w.t.Fatal(err)
	}
	if report.ExitCode != 0 {
		w.t.Fatalf("the archive does not verify: %+v", report.Checks)
	}
	if out := w.git("fsck", "--full", "--strict", "--no-dangling"); strings.TrimSpace(out) != "" {
		w.t.Fatalf("git fsck: %s", out)
	}
	return report
}

// commitsOf returns how many commits touched each file with this name.
func (w workplace) commitsOf(name string) map[string]int {
	w.t.Helper()
	touched := map[string]int{}
	for path := range strings.Lines(w.git("log", "--format=", "--name-only", "--no-renames", "main", "--", ":(glob)**/"+name)) {
		if path = strings.TrimSpace(path); path != "" {
			touched[path]++
		}
	}
	return touched
}

// TestKilledCapture: a capture of many posts is killed at twenty random moments.
// Each time the archive verifies and the same command continues; in the end
// every page was captured once, and nothing is left to clean.
func TestKilledCapture(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some twenty seconds")
	}
	t.Parallel()
	const posts, sources, kills = 200, 20, 20
	dice := newDice(t)
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	postURLs, sourceURLs := servePosts(web, posts, sources)
	capture := []string{"capture", "--list", w.list(postURLs)}
	w.must(0, "init")
	happened := 0
	for happened < kills {
		moment := time.Duration(dice.Int64N(int64(25 * time.Millisecond)))
		if !w.killed(moment, requests(web, 1+dice.IntN(10)), capture...) {
			break
		}
		happened++
		w.intact()
	}
	if happened < kills {
		t.Errorf("walkback was done after %d kills, want %d: it is not killed early enough", happened, kills)
	}
	stdout, stderr, code := w.run(capture...)
	if code != 0 {
		t.Fatalf("the last run ends with %d: %s%s", code, stdout, stderr)
	}
	if happened == kills && !strings.Contains(stderr, "continuing run") {
		t.Errorf("the last run does not say that it continues: %s", stderr)
	}
	w.intact()
	captured := w.commitsOf("capture.json")
	for _, address := range slices.Concat(postURLs, sourceURLs) {
		file := archivetest.At(t, address).Folder + "/capture.json"
		if captured[file] != 1 {
			t.Errorf("%s was captured %d times, want once", address, captured[file])
		}
		delete(captured, file)
	}
	if len(captured) > 0 {
		t.Errorf("captured more than was asked for: %v", captured)
	}
	if runs := w.runsOf(postURLs); len(runs) != 1 {
		t.Errorf("the posts belong to runs %v, want one", runs)
	}
	if found := w.leftovers(); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
	if out := w.must(0, "capture", "--list", capture[2]); !strings.Contains(out, "as before") {
		t.Errorf("the same command after the run does not begin a new one: %s", out)
	}
}

// TestKilledRecapture: a capture of posts that are as before is killed a few
// times. Each page is observed once in the run, also a source that posts share
// of which some were done by a process that was killed.
func TestKilledRecapture(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some twenty seconds")
	}
	t.Parallel()
	const posts, sources, kills = 600, 4, 3
	dice := newDice(t)
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	postURLs, sourceURLs := servePosts(web, posts, sources)
	capture := []string{"capture", "--list", w.list(postURLs)}
	w.must(0, capture...)
	happened := 0
	for happened < kills && w.killed(time.Duration(dice.Int64N(int64(10*time.Millisecond))), w.committed(), capture...) {
		w.intact()
		// A process that is killed after it closed its journal has left a
		// finished run: the same command would rightly begin another.
		if !w.unfinished() {
			break
		}
		happened++
	}
	if happened == 0 {
		t.Error("no kill left a run to continue: walkback is not killed early enough")
	}
	if w.unfinished() {
		w.must(0, capture...)
	}
	w.intact()
	lines, runs := w.checkLines()
	for _, address := range slices.Concat(postURLs, sourceURLs) {
		if got := lines[address]; !slices.Equal(got, []string{"observation/1"}) {
			t.Errorf("the record of %s is %v, want one observation", address, got)
		}
	}
	if len(runs) != 1 {
		t.Errorf("the observations belong to runs %v, want one", runs)
	}
}

// runsOf returns the runs that captured the posts.
func (w workplace) runsOf(addresses []string) []string {
	w.t.Helper()
	var runs []string
	for _, address := range addresses {
		data := w.git("cat-file", "blob", "main:"+archivetest.At(w.t, address).Folder+"/post.json")
		post, err := schemas.Decode[schemas.Post]([]byte(data))
		if err != nil {
			w.t.Fatal(err)
		}
		if !slices.Contains(runs, post.Run) {
			runs = append(runs, post.Run)
		}
	}
	return runs
}

// TestKilledFirstUse: the making of key, archive and introduction is killed. The
// same command then does all of it.
func TestKilledFirstUse(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some ten seconds")
	}
	t.Parallel()
	dice := newDice(t)
	web := archivetest.NewWeb(t)
	postURLs, _ := servePosts(web, 1, 2)
	for range 8 {
		w := newWorkplace(t)
		begun := func() bool { _, err := os.Lstat(w.path("config")); return err == nil }
		w.killed(time.Duration(dice.Int64N(int64(40*time.Millisecond))), begun, "capture", postURLs[0])
		w.must(0, "capture", postURLs[0])
		if report := w.intact(); !report.Pinned || report.Commits < 2 {
			t.Errorf("pinned %v, %d commits", report.Pinned, report.Commits)
		}
		if n := w.commitsOf("capture.json")[archivetest.At(t, postURLs[0]).Folder+"/capture.json"]; n != 1 {
			t.Errorf("the post was captured %d times", n)
		}
		if found := w.leftovers(); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
	}
}

// TestKilledCheck: a check of many pages is killed a few times; every page is
// looked at once for the record.
func TestKilledCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some twenty seconds")
	}
	t.Parallel()
	const pages, kills = 600, 5
	dice := newDice(t)
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	postURLs, _ := servePosts(web, pages, 0)
	w.must(0, "capture", "--list", w.list(postURLs))
	for i, address := range postURLs {
		if i%3 == 0 {
			web.Edit(address, "of its own", "of somebody else")
		}
	}
	for range kills {
		moment := time.Duration(dice.Int64N(int64(50 * time.Millisecond)))
		w.killed(moment, requests(web, 1+dice.IntN(400)), "check")
		w.intact()
		if !w.unfinished() {
			break
		}
	}
	if w.unfinished() {
		stdout, stderr, code := w.run("check", "--json")
		if code != exitChanged {
			t.Fatalf("check ends with %d: %s", code, stderr)
		}
		report, err := schemas.Decode[schemas.CheckReport]([]byte(stdout))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(report.Pages); got != pages {
			t.Errorf("the report of the whole run has %d pages, want %d", got, pages)
		}
	}
	w.intact()
	lines, runs := w.checkLines()
	for i, address := range postURLs {
		want := "observation/1"
		if i%3 == 0 {
			want = "change/1"
		}
		if got := lines[address]; !slices.Equal(got, []string{want}) {
			t.Errorf("the record of %s is %v, want one %s", address, got, want)
		}
	}
	if len(runs) != 1 {
		t.Errorf("the lines belong to runs %v, want one", runs)
	}
	if found := w.leftovers(); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}

// unfinished reports whether there is a run to continue.
func (w workplace) unfinished() bool {
	w.t.Helper()
	journals, err := filepath.Glob(w.path("walkback.git", "walkback", "journal", "*.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	return len(journals) > 0
}

// checkLines returns the kinds of lines of all checks files by page, and their
// runs.
func (w workplace) checkLines() (lines map[string][]string, runs map[string]bool) {
	w.t.Helper()
	lines, runs = map[string][]string{}, map[string]bool{}
	for file := range strings.Lines(w.git("ls-tree", "-r", "--name-only", "main", "checks/")) {
		for line := range strings.Lines(w.git("cat-file", "blob", "main:"+strings.TrimSpace(file))) {
			decoded, err := schemas.DecodeCheckLine([]byte(line))
			if err != nil {
				w.t.Fatal(err)
			}
			switch d := decoded.(type) {
			case *schemas.Observation:
				lines[d.URL], runs[d.Run] = append(lines[d.URL], d.Schema), true
			case *schemas.Change:
				lines[d.URL], runs[d.Run] = append(lines[d.URL], d.Schema), true
			}
		}
	}
	return lines, runs
}

// TestTwoCaptures: two processes capture into one archive at the same time, with
// pages in common, while others read. All succeed, and nothing is lost.
func TestTwoCaptures(t *testing.T) {
	t.Parallel()
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	postURLs, sourceURLs := servePosts(web, 40, 6)
	w.must(0, "capture", postURLs[0])
	lists := [2]string{w.list(postURLs[:25]), w.path("other.txt")}
	if err := os.WriteFile(lists[1], []byte(strings.Join(postURLs[15:], "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	results := make(chan string)
	start := func(args ...string) {
		go func() {
			out, err := w.command(args...).CombinedOutput()
			if err != nil {
				results <- fmt.Sprintf("walkback %s: %v: %s", args[0], err, out)
				return
			}
			results <- ""
		}()
	}
	for _, list := range lists {
		start("capture", "--list", list)
	}
	readers := [][]string{{"list"}, {"log"}, {"show", postURLs[0]}, {"verify"}, {"log", sourceURLs[0]}}
	for _, reader := range readers {
		start(reader...)
	}
	for range len(lists) + len(readers) {
		if complaint := <-results; complaint != "" {
			t.Error(complaint)
		}
	}
	w.intact()
	head := w.git("ls-tree", "-r", "--name-only", "main")
	for _, address := range slices.Concat(postURLs, sourceURLs) {
		if !strings.Contains(head, archivetest.At(t, address).Folder+"/capture.json\n") {
			t.Errorf("%s is not in the archive", address)
		}
	}
	if err := os.Remove(lists[1]); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if found := w.leftovers(); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
}
