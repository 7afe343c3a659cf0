package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/resource"
	"github.com/walkback-dev/walkback/schemas"
)

// resourceAsk says how a page asks for a resource.
type resourceAsk struct {
	limit  int64 // bytes
	before *Page // may have the resource already; nil: none
	robots bool  // robots.txt is asked for leave, as for the page itself
}

// resource returns the run's answer for an address, and the payload for one more
// draft, nil when there is none.
func (r *Run) resource(ctx context.Context, address string, how resourceAsk) (*gathered, *content, error) {
	for {
		got, mine := r.resources.answer(address)
		if mine {
			got.err = r.askResource(ctx, got, address, how)
			if got.err != nil {
				r.resources.forget(address, got)
			}
			close(got.done)
		}
		select {
		case <-got.done:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		if got.err != nil {
			if !mine && ctx.Err() == nil && (errors.Is(got.err, context.Canceled) || errors.Is(got.err, context.DeadlineExceeded)) {
				continue // the time of the page that asked first was up, not ours
			}
			return nil, nil, got.err
		}
		if why := got.resource.Failure; !mine && !how.robots && why != nil && why.Reason == string(fetch.Robots) {
			r.resources.forget(address, got) // that was for a page that nobody asked for
			continue
		}
		if got.id.IsZero() {
			return got, nil, nil
		}
		held, err := r.hold(ctx, got)
		if err != nil && !mine && ctx.Err() == nil {
			r.resources.forget(address, got) // the draft that had it was never committed
			continue
		}
		return got, held, err
	}
}

// askResource asks for a resource.
func (r *Run) askResource(ctx context.Context, got *gathered, address string, how resourceAsk) error {
	request := fetch.Request{URL: address, Buffers: r.buffers, MaxBytes: how.limit, Along: true, Robots: how.robots}
	former := r.formerResource(how.before, address)
	if former != nil && !r.options.Whole {
		request.IfNoneMatch, request.ValidFor = former.tag, former.address
	}
	x, err := r.options.Fetch.Fetch(ctx, request)
	if err != nil {
		return err
	}
	defer x.Close()
	if err := ctx.Err(); err != nil {
		return err
	}
	got.resource.StartedAt = schemas.TimeOf(x.Started)
	got.addHeads(x)
	if x.Failure != nil {
		got.resource.Failure = &schemas.Failure{Reason: string(x.Failure.Reason), Detail: plain(x.Failure.Detail)}
		return nil
	}
	final := x.Final()
	if final == nil {
		return nil
	}
	if final.Status == http.StatusNotModified && request.IfNoneMatch != "" && final.URL == request.ValidFor {
		if err := r.takeFormer(ctx, got, former); err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		// What the archive holds cannot be read: the server can send it again.
		*got = gathered{done: got.done}
		how.before = nil
		return r.askResource(ctx, got, address, how)
	}
	return r.takePayload(ctx, got, x, how.limit)
}

// addHeads describes the exchange of an answer.
func (g *gathered) addHeads(x *fetch.Exchange) {
	if len(x.Hops) == 0 {
		return
	}
	var heads bytes.Buffer
	span := func(head []byte) *schemas.Span {
		if len(head) == 0 {
			return nil
		}
		s := schemas.Span{Offset: int64(heads.Len()), Length: int64(len(head))}
		heads.Write(head)
		return &s
	}
	res := &g.resource
	for _, hop := range x.Hops {
		res.Request = span(hop.Request)
		heads.Write(hop.Interim)
		res.Response = span(hop.Response)
		for _, what := range hop.Redacted {
			if !slices.Contains(res.Redacted, what) {
				res.Redacted = append(res.Redacted, what)
			}
		}
	}
	last := x.Hops[len(x.Hops)-1]
	res.FinalURL, res.Status, res.RemoteAddr = last.URL, last.Status, last.RemoteAddr
	g.heads = heads.Bytes()
}

// takePayload keeps the payload of a final answer, if it is the resource.
func (r *Run) takePayload(ctx context.Context, got *gathered, x *fetch.Exchange, limit int64) error {
	res, final, payload := &got.resource, x.Final(), x.Payload
	if final.Status/100 != 2 || payload == nil {
		return nil
	}
	if x.Truncated == fetch.Length {
		res.Failure = &schemas.Failure{Reason: tooLarge, Detail: fmt.Sprintf("it has more than %d bytes", limit)}
		return nil
	}
	res.Truncated = schemas.Truncation(x.Truncated)
	start := make([]byte, min(payload.Size(), sniffSize))
	if _, err := payload.ReadAt(start, 0); err != nil && err != io.EOF {
		return fmt.Errorf("reading what %s sent: %w", final.URL, err)
	}
	contentType := plain(final.Header.Get("Content-Type"))
	res.MediaType, res.ContentEncoding = mediaTypeOf(contentType, start), contentEncoding(final.Header)
	if res.MediaType == "text/css" && payload.Size() <= maxSheet {
		sheet, err := io.ReadAll(payload.Reader())
		if err != nil {
			return fmt.Errorf("reading what %s sent: %w", final.URL, err)
		}
		got.asks = asksOfSheet(sheet, contentType, res.ContentEncoding, final.URL)
	}
	return r.take(ctx, got, payload.Reader(), payload.Size())
}

// take makes the blob of an answer. What git cannot keep is a failure.
func (r *Run) take(ctx context.Context, got *gathered, from io.Reader, size int64) error {
	blob, err := r.makeBlob(ctx, from, size)
	if errors.Is(err, gitstore.ErrCollision) {
		got.resource.Failure = &schemas.Failure{Reason: "sha1-collision", Detail: "it bears the marks of a SHA-1 collision attack: git cannot keep it"}
		return nil
	}
	if err != nil {
		return err
	}
	got.blob, got.id, got.sum, got.size = blob, blob.ID(), schemas.Digest(blob.SHA256()), blob.Size()
	return nil
}

const (
	// sniffSize is how much of a resource is read to see what it is.
	sniffSize = 3072
	// maxSheet is the size of the largest style sheet that is read, in bytes.
	maxSheet = 2 << 20
)

// mediaTypeOf returns the media type that was declared, else what the content
// looks like.
func mediaTypeOf(declared string, start []byte) string {
	mediaType, _, err := mime.ParseMediaType(declared)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || mediaType == "" {
		mediaType, _, _ = mime.ParseMediaType(mimetype.Detect(start).String())
	}
	return mediaType
}

// asksOfSheet returns what a style sheet asks for; nothing when it is no text.
func asksOfSheet(sheet []byte, contentType, contentEncoding, address string) []resource.Reference {
	text, _, err := extract.Characters(extract.Input{Payload: sheet, ContentType: contentType, ContentEncoding: contentEncoding})
	if err != nil || len(text) > maxSheet {
		return nil
	}
	return resource.OfStyle(text, address)
}

// formerResource is a resource of the capture before, for which the server gave a
// strong validator.
type formerResource struct {
	schemas.Resource
	page         *Page
	tag, address string
}

// formerResource returns nil when the page had no such resource.
func (r *Run) formerResource(before *Page, address string) *formerResource {
	if before == nil || before.Capture.ResourceHeads == nil {
		return nil
	}
	i := slices.IndexFunc(before.Capture.Resources, func(res schemas.Resource) bool { return res.URL == address })
	if i < 0 {
		return nil
	}
	former := &formerResource{Resource: before.Capture.Resources[i], page: before, address: address}
	if former.FinalURL != "" {
		former.address = former.FinalURL
	}
	if former.File == nil || former.Truncated != "" || former.Response == nil || before.ifWithheld(former.File.File, former.File.SHA256) != nil {
		return nil
	}
	if former.tag = before.resourceHeader(&former.Resource).Get("ETag"); !strings.HasPrefix(former.tag, `"`) {
		return nil
	}
	return former
}

// resourceHeader returns the header of the final answer for a resource, nil when it
// cannot be read.
func (p *Page) resourceHeader(r *schemas.Resource) http.Header {
	if r.Response == nil || p.Capture.ResourceHeads == nil {
		return nil
	}
	heads, err := p.checked(resourceHeads, p.Capture.ResourceHeads.SHA256)
	if err != nil || r.Response.Offset > int64(len(heads)) {
		return nil
	}
	head := heads[r.Response.Offset:min(r.Response.Offset+r.Response.Length, int64(len(heads)))]
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return nil
	}
	return response.Header
}

// takeFormer takes the payload of an earlier capture, which is still what the
// server has.
func (r *Run) takeFormer(ctx context.Context, got *gathered, former *formerResource) error {
	entry, err := r.archive.store.Lookup(former.page.tree, former.File.File)
	if err != nil {
		return err
	}
	blob, err := r.storedBlob(ctx, entry.ID, former.File.SHA256)
	if err != nil {
		return err
	}
	got.blob, got.id, got.sum, got.size = blob, blob.ID(), former.File.SHA256, blob.Size()
	got.resource.MediaType, got.resource.ContentEncoding = former.MediaType, former.ContentEncoding
	if former.MediaType == "text/css" && former.File.Size <= maxSheet {
		sheet, err := former.page.checked(former.File.File, former.File.SHA256)
		if err != nil {
			return err
		}
		got.asks = asksOfSheet(sheet, former.MediaType, former.ContentEncoding, former.address)
	}
	return nil
}
