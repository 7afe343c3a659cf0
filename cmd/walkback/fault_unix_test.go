//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// runLimited runs walkback where no file may have more than this many blocks of
// 512 bytes (ulimit -f).
func (w workplace) runLimited(blocks int, args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	limited := exec.Command("sh", append([]string{"-c", `ulimit -f "$0"; exec walkback "$@"`, strconv.Itoa(blocks)}, args...)...)
	plain := w.command(args...)
	limited.Dir, limited.Env = plain.Dir, plain.Env
	var out, complaints bytes.Buffer
	limited.Stdout, limited.Stderr = &out, &complaints
	err := limited.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		w.t.Fatal(err)
	}
	return out.String(), complaints.String(), limited.ProcessState.ExitCode()
}

// fullDisk are the commands that are run with ever more room, until there is
// enough.
var fullDisk = []struct {
	name    string
	ready   func(w workplace, web *archivetest.Web, posts []string)
	command func(posts []string) []string
}{
	{"init", func(workplace, *archivetest.Web, []string) {}, func([]string) []string { return []string{"init"} }},
	{"first capture", func(workplace, *archivetest.Web, []string) {}, func(posts []string) []string { return []string{"capture", posts[0]} }},
	{"capture", func(w workplace, _ *archivetest.Web, posts []string) {
		w.must(exitDone, "capture", posts[0])
	}, func(posts []string) []string { return append([]string{"capture", "--json"}, posts...) }},
	{"check", func(w workplace, web *archivetest.Web, posts []string) {
		w.must(exitDone, append([]string{"capture"}, posts...)...)
		web.Edit(posts[0], "of its own", "of somebody else")
	}, func([]string) []string { return []string{"check"} }},
	{"compact", func(w workplace, web *archivetest.Web, posts []string) {
		w.must(exitDone, append([]string{"capture"}, posts...)...)
		web.Edit(posts[0], "of its own", "of somebody else")
		w.must(exitChanged, "check")
	}, func([]string) []string { return []string{"compact"} }},
	{"index", func(w workplace, _ *archivetest.Web, posts []string) {
		w.must(exitDone, append([]string{"capture"}, posts...)...)
		w.remove(filepath.Join(w.archive(), "walkback", "index.db"))
	}, func([]string) []string { return []string{"search", "story"} }},
	{"merge", func(w workplace, _ *archivetest.Web, posts []string) {
		for range 15 {
			w.must(exitDone, "capture", "--no-sources", posts[0])
		}
	}, func(posts []string) []string { return []string{"capture", "--no-sources", posts[0]} }},
}

// TestFileLimit stops every command at its writes by a limit of the file size
// that rises until nothing stands in the way. Each time the message names what
// is the matter and the way out, what was acknowledged is there, nothing is left
// behind; in the end the same command does all it had to.
func TestFileLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	for _, test := range fullDisk {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, web := newWorkplace(t), archivetest.NewWeb(t)
			posts, _ := servePosts(web, 6, 3)
			test.ready(w, web, posts)
			command, failures := test.command(posts), 0
			for blocks := 0; ; blocks += 1 + blocks/2 {
				before := w.head()
				stdout, stderr, code := w.runLimited(blocks, command...)
				if code == exitFailed {
					failures++
				}
				w.checkFull(blocks, command, before, stdout, stderr, code)
				if code != exitFailed && !strings.Contains(stderr, "warning") && (blocks > 1000 || test.name == "init") {
					break
				}
				if blocks > 10_000 {
					t.Fatalf("%v still ends with %d: %s", command, code, stderr)
				}
			}
			if failures == 0 && test.name != "index" {
				t.Error("the limit stopped nothing")
			}
			if test.name != "init" {
				w.must(exitDone, "list")
			}
			w.intact()
			if found := w.leftovers(); len(found) > 0 {
				t.Errorf("left behind: %v", found)
			}
			if packs := len(w.packs()); test.name == "merge" && packs > 20 {
				t.Errorf("there are %d packs", packs)
			}
		})
	}
}

// checkFull holds a command that may have met a full disk to what it promises.
func (w workplace) checkFull(room int, command []string, before, stdout, stderr string, code int) {
	w.t.Helper()
	if code < 0 || strings.Contains(stderr, "goroutine ") {
		w.t.Fatalf("room %d: %v ends with %d: %s", room, command, code, stderr)
	}
	if code != exitFailed {
		return
	}
	if !strings.Contains(stderr, "walkback: error: ") || !strings.Contains(stderr, "run the same command again") {
		w.t.Errorf("room %d: %v does not name the way out: %s", room, command, stderr)
	}
	partly := before != "" && w.head() != before
	if partly {
		w.checkPartly(room, command, before, stdout, stderr)
	}
	used := func(name string) bool { // what the next run completes or, of the index, takes up
		return before == "" && (strings.HasPrefix(name, "walkback.git/") || strings.HasPrefix(name, "state/introductions/")) ||
			partly && strings.HasPrefix(name, "walkback.git/walkback/journal/") ||
			strings.HasPrefix(name, "walkback.git/walkback/index.db-")
	}
	if found := slices.DeleteFunc(w.leftovers(), used); len(found) > 0 {
		w.t.Errorf("room %d: %v left behind %v", room, command, found)
	}
}

// checkPartly holds a command that failed after main had moved to what it says: of
// several batches the first ones were durable and are reported, and no others.
func (w workplace) checkPartly(room int, command []string, before, stdout, stderr string) {
	w.t.Helper()
	for _, commit := range strings.Fields(w.git("rev-list", strings.TrimSpace(before)+"..refs/heads/main")) {
		if !strings.Contains(stdout, commit) {
			w.t.Errorf("room %d: %v failed and says nothing of %s, which is on main: %s", room, command, commit, stdout)
		}
	}
	if !strings.Contains(stderr, "the same command continues this run") {
		w.t.Errorf("room %d: %v did a part and does not say how to go on: %s", room, command, stderr)
	}
}

// head returns the content of main, "" when there is none.
func (w workplace) head() string {
	content, err := os.ReadFile(w.main())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(content)
}
