package archive

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/browser"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// Renderer shows a page to a browser; it is a *browser.Browser, but for tests.
type Renderer interface {
	Render(context.Context, browser.Request) (*browser.Rendering, error)
}

// RenderOptions say which pages are shown to a browser. A page that was last
// served as a rendering always is, since like is compared with like; without a
// browser it is refused, and what it said stands.
type RenderOptions struct {
	Renderer Renderer // nil: none is
	Asked    bool     // pages that a person asked for, unless they are no pages a browser shows
	Empty    bool     // pages that have no text without their scripts
	PDF      bool     // pages that are rendered are printed, too
}

// noBrowser is the reason why a page was not looked at that only a browser shows.
const noBrowser = "no-browser"

// renderFirst looks at a page through a browser; nil for one that is to be
// fetched. known says that the manner of the look is settled by that of the one
// before.
func (r *Run) renderFirst(ctx context.Context, ref PageRef, before *Page) (d *PageDraft, known bool, err error) {
	asked, err := r.isAsked(ref, before)
	if err != nil {
		return nil, false, err
	}
	rendered := false
	if before != nil {
		served, err := before.Served(ctx)
		if err != nil {
			return nil, false, err
		}
		known = served != nil
		rendered = known && served.Capture.Method == schemas.Rendered
	}
	o := r.options.Render
	if !rendered && !(o.Asked && asked && o.Renderer != nil) {
		return nil, known, nil
	}
	if !asked && !r.options.IgnoreRobots {
		// The browser knows nothing of robots.txt.
		request := fetch.Request{URL: ref.Name, Buffers: r.buffers, Robots: true, Room: r.room(ctx)}
		x, err := r.options.Fetch.Fetch(ctx, request)
		if err != nil {
			return nil, false, err
		}
		defer x.Close()
		if x.Failure != nil && x.Failure.Reason == fetch.Robots {
			d, err := r.record(ctx, ref, before, request, x, nil)
			return d, true, err
		}
	}
	d, err = r.render(ctx, ref, before)
	return d, known && !rendered, err
}

// renderEmpty shows a page to a browser that was fetched and has no text without
// its scripts.
func (r *Run) renderEmpty(ctx context.Context, fetched *PageDraft) (*PageDraft, error) {
	o := r.options.Render
	if o.Renderer == nil || !o.Empty || !needsScripts(fetched) {
		return fetched, nil
	}
	d, err := r.render(ctx, fetched.PageRef, fetched.Before)
	if err != nil {
		fetched.release()
		return nil, err
	}
	if d == nil {
		return fetched, nil
	}
	if d.Capture.Access.Outcome != schemas.Served {
		d.release()
		return fetched, nil
	}
	fetched.release()
	return d, nil
}

// fewCharacters is what a page says at most that needs its scripts: "You need to
// enable JavaScript to run this app."
const fewCharacters = 200

// needsScripts reports whether a page says next to nothing and has scripts that may
// say more.
func needsScripts(d *PageDraft) bool {
	c := d.Capture
	if d.AsBefore || c.Access.Outcome != schemas.Served || c.Body == nil || !extract.IsPage(c.Body.MediaType) {
		return false
	}
	return d.scripted && (d.Document == nil || len(d.Document.Text()) <= fewCharacters)
}

// hasScripts reports whether a page runs scripts, by its beginning.
func hasScripts(start []byte) bool { return bytes.Contains(bytes.ToLower(start), []byte("<script")) }

// render looks at a page through the browser; nil without an error when the
// address is that of something that is not rendered.
func (r *Run) render(ctx context.Context, ref PageRef, before *Page) (*PageDraft, error) {
	if r.options.Render.Renderer == nil {
		return r.notRendered(ctx, ref, before, noBrowser, "the page was last seen through a browser, and there is none here to look again with")
	}
	got, err := r.options.Render.Renderer.Render(ctx, browser.Request{URL: ref.Name, PDF: r.options.Render.PDF})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var missing *browser.MissingError
	switch {
	case errors.As(err, &missing):
		return r.notRendered(ctx, ref, before, noBrowser, "the page was last seen through a browser: "+err.Error())
	case err != nil:
		return r.notRendered(ctx, ref, before, noBrowser, err.Error())
	case got.NotPage:
		return nil, nil
	}
	return r.recordRendering(ctx, ref, before, got)
}

// notRendered makes the draft of a look that did not come about on our side.
func (r *Run) notRendered(ctx context.Context, ref PageRef, before *Page, reason, detail string) (*PageDraft, error) {
	d := &PageDraft{PageRef: ref, Before: before, files: map[string]*content{}}
	now := r.options.Now()
	d.Capture = r.newCapture(ref, schemas.Rendered, now, 0)
	d.Capture.Failure = &schemas.Failure{Reason: reason, Detail: plain(detail)}
	answer := access.Answer{Asked: ref.Name, Failure: reason, Detail: d.Capture.Failure.Detail, Refused: true, At: now}
	return d, r.settle(ctx, d, answer)
}

// recordRendering turns what a browser showed into a draft.
func (r *Run) recordRendering(ctx context.Context, ref PageRef, before *Page, got *browser.Rendering) (*PageDraft, error) {
	d := &PageDraft{PageRef: ref, Before: before, files: map[string]*content{}}
	c := r.newCapture(ref, schemas.Rendered, got.Started, got.Duration)
	d.Capture = c
	c.Vantage = r.options.Vantage
	d.addHops(&fetch.Exchange{Hops: got.Hops})
	answer := access.Answer{Asked: ref.Name, Truncated: schemas.Truncation(got.DOMTruncated), At: got.Started}
	if final := got.Final(); final != nil {
		c.FinalURL, c.Status = final.URL, final.Status
		answer.Final, answer.Status, answer.Header = final.URL, final.Status, final.Header
	}
	if got.Failure != nil {
		c.Failure = &schemas.Failure{Reason: string(got.Failure.Reason), Detail: plain(got.Failure.Detail)}
		answer.Failure, answer.Detail, answer.Refused = c.Failure.Reason, c.Failure.Detail, slices.Contains(refusals, got.Failure.Reason)
	}
	c.Truncated = answer.Truncated
	d.addRendering(got)
	if got.DOM != nil {
		start := got.DOM[:min(len(got.DOM), startSize)]
		d.addBody(bytes.NewReader(got.DOM), int64(len(got.DOM)), schemas.DigestOf(got.DOM), start, http.Header{"Content-Type": {"text/html; charset=utf-8"}})
		answer.Body, answer.Received = start, int64(len(got.DOM))
		if err := r.read(ctx, d, bytes.NewReader(got.DOM), &answer); err != nil {
			return nil, err
		}
	}
	return d, r.settle(ctx, d, answer)
}

// addRendering stages what a browser gives beside the page.
func (d *PageDraft) addRendering(got *browser.Rendering) {
	c := d.Capture
	c.Rendering = &schemas.Rendering{Browser: plain(got.Browser), Settled: got.Settled}
	for _, limit := range got.Limits {
		c.Rendering.Limits = append(c.Rendering.Limits, string(limit))
	}
	if got.Failure != nil {
		return // hops say all there is
	}
	if got.Document != nil {
		final := got.Final()
		mediaType := ""
		if final != nil {
			mediaType = mediaTypeOf(plain(final.Header.Get("Content-Type")), got.Document.Bytes)
		}
		file := d.put(resourceFile(schemas.DigestOf(got.Document.Bytes), mediaType), got.Document.Bytes)
		c.Rendering.Document, c.Rendering.DocumentTruncated = &file, schemas.Truncation(got.Document.Truncated)
	}
	if got.Screenshot != nil {
		file := d.put(screenshotFile, got.Screenshot.PNG)
		c.Screenshots = []schemas.Screenshot{{File: file.File, Size: file.Size, SHA256: file.SHA256, Width: got.Screenshot.Width, Height: got.Screenshot.Height}}
	}
	if got.PDF != nil {
		file := d.put(pdfFile, got.PDF)
		c.Rendering.PDF = &file
	}
	d.addRequested(got.Resources)
}

// addRequested lists what the page asked the network for, with its heads and
// bodies.
func (d *PageDraft) addRequested(resources []browser.Resource) {
	c := d.Capture
	var heads bytes.Buffer
	span := func(head []byte) *schemas.Span {
		if len(head) == 0 || heads.Len()+len(head) > maxResourceHeads {
			return nil
		}
		s := &schemas.Span{Offset: int64(heads.Len()), Length: int64(len(head))}
		heads.Write(head)
		return s
	}
	for i := range resources {
		got := &resources[i]
		if len(c.Resources) == maxListed {
			c.ResourcesOmitted++
			continue
		}
		listed := schemas.Resource{
			URL: got.URL, Kind: kindOf(got.Kind), StartedAt: schemas.TimeOf(got.Started), Status: got.Status, MediaType: plain(got.MediaType),
			RemoteAddr: got.RemoteAddr, Request: span(got.Request), Response: span(got.Response), Redacted: got.Redacted,
		}
		if got.Failure != "" {
			listed.Failure = &schemas.Failure{Reason: "browser", Detail: plain(got.Failure)}
		}
		if body := got.Body; body != nil {
			file := d.put(resourceFile(schemas.DigestOf(body.Bytes), got.MediaType), body.Bytes)
			listed.File, listed.Truncated = &file, schemas.Truncation(body.Truncated)
		}
		c.Resources = append(c.Resources, listed)
	}
	if heads.Len() > 0 {
		file := d.put(resourceHeads, heads.Bytes())
		c.ResourceHeads = &file
	}
}

// kindOf says in our words what a browser asks for something as.
func kindOf(kind string) schemas.ResourceKind {
	switch kind {
	case "stylesheet":
		return schemas.ResourceStyle
	case "image":
		return schemas.ResourceImage
	case "font":
		return schemas.ResourceFont
	case "media", "texttrack":
		return schemas.ResourceMedia
	case "script":
		return schemas.ResourceScript
	case "document":
		return schemas.ResourceDocument
	}
	return schemas.ResourceOther
}
