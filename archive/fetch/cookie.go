package fetch

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// keepCookies remembers the cookies of a response for the hops after it.
func (f *fetch) keepCookies(at *address, header http.Header) {
	cookies := (&http.Response{Header: header}).Cookies()
	if len(cookies) == 0 {
		return
	}
	if f.jar == nil {
		f.jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // it never fails
	}
	f.jar.SetCookies(at.cookieURL(), cookies)
}

// cookies returns the pairs of the Cookie field for an address: those that
// earlier hops set, then those of Options.Cookies. What is beyond the limit is
// left out.
func (f *fetch) cookies(at *address) []string {
	var pairs []string
	size, set := 0, map[string]bool{}
	add := func(c *http.Cookie) bool {
		pair := (&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted}).String()
		if size += len(pair) + len("; "); size > maxCookies {
			return false
		}
		pairs = append(pairs, pair)
		return true
	}
	if f.jar != nil {
		for _, c := range f.jar.Cookies(at.cookieURL()) {
			if set[c.Name] = true; !add(c) {
				return pairs
			}
		}
	}
	if f.given == nil {
		return pairs
	}
	for _, c := range f.given.Cookies(at.cookieURL()) {
		if set[c.Name] {
			continue
		}
		if !add(c) {
			return pairs
		}
		f.secrets.add(c.Value)
	}
	return pairs
}

// Cookie is a cookie of a person's own, from a cookies.txt.
type Cookie struct {
	Domain     string // host name without a dot before it
	Subdomains bool   // it is for hosts below Domain, too
	Path       string
	Secure     bool      // it is for https alone
	Expires    time.Time // zero: with the session
	Name       string
	Value      string
}

// maxCookieFile bounds a cookies.txt, in bytes.
const maxCookieFile = 16 << 20

// ParseCookies reads a cookies.txt as browsers' extensions and curl write it
// (Netscape): lines of seven fields between tabs, which are domain, TRUE for
// hosts below it, path, TRUE for https alone, expiry in seconds since 1970 or 0,
// name, value. #HttpOnly_ may stand before the domain; other lines with # and
// empty ones are passed over. Errors name the line and quote nothing of it.
func ParseCookies(r io.Reader) ([]Cookie, error) {
	var cookies []Cookie
	lines := bufio.NewScanner(io.LimitReader(r, maxCookieFile+1))
	lines.Buffer(nil, 64<<10)
	read := 0
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if read += len(line) + 1; read > maxCookieFile {
			return nil, fmt.Errorf("more than %d bytes of cookies", maxCookieFile)
		}
		line = strings.TrimPrefix(line, "#HttpOnly_")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		c, problem := parseCookie(strings.Split(line, "\t"))
		if problem != "" {
			return nil, fmt.Errorf("line %d: %s", number, problem)
		}
		cookies = append(cookies, c)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", len(cookies)+1, err)
	}
	return cookies, nil
}

func parseCookie(fields []string) (c Cookie, problem string) {
	if len(fields) == 6 {
		fields = append(fields, "") // an empty value, its tab trimmed away
	}
	if len(fields) != 7 {
		return c, fmt.Sprintf("%d fields between tabs, not 7", len(fields))
	}
	domain, dotted := strings.CutPrefix(strings.ToLower(fields[0]), ".")
	c = Cookie{
		Domain: domain, Subdomains: dotted || strings.EqualFold(fields[1], "TRUE"), Path: fields[2],
		Secure: strings.EqualFold(fields[3], "TRUE"), Name: fields[5], Value: fields[6],
	}
	seconds, err := strconv.ParseFloat(fields[4], 64)
	switch {
	case domain == "" || !sendable(domain):
		return c, "no domain in the first field"
	case err != nil || !(seconds >= 0):
		return c, "the fifth field is not a number of seconds"
	case !isToken(c.Name):
		return c, "the sixth field is not the name of a cookie"
	case strings.IndexFunc(c.Value, isControl) >= 0 || strings.Contains(c.Value, ";"):
		return c, "the seventh field cannot be sent"
	}
	if seconds >= 1 {
		c.Expires = time.Unix(int64(min(seconds, 1<<40)), 0)
	}
	return c, ""
}

// jarOf returns a jar with the cookies that have not expired, nil when there are
// none.
func jarOf(cookies []Cookie, now func() time.Time) *cookiejar.Jar {
	var jar *cookiejar.Jar
	for _, c := range cookies {
		if !c.Expires.IsZero() && c.Expires.Before(now()) {
			continue
		}
		if jar == nil {
			jar, _ = cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // it never fails
		}
		set := &http.Cookie{Name: c.Name, Value: c.Value, Path: c.Path, Secure: c.Secure}
		if _, err := netip.ParseAddr(c.Domain); err != nil && c.Subdomains {
			set.Domain = c.Domain
		}
		jar.SetCookies(&url.URL{Scheme: "https", Host: c.Domain, Path: "/"}, []*http.Cookie{set})
	}
	return jar
}
