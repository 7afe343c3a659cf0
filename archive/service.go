package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/archive/social"
	"github.com/walkback-dev/walkback/schemas"
)

// asking is the asking of a service for a post, in place of its page.
type asking struct {
	service social.Service
	address string
	always  bool // the page was last served by the service: nothing else is compared with that
	heard   access.Service
}

// fetch looks at a page that was last captured as before, nil for a new page.
func (r *Run) fetch(ctx context.Context, ref PageRef, before *Page) (*PageDraft, error) {
	draft, err := r.fetchPost(ctx, ref, before)
	if draft != nil || err != nil {
		return draft, err
	}
	rendered, known, err := r.renderFirst(ctx, ref, before)
	if rendered != nil || err != nil {
		return rendered, err
	}
	draft, err = r.fetchFrom(ctx, ref, before, nil)
	if err != nil || known {
		return draft, err
	}
	return r.renderEmpty(ctx, draft)
}

// fetchFrom asks for the page, or a service in place of it. Without an error and a
// draft, the service gave no answer of its own, and the page may be asked.
func (r *Run) fetchFrom(ctx context.Context, ref PageRef, before *Page, from *asking) (*PageDraft, error) {
	asked, err := r.isAsked(ref, before)
	if err != nil {
		return nil, err
	}
	request := fetch.Request{URL: ref.Name, Buffers: r.buffers, Robots: !asked && !r.options.IgnoreRobots, Room: r.room(ctx)}
	if from != nil {
		request.URL = from.address
	}
	if !r.options.Whole {
		if err := r.makeConditional(&request, before); err != nil {
			return nil, err
		}
	}
	exchange, err := r.options.Fetch.Fetch(ctx, request)
	if err != nil {
		return nil, err
	}
	defer exchange.Close()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if from != nil {
		if ok, err := from.hear(ref.Name, exchange); err != nil || !ok {
			return nil, err
		}
	}
	d, err := r.record(ctx, ref, before, request, exchange, from)
	if err == nil && exchange.HoldsSecret && r.options.Leaked != nil {
		r.options.Leaked(ref.Name)
	}
	return d, err
}

// fetchPost looks at the post of a service through its API; nil for any other
// page, and where the answer is not one of the service.
//
// A page is read in one way only: what the service said is never compared with
// what the page shows. So one that was served as a page stays one, and one that
// the service has answered for is never asked for as a page.
func (r *Run) fetchPost(ctx context.Context, ref PageRef, before *Page) (*PageDraft, error) {
	if len(r.options.Services) == 0 {
		return nil, nil
	}
	from := &asking{}
	if from.service, from.address = social.Match(r.options.Services, ref.Name); from.service == nil {
		return nil, nil
	}
	if before != nil {
		served, err := before.Served(ctx)
		if err != nil {
			return nil, err
		}
		if served != nil && served.Capture.Reader == "" {
			return nil, nil
		}
		from.always = served != nil
	}
	return r.fetchFrom(ctx, ref, before, from)
}

// hear reads what the service answered. It reports false when the page itself is
// to be asked.
func (a *asking) hear(page string, x *fetch.Exchange) (bool, error) {
	a.heard = access.Service{Name: a.service.Name()}
	final := x.Final()
	if final == nil || final.Status == http.StatusNotModified {
		return true, nil
	}
	answer := social.Answer{Address: page, Status: final.Status}
	if p := x.Payload; p != nil && p.Size() <= extract.MaxText {
		payload := make([]byte, p.Size())
		if _, err := io.ReadFull(p.Reader(), payload); err != nil {
			return false, fmt.Errorf("reading what %s sent: %w", a.address, err)
		}
		answer.Payload, _ = extract.Decode(payload, contentEncoding(final.Header)) // else it is no answer
	}
	_, err := a.service.Read(answer)
	var absent *social.AbsentError
	switch {
	case err == nil:
		a.heard.Post = true
	case errors.As(err, &absent):
		a.heard.Absence, a.heard.Words = string(absent.Absence), absent.Words
	case a.always:
	case final.Status == http.StatusTooManyRequests || final.Status/100 == 5:
		// It may be the service all the same, and will say so later.
	default:
		return false, nil
	}
	return true, nil
}

// readPost reads what a service has answered, nil when it is no post.
func readPost(ctx context.Context, c *schemas.Capture, payload []byte) (*extract.Document, error) {
	service := social.Named(c.Reader)
	if service == nil {
		return nil, nil // of a newer program
	}
	decoded, err := extract.Decode(payload, c.Body.ContentEncoding)
	if err != nil {
		return nil, err
	}
	post, err := service.Read(social.Answer{Address: c.URL, Status: c.Status, Payload: decoded})
	if err != nil {
		return nil, nil // access has said why
	}
	return post.Document(ctx, c.URL, c.CapturedAt.Time())
}
