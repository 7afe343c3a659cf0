package fetch

import (
	"net/http"
	"net/http/cookiejar"
	"strings"

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

// cookies returns the Cookie field for an address. Cookies beyond the limit
// are left out.
func (f *fetch) cookies(at *address) string {
	if f.jar == nil {
		return ""
	}
	var pairs []string
	size := 0
	for _, c := range f.jar.Cookies(at.cookieURL()) {
		pair := (&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted}).String()
		if size += len(pair) + len("; "); size > maxCookies {
			break
		}
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "; ")
}
