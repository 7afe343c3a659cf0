package gitstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// model is what the staged tree must hold: path to content.
type model map[string]string

func (m model) remove(path string) bool {
	before := len(m)
	maps.DeleteFunc(m, func(p, _ string) bool { return p == path || strings.HasPrefix(p, path+"/") })
	return len(m) < before
}

// conflicts reports whether path is a folder or goes through a file.
func (m model) conflicts(path string) bool {
	for p := range m {
		if strings.HasPrefix(p, path+"/") || strings.HasPrefix(path, p+"/") {
			return true
		}
	}
	return false
}

// contents reads all files of a sequence.
func contents(tb testing.TB, object func(gitstore.ID) (gitstore.Kind, []byte, error), files func(func(gitstore.File, error) bool)) model {
	tb.Helper()
	got, last := model{}, ""
	for f, err := range files {
		ok(tb, err)
		if f.Path <= last {
			tb.Errorf("%q comes after %q", f.Path, last)
		}
		last = f.Path
		kind, content, err := object(f.ID)
		ok(tb, err)
		if kind != gitstore.KindBlob || f.Mode != gitstore.ModeFile {
			tb.Errorf("%s is a %s of mode %s", f.Path, kind, f.Mode)
		}
		got[f.Path] = string(content)
	}
	return got
}

// TestEditing makes random edits, commits and discards and compares the staged
// tree with a map, and the published ones with what stock git shows.
func TestEditing(t *testing.T) {
	t.Parallel()
	for seed := range int64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewSource(seed))
			dir := newRepository(t)
			s := open(t, dir)
			b := begin(t, s)
			staged, committed := model{}, model{}
			commits := 0
			for step := range 250 {
				path := randomPath(r)
				switch n := r.Intn(20); {
				case n < 13:
					content := fmt.Sprint("content ", r.Intn(30))
					err := b.Put(path, gitstore.NewBlob([]byte(content)))
					if conflict := staged.conflicts(path); (err != nil) != conflict {
						t.Fatalf("step %d: putting %s: %v, conflict %v", step, path, err, conflict)
					} else if !conflict {
						staged[path] = content
					}
				case n < 17:
					err := b.Remove(path)
					if removed := staged.remove(path); removed != (err == nil) || !removed && !errors.Is(err, gitstore.ErrNotFound) {
						t.Fatalf("step %d: removing %s: %v, was there %v", step, path, err, removed)
					}
				case n < 18:
					b.Discard()
					staged = maps.Clone(committed)
				case n < 19:
					commit(t, b, fmt.Sprint("step ", step))
					committed = maps.Clone(staged)
					commits++
				default:
					ok(t, b.Publish(context.Background()))
				}
				checkStaged(t, b, staged, committed)
			}
			commit(t, b, "last")
			ok(t, b.Publish(context.Background()))
			ok(t, b.Close())
			fsck(t, dir)
			checkHistory(t, dir, s, staged, commits+1)
		})
	}
}

func randomPath(r *rand.Rand) string {
	names := []string{"a", "a.b", "a-b", "b", "ab"} // neighbours in git's order
	path := names[r.Intn(len(names))]
	for range r.Intn(4) {
		path += "/" + names[r.Intn(len(names))]
	}
	return path
}

func checkStaged(t *testing.T, b *gitstore.Batch, staged, committed model) {
	t.Helper()
	if diff := cmp.Diff(staged, contents(t, b.Object, b.Files(""))); diff != "" {
		t.Fatalf("staged files (-want +got):\n%s", diff)
	}
	changes := map[string]bool{}
	for c, err := range b.Changes() {
		ok(t, err)
		changes[c.Path] = true
		if (c.Old.ID != gitstore.ID{}) != has(committed, c.Path) || (c.New.ID != gitstore.ID{}) != has(staged, c.Path) {
			t.Fatalf("change of %s: %v", c.Path, c)
		}
	}
	for path := range staged {
		if changes[path] != (staged[path] != committed[path] || !has(committed, path)) {
			t.Fatalf("%s is among the changes: %v", path, changes[path])
		}
	}
}

func has(m model, path string) bool {
	_, ok := m[path]
	return ok
}

// checkHistory compares trees and changes with git ls-tree and git diff-tree.
func checkHistory(t *testing.T, dir string, s *gitstore.Store, want model, commits int) {
	t.Helper()
	head, err := s.Head()
	ok(t, err)
	n := 0
	for c, err := range s.History(head) {
		ok(t, err)
		if n == 0 {
			if diff := cmp.Diff(want, contents(t, s.Object, s.Files(c.Tree, ""))); diff != "" {
				t.Fatalf("files of the head (-want +got):\n%s", diff)
			}
		}
		n++
		var got strings.Builder
		for f, err := range s.Files(c.Tree, "") {
			ok(t, err)
			fmt.Fprintf(&got, "%s blob %s\t%s\n", f.Mode, f.ID, f.Path)
		}
		if diff := cmp.Diff(git(t, dir, "ls-tree", "-r", c.ID.String()), got.String()); diff != "" {
			t.Fatalf("files of %s (-git +got):\n%s", c.ID, diff)
		}
		parentTree := gitstore.ID{}
		if !c.Parent.IsZero() {
			p, err := s.Commit(c.Parent)
			ok(t, err)
			parentTree = p.Tree
		}
		got.Reset()
		for change, err := range s.Changes(parentTree, c.Tree) {
			ok(t, err)
			fmt.Fprintf(&got, ":%s %s %s %s\t%s\n", change.Old.Mode, change.New.Mode, change.Old.ID, change.New.ID, change.Path)
		}
		raw := git(t, dir, "diff-tree", "-r", "--root", "--no-renames", "--no-commit-id", "--no-abbrev", c.ID.String())
		for _, status := range []string{" A\t", " D\t", " M\t"} {
			raw = strings.ReplaceAll(raw, status, "\t")
		}
		if diff := cmp.Diff(raw, got.String()); diff != "" {
			t.Fatalf("changes of %s (-git +got):\n%s", c.ID, diff)
		}
	}
	if n != commits {
		t.Errorf("the history has %d commits, want %d", n, commits)
	}
}

func TestPutRefuses(t *testing.T) {
	b := begin(t, open(t, newRepository(t)))
	put(t, b, "a/b", "one")
	blob := gitstore.NewBlob([]byte("x"))
	for _, path := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", ".git", ".GIT/x", "x/.git", ".gitmodules", "git~1",
		"a\x00b", "a\nb", "ä", "a b", `a\b`, "a:b", "nul.", "x/" + strings.Repeat("n", 256), strings.Repeat("d/", 64) + "f",
		"a/b/c", "a",
	} {
		if err := b.Put(path, blob); err == nil {
			t.Errorf("%q is accepted", path)
		}
	}
	got := contents(t, b.Object, b.Files(""))
	if diff := cmp.Diff(model{"a/b": "one"}, got); diff != "" {
		t.Errorf("refused paths changed the tree:\n%s", diff)
	}
	put(t, b, ".gitattributes", "* -text\n", "host~slug~0123456789abcdef0123/head.http", "x")
	commit(t, b, "good names")
}

func TestLookup(t *testing.T) {
	s := open(t, newRepository(t))
	c := record(t, s, "a/b/c.txt", "one", "a/b.txt", "two")
	for _, path := range []string{"a", "a/b", "a/b/c.txt", "a/b.txt", ""} {
		if _, err := s.Lookup(c.Tree, path); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{"b", "a/c", "a/b.txt/x", "/a", "a/", "a//b", "."} {
		if _, err := s.Lookup(c.Tree, path); !errors.Is(err, gitstore.ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", path, err)
		}
	}
	for folder, want := range map[string]model{
		"a/b": {"a/b/c.txt": "one"}, "a": {"a/b/c.txt": "one", "a/b.txt": "two"}, "absent": {}, "a/b.txt": {},
	} {
		if diff := cmp.Diff(want, contents(t, s.Object, s.Files(c.Tree, folder))); diff != "" {
			t.Errorf("files of %q (-want +got):\n%s", folder, diff)
		}
	}
}

// TestBatchSeesItself reads what is staged and committed but not published.
func TestBatchSeesItself(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s := open(t, dir)
	old := record(t, s, "old", "before", "x/y", "nested")
	b := begin(t, s)
	if b.Head().ID != old.ID {
		t.Errorf("head %s, want %s", b.Head().ID, old.ID)
	}
	large := string(words(7, 3<<20)) // passes by the buffer
	put(t, b, "new", "after", "big", large)
	c := commit(t, b, "second")
	put(t, b, "newer", "later")
	if diff := cmp.Diff(model{"old": "before", "x/y": "nested", "new": "after", "newer": "later", "big": large},
		contents(t, b.Object, b.Files(""))); diff != "" {
		t.Error(diff)
	}
	for _, content := range []string{"before", "after", large} {
		blob := gitstore.NewBlob([]byte(content))
		sum, err := b.SHA256(blob.ID())
		ok(t, err)
		if want := sha256.Sum256([]byte(content)); sum != want || blob.SHA256() != want || blob.Size() != int64(len(content)) {
			t.Errorf("SHA-256 %x, want %x", sum, want)
		}
	}
	folder, err := b.Lookup("x")
	ok(t, err)
	if _, err := b.SHA256(folder.ID); err == nil {
		t.Error("a tree has a SHA256 as if it were a blob")
	}
	// Nobody else sees any of it.
	other := open(t, dir)
	head, err := other.Head()
	ok(t, err)
	if _, err := other.Commit(c.ID); head != old.ID || err == nil {
		t.Errorf("an unpublished commit can be seen: %v, %v", head, err)
	}
	ok(t, b.Publish(context.Background()))
	if got, err := other.Commit(c.ID); err != nil || got.ID != c.ID {
		t.Errorf("a published commit cannot be read by a store opened before: %v", err)
	}
	commit(t, b, "third")
	ok(t, b.Publish(context.Background()))
	ok(t, b.Publish(context.Background())) // nothing left
	ok(t, b.Close())
	ok(t, b.Close())
	fsck(t, dir)
	if got, want := git(t, dir, "log", "--format=%s", "main"), "third\nsecond\nrecord old\n"; got != want {
		t.Errorf("git log says %q, want %q", got, want)
	}
	if err := b.Put("z", gitstore.NewBlob(nil)); !errors.Is(err, gitstore.ErrClosed) {
		t.Errorf("putting into a closed batch: %v", err)
	}
	if err := b.Publish(context.Background()); !errors.Is(err, gitstore.ErrClosed) {
		t.Errorf("publishing a closed batch: %v", err)
	}
}

func TestCloseLeavesNoTrace(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	record(t, s, "a", "one")
	before := tree(t, dir)
	b := begin(t, s)
	put(t, b, "b", string(words(1, 1<<20)))
	commit(t, b, "unpublished")
	ok(t, b.Close())
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
}

func TestEmptyCommits(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	b := begin(t, s)
	empty := commit(t, b, "nothing")
	put(t, b, "a/b/c", "one")
	commit(t, b, "something")
	ok(t, b.Remove("a/b/c"))
	again := commit(t, b, "nothing again")
	if again.Tree != empty.Tree || empty.Tree.String() != "4b825dc642cb6eb9a060e54bf8d69288fbee4904" {
		t.Errorf("trees %s and %s", empty.Tree, again.Tree)
	}
	ok(t, b.Publish(context.Background()))
	fsck(t, dir)
}

// TestEachObjectOnce: what the batch has, or the commit it began with in the same
// place, is not written again. What is elsewhere is: nothing says that it stays.
func TestEachObjectOnce(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s := open(t, dir)
	record(t, s, "a/x", "one", "b/x", "one", "c", "one") // blob, tree of x, root, commit
	b := begin(t, s)
	put(t, b, "a/x", "one", "c", "one")
	put(t, b, "d/x", "one", "e", "two", "f", "two")
	ok(t, b.Put("g", gitstore.NewBlob([]byte("forgotten"))))
	b.Discard()
	put(t, b, "d/x", "one", "e", "two", "f", "two") // blob of e, root, commit; blob and tree of d/x once more
	commit(t, b, "again")
	ok(t, b.Publish(context.Background()))
	if got, want := count(t, dir, "in-pack"), 4+3+2; got != want {
		t.Errorf("there are %d objects, want %d", got, want)
	}
	fsck(t, dir)
	ok(t, b.Close())
	compact(t, s, gitstore.CompactOptions{})
	if got, want := count(t, dir, "in-pack"), 4+3; got != want {
		t.Errorf("there are %d objects after compacting, want %d", got, want)
	}
	fsck(t, dir)
}

// TestSignerFails: nothing of a commit that is not signed stays.
func TestSignerFails(t *testing.T) {
	b := begin(t, open(t, newRepository(t)))
	put(t, b, "a", "one")
	failing := errors.New("the key is locked")
	if _, err := b.Commit(alice, noon, "m\n", signerFunc(func() ([]byte, error) { return nil, failing })); !errors.Is(err, failing) {
		t.Errorf("got %v, want %v", err, failing)
	}
	if _, err := b.Commit(alice, noon, "m\n", signerFunc(func() ([]byte, error) { return []byte("no armor"), nil })); err == nil {
		t.Error("a signature that is none is accepted")
	}
	if b.Head() != nil {
		t.Error("there is a commit")
	}
}

type signerFunc func() ([]byte, error)

func (f signerFunc) Sign(io.Reader) ([]byte, error) { return f() }

// count returns a figure of git count-objects -v.
func count(tb testing.TB, dir, key string) int {
	tb.Helper()
	n := 0
	for line := range strings.Lines(git(tb, dir, "count-objects", "-v")) {
		if value, found := strings.CutPrefix(line, key+": "); found {
			_, err := fmt.Sscan(value, &n)
			ok(tb, err)
			return n
		}
	}
	tb.Fatalf("git count-objects says nothing of %s", key)
	return 0
}

// TestCost: the next commit of a page costs the trees on its path, however many
// pages there are.
func TestCost(t *testing.T) {
	t.Parallel()
	const pages = 20_000
	dir := newRepository(t)
	s := open(t, dir)
	b := begin(t, s)
	for i := range pages {
		put(t, b, pagePath(i)+"/capture.json", fmt.Sprint("page ", i))
	}
	commit(t, b, "many pages")
	ok(t, b.Publish(context.Background()))
	ok(t, b.Close())
	before := count(t, dir, "in-pack")
	packed := packBytes(t, dir)
	record(t, s, pagePath(777)+"/capture.json", "page 777, later")
	// One blob, one commit; the root, pages/, four levels and the page's folder.
	if got, want := count(t, dir, "in-pack")-before, 1+1+7; got != want {
		t.Errorf("one more commit wrote %d objects, want %d", got, want)
	}
	if got, want := packBytes(t, dir)-packed, int64(8<<10); got > want {
		t.Errorf("one more commit took %d bytes, more than %d", got, want)
	}
	fsck(t, dir)
}

func pagePath(i int) string {
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(i))))[:20]
	return fmt.Sprintf("pages/%c/%c/%c/%c/example.com~slug~%s", id[0], id[1], id[2], id[3], id)
}

func packBytes(tb testing.TB, dir string) int64 {
	tb.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*"))
	ok(tb, err)
	total := int64(0)
	for _, path := range packs {
		info, err := os.Stat(path)
		ok(tb, err)
		total += info.Size()
	}
	return total
}
