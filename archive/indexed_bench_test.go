package archive_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
)

// BenchmarkIndexedArchive makes an archive of as many snapshots as
// INDEX_SNAPSHOTS says, else 10,000, ten of each post, of about 2 KB of text,
// and times what reads it, each in an archive opened anew: with the index being
// made, with the index, and by walking. INDEX_ARCHIVE_OUT names a folder to keep
// the archive in.
func BenchmarkIndexedArchive(b *testing.B) {
	snapshots := 10_000
	if s := os.Getenv("INDEX_SNAPSHOTS"); s != "" {
		var err error
		if snapshots, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	a := manyNotes(b, snapshots)
	if out := os.Getenv("INDEX_ARCHIVE_OUT"); out != "" {
		if err := os.CopyFS(out, os.DirFS(a.Dir())); err != nil {
			b.Fatal(err)
		}
	}
	ref, err := archive.PagePost("note 17")
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	reads := []struct {
		name string
		read func(*archive.Archive) error
	}{
		{"versions", func(a *archive.Archive) error { _, err := a.Versions(ctx, ref); return err }},
		{"at", func(a *archive.Archive) error { _, err := a.At(ctx, int64(snapshots/2)); return err }},
		{"find", func(a *archive.Archive) error {
			head, err := a.Head()
			if err == nil {
				_, err = head.Find(ctx, "ote%201017")
			}
			return err
		}},
		{"list", func(a *archive.Archive) error {
			head, err := a.Head()
			if err != nil {
				return err
			}
			for _, err := range head.List(ctx, nil) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"search", func(a *archive.Archive) error {
			found, _, err := a.Search(ctx, "harbour piles", archive.SearchOptions{Limit: 20})
			if err == nil && len(found) != 20 {
				err = fmt.Errorf("found %d", len(found))
			}
			return err
		}},
	}
	for b.Loop() {
		if err := os.RemoveAll(indexFile(a.Dir())); err != nil {
			b.Fatal(err)
		}
		spent := timeRead(b, a.Dir(), true, func(a *archive.Archive) error { _, err := a.At(ctx, 0); return err })
		b.ReportMetric(float64(snapshots)/spent.Seconds(), "indexed/s")
		for _, r := range reads {
			b.ReportMetric(timeRead(b, a.Dir(), true, r.read).Seconds()*1000, r.name+"-ms")
			b.ReportMetric(timeRead(b, a.Dir(), false, r.read).Seconds()*1000, r.name+"-walking-ms")
		}
	}
}

func timeRead(b *testing.B, dir string, indexed bool, read func(*archive.Archive) error) time.Duration {
	b.Helper()
	started := time.Now()
	a, err := archive.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	if indexed {
		a.UseIndex(archive.IndexOptions{Key: func() ([]byte, error) { return secret, nil }})
	}
	if err := read(a); err != nil {
		b.Fatal(err)
	}
	failure := a.IndexFailure()
	if err := a.Close(); err != nil || failure != nil {
		b.Fatal(err, failure)
	}
	return time.Since(started)
}

// manyNotes is an archive of posts handed in as files.
func manyNotes(b *testing.B, snapshots int) *archivetest.Archive {
	b.Helper()
	a := archivetest.NewArchive(b, archivetest.NewWeb(b))
	words := strings.Fields("the harbour board said that pier four would not carry new cranes because twelve of forty piles were hollow and nobody had looked at them since spring")
	random := rand.New(rand.NewPCG(1, 2))
	posts := max(20, snapshots/10)
	for n := 0; n < snapshots; {
		run := a.NewRun()
		var drafts []*archive.Draft
		for len(drafts) < 128 && n < snapshots && (len(drafts) == 0 || n%posts != 0) {
			ref, err := archive.PagePost(fmt.Sprintf("note %d", n%posts))
			if err != nil {
				b.Fatal(err)
			}
			var text strings.Builder
			for text.Len() < 2000 {
				for range 12 {
					text.WriteString(words[random.IntN(len(words))] + " ")
				}
				fmt.Fprintf(&text, "number%d.\n", random.IntN(50_000))
			}
			draft, err := run.Capture(b.Context(), archive.PostRequest{
				Page: ref, Given: &archive.Given{Content: []byte(text.String()), MediaType: "text/plain"},
			})
			if err != nil {
				b.Fatal(err)
			}
			drafts = append(drafts, draft)
			n++
		}
		a.Clock.Advance(time.Minute)
		a.Commit(run, drafts...)
	}
	return a
}
