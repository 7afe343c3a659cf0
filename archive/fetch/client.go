package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Client fetches. It may be used by many goroutines at once.
type Client struct {
	options Options
	dial    func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex
	lines  map[string]*line // by host:port
	idle   []*conn          // parked connections, the longest parked first
	closed bool
}

// New returns a client, which the caller closes.
func New(o Options) *Client {
	o = o.withDefaults()
	return &Client{options: o, dial: newDialer(o), lines: map[string]*line{}}
}

// Request says what to fetch.
type Request struct {
	URL string

	// IfNoneMatch and IfModifiedSince are validators of an earlier response,
	// sent to make the server say 304 when nothing has changed. They are left
	// out when they cannot stand in a header.
	IfNoneMatch, IfModifiedSince string

	// ValidFor is the address that the validators came from, when a redirect
	// led there; default URL. They are sent to no other address, where they
	// could match by accident.
	ValidFor string
}

// Fetch gets the URL. It never returns nil, and returns when ctx is done or a
// limit is reached at the latest.
func (c *Client) Fetch(ctx context.Context, r Request) *Exchange {
	f := &fetch{
		Client:  c,
		request: r,
		x:       &Exchange{Started: c.options.Now()},
		asked:   map[string]bool{},
		left:    c.options.Timeout,
	}
	next, failure := parseAddress(nil, r.URL)
	if f.validFor = next; r.ValidFor != "" {
		f.validFor, _ = parseAddress(nil, r.ValidFor)
	}
	for next != nil && failure == nil {
		next, failure = f.ask(ctx, next)
	}
	f.x.Failure = failure
	return f.x
}

// fetch is one Fetch under way.
type fetch struct {
	*Client
	request  Request
	x        *Exchange
	validFor *address
	jar      *cookiejar.Jar  // nil until a cookie is set
	asked    map[string]bool // requests made, to notice going round in circles
	left     time.Duration   // of Options.Timeout
}

// ask makes one hop and returns where it leads, nil when it is the last one.
func (f *fetch) ask(ctx context.Context, at *address) (*address, *Failure) {
	request := f.requestHead(at)
	if key := at.scheme + " " + string(request); f.asked[key] {
		return nil, fail(RedirectLoop, "%s was asked for before", at.href)
	} else {
		f.asked[key] = true
	}
	l, err := f.enter(ctx, at.hostPort())
	if err != nil {
		return nil, classify(ctx, "waiting for "+at.hostPort(), err)
	}
	defer f.leave(l)

	hop := Hop{URL: at.href, Started: f.options.Now()}
	if len(f.x.Hops) == 0 {
		f.x.Started = hop.Started
	}
	before := time.Now()
	within, cancel := context.WithTimeout(ctx, f.left)
	defer cancel()
	next, failure := f.exchange(ctx, within, l, at, request, &hop)
	f.left -= time.Since(before)
	hop.Duration = f.options.Now().Sub(hop.Started)
	f.x.Duration += hop.Duration
	f.x.Hops = append(f.x.Hops, hop)
	if failure != nil || next == "" {
		return nil, failure
	}
	if len(f.x.Hops) > max(f.options.MaxRedirects, 0) {
		return nil, fail(TooManyRedirects, "more than %d", max(f.options.MaxRedirects, 0))
	}
	return parseAddress(at, location(next))
}

// exchange sends the request and reads the response into the hop. It returns
// the Location of a redirect. ctx is the caller's, within ends earlier when
// the time is up.
func (f *fetch) exchange(ctx, within context.Context, l *line, at *address, request []byte, hop *Hop) (string, *Failure) {
	by := time.Now().Add(f.options.HeadTimeout)
	k, reused := f.take(l, at.scheme == "https"), true
	for {
		if k == nil {
			fresh, doing, err := f.connect(within, at, by, hop)
			if err != nil {
				return "", classify(ctx, doing, err)
			}
			k, reused = fresh, false
		}
		stop := context.AfterFunc(within, k.interrupt)
		h, doing, err := f.converse(k, by, request, hop)
		if err == nil {
			next, keep, failure := f.receive(ctx, within, k, h, at, hop)
			if stop() && keep {
				f.park(l, k)
			} else {
				k.Conn.Close()
			}
			return next, failure
		}
		stop()
		k.Conn.Close()
		if again := reasonOf(err); reused && !k.received && (again == Closed || again == Reset) {
			k = nil // the server had ended the connection meanwhile
			continue
		}
		return "", classify(ctx, doing, err)
	}
}

// converse sends the request and reads the heads that answer it.
func (f *fetch) converse(k *conn, by time.Time, request []byte, hop *Hop) (*head, string, error) {
	hop.RemoteAddr, hop.TLS, hop.Request, hop.Interim, hop.Redacted = k.remote, k.tls, nil, nil, nil
	k.received, k.idle = false, 0
	k.setDeadline(by)
	if _, err := k.Conn.Write(request); err != nil {
		return nil, "sending the request", err
	}
	hop.Request = f.store(request, "request ", hop)
	left := maxHead
	for {
		h, err := k.readHead(left)
		if err != nil {
			return nil, "waiting for the response", err
		}
		if h.status >= 200 {
			return h, "", nil
		}
		if h.status == http.StatusSwitchingProtocols {
			return nil, "", &headError{Malformed, "101 Switching Protocols, which nobody asked for"}
		}
		hop.Interim = append(hop.Interim, f.store(h.raw, "response ", hop)...)
		left -= len(h.raw)
	}
}

// store returns a head as it is recorded.
func (f *fetch) store(head []byte, side string, hop *Hop) []byte {
	stored, names := redact(head)
	for _, name := range names {
		hop.addRedacted(side + name)
	}
	return stored
}

// receive records the final head and reads the body. It reports whether the
// connection can be used again.
func (f *fetch) receive(ctx, within context.Context, k *conn, h *head, at *address, hop *Hop) (next string, keep bool, failure *Failure) {
	hop.Response = f.store(h.raw, "response ", hop)
	response, err := k.body(h)
	if err != nil {
		return "", false, classify(ctx, "reading the response", err)
	}
	hop.Status = h.status
	f.keepCookies(at, h.header)
	hop.Header = hideSecrets(h.header)

	next = redirectsTo(h)
	limit := f.options.MaxBytes
	if next != "" {
		limit = maxRedirectBody
	}
	k.idle = f.options.IdleTimeout
	body := k.readContent(within, response, limit)
	if next != "" {
		hop.Body, hop.BodyTruncated = body.bytes, body.truncated
	} else {
		if len(body.bytes) > 0 {
			f.x.Payload = body.bytes
		}
		f.x.Truncated, f.x.Shortfall = body.truncated, body.why
	}
	if body.truncated != "" && errors.Is(ctx.Err(), context.Canceled) {
		return "", false, classify(ctx, "reading the body", ctx.Err())
	}
	delimited := response.ContentLength >= 0 || len(response.TransferEncoding) > 0
	keep = body.truncated == "" && delimited && !response.Close && !h.doubtful && !h.contradictory() && k.drained()
	return next, keep, nil
}

// redirectsTo returns the Location of a redirect that is followed, else "".
func redirectsTo(h *head) string {
	switch h.status {
	case 301, 302, 303, 307, 308:
		return h.header.Get("Location")
	}
	return ""
}

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
