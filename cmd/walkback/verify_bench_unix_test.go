//go:build unix

package main

import (
	crand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// BenchmarkVerify compares what verifying an archive of 5,000 snapshots costs
// with git fsck --full, which checks SHA-1 names only: user and system time of
// whole processes, in turns, on the archive as capture wrote it and after
// compact. git verify-commit, which checks nothing but the signatures, is run
// once for all commits.
//
//	go test ./cmd/walkback -run '^$' -bench BenchmarkVerify -benchtime 3x -timeout 1h
func BenchmarkVerify(b *testing.B) {
	git, err := exec.LookPath("git")
	if err != nil {
		b.Skip("git is not installed, so there is nothing to compare with")
	}
	p := &measured{b: b, dir: b.TempDir()}
	walkback := buildBinary(b)
	captureVersions(p, walkback, 500, 10)
	b.Run("signatures", func(b *testing.B) {
		commits := strings.Fields(p.run(git, "--git-dir=walkback.git", "rev-list", "main").out)
		signers := filepath.Join(p.dir, "allowed_signers")
		allowed := p.run(git, "--git-dir=walkback.git", "cat-file", "blob", "main:trust/allowed_signers").out
		if err := os.WriteFile(signers, []byte(allowed), 0o644); err != nil {
			b.Fatal(err)
		}
		args := []string{"--git-dir=walkback.git", "-c", "gpg.ssh.allowedSignersFile=" + signers, "verify-commit"}
		for b.Loop() {
			b.ReportMetric(p.run(git, append(args, commits...)...).cpu.Seconds(), "verify-commit-cpu-s")
		}
	})
	for _, state := range []string{"captured", "compacted"} {
		if state == "compacted" {
			p.run(walkback, "compact")
		}
		b.Run(state, func(b *testing.B) {
			var fsck, verify cost
			for b.Loop() {
				fsck.add(p.run(git, "--git-dir=walkback.git", "fsck", "--full", "--no-progress"))
				verify.add(p.run(walkback, "verify"))
			}
			b.ReportMetric(fsck.cpu.Seconds()/float64(b.N), "fsck-cpu-s")
			b.ReportMetric(verify.cpu.Seconds()/float64(b.N), "verify-cpu-s")
			b.ReportMetric(verify.cpu.Seconds()/fsck.cpu.Seconds(), "verify/fsck")
			b.ReportMetric(float64(fsck.peak)/1e6, "fsck-MB")
			b.ReportMetric(float64(verify.peak)/1e6, "verify-MB")
		})
	}
}

// BenchmarkVerifyStamped does the same with an archive of 10,000 snapshots: 5,000
// of pages, and as many of timestamps, each with a token of two authorities.
//
//	go test ./cmd/walkback -run '^$' -bench BenchmarkVerifyStamped -benchtime 3x -timeout 1h
func BenchmarkVerifyStamped(b *testing.B) {
	git, err := exec.LookPath("git")
	if err != nil {
		b.Skip("git is not installed, so there is nothing to compare with")
	}
	p := &measured{b: b, dir: b.TempDir()}
	walkback := buildBinary(b)
	captureVersions(p, walkback, 500, 10)
	stampEach(p)
	var fsck, verify cost
	for b.Loop() {
		fsck.add(p.run(git, "--git-dir=walkback.git", "fsck", "--full", "--no-progress"))
		verify.add(p.run(walkback, "verify", "--require-time"))
	}
	b.Logf("%s", verify.out)
	b.ReportMetric(fsck.cpu.Seconds()/float64(b.N), "fsck-cpu-s")
	b.ReportMetric(verify.cpu.Seconds()/float64(b.N), "verify-cpu-s")
	b.ReportMetric(verify.cpu.Seconds()/fsck.cpu.Seconds(), "verify/fsck")
	b.ReportMetric(float64(fsck.peak)/1e6, "fsck-MB")
	b.ReportMetric(float64(verify.peak)/1e6, "verify-MB")
}

// stampEach adds tokens of two authorities to every snapshot but the first, by a
// commit for each.
func stampEach(p *measured) {
	p.b.Helper()
	check := func(err error) {
		p.b.Helper()
		if err != nil {
			p.b.Fatal(err)
		}
	}
	key, err := trust.OpenKey(p.dir+"/config/keys/default", nil)
	check(err)
	a, err := archive.Open(filepath.Join(p.dir, "walkback.git"))
	check(err)
	defer a.Close()
	recorder := &provenance.Recorder{Archive: a, Key: key, Memory: trust.NewMemory(p.dir + "/state"), Command: "bench"}
	list := schemas.Authorities{Schema: schemas.AuthoritiesSchema}
	authorities := map[string]*timestamptest.Authority{}
	var files []*archive.TrustFile
	for _, name := range []string{"one", "two"} {
		authorities[name] = timestamptest.NewAuthority(p.b, name, time.Now)
		list.Authorities = append(list.Authorities, schemas.TrustedAuthority{Name: name})
		files = append(files, &archive.TrustFile{Path: "tsa/" + name + ".pem", Content: authorities[name].PEM()})
	}
	encoded, err := schemas.Encode(&list)
	check(err)
	_, err = recorder.Entrust(p.b.Context(), "two authorities", append(files, &archive.TrustFile{Path: "tsa.json", Content: encoded})...)
	check(err)
	head, err := a.Head()
	check(err)
	for sequence := int64(1); sequence <= head.Message.Sequence; sequence++ {
		snapshot, err := a.At(p.b.Context(), sequence)
		check(err)
		request, err := timestamp.NewRequest(snapshot.Commit.SHA256, crand.Reader)
		check(err)
		query, err := request.Encode()
		check(err)
		var evidence []*archive.Evidence
		for name, authority := range authorities {
			at := time.Now()
			authority.Now = func() time.Time { return at }
			evidence = append(evidence, &archive.Evidence{Of: snapshot.Ref(), Name: archive.TokenFile(name, at), Content: authority.Answer(query)})
		}
		_, err = recorder.Vouch(p.b.Context(), fmt.Sprintf("timestamps of snapshot %d", sequence), evidence)
		check(err)
	}
}

// measured is a folder in which processes run that are measured.
type measured struct {
	b   *testing.B
	dir string
}

// cost is what a process printed and used.
type cost struct {
	out  string
	cpu  time.Duration // user and system
	peak int64         // bytes resident
}

func (c *cost) add(other cost) { c.cpu, c.peak = c.cpu+other.cpu, max(c.peak, other.peak) }

func (p *measured) run(command string, args ...string) cost {
	p.b.Helper()
	cmd := exec.Command(command, args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "WALKBACK_CONFIG="+p.dir+"/config", "WALKBACK_STATE="+p.dir+"/state")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		p.b.Fatalf("%s %v: %v\n%s%s", command, args[:min(3, len(args))], err, out, &complaints)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{string(out), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), used.Maxrss * 1024}
}

// captureVersions captures pages of about 38 KB as many times as they have
// versions, which differ in one to three of their 60 paragraphs.
func captureVersions(p *measured, walkback string, pages, versions int) {
	p.b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	vocabulary := make([]string, 2000)
	for i := range vocabulary {
		word := make([]byte, 2+random.IntN(9))
		for j := range word {
			word[j] = "aaabcdeeeefghiiiklmnnooopqrrsstttuvwy"[random.IntN(37)]
		}
		vocabulary[i] = string(word)
	}
	paragraph := func() string {
		var text strings.Builder
		for range 80 + random.IntN(20) {
			text.WriteString(vocabulary[int(2000*random.Float64()*random.Float64())] + " ")
		}
		return "<div class=\"paragraph\"><p>" + text.String() + "end.</p></div>\n"
	}
	texts := make([][]string, pages)
	for i := range texts {
		for range 60 {
			texts[i] = append(texts[i], paragraph())
		}
	}
	var version atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/page/%d", &n); err != nil || n < 0 || n >= pages {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><html lang=en><head><meta charset=utf-8><title>Page %d</title></head><body><article><h1>Page %d</h1>\n%s</article><footer>version %d</footer></body></html>",
			n, n, strings.Join(texts[n], ""), version.Load())
	}))
	defer server.Close()
	var list strings.Builder
	for i := range pages {
		fmt.Fprintf(&list, "%s/page/%d\n", server.URL, i)
	}
	file := filepath.Join(p.dir, "pages.txt")
	if err := os.WriteFile(file, []byte(list.String()), 0o644); err != nil {
		p.b.Fatal(err)
	}
	for range versions {
		version.Add(1)
		for _, text := range texts {
			for range 1 + random.IntN(3) {
				text[random.IntN(len(text))] = paragraph()
			}
		}
		p.run(walkback, "capture", "--allow-private", "--no-sources", "--list", file)
	}
}
