// Package access decides whether an answer is the page that a reader would
// see: the outcome of a capture. It looks at the status, the headers, the
// redirects and, for challenges, the body; never at whether content changed.
// It is pure: the same answer gives the same outcome.
//
// The rules are tried in the order of the list below and the first that fits
// decides; its name is stored with the capture as evidence, so names are
// never reused for something else.
//
//	failure-<reason>       no complete exchange; refused-<reason> when we did not ask
//	challenge-header       a header that only challenge pages carry, at any status
//	challenge-body         a short body that only challenge pages have
//	http-304               as before; http-304-unasked when we had not asked for that
//	http-410, http-451     said outright
//	http-404-first         not found: missing until it is seen again
//	http-404-again         not found at least an hour after the first time: gone
//	http-401, -403, -406, -407, -429, -999  refused to us
//	http-5xx, http-4xx, http-3xx, http-other
//	truncated-<reason>     the answer broke off (our own limit on length excepted)
//	http-empty             success without a body
//	redirect-home          sent from a page to a home page
//	http-2xx               served
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

// Answer is what came back for one page.
type Answer struct {
	Asked     string      // the page's address
	Final     string      // the address of the last hop
	Status    int         // of the last hop, 0 when there was none
	Header    http.Header // of the last hop
	Body      []byte      // of the last hop, content-coding removed; the beginning is enough
	Failure   string      // why there was no complete exchange, "" when there was one
	Detail    string      // the failure in words
	Refused   bool        // the failure is our own refusal to ask
	Truncated schemas.Truncation
	// Conditional says that the request allowed the answer "not modified".
	Conditional bool
	At          time.Time
}

// Earlier is the newest capture of the same page before this one.
type Earlier struct {
	Outcome    schemas.Outcome
	At         time.Time
	ServedFrom string // where the page was last served from, whatever came since
}

// Judge returns the outcome of an answer. before is nil for a first capture.
func Judge(a Answer, before *Earlier) schemas.Access {
	for _, rule := range []func(Answer, *Earlier) *schemas.Access{
		failed, challenged, byStatus, cutOff, empty, sentHome,
	} {
		if access := rule(a, before); access != nil {
			return *access
		}
	}
	return *verdict(schemas.Served, "http-2xx", schemas.Certain, statusLine(a))
}

func verdict(outcome schemas.Outcome, rule string, confidence schemas.Confidence, evidence ...string) *schemas.Access {
	return &schemas.Access{Outcome: outcome, Rule: rule, Confidence: confidence, Evidence: evidence}
}

func failed(a Answer, _ *Earlier) *schemas.Access {
	switch {
	case a.Failure == "":
		return nil
	case a.Refused:
		return verdict(schemas.Refused, "refused-"+a.Failure, schemas.Certain, a.Detail)
	}
	return verdict(schemas.Unreachable, "failure-"+a.Failure, schemas.Certain, a.Detail)
}

func byStatus(a Answer, before *Earlier) *schemas.Access {
	line := statusLine(a)
	switch a.Status {
	case http.StatusNotModified:
		if !a.Conditional {
			return verdict(schemas.ServerError, "http-304-unasked", schemas.Certain, line)
		}
		return verdict(schemas.NotModified, "http-304", schemas.Certain, line)
	case http.StatusGone:
		return verdict(schemas.Gone, "http-410", schemas.Certain, line)
	case http.StatusNotFound:
		return notFound(a, before, line)
	case http.StatusUnavailableForLegalReasons:
		// RFC 7725 §4: the Link header names who demanded it.
		return verdict(schemas.Legal, "http-451", schemas.Certain, append([]string{line}, headerLines(a, "Link")...)...)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotAcceptable,
		http.StatusProxyAuthRequired, http.StatusTooManyRequests, statusLinkedIn:
		return verdict(schemas.Blocked, fmt.Sprintf("http-%d", a.Status), schemas.Likely,
			append([]string{line}, headerLines(a, "Server", "Retry-After")...)...)
	}
	switch a.Status / 100 {
	case 2:
		return nil
	case 3:
		return verdict(schemas.Redirected, "http-3xx", schemas.Likely, line)
	case 4:
		return verdict(schemas.Blocked, "http-4xx", schemas.Likely, line)
	case 5:
		return verdict(schemas.ServerError, "http-5xx", schemas.Certain, line)
	}
	return verdict(schemas.ServerError, "http-other", schemas.Likely, line)
}

// statusLinkedIn is the status some sites give to programs.
const statusLinkedIn = 999

// notFound needs two looks before it says gone. What lies between may be other
// failures: they say nothing about the page.
func notFound(a Answer, before *Earlier, line string) *schemas.Access {
	if before == nil {
		return verdict(schemas.Missing, "http-404-first", schemas.Certain, line)
	}
	since := before.At.UTC().Format(time.RFC3339)
	switch {
	case before.Outcome == schemas.Gone:
		return verdict(schemas.Gone, "http-404-again", schemas.Certain, line, "gone since "+since)
	case before.Outcome == schemas.Missing && a.At.Sub(before.At) >= Confirmation:
		return verdict(schemas.Gone, "http-404-again", schemas.Certain, line, "not found before at "+since)
	}
	return verdict(schemas.Missing, "http-404-first", schemas.Likely, line)
}

// cutOff leaves captures alone that we cut ourselves: the page was served.
func cutOff(a Answer, _ *Earlier) *schemas.Access {
	if a.Truncated == "" || a.Truncated == schemas.TruncatedLength {
		return nil
	}
	return verdict(schemas.Unreachable, "truncated-"+string(a.Truncated), schemas.Certain,
		statusLine(a), fmt.Sprintf("the answer broke off after %d bytes", len(a.Body)))
}

func empty(a Answer, _ *Earlier) *schemas.Access {
	if len(a.Body) > 0 {
		return nil
	}
	return verdict(schemas.ServerError, "http-empty", schemas.Likely, statusLine(a), "no body")
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
