package fetch

import (
	"crypto/sha256"
	"net/http"
	"net/netip"
	"time"

	"github.com/walkback-dev/walkback/archive/buffer"
)

// Exchange is what came of one Fetch.
type Exchange struct {
	// Hops are the requests that were tried, in order. It is empty when
	// the URL cannot be asked for, or ctx was done before its turn came.
	Hops []Hop

	// Payload is the content of the final response, nil when it had none.
	// It is closed with the Exchange.
	Payload *Payload

	// Truncated says that Payload is not whole, and why; Shortfall says it
	// to a person.
	Truncated Truncation
	Shortfall string

	// HoldsSecret says that a value of Options.Cookies or Options.Headers that
	// was sent is in a body, which is kept as it came.
	HoldsSecret bool

	// Failure says why there is no final response. It is nil when there is
	// one, whatever its status and however short its payload, unless the
	// caller cancelled the Fetch while the payload was being read.
	Failure *Failure

	Started  time.Time     // when the first request's turn had come
	Duration time.Duration // until the end, without the time in line
}

// Final returns the hop with the final response, nil when there is a Failure.
func (x *Exchange) Final() *Hop {
	if x.Failure != nil || len(x.Hops) == 0 {
		return nil
	}
	return &x.Hops[len(x.Hops)-1]
}

// Close lets go of the payload.
func (x *Exchange) Close() error {
	if x.Payload == nil {
		return nil
	}
	return x.Payload.Close()
}

// Payload is the content of a response: in memory, or in a temporary file.
type Payload struct {
	*buffer.Buffer
	SHA256 [sha256.Size]byte // of the bytes as they were received
}

// Hop is one request and its response.
type Hop struct {
	URL        string // WHATWG serialisation without fragment
	Started    time.Time
	Duration   time.Duration // dialling and reading the body included
	RemoteAddr string        // IP:port that the request went to, "" when there was no connection, or a proxy made it

	// Resolved are all addresses that the look-up of the host's name gave,
	// before the dial that made the connection or failed to. Nil for a host
	// that is an address itself, and where a proxy looks names up.
	Resolved []netip.Addr

	// Request and Response are the exact heads, each with the empty line
	// at its end, but for redacted values. A head that was not sent or did
	// not arrive whole is nil. A server that ends lines with LF alone has a
	// head that ends in LF LF.
	Request, Response []byte

	// Interim holds the 1xx heads that came before Response, nil mostly.
	Interim []byte

	Status int // of Response; 0 when there is none

	// Header holds the fields of Response that have a proper name, with
	// redacted values redacted. Nil when there is no Response.
	Header http.Header

	// Body is the start of a redirect's body, at most 64 KiB, and
	// BodyTruncated why it is not whole. The final response's body is
	// Exchange.Payload.
	Body          []byte
	BodyTruncated Truncation

	// Tries are the same request before, whose failure could pass, in order.
	Tries []Try

	TLS      *TLS     // nil for http
	Redacted []string // "request Cookie", "response Set-Cookie"; each once
}

// Try is a request that was made again, see Options.Retries.
type Try struct {
	Started    time.Time
	Duration   time.Duration
	RemoteAddr string   // as in Hop
	Status     int      // 0 when there was no answer
	RetryAfter string   // the field of the answer, "" when it had none
	Failure    *Failure // nil when there was an answer
}

// TLS describes the connection of a hop.
type TLS struct {
	Version    string   // TLS 1.3
	Cipher     string   // TLS_AES_128_GCM_SHA256
	ServerName string   // as sent; "" for an IP address
	Chain      [][]byte // DER certificates as presented, leaf first; shared between hops, not to be changed
}

// Truncation is why a body is not whole, in the words of WARC 1.1 §5.13.
type Truncation string

// The truncations.
const (
	Length     Truncation = "length"     // our limit on bytes
	Time       Truncation = "time"       // our limit on time
	Disconnect Truncation = "disconnect" // the other side stopped, or went on with what is no HTTP
)

// Failure says why there is no final response.
type Failure struct {
	Reason Reason
	Detail string // for a person; no control characters, at most 300 bytes
}

// Error returns the reason and the detail.
func (f *Failure) Error() string { return string(f.Reason) + ": " + f.Detail }

// Reason is the kind of a failure, a stable word.
type Reason string

// The reasons.
const (
	BadURL            Reason = "bad-url"            // not a URL
	UnsupportedScheme Reason = "unsupported-scheme" // neither http nor https
	UserInfo          Reason = "user-info"          // a user name or password in a URL
	PrivateAddress    Reason = "private-address"    // an address we do not dial
	DNS               Reason = "dns"                // the name does not resolve
	Refused           Reason = "refused"            // nothing listens there
	Unreachable       Reason = "unreachable"        // no route
	TLSFailed         Reason = "tls"                // no handshake, or a certificate that proves nothing
	Timeout           Reason = "timeout"            // our limit on time, before the response head was there
	Reset             Reason = "reset"              // the connection was reset
	Closed            Reason = "closed"             // the connection ended before the response head did
	Malformed         Reason = "malformed"          // what came is no HTTP/1 response
	HeadTooLarge      Reason = "head-too-large"     // more than 256 KiB
	TooManyRedirects  Reason = "too-many-redirects" // more than Options.MaxRedirects
	RedirectLoop      Reason = "redirect-loop"      // the very request had been made before
	Cancelled         Reason = "cancelled"          // by the caller
	Robots            Reason = "robots"             // robots.txt forbids it, or cannot be had
	HostFailing       Reason = "host-failing"       // the host is left alone, see Options.GiveUpAfter
	ProxyFailed       Reason = "proxy"              // Options.Via cannot be reached, or does not let us through
	Network           Reason = "network"            // anything else
)
