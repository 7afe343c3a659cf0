package fetch

import (
	"context"
	"fmt"
	"net/http/cookiejar"
	"time"

	"github.com/walkback-dev/walkback/archive/buffer"
)

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

	// MaxBytes bounds the payload further than Options.MaxBytes; 0 does not.
	MaxBytes int64

	// Buffers is where the payload goes; default files in the system's
	// temporary folder, when it is too large for memory.
	Buffers *buffer.Pool
}

// Fetch gets the URL. It returns when ctx is done or a limit is reached at the
// latest. Whatever goes wrong between us and the server is part of the exchange,
// which the caller closes. The error is that of our own side, a
// *buffer.WriteError: the payload could not be kept.
func (c *Client) Fetch(ctx context.Context, r Request) (*Exchange, error) {
	if r.Buffers == nil {
		r.Buffers = c.buffers
	}
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
	if f.unkept != nil {
		return nil, fmt.Errorf("keeping %s: %w", r.URL, f.unkept)
	}
	f.x.Failure = failure
	return f.x, nil
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
	unkept   error           // why the payload could not be kept on this machine
}

// ask makes one hop and returns where it leads, nil when it is the last one.
func (f *fetch) ask(ctx context.Context, at *address) (*address, *Failure) {
	request := f.requestHead(at)
	key := at.scheme + " " + string(request)
	if f.asked[key] {
		return nil, fail(RedirectLoop, "the redirects led back to %s", at.href)
	}
	f.asked[key] = true
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
