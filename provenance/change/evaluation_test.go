package change_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

// policyPair is two captures of a policy page and whether people who cut its
// text out by hand saw a change.
type policyPair struct {
	Page, Before, After, URL, Date string
	Changed                        int
	Doubt                          json.RawMessage
}

func policyPairs(t testing.TB) []policyPair {
	t.Helper()
	lines, err := os.ReadFile(data + "/ota-demo-pairs.jsonl")
	if os.IsNotExist(err) {
		t.Skip("the policy pages are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	var pairs []policyPair
	for line := range bytes.Lines(lines) {
		var p policyPair
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		pairs = append(pairs, p)
	}
	return pairs
}

func read(t testing.TB, payload []byte, url string) *extract.Document {
	t.Helper()
	if url == "" {
		url = "https://policies.example/legal/terms" // relative links need a base
	}
	d, err := extract.Read(t.Context(), extract.Input{Payload: payload, ContentType: "text/html", URL: url})
	if err != nil {
		return nil
	}
	return d
}

func servedSide(d *extract.Document) change.Side {
	return change.Side{State: schemas.State{Outcome: schemas.Served}, Document: d}
}

// What the evaluation may not fall behind.
const (
	leastRecall = 0.95
	mostAlarms  = 0.005
)

// TestEvaluationOfPolicies prints how well real changes are told from noise.
func TestEvaluationOfPolicies(t *testing.T) {
	if testing.Short() || !testing.Verbose() {
		t.Skip("an evaluation takes minutes: -run Evaluation -v")
	}
	pairs := policyPairs(t)
	blobs := openBlobs(t, data+"/ota-demo.git")
	type score struct{ found, changed, alarms, unchanged int }
	pages := map[string]*score{}
	classes := map[string]int{}
	var misses, alarms []string
	doubtful := 0
	for _, p := range pairs {
		got, err := change.Judge(servedSide(read(t, blobs.read(t, p.Before), p.URL)), servedSide(read(t, blobs.read(t, p.After), p.URL)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if p.Doubt != nil {
			doubtful++
			t.Logf("doubtful: %s %s: %s by %s %q (label %v)", p.Page, p.Date, got.Class, got.Rule, got.Evidence, p.Changed)
			continue
		}
		s := pages[p.Page]
		if s == nil {
			s = &score{}
			pages[p.Page] = s
		}
		news := !got.Class.Quiet()
		classes[fmt.Sprintf("%-20s changed=%v", got.Class, p.Changed)]++
		switch {
		case p.Changed == 1:
			s.changed++
			if news {
				s.found++
			} else {
				misses = append(misses, fmt.Sprintf("%s %.8s %.8s: %s by %s %q", p.Page, p.Before, p.After, got.Class, got.Rule, got.Evidence))
			}
		default:
			s.unchanged++
			if news {
				s.alarms++
				alarms = append(alarms, fmt.Sprintf("%s %.8s %.8s: %s by %s %q %+v", p.Page, p.Before, p.After, got.Class, got.Rule, got.Evidence, got.Passages))
			}
		}
	}
	var recalls, rates []float64
	var all score
	for _, page := range sortedKeys(pages) {
		s := pages[page]
		all.found, all.changed, all.alarms, all.unchanged = all.found+s.found, all.changed+s.changed, all.alarms+s.alarms, all.unchanged+s.unchanged
		if s.changed > 0 {
			recalls = append(recalls, float64(s.found)/float64(s.changed))
		}
		if s.unchanged > 0 {
			rates = append(rates, float64(s.alarms)/float64(s.unchanged))
		}
		t.Logf("%-60s %3d of %3d changes, %3d alarms in %3d", page, s.found, s.changed, s.alarms, s.unchanged)
	}
	for _, key := range sortedKeys(classes) {
		t.Logf("%4d %s", classes[key], key)
	}
	for _, line := range misses {
		t.Log("missed: ", line)
	}
	for _, line := range alarms {
		t.Log("alarm: ", line)
	}
	t.Logf("recall, mean over %d pages: %s; pooled %d of %d", len(recalls), withInterval(recalls), all.found, all.changed)
	t.Logf("false alarms, mean over %d pages: %s; pooled %d of %d", len(rates), withInterval(rates), all.alarms, all.unchanged)
	if meanOf(recalls) < leastRecall || meanOf(rates) > mostAlarms {
		t.Errorf("that is worse than a recall of %v and a rate of alarms of %v", leastRecall, mostAlarms)
	}
	t.Logf("%d doubtful pairs told apart; extractor %s, %s", doubtful, extract.Name, time.Now().UTC().Format(time.DateOnly))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// withInterval is the mean in per cent with the 95 % interval of a bootstrap
// over the values, which stand for pages.
func withInterval(values []float64) string {
	if len(values) == 0 {
		return "none"
	}
	random := rand.New(rand.NewPCG(1, 2))
	means, drawn := make([]float64, 2000), make([]float64, len(values))
	for k := range means {
		for i := range drawn {
			drawn[i] = values[random.IntN(len(values))]
		}
		means[k] = 100 * meanOf(drawn)
	}
	slices.Sort(means)
	return fmt.Sprintf("%.1f %% [%.1f, %.1f]", 100*meanOf(values), means[len(means)*25/1000], means[len(means)*975/1000])
}

func meanOf(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
