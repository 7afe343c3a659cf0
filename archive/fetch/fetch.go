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

	// MaxBytes bounds the payload in place of Options.MaxBytes, unless it is 0.
	MaxBytes int64

	// Robots asks robots.txt for leave first, on each hop.
	Robots bool

	// Along says that the request goes along with a page that was asked for just
	// before, such as one for its pictures: Options.Delay is not waited for.
	Along bool

	// Room is waited for, unless nil, when a payload is about to be read, while
	// nothing of it takes room; its error is that of ctx.
	Room func(ctx context.Context) error

	// Buffers is where the payload goes; default files in the system's
	// temporary folder, when it is too large for memory.
	Buffers *buffer.Pool
}

// Fetch gets the URL. It returns when ctx is done or a limit is reached at the
// latest. Whatever goes wrong between us and the server is part of the exchange,
// which the caller closes. The error is that of our own side, a
// *buffer.WriteError: the payload could not be kept.
func (c *Client) Fetch(ctx context.Context, r Request) (*Exchange, error) {
	return c.fetch(ctx, r, false)
}

func (c *Client) fetch(ctx context.Context, r Request, quiet bool) (*Exchange, error) {
	if r.Buffers == nil {
		r.Buffers = c.buffers
	}
	f := &fetch{
		Client:  c,
		request: r,
		x:       &Exchange{Started: c.options.Now()},
		asked:   map[string]bool{},
		left:    c.options.Timeout,
		quiet:   quiet,
	}
	next, failure := parseAddress(nil, r.URL)
	f.secure = next != nil && next.scheme == "https"
	if f.validFor = next; r.ValidFor != "" {
		f.validFor, _ = parseAddress(nil, r.ValidFor)
	}
	for next != nil && failure == nil {
		f.last = next
		next, failure = f.ask(ctx, next)
	}
	c.tally(f, failure)
	failure = f.secrets.hideFailure(failure)
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
	secrets  secrets         // sent so far
	asked    map[string]bool // requests made, to notice going round in circles
	left     time.Duration   // of Options.Timeout
	secure   bool            // the first address is https
	begun    bool            // a request's turn has come
	last     *address        // the hop in hand
	quiet    bool            // asks for robots.txt: counts for no manners of a host
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
	if failure := f.permit(ctx, at); failure != nil {
		return nil, failure
	}
	next, failure := f.insist(ctx, at, request)
	if failure != nil || next == "" {
		return nil, failure
	}
	if len(f.x.Hops) > max(f.options.MaxRedirects, 0) {
		return nil, fail(TooManyRedirects, "more than %d", max(f.options.MaxRedirects, 0))
	}
	return parseAddress(at, location(next))
}

// insist makes a request, again where its failure may pass, and keeps what came
// of the last try as a hop.
func (f *fetch) insist(ctx context.Context, at *address, request []byte) (next string, failure *Failure) {
	pause := f.newPause()
	var hop *Hop
	var tries []Try
	for {
		tried, to, failed := f.try(ctx, at, request)
		if tried == nil && hop != nil { // its turn did not come again
			tries = tries[:len(tries)-1]
			break
		}
		if tried == nil {
			return "", failed
		}
		hop, next, failure = tried, to, failed
		wait, again := f.again(ctx, at, hop, failure, len(tries), pause)
		if !again {
			break
		}
		tries = append(tries, tryOf(hop, failure))
		if sleep(ctx, wait) != nil {
			tries = tries[:len(tries)-1]
			break
		}
	}
	hop.Tries = tries
	f.x.Hops = append(f.x.Hops, *hop)
	return next, failure
}

// try makes a request once. The hop is nil when its turn did not come.
func (f *fetch) try(ctx context.Context, at *address, request []byte) (*Hop, string, *Failure) {
	l, err := f.enter(ctx, at.hostPort())
	if err != nil {
		return nil, "", classify(ctx, "waiting for "+at.hostPort(), err)
	}
	defer f.leave(l)
	if failure := f.await(ctx, at); failure != nil {
		return nil, "", failure
	}
	hop := &Hop{URL: f.secrets.hide(at.href), Started: f.options.Now()}
	if !f.begun {
		f.begun, f.x.Started = true, hop.Started
	}
	f.dropPayload() // of the try before
	before := time.Now()
	within, cancel := context.WithTimeout(ctx, f.left)
	defer cancel()
	next, failure := f.exchange(ctx, within, l, at, request, hop)
	f.left -= time.Since(before)
	hop.Duration = f.options.Now().Sub(hop.Started)
	f.x.Duration += hop.Duration
	f.space(at, hop)
	return hop, next, failure
}
