package gitstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// twoCopies returns a repository of several packs and a loose object, and a copy
// of it.
func twoCopies(t *testing.T) (dir, other string) {
	t.Helper()
	dir = newRepository(t)
	s := open(t, dir)
	for i := range 6 {
		record(t, s, "page/a", strings.Repeat(fmt.Sprintf("line %d of a\n", i), 40))
		record(t, s, fmt.Sprintf("page/%d", i), fmt.Sprintf("text %d\n", i))
	}
	b := begin(t, s)
	put(t, b, "page/large", string(bytes.Repeat([]byte("large "), 2<<20)))
	commit(t, b, "large")
	ok(t, b.Publish(context.Background()))
	ok(t, b.Close())
	ok(t, s.Close())
	other = filepath.Join(t.TempDir(), "other.git")
	ok(t, os.CopyFS(other, os.DirFS(dir)))
	return dir, other
}

func repairFrom(t *testing.T, dir, other string) *gitstore.RepairReport {
	t.Helper()
	s, from := open(t, dir), open(t, other)
	defer s.Close()
	defer from.Close()
	report, err := s.Repair(t.Context(), gitstore.RepairOptions{From: from.Open})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestRepair(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string){
		"nothing": func(*testing.T, string) {},
		"packs deleted": func(t *testing.T, dir string) {
			eachPack(t, dir, func(stem string) { ok(t, os.Remove(stem+".pack")); ok(t, os.Remove(stem+".idx")) })
		},
		"packs cut off": func(t *testing.T, dir string) {
			eachPack(t, dir, func(stem string) { rewriteFile(t, stem+".pack", func(b []byte) []byte { return b[:len(b)*2/3] }) })
		},
		"indexes gone": func(t *testing.T, dir string) { eachPack(t, dir, func(stem string) { ok(t, os.Remove(stem+".idx")) }) },
		"indexes wrong": func(t *testing.T, dir string) {
			eachPack(t, dir, func(stem string) { rewriteFile(t, stem+".idx", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }) })
		},
		"indexes no more": func(t *testing.T, dir string) {
			eachPack(t, dir, func(stem string) { rewriteFile(t, stem+".idx", func([]byte) []byte { return []byte("nothing") }) })
		},
		"trailers": func(t *testing.T, dir string) {
			eachPack(t, dir, func(stem string) { rewriteFile(t, stem+".pack", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }) })
		},
		"zeros": func(t *testing.T, dir string) {
			eachPack(t, dir, func(stem string) { rewriteFile(t, stem+".pack", func(b []byte) []byte { clear(b[20:]); return b }) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, other := twoCopies(t)
			want := everything(t, other)
			damage(t, dir)
			report := repairFrom(t, dir, other)
			if len(report.Lost) > 0 {
				t.Fatalf("lost %v", report.Lost)
			}
			if name == "nothing" && (len(report.Repaired) > 0 || len(report.Aside) > 0) {
				t.Errorf("repaired %v, put aside %v", report.Repaired, report.Aside)
			}
			if got := everything(t, dir); got != want {
				t.Error("the repository is not what it was")
			}
			fsck(t, dir)
			if again := repairFrom(t, dir, other); len(again.Repaired)+len(again.Lost)+len(again.Aside) > 0 {
				t.Errorf("a second time: %+v", again)
			}
		})
	}
}

func eachPack(t *testing.T, dir string, do func(stem string)) {
	t.Helper()
	for _, stem := range packNames(t, dir) {
		ok(t, os.Chmod(stem+".pack", 0o600))
		ok(t, os.Chmod(stem+".idx", 0o600))
		do(stem)
	}
}

func rewriteFile(t *testing.T, file string, edit func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(file)
	ok(t, err)
	ok(t, os.WriteFile(file, edit(data), 0o600))
}

// TestRepairFlips flips single bits at random places of both copies: what one has
// lost the other has, mostly.
func TestRepairFlips(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	dir, other := twoCopies(t)
	want := everything(t, other)
	flip := func(dir string) {
		stems := packNames(t, dir)
		stem := stems[random.IntN(len(stems))]
		extension := []string{".pack", ".idx"}[random.IntN(2)]
		ok(t, os.Chmod(stem+extension, 0o600))
		rewriteFile(t, stem+extension, func(b []byte) []byte { b[random.IntN(len(b))] ^= 1 << random.IntN(8); return b })
	}
	for range 40 {
		flip(dir)
		if report := repairFrom(t, dir, other); len(report.Lost) > 0 {
			t.Fatalf("seed %d: lost %v", seed, report.Lost)
		}
		if everything(t, dir) != want {
			t.Fatalf("seed %d: the repository is not what it was", seed)
		}
		fsck(t, dir)
	}
}

// TestRepairRefuses: another copy that lies, and one that lacks what is needed.
func TestRepairRefuses(t *testing.T) {
	dir, other := twoCopies(t)
	eachPack(t, dir, func(stem string) { ok(t, os.Remove(stem+".pack")); ok(t, os.Remove(stem+".idx")) })
	eachPack(t, other, func(stem string) { rewriteFile(t, stem+".pack", func(b []byte) []byte { clear(b[20:]); return b }) })
	before := everything(t, dir)
	if report := repairFrom(t, dir, other); len(report.Lost) == 0 || len(report.Repaired) > 0 {
		t.Errorf("repaired %v, lost %v", report.Repaired, report.Lost)
	}
	if everything(t, dir) != before {
		t.Error("something was changed")
	}

	// A file with the right name and another SHA-256 than the manifest says, such
	// as only a collision could be.
	dir, other = twoCopies(t)
	eachPack(t, dir, func(stem string) { ok(t, os.Remove(stem+".pack")); ok(t, os.Remove(stem+".idx")) })
	s, from := open(t, dir), open(t, other)
	report, err := s.Repair(t.Context(), gitstore.RepairOptions{
		From: from.Open, Manifest: "page/0",
		Listed: func(_ []byte, path string) ([32]byte, bool) {
			return sha256.Sum256(nil), path == "page/3" || path == "page/large"
		},
	})
	ok(t, err)
	if len(report.Lost) != 2 || !strings.Contains(report.Lost[0].Err.Error(), "SHA-256") {
		t.Errorf("lost %v", report.Lost)
	}
}
