package provenance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
)

// BenchmarkVerify verifies an archive of 3,000 snapshots of one post each, whole
// and before something is built on it:
//
//	go test -bench Verify -cpuprofile cpu.out ./provenance
func BenchmarkVerify(b *testing.B) {
	const snapshots = 3000
	a := provenancetest.New(b, archivetest.NewWeb(b))
	var requests []archive.PostRequest
	for i := range snapshots {
		page, err := archive.PagePost(fmt.Sprintf("post %d", i))
		if err != nil {
			b.Fatal(err)
		}
		text := strings.Repeat(fmt.Sprintf("Sentence of post %d, which tells of the harbour. ", i), 80)
		requests = append(requests, archive.PostRequest{Page: page, Given: &archive.Given{Content: []byte(text), MediaType: "text/plain"}})
	}
	a.Request(requests...)
	post := requests[0].Page
	for _, part := range []struct {
		name    string
		options provenance.VerifyOptions
	}{
		{"whole", provenance.VerifyOptions{Memory: a.Memory}},
		{"page", provenance.VerifyOptions{Memory: a.Memory, Page: &post}},
		{"newest", provenance.VerifyOptions{Memory: a.Memory, Range: &provenance.Range{From: snapshots, To: snapshots}}},
	} {
		b.Run(part.name, func(b *testing.B) {
			for b.Loop() {
				report, err := provenance.Verify(b.Context(), a.Dir(), part.options)
				if err != nil || report.ExitCode != 0 || report.Commits != snapshots+1 {
					b.Fatalf("%d commits, %v: %s", report.Commits, err, problems(report))
				}
			}
			b.ReportMetric(float64(snapshots*b.N)/b.Elapsed().Seconds(), "snapshots/s")
		})
	}
}

// BenchmarkSlowHosts checks a page of each of 1,000 hosts, of which every
// twentieth lets us wait for five seconds:
//
//	go test -run xxx -bench SlowHosts -benchtime 1x ./provenance
func BenchmarkSlowHosts(b *testing.B) {
	w := archivetest.NewWeb(b)
	a := provenancetest.New(b, w)
	client := fetch.New(fetch.Options{DialContext: w.DialContext, Now: a.Clock.Now, HeadTimeout: 5 * time.Second})
	b.Cleanup(client.Close)
	var pages []archive.PageRef
	for host := range 1000 {
		address := fmt.Sprintf("http://host%d.example/", host)
		answer := archivetest.Article("A page", "It is here.")
		if host%20 == 0 {
			answer = archivetest.Page{Fault: archivetest.Stall(archivetest.BeforeHead)}
		}
		w.Serve(address, answer)
		pages = append(pages, archivetest.At(b, address))
	}
	options := a.RunOptions()
	options.Fetch, options.IgnoreRobots = client, true
	for b.Loop() {
		run, err := archive.NewRun(a.Archive, options)
		if err != nil {
			b.Fatal(err)
		}
		looked := 0
		err = a.Recorder.Check(b.Context(), run, slices.Values(pages), func(provenance.Checked) { looked++ })
		run.Close()
		if err != nil || looked != len(pages) {
			b.Fatal(looked, err)
		}
	}
	b.ReportMetric(float64(len(pages)*b.N)/b.Elapsed().Seconds(), "pages/s")
}
