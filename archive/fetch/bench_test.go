//go:build unix

package fetch_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// BenchmarkFetch gets pages of 18 KB, one after the other, from one host over
// a kept connection. cpu-µs/op is the time that client and server together
// spent on the processor.
func BenchmarkFetch(b *testing.B) {
	for _, bench := range []struct {
		name, url string
		page      archivetest.Page
	}{
		{"http", "http://a.example/", archivetest.Page{Body: strings.Repeat("A line of text.\n", 1152)}},
		{"chunked", "http://a.example/", archivetest.Page{Body: strings.Repeat("A line of text.\n", 1152), Chunked: true}},
		{"https", "https://a.example/", archivetest.Page{Body: strings.Repeat("A line of text.\n", 1152)}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			w := archivetest.NewWeb(b)
			w.Serve(bench.url, bench.page)
			client := newClient(b, w)
			b.SetBytes(int64(len(bench.page.Body)))
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				x := fetchWith(context.Background(), client, fetch.Request{URL: bench.url})
				if x.Failure != nil || len(payload(x)) != len(bench.page.Body) {
					b.Fatal(x.Failure, len(payload(x)))
				}
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
