//go:build unix

package gitstore_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// These benchmarks tell what a snapshot costs. Each makes its archives once:
//
//	go test -run '^$' -bench 'Cost' -benchtime 1x ./archive/gitstore

// costPage is a page with many versions of its text: HTML and what is derived
// from it.
type costPage struct {
	folder   string
	versions [][]byte
}

// costCorpus makes pages of which a version changes one to three paragraphs, a
// nonce and the times.
func costCorpus(pages, versions int) []costPage {
	corpus := make([]costPage, pages)
	r := rand.New(rand.NewSource(1))
	for i := range corpus {
		paragraphs := make([]string, 60)
		for j := range paragraphs {
			paragraphs[j] = string(words(r.Int63(), 300+r.Intn(600)))
		}
		corpus[i].folder = pagePath(i)
		for v := range versions {
			for range 1 + r.Intn(3) {
				paragraphs[r.Intn(len(paragraphs))] = string(words(r.Int63(), 300+r.Intn(600)))
			}
			var b strings.Builder
			fmt.Fprintf(&b, "<!doctype html><html><head><title>Page %d</title><meta name=\"nonce\" content=\"%016x\"></head><body>\n", i, r.Int63())
			for _, p := range paragraphs {
				b.WriteString("<div class=\"paragraph\"><p>" + p + "</p></div>\n")
			}
			fmt.Fprintf(&b, "<footer>made at 2026-03-%02dT%02d:00:00Z</footer></body></html>\n", 1+v%28, v%24)
			corpus[i].versions = append(corpus[i].versions, []byte(b.String()))
		}
	}
	return corpus
}

var tags = regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<[^>]*>`)

// costFiles are the files of one capture, with the digests that make up most of
// the small ones.
func costFiles(page costPage, version, number int) []string {
	body := page.versions[version]
	text := strings.ReplaceAll(tags.ReplaceAllString(string(body), ""), ". ", ".\n")
	at := noon.Add(time.Duration(number) * time.Minute).Format(time.RFC3339)
	head := fmt.Sprintf("GET /page HTTP/1.1\r\nHost: example.com\r\nUser-Agent: walkback\r\nAccept-Encoding: identity\r\n\r\n"+
		"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nEtag: \"%08x\"\r\n\r\n", at, len(body), number)
	capture := fmt.Sprintf(`{
  "schema": "capture/1",
  "page": %q,
  "url": "https://example.com/page",
  "method": "fetched",
  "captured_at": %q,
  "access": {"outcome": "served", "status": 200, "evidence": "HTTP 200 with a text of its own"},
  "body": {"file": "body.html", "size": %d, "sha256": "sha256:%x", "media_type": "text/html"},
  "head": {"file": "head.http", "size": %d, "sha256": "sha256:%x"},
  "text": {"file": "text.md", "size": %d, "sha256": "sha256:%x", "extractor": "1", "title": "A page"},
  "tool": {"name": "walkback", "version": "1.0.0"}
}
`, page.folder, at, len(body), sha256.Sum256(body), len(head), sha256.Sum256([]byte(head)), len(text), sha256.Sum256([]byte(text)))
	files := []string{
		page.folder + "/body.html", string(body), page.folder + "/capture.json", capture,
		page.folder + "/head.http", head, page.folder + "/text.md", text,
	}
	var manifest strings.Builder
	for i := 0; i < len(files); i += 2 {
		fmt.Fprintf(&manifest, "%x  %s\n", sha256.Sum256([]byte(files[i+1])), files[i])
	}
	return append(files, "manifest-sha256.txt", manifest.String())
}

func costMessage(page costPage, parent *gitstore.Commit, files []string) string {
	digest := "none"
	if parent != nil {
		digest = fmt.Sprintf("%x", parent.SHA256)
	}
	return fmt.Sprintf("capture: https://example.com/%s (+0 sources)\n\nArchive-Format: 1\n"+
		"Archive-Id: urn:uuid:e29108e3-0000-4000-8000-000000000000\nSequence: 1\nManifest-SHA256: %x\nParent-SHA256: %s",
		page.folder, sha256.Sum256([]byte(files[len(files)-1])), digest)
}

// costArchive records all versions, a page at a time as a real archive would see
// them, each in a commit, and compacts.
func costArchive(b *testing.B, corpus []costPage, versions int) (dir string, report *gitstore.CompactReport) {
	b.Helper()
	dir = newRepository(b)
	s := open(b, dir)
	batch := begin(b, s)
	number := 0
	for v := range versions {
		for _, page := range corpus {
			if v >= len(page.versions) {
				continue
			}
			files := costFiles(page, v, number)
			put(b, batch, files...)
			commit(b, batch, costMessage(page, batch.Head(), files))
			if number++; number%100 == 0 {
				ok(b, batch.Publish(context.Background()))
			}
		}
	}
	ok(b, batch.Publish(context.Background()))
	ok(b, batch.Close())
	return dir, compact(b, s, gitstore.CompactOptions{})
}

// benchVersions compares what a further version costs with a gzip member for its
// head and payload, as a WARC has.
func benchVersions(b *testing.B, corpus []costPage) {
	most, further, zipped := 0, 0, 0
	for _, page := range corpus {
		most = max(most, len(page.versions))
		for v := 1; v < len(page.versions); v++ {
			var record bytes.Buffer
			z, _ := gzip.NewWriterLevel(&record, 6)
			files := costFiles(page, v, v)
			_, _ = z.Write([]byte(files[5] + files[1]))
			_ = z.Close()
			zipped += record.Len()
			further++
		}
	}
	for b.Loop() {
		_, one := costArchive(b, corpus, 1)
		dir, all := costArchive(b, corpus, most)
		b.ReportMetric(0, "ns/op")
		whole := float64(all.After.Bytes-one.After.Bytes) / float64(further)
		record := float64(zipped) / float64(further)
		payload := payloadBytes(b, dir, corpus)
		b.ReportMetric(record, "gzip-B/version")
		b.ReportMetric(float64(all.Before.Bytes-one.Before.Bytes)/float64(further), "ingest-B/version")
		b.ReportMetric(whole, "whole-B/version")
		b.ReportMetric(payload, "payload-B/version")
		b.ReportMetric(record/whole, "gzip/whole")
		b.ReportMetric(record/payload, "gzip/payload")
	}
}

// BenchmarkCostCompact compacts 5,000 snapshots in a process of its own.
func BenchmarkCostCompact(b *testing.B) {
	corpus := costCorpus(100, 50)
	for b.Loop() {
		dir := newRepository(b)
		s := open(b, dir)
		batch := begin(b, s)
		for i := range 5000 {
			put(b, batch, costFiles(corpus[i%100], i/100, i)...)
			commit(b, batch, "capture")
			if i%100 == 99 {
				ok(b, batch.Publish(context.Background()))
			}
		}
		ok(b, batch.Close())
		b.ReportMetric(0, "ns/op")
		reportCompact(b, dir, 5000)
	}
}

// reportCompact compacts in another process and reports its time and memory.
func reportCompact(b *testing.B, dir string, snapshots int) {
	b.Helper()
	before := packBytes(b, dir)
	cmd, _, out := child(b, "compactonce", dir)
	peak := 0.0 // not that of the usage, which begins with that of this process
	for out.Scan() {
		_, err := fmt.Sscan(out.Text(), &peak)
		ok(b, err)
	}
	ok(b, cmd.Wait())
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	b.ReportMetric(float64(cpu.Microseconds())/float64(snapshots), "compact-CPU-µs/snapshot")
	b.ReportMetric(peak/1024, "compact-MB")
	b.ReportMetric(float64(before)/float64(packBytes(b, dir)), "compact-times-smaller")
}

// payloadBytes returns the bytes on disk of a version of a payload that is not
// the newest.
func payloadBytes(b *testing.B, dir string, corpus []costPage) float64 {
	b.Helper()
	var asked strings.Builder
	n := 0
	for _, page := range corpus {
		for _, body := range page.versions[:len(page.versions)-1] {
			fmt.Fprintln(&asked, gitstore.NewBlob(body).ID())
			n++
		}
	}
	total := 0
	for line := range strings.Lines(runGit(b, dir, strings.NewReader(asked.String()), "cat-file", "--batch-check=%(objectsize:disk)")) {
		size := 0
		_, err := fmt.Sscan(line, &size)
		ok(b, err)
		total += size
	}
	return float64(total) / float64(n)
}

// BenchmarkCostVersion: 20 generated pages with 50 versions each.
func BenchmarkCostVersion(b *testing.B) { benchVersions(b, costCorpus(20, 50)) }

// BenchmarkCostRealVersion: real pages of at least 30 KB, 8 KB with gzip.
func BenchmarkCostRealVersion(b *testing.B) { benchVersions(b, realCorpus(b)) }

// realCorpus reads the pages that the shared data has, in order of their dates.
func realCorpus(b *testing.B) []costPage {
	b.Helper()
	const data = "../../../shared/data/"
	list, err := os.Open(data + "ota-demo-pairs.jsonl")
	if err != nil {
		b.Skip("the shared data is not there")
	}
	defer list.Close()
	type pair struct{ Page, Before, After, Date string }
	var pairs []pair
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		var p pair
		ok(b, json.Unmarshal(lines.Bytes(), &p))
		pairs = append(pairs, p)
	}
	ok(b, lines.Err())
	slices.SortStableFunc(pairs, func(x, y pair) int { return strings.Compare(x.Date, y.Date) })
	dir := filepath.Join(b.TempDir(), "data.git")
	ok(b, os.CopyFS(dir, os.DirFS(data+"ota-demo.git")))
	var corpus []costPage
	at, seen := map[string]int{}, map[string]bool{}
	for _, p := range pairs {
		for _, id := range []string{p.Before, p.After} {
			body := []byte(git(b, dir, "cat-file", "blob", id))
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			_, _ = w.Write(body)
			_ = w.Close()
			if seen[id] || len(body) < 30_000 || z.Len() < 8_000 {
				continue
			}
			seen[id] = true
			i, known := at[p.Page]
			if !known {
				i = len(corpus)
				at[p.Page] = i
				corpus = append(corpus, costPage{folder: pagePath(i)})
			}
			corpus[i].versions = append(corpus[i].versions, body)
		}
	}
	return corpus
}

func usage(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	ok(b, syscall.Getrusage(who, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCostIngest stores 1,000 versions of pages of an archive of 5,000,
// signed and durable in batches of 100, and has git fast-import store the same
// files unsigned.
func BenchmarkCostIngest(b *testing.B) {
	const pages, snapshots = 5000, 1000
	corpus := costCorpus(100, snapshots/100)
	for b.Loop() {
		dir, imported := newRepository(b), newRepository(b)
		s := open(b, dir)
		fillPages(b, s, pages)
		first, rest := strings.Builder{}, strings.Builder{}
		importCommit(&first, "")
		for i := range pages {
			importFile(&first, pagePath(i)+"/capture.json", fmt.Sprint(i))
		}
		batches := make([][][]string, snapshots/100)
		r := rand.New(rand.NewSource(1))
		for i := range snapshots {
			page := corpus[r.Intn(len(corpus))]
			page.folder = pagePath(r.Intn(pages))
			files := costFiles(page, i%len(page.versions), i)
			batches[i/100] = append(batches[i/100], files)
			from := ""
			if i == 0 {
				from = "refs/heads/main^0"
			}
			importCommit(&rest, from)
			for j := 0; j < len(files); j += 2 {
				importFile(&rest, files[j], files[j+1])
			}
		}
		fastImport(b, imported, first.String())
		started := usage(b, syscall.RUSAGE_CHILDREN)
		fastImport(b, imported, rest.String())
		theirs := usage(b, syscall.RUSAGE_CHILDREN) - started
		before := packBytes(b, dir)
		started = usage(b, syscall.RUSAGE_SELF)
		for _, snapshots := range batches {
			batch := begin(b, s)
			for _, files := range snapshots {
				put(b, batch, files...)
				commit(b, batch, "capture")
			}
			ok(b, batch.Publish(context.Background()))
			ok(b, batch.Close())
		}
		ours := usage(b, syscall.RUSAGE_SELF) - started
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(snapshots/ours.Seconds(), "snapshots/CPU-s")
		b.ReportMetric(snapshots/theirs.Seconds(), "fast-import/CPU-s")
		b.ReportMetric(theirs.Seconds()/ours.Seconds(), "times")
		b.ReportMetric(float64(packBytes(b, dir)-before)/snapshots, "B/snapshot")
	}
}

func importCommit(w *strings.Builder, from string) {
	fmt.Fprintf(w, "commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 8\ncapture\n", noon.Unix())
	if from != "" {
		fmt.Fprintf(w, "from %s\n", from)
	}
}

func importFile(w *strings.Builder, path, content string) {
	fmt.Fprintf(w, "M 100644 inline %s\ndata %d\n%s\n", path, len(content), content)
}

func fastImport(b *testing.B, dir, stream string) {
	b.Helper()
	needTool(b, "git")
	cmd := exec.Command("git", "-C", dir, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(stream)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}

// fillPages gives an archive this many pages.
func fillPages(b *testing.B, s *gitstore.Store, pages int) {
	b.Helper()
	batch := begin(b, s)
	for i := range pages {
		put(b, batch, pagePath(i)+"/capture.json", fmt.Sprint(i))
		if i%10_000 == 9_999 || i == pages-1 {
			commit(b, batch, "pages")
		}
		if i%100_000 == 99_999 {
			ok(b, batch.Publish(context.Background()))
		}
	}
	ok(b, batch.Publish(context.Background()))
	ok(b, batch.Close())
}
