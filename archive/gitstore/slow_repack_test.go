package gitstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// slowRepack does what git repack -a -d does, in its three steps, and lets others
// work between them: it notes the packs without a .keep, copies what main reaches
// and no kept pack holds, and removes those that it noted.
func slowRepack(t *testing.T, dir string, noted, copied func()) {
	t.Helper()
	var old []string
	for _, stem := range packNames(t, dir) {
		if _, err := os.Stat(stem + ".keep"); err != nil {
			old = append(old, stem)
		}
	}
	noted()
	made := strings.Fields(git(t, dir, "pack-objects", "-q", "--all", "--honor-pack-keep", "--non-empty", "--delta-base-offset", "objects/pack/pack"))
	copied()
	for _, stem := range old {
		if slices.Contains(made, strings.TrimPrefix(filepath.Base(stem), "pack-")) {
			continue
		}
		for _, extension := range []string{".idx", ".pack"} {
			if err := os.Remove(stem + extension); err != nil && !os.IsNotExist(err) {
				t.Error(err)
			}
		}
	}
}

// TestSlowRepack: whatever walkback does while git repacks, no snapshot is lost.
func TestSlowRepack(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]func(t *testing.T, dir string, s *gitstore.Store){
		"compact": func(t *testing.T, _ string, s *gitstore.Store) {
			compact(t, s, gitstore.CompactOptions{})
		},
		"compact, write, compact": func(t *testing.T, _ string, s *gitstore.Store) {
			compact(t, s, gitstore.CompactOptions{})
			record(t, s, "more", "after compacting")
			compact(t, s, gitstore.CompactOptions{})
		},
		"merge": func(t *testing.T, _ string, s *gitstore.Store) {
			for i := range 40 {
				record(t, s, "more", fmt.Sprint(i))
			}
		},
		"what nothing reached is used": func(t *testing.T, _ string, s *gitstore.Store) {
			record(t, s, "found", "nothing reaches this", "folder/found", "nothing reaches this")
		},
		"merging that was cut off": func(t *testing.T, dir string, s *gitstore.Store) {
			var lines strings.Builder
			for i, stem := range packNames(t, dir) {
				fmt.Fprintln(&lines, []string{"new", "old"}[min(i, 1)], filepath.Base(stem))
			}
			ok(t, os.WriteFile(filepath.Join(dir, "walkback", "packs.replaced"), []byte(lines.String()), 0o666))
			ok(t, begin(t, s).Close())
		},
	} {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", before copying ", before), func(t *testing.T) {
				t.Parallel()
				dir := newRepository(t)
				s, _ := versions(t, dir)
				// A pack of what nothing reaches, and one pack of all that is: a
				// compaction gives the same once more.
				id := writeObject(t, dir, "blob", "nothing reaches this")
				runGit(t, dir, strings.NewReader(id.String()), "pack-objects", "-q", "objects/pack/pack")
				git(t, dir, "prune-packed")
				if name != "what nothing reached is used" {
					compact(t, s, gitstore.CompactOptions{})
				}
				first, second := func() {}, func() {}
				if before {
					first = func() { work(t, dir, s) }
				} else {
					second = func() { work(t, dir, s) }
				}
				slowRepack(t, dir, first, second)
				fsck(t, dir)
				n := strings.Count(git(t, dir, "rev-list", "main"), "\n")
				if n < 40 {
					t.Errorf("%d commits are left", n)
				}
				record(t, open(t, dir), "last", "one")
				fsck(t, dir)
			})
		}
	}
}
