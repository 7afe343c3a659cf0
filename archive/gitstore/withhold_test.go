package gitstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// fiveVersions records versions of a file that are deltas on each other once they are
// compacted, and a large file, and returns the objects of the file.
func fiveVersions(t *testing.T, s *gitstore.Store) []gitstore.ID {
	t.Helper()
	var ids []gitstore.ID
	text := string(words(7, 20_000))
	for i := range 5 {
		text = strings.Replace(text, " ", " changed ", 1+i)
		c := record(t, s, "pages/a", text, "pages/other", string(words(int64(i), 3_000)))
		entry, err := s.Lookup(c.Tree, "pages/a")
		ok(t, err)
		ids = append(ids, entry.ID)
	}
	return ids
}

func isHere(t *testing.T, s *gitstore.Store, id gitstore.ID) bool {
	t.Helper()
	here, err := s.Has(id)
	ok(t, err)
	return here
}

// fsckMissing returns the blobs that git misses, and nothing else may be wrong.
func fsckMissing(t *testing.T, dir string) []string {
	t.Helper()
	out, _ := tryGit(t, dir, nil, "fsck", "--full", "--strict", "--no-dangling")
	var missing []string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if id, is := strings.CutPrefix(line, "missing blob "); is {
			missing = append(missing, id)
		} else if !strings.HasPrefix(line, "broken link") && !strings.HasPrefix(line, "to ") && line != "" && !strings.HasPrefix(line, "error") {
			t.Errorf("git fsck: %s", line)
		}
	}
	return missing
}

// TestWithhold: what goes is gone from every pack, whatever was a delta on it, and
// all else is there.
func TestWithhold(t *testing.T) {
	for _, compacted := range []bool{false, true} {
		dir := newRepository(t)
		s := open(t, dir)
		ids := fiveVersions(t, s)
		if compacted {
			_, err := s.Compact(context.Background(), gitstore.CompactOptions{})
			ok(t, err)
		}
		before := readAll(t, dir, s)
		gone := []gitstore.ID{ids[1], ids[3]}
		report, err := s.Withhold(context.Background(), gitstore.WithholdOptions{Objects: gone})
		ok(t, err)
		if len(report.Removed) != 2 || report.Packs == 0 {
			t.Errorf("removed %v of %d packs", report.Removed, report.Packs)
		}
		for i, id := range ids {
			if want := i != 1 && i != 3; isHere(t, s, id) != want {
				t.Errorf("version %d is here: %t", i, !want)
			}
		}
		if after := readAll(t, dir, s); after != before-2 {
			t.Errorf("%d objects before, %d after", before, after)
		}
		needTool(t, "git")
		if missing := fsckMissing(t, dir); len(missing) != 2 {
			t.Errorf("git misses %v", missing)
		}
		// Again, packed anew, and built upon.
		report, err = s.Withhold(context.Background(), gitstore.WithholdOptions{Objects: gone})
		ok(t, err)
		if len(report.Removed) != 0 || report.Packs != 0 {
			t.Errorf("again: %+v", report)
		}
		_, err = s.Compact(context.Background(), gitstore.CompactOptions{})
		ok(t, err)
		record(t, s, "pages/b", "more")
		if isHere(t, s, ids[1]) || !isHere(t, s, ids[2]) {
			t.Error("it is not as it was after a compaction")
		}
	}
}

// TestWithholdLoose: an object in a file of its own goes, and a large one.
func TestWithholdLoose(t *testing.T) {
	needTool(t, "git")
	dir := newRepository(t)
	s := open(t, dir)
	large := strings.Repeat(string(words(3, 1<<20)), 10)
	c := record(t, s, "pages/large", large, "pages/small", "small")
	entry, err := s.Lookup(c.Tree, "pages/large")
	ok(t, err)
	loose, err := gitstore.ParseID(strings.TrimSpace(runGit(t, dir, strings.NewReader("loose"), "hash-object", "-w", "--stdin")))
	ok(t, err)
	report, err := s.Withhold(context.Background(), gitstore.WithholdOptions{Objects: []gitstore.ID{entry.ID, loose}})
	ok(t, err)
	if len(report.Removed) != 2 || isHere(t, s, entry.ID) || isHere(t, s, loose) {
		t.Errorf("removed %v", report.Removed)
	}
}

// TestWithholdKept: a pack that somebody keeps is named, and nothing is changed.
func TestWithholdKept(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	ids := fiveVersions(t, s)
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	ok(t, err)
	for _, pack := range packs {
		ok(t, os.WriteFile(strings.TrimSuffix(pack, ".pack")+".keep", []byte("mine\n"), 0o666))
	}
	_, err = s.Withhold(context.Background(), gitstore.WithholdOptions{Objects: ids[:1]})
	var kept *gitstore.KeptPackError
	if !errors.As(err, &kept) || len(kept.Marks) != 1 || !isHere(t, s, ids[0]) {
		t.Errorf("got %v", err)
	}
}

// TestWithholdKilled: whatever of the old packs is left when it is killed, the next
// run removes it, and so it does when the new packs are not all in place.
func TestWithholdKilled(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	ids := fiveVersions(t, s)
	folder := filepath.Join(dir, "objects", "pack")
	old := map[string][]byte{}
	names, err := os.ReadDir(folder)
	ok(t, err)
	for _, name := range names {
		old[name.Name()], err = os.ReadFile(filepath.Join(folder, name.Name()))
		ok(t, err)
	}
	for _, left := range [][]string{{".pack", ".idx", ".rev"}, {".idx"}} {
		_, err := s.Withhold(context.Background(), gitstore.WithholdOptions{Objects: ids[:2]})
		ok(t, err)
		var note strings.Builder
		names, err := filepath.Glob(filepath.Join(folder, "*.pack"))
		ok(t, err)
		for _, name := range names {
			note.WriteString("new " + strings.TrimSuffix(filepath.Base(name), ".pack") + "\n")
			ok(t, os.WriteFile(strings.TrimSuffix(name, ".pack")+".keep", []byte("walkback is publishing this pack\nprocess 1\n"), 0o666))
		}
		for name, content := range old {
			for _, extension := range left {
				if filepath.Ext(name) == extension && !exists(filepath.Join(folder, name)) {
					ok(t, os.WriteFile(filepath.Join(folder, name), content, 0o444))
				}
			}
			if stem, is := strings.CutSuffix(name, ".pack"); is {
				note.WriteString("old " + stem + "\n")
			}
		}
		ok(t, os.WriteFile(filepath.Join(dir, "walkback", "packs.replaced"), []byte(note.String()), 0o666))
		again, err := s.Withhold(context.Background(), gitstore.WithholdOptions{Objects: ids[:2]})
		ok(t, err)
		if isHere(t, s, ids[0]) || isHere(t, s, ids[1]) || !isHere(t, s, ids[2]) {
			t.Errorf("%v left: %+v", left, again)
		}
		for _, name := range names {
			if exists(strings.TrimSuffix(name, ".pack") + ".keep") {
				t.Errorf("%v left: %s is still kept", left, name)
			}
		}
		if stray, _ := filepath.Glob(filepath.Join(folder, "*.idx")); len(stray) != len(globbed(folder, "*.pack")) {
			t.Errorf("%v left: there are indexes without packs: %v", left, stray)
		}
		readAll(t, dir, s)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func globbed(folder, pattern string) []string {
	names, _ := filepath.Glob(filepath.Join(folder, pattern)) // the pattern is good
	return names
}
