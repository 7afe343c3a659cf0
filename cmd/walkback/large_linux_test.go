package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// runPeak runs a command and returns the most memory it had at a time, in bytes.
// The kernel's own account to the parent has the memory of the parent in it.
func runPeak(t *testing.T, cmd *exec.Cmd) (peak int64) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
			}
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
			if err != nil {
				continue
			}
			for line := range strings.Lines(string(status)) {
				var kilobytes int64
				if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); n == 1 {
					peak = max(peak, kilobytes<<10)
				}
			}
		}
	})
	err := cmd.Wait()
	close(ended)
	watch.Wait()
	if err != nil {
		t.Fatalf("%v: %v", cmd.Args[1:], err)
	}
	return peak
}

// film gives bytes that do not shrink, those of the same number always the same.
func film(number byte, size int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{number}), size)
}

// Large payloads go in and out, on a dry run, a first and a second look, in less
// memory than one of them takes: those of pages, and the film that a page shows.
func TestLargePayloadsStream(t *testing.T) {
	const films, size, most = 6, 80 << 20, 64 << 20
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var number byte
		if n, _ := fmt.Sscanf(r.URL.Path, "/film/%d", &number); n == 1 {
			w.Header().Set("Content-Type", "video/mp4")
			w.Header().Set("Content-Length", fmt.Sprint(size))
			_, _ = io.Copy(w, film(number, size)) // a client that went away has no use for the error
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html><body><article><h1>Films</h1><video src=/film/9></video><p>This post is about films, and it shows where to see them.</p>")
		for i := range films {
			fmt.Fprintf(w, "<p>Number %d is <a href=/film/%d>here</a>.</p>", i, i)
		}
	}))
	defer server.Close()
	w := newWorkplace(t)
	for _, args := range [][]string{
		{"capture", "--dry-run", "--max-bytes", "1G", server.URL},
		{"capture", "--max-bytes", "1G", "--max-resource-bytes", "1G", server.URL},
		{"check", "--max-bytes", "1G"},
	} {
		cmd := w.command(args...)
		var complaints strings.Builder
		cmd.Stderr = &complaints
		peak := runPeak(t, cmd)
		t.Logf("%v: %d MiB", args, peak>>20)
		if peak > most || strings.Contains(complaints.String(), "error") {
			t.Errorf("%v took %d MiB of memory: %s", args, peak>>20, complaints.String())
		}
	}
	if out := w.must(exitDone, "show", server.URL); !strings.Contains(out, "1 file, 83.9 MB") {
		t.Errorf("the film that the post shows is not kept: %s", out)
	}
	show, sum, want := w.command("show", "--body", server.URL+"/film/3"), sha256.New(), sha256.New()
	show.Stdout = sum
	peak := runPeak(t, show)
	if _, err := io.Copy(want, film(3, size)); err != nil || string(sum.Sum(nil)) != string(want.Sum(nil)) {
		t.Error("show --body writes something else", err)
	}
	if peak > most {
		t.Errorf("show took %d MiB of memory", peak>>20)
	}
	if left := w.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A text beyond what is read is kept and shown like a film, and said to be unread;
// the longest one that is read takes no more memory than its page is told to.
func TestLongTextsAreBounded(t *testing.T) {
	const most = 150 << 20
	var words strings.Builder // which differ, 7 MB of them
	for n := range 500_000 {
		fmt.Fprintf(&words, "w%xord%d ", n*7919%100_003, n)
	}
	texts := map[string]string{
		"/long":   strings.Repeat("<p>The harbour board said that pier four would not carry <a href=/x>new cranes</a>.\n", 90_000), // 7.7 MB
		"/words":  "<p>" + strings.ReplaceAll(words.String(), "00 ", "00.</p>\n<p>"),
		"/longer": strings.Repeat("The harbour board said that pier four would not carry new cranes.\n\n", 600_000), // 40 MB
	}
	tail := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, texts[r.URL.Path]+tail)
	}))
	defer server.Close()
	w := newWorkplace(t)
	for _, c := range []struct{ path, said string }{{"/long", "served  7.6 MB"}, {"/words", "served  "}, {"/longer", "its text not read (longer than 8.4 MB)"}} {
		for _, args := range [][]string{{"capture", "--no-sources", server.URL + c.path}, {"show", server.URL + c.path}} {
			cmd := w.command(args...)
			var out strings.Builder
			cmd.Stdout = &out
			peak := runPeak(t, cmd)
			t.Logf("%v: %d MiB", args, peak>>20)
			if peak > most {
				t.Errorf("%v took %d MiB of memory", args, peak>>20)
			}
			if args[0] == "capture" && !strings.Contains(out.String(), c.said) {
				t.Errorf("%v said %q, want %q", args, out.String(), c.said)
			}
			if want := "not read: it is longer"; args[0] == "show" && strings.Contains(out.String(), want) != (c.path == "/longer") {
				t.Errorf("%v said %q", args, out.String())
			}
		}
	}
	tail = "One more line.\n"
	w.must(3, "check", server.URL+"/longer")
	w.must(1, "diff", server.URL+"/longer")
	if err := os.WriteFile(w.path("long.txt"), []byte(texts["/longer"]), 0o644); err != nil {
		t.Fatal(err)
	}
	w.must(1, "capture", "long.txt")
}
