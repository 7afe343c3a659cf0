package fetch

import (
	"bytes"
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
	given := f.headers(at)
	if accept := "Accept"; given.Get(accept) == "" {
		field(accept, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	}
	field("Accept-Encoding", "identity")
	if f.validFor != nil && f.validFor.href == at.href {
		field("If-None-Match", fieldValue(f.request.IfNoneMatch))
		field("If-Modified-Since", fieldValue(f.request.IfModifiedSince))
	}
	field("Cookie", strings.Join(append(f.cookies(at), given["Cookie"]...), "; "))
	for _, h := range f.options.Headers {
		if values := given[h.Name]; len(values) > 0 && h.Name != "Cookie" {
			field(h.Name, values[0])
			given[h.Name] = values[1:]
		}
	}
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
