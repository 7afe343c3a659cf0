package extract_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/walkback-dev/walkback/archive/extract"
)

const articlesDir = "../../../shared/data/articles"

// fetched is later than any of the pages was taken.
var fetched = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func gunzip(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestArticleScore measures the text against hand-cut articles, by the metric
// of the benchmark: precision and recall over the multiset of word 4-grams of
// each page, averaged over the pages.
func TestArticleScore(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(articlesDir, "ground-truth.json"))
	if err != nil {
		t.Skip("the article pages are not here")
	}
	var truth map[string]struct {
		ArticleBody string `json:"articleBody"`
		URL         string `json:"url"`
	}
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for id := range truth {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	var precision, recall, n float64
	var spent time.Duration
	for _, id := range ids {
		page := gunzip(t, filepath.Join(articlesDir, "html", id+".html.gz"))
		start := time.Now()
		doc, err := extract.Read(t.Context(), extract.Input{Payload: page, ContentType: "text/html", URL: truth[id].URL, At: fetched})
		spent += time.Since(start)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		tp, fp, fn := compareShingles(truth[id].ArticleBody, doc.Text())
		p, r := ratio(tp, fp, fn), ratio(tp, fn, fp)
		precision, recall, n = precision+p, recall+r, n+1
	}
	precision, recall = precision/n, recall/n
	f1 := 2 * precision * recall / (precision + recall)
	t.Logf("F1 %.4f, precision %.4f, recall %.4f, %.1f ms a page, %d pages", f1, precision, recall, float64(spent.Milliseconds())/n, int(n))
	if f1 < 0.96 {
		t.Errorf("F1 %.4f is below 0.96", f1)
	}
}

// compareShingles returns the shares of true positives, false positives and
// false negatives, as the benchmark defines them.
func compareShingles(want, got string) (tp, fp, fn float64) {
	a, b := shingles(want), shingles(got)
	for s, n := range a {
		tp += float64(min(n, b[s]))
		fn += float64(max(0, n-b[s]))
	}
	for s, n := range b {
		fp += float64(max(0, n-a[s]))
	}
	if all := tp + fp + fn; all > 0 {
		tp, fp, fn = tp/all, fp/all, fn/all
	}
	return tp, fp, fn
}

func shingles(text string) map[string]int {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_'
	})
	out := make(map[string]int)
	if len(words) == 0 {
		return out
	}
	for i := 0; i < max(1, len(words)-3); i++ {
		out[strings.Join(words[i:min(i+4, len(words))], "\x00")]++
	}
	return out
}

// ratio is tp/(tp+wrong), with the benchmark's convention for empty sides.
func ratio(tp, wrong, other float64) float64 {
	if wrong == 0 && other == 0 {
		return 1
	}
	if tp == 0 && wrong == 0 {
		return 0
	}
	return tp / (tp + wrong)
}
