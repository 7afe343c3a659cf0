package gitstore_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// versions makes an archive in which a few pages change often, so that stock
// git finds deltas, and returns the number of commits.
func versions(tb testing.TB, dir string) (s *gitstore.Store, commits int) {
	tb.Helper()
	s = open(tb, dir)
	for batch := range 4 {
		b := begin(tb, s)
		for i := range 10 {
			page := (batch*10 + i) % 3
			body := append(words(int64(page), 20_000), fmt.Sprintf("version %d.%d", batch, i)...)
			copy(body[1000*i:], "EDITED")
			put(tb, b, pagePath(page)+"/body.html", string(body), pagePath(page)+"/capture.json", fmt.Sprint(batch, i))
			commit(tb, b, fmt.Sprintf("batch %d, commit %d", batch, i))
			commits++
		}
		ok(tb, b.Publish(context.Background()))
		ok(tb, b.Close())
	}
	return s, commits
}

// TestStockMaintenance: whatever stock git does to the objects, the store that
// was open before and one opened after read all of them, and writing goes on.
func TestStockMaintenance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		run  func(t *testing.T, dir string)
	}{
		{"repack", func(t *testing.T, dir string) { git(t, dir, "repack", "-adfq", "--depth=50", "--window=20") }},
		{"repack with ref deltas", func(t *testing.T, dir string) {
			git(t, dir, "config", "repack.useDeltaBaseOffset", "false")
			git(t, dir, "repack", "-adfq")
		}},
		{"gc", func(t *testing.T, dir string) { git(t, dir, "gc", "-q", "--prune=now") }},
		{"gc aggressive and packed refs", func(t *testing.T, dir string) {
			git(t, dir, "gc", "-q", "--aggressive")
			git(t, dir, "pack-refs", "--all")
		}},
		{"64-bit offsets", func(t *testing.T, dir string) {
			git(t, dir, "repack", "-adq")
			packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
			ok(t, err)
			idx := strings.TrimSuffix(packs[0], ".pack") + ".idx"
			ok(t, os.Remove(idx))
			git(t, dir, "index-pack", "--index-version=2,0x100", "-o", idx, packs[0])
		}},
		{"loose objects", func(t *testing.T, dir string) {
			packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
			ok(t, err)
			for _, pack := range packs {
				content, err := os.ReadFile(pack)
				ok(t, err)
				ok(t, os.Remove(pack))
				ok(t, os.Remove(strings.TrimSuffix(pack, ".pack")+".idx"))
				runGit(t, dir, bytes.NewReader(content), "unpack-objects", "-q")
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := newRepository(t)
			before, commits := versions(t, dir)
			head, err := before.Head()
			ok(t, err)
			n := count(t, dir, "in-pack")
			test.run(t, dir)
			after := open(t, dir)
			for name, s := range map[string]*gitstore.Store{"before": before, "after": after} {
				if got := readAll(t, dir, s); got != n {
					t.Errorf("store opened %s: read %d objects, want %d", name, got, n)
				}
				if got, err := s.Head(); err != nil || got != head {
					t.Errorf("store opened %s: head %v, %v, want %v", name, got, err, head)
				}
			}
			record(t, before, "more", "by the old store")
			record(t, after, "yet-more", "by the new store")
			fsck(t, dir)
			if got, want := strings.Count(git(t, dir, "log", "--format=%H", "main"), "\n"), commits+2; got != want {
				t.Errorf("git log has %d commits, want %d", got, want)
			}
		})
	}
}

// TestReadWhileRepacking reads from many goroutines while stock git moves the
// objects.
func TestReadWhileRepacking(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s, commits := versions(t, dir)
	head, err := s.Head()
	ok(t, err)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				n := 0
				for c, err := range s.History(head) {
					if err != nil {
						t.Error(err)
						return
					}
					for f, err := range s.Files(c.Tree, "") {
						if err == nil {
							_, _, err = s.Object(f.ID)
						}
						if err != nil {
							t.Error(err)
							return
						}
					}
					n++
				}
				if n != commits {
					t.Errorf("read %d commits, want %d", n, commits)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for range 3 {
		git(t, dir, "repack", "-adfq")
		git(t, dir, "gc", "-q", "--prune=now")
	}
	close(done)
	readers.Wait()
}

func TestClone(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s, commits := versions(t, dir)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, ".", "clone", "-q", dir, clone)
	if got := strings.Count(git(t, clone, "log", "--format=%H"), "\n"); got != commits {
		t.Errorf("the clone has %d commits, want %d", got, commits)
	}
	body, err := os.ReadFile(filepath.Join(clone, pagePath(0), "capture.json"))
	ok(t, err)
	head, err := s.Head()
	ok(t, err)
	c, err := s.Commit(head)
	ok(t, err)
	e, err := s.Lookup(c.Tree, pagePath(0)+"/capture.json")
	ok(t, err)
	_, want, err := s.Object(e.ID)
	ok(t, err)
	if !bytes.Equal(body, want) {
		t.Errorf("the clone has %q, want %q", body, want)
	}
	bare := filepath.Join(t.TempDir(), "bare.git")
	git(t, ".", "clone", "-q", "--bare", dir, bare)
	record(t, open(t, bare), "written", "to a clone")
	fsck(t, bare)
	git(t, bare, "push", "-q", dir, "main")
	record(t, s, "written", "after a push")
	fsck(t, dir)
}

// TestGoGit: another implementation reads the same.
func TestGoGit(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	_, commits := versions(t, dir)
	r, err := gogit.PlainOpen(dir)
	ok(t, err)
	log, err := r.Log(&gogit.LogOptions{})
	ok(t, err)
	n := 0
	ok(t, log.ForEach(func(c *object.Commit) error {
		n++
		files, err := c.Files()
		ok(t, err)
		return files.ForEach(func(f *object.File) error {
			_, err := f.Contents()
			return err
		})
	}))
	if n != commits {
		t.Errorf("go-git sees %d commits, want %d", n, commits)
	}
}
