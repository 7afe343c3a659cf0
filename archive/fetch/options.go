package fetch

import (
	"crypto/x509"
	"net"
	"strings"
	"time"
)

// Options say how a Client fetches. Zero values are the defaults.
type Options struct {
	UserAgent string // default DefaultUserAgent; control characters are left out

	// DialContext replaces the guarded net.Dialer; Resolver is not used then.
	DialContext  DialFunc
	Resolver     *net.Resolver  // default net.DefaultResolver
	RootCAs      *x509.CertPool // default: the system's
	AllowPrivate bool           // lets private, loopback and other special addresses be dialled
	Via          *Proxy         // asks all through a proxy; nil: directly

	MaxBytes     int64 // of a payload; default 64 MiB
	MaxRedirects int   // that are followed; default 20, negative none

	Timeout     time.Duration // of a whole Fetch, not counting its time in line; default 60 s
	HeadTimeout time.Duration // of one hop from dialling to the end of the response head; default 30 s
	IdleTimeout time.Duration // between two reads of a body; default 20 s

	// Cookies and Headers are a person's own, sent to the hosts they name alone.
	// Their values are never part of an Exchange but for bodies, see
	// Exchange.HoldsSecret.
	Cookies []Cookie
	Headers []Header

	// Delay is how long a host is left alone between two pages, more or less by
	// half of it; default not at all. Hosts of this machine and of private
	// networks need no such care, unless DelayLocal.
	Delay      time.Duration
	DelayLocal bool

	// Retries is how often a request is made again whose failure may pass: no
	// answer in time, a broken connection, 429, 502, 503, 504; default never.
	// Backoff is how long to wait before the first one, more or less by half of
	// it, and three times as long before each next; default 1 s. A Retry-After
	// of at most a minute is waited for in its place.
	Retries int
	Backoff time.Duration

	// GiveUpAfter is how many pages of a host must have no answer, one after the
	// other, for it to be left alone until Wake; of answers 429, 502, 503 and 504
	// it takes four times as many. Default never.
	GiveUpAfter int

	Now func() time.Time // for the times in records and the validity of certificates; default time.Now
}

// DefaultUserAgent is what a Client calls itself.
const DefaultUserAgent = "walkback/1 (+https://github.com/walkback-dev/walkback)"

const (
	maxHead         = 256 << 10 // bytes of a response head together with the 1xx heads before it
	maxRedirectBody = 64 << 10  // bytes kept of a redirect's body
	maxCookies      = 16 << 10  // bytes of a Cookie field
	maxIdle         = 64        // connections kept open between requests
	keepIdle        = 30 * time.Second
	maxRetryAfter   = time.Minute      // that is waited for; a host that wants more is left alone
	maxCrawlDelay   = 30 * time.Second // that is kept
	maxRetryWait    = 30 * time.Second // between two tries, unless Retry-After says more
)

func (o Options) withDefaults() Options {
	o.UserAgent = strings.TrimSpace(strings.Map(dropControl, o.UserAgent))
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	setDefault(&o.MaxBytes, 64<<20)
	o.MaxBytes = min(o.MaxBytes, 1<<40)
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 20
	}
	setDefault(&o.Timeout, 60*time.Second)
	setDefault(&o.HeadTimeout, 30*time.Second)
	setDefault(&o.IdleTimeout, 20*time.Second)
	setDefault(&o.Backoff, time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func setDefault[T int64 | time.Duration](option *T, value T) {
	if *option <= 0 {
		*option = value
	}
}

func dropControl(r rune) rune {
	if r < 0x20 || r >= 0x7f && r < 0xa0 {
		return -1
	}
	return r
}
