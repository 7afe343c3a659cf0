package fetch

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// requestHead returns the exact bytes of the request for an address.
func (f *fetch) requestHead(at *address) []byte {
	var b bytes.Buffer
	b.WriteString("GET " + at.target + " HTTP/1.1\r\n")
	field := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	field("Host", at.host)
	field("User-Agent", f.options.UserAgent)
	field("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	field("Accept-Encoding", "identity")
	if f.validFor != nil && f.validFor.href == at.href {
		field("If-None-Match", fieldValue(f.request.IfNoneMatch))
		field("If-Modified-Since", fieldValue(f.request.IfModifiedSince))
	}
	field("Cookie", f.cookies(at))
	b.WriteString("\r\n")
	return b.Bytes()
}

// fieldValue returns the value, or "" when it cannot stand in a header
// (RFC 9110 §5.5).
func fieldValue(s string) string {
	if strings.IndexFunc(s, isControl) >= 0 {
		return ""
	}
	return strings.Trim(s, " \t")
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

// hideSecrets replaces secret values in the fields and returns them.
func hideSecrets(header http.Header) http.Header {
	for name, values := range header {
		if isSecret(name) {
			for i := range values {
				values[i] = redacted
			}
		}
	}
	return header
}

func (h *Hop) addRedacted(what string) {
	if !slices.Contains(h.Redacted, what) {
		h.Redacted = append(h.Redacted, what)
	}
}
