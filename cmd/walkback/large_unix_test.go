//go:build unix

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// endlessFilm serves a film that never ends.
func endlessFilm(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "video/mp4")
		for frame := bytes.Repeat([]byte("frame "), 10_000); ; {
			if _, err := w.Write(frame); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/film"
}

// A file that cannot grow any more, as on a full disk, ends the run with words
// about this machine; the page is not said to have failed.
func TestNoRoomForPayload(t *testing.T) {
	film := endlessFilm(t)
	w := newWorkplace(t)
	w.must(exitDone, "init")
	head := w.git("rev-parse", "main")
	cmd := w.command("capture", film)
	limited := exec.Command("sh", "-c", `ulimit -f 4096; exec "$0" "$@"`)
	limited.Args = append(limited.Args, cmd.Args...)
	limited.Env, limited.Dir = cmd.Env, cmd.Dir
	out, err := limited.CombinedOutput()
	if limited.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), "keeping "+film+": writing a temporary file in ") {
		t.Errorf("%v: %s", err, out)
	}
	if now := w.git("rev-parse", "main"); now != head {
		t.Errorf("main moved from %s to %s", head, now)
	}
	if left := w.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Nothing stays of a payload when its process is killed, and what could stay, on
// systems that do not let go of names, goes with the next run.
func TestKilledWhileReceiving(t *testing.T) {
	film := endlessFilm(t)
	w := newWorkplace(t)
	w.must(exitDone, "init")
	cmd := w.command("capture", "--max-bytes", "100G", film)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	private := filepath.Join(w.archive(), "walkback")
	buffers := func() []string {
		t.Helper()
		left, err := filepath.Glob(filepath.Join(private, "walkback-buffer.*"))
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	if left := buffers(); len(left) > 0 {
		t.Errorf("the killed process left %v", left)
	}
	if err := os.WriteFile(filepath.Join(private, "walkback-buffer.123"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// With another limit this is another run: the journal of the first stays.
	w.must(exitPartly, "capture", "--max-bytes", "1M", film)
	if left := buffers(); len(left) > 0 {
		t.Errorf("the next run left %v", left)
	}
}
