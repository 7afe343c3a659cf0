package gitstore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "down", "archive.git")
	ok(t, gitstore.Init(dir))
	fsck(t, dir)
	for key, want := range map[string]string{
		"core.repositoryformatversion": "0", "core.bare": "true", "core.fsync": "all", "gc.auto": "0",
		"gc.pruneExpire": "never", "maintenance.auto": "false", "receive.autogc": "false",
		"receive.denyDeletes": "true", "receive.denyNonFastForwards": "true", "transfer.unpackLimit": "1",
	} {
		if got := strings.TrimSpace(git(t, dir, "config", "--local", key)); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got, want := git(t, dir, "symbolic-ref", "HEAD"), "refs/heads/main\n"; got != want {
		t.Errorf("HEAD is %q, want %q", got, want)
	}
	s := open(t, dir)
	if head, err := s.Head(); err != nil || !head.IsZero() {
		t.Errorf("the head of a new repository is %v, %v", head, err)
	}
	for range s.History(gitstore.ID{}) {
		t.Error("an unborn branch has a history")
	}
	names, err := os.ReadDir(filepath.Dir(dir))
	ok(t, err)
	if len(names) != 1 {
		t.Errorf("Init left something beside the repository: %v", names)
	}
}

func TestInitInEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	ok(t, gitstore.Init(dir))
	record(t, open(t, dir), "a", "one")
	fsck(t, dir)
}

func TestInitRefuses(t *testing.T) {
	full := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(full, "letter.txt"), []byte("dear"), 0o666))
	if err := gitstore.Init(full); !errors.Is(err, gitstore.ErrNotEmpty) {
		t.Errorf("in a full folder: %v, want ErrNotEmpty", err)
	}
	if got := tree(t, full); !slices.Equal(got, []string{".", "letter.txt"}) {
		t.Errorf("Init changed a folder that it refused: %q", got)
	}
	file := filepath.Join(full, "letter.txt")
	if err := gitstore.Init(file); err == nil {
		t.Error("Init accepts a file")
	}
	if err := gitstore.Init(filepath.Join(file, "below", "it")); err == nil {
		t.Error("Init makes a folder below a file")
	}
	if got := tree(t, full); !slices.Equal(got, []string{".", "letter.txt"}) {
		t.Errorf("a failed Init left something behind: %q", got)
	}
}

// TestInitCompletes: wherever a making was killed, the next one completes it, and
// until then the folder is no repository.
func TestInitCompletes(t *testing.T) {
	whole := newRepository(t)
	config, err := os.ReadFile(filepath.Join(whole, "config"))
	ok(t, err)
	folders := []string{"walkback", "objects/info", "objects/pack", "refs/heads", "refs/tags"}
	files := []struct{ name, content string }{
		{"walkback/writer.lock", `{"pid":1}`},
		{"config", ""},
		{"config", string(config[:40])},
		{"config", string(config)},
		{"HEAD.lock", ""},
		{"HEAD.lock", "ref: refs/heads/main\n"},
	}
	for steps := 1; steps <= len(folders)+len(files); steps++ {
		dir := filepath.Join(t.TempDir(), "archive.git")
		for _, folder := range folders[:min(steps, len(folders))] {
			ok(t, os.MkdirAll(filepath.Join(dir, folder), 0o777))
		}
		for _, file := range files[:max(0, steps-len(folders))] {
			ok(t, os.WriteFile(filepath.Join(dir, file.name), []byte(file.content), 0o666))
		}
		if _, err := gitstore.Open(dir); !errors.Is(err, gitstore.ErrUnfinished) {
			t.Errorf("opening after %d steps: %v, want ErrUnfinished", steps, err)
		}
		ok(t, gitstore.Init(dir))
		if got, want := tree(t, dir), tree(t, whole); !slices.Equal(got, want) {
			t.Errorf("completed after %d steps: %q, want %q", steps, got, want)
		}
		record(t, open(t, dir), "a", "one")
		fsck(t, dir)
		beside, err := os.ReadDir(filepath.Dir(dir))
		ok(t, err)
		if len(beside) != 1 {
			t.Errorf("after %d steps there is something beside the repository: %v", steps, beside)
		}
	}
}

// TestInitSparesOthers: what only looks like a making that was cut short is left
// alone, and so is one that is going on.
func TestInitSparesOthers(t *testing.T) {
	lost := newRepository(t)
	record(t, open(t, lost), "a", "one")
	ok(t, os.Remove(filepath.Join(lost, "HEAD")))
	_, err := gitstore.Open(lost)
	if broken, is := isA[*gitstore.RefError](err); !is || filepath.Base(broken.Path) != "HEAD" {
		t.Errorf("opening a repository without HEAD: %v, want a RefError", err)
	}
	other := filepath.Join(t.TempDir(), "other.git")
	ok(t, os.MkdirAll(filepath.Join(other, "walkback"), 0o777))
	ok(t, os.WriteFile(filepath.Join(other, "config"), []byte("[core]\n\tbare = false\n"), 0o666))
	for _, dir := range []string{lost, other} {
		before := tree(t, dir)
		if err := gitstore.Init(dir); !errors.Is(err, gitstore.ErrNotEmpty) {
			t.Errorf("making one in %s: %v, want ErrNotEmpty", dir, err)
		}
		if after := tree(t, dir); !slices.Equal(before, after) {
			t.Errorf("Init changed a folder that it refused: %q, before %q", after, before)
		}
	}
	live := filepath.Join(t.TempDir(), "live.git")
	ok(t, os.MkdirAll(filepath.Join(live, "walkback"), 0o777))
	lock := flock.New(filepath.Join(live, "walkback", "writer.lock"))
	if got, err := lock.TryLock(); !got || err != nil {
		t.Fatal(got, err)
	}
	err = gitstore.Init(live)
	if _, is := isA[*gitstore.LockedError](err); !is {
		t.Errorf("making what is being made: %v, want a LockedError", err)
	}
	if got := tree(t, live); !slices.Equal(got, []string{".", "walkback", "walkback/writer.lock"}) {
		t.Errorf("Init touched what another one is making: %q", got)
	}
	ok(t, lock.Close())
	ok(t, gitstore.Init(live))
}

// TestTips: without its branch, a repository still tells its newest commit,
// whether our packs, those of stock git or loose files hold it.
func TestTips(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	if tips, err := s.Tips(); err != nil || len(tips) != 0 {
		t.Errorf("the tips of a new repository are %v, %v", tips, err)
	}
	record(t, s, "a", "one")
	newest := record(t, s, "a", "two")
	check := func(how string) {
		t.Helper()
		tips, err := open(t, dir).Tips()
		if err != nil || len(tips) != 1 || tips[0].ID != newest.ID {
			t.Errorf("%s: tips %v, %v, want %s", how, tips, err, newest.ID)
		}
	}
	check("packs")
	git(t, dir, "repack", "-q", "-adf")
	ok(t, os.Remove(filepath.Join(dir, "refs", "heads", "main")))
	check("a pack by git")
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	ok(t, err)
	loose := newRepository(t)
	for _, pack := range packs {
		content, err := os.Open(pack)
		ok(t, err)
		cmd := exec.Command("git", "--git-dir", loose, "unpack-objects", "-q")
		cmd.Stdin = content
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("unpacking: %v: %s", err, out)
		}
		ok(t, content.Close())
	}
	dir = loose
	check("loose")
}

func TestOpenRefuses(t *testing.T) {
	empty := t.TempDir()
	for _, dir := range []string{empty, filepath.Join(empty, "absent")} {
		if _, err := gitstore.Open(dir); !errors.Is(err, gitstore.ErrNotRepository) {
			t.Errorf("%s: %v, want ErrNotRepository", dir, err)
		}
	}
	for _, test := range []struct{ name, config string }{
		{"sha256", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n"},
		{"reftable", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n"},
		{"future", "[core]\n\trepositoryformatversion = 2\n"},
		{"unknown", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfrobnicate = true\n"},
	} {
		dir := newRepository(t)
		ok(t, os.WriteFile(filepath.Join(dir, "config"), []byte(test.config), 0o666))
		_, err := gitstore.Open(dir)
		if _, is := isA[*gitstore.UnsupportedError](err); !is {
			t.Errorf("%s: %v, want an UnsupportedError", test.name, err)
		}
	}
	dir := newRepository(t)
	ok(t, os.WriteFile(filepath.Join(dir, "config"), []byte("[core\n"), 0o666))
	if _, err := gitstore.Open(dir); err == nil {
		t.Error("a garbled config is accepted")
	}
}

// TestOpenLeavesNoTrace: an archive on read-only media can be read.
func TestOpenLeavesNoTrace(t *testing.T) {
	dir := newRepository(t)
	c := record(t, open(t, dir), "a/b", "one")
	ok(t, os.RemoveAll(filepath.Join(dir, "walkback")))
	before := tree(t, dir)
	s := open(t, dir)
	for range s.Files(c.Tree, "") {
	}
	_, err := s.Hazards()
	ok(t, err)
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("reading changed the repository:\n%q\n%q", before, after)
	}
	// A clone by stock git has no private folder: Begin makes it.
	record(t, s, "c", "two")
}

func TestPermissions(t *testing.T) {
	dir := newRepository(t)
	record(t, open(t, dir), "a", "one")
	plain := filepath.Join(t.TempDir(), "plain")
	ok(t, os.WriteFile(plain, nil, 0o666))
	info, err := os.Stat(plain)
	ok(t, err)
	ok(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		ok(t, err)
		got, err := d.Info()
		ok(t, err)
		want := info.Mode().Perm() // what the umask leaves of 0666
		switch filepath.Ext(path) {
		case ".pack", ".idx":
			want &= 0o444
		}
		if d.IsDir() {
			want |= want >> 2 & 0o111
		}
		if got.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, got.Mode().Perm(), want)
		}
		return nil
	}))
}

// TestStockRepository reads what stock git made, with unsigned commits.
func TestStockRepository(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "stock")
	ok(t, os.Mkdir(dir, 0o777))
	git(t, dir, "init", "-q", "-b", "main")
	ok(t, os.WriteFile(filepath.Join(dir, "a.txt"), words(1, 5000), 0o666))
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "unsigned")
	git(t, dir, "tag", "-a", "-m", "a tag", "v1")
	s := open(t, filepath.Join(dir, ".git"))
	if n := readAll(t, dir, s); n != 4 {
		t.Errorf("got %d objects, want 4", n)
	}
	head, err := s.Head()
	ok(t, err)
	_, err = s.Commit(head)
	if _, is := isA[*gitstore.MalformedError](err); !is {
		t.Errorf("an unsigned commit: %v, want a MalformedError", err)
	}
	_, err = s.Begin(context.Background(), gitstore.Owner{Command: "test"})
	if _, is := isA[*gitstore.MalformedError](err); !is {
		t.Errorf("building on an unsigned commit: %v, want a MalformedError", err)
	}
}

// tree lists a folder with the sizes of its files.
func tree(tb testing.TB, dir string) []string {
	tb.Helper()
	var names []string
	ok(tb, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		names = append(names, rel)
		return err
	}))
	return names
}
