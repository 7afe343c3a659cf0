package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// mount mounts a file system of memory until the test ends.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("a file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// TestSmallDisk does the same on a file system that is full but for some pages
// of memory.
func TestSmallDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	for _, test := range fullDisk {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w, web := newSmallDisk(t), archivetest.NewWeb(t)
			posts, _ := servePosts(web, 6, 3)
			test.ready(w, web, posts)
			command, ballast := test.command(posts), w.path("posts.txt") // a name that is not taken for a leftover
			for free := 0; ; free += 1 + free/2 {
				w.fillDisk(ballast, free)
				before := w.head()
				stdout, stderr, code := w.run(command...)
				w.remove(ballast)
				w.checkFull(free, command, before, stdout, stderr, code)
				if code != exitFailed && !strings.Contains(stderr, "warning") && (free > 100 || test.name == "init") {
					break
				}
				if free > 1000 {
					t.Fatalf("%v still ends with %d: %s", command, code, stderr)
				}
			}
			if test.name != "init" {
				w.must(exitDone, "list")
			}
			w.intact()
			if found := w.leftovers(); len(found) > 0 {
				t.Errorf("left behind: %v", found)
			}
		})
	}
}

// TestSmallDiskBetween fills the disk between the batches of a run, which wait for
// one another no longer than a moment: what is published then stays, and is told
// of. The same command goes on with the rest. Which of two pages is asked for first
// is left to chance.
func TestSmallDiskBetween(t *testing.T) {
	w := newSmallDisk(t)
	ballast := w.path("posts.txt")
	var early, late atomic.Value // paths, in the order in which they are asked for
	fill := sync.OnceFunc(func() { w.fillDisk(ballast, 3) })
	site := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if path := in.URL.Path; path != "/before" && !early.CompareAndSwap(nil, path) && early.Load() != path {
			late.Store(path)
			time.Sleep(400 * time.Millisecond) // which is longer than a batch waits
			fill()
		}
		fmt.Fprintf(out, "This is what %s says, and it says it at some length.", in.URL.Path)
	}))
	defer site.Close()
	w.must(exitDone, "capture", site.URL+"/before")
	before, command := w.head(), []string{"capture", "--json", site.URL + "/one", site.URL + "/two"}
	stdout, stderr, code := w.run(command...)
	if w.remove(ballast); code != exitFailed || w.head() == before {
		t.Fatalf("%v ends with %d, main moved: %t: %s", command, code, w.head() != before, stderr)
	}
	w.checkFull(3, command, before, stdout, stderr, code)
	failed, _ := late.Load().(string)
	if strings.Contains(stdout, site.URL+failed) {
		t.Errorf("what failed is reported as done: %s", stdout)
	}
	if stdout = w.must(exitDone, command...); !strings.Contains(stdout, site.URL+failed) {
		t.Errorf("the rest is not done: %s", stdout)
	}
	w.intact()
}

// newSmallDisk returns a workplace on a file system of its own of a few MB.
func newSmallDisk(t *testing.T) workplace {
	t.Helper()
	w := workplace{t: t, dir: t.TempDir()}
	mount(t, w.dir, "size=4m")
	if err := os.Mkdir(w.path("tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

// fillDisk leaves this many pages of 4 KB free.
func (w workplace) fillDisk(ballast string, pages int) {
	w.t.Helper()
	f, err := os.Create(ballast)
	if err != nil {
		w.t.Fatal(err)
	}
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	info, statErr := f.Stat()
	if !errors.Is(err, syscall.ENOSPC) || statErr != nil {
		w.t.Fatal(err, statErr)
	}
	if err := errors.Join(f.Truncate(max(0, info.Size()/4096-int64(pages))*4096), f.Close()); err != nil {
		w.t.Fatal(err)
	}
}

// TestReadOnly: an archive on read-only media is read by all commands that read,
// index or not. Those that write say what is the matter and what to do.
func TestReadOnly(t *testing.T) {
	web := archivetest.NewWeb(t)
	posts, _ := servePosts(web, 2, 1)
	original := newWorkplace(t)
	original.must(exitDone, append([]string{"capture"}, posts...)...)
	for _, indexed := range []bool{true, false} {
		w := workplace{t: t, dir: t.TempDir()}
		mount(t, w.dir, "size=8m")
		original.copyTo(w.dir)
		if !indexed {
			w.remove(filepath.Join(w.archive(), "walkback", "index.db"), filepath.Join(w.archive(), "walkback", "index.db.lock"))
		}
		if err := syscall.Mount("tmpfs", w.dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
		before := w.durable()
		for _, command := range [][]string{{"list"}, {"log"}, {"log", posts[0]}, {"show", posts[0]}, {"search", "story"}, {"compact", "--dry-run"}, {"diff", posts[0]}} {
			if _, stderr, code := w.run(command...); code != exitDone && !(command[0] == "diff" || command[0] == "compact") || strings.Contains(stderr, "goroutine ") {
				t.Errorf("indexed %v: %v ends with %d: %s", indexed, command, code, stderr)
			}
		}
		if out, stderr, code := w.run("verify"); code != exitDone && !strings.Contains(stderr, "read-only") {
			t.Errorf("indexed %v: verify ends with %d: %s%s", indexed, code, out, stderr)
		}
		for _, command := range [][]string{{"capture", posts[0]}, {"check"}, {"untrack", posts[0]}, {"compact"}} {
			_, stderr, code := w.run(command...)
			if code != exitFailed || !strings.Contains(stderr, "read-only file system") || !strings.Contains(stderr, "hint: check the permissions") {
				t.Errorf("indexed %v: %v ends with %d, want 1: %s", indexed, command, code, stderr)
			}
		}
		if after := w.durable(); !slices.Equal(before, after) {
			t.Errorf("the archive changed: %q, before %q", after, before)
		}
	}
}
