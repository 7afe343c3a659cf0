// Package access decides whether an answer is the page that a reader would
// see: the outcome of a capture. It looks at the status, the headers, the
// redirects, the body and what the page said before; never at whether content
// changed. It is pure: the same answer gives the same outcome.
//
// The rules are tried in the order of the list below and the first that fits
// decides; its name is stored with the capture as evidence, so names are
// never reused for something else. What a rule saw is quoted as evidence.
//
//	failure-<reason>       no complete exchange; refused-<reason> when we did not ask
//	api-post               the API of a service has the post
//	api-not-found-first    it says that there is no such post: missing
//	api-not-found-again    the same at least an hour after the first time: gone
//	api-deleted            it says that the author deleted the post
//	api-removed            it says that others took the post down
//	api-withheld           it says that the post is not shown to us
//	api-foreign            success, but no answer of the service that answered before
//	challenge-header       a header that only challenge pages carry, at any status
//	block-header           a header by which a filter says that it blocked us
//	challenge-body         a short body with a piece that only challenge pages need
//	challenge-title        a page of few words under the title of a challenge
//	challenge-redirect     sent to a place that lets visitors through, not to the page
//	block-title            a page of few words under the title of a block page
//	block-edge             a short 4xx that a delivery network made up by itself
//	http-304               as before; http-304-unasked when we had not asked for that
//	http-410, http-451     said outright
//	http-404-first         not found: missing until it is seen again
//	http-404-again         not found at least an hour after the first time: gone
//	http-999               a sign-in is wanted
//	http-401, -403, -406, -407, -429  refused to us
//	http-5xx, http-4xx, http-3xx, http-other
//	truncated-<reason>     the answer broke off (our own limit on length excepted)
//	http-empty             success without a body
//	type-changed           another kind of document than was served before
//	redirect-missing-first, redirect-missing-again  sent to an address that says "not found"
//	redirect-login, redirect-consent  sent to a sign-in or a consent wall
//	redirect-home          sent from a page to a home page
//	redirect-section       sent to the folder the page was in, its text gone
//	login-form             few words, a field for a password, a title of a sign-in
//	login-title            few words under the title of a program that registers visitors
//	consent-title          few words under the title of a consent wall
//	parked                 few words, a domain for sale among them
//	soft-404-sibling-first, soft-404-sibling-again  success with the very words of
//	                       the host's answer for a made-up name, the former text gone
//	soft-404-first         success under a title that says "not found"
//	soft-404-again         the same at least an hour after the first time: gone
//	paywall-prefix         the beginning of the former text, then a gate
//	paywall-gate           the page says it is not free, and few words end in a gate
//	blank                  no word, where there were many
//	off-topic              another, much shorter text under another title (suspect)
//	http-2xx               served
//
// Where the API of a service was asked in place of the page, the rules are those
// up to http-empty, with the api rules behind the failures, and api-foreign.
//
// A rule that reads words gives way to the former text: a page that still says
// what it said is served, whatever its title or its address is.
package access

import (
	"fmt"
	"net/http"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// Confirmation is how far apart two "not found" must be before a page is gone
// rather than missing: shorter outages are common.
const Confirmation = time.Hour

// BodyNeeded is how much of a body the rules look at, in bytes: a body of that
// size is longer than that of any wall.
const BodyNeeded = max(maxChallenge, maxGlance) + 1

// Answer is what came back for one page.
type Answer struct {
	Asked     string      // the page's address
	Final     string      // the address of the last hop
	Status    int         // of the last hop, 0 when there was none
	Header    http.Header // of the last hop
	Body      []byte      // of the last hop, content-coding removed; of a long one the first BodyNeeded bytes are enough
	Received  int64       // bytes of the body as received
	MediaType string      // what the body is, without parameters
	Failure   string      // why there was no complete exchange, "" when there was one
	Detail    string      // the failure in words
	Refused   bool        // the failure is our own refusal to ask
	Truncated schemas.Truncation
	// Conditional says that the request allowed the answer "not modified".
	Conditional bool
	// AsServed says that the body is, byte for byte, the one last served.
	AsServed bool
	At       time.Time
	Reading  *Reading // what the body says, nil when it was not read
	Sibling  *Sibling // how the host says "not found"; nil where nobody asked
	Service  *Service // what the service said whose API was asked; nil where the page was
}

// Reading is what a page says.
type Reading struct {
	Title string
	Text  string // of the article
	// Free is what the page states of itself in isAccessibleForFree: "true",
	// "false", or "" for nothing.
	Free string
	// Unlisted says that the page asks search engines to leave it out (robots noindex).
	Unlisted bool
	// Noticed says that the page speaks of a correction or a withdrawal of its
	// own: then the words are its own, however few they are.
	Noticed bool
}

// Earlier is the newest capture of the same page before this one.
type Earlier struct {
	Outcome    schemas.Outcome
	At         time.Time
	ServedFrom string   // where the page was last served from, whatever came since
	MediaType  string   // of what was last served there
	Reading    *Reading // what was last served said, nil when it is unknown
}

// Judge returns the outcome of an answer. before is nil for a first capture.
func Judge(a Answer, before *Earlier) schemas.Access {
	c := &look{Answer: a, before: before}
	rules := []func(*look) *schemas.Access{
		failed, challenged, blockedByEdge, byStatus, cutOff, empty, otherType,
		sentElsewhere, gated, parked, likeSibling, softMissing, paywalled, blank, offTopic,
	}
	if a.Service != nil {
		rules = []func(*look) *schemas.Access{
			failed, byService, challenged, blockedByEdge, byStatus, cutOff, empty, notOfService,
		}
	}
	for _, rule := range rules {
		if access := rule(c); access != nil {
			saySibling(a, access)
			return *access
		}
	}
	served := verdict(schemas.Served, "http-2xx", schemas.Certain, statusLine(a))
	saySibling(a, served)
	return *served
}

// look is one answer under judgement, with what several rules want to know.
type look struct {
	Answer
	before *Earlier

	glanced *glimpse
	still   *float64
}

// servedFrom returns where the page was last served from, "" when it never was.
func (c *look) servedFrom() string {
	if c.before == nil {
		return ""
	}
	return c.before.ServedFrom
}

// former returns what the page said when it was last served, nil when that is
// not known.
func (c *look) former() *Reading {
	if c.before == nil || c.before.Reading == nil || c.before.Reading.Text == "" {
		return nil
	}
	return c.before.Reading
}

// kept returns the part of the former text, 0 to 1, that the page still says;
// -1 when either is unknown.
func (c *look) kept() float64 {
	if c.still == nil {
		share := -1.0
		if c.AsServed {
			share = 1
		} else if former := c.former(); former != nil && c.Reading != nil {
			share = containment(former.Text, c.Reading.Text)
		}
		c.still = &share
	}
	return *c.still
}

// stillSays reports whether the page says, for all that matters, what it said.
func (c *look) stillSays() bool { return c.kept() >= 0.8 }

// lost reports whether hardly anything of the former text is left.
func (c *look) lost() bool { return c.kept() >= 0 && c.kept() <= 0.05 }

func verdict(outcome schemas.Outcome, rule string, confidence schemas.Confidence, evidence ...string) *schemas.Access {
	for i, piece := range evidence {
		evidence[i] = shorten(piece)
	}
	return &schemas.Access{Outcome: outcome, Rule: rule, Confidence: confidence, Evidence: evidence}
}

// maxEvidence bounds each quotation, in bytes.
const maxEvidence = 300

func shorten(s string) string {
	if len(s) <= maxEvidence {
		return s
	}
	cut := maxEvidence
	for cut > 0 && s[cut]&0xC0 == 0x80 { // inside a character of UTF-8
		cut--
	}
	return s[:cut] + "…"
}

func statusLine(a Answer) string {
	return fmt.Sprintf("HTTP %d %s", a.Status, http.StatusText(a.Status))
}

// headerLines quotes those of the named headers that are there.
func headerLines(a Answer, names ...string) []string {
	var lines []string
	for _, name := range names {
		for _, value := range a.Header.Values(name) {
			lines = append(lines, name+": "+value)
		}
	}
	return lines
}
