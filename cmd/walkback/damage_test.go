package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// packs lists the archive's packs.
func (w workplace) packs() []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.archive(), "objects", "pack", "*.pack"))
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// TestDamagedHistory: a page that is only damaged in what it said long ago stops
// a capture that has to compare with that, by the exit code for an archive that
// does not verify.
func TestDamagedHistory(t *testing.T) {
	w, web := newWorkplace(t), archivetest.NewWeb(t)
	posts, _ := servePosts(web, 1, 0)
	w.must(exitDone, "init")
	before := w.packs()
	w.must(exitDone, "capture", posts[0])
	var served string // the pack that holds what the page said
	for _, pack := range w.packs() {
		if !strings.Contains(strings.Join(before, "\n"), pack) {
			served = pack
		}
	}
	web.Remove(posts[0])
	w.must(exitPartly, "capture", posts[0])
	web.Restore(posts[0])
	web.Edit(posts[0], "of its own", "of somebody else")
	w.editFile(served, func(b []byte) []byte {
		for i := range b[40 : len(b)-40] {
			b[40+i] ^= 0x55
		}
		return b
	})
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
	if code := verifyCode(w); code != 10 {
		t.Errorf("verify ends with %d, want 10", code)
	}
}

func verifyCode(w workplace) int {
	_, _, code := w.run("verify")
	return code
}
