package provenance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
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
