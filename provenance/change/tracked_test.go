package change_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/provenance/change"
)

// tracked is a page with the text that people cut out of it by hand.
type tracked struct {
	name, url string
	page      []byte
	text      string
}

// trackedPages returns the articles and the policy pages, one capture in eight
// of these.
func trackedPages(t *testing.T) []tracked {
	t.Helper()
	var pages []tracked
	truth, err := os.ReadFile(data + "/articles/ground-truth.json")
	if err != nil {
		t.Skip("the pages are not here")
	}
	var articles map[string]struct{ ArticleBody, URL string }
	if err := json.Unmarshal(truth, &articles); err != nil {
		t.Fatal(err)
	}
	for _, name := range sortedKeys(articles) {
		pages = append(pages, tracked{"article " + name[:8], articles[name].URL, gunzipped(t, data+"/articles/html/"+name+".html.gz"), articles[name].ArticleBody})
	}
	lines, err := os.ReadFile(data + "/ota-demo-pairs.jsonl")
	if err != nil {
		t.Skip("the policy pages are not here")
	}
	blobs, row := openBlobs(t, data+"/ota-demo.git"), 0
	for line := range bytes.Lines(lines) {
		var p struct {
			Page, Before, URL string
			Version           string `json:"version_before"`
		}
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		if row++; row%8 == 0 && p.Version != "" {
			pages = append(pages, tracked{p.Page + " " + p.Before[:8], p.URL, blobs.read(t, p.Before), string(blobs.read(t, p.Version))})
		}
	}
	return pages
}

var (
	plainWords = regexp.MustCompile(`(?:[A-Za-z]{2,}[,;]? ){5}[A-Za-z]{2,}`)
	unseen     = regexp.MustCompile(`(?is)<script.*?</script>|<style.*?</style>|<!--.*?-->|<[^>]*>`) // what readers do not see
)

// leastTold is how much, in per cent, must be told.
const leastTold = 98

// TestEvaluationOfTrackedText replaces a word anywhere in the text that people
// cut out of a page, not only where this program finds it: what is not read
// cannot be judged.
func TestEvaluationOfTrackedText(t *testing.T) {
	if testing.Short() || !testing.Verbose() {
		t.Skip("an evaluation takes minutes: -run Evaluation -v")
	}
	random := rand.New(rand.NewPCG(*seed, 1))
	edits, told := 0, 0
	for _, p := range trackedPages(t) {
		before := read(t, p.page, p.url)
		if before == nil {
			continue
		}
		var missed []string
		n := 0
		seen := unseen.ReplaceAllLiteral(p.page, []byte("<>"))
		lines := plainWords.FindAllString(p.text, -1)
		random.Shuffle(len(lines), func(i, k int) { lines[i], lines[k] = lines[k], lines[i] })
		for _, words := range lines {
			if n == *perKey*3 {
				break
			}
			if bytes.Count(p.page, []byte(words)) != 1 || !bytes.Contains(seen, []byte(words)) {
				continue
			}
			of := strings.Fields(words)
			of[3] = "marmalade"
			after := read(t, bytes.Replace(p.page, []byte(words), []byte(strings.Join(of, " ")), 1), p.url)
			got, err := change.Judge(servedSide(before), servedSide(after), nil)
			if err != nil {
				t.Fatal(err)
			}
			n++
			if got.Class.Quiet() {
				missed = append(missed, fmt.Sprintf("%s by %s: %s", got.Class, got.Rule, words))
			}
		}
		edits, told = edits+n, told+n-len(missed)
		slices.Sort(missed)
		for _, line := range missed {
			t.Logf("%s: %s", p.name, line)
		}
	}
	if 100*told < leastTold*edits {
		t.Errorf("less than %d %% are told", leastTold)
	}
	t.Logf("%d of %d edits in the text that people cut out are told (%.1f %%), seed %d", told, edits, 100*float64(told)/float64(edits), *seed)
}
