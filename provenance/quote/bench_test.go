package quote

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
)

// A benchText makes sentences of words that are as frequent as those of a
// language are.
type benchText struct {
	random *rand.Rand
	zipf   *rand.Zipf
}

func newBenchText(seed uint64) *benchText {
	r := rand.New(rand.NewPCG(seed, 1))
	return &benchText{r, rand.NewZipf(r, 1.07, 3, 40_000)}
}

func (b *benchText) word() string {
	const syllables = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su"
	n := int(b.zipf.Uint64())
	out := ""
	for out == "" || n > 0 {
		out += syllables[3*(n%40) : 3*(n%40)+2]
		n /= 40
	}
	return out
}

func (b *benchText) words(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = b.word()
	}
	return out
}

// source returns a source of 10 KB.
func (b *benchText) source() *extract.Document {
	d := &extract.Document{}
	for size := 0; size < 10_000; {
		p := strings.Join(b.words(60+b.random.IntN(60)), " ") + "."
		d.Blocks = append(d.Blocks, extract.Block{Text: p})
		size += len(p)
	}
	return d
}

// quote returns a quotation of 5 to 40 words from one of the sources: six of
// ten verbatim, two altered, one with an ellipsis; and one of ten from nowhere.
func (b *benchText) quote(sources []*extract.Document) Quotation {
	d := sources[b.random.IntN(len(sources))]
	words := strings.Fields(strings.TrimSuffix(d.Blocks[b.random.IntN(len(d.Blocks))].Text, "."))
	n := min(5+b.random.IntN(36), len(words))
	at := b.random.IntN(len(words) - n + 1)
	words = append([]string{}, words[at:at+n]...)
	switch kind := b.random.IntN(10); {
	case kind == 0:
		words = b.words(n)
	case kind < 3:
		for range max(1, n/10) {
			words[b.random.IntN(n)] = b.word()
		}
	case kind == 3 && n > 12:
		words = append(append(words[:5:5], "…"), words[8:]...)
	}
	return quoted(strings.Join(words, " "))
}

// BenchmarkBind binds 10,000 quotations against 1,000 sources of 10 KB, the
// library made anew each time. With BENCH_TEXTS the texts are written to that
// folder for the comparison in docs/evaluation.md.
func BenchmarkBind(b *testing.B) {
	texts := newBenchText(1)
	sources := make([]*extract.Document, 1000)
	for i := range sources {
		sources[i] = texts.source()
	}
	quotes := make([]Quotation, 10_000)
	for i := range quotes {
		quotes[i] = texts.quote(sources)
	}
	if folder := os.Getenv("BENCH_TEXTS"); folder != "" {
		writeTexts(b, folder, sources, quotes)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		l := NewLibrary()
		for i, d := range sources {
			if err := l.Add(fmt.Sprint(i), d); err != nil {
				b.Fatal(err)
			}
		}
		states := map[State]int{}
		for _, q := range quotes {
			states[l.Bind(q).State]++
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc))/1e6, "MB-held")
		b.ReportMetric(float64(after.Sys)/1e6, "MB-sys")
		b.ReportMetric(float64(states[NotFound])/100, "%not-found")
		runtime.KeepAlive(l)
	}
}

func writeTexts(b *testing.B, folder string, sources []*extract.Document, quotes []Quotation) {
	b.Helper()
	write := func(name string, lines []string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	var lines []string
	for _, d := range sources {
		lines = append(lines, strings.ReplaceAll(d.Text(), "\n", " "))
	}
	write("sources.txt", lines)
	lines = nil
	for _, q := range quotes {
		lines = append(lines, q.Text)
	}
	write("quotes.txt", lines)
}
