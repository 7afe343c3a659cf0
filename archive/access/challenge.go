package access

import (
	"bytes"
	"strings"

	"github.com/walkback-dev/walkback/schemas"
)

// challengeHeaders appear on challenge pages and nowhere else; a value of ""
// stands for any value.
var challengeHeaders = []struct{ name, value string }{
	{"Cf-Mitigated", "challenge"},
	{"X-Amzn-Waf-Action", "challenge"},
	{"X-Amzn-Waf-Action", "captcha"},
	{"X-Vercel-Mitigated", "challenge"},
	{"Rimon", "RWC_BLOCK"},
}

// challengeBodies are pieces that a challenge page needs to work. A page that
// merely embeds a captcha in a form has none of them.
var challengeBodies = []string{
	"_cf_chl_opt",
	"<title>Just a moment...</title>",
	"<title>Attention Required! | Cloudflare</title>",
	`id="anubis_challenge"`,
	"https://geo.captcha-delivery.com/",
	`id="px-captcha"`,
	"/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/",
	"Request unsuccessful. Incapsula incident ID",
}

// maxChallenge bounds the body of a challenge: an article that shows one in a
// code listing is longer.
const maxChallenge = 64 << 10

func challenged(a Answer, _ *Earlier) *schemas.Access {
	for _, h := range challengeHeaders {
		if value := a.Header.Get(h.name); strings.EqualFold(value, h.value) {
			return verdict(schemas.Challenged, "challenge-header", schemas.Certain, statusLine(a), h.name+": "+value)
		}
	}
	if len(a.Body) > maxChallenge {
		return nil
	}
	for _, piece := range challengeBodies {
		if bytes.Contains(a.Body, []byte(piece)) {
			return verdict(schemas.Challenged, "challenge-body", schemas.Certain, statusLine(a), piece)
		}
	}
	return nil
}
