package gitstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// scanned is an archive with many versions of some pages and a large file.
func scanned(t *testing.T) (dir string, s *gitstore.Store, blobs []gitstore.ID) {
	t.Helper()
	dir = newRepository(t)
	s = open(t, dir)
	batch := begin(t, s)
	for n := range 60 {
		page := pagePath(n % 7)
		body := append(words(int64(n%7), 30_000), words(int64(n), 300)...)
		files := map[string][]byte{
			page + "/body.html": body, page + "/text.md": body[:20_000], page + "/head.http": words(int64(n), 200), page + "/empty": nil,
		}
		if n == 30 {
			files[page+"/large.bin"] = words(99, 3<<20)
		}
		for path, content := range files {
			blob := gitstore.NewBlob(content)
			blobs = append(blobs, blob.ID())
			ok(t, batch.Put(path, blob))
		}
		commit(t, batch, fmt.Sprint("capture ", n))
		if n%20 == 19 {
			ok(t, batch.Publish(context.Background()))
		}
	}
	ok(t, batch.Close())
	return dir, s, blobs
}

// digestsOf holds every digest to the bytes that the store gives, and returns how
// many there are.
func digestsOf(t *testing.T, s *gitstore.Store, blobs []gitstore.ID) (found int) {
	t.Helper()
	var (
		mu          sync.Mutex
		last, total int64
	)
	digests, err := s.Digests(t.Context(), func(done, of int64) {
		mu.Lock()
		defer mu.Unlock()
		last, total = max(last, done), of
	})
	ok(t, err)
	defer func() { ok(t, digests.Close()) }()
	if last != total || total == 0 {
		t.Errorf("progress ends at %d of %d", last, total)
	}
	seen := map[gitstore.ID]bool{}
	for _, id := range blobs {
		sum, size, first, known := digests.Take(id)
		if !known {
			continue
		}
		_, content, err := s.Object(id)
		ok(t, err)
		if sum != sha256.Sum256(content) || size != int64(len(content)) || first == seen[id] {
			t.Errorf("%s: %x of %d bytes, first %v", id, sum, size, first)
		}
		if !seen[id] {
			found++
		}
		seen[id] = true
	}
	return found
}

// TestDigests: one pass finds the SHA-256 of every small file, however it is
// packed.
func TestDigests(t *testing.T) {
	dir, s, blobs := scanned(t)
	unique := map[gitstore.ID]bool{}
	for _, id := range blobs {
		unique[id] = true
	}
	want := len(unique) - 1 // the large one is left to who reads it
	if got := digestsOf(t, s, blobs); got != want {
		t.Errorf("as written: %d digests, want %d", got, want)
	}
	compact(t, s, gitstore.CompactOptions{})
	if got := digestsOf(t, s, blobs); got != want {
		t.Errorf("compacted: %d digests, want %d", got, want)
	}
	for _, how := range [][]string{{"repack", "-adfq", "--depth=250", "--window=50"}, {"-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"}} {
		git(t, dir, how...)
		if got := digestsOf(t, open(t, dir), blobs); got != want {
			t.Errorf("git %v: %d digests, want %d", how, got, want)
		}
	}
}

// TestDigestsOfDamage: a file that fails a check has no digest, all others do.
func TestDigestsOfDamage(t *testing.T) {
	dir, s, blobs := scanned(t)
	compact(t, s, gitstore.CompactOptions{})
	whole := digestsOf(t, s, blobs)
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	ok(t, err)
	content, err := os.ReadFile(packs[0])
	ok(t, err)
	for at := len(content) / 3; at < len(content)-20; at += len(content) / 7 {
		bad := bytes.Clone(content)
		bad[at] ^= 0x10
		ok(t, os.Chmod(packs[0], 0o644))
		ok(t, os.WriteFile(packs[0], bad, 0o644))
		damaged := open(t, dir)
		digests, err := damaged.Digests(t.Context(), nil)
		ok(t, err)
		found, broken := map[gitstore.ID]bool{}, map[gitstore.ID]bool{}
		for _, id := range blobs {
			_, _, _, known := digests.Take(id)
			if known {
				found[id] = true
			}
			if _, _, err := damaged.Object(id); err != nil {
				broken[id] = true
			}
			if known && broken[id] {
				t.Errorf("flipped at %d: %s cannot be read but has a digest", at, id)
			}
		}
		if len(found)+len(broken) < whole || len(found) == whole && len(broken) > 1 {
			t.Errorf("flipped at %d: %d digests and %d unreadable files of %d", at, len(found), len(broken), whole)
		}
		ok(t, digests.Close())
	}
}

// TestDigestsCancelled: a scan ends when its context does.
func TestDigestsCancelled(t *testing.T) {
	_, s, _ := scanned(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Digests(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
