package gitstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// pageVersions are versions of a page that differ in a few words.
func pageVersions(seed int64, n int) [][]byte {
	all := make([][]byte, n)
	page := words(seed, 33_000)
	for i := range all {
		page = append([]byte(nil), page...)
		copy(page[(i*7919)%32_000:], fmt.Sprintf("<p>edit %d of page %d, <b>which</b> nobody announced</p>", i, seed))
		all[i] = page
	}
	return all
}

// TestFormerVersions: a batch with many versions of a page holds them as deltas,
// which every reader follows.
func TestFormerVersions(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s := open(t, dir)
	b := begin(t, s)
	bodies := pageVersions(1, 100)
	big := words(2, 1<<20+1)
	var commits []*gitstore.Commit
	for i, body := range bodies {
		ok(t, b.Put(pagePath(1)+"/body.html", gitstore.NewBlob(body)))
		put(t, b, pagePath(i+10)+"/capture.json", fmt.Sprint(i))
		if i < 3 {
			ok(t, b.Put("big", gitstore.NewBlob(append(big, byte(i)))))
		}
		if i == 50 { // what was rolled back cannot be a base
			ok(t, b.Put("discarded", gitstore.NewBlob(words(3, 5000))))
			b.Discard()
			ok(t, b.Put("discarded", gitstore.NewBlob(words(3, 5001))))
			ok(t, b.Put(pagePath(1)+"/body.html", gitstore.NewBlob(body)))
		}
		commits = append(commits, commit(t, b, fmt.Sprint(i)))
	}
	check := func(when string, object func(gitstore.ID) (gitstore.Kind, []byte, error)) {
		t.Helper()
		for i, c := range commits {
			e, err := s.Lookup(c.Tree, pagePath(1)+"/body.html")
			if when == "staged" {
				e, err = gitstore.Entry{ID: gitstore.NewBlob(bodies[i]).ID()}, nil
			}
			ok(t, err)
			_, got, err := object(e.ID)
			if err != nil || string(got) != string(bodies[i]) {
				t.Fatalf("%s: version %d is not what was put: %v", when, i, err)
			}
		}
	}
	check("staged", b.Object)
	ok(t, b.Publish(context.Background()))
	ok(t, b.Close())
	check("published", s.Object)
	fsck(t, dir)
	checkPacks(t, dir)
	deepest, deltas := 0, 0
	for _, line := range packListing(t, dir) {
		if len(line) == 7 { // id, kind, size, packed, offset, depth, base
			deltas++
			depth := 0
			_, err := fmt.Sscan(line[5], &depth)
			ok(t, err)
			deepest = max(deepest, depth)
			if line[1] == "blob" && len(line[2]) > 5 {
				t.Errorf("%v is a large payload stored as a delta", line)
			}
		}
	}
	if deepest != 40 || deltas < 500 {
		t.Errorf("%d deltas, the deepest at %d", deltas, deepest)
	}
	if got, want := packBytes(t, dir), int64(1_000_000); got > want { // of which 720 kB are the three large payloads
		t.Errorf("the pack has %d bytes, more than %d", got, want)
	}
	git(t, dir, "repack", "-adq")
	check("repacked", open(t, dir).Object)
	git(t, dir, "repack", "-adfq")
	check("repacked anew", open(t, dir).Object)
	fsck(t, dir)
}

// checkPacks has git make the index of each pack again.
func checkPacks(t *testing.T, dir string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.pack"))
	ok(t, err)
	if len(packs) == 0 {
		t.Fatal("there is no pack")
	}
	for _, pack := range packs {
		git(t, dir, "index-pack", "--strict", "-o", filepath.Join(t.TempDir(), "again.idx"), pack)
	}
}

// packListing returns what git verify-pack says of each object.
func packListing(t *testing.T, dir string) (lines [][]string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.idx"))
	ok(t, err)
	for line := range strings.Lines(git(t, dir, append([]string{"verify-pack", "-v"}, packs...)...)) {
		if fields := strings.Fields(line); len(fields) >= 5 && len(fields[0]) == 40 {
			lines = append(lines, fields)
		}
	}
	return lines
}
