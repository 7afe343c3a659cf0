package fetch

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// address is a URL that can be asked for.
type address struct {
	href   string // serialised, without fragment
	scheme string
	host   string // as it stands in the URL, with the port when it is not the scheme's own
	name   string // host name or IP address without brackets
	port   string
	target string // path and query
	path   string
}

// maxURL bounds addresses, which a Location may make of any length.
const maxURL = 8192

// parseAddress reads an absolute URL, or a reference relative to a base.
func parseAddress(base *address, ref string) (*address, *Failure) {
	if len(ref) > maxURL {
		return nil, fail(BadURL, "an address of %d bytes, more than %d", len(ref), maxURL)
	}
	u, err := parseURL(base, ref)
	switch {
	case err != nil && strings.Contains(ref, "@"): // what is wrong may be a password
		return nil, fail(BadURL, "the address is not a URL")
	case err != nil:
		return nil, fail(BadURL, "%q is not a URL: %v", ref, err)
	}
	if u.Scheme() != "http" && u.Scheme() != "https" {
		return nil, fail(UnsupportedScheme, "%s: is not http or https, in %q", u.Scheme(), ref)
	}
	if u.Username() != "" || u.Password() != "" {
		return nil, fail(UserInfo, "the address carries a user name or password")
	}
	a := &address{
		href:   u.Href(true),
		scheme: u.Scheme(),
		host:   u.Host(),
		name:   strings.Trim(u.Hostname(), "[]"),
		port:   u.Port(),
		path:   u.Pathname(),
	}
	if len(a.href) > maxURL || a.name == "" {
		return nil, fail(BadURL, "%.100q is not an address that can be asked for", a.href)
	}
	if a.port == "" {
		a.port = map[string]string{"http": "80", "https": "443"}[a.scheme]
	}
	a.target = strings.TrimPrefix(a.href, a.scheme+"://"+a.host)
	if !sendable(a.target) || !sendable(a.host) || !strings.HasPrefix(a.target, "/") {
		return nil, fail(BadURL, "%.100q cannot stand in a request", a.href)
	}
	return a, nil
}

// parseURL parses as browsers do. The library's panics, if it has any left,
// are errors: addresses come from strangers.
func parseURL(base *address, ref string) (u *whatwg.Url, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the URL parser gave up: %v", r)
		}
	}()
	if base == nil {
		return whatwg.Parse(ref)
	}
	return whatwg.ParseRef(base.href, ref)
}

// sendable reports whether s is visible ASCII without spaces, so that it can
// end neither a word nor a line of the request.
func sendable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= 0x20 || r >= 0x7f }) < 0
}

// location makes a Location value, which is bytes, a reference: browsers
// percent-encode what is not UTF-8.
func location(value string) string {
	if utf8.ValidString(value) {
		return value
	}
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; c >= utf8.RuneSelf {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// serverName returns the name for TLS, which has no dot at its end
// (RFC 6066 §3); IP addresses are given as they are.
func (a *address) serverName() string { return strings.TrimSuffix(a.name, ".") }

// hostPort returns what is dialled, and what a line of requests forms at.
func (a *address) hostPort() string { return net.JoinHostPort(a.name, a.port) }

// cookieURL returns the URL for the cookie jar. It is not parsed again: what
// browsers take for a URL is not always one for net/url.
func (a *address) cookieURL() *url.URL {
	return &url.URL{Scheme: a.scheme, Host: a.host, Path: a.path}
}
