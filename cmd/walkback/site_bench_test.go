package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkSite captures a generated site, whole processes in turns: walkback with
// all it keeps, signed and durable; wget writing WARC; and single-file-cli, where
// WALKBACK_SINGLE_FILE names its program and WALKBACK_CHROMIUM a Chromium. Pages have
// a style sheet, a font and images that all share, and a style sheet and images of
// their own. Then the bytes on disk of one version and of 20. See
// docs/performance.md.
//
//	go test ./cmd/walkback -run '^$' -bench BenchmarkSite -benchtime 1x -timeout 1h
func BenchmarkSite(b *testing.B) {
	wget, err := exec.LookPath("wget")
	if err != nil {
		b.Skip("wget is not installed, so there is nothing to compare with")
	}
	single, chromium := os.Getenv("WALKBACK_SINGLE_FILE"), os.Getenv("WALKBACK_CHROMIUM")
	if single == "" || chromium == "" {
		b.Log("single-file-cli is left out: WALKBACK_SINGLE_FILE and WALKBACK_CHROMIUM do not name it")
	}
	rivals := []*rival{
		{name: "walkback", pages: 300, most: 60, run: captureWith(buildBinary(b))},
		{name: "wget", pages: 300, most: 60, run: wgetWith(wget)},
	}
	if single != "" && chromium != "" {
		rivals = append(rivals, &rival{name: "single-file", pages: 30, most: 3, run: singleFileWith(single, chromium)})
	}
	site := newBenchPages(300)
	server := httptest.NewServer(site)
	defer server.Close()
	for b.Loop() {
		for _, r := range rivals {
			r.speed(b, site, server.URL)
		}
	}
	for _, r := range rivals {
		b.ReportMetric(float64(r.pages*b.N)/r.wall.Seconds(), r.name+"-pages/s")
		b.ReportMetric(float64(r.asked)/float64(r.pages*b.N), r.name+"-requests/page")
		b.ReportMetric(float64(r.first)/float64(r.pages)/1e3, r.name+"-kB/page")
		b.ReportMetric(float64(r.cpu.Milliseconds())/float64(r.pages*b.N), r.name+"-cpu-ms/page")
	}
	for _, r := range rivals {
		r.versions(b, site, server.URL)
		b.ReportMetric(float64(r.twenty)/float64(r.most)/1e3, r.name+"-kB/page-20")
	}
	ours := rivals[0]
	for _, r := range rivals[1:] {
		b.ReportMetric(r.wall.Seconds()/float64(r.pages)/(ours.wall.Seconds()/float64(ours.pages)), "speed/"+r.name)
	}
}

// rival is one program that captures pages.
type rival struct {
	name        string
	pages, most int // of the site, for speed and for 20 versions
	// run captures the pages in the list into the folder, as this version; last is
	// the last one.
	run func(b *testing.B, dir, list string, version int, last bool) (cpu time.Duration)

	wall, cpu     time.Duration
	asked         int64
	first, twenty int64 // bytes on disk
}

func (r *rival) speed(b *testing.B, site *benchPages, server string) {
	dir := b.TempDir()
	site.version.Store(1)
	before, started := site.asked.Load(), time.Now()
	r.cpu += r.run(b, dir, site.list(b, server, r.pages), 1, false)
	r.wall += time.Since(started)
	r.asked += site.asked.Load() - before
	r.first = bytesIn(b, dir)
}

func (r *rival) versions(b *testing.B, site *benchPages, server string) {
	dir, list := b.TempDir(), site.list(b, server, r.most)
	const versions = 20
	for v := 1; v <= versions; v++ {
		site.version.Store(int64(v))
		r.run(b, dir, list, v, v == versions)
	}
	r.twenty = bytesIn(b, dir)
}

func bytesIn(b *testing.B, dir string) (total int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return total
}

// runIn runs a program in a folder and returns its processor time.
func runIn(b *testing.B, dir string, codes []int, program string, args ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "WALKBACK_CONFIG="+dir+"-config", "WALKBACK_STATE="+dir+"-state")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || !slices.Contains(codes, cmd.ProcessState.ExitCode()) {
		b.Fatalf("%s: %v\n%s", program, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func captureWith(walkback string) func(*testing.B, string, string, int, bool) time.Duration {
	return func(b *testing.B, dir, list string, _ int, last bool) time.Duration {
		cpu := runIn(b, dir, []int{0}, walkback, "capture", "--allow-private", "--no-sources", "--quiet", "--list", list)
		if last {
			runIn(b, dir, []int{0}, walkback, "compact")
		}
		return cpu
	}
}

// wgetWith asks for the pages with what they are made of. What a version before has
// is written as a revisit.
func wgetWith(wget string) func(*testing.B, string, string, int, bool) time.Duration {
	return func(b *testing.B, dir, list string, version int, _ bool) time.Duration {
		args := []string{
			"-q", "--page-requisites", "--delete-after", "-nd", "--warc-cdx",
			fmt.Sprintf("--warc-file=version-%d", version), "-i", list,
		}
		all := filepath.Join(dir, "all.cdx")
		if version > 1 {
			args = append(args, "--warc-dedup="+all)
		}
		cpu := runIn(b, dir, []int{0}, wget, args...)
		index := filepath.Join(dir, fmt.Sprintf("version-%d.cdx", version))
		known, err := os.ReadFile(index)
		if err != nil {
			b.Fatal(err)
		}
		before, _ := os.ReadFile(all) // the first version has none
		if len(before) > 0 {
			_, known, _ = bytes.Cut(known, []byte("\n")) // the head of a table stands once
		}
		if err := os.WriteFile(all, append(before, known...), 0o644); err != nil {
			b.Fatal(err)
		}
		return cpu
	}
}

func singleFileWith(single, chromium string) func(*testing.B, string, string, int, bool) time.Duration {
	return func(b *testing.B, dir, list string, version int, _ bool) time.Duration {
		return runIn(b, dir, []int{0}, single, "--urls-file="+list, "--browser-executable-path="+chromium, "--browser-arg=--no-sandbox",
			fmt.Sprintf("--filename-template=version-%d/{url-last-segment}.html", version), "--output-directory="+dir)
	}
}

// benchPages is a site whose pages change from version to version: a word, and once
// a picture.
type benchPages struct {
	pages   []string
	shared  map[string][]byte
	version atomic.Int64
	asked   atomic.Int64
}

func newBenchPages(n int) *benchPages {
	site := &benchPages{shared: map[string][]byte{
		"/site.css":     []byte("@font-face{font-family:Serif;src:url(/serif.woff2) format('woff2')}\nbody{font-family:Serif;background:url(/paper.png)}\n" + strings.Repeat("p.note{margin:0 1em;border-left:1px solid #888}\n", 300)),
		"/serif.woff2":  noise(1, 0, 30_000),
		"/paper.png":    benchPicture(2, 0, 20_000),
		"/masthead.png": benchPicture(3, 0, 25_000),
	}}
	random := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields("the harbour board said that pier four would not carry new cranes because twelve of forty piles were hollow and nobody had looked at them since spring")
	for i := range n {
		var page bytes.Buffer
		fmt.Fprintf(&page, "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Page %d</title><link rel=stylesheet href=/site.css><link rel=stylesheet href=/own/%d.css></head><body><img src=/masthead.png alt=Daily><article class=own-%d><h1>Page %d</h1>", i, i, i, i)
		for k := range 3 {
			fmt.Fprintf(&page, "<img src=/own/%d-%d.png alt=figure>", i, k)
		}
		for page.Len() < 12_000 {
			page.WriteString("<p class=note>")
			for range 60 {
				page.WriteString(words[random.IntN(len(words))] + " ")
			}
			page.WriteString("end.</p>\n")
		}
		page.WriteString("<p>This is version VERSION of what we know.</p></article></body></html>")
		site.pages = append(site.pages, page.String())
	}
	return site
}

// noise does not shrink; it is the same for the same numbers.
func noise(a, b byte, size int) []byte {
	bytes := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{a, b, byte(size)}).Read(bytes) // never fails
	return bytes
}

// benchPicture begins as a PNG does; the rest does not shrink, like that of any picture.
func benchPicture(kind byte, page, size int) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), noise(kind, byte(page), size+page/256)...)
}

func (s *benchPages) list(b *testing.B, server string, n int) string {
	b.Helper()
	var list strings.Builder
	for i := range n {
		fmt.Fprintf(&list, "%s/page/%d\n", server, i)
	}
	file := filepath.Join(b.TempDir(), "list.txt")
	if err := os.WriteFile(file, []byte(list.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	return file
}

func (s *benchPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	version := s.version.Load()
	body, kind := s.shared[r.URL.Path], map[string]string{".css": "text/css", ".woff2": "font/woff2", ".png": "image/png"}[filepath.Ext(r.URL.Path)]
	var n, k int
	switch {
	case body != nil:
	case scans(r.URL.Path, "/page/%d", &n) && n < len(s.pages):
		kind = "text/html; charset=utf-8"
		body = []byte(strings.Replace(s.pages[n], "VERSION", fmt.Sprint(version), 1))
	case scans(r.URL.Path, "/own/%d-%d.png", &n, &k):
		seed := byte(16 + k)
		if k == 2 && version > 10 {
			seed += 4
		}
		body = benchPicture(seed, n, 12_000)
	case scans(r.URL.Path, "/own/%d.css", &n):
		body = []byte(fmt.Sprintf(".own-%d{max-width:40em}\n", n) + strings.Repeat(".note{line-height:1.4}\n", 60))
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	sum := sha256.Sum256(body)
	w.Header().Set("ETag", fmt.Sprintf("\"%x\"", sum[:8]))
	if r.Header.Get("If-None-Match") == w.Header().Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body) // a client that went away has no use for the error
}

func scans(path, format string, into ...any) bool {
	n, err := fmt.Sscanf(path, format, into...)
	return err == nil && n == len(into)
}
