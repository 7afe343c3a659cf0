package fetch

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Header is a field of a person's own for the requests to one host.
type Header struct {
	Host  string // host name or address, with the port when it is not the scheme's own
	Name  string // in its canonical form
	Value string
}

// ParseHeader reads "HOST: Name: value". Its errors do not quote the value.
func ParseHeader(s string) (Header, error) {
	host, rest, ok := strings.Cut(s, ": ")
	if !ok {
		return Header{}, errors.New("a header is given as 'HOST: Name: value'")
	}
	name, value, ok := strings.Cut(rest, ":")
	if !ok {
		return Header{}, fmt.Errorf("the header for %.100q has no name and value", host)
	}
	return NewHeader(host, name, value)
}

// NewHeader returns a field for the requests to a host. Fields that say how the
// answer is framed, coded or cut cannot be given, nor those that have an option of
// their own.
func NewHeader(host, name, value string) (Header, error) {
	host, name, value = strings.TrimSpace(host), http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
	at, failure := parseAddress(nil, "http://"+host+"/")
	switch {
	case failure != nil || at.target != "/":
		return Header{}, fmt.Errorf("%.100q is not the name of a host, such as example.org or example.org:8080", host)
	case !isToken(name):
		return Header{}, fmt.Errorf("the header for %s has no name that can be sent", at.host)
	case value == "" || strings.IndexFunc(value, isControl) >= 0:
		return Header{}, fmt.Errorf("the header %s for %s has no value that can be sent", name, at.host)
	}
	switch name {
	case "Host", "User-Agent", "Accept-Encoding", "Connection", "Content-Length", "Transfer-Encoding", "Te", "Trailer",
		"Upgrade", "Expect", "Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Keep-Alive":
		return Header{}, fmt.Errorf("the header %s is ours to send", name)
	}
	if strings.HasPrefix(name, "Proxy-") {
		return Header{}, fmt.Errorf("the header %s is for proxies, which take a name and a password in their address", name)
	}
	return Header{Host: at.host, Name: name, Value: value}, nil
}

// headers returns the fields of a person's own for an address. A page that was
// asked for over https gives none of them away over http.
func (f *fetch) headers(at *address) http.Header {
	var given http.Header
	for _, h := range f.options.Headers {
		if h.Host != at.host && h.Host != at.name || at.scheme == "http" && f.secure {
			continue
		}
		if given == nil {
			given = http.Header{}
		}
		given[h.Name] = append(given[h.Name], h.Value)
		f.secrets.addHeader(h)
	}
	return given
}

// secrets are values that are sent and never stored, and the names of the fields
// that hold them.
type secrets struct {
	values [][]byte // as they may occur, the longest first
	names  []string
}

// minSecret is the length below which a value is not looked for elsewhere than
// where it was sent: it would be found in everything.
const minSecret = 6

func (s *secrets) add(value string) {
	for _, v := range []string{value, url.QueryEscape(value), url.PathEscape(value)} {
		if len(v) < minSecret || slices.ContainsFunc(s.values, func(known []byte) bool { return string(known) == v }) {
			continue
		}
		s.values = append(s.values, []byte(v))
		slices.SortStableFunc(s.values, func(a, b []byte) int { return cmp.Compare(len(b), len(a)) })
	}
}

// addHeader adds the value, and what of it would be a secret by itself: what
// follows the name of the scheme, the password of Basic (RFC 7617).
func (s *secrets) addHeader(h Header) {
	if !slices.Contains(s.names, h.Name) {
		s.names = append(s.names, h.Name)
	}
	s.add(h.Value)
	scheme, credentials, ok := strings.Cut(h.Value, " ")
	if !ok {
		return
	}
	s.add(credentials)
	if decoded, err := base64.StdEncoding.DecodeString(credentials); err == nil && strings.EqualFold(scheme, "Basic") {
		_, password, _ := strings.Cut(string(decoded), ":")
		s.add(password)
	}
}

// isName reports whether a field's value is a secret wherever it stands.
func (s *secrets) isName(name string) bool {
	return isSecret(name) || len(s.names) > 0 && slices.Contains(s.names, http.CanonicalHeaderKey(name))
}

func (s *secrets) hide(text string) string {
	if len(s.values) == 0 {
		return text
	}
	hidden, _ := s.hideIn([]byte(text))
	return string(hidden)
}

// hideIn reports whether there was something to hide.
func (s *secrets) hideIn(text []byte) (hidden []byte, found bool) {
	for _, value := range s.values {
		if bytes.Contains(text, value) {
			text, found = bytes.ReplaceAll(text, value, []byte(redacted)), true
		}
	}
	return text, found
}

func (s *secrets) hideFailure(f *Failure) *Failure {
	if f != nil {
		f.Detail = s.hide(f.Detail)
	}
	return f
}

// search looks for secrets in what is written to it.
type search struct {
	secrets *secrets
	tail    []byte
	found   bool
}

// Write never fails.
func (s *search) Write(p []byte) (int, error) {
	if s.found {
		return len(p), nil
	}
	longest := len(s.secrets.values[0])
	window := append(s.tail, p[:min(len(p), longest)]...) // what lies across the border
	for _, value := range s.secrets.values {
		s.found = s.found || bytes.Contains(p, value) || bytes.Contains(window, value)
	}
	if len(p) < longest {
		p2 := append(s.tail, p...)
		s.tail = bytes.Clone(p2[max(0, len(p2)-longest+1):])
	} else {
		s.tail = bytes.Clone(p[len(p)-longest+1:])
	}
	return len(p), nil
}
