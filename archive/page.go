package archive

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/publicsuffix"

	"github.com/walkback-dev/walkback/schemas"
)

// PageRef names a page and its place in an archive. It is a comparable value;
// the zero PageRef names nothing.
type PageRef struct {
	Name   string         // the exact URL without fragment, or urn:walkback:post:<name>
	ID     schemas.PageID // first 20 hex digits of the SHA-256 of Name
	Folder string         // pages/<h>/<h>/<h>/<h>/<host>~<slug>~<id>
}

// Given reports whether the page is a post handed in as a file, which has no
// address to look at again.
func (r PageRef) Given() bool { return strings.HasPrefix(r.Name, givenPrefix) }

const givenPrefix = "urn:walkback:post:"

// maxNameLength bounds page names: longer ones are data, not addresses.
const maxNameLength = 8192

// ErrUserInfo is returned for an address that carries a user name or password.
var ErrUserInfo = errors.New("the address carries a user name or password, which would be published with the archive")

// UnsupportedSchemeError is returned for an address that is not http or https.
type UnsupportedSchemeError struct{ Scheme string }

func (e *UnsupportedSchemeError) Error() string {
	return fmt.Sprintf("%s: addresses cannot be captured, only http: and https:", e.Scheme)
}

// PageAt returns the page with this address: its WHATWG serialisation without
// fragment, nothing else changed.
func PageAt(address string) (PageRef, error) {
	u, err := whatwg.Parse(address)
	if err != nil {
		return PageRef{}, fmt.Errorf("%q is not a URL", address) // the parser's words are for programmers
	}
	switch u.Scheme() {
	case "http", "https":
	default:
		return PageRef{}, &UnsupportedSchemeError{Scheme: u.Scheme()}
	}
	if u.Username() != "" || u.Password() != "" {
		return PageRef{}, ErrUserInfo
	}
	name := u.Href(true)
	if len(name) > maxNameLength {
		return PageRef{}, fmt.Errorf("the address has %d bytes, more than %d", len(name), maxNameLength)
	}
	return newPageRef(name, u.Host(), lastSegment(u.Pathname())), nil
}

// PagePost returns the page of a post that is handed in as a file under this
// name, which is the same post whenever the same name is used again.
func PagePost(name string) (PageRef, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return PageRef{}, errors.New("a post needs a name")
	}
	urn := givenPrefix + escapeURN(name)
	if len(urn) > maxNameLength {
		return PageRef{}, fmt.Errorf("the post's name has %d bytes, more than %d", len(name), maxNameLength-len(givenPrefix))
	}
	return newPageRef(urn, "given", name), nil
}

// PageNamed returns the page with a name that stands in a document. A name
// that is not in its final form is an error.
func PageNamed(name string) (PageRef, error) {
	if escaped, ok := strings.CutPrefix(name, givenPrefix); ok {
		ref, err := PagePost(unescapeURN(escaped))
		if err == nil && ref.Name != name {
			err = fmt.Errorf("%q is not the name of a page: want %q", name, ref.Name)
		}
		return ref, err
	}
	ref, err := PageAt(name)
	if err == nil && ref.Name != name {
		err = fmt.Errorf("%q is not the name of a page: want %q", name, ref.Name)
	}
	return ref, err
}

// CompleteAddress returns what a person means by an address without a scheme:
// example.com/a is https://example.com/a. It reports false for words that no
// browser would take for an address.
func CompleteAddress(s string) (string, bool) {
	if scheme, _, ok := strings.Cut(s, ":"); ok && isScheme(scheme) && !looksLikeHostPort(s) {
		return s, true
	}
	host, _, _ := strings.Cut(s, "/")
	host, _, _ = strings.Cut(host, "?")
	bare, _, _ := strings.Cut(host, ":")
	if strings.ContainsAny(bare, " \t\\@") || bare == "" {
		return "", false
	}
	if bare == "localhost" || isDottedQuad(bare) || strings.HasPrefix(host, "[") {
		return "https://" + s, true
	}
	suffix, icann := publicsuffix.PublicSuffix(strings.ToLower(bare))
	if !icann || suffix == strings.ToLower(bare) {
		return "", false
	}
	return "https://" + s, true
}

// GivenName returns the name under which a file is kept as a post when no
// other is given: its base name, so that no local folder is stored.
func GivenName(path string) string { return filepath.Base(path) }

// SpokenName returns a page's name as people write it: of a post handed in as a
// file, what it was given as; else the address as it is.
func SpokenName(name string) string {
	if escaped, ok := strings.CutPrefix(name, givenPrefix); ok {
		return unescapeURN(escaped)
	}
	return name
}

func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.')) {
			return false
		}
	}
	return s != ""
}

// looksLikeHostPort tells example.com:8080/a, which the URL grammar takes for
// the scheme "example.com".
func looksLikeHostPort(s string) bool {
	host, rest, _ := strings.Cut(s, ":")
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	after := rest[digits:]
	return digits > 0 && (after == "" || strings.ContainsAny(after[:1], "/?#")) &&
		(strings.Contains(host, ".") || host == "localhost")
}

func isDottedQuad(s string) bool {
	return strings.Count(s, ".") == 3 && strings.Trim(s, "0123456789.") == ""
}

// escapeURN percent-encodes everything but RFC 3986 unreserved characters.
func escapeURN(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// unescapeURN gives back malformed escapes as they are; PageNamed then finds
// that the name is not in its final form.
func unescapeURN(s string) string {
	if name, err := url.PathUnescape(s); err == nil {
		return name
	}
	return s
}

func lastSegment(path string) string {
	path = strings.TrimRight(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}
