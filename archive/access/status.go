package access

import (
	"fmt"
	"net/http"
	"time"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

func failed(c *look) *schemas.Access {
	switch {
	case c.Failure == "":
		return nil
	case c.Refused:
		return verdict(schemas.Refused, "refused-"+c.Failure, schemas.Certain, c.Detail)
	}
	return verdict(schemas.Unreachable, "failure-"+c.Failure, schemas.Certain, c.Detail)
}

// statusLinkedIn is the status some sites give to visitors who are not signed in.
const statusLinkedIn = 999

// demands are addresses at which legal demands are published.
var demands = pattern.New(`https?://(www\.)?(lumendatabase|chillingeffects)\.org/[^\s"'<>]+`)

func byStatus(c *look) *schemas.Access {
	line := statusLine(c.Answer)
	switch c.Status {
	case http.StatusNotModified:
		if !c.Conditional {
			return verdict(schemas.ServerError, "http-304-unasked", schemas.Certain, line)
		}
		return verdict(schemas.NotModified, "http-304", schemas.Certain, line)
	case http.StatusGone:
		return verdict(schemas.Gone, "http-410", schemas.Certain, line)
	case http.StatusNotFound:
		return notFound(c, "http-404", schemas.Certain, line)
	case http.StatusUnavailableForLegalReasons:
		// RFC 7725 §4: the Link header names who demanded it.
		evidence := append([]string{line}, headerLines(c.Answer, "Link")...)
		if demand := demands().Find(c.Body); demand != nil {
			evidence = append(evidence, string(demand))
		}
		return verdict(schemas.Legal, "http-451", schemas.Certain, evidence...)
	case statusLinkedIn:
		return verdict(schemas.Login, "http-999", schemas.Likely, line)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotAcceptable,
		http.StatusProxyAuthRequired, http.StatusTooManyRequests:
		return verdict(schemas.Blocked, fmt.Sprintf("http-%d", c.Status), schemas.Likely,
			append([]string{line}, headerLines(c.Answer, "Server", "Retry-After")...)...)
	}
	switch c.Status / 100 {
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

// notFound needs two looks before it says gone. What lies between may be other
// failures: they say nothing about the page. best is how sure the rule is of a
// first and of a confirmed sight; a repeated one within the hour is likely.
func notFound(c *look, rule string, best schemas.Confidence, evidence ...string) *schemas.Access {
	if c.before == nil {
		return verdict(schemas.Missing, rule+"-first", best, evidence...)
	}
	since := c.before.At.UTC().Format(time.RFC3339)
	switch {
	case c.before.Outcome == schemas.Gone:
		return verdict(schemas.Gone, rule+"-again", best, append(evidence, "gone since "+since)...)
	case c.before.Outcome == schemas.Missing && c.At.Sub(c.before.At) >= Confirmation:
		return verdict(schemas.Gone, rule+"-again", best, append(evidence, "not found before at "+since)...)
	}
	return verdict(schemas.Missing, rule+"-first", schemas.Likely, evidence...)
}

// cutOff leaves captures alone that we cut ourselves: the page was served.
func cutOff(c *look) *schemas.Access {
	if c.Truncated == "" || c.Truncated == schemas.TruncatedLength {
		return nil
	}
	return verdict(schemas.Unreachable, "truncated-"+string(c.Truncated), schemas.Certain,
		statusLine(c.Answer), fmt.Sprintf("the answer broke off after %d bytes", max(c.Received, int64(len(c.Body)))))
}

func empty(c *look) *schemas.Access {
	if len(c.Body) > 0 {
		return nil
	}
	return verdict(schemas.ServerError, "http-empty", schemas.Likely, statusLine(c.Answer), "no body")
}
