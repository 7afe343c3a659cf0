package browser

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// failure says why a page was not reached: the proxy knows better than the
// browser, which sees the proxy alone.
func (p *page) failure(errorText, asked string) *fetch.Failure {
	p.mu.Lock()
	address := asked
	for _, r := range p.order {
		if r.main {
			address = r.url
		}
	}
	p.mu.Unlock()
	at := hostPort(address)
	if err := p.proxy.failure(at); err != nil {
		return &fetch.Failure{Reason: dialReason(err), Detail: plain("connecting to " + at + ": " + err.Error())}
	}
	return &fetch.Failure{Reason: netReason(errorText), Detail: plain("the browser says " + errorText + " for " + address)}
}

func plain(s string) string {
	s = strings.Map(printing, s)
	return s[:min(len(s), 300)]
}

func dialReason(err error) fetch.Reason {
	var dns *net.DNSError
	switch {
	case fetch.IsPrivate(err):
		return fetch.PrivateAddress
	case errors.As(err, &dns):
		return fetch.DNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return fetch.Refused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return fetch.Unreachable
	case errors.Is(err, context.DeadlineExceeded):
		return fetch.Timeout
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fetch.Timeout
	}
	return fetch.Network
}

// netReason reads Chromium's names of errors (net/base/net_error_list.h).
func netReason(text string) fetch.Reason {
	name := strings.TrimPrefix(text, "net::ERR_")
	switch {
	case strings.HasPrefix(name, "CERT_"), strings.HasPrefix(name, "SSL_"), strings.HasPrefix(name, "BAD_SSL"):
		return fetch.TLSFailed
	case strings.Contains(name, "TIMED_OUT"):
		return fetch.Timeout
	}
	switch name {
	case "NAME_NOT_RESOLVED":
		return fetch.DNS
	case "TOO_MANY_REDIRECTS":
		return fetch.TooManyRedirects
	case "CONNECTION_RESET":
		return fetch.Reset
	case "EMPTY_RESPONSE", "CONNECTION_CLOSED":
		return fetch.Closed
	case "CONNECTION_REFUSED":
		return fetch.Refused
	case "INVALID_RESPONSE", "INVALID_HTTP_RESPONSE", "INVALID_CHUNKED_ENCODING", "CONTENT_DECODING_FAILED", "RESPONSE_HEADERS_TRUNCATED":
		return fetch.Malformed
	case "RESPONSE_HEADERS_TOO_BIG":
		return fetch.HeadTooLarge
	case "UNKNOWN_URL_SCHEME", "DISALLOWED_URL_SCHEME", "UNSAFE_REDIRECT":
		return fetch.UnsupportedScheme
	}
	return fetch.Network
}
