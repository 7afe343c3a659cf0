package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkCapture times whole processes on the same 2,000 pages of 18 KB,
// served on loopback, in turns: wget writing a WARC with its index, walkback on
// pages without text (what wget does, signed and durable), and walkback on the
// same pages as HTML, with text extraction. Run it with -benchtime 1x or more;
// see docs/performance.md.
func BenchmarkCapture(b *testing.B) {
	wget, err := exec.LookPath("wget")
	if err != nil {
		b.Skip("wget is not installed, so there is nothing to compare with")
	}
	walkback := buildBinary(b)
	const pages = 2000
	site := newBenchSite(pages)
	server := httptest.NewServer(site)
	defer server.Close()
	lists := map[string]string{}
	for _, kind := range []string{"html", "bin"} {
		lists[kind] = filepath.Join(b.TempDir(), kind+".txt")
		var list strings.Builder
		for i := range pages {
			fmt.Fprintf(&list, "%s/%s/%d\n", server.URL, kind, i)
		}
		if err := os.WriteFile(lists[kind], []byte(list.String()), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	total := map[string]time.Duration{}
	for b.Loop() {
		total["wget"] += timed(b, wget, "-q", "-O", "/dev/null", "--warc-file=pages", "--warc-cdx", "-i", lists["bin"])
		total["without-text"] += timed(b, walkback, "capture", "--allow-private", "--no-sources", "--list", lists["bin"])
		total["with-text"] += timed(b, walkback, "capture", "--allow-private", "--no-sources", "--list", lists["html"])
	}
	for name, spent := range total {
		b.ReportMetric(float64(pages*b.N)/spent.Seconds(), name+"-pages/s")
	}
	b.ReportMetric(total["wget"].Seconds()/total["without-text"].Seconds(), "without-text/wget")
	b.ReportMetric(total["wget"].Seconds()/total["with-text"].Seconds(), "with-text/wget")
}

func buildBinary(b *testing.B) string {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "walkback")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building: %v\n%s", err, out)
	}
	return binary
}

// timed runs a command in an empty folder with a home of its own.
func timed(b *testing.B, command string, args ...string) time.Duration {
	b.Helper()
	dir, err := os.MkdirTemp(b.TempDir(), "run-")
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(command, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "WALKBACK_CONFIG="+dir+"/config", "WALKBACK_STATE="+dir+"/state")
	started := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", command, err, out)
	}
	return time.Since(started)
}

// benchSite serves /html/N as pages of about 18 KB, and the same bytes without
// a type that has text at /bin/N.
type benchSite struct{ pages [][]byte }

func newBenchSite(n int) *benchSite {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the harbour board said that pier four would not carry new cranes because twelve of forty piles were hollow and nobody had looked at them since spring")
	site := &benchSite{}
	for i := range n {
		var page bytes.Buffer
		fmt.Fprintf(&page, "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Page %d</title></head><body><nav><a href=/>Home</a></nav><article><h1>Page %d</h1>", i, i)
		for page.Len() < 18_000 {
			page.WriteString("<p>")
			for range 60 {
				page.WriteString(words[random.IntN(len(words))] + " ")
			}
			page.WriteString("end.</p>\n")
		}
		page.WriteString("</article></body></html>")
		site.pages = append(site.pages, page.Bytes())
	}
	return site
}

func (s *benchSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var kind string
	var n int
	path := strings.NewReplacer("/", " ").Replace(r.URL.Path)
	if _, err := fmt.Sscan(path, &kind, &n); err != nil || n < 0 || n >= len(s.pages) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", map[string]string{"html": "text/html; charset=utf-8", "bin": "image/jpeg"}[kind])
	_, _ = w.Write(s.pages[n]) // a client that went away has no use for the error
}
