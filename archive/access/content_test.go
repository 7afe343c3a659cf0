package access

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// long is the text of an article of n sentences, each unlike the others.
func long(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "On day %d the harbour master of pier %d counted %d ships and wrote their names into book %d. ", i, i*7, i*13, i*31)
	}
	return text.String()
}

// page is an answer of a title and a text, as it would be read.
func page(title, text string, edits ...func(*Answer)) Answer {
	a := answer(edits...)
	a.MediaType = "text/html"
	a.Body = []byte("<html><head><title>" + title + "</title></head><body><p>" + text + "</p></body></html>")
	reading := Reading{Title: title, Text: text}
	if a.Reading != nil {
		reading.Free, reading.Noticed = a.Reading.Free, a.Reading.Noticed
	}
	a.Reading = &reading
	return a
}

func notFree(a *Answer) { a.Reading = &Reading{Free: "false"} }
func noticed(a *Answer) { a.Reading = &Reading{Noticed: true} }
func ofType(s string) func(*Answer) {
	return func(a *Answer) { a.MediaType, a.Reading, a.Body = s, nil, []byte("%PDF-1.7") }
}

// TestWords has the rules that read words, each with the page that it must
// leave alone.
func TestWords(t *testing.T) {
	article := long(40)
	served := &Earlier{
		Outcome: schemas.Served, At: noon.Add(-48 * time.Hour), ServedFrom: "https://news.example/story",
		MediaType: "text/html", Reading: &Reading{Title: "The harbour", Text: article},
	}
	missing := *served
	missing.Outcome = schemas.Missing
	short := "Sorry. Go to the front page or use the search."
	half := article[:len(article)/3]
	login := func(a *Answer) { a.Body = append(a.Body, `<form><input type="password"></form>`...) }
	withForm := func(title, text string) Answer { a := page(title, text); login(&a); return a }
	relabelled := func(a Answer, mediaType string) Answer { ofType(mediaType)(&a); return a }
	for name, test := range map[string]struct {
		answer Answer
		before *Earlier
		want   schemas.Outcome
		rule   string
	}{
		"a caption and a gate":              {page("The harbour", "A ship at the quay. Subscribe to continue reading.", notFree), served, schemas.Paywalled, "paywall-prefix"},
		"another text, and a gate":          {page("The fire", "A ship at the quay, which burnt for two days until the rain came and put it out at last, they say. Subscribe to continue reading.", notFree), served, schemas.WrongType, "off-topic"},
		"a short text, not free":            {page("The harbour", "A ship at the quay.", notFree), served, schemas.ServerError, "blank"},
		"not found, first sight":            {page("Page not found | News", short), nil, schemas.Missing, "soft-404-first"},
		"not found, seen before":            {page("404", short), served, schemas.Missing, "soft-404-first"},
		"not found, among many menus":       {page("Page introuvable", long(30)), served, schemas.Served, "http-2xx"}, // the former text is still there
		"not found again":                   {page("Seite nicht gefunden", short), &missing, schemas.Gone, "soft-404-again"},
		"an article called so":              {page("404 Media reports", article), nil, schemas.Served, "http-2xx"},
		"an article on a car":               {page("Peugeot 404", short), nil, schemas.Served, "http-2xx"},
		"an article on missing pages":       {page("Page not found", long(60)), nil, schemas.Served, "http-2xx"},
		"a withdrawal in words":             {page("No longer available", "This article has been removed at the request of its authors.", noticed), served, schemas.Served, "http-2xx"},
		"sent to a page for missing ones":   {page("Oh", short, final("https://news.example/404.html")), served, schemas.Missing, "redirect-missing-first"},
		"sent home":                         {page("News", short, final("https://news.example/")), served, schemas.Redirected, "redirect-home"},
		"moved, the text is there":          {page("The harbour", article, final("https://news.example/")), served, schemas.Served, "http-2xx"},
		"moved":                             {page("The harbour", article, final("https://new.example/2026/story")), served, schemas.Served, "http-2xx"},
		"sent to the folder":                {page("Ports", short, asked("https://news.example/ports/story"), final("https://news.example/ports/")), served, schemas.Redirected, "redirect-section"},
		"sent to sign in":                   {page("Welcome", short, final("https://news.example/account/login?next=/story")), served, schemas.Login, "redirect-login"},
		"sent to another host to sign in":   {page("Welcome", short, final("https://login.example/x")), served, schemas.Login, "redirect-login"},
		"sent to a consent wall":            {page("Welcome", short, final("https://consent.example/x")), served, schemas.Consent, "redirect-consent"},
		"sent to a place for humans":        {page("Welcome", short, final("https://unblock.example/")), served, schemas.Challenged, "challenge-redirect"},
		"a form to sign in":                 {withForm("Log in to News", short), served, schemas.Login, "login-form"},
		"an article with such a form":       {withForm("Log in", article), served, schemas.Served, "http-2xx"},
		"always a form to sign in":          {withForm("Log in", short), &Earlier{Outcome: schemas.Served, Reading: &Reading{Title: "Log in", Text: short}}, schemas.Served, "http-2xx"},
		"a consent wall":                    {page("Before you continue to News", short), served, schemas.Consent, "consent-title"},
		"for sale":                          {page("news.example", "The domain news.example is for sale. Buy this domain."), served, schemas.Parked, "parked"},
		"an article on a sale":              {page("A domain", "He said this domain is for sale. "+article), served, schemas.Served, "http-2xx"},
		"the beginning, then a gate":        {page("The harbour", half+" Subscribe to continue reading."), served, schemas.Paywalled, "paywall-prefix"},
		"the beginning, not free":           {page("The harbour", half, notFree), served, schemas.Paywalled, "paywall-prefix"},
		"the beginning, no gate":            {page("The harbour", half), served, schemas.Served, "http-2xx"},
		"all of it, not free":               {page("The harbour", article, notFree), served, schemas.Served, "http-2xx"},
		"the end, then a gate":              {page("The harbour", article[len(article)/2:len(article)/2+900]+" Subscribe to continue reading."), served, schemas.Served, "http-2xx"},
		"a gate at first sight":             {page("The harbour", long(3)+" Subscribe to continue reading.", notFree), nil, schemas.Paywalled, "paywall-gate"},
		"an offer below all of it":          {page("The harbour", article+" Subscribe to continue reading.", notFree), nil, schemas.Served, "http-2xx"},
		"no word":                           {page("The harbour", ""), served, schemas.ServerError, "blank"},
		"no word at first sight":            {page("The harbour", ""), nil, schemas.Served, "http-2xx"},
		"another page":                      {page("Coupons", strings.Repeat("cheap shoes here ", 20)), served, schemas.WrongType, "off-topic"},
		"another text under the same title": {page("The harbour", strings.Repeat("cheap shoes here ", 20)), served, schemas.Served, "http-2xx"},
		"another text of the same length":   {page("Coupons", strings.Repeat("cheap shoes here ", 200)), served, schemas.Served, "http-2xx"},
		"a document":                        {relabelled(page("", ""), "application/pdf"), served, schemas.WrongType, "type-changed"},
		"always a document":                 {relabelled(page("", ""), "application/pdf"), &Earlier{Outcome: schemas.Served, MediaType: "application/pdf"}, schemas.Served, "http-2xx"},
		"denied with success":               {page("Access Denied", "You have no permission."), served, schemas.Blocked, "block-title"},
		"denied, called not found":          {page("Access Denied", "You have no permission.", status(404)), served, schemas.Blocked, "block-title"},
		"an article on a denial":            {page("Access Denied", article), nil, schemas.Served, "http-2xx"},
		"a waiting page":                    {page("Checking your browser before accessing", "Please wait."), served, schemas.Challenged, "challenge-title"},
		"a title alone":                     {page("Sign in - Wiki", short), nil, schemas.Served, "http-2xx"}, // no field for a password
	} {
		t.Run(name, func(t *testing.T) {
			got := Judge(test.answer, test.before)
			if got.Outcome != test.want || got.Rule != test.rule {
				t.Errorf("got %s by %s %q, want %s by %s", got.Outcome, got.Rule, got.Evidence, test.want, test.rule)
			}
		})
	}
}

func TestContainment(t *testing.T) {
	for name, test := range map[string]struct {
		former, text string
		want         float64
	}{
		"same":            {long(5), long(5), 1},
		"nothing before":  {"", "some words", 1},
		"nothing now":     {long(5), "", 0},
		"moved":           {"a b c d e. f g h i j.", "f g h i j. a b c d e.", 2.0 / 6},
		"short and same":  {"two words", "Two words!", 1},
		"no spaces":       {"川は溢れた町で", "川は溢れた町で", 1},
		"no spaces, lost": {"川は溢れた町で", "山が静かに眠る", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := containment(test.former, test.text); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// FuzzJudge: whatever a server sends, the verdict has an outcome, a rule that
// can be stored, and evidence of bounded length.
func FuzzJudge(f *testing.F) {
	f.Add(200, "https://a.example/x", "https://a.example/", "<title>404</title>", "Server", "cloudflare", "old text")
	f.Add(403, "https://a.example/x", "https://b.example/%zz", "\xff<input type=password", "Rimon", "RWC_BLOCK", "")
	f.Fuzz(func(t *testing.T, code int, asked, final, body, name, value, former string) {
		a := page(body, body, status(code))
		a.Asked, a.Final = asked, final
		a.Header.Set(name, value)
		got := Judge(a, &Earlier{Outcome: schemas.Served, Reading: &Reading{Title: former, Text: former}})
		if got.Outcome == "" || got.Rule == "" || len(got.Evidence) == 0 {
			t.Fatalf("half a verdict: %+v", got)
		}
		for _, piece := range got.Evidence {
			if len(piece) > maxEvidence+len("…") {
				t.Fatalf("evidence of %d bytes", len(piece))
			}
		}
	})
}
