package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/schemas"
)

// packs lists the archive's packs, the one made last first.
func (w workplace) packs() []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.archive(), "objects", "pack", "*.pack"))
	if err != nil {
		w.t.Fatal(err)
	}
	made := map[string]int64{}
	for _, pack := range found {
		info, err := os.Stat(pack)
		if err != nil {
			w.t.Fatal(err)
		}
		made[pack] = info.ModTime().UnixNano()
	}
	slices.SortFunc(found, func(a, b string) int { return int(made[b] - made[a]) })
	return found
}

// TestDamagedHistory: a page that is only damaged in what it said long ago stops
// a capture that has to compare with that, by the exit code for an archive that
// does not verify.
func TestDamagedHistory(t *testing.T) {
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	posts, _ := servePosts(web, 1, 0)
	w.must(exitDone, "capture", posts[0])
	served := w.packs()[0] // what holds the text
	web.Remove(posts[0])
	w.must(exitPartly, "capture", posts[0])
	web.Restore(posts[0])
	web.Edit(posts[0], "of its own", "of somebody else")
	w.editFile(served, flip)
	head := w.git("rev-parse", "main")
	for _, command := range []string{"capture", "check"} {
		_, stderr, code := w.run(command, posts[0])
		if code != 11 || !strings.Contains(stderr, "is corrupt in") || !strings.Contains(stderr, "hint: walkback verify tells all that is wrong") {
			t.Errorf("%s ends with %d, want 11: %s", command, code, stderr)
		}
	}
	if now := w.git("rev-parse", "main"); now != head {
		t.Errorf("main moved from %s to %s", head, now)
	}
	if _, stderr, code := w.run("verify"); code != 10 {
		t.Errorf("verify ends with %d, want 10: %s", code, stderr)
	}
}

// flip damages all of a pack but its ends.
func flip(b []byte) []byte {
	for i := range b[40 : len(b)-40] {
		b[40+i] ^= 0x55
	}
	return b
}

// TestDamage: whatever is damaged or missing, each command says what, and what to
// do; none loses anything more, and none that writes builds on it.
func TestDamage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some twenty seconds")
	}
	web := archivetest.NewWeb(t)
	posts, _ := servePosts(web, 1, 0)
	original := newWorkplace(t)
	original.must(exitDone, "capture", posts[0])
	web.Edit(posts[0], "of its own", "of somebody else")
	original.must(exitChanged, "check")
	order := original.packs()
	for _, damage := range []struct {
		name   string
		harm   func(w workplace, packs []string) // newest first
		verify int                               // its exit code
		way    string                            // of the way out, when a command fails
	}{
		{"newest pack deleted", func(w workplace, packs []string) { w.remove(packs[0]) }, 12, "walkback verify"},
		{"newest pack and index deleted", func(w workplace, packs []string) { w.remove(packs[0], index(packs[0])) }, 12, "walkback verify"},
		{"first pack deleted", func(w workplace, packs []string) { w.remove(packs[2]) }, 12, "walkback verify"},
		{"newest pack cut in half", func(w workplace, packs []string) { w.editFile(packs[0], half) }, 12, "walkback verify"},
		{"newest pack emptied", func(w workplace, packs []string) { w.editFile(packs[0], nothing) }, 12, "walkback verify"},
		{"newest pack flipped", func(w workplace, packs []string) { w.editFile(packs[0], flip) }, 10, "walkback verify"},
		{"index deleted", func(w workplace, packs []string) { w.remove(index(packs[0])) }, 12, "git index-pack"},
		{"index cut in half", func(w workplace, packs []string) { w.editFile(index(packs[0]), half) }, 12, "git index-pack"},
		{"index flipped", func(w workplace, packs []string) { w.editFile(index(packs[0]), flip) }, 10, "git index-pack"},
		{"main deleted", func(w workplace, packs []string) { w.remove(w.main()) }, 12, "update-ref refs/heads/main"},
		{"main emptied", func(w workplace, packs []string) { w.editFile(w.main(), nothing) }, 12, "update-ref refs/heads/main"},
		{"main garbled", func(w workplace, packs []string) { w.editFile(w.main(), flip0) }, 12, "update-ref refs/heads/main"},
		{"main names nothing", func(w workplace, packs []string) {
			w.editFile(w.main(), func([]byte) []byte { return []byte(strings.Repeat("ab", 20) + "\n") })
		}, 12, "walkback verify"},
		{"HEAD deleted", func(w workplace, packs []string) { w.remove(filepath.Join(w.archive(), "HEAD")) }, 1, "HEAD"},
		{"HEAD garbled", func(w workplace, packs []string) { w.editFile(filepath.Join(w.archive(), "HEAD"), flip0) }, 10, "walkback verify"},
		{"config garbled", func(w workplace, packs []string) { w.editFile(filepath.Join(w.archive(), "config"), flip0) }, 1, "config"},
		{"objects deleted", func(w workplace, packs []string) { w.remove(filepath.Join(w.archive(), "objects")) }, 1, "--archive DIR"},
	} {
		t.Run(damage.name, func(t *testing.T) {
			t.Parallel()
			w := original.copy(t)
			packs := slices.Clone(order)
			for i, pack := range packs {
				packs[i] = filepath.Join(w.archive(), "objects", "pack", filepath.Base(pack))
			}
			damage.harm(w, packs)
			before := w.durable()
			for _, command := range [][]string{
				{"list"}, {"log", posts[0]}, {"search", "story"}, {"compact"}, {"capture", posts[0]}, {"check"}, {"init"}, {"verify"},
			} {
				_, stderr, code := w.run(command...)
				if strings.Contains(stderr, "goroutine ") {
					t.Errorf("%s panics: %s", command, stderr)
				}
				if command[0] == "verify" {
					if code != damage.verify {
						t.Errorf("verify ends with %d, want %d", code, damage.verify)
					}
				} else if writes := slices.Contains([]string{"capture", "check"}, command[0]); writes && code != 11 && code != 1 {
					t.Errorf("%s ends with %d", command, code)
				}
				if code == 0 && command[0] == "compact" {
					before = w.durable() // nothing that it keeps is damaged
				}
				if code == 1 && command[0] != "init" || code == 11 {
					if !strings.Contains(stderr, "walkback: error: ") || !strings.Contains(stderr, damage.way) {
						t.Errorf("%s ends with %d and does not name the way out, %q: %s", command, code, damage.way, stderr)
					}
				}
				if after := w.durable(); !slices.Equal(before, after) {
					t.Fatalf("%s changed the archive: %q, before %q", command, after, before)
				}
			}
		})
	}
}

func half(b []byte) []byte  { return b[:len(b)/2] }
func nothing([]byte) []byte { return nil }
func flip0(b []byte) []byte { return bytes.Map(func(r rune) rune { return r ^ 0x15 }, b) }

// index returns the index of a pack.
func index(pack string) string { return strings.TrimSuffix(pack, ".pack") + ".idx" }

func (w workplace) main() string { return filepath.Join(w.archive(), "refs", "heads", "main") }

func (w workplace) remove(files ...string) {
	w.t.Helper()
	for _, file := range files {
		if err := os.RemoveAll(file); err != nil {
			w.t.Fatal(err)
		}
	}
}

// durable lists what must never change in a damaged archive: its objects, refs,
// HEAD and config, with their content.
func (w workplace) durable() []string {
	w.t.Helper()
	var found []string
	err := filepath.WalkDir(w.archive(), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.Name() == "walkback" {
				return filepath.SkipDir
			}
			return err
		}
		content, err := os.ReadFile(path)
		found = append(found, filepath.Base(path)+" "+schemas.DigestOf(content).Hex())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}
