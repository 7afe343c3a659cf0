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
	return runPeakTo(t, cmd, exitDone)
}

// runPeakTo is runPeak for a command that ends with another code.
func runPeakTo(t *testing.T, cmd *exec.Cmd, code int) (peak int64) {
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
	if cmd.ProcessState.ExitCode() != code {
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

// Pages that are made to take much memory are read in bounds, or not read and said
// to be: whatever their shape, it is below 150 MB, on a second look at a changed one
// too.
func TestHostileTextsAreBounded(t *testing.T) {
	const most, full = 150e6, 8<<20 - 4096
	fill := func(piece string, most int) string {
		return strings.Repeat(piece, min(most, full/len(piece)))
	}
	many := "its text not read (it has more than the 200,000 paragraphs or million lines"
	texts := map[string]struct{ kind, text, said string }{
		"/paragraphs": {"text/html", fill("<p>pier four\n", 199_000), "served  2.6 MB"},
		"/tiny":       {"text/html", fill("<p>pier four\n", 390_000), many},
		"/items":      {"text/html", "<ul>" + fill("<li>pier four\n", 390_000), many},
		"/names":      {"text/html", "<p>" + fill(`<a href=x id=a class="b c" lang=d rel=e>a</a>`, 199_000), "served  "},
		"/attributes": {"text/html", "<p" + fill(" id", full) + ">pier four", "served  "},
		"/formatting": {"text/html", "<p><font size=1><font size=2><b><i><u>" + fill("</p><p>x", 180_000), "served  "},
		"/code":       {"text/html", "<pre>" + fill("pier\n", 950_000), "served  "},
		"/letters":    {"text/html", "<pre>" + fill("a\n", full), many},
		"/plain":      {"text/plain", fill("a\n\n", full), many},
		"/lines":      {"text/plain", fill("pier four\n", full), "served  "},
		"/list.md":    {"text/markdown", fill("- a\n", 2<<18-10), "served  "},
	}
	changed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := texts[r.URL.Path]
		w.Header().Set("Content-Type", page.kind)
		if changed {
			page.text = strings.Replace(strings.Replace(page.text, "four", "five", 1), "pier", "quay", 1) + " This was added."
		}
		_, _ = io.WriteString(w, page.text)
	}))
	defer server.Close()
	w := newWorkplace(t)
	for path, page := range texts {
		capture := w.command("capture", "--no-sources", server.URL+path)
		var out strings.Builder
		capture.Stdout = &out
		peak := runPeak(t, capture)
		t.Logf("capture %s: %.1f MB", path, float64(peak)/1e6)
		if peak > most || !strings.Contains(out.String(), page.said) {
			t.Errorf("capture of %s took %.1f MB, and said %q", path, float64(peak)/1e6, out.String())
		}
	}
	if out := w.must(exitDone, "show", server.URL+"/plain"); !strings.Contains(out, "not read: it has more than the 200,000 paragraphs") {
		t.Errorf("show does not say why there is no text: %s", out)
	}
	changed = true
	for _, path := range []string{"/paragraphs", "/lines", "/code", "/plain"} {
		peak := runPeakTo(t, w.command("check", server.URL+path), exitChanged)
		t.Logf("check %s: %.1f MB", path, float64(peak)/1e6)
		if peak > most {
			t.Errorf("check of %s took %.1f MB", path, float64(peak)/1e6)
		}
	}
}

// A text beyond what is read is kept and shown like a film, and said to be unread;
// the longest one that is read takes no more memory than its page is told to.
func TestLongTextsAreBounded(t *testing.T) {
	const most = 150e6
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
	check := w.command("check", server.URL+"/words")
	if peak := runPeakTo(t, check, exitChanged); peak > most {
		t.Errorf("check of a changed text took %d MiB of memory", peak>>20)
	}
	w.must(3, "check", server.URL+"/longer")
	w.must(1, "diff", server.URL+"/longer")
	if err := os.WriteFile(w.path("long.txt"), []byte(texts["/longer"]), 0o644); err != nil {
		t.Fatal(err)
	}
	w.must(1, "capture", "long.txt")
}
