package access

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// TestSignals has the signals by which walls and faults name themselves, one a
// line, each made by us after what was seen in the wild.
func TestSignals(t *testing.T) {
	filler := "<p>" + long(12) + "</p>"
	for name, test := range map[string]struct {
		answer   Answer
		want     schemas.Outcome
		rule     string
		evidence string
	}{
		"a challenge by header, 200":    {answer(header("Cf-Mitigated", "challenge")), schemas.Challenged, "challenge-header", "Cf-Mitigated: challenge"},
		"a puzzle by header":            {answer(status(405), header("X-Amzn-Waf-Action", "challenge")), schemas.Challenged, "challenge-header", ""},
		"a checkpoint by header":        {answer(status(403), header("X-Vercel-Mitigated", "challenge")), schemas.Challenged, "challenge-header", ""},
		"a denial by header":            {answer(status(403), header("X-Vercel-Mitigated", "deny")), schemas.Blocked, "block-header", ""},
		"a filter by header":            {answer(header("Rimon", "RWC_BLOCK")), schemas.Blocked, "block-header", "Rimon: RWC_BLOCK"},
		"options of a challenge":        {answer(status(403), body("<script>window._cf_chl_opt={}</script>")), schemas.Challenged, "challenge-body", "_cf_chl_opt"},
		"a proof of work":               {answer(body(`<script id="anubis_challenge" type="application/json">{}</script>`)), schemas.Challenged, "challenge-body", "anubis"},
		"a captcha delivered":           {answer(status(403), body(`<script src="https://ct.captcha-delivery.com/c.js"></script>`)), schemas.Challenged, "challenge-body", ""},
		"a button to be held":           {answer(status(403), body(`<div id="px-captcha"></div>`)), schemas.Challenged, "challenge-body", ""},
		"a script by a long name":       {answer(status(429), body(`<script src="/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/ips.js"></script>`)), schemas.Challenged, "challenge-body", ""},
		"an article with such a script": {answer(body(`<script src="/_Incapsula_Resource?x"></script>` + filler)), schemas.Served, "http-2xx", ""},
		"a load balancer":               {answer(status(403), header("Server", "awselb/2.0"), body("<h1>403 Forbidden</h1>")), schemas.Blocked, "block-edge", "awselb"},
		"an edge, short":                {answer(status(403), header("Server", "AkamaiGHost"), header("Mime-Version", "1.0"), body("<h1>Access Denied</h1>")), schemas.Blocked, "block-edge", ""},
		"an edge by its timing":         {answer(status(404), header("Server-Timing", "cdn-cache; desc=HIT, edge; dur=1, ak_p; desc=\"1\""), body("no")), schemas.Blocked, "block-edge", "ak_p"},
		"an edge that asked the site":   {answer(status(404), header("Server-Timing", "edge; dur=1, origin; dur=80, ak_p; desc=\"1\""), body("no")), schemas.Missing, "http-404-first", ""},
		"an error of a network":         {answer(status(403), header("Server", "CloudFront"), header("X-Cache", "Error from cloudfront")), schemas.Blocked, "block-edge", ""},
		"its 404 is the site's":         {answer(status(404), header("Server", "CloudFront"), header("X-Cache", "Error from cloudfront")), schemas.Missing, "http-404-first", ""},
		"an origin that was not asked":  {answer(status(403), header("Server", "cloudflare"), header("Server-Timing", "cfOrigin;dur=0")), schemas.Blocked, "block-edge", ""},
		"not signed in":                 {answer(status(999)), schemas.Login, "http-999", ""},
		"a system for visitors":         {page("Sina Visitor System", ""), schemas.Login, "login-title", ""},
		"barred by law":                 {answer(status(451), header("Link", `<https://law.example/>; rel="blocked-by"`)), schemas.Legal, "http-451", `rel="blocked-by"`},
		"barred by a demand":            {answer(status(451), body(`<a href="https://lumendatabase.org/notices/123">why</a>`)), schemas.Legal, "http-451", "https://lumendatabase.org/notices/123"},
		"not acceptable":                {answer(status(406)), schemas.Blocked, "http-406", ""},
		"no certificate":                {answer(failure("tls")), schemas.Unreachable, "failure-tls", ""},
		"too late":                      {answer(failure("timeout")), schemas.Unreachable, "failure-timeout", ""},
		"reset":                         {answer(failure("reset")), schemas.Unreachable, "failure-reset", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Judge(test.answer, nil)
			if got.Outcome != test.want || got.Rule != test.rule {
				t.Errorf("got %s by %s %q, want %s by %s", got.Outcome, got.Rule, got.Evidence, test.want, test.rule)
			}
			if got.Confidence == "" || len(got.Evidence) == 0 || !strings.Contains(strings.Join(got.Evidence, "\n"), test.evidence) {
				t.Errorf("evidence %q, %s, want %q in it", got.Evidence, got.Confidence, test.evidence)
			}
		})
	}
}

// A request not to be listed supports a verdict of "not found", and makes none.
func TestUnlisted(t *testing.T) {
	before := &Earlier{Outcome: schemas.Served, At: noon.Add(-48 * time.Hour), ServedFrom: "https://news.example/story", MediaType: "text/html", Reading: &Reading{Title: "The harbour", Text: long(40)}}
	const support = "robots: noindex, which was not there before"
	gone := page("Page not found", "Sorry.", func(a *Answer) { a.Reading = &Reading{} })
	gone.Reading.Unlisted = true
	if got := Judge(gone, before); got.Outcome != schemas.Missing || !slices.Contains(got.Evidence, support) {
		t.Errorf("%+v", got)
	}
	there := page("The harbour", long(40))
	there.Reading.Unlisted = true
	if got := Judge(there, before); got.Outcome != schemas.Served {
		t.Errorf("%+v", got)
	}
}
