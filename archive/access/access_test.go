package access

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// answer is a good answer, altered by each edit.
func answer(edits ...func(*Answer)) Answer {
	a := Answer{
		Asked: "https://news.example/story", Final: "https://news.example/story",
		Status: 200, Conditional: true, Header: http.Header{}, Body: []byte("<p>A story.</p>"), At: noon,
	}
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

func status(code int) func(*Answer)    { return func(a *Answer) { a.Status = code } }
func body(s string) func(*Answer)      { return func(a *Answer) { a.Body = []byte(s) } }
func final(s string) func(*Answer)     { return func(a *Answer) { a.Final = s } }
func asked(s string) func(*Answer)     { return func(a *Answer) { a.Asked = s } }
func failure(s string) func(*Answer)   { return func(a *Answer) { a.Failure, a.Status = s, 0 } }
func header(k, v string) func(*Answer) { return func(a *Answer) { a.Header.Set(k, v) } }

func TestJudge(t *testing.T) {
	hourAgo := &Earlier{Outcome: schemas.Missing, At: noon.Add(-time.Hour)}
	minuteAgo := &Earlier{Outcome: schemas.Missing, At: noon.Add(-time.Minute)}
	servedHome := &Earlier{Outcome: schemas.Served, ServedFrom: "https://news.example/", At: noon.Add(-time.Hour)}
	failedSince := &Earlier{Outcome: schemas.ServerError, ServedFrom: "https://news.example/", At: noon.Add(-time.Hour)}
	for name, test := range map[string]struct {
		answer Answer
		before *Earlier
		want   schemas.Outcome
		rule   string
	}{
		"served":                       {answer(), nil, schemas.Served, "http-2xx"},
		"dns":                          {answer(failure("dns")), nil, schemas.Unreachable, "failure-dns"},
		"refused by us":                {answer(failure("private-address"), func(a *Answer) { a.Refused = true }), nil, schemas.Refused, "refused-private-address"},
		"not modified":                 {answer(status(304), body("")), nil, schemas.NotModified, "http-304"},
		"not modified, unasked":        {answer(status(304), body(""), func(a *Answer) { a.Conditional = false }), nil, schemas.ServerError, "http-304-unasked"},
		"gone":                         {answer(status(410)), nil, schemas.Gone, "http-410"},
		"first 404":                    {answer(status(404)), nil, schemas.Missing, "http-404-first"},
		"404 a minute later":           {answer(status(404)), minuteAgo, schemas.Missing, "http-404-first"},
		"404 an hour later":            {answer(status(404)), hourAgo, schemas.Gone, "http-404-again"},
		"404 after gone":               {answer(status(404)), &Earlier{Outcome: schemas.Gone, At: noon}, schemas.Gone, "http-404-again"},
		"404 after a 503":              {answer(status(404)), &Earlier{Outcome: schemas.ServerError, At: noon.Add(-2 * time.Hour)}, schemas.Missing, "http-404-first"},
		"legal":                        {answer(status(451)), nil, schemas.Legal, "http-451"},
		"forbidden":                    {answer(status(403)), nil, schemas.Blocked, "http-403"},
		"too many requests":            {answer(status(429)), nil, schemas.Blocked, "http-429"},
		"teapot":                       {answer(status(418)), nil, schemas.Blocked, "http-4xx"},
		"unavailable":                  {answer(status(503)), nil, schemas.ServerError, "http-5xx"},
		"challenge with 403":           {answer(status(403), header("Cf-Mitigated", "challenge")), nil, schemas.Challenged, "challenge-header"},
		"challenge with 200":           {answer(body("<title>Just a moment...</title>")), nil, schemas.Challenged, "challenge-title"},
		"challenge with 404":           {answer(status(404), header("X-Amzn-Waf-Action", "captcha")), nil, schemas.Challenged, "challenge-header"},
		"other mitigation":             {answer(header("Cf-Mitigated", "log")), nil, schemas.Served, "http-2xx"},
		"long article about one":       {answer(body("_cf_chl_opt" + strings.Repeat("x", maxChallenge))), nil, schemas.Served, "http-2xx"},
		"broken off":                   {answer(func(a *Answer) { a.Truncated = schemas.TruncatedDisconnect }), nil, schemas.Unreachable, "truncated-disconnect"},
		"cut by us":                    {answer(func(a *Answer) { a.Truncated = schemas.TruncatedLength }), nil, schemas.Served, "http-2xx"},
		"empty":                        {answer(body("")), nil, schemas.ServerError, "http-empty"},
		"sent home":                    {answer(final("https://news.example/")), nil, schemas.Redirected, "redirect-home"},
		"sent to a language's home":    {answer(final("https://news.example/en-GB/")), nil, schemas.Redirected, "redirect-home"},
		"moved":                        {answer(final("https://news.example/2026/story")), nil, schemas.Served, "http-2xx"},
		"always led home":              {answer(final("https://news.example/")), servedHome, schemas.Served, "http-2xx"},
		"always led home, failed once": {answer(final("https://news.example/")), failedSince, schemas.Served, "http-2xx"},
		"home to home":                 {answer(asked("http://news.example/"), final("https://www.news.example/")), nil, schemas.Served, "http-2xx"},
		"post named in a query":        {answer(final("https://news.example/?p=17")), nil, schemas.Served, "http-2xx"},
		"home by query asked for post": {answer(asked("https://news.example/?p=17"), final("https://news.example/")), nil, schemas.Redirected, "redirect-home"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Judge(test.answer, test.before)
			if got.Outcome != test.want || got.Rule != test.rule {
				t.Errorf("got %s by %s, want %s by %s", got.Outcome, got.Rule, test.want, test.rule)
			}
			if len(got.Evidence) == 0 {
				t.Error("a verdict without evidence")
			}
		})
	}
}

// A block, a challenge or a fault must never look like a removal, whatever the
// page was before.
func TestFaultIsNeverRemoval(t *testing.T) {
	for _, a := range []Answer{
		answer(status(403)), answer(status(429)), answer(status(503)), answer(status(500)), answer(body("")),
		answer(failure("timeout")), answer(failure("dns")), answer(status(404), header("Cf-Mitigated", "challenge")),
	} {
		for _, before := range []schemas.Outcome{schemas.Served, schemas.Missing, schemas.Gone, schemas.Blocked} {
			got := Judge(a, &Earlier{Outcome: before, At: noon.Add(-48 * time.Hour)}).Outcome
			if got == schemas.Gone || got == schemas.Missing || got == schemas.Legal {
				t.Errorf("status %d, failure %q after %s: got %s", a.Status, a.Failure, before, got)
			}
		}
	}
}
