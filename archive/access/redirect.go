package access

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/walkback-dev/walkback/schemas"
)

// homePath is a root, or the root of a language: /, /en, /de-AT/, /index.html.
var homePath = regexp.MustCompile(`^/?(?:[a-z]{2}(?:[-_][A-Za-z]{2})?/?)?(?:index\.\w+|home|default\.\w+)?/?$`)

// sentHome tells the redirect by which many sites hide that a page is gone. A
// page that always led there is not sent home now.
func sentHome(a Answer, before *Earlier) *schemas.Access {
	if a.Final == "" || a.Final == a.Asked || before != nil && before.ServedFrom == a.Final {
		return nil
	}
	asked, err := url.Parse(a.Asked)
	if err != nil {
		return nil
	}
	final, err := url.Parse(a.Final)
	if err != nil || isHome(asked) || !isHome(final) {
		return nil
	}
	return verdict(schemas.Redirected, "redirect-home", schemas.Likely, a.Asked+" led to "+a.Final)
}

// isHome counts a query as a page: /?p=17 is how many blogs name a post.
func isHome(u *url.URL) bool {
	return homePath.MatchString(u.Path) && strings.Trim(u.RawQuery, "&=") == ""
}
