//go:build unix

package extract_test

import (
	nurl "net/url"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/markusmobius/go-htmldate"
	"github.com/markusmobius/go-trafilatura"
	"golang.org/x/net/html"
)

// BenchmarkArticles reads the article pages, and has a well-known library read
// them for comparison, without its search for dates. "parse" is what both spend
// on the HTML parser.
func BenchmarkArticles(b *testing.B) {
	pages := realPages(b)
	size := 0
	for _, p := range pages {
		size += len(p.payload)
	}
	for _, reader := range pageReaders {
		b.Run(reader.name, func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, p := range pages {
					reader.read(b, p)
				}
			}
		})
	}
}

// BenchmarkAgainst measures the same in turns, in processor time of all threads:
// on a busy machine only that can be compared.
func BenchmarkAgainst(b *testing.B) {
	pages := realPages(b)
	spent := make([]time.Duration, len(pageReaders))
	for b.Loop() {
		for i, reader := range pageReaders {
			runtime.GC() // each pays for its own garbage
			start := processorTime(b)
			for _, p := range pages {
				reader.read(b, p)
			}
			spent[i] += processorTime(b) - start
		}
	}
	for i, reader := range pageReaders {
		b.ReportMetric(float64(spent[i].Milliseconds())/float64(b.N), reader.name+"-cpu-ms/op")
	}
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "trafilatura/extract")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// pageReaders are what is compared; the first is ours.
var pageReaders = []struct {
	name string
	read func(testing.TB, realPage)
}{
	{"extract", func(t testing.TB, p realPage) { p.read(t, p.payload) }},
	{"trafilatura", func(t testing.TB, p realPage) {
		address, _ := nurl.Parse(p.url)
		root, err := html.Parse(strings.NewReader(string(p.payload)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = trafilatura.ExtractDocument(root, trafilatura.Options{
			OriginalURL: address, EnableFallback: true, ExcludeComments: true,
			HtmlDateMode: trafilatura.Disabled, HtmlDateOverride: &htmldate.Result{},
		})
	}},
	{"parse", func(t testing.TB, p realPage) {
		if _, err := html.Parse(strings.NewReader(string(p.payload))); err != nil {
			t.Fatal(err)
		}
	}},
}
