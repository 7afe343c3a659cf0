package index_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// corpus makes texts of about 2 KB from 50,000 words whose frequencies fall as
// those of a language do, pages with ten versions each.
type corpus struct {
	random *rand.Rand
	zipf   *rand.Zipf
	words  []string
	texts  map[int]string // newest of a page
}

func newCorpus() *corpus {
	random := rand.New(rand.NewPCG(1, 2))
	c := &corpus{random: random, zipf: rand.NewZipf(random, 1.1, 8, 49_999), texts: map[int]string{}}
	syllables := strings.Fields("ka ro mi ten sul var pel don gri fa lo ster nek u bra chi wen mor ta ly")
	for len(c.words) < 50_000 {
		var w strings.Builder
		for n := len(c.words); ; n /= len(syllables) {
			w.WriteString(syllables[n%len(syllables)])
			if n < len(syllables) {
				break
			}
		}
		c.words = append(c.words, w.String())
	}
	return c
}

// commit is the n-th commit: one page, captured anew with a tenth of its
// sentences changed.
func (c *corpus) commit(n, pages int) index.Commit {
	page := n % pages
	sentences := strings.SplitAfter(c.texts[page], "\n")
	if len(sentences) < 2 {
		sentences = make([]string, 25)
		for i := range sentences {
			sentences[i] = c.sentence()
		}
	}
	for range 3 {
		sentences[c.random.IntN(len(sentences))] = c.sentence()
	}
	text := strings.Join(sentences, "")
	if pages <= 200_000 { // as much as memory is for
		c.texts[page] = text
	}
	if n%1000 == 7 {
		text += fmt.Sprintf("The needle %d lies here.\n", n)
	}
	url := "https://site" + strconv.Itoa(page%500) + ".example/news/article-" + strconv.Itoa(page)
	return index.Commit{
		Sequence: int64(n), ID: index.CommitID{byte(n), byte(n >> 8), byte(n >> 16), 1},
		Touched: []index.Touch{{
			Page: schemas.ListedPage{
				Page: schemas.PageIDOf(url), URL: url, Title: strings.TrimSpace(sentences[0]), Tracked: true,
				Method: schemas.Fetched, Outcome: schemas.Served, CapturedAt: schemas.Time(1_700_000_000_000 + n), Bytes: 20_000,
			},
			First: n < pages, Served: true, Content: schemas.DigestOf([]byte(text)),
			Text: func() ([]byte, error) { return []byte(text), nil },
		}},
	}
}

func (c *corpus) sentence() string {
	var b strings.Builder
	for i := range 14 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.words[c.zipf.Uint64()])
	}
	return b.String() + ".\n"
}

// BenchmarkIndex builds an index of as many versions as INDEX_VERSIONS says,
// else 100,000, and searches it:
//
//	INDEX_VERSIONS=1000000 go test -bench Index -benchtime 1x -timeout 1h ./archive/index
func BenchmarkIndex(b *testing.B) {
	versions := 100_000
	if s := os.Getenv("INDEX_VERSIONS"); s != "" {
		var err error
		if versions, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	ctx := context.Background()
	for b.Loop() {
		file := filepath.Join(b.TempDir(), "index.db")
		x, err := index.Open(ctx, file, "bench")
		if err != nil {
			b.Fatal(err)
		}
		corpus := newCorpus()
		spent, bytes := build(b, x, corpus, versions)
		b.ReportMetric(float64(versions)/spent.Seconds(), "versions/s")
		b.ReportMetric(float64(bytes)/float64(versions), "text-B/version")
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/float64(versions), "file-B/version")
		if x, err = index.Open(ctx, file, "bench"); err != nil {
			b.Fatal(err)
		}
		for kind, queries := range corpus.queries(versions) {
			p50, p95 := searches(b, x, queries)
			b.ReportMetric(p50, kind+"-p50-ms")
			b.ReportMetric(p95, kind+"-p95-ms")
		}
		if err := x.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// build indexes commits and returns the time that the index took, without that
// of making the texts.
func build(b *testing.B, x *index.Index, corpus *corpus, versions int) (spent time.Duration, bytes int) {
	ctx := context.Background()
	w, err := x.Writer(ctx)
	if err != nil {
		b.Fatal(err)
	}
	for n := range versions {
		commit := corpus.commit(n, max(1, versions/10))
		text, _ := commit.Touched[0].Text()
		bytes += len(text)
		started := time.Now()
		if err := w.Add(ctx, commit); err != nil {
			b.Fatal(err)
		}
		if n%5000 == 4999 {
			if err := w.Flush(ctx); err != nil {
				b.Fatal(err)
			}
		}
		spent += time.Since(started)
	}
	started := time.Now()
	if err := w.Flush(ctx); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return spent + time.Since(started), bytes
}

func (c *corpus) queries(versions int) map[string][]string {
	queries := map[string][]string{}
	for i := range 100 {
		n := i*(versions/100)/1000*1000 + 7
		queries["rare"] = append(queries["rare"], "needle "+strconv.Itoa(n))
		queries["common"] = append(queries["common"], c.words[i])
		queries["phrase"] = append(queries["phrase"], `"`+c.words[i%20]+" "+c.words[c.random.IntN(20)]+`"`)
		queries["midphrase"] = append(queries["midphrase"], `"`+c.words[1000+i]+" "+c.words[i]+`"`)
		queries["common-and-rare"] = append(queries["common-and-rare"], c.words[i]+" "+strconv.Itoa(n))
		queries["two-common"] = append(queries["two-common"], c.words[i%20]+" "+c.words[200+i])
		queries["absent-phrase"] = append(queries["absent-phrase"], `"`+strings.Repeat(c.words[i%20]+" ", 4)+`"`)
	}
	return queries
}

// searches takes the first twenty hits of each query and returns milliseconds.
func searches(b *testing.B, x *index.Index, queries []string) (p50, p95 float64) {
	ctx := context.Background()
	var times []float64
	for _, words := range queries {
		started := time.Now()
		q, err := index.ParseQuery(words)
		if err != nil {
			b.Fatal(err)
		}
		v, err := x.View(ctx)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range v.Search(ctx, q) {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n == 20 {
				break
			}
		}
		if err := v.Close(); err != nil {
			b.Fatal(err)
		}
		times = append(times, float64(time.Since(started).Microseconds())/1000)
	}
	slices.Sort(times)
	return times[len(times)/2], times[len(times)*95/100]
}
