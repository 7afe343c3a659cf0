package access

import (
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// TestSibling: the host's own words for "not found" decide where titles do not,
// and only then is it asked.
func TestSibling(t *testing.T) {
	article, sorry := long(40), strings.Repeat("Sorry, try the front page or the search, or write to us, friend. ", 3)
	shell := "You need to enable JavaScript to run this app."
	served := &Earlier{
		Outcome: schemas.Served, At: noon.Add(-48 * time.Hour), ServedFrom: "https://news.example/story",
		MediaType: "text/html", Reading: &Reading{Title: "The harbour", Text: article},
	}
	missing := *served
	missing.Outcome = schemas.Missing
	says := func(text string) *Sibling {
		return &Sibling{Address: "https://news.example/qwertyuiopasdfghjklzxcvbn", Status: 200, Reading: &Reading{Text: text}}
	}
	for name, test := range map[string]struct {
		answer  Answer
		before  *Earlier
		wants   bool
		sibling *Sibling
		rule    string
		sure    schemas.Confidence
	}{
		"the same for any name":           {page("News", sorry), served, true, says(sorry), "soft-404-sibling-first", schemas.Likely},
		"the same, an hour later":         {page("News", sorry), &missing, true, says(sorry), "soft-404-sibling-again", schemas.Likely},
		"the same, and so entitled":       {page("Page not found", sorry), &missing, true, says(sorry), "soft-404-sibling-again", schemas.Certain},
		"at first sight, so entitled":     {page("Page not found", sorry), nil, true, says(sorry), "soft-404-sibling-first", schemas.Certain},
		"nearly the same":                 {page("News", "Today. "+article[len(article)-900:]+" Bye."), &Earlier{Outcome: schemas.Served, Reading: &Reading{Text: strings.Repeat("other words than these ", 90)}}, true, says(article[len(article)-900:] + " Bye."), "soft-404-sibling-first", schemas.Likely},
		"another text":                    {page("News", sorry), served, true, says(long(30)), "off-topic", schemas.Suspect},
		"not found, said outright":        {page("Page not found", sorry), served, true, &Sibling{Address: "https://news.example/q", Status: 404}, "soft-404-first", schemas.Likely},
		"a program that did not run":      {page("News", shell), served, true, says(shell), "off-topic", schemas.Suspect},
		"the former text is there":        {page("The harbour", article), served, false, says(article), "http-2xx", schemas.Certain},
		"first sight":                     {page("The harbour", article), nil, false, nil, "http-2xx", schemas.Certain},
		"a notice":                        {page("News", sorry, noticed), served, false, nil, "http-2xx", schemas.Certain},
		"not found by status":             {page("News", sorry, status(404)), served, false, nil, "http-404-first", schemas.Likely},
		"rewritten under the same title":  {page("The harbour", sorry), served, true, nil, "http-2xx", schemas.Certain},
		"rewritten, and the host says no": {page("The harbour", sorry), served, true, &Sibling{Address: "https://news.example/q", Status: 404}, "http-2xx", schemas.Certain},
	} {
		t.Run(name, func(t *testing.T) {
			if got := WantsSibling(test.answer, test.before, Judge(test.answer, test.before)); got != test.wants {
				t.Errorf("the host is asked: %t, want %t", got, test.wants)
			}
			test.answer.Sibling = test.sibling
			got := Judge(test.answer, test.before)
			if got.Rule != test.rule || got.Confidence != test.sure {
				t.Errorf("got %s, %s, %q; want %s, %s", got.Rule, got.Confidence, got.Evidence, test.rule, test.sure)
			}
			if said := strings.Contains(strings.Join(got.Evidence, " "), "https://news.example/q"); said != (test.sibling != nil) {
				t.Errorf("evidence %q", got.Evidence)
			}
		})
	}
}
