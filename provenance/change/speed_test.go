package change_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkAgainstTrafilatura measures extraction and judgement of real pages
// as a process against the extraction of the same pages by go-trafilatura, by
// turns: the pairs of policy pages, and articles with one word replaced. It
// reports MB of HTML a second of processor time of each, and their ratio.
// The other program is built from testdata/trafilatura, a module of its own.
func BenchmarkAgainstTrafilatura(b *testing.B) {
	dir := b.TempDir()
	var files []string
	size := 0
	keep := func(page []byte) {
		files = append(files, filepath.Join(dir, fmt.Sprint(len(files))))
		size += len(page)
		if err := os.WriteFile(files[len(files)-1], page, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	blobs := openBlobs(b, data+"/ota-demo.git")
	for i, p := range policyPairs(b) {
		if i%3 > 0 { // 320 pairs, so that there are a thousand pages with the articles
			keep(blobs.read(b, p.Before))
			keep(blobs.read(b, p.After))
		}
	}
	articles, _ := filepath.Glob(data + "/articles/html/*.html.gz")
	for _, file := range articles {
		page := gunzipped(b, file)
		keep(page)
		keep(bytes.Replace(page, []byte(" because "), []byte(" although "), 1))
	}
	build := func(name, folder string) string {
		program := filepath.Join(dir, name)
		cmd := exec.CommandContext(b.Context(), "go", "build", "-o", program, ".")
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Skipf("building %s: %v\n%s", name, err, out)
		}
		return program
	}
	ours, theirs := build("judge", "testdata/judge"), build("trafilatura", "testdata/trafilatura")
	var spent [2]time.Duration
	rounds := 0
	for b.Loop() {
		for i, program := range []string{ours, theirs} {
			cmd := exec.CommandContext(b.Context(), program, files...)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			spent[i] += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		}
		rounds++
	}
	perSecond := func(d time.Duration) float64 { return float64(size*rounds) / 1e6 / d.Seconds() }
	b.ReportMetric(float64(len(files)), "pages")
	b.ReportMetric(perSecond(spent[0]), "MB/s")
	b.ReportMetric(perSecond(spent[1]), "trafilatura-MB/s")
	b.ReportMetric(perSecond(spent[0])/perSecond(spent[1]), "ratio")
}
