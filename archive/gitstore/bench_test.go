package gitstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

const benchCommits = 100 // in a batch

// benchFiles is a page as it is captured: 33 KB of HTML and three small files.
func benchFiles(n int) map[string][]byte {
	page := pagePath(n % 5000)
	return map[string][]byte{
		page + "/body.html":     words(int64(n), 33_000),
		page + "/capture.json":  fmt.Appendf(words(int64(n), 1600), "%d", n),
		page + "/head.http":     fmt.Appendf(words(int64(n), 800), "%d", n),
		"manifest-sha256.txt":   fmt.Appendf(words(int64(n), 500), "%d", n),
		page + "/unchanging.md": []byte("the same in every version"),
	}
}

func benchBatch(b *testing.B, s *gitstore.Store, first int, inputs []map[string][]byte) {
	b.Helper()
	batch := begin(b, s)
	for i, files := range inputs {
		for path, content := range files {
			ok(b, batch.Put(path, gitstore.NewBlob(content)))
		}
		commit(b, batch, fmt.Sprint("capture ", first+i))
	}
	ok(b, batch.Publish(context.Background()))
	ok(b, batch.Close())
}

func benchInputs(first int) []map[string][]byte {
	inputs := make([]map[string][]byte, benchCommits)
	for i := range inputs {
		inputs[i] = benchFiles(first + i)
	}
	return inputs
}

// BenchmarkIngest publishes batches of 100 signed commits to an archive of 5,000
// pages; one operation is one commit.
func BenchmarkIngest(b *testing.B) {
	dir := newRepository(b)
	s := open(b, dir)
	first := begin(b, s)
	for i := range 5000 {
		put(b, first, pagePath(i)+"/capture.json", fmt.Sprint(i))
	}
	commit(b, first, "pages")
	ok(b, first.Publish(context.Background()))
	ok(b, first.Close())
	before := packBytes(b, dir)
	b.ReportAllocs()
	n := 0
	defer func() { b.ReportMetric(float64(packBytes(b, dir)-before)/float64(n), "disk-B/op") }()
	for b.Loop() {
		if n%benchCommits == 0 {
			b.StopTimer()
			inputs := benchInputs(n)
			b.StartTimer()
			benchBatch(b, s, n, inputs)
		}
		n++
	}
}

// BenchmarkSingle publishes each commit by itself.
func BenchmarkSingle(b *testing.B) {
	s := open(b, newRepository(b))
	n := 0
	for b.Loop() {
		b.StopTimer()
		inputs := []map[string][]byte{benchFiles(n)}
		b.StartTimer()
		benchBatch(b, s, n, inputs)
		n++
	}
}

// benchArchive is an archive of 1,000 commits in ten packs.
func benchArchive(b *testing.B) (*gitstore.Store, string, []gitstore.ID) {
	b.Helper()
	dir := newRepository(b)
	s := open(b, dir)
	for n := 0; n < 1000; n += benchCommits {
		benchBatch(b, s, n, benchInputs(n))
	}
	head, err := s.Head()
	ok(b, err)
	var commits []gitstore.ID
	for c, err := range s.History(head) {
		ok(b, err)
		commits = append(commits, c.ID)
	}
	return s, dir, commits
}

// benchRead reads commits with the four files of their pages, in no order.
func benchRead(b *testing.B, s *gitstore.Store, commits []gitstore.ID) {
	b.Helper()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		i := n * 611 % len(commits)
		c, err := s.Commit(commits[i])
		ok(b, err)
		for f, err := range s.Files(c.Tree, pagePath(len(commits)-1-i)) {
			ok(b, err)
			_, _, err = s.Object(f.ID)
			ok(b, err)
		}
		n++
	}
}

// BenchmarkRead reads undeltified packs as this package writes them.
func BenchmarkRead(b *testing.B) {
	s, _, commits := benchArchive(b)
	benchRead(b, s, commits)
}

// BenchmarkReadRepacked reads the same after git repack made deltas.
func BenchmarkReadRepacked(b *testing.B) {
	_, dir, commits := benchArchive(b)
	git(b, dir, "repack", "-adfq")
	benchRead(b, open(b, dir), commits)
}

// BenchmarkNewBlob hashes and deflates a page in all processors.
func BenchmarkNewBlob(b *testing.B) {
	content := words(1, 33_000)
	b.SetBytes(int64(len(content)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			gitstore.NewBlob(content)
		}
	})
}
