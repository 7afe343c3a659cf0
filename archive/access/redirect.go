package access

import (
	"net/url"
	"strings"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

var (
	// homePath is a root, or the root of a language: /, /en, /de-AT/, /index.html.
	homePath = pattern.New(`^/?(?:[a-z]{2}(?:[-_][A-Za-z]{2})?/?)?(?:index\.\w+|home|default\.\w+)?/?$`)
	// Addresses say by a whole segment what they are for.
	missingPath = pattern.New(`(?i)/(404|404\.\w+|not-?found|page-?not-?found|error-?404|404-?error|pagenotfound|not_found|page_not_found)(\.\w+)?/?$`)
	loginPath   = pattern.New(`(?i)/(log-?in|sign-?in|sso|auth|authenticate|authorize|wp-login\.php|ap/signin|users/sign_in|account/login|checkpoint/lg|authwall|uas/login)([/.].*)?$`)
	loginHost   = pattern.New(`(?i)^(log-?in|sign-?in|sso|auth|accounts?|idp|passport|id)\.`)
	consentPath = pattern.New(`(?i)/(cookie-?(consent|wall)|consent|privacy-?(gate|wall)|collectconsent|gdpr(-?consent)?)([/.].*)?$`)
	consentHost = pattern.New(`(?i)^(consent|guce|privacy-gate|cookiewall|myprivacy)\.`)
)

// sentElsewhere tells the redirects by which a site gives something else than
// the page. One that says what the page said before is the page.
func sentElsewhere(c *look) *schemas.Access {
	if c.Final == "" || c.Final == c.Asked || c.servedFrom() == c.Final || c.stillSays() {
		return nil
	}
	asked, err := url.Parse(c.Asked)
	if err != nil {
		return nil
	}
	final, err := url.Parse(c.Final)
	if err != nil {
		return nil
	}
	chain := c.Asked + " led to " + c.Final
	is := func(path, host pattern.Pattern) bool {
		return path().MatchString(final.Path) && !path().MatchString(asked.Path) ||
			host != nil && host().MatchString(final.Host) && final.Host != asked.Host
	}
	switch {
	case is(missingPath, nil):
		return notFound(c, "redirect-missing", schemas.Likely, chain)
	case is(consentPath, consentHost):
		return verdict(schemas.Consent, "redirect-consent", schemas.Likely, chain)
	case is(loginPath, loginHost):
		return verdict(schemas.Login, "redirect-login", schemas.Likely, chain)
	case !isHome(asked) && isHome(final):
		return verdict(schemas.Redirected, "redirect-home", schemas.Likely, chain)
	case c.lost() && isSectionOf(final, asked):
		return verdict(schemas.Redirected, "redirect-section", schemas.Likely, chain, "nothing of the former text is there")
	}
	return nil
}

// isHome counts a query as a page: /?p=17 is how many blogs name a post.
func isHome(u *url.URL) bool {
	return homePath().MatchString(u.Path) && strings.Trim(u.RawQuery, "&=") == ""
}

// isSectionOf reports whether one address is a folder above another.
func isSectionOf(section, page *url.URL) bool {
	folder := strings.TrimSuffix(section.Path, "/") + "/"
	return len(folder) > 1 && strings.HasPrefix(page.Path, folder) && strings.Trim(page.Path[len(folder):], "/") != ""
}
