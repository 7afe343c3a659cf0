package access

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// wallHeaders appear on the pages of walls and nowhere else.
var wallHeaders = []struct {
	name    string
	value   pattern.Pattern
	outcome schemas.Outcome
	rule    string
}{
	{"Cf-Mitigated", pattern.New(`(?i)^challenge$`), schemas.Challenged, "challenge-header"},
	{"X-Amzn-Waf-Action", pattern.New(`(?i)^(challenge|captcha)$`), schemas.Challenged, "challenge-header"},
	{"X-Vercel-Mitigated", pattern.New(`(?i)^challenge$`), schemas.Challenged, "challenge-header"},
	{"X-Vercel-Mitigated", pattern.New(`(?i)^deny$`), schemas.Blocked, "block-header"},
	{"Rimon", pattern.New(`(?i)^\w*_?BLOCK$`), schemas.Blocked, "block-header"},
}

// challengeBodies are pieces that a challenge page needs to work. A page that
// merely embeds a captcha in a form has none of them.
var challengeBodies = []string{
	"_cf_chl_opt",
	"/cdn-cgi/challenge-platform/h/b/orchestrate/",
	`id="anubis_challenge"`,
	"https://geo.captcha-delivery.com/",
	"https://ct.captcha-delivery.com/",
	`id="px-captcha"`,
	"/149e9513-01fa-4fb0-aad4-566afd725d1b/2d206a39-8ed7-437e-a3be-862e0f06eea3/",
	"window.gokuProps",
	"AwsWafIntegration.",
	"/_Incapsula_Resource?",
	"/.well-known/vercel/security/",
	"/TSPD/",
	"_guard/html.js",
}

// sharedPieces stand in good pages too, which say more beside.
var sharedPieces = map[string]bool{"/_Incapsula_Resource?": true, "AwsWafIntegration.": true, "/TSPD/": true}

const (
	// maxChallenge bounds the body of a challenge, in bytes: an article that
	// shows one in a code listing is longer.
	maxChallenge = 64 << 10
	// fewWords is the most that a wall says instead of a page.
	fewWords = 250
	// hardlyWords is the most that a page says that exists to run a program.
	hardlyWords = 60
)

// challengeTitles are the titles of challenges, whole.
var challengeTitles = pattern.New(`(?i)^\W*(` + strings.Join([]string{
	`just a moment`, `one moment,? please`, `please wait`, `checking (your|the) browser.*`, `human verification`,
	`(please )?verify(ing)? (that )?you are (a )?human`, `are you a (robot|human)`, `robot (check|challenge)`, `robot or human`,
	`(bot|browser|security|captcha|client) (check|challenge|verification|checkpoint)`, `vercel security checkpoint`,
	`pardon our interruption`, `making sure you're not a bot`, `access to this page has been denied`, `captcha( required)?`,
	`request access`, `unusual traffic( detected)?`, `ddos-guard`, `ddos protection.*`, `validate? (user|session)`,
	`javascript is (disabled|required|not available)`, `enable javascript( and cookies)?( to continue)?`,
	`un momento`, `un instant`, `einen moment( bitte)?`, `nur einen moment`, `un attimo`, `even geduld`, `só um momento`, `bir dakika`,
}, "|") + `)\W*$`)

// blockTitles are the titles of pages that refuse a visitor, whole.
var blockTitles = pattern.New(`(?i)^\W*(` + strings.Join([]string{
	`(error )?(403|401|406|429)`, `(error )?(403 ?\W? ?)?(access )?(denied|forbidden)`, `(access|request|url|page|site|website|ip( address)?) (has been |is |was )?(denied|blocked|rejected|forbidden|restricted)`,
	`(error )?403 ?\W? ?(access denied|forbidden)`, `(error )?429 ?\W? ?(too many requests)?`, `too many requests`, `forbidden`, `access denied.*`,
	`error: the request could not be satisfied`, `sorry, you have been blocked`, `you have been blocked`, `attention required`, `blocked`,
	`(web|content|url|dns|security|internet)[- ]?(filter(ing)?|gateway)( .{0,40})?`, `.{0,40}\b(dns|web|url|content)[- ]filter\b.{0,40}`,
	`(web )?page blocked!?`, `web ?site blocked.*`, `(your )?rate limit(ed| exceeded)?`, `not available in your (region|country|location)`,
	`zugriff verweigert`, `accès (refusé|interdit)`, `acceso denegado`, `accesso negato`, `acesso negado`, `доступ (запрещен|ограничен).*`,
}, "|") + `)\W*$`)

// challenged tells the walls that name themselves, at any status.
func challenged(c *look) *schemas.Access {
	line := statusLine(c.Answer)
	for _, h := range wallHeaders {
		if value := c.Header.Get(h.name); h.value().MatchString(value) {
			return verdict(h.outcome, h.rule, schemas.Certain, line, h.name+": "+value)
		}
	}
	if access := challengedByBody(c, line); access != nil {
		return access
	}
	if c.Status == 0 || c.Status/100 == 3 {
		return nil
	}
	seen := c.glance()
	if seen.few(fewWords) && !c.stillSays() {
		for _, title := range seen.titles() {
			switch {
			case blockTitles().MatchString(title) && (c.Status/100 == 2 || c.Status == 404):
				return verdict(schemas.Blocked, "block-title", schemas.Likely, line, title)
			case challengeTitles().MatchString(title) && c.Status != 429:
				return verdict(schemas.Challenged, "challenge-title", schemas.Likely, line, title)
			}
		}
	}
	if c.Status/100 == 2 && isSink(c.Asked, c.Final) && !c.stillSays() {
		return verdict(schemas.Challenged, "challenge-redirect", schemas.Likely, line, c.Asked+" led to "+c.Final)
	}
	return nil
}

func challengedByBody(c *look, line string) *schemas.Access {
	if len(c.Body) > maxChallenge {
		return nil
	}
	for _, piece := range challengeBodies {
		if !bytes.Contains(c.Body, []byte(piece)) {
			continue
		}
		if sharedPieces[piece] && !c.glance().few(hardlyWords) || !c.glance().few(fewWords) && c.Status/100 == 2 {
			continue // a page that says more than a challenge does
		}
		return verdict(schemas.Challenged, "challenge-body", schemas.Certain, line, piece)
	}
	return nil
}

// sinkHost begins the name of a host that lets visitors through.
var sinkHost = pattern.New(`^(unblock|challenge|captcha|validate|verify|bot-?check|security-?check|waitingroom|queue)\d*\.`)

// isSink reports whether a redirect left the page's host for such a place.
func isSink(asked, final string) bool {
	from, err := url.Parse(asked)
	if err != nil {
		return false
	}
	to, err := url.Parse(final)
	return err == nil && from.Host != to.Host && sinkHost().MatchString(to.Host)
}

// blockedByEdge tells answers that a delivery network made up without asking
// the site from those of the site: these may say "not found" and not mean it.
func blockedByEdge(c *look) *schemas.Access {
	if c.Status/100 != 4 || c.Status == 410 || c.Status == 451 || len(c.Body) > 8<<10 {
		return nil
	}
	server := strings.ToLower(c.Header.Get("Server"))
	timing := c.Header.Get("Server-Timing")
	var mark string
	switch {
	case server == "akamaighost" && c.Header.Get("Mime-Version") != "" && len(c.Body) < 1<<10:
		mark = "Server: " + c.Header.Get("Server")
	case strings.Contains(timing, "ak_p") && strings.Contains(timing, "edge") && !strings.Contains(timing, "origin") && len(c.Body) < 1<<10:
		mark = "Server-Timing: " + timing
	case server == "cloudfront" && strings.HasPrefix(c.Header.Get("X-Cache"), "Error") && c.Status != 404:
		mark = "Server: CloudFront"
	case server == "cloudflare" && strings.Contains(timing, "cfOrigin;dur=0"):
		mark = "Server-Timing: " + timing
	case strings.HasPrefix(server, "awselb") && c.Status != 404:
		mark = "Server: " + c.Header.Get("Server")
	default:
		return nil
	}
	return verdict(schemas.Blocked, "block-edge", schemas.Likely, statusLine(c.Answer), mark, fmt.Sprintf("%d bytes", len(c.Body)))
}
