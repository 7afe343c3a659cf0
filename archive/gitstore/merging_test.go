package gitstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

func packNames(t *testing.T, dir string) []string {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
	ok(t, err)
	for i := range packs {
		packs[i] = strings.TrimSuffix(packs[i], ".pack")
	}
	return packs
}

// TestMerging publishes many small batches. Packs stay few, readers that were
// open before read on, and nothing changes for stock git.
func TestMerging(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s, reader := open(t, dir), open(t, dir)
	bodies := pageVersions(1, 4)
	var first *gitstore.Commit
	most := 0
	for i := range 100 {
		b := begin(t, s)
		for v, body := range bodies { // deltas inside each pack
			ok(t, b.Put(pagePath(i)+"/body.html", gitstore.NewBlob(append(body, byte(i)))))
			commit(t, b, fmt.Sprint(i, v))
		}
		ok(t, b.Publish(context.Background()))
		if first == nil {
			first = b.Head()
			_, err := reader.Commit(first.ID)
			ok(t, err)
		}
		ok(t, b.Close())
		most = max(most, len(packNames(t, dir)))
	}
	if most > 21 { // 15 of the first level, 6 of the second
		t.Errorf("there were %d packs", most)
	}
	checkPacks(t, dir)
	fsck(t, dir)
	n := count(t, dir, "in-pack")
	for _, s := range []*gitstore.Store{s, reader, open(t, dir)} {
		if got := readAll(t, dir, s); got != n {
			t.Errorf("read %d objects, want %d", got, n)
		}
		head, err := s.Head()
		ok(t, err)
		commits := 0
		for _, err := range s.History(head) {
			ok(t, err)
			commits++
		}
		if commits != 400 {
			t.Errorf("the history has %d commits", commits)
		}
	}
}

// TestMergingCopies merges packs that hold the same objects, as other deltas.
func TestMergingCopies(t *testing.T) {
	t.Parallel()
	for _, options := range [][]string{{"--delta-base-offset"}, {}} {
		dir := newRepository(t)
		s, commits := versions(t, dir)
		before := count(t, dir, "in-pack")
		for i := range 13 {
			list := git(t, dir, "rev-list", "--objects", "main", fmt.Sprint("--skip=", i), fmt.Sprint("--max-count=", commits-3*i))
			args := append([]string{"pack-objects", "-q", fmt.Sprint("--depth=", i%5), "objects/pack/pack"}, options...)
			runGit(t, dir, strings.NewReader(list), args...)
		}
		for i := 0; len(packNames(t, dir)) > 1; i++ {
			if i == 3 {
				t.Fatal("the packs are not merged")
			}
			record(t, s, "more", fmt.Sprint(i))
		}
		checkPacks(t, dir)
		fsck(t, dir)
		if got := readAll(t, dir, s); got > before+4*3 || got != count(t, dir, "in-pack") {
			t.Errorf("%d objects, of %d in packs and %d before", got, count(t, dir, "in-pack"), before)
		}
	}
}

// TestMergingSpares: packs that are kept or damaged are left alone, and damage
// is not copied into a pack that looks sound.
func TestMergingSpares(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s := open(t, dir)
	record(t, s, "kept", "by somebody")
	kept := packNames(t, dir)[0]
	ok(t, os.WriteFile(kept+".keep", []byte("do not touch\n"), 0o666))
	id := gitstore.NewBlob(words(1, 3000)).ID()
	record(t, s, "damaged", string(words(1, 3000)))
	damaged := packNames(t, dir)[0]
	if damaged == kept {
		damaged = packNames(t, dir)[1]
	}
	ok(t, os.Chmod(damaged+".pack", 0o644))
	change(t, damaged+".pack", flip(200))
	for i := range 40 {
		record(t, s, "more", fmt.Sprint(i))
	}
	names := packNames(t, dir)
	if !slices.Contains(names, kept) || !slices.Contains(names, damaged) || len(names) > 2+1+2*15 {
		t.Errorf("%d packs, kept %s, damaged %s", len(names), kept, damaged)
	}
	_, _, err := open(t, dir).Object(id)
	if _, is := isA[*gitstore.CorruptError](err); !is {
		t.Errorf("got %v, want a CorruptError", err)
	}
}

// TestForeignRecord: a record that comes with an archive removes nothing that is
// not held elsewhere.
func TestForeignRecord(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	record(t, s, "a", "one")
	record(t, s, "a", "two")
	names := packNames(t, dir)
	for _, content := range []string{
		fmt.Sprintf("new %s\nold %s\n", filepath.Base(names[0]), filepath.Base(names[1])),
		fmt.Sprintf("old %s\n", filepath.Base(names[1])),
		fmt.Sprintf("new %s\nold %s\n", filepath.Base(names[0]), filepath.Base(names[0])),
		"garbage",
	} {
		ok(t, os.WriteFile(filepath.Join(dir, "walkback", "packs.replaced"), []byte(content), 0o666))
		ok(t, begin(t, s).Close())
		if got := packNames(t, dir); !slices.Equal(got, names) {
			t.Errorf("%q removed packs: %q of %q are left", content, got, names)
		}
		checkClean(t, dir)
	}
}
