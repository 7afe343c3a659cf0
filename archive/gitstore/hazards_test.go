package gitstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

func TestHazards(t *testing.T) {
	t.Parallel()
	write := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, filepath.FromSlash(name))
			ok(t, os.MkdirAll(filepath.Dir(path), 0o777))
			ok(t, os.WriteFile(path, []byte(content), 0o666))
		}
	}
	config := func(args ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { git(t, dir, append([]string{"config", "--add"}, args...)...) }
	}
	for _, test := range []struct {
		name string
		make func(*testing.T, string)
		kind gitstore.HazardKind
		path string
	}{
		{"replace", func(t *testing.T, dir string) { git(t, dir, "replace", "main", "main~1") }, gitstore.HazardView, "refs/replace/"},
		{"packed replace", func(t *testing.T, dir string) {
			git(t, dir, "replace", "main", "main~1")
			git(t, dir, "pack-refs", "--all")
		}, gitstore.HazardView, "packed-refs"},
		{"grafts", write("info/grafts", "x"), gitstore.HazardView, "info/grafts"},
		{"attributes", write("info/attributes", "* diff=x"), gitstore.HazardView, "info/attributes"},
		{"commondir", write("commondir", ".."), gitstore.HazardView, "commondir"},
		{"HEAD", write("HEAD", "ref: refs/heads/other\n"), gitstore.HazardView, "HEAD"},
		{"second config", write("config.worktree", "[core]\n\tbare = false\n"), gitstore.HazardView, "config.worktree"},
		{"shallow", write("shallow", strings.Repeat("1", 40)+"\n"), gitstore.HazardAbsence, "shallow"},
		{"alternates", write("objects/info/alternates", "/elsewhere\n"), gitstore.HazardAbsence, "objects/info/alternates"},
		{"promisor pack", write("objects/pack/pack-1.promisor", ""), gitstore.HazardAbsence, "objects/pack/pack-1.promisor"},
		{"promisor", config("remote.origin.promisor", "true"), gitstore.HazardAbsence, "config"},
		{"partial clone", config("extensions.partialClone", "origin"), gitstore.HazardAbsence, "config"},
		{"include", config("include.path", "/elsewhere"), gitstore.HazardView, "config"},
		{"conditional include", config("includeIf.onbranch:main.path", "/elsewhere"), gitstore.HazardView, "config"},
		{"signature program", config("gpg.ssh.program", "/bin/true"), gitstore.HazardView, "config"},
		{"diff program", config("diff.x.textconv", "rm"), gitstore.HazardView, "config"},
	} {
		dir := newRepository(t)
		s := open(t, dir)
		record(t, s, "a", "one")
		c := record(t, s, "a", "two")
		if found, err := s.Hazards(); err != nil || len(found) != 0 {
			t.Fatalf("%s: before: %v, %v", test.name, found, err)
		}
		test.make(t, dir)
		found, err := s.Hazards()
		ok(t, err)
		if len(found) != 1 || found[0].Kind != test.kind || !strings.HasPrefix(found[0].Path, test.path) || found[0].Detail == "" {
			t.Errorf("%s: got %v", test.name, found)
		}
		// None of them is followed.
		if got, err := s.Commit(c.ID); err != nil || got.Message != "record a\n" || got.Parent != c.Parent {
			t.Errorf("%s: the commit reads as %v, %v", test.name, got, err)
		}
	}
}
