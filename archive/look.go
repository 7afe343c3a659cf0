package archive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// Look looks at a page over the network: fetch, access, extract. What comes
// back may be a failure; an error means that the archive could not be read or
// that ctx is done.
func (r *Run) Look(ctx context.Context, ref PageRef) (*PageDraft, error) {
	return r.once(ctx, ref, func() (*PageDraft, error) {
		before, err := r.before(ref)
		if err != nil {
			return nil, err
		}
		if recorded := r.recorded(before); recorded != nil {
			return recorded, nil
		}
		request := fetch.Request{URL: ref.Name}
		if !r.options.Whole {
			if err := r.makeConditional(&request, before); err != nil {
				return nil, err
			}
		}
		exchange := r.options.Fetch.Fetch(ctx, request)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return r.record(ctx, ref, before, request, exchange)
	})
}

// recorded returns the look of this very run that an earlier process of it has
// committed already, nil when there is none.
func (r *Run) recorded(before *Page) *PageDraft {
	if before == nil || before.Capture.Run != r.ID {
		return nil
	}
	return &PageDraft{
		PageRef: before.PageRef, Capture: before.Capture, Before: before, AsBefore: true, sequence: before.Capture.Sequence,
	}
}

// makeConditional asks only for news when the archive holds all of the page.
// Weak validators do not promise the same bytes (RFC 9110 §8.8.1), so they are
// not used.
func (r *Run) makeConditional(request *fetch.Request, before *Page) error {
	if before == nil || before.Capture.Access.Outcome != schemas.Served || before.Capture.Truncated != "" || len(before.Capture.Hops) == 0 {
		return nil
	}
	last := before.Capture.Hops[len(before.Capture.Hops)-1]
	if last.Response == nil {
		return nil
	}
	heads, err := before.Heads()
	if err != nil {
		return err
	}
	from, to := last.Response.Offset, last.Response.Offset+last.Response.Length
	if from < 0 || to < from || to > int64(len(heads)) {
		return fmt.Errorf("%s: the span of the last response lies outside of %s", before.Folder, headFile)
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(heads[from:to])), nil)
	if err != nil {
		return nil // a head too odd to read again has no validator either
	}
	if tag := response.Header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		request.IfNoneMatch, request.ValidFor = tag, last.URL
	}
	return nil
}

// refusals are the failures in which nobody was asked.
var refusals = []fetch.Reason{fetch.BadURL, fetch.UnsupportedScheme, fetch.UserInfo, fetch.PrivateAddress}

// record turns an exchange into a draft.
func (r *Run) record(ctx context.Context, ref PageRef, before *Page, request fetch.Request, x *fetch.Exchange) (*PageDraft, error) {
	d := &PageDraft{PageRef: ref, Before: before, files: map[string]*gitstore.Blob{}}
	c := r.newCapture(ref, schemas.Fetched, x.Started, x.Duration)
	d.Capture = c
	d.addHops(x)
	answer := access.Answer{
		Asked: ref.Name, Body: x.Payload, Truncated: schemas.Truncation(x.Truncated), At: x.Started,
	}
	if final := x.Final(); final != nil {
		c.FinalURL, c.Status = final.URL, final.Status
		answer.Final, answer.Status, answer.Header = final.URL, final.Status, final.Header
		answer.Conditional = request.IfNoneMatch != "" && final.URL == request.ValidFor
	}
	if x.Failure != nil {
		c.Failure = &schemas.Failure{Reason: string(x.Failure.Reason), Detail: plain(x.Failure.Detail)}
		answer.Failure, answer.Detail, answer.Refused = c.Failure.Reason, c.Failure.Detail, slices.Contains(refusals, x.Failure.Reason)
	}
	c.Truncated = answer.Truncated
	if len(x.Payload) > 0 {
		d.addBody(x.Payload, answer.Header)
		if c.Body.ContentEncoding != "" {
			if decoded, err := extract.Decode(x.Payload, c.Body.ContentEncoding); err == nil {
				answer.Body = decoded
			}
		}
	}
	if err := d.read(ctx, x.Payload, &answer); err != nil {
		return nil, err
	}
	c.Access = printable(access.Judge(answer, d.earlier()))
	d.finish()
	return d, nil
}

// newCapture begins a capture record.
func (r *Run) newCapture(ref PageRef, method schemas.Method, started time.Time, took time.Duration) *schemas.Capture {
	tool := r.options.Tool
	return &schemas.Capture{
		Schema: schemas.CaptureSchema, Page: ref.ID, URL: ref.Name, Method: method, Run: r.ID,
		CapturedAt: schemas.TimeOf(started), DurationMS: took.Milliseconds(), Tool: &tool,
	}
}

// read extracts what the answer says and what the page said when it was last
// served: access needs both to tell a page from what took its place. A payload
// that is the one last served is not read again.
func (d *PageDraft) read(ctx context.Context, payload []byte, answer *access.Answer) error {
	c := d.Capture
	if c.Body == nil || c.Status/100 != 2 && c.Method == schemas.Fetched {
		return nil
	}
	answer.MediaType = c.Body.MediaType
	if d.Before != nil {
		former, err := d.Before.Served(ctx)
		if err != nil {
			return err
		}
		d.Former = former
	}
	if d.Former != nil && d.Former.Capture.Body != nil && d.Former.Capture.Body.SHA256 == c.Body.SHA256 {
		answer.AsServed = true
		if was := d.Former.Capture; d.Former == d.Before && was.FinalURL == c.FinalURL && was.Truncated == c.Truncated {
			return nil // as before, or not served: no text is wanted
		}
	}
	var err error
	if d.Document, err = readDocument(ctx, c, payload); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// Whatever is wrong with the text, the bytes are the evidence.
		d.Document = nil
	}
	if d.Former != nil && !answer.AsServed {
		if d.FormerDocument, err = d.Former.Document(ctx); err != nil {
			return err
		}
	}
	answer.Reading = reading(d.Document)
	return nil
}

func reading(document *extract.Document) *access.Reading {
	if document == nil {
		return nil
	}
	return &access.Reading{Title: document.Title, Text: document.Text()}
}

// finish decides between observation and capture, and takes over the text.
func (d *PageDraft) finish() {
	c := d.Capture
	if d.Before != nil && sameAsBefore(c, d.Before.Capture) {
		d.AsBefore, d.Document, d.FormerDocument = true, nil, nil
		return
	}
	if c.Access.Outcome != schemas.Served {
		d.Document, d.FormerDocument = nil, nil
		d.keepLastServed()
		return
	}
	if d.Document != nil {
		d.addText(d.Document)
	}
}

// sameAsBefore is the rule of the archive: same outcome, final address and
// payload, or the server's word for it.
func sameAsBefore(now, before *schemas.Capture) bool {
	if now.Access.Outcome == schemas.NotModified {
		return before.Access.Outcome == schemas.Served && now.FinalURL == before.FinalURL
	}
	if now.Access.Outcome != before.Access.Outcome || now.FinalURL != before.FinalURL {
		return false
	}
	if now.Body == nil || before.Body == nil {
		return now.Body == nil && before.Body == nil && reason(now) == reason(before)
	}
	return now.Body.SHA256 == before.Body.SHA256 && now.Truncated == before.Truncated
}

func reason(c *schemas.Capture) string {
	if c.Failure == nil {
		return ""
	}
	return c.Failure.Reason
}

// earlier is what access wants to know of the capture before.
func (d *PageDraft) earlier() *access.Earlier {
	if d.Before == nil {
		return nil
	}
	c := d.Before.Capture
	e := &access.Earlier{Outcome: c.Access.Outcome, At: c.CapturedAt.Time(), Reading: reading(d.FormerDocument)}
	if d.Former != nil && d.Former.Capture.Body != nil {
		e.MediaType = d.Former.Capture.Body.MediaType
	}
	if c.Access.Outcome == schemas.Served {
		e.ServedFrom = c.FinalURL
	} else if c.LastServed != nil {
		e.ServedFrom = c.LastServed.FinalURL
	}
	return e
}

// keepLastServed lets the text of the newest served capture stand.
func (d *PageDraft) keepLastServed() {
	if d.Before == nil {
		return
	}
	d.Capture.Text = d.Before.Capture.Text
	d.Capture.LastServed = d.Before.Capture.LastServed
	if d.Before.Capture.Access.Outcome == schemas.Served {
		state := d.Before.State()
		d.Capture.LastServed = &state
	}
}

// put stages content under a path in the page's folder. Names that are made of
// the first digits of a digest can be made to collide: other content gets the
// whole digest.
func (d *PageDraft) put(name string, content []byte) schemas.File {
	blob := gitstore.NewBlob(content)
	if taken := d.files[name]; taken != nil && taken.ID() != blob.ID() {
		sum := schemas.Digest(blob.SHA256())
		name = path.Join(path.Dir(name), sum.Hex()+path.Ext(name))
	}
	d.files[name] = blob
	return schemas.File{File: name, Size: int64(len(content)), SHA256: schemas.Digest(blob.SHA256())}
}

func (d *PageDraft) addBody(payload []byte, header http.Header) {
	declared := plain(header.Get("Content-Type"))
	mediaType, _, err := mime.ParseMediaType(declared)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || mediaType == "" {
		mediaType, _, _ = mime.ParseMediaType(mimetype.Detect(payload).String())
	}
	body := schemas.Body{MediaType: mediaType, ContentEncoding: contentEncoding(header)}
	if declared != mediaType {
		body.ContentType = declared
	}
	file := d.put(bodyFile(mediaType, body.ContentEncoding), payload)
	body.File, body.Size, body.SHA256 = file.File, file.Size, file.SHA256
	d.Capture.Body = &body
}

// contentEncoding returns the codings that stand on the payload, in the order
// they were applied; "identity" says nothing.
func contentEncoding(header http.Header) string {
	var codings []string
	for _, line := range header.Values("Content-Encoding") {
		for _, coding := range strings.Split(line, ",") {
			if coding = strings.ToLower(strings.TrimSpace(coding)); coding != "" && coding != "identity" {
				codings = append(codings, plain(coding))
			}
		}
	}
	return strings.Join(codings, ", ")
}

// addHops writes head.http and describes each hop.
func (d *PageDraft) addHops(x *fetch.Exchange) {
	var heads bytes.Buffer
	span := func(head []byte) *schemas.Span {
		if len(head) == 0 {
			return nil
		}
		s := schemas.Span{Offset: int64(heads.Len()), Length: int64(len(head))}
		heads.Write(head)
		return &s
	}
	for i, h := range x.Hops {
		hop := schemas.Hop{
			URL: h.URL, StartedAt: schemas.TimeOf(h.Started), DurationMS: h.Duration.Milliseconds(),
			RemoteAddr: h.RemoteAddr, Status: h.Status, Redacted: h.Redacted,
			Request: span(h.Request), TLS: d.addTLS(h.TLS),
		}
		heads.Write(h.Interim)
		hop.Response = span(h.Response)
		if i < len(x.Hops)-1 && len(h.Body) > 0 {
			mediaType, _, _ := mime.ParseMediaType(h.Header.Get("Content-Type"))
			file := d.put(resourceFile(schemas.DigestOf(h.Body), mediaType), h.Body)
			hop.Body, hop.BodyTruncated = &file, schemas.Truncation(h.BodyTruncated)
		}
		d.Capture.Hops = append(d.Capture.Hops, hop)
	}
	if heads.Len() > 0 {
		file := d.put(headFile, heads.Bytes())
		d.Capture.Head = &file
	}
}

func (d *PageDraft) addTLS(t *fetch.TLS) *schemas.TLS {
	if t == nil {
		return nil
	}
	described := &schemas.TLS{Version: t.Version, Cipher: t.Cipher, ServerName: t.ServerName}
	var chain bytes.Buffer
	for _, der := range t.Chain {
		_ = pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a bytes.Buffer takes all
	}
	if chain.Len() > 0 {
		file := d.put(chainFile(schemas.DigestOf(chain.Bytes())), chain.Bytes())
		described.Chain = &file
	}
	return described
}

func (d *PageDraft) addText(document *extract.Document) {
	d.Document = document
	file := d.put(textFile, document.Markdown())
	d.Capture.Text = &schemas.Text{
		File: file.File, Size: file.Size, SHA256: file.SHA256, Extractor: extract.Name,
		CapturedAt: d.Capture.CapturedAt, Payload: d.Capture.Body.SHA256,
		Charset: plain(document.Charset), CharsetSource: document.CharsetSource,
		Title: plain(document.Title), Byline: plain(document.Byline),
		Published: plain(document.Published), Modified: plain(document.Modified),
		Canonical: plain(document.Canonical), Language: plain(document.Language),
	}
}

// Given is a post handed in as a file.
type Given struct {
	Content     []byte
	MediaType   string // text/plain, text/markdown, text/html
	ClaimedURL  string // where the post is said to stand
	ClaimedDate string // when it is said to be from
}

// ErrNoText is returned for a file that cannot be a post, since nothing in it
// can be read.
var ErrNoText = errors.New("the file holds no text")

// Give takes a post handed in as a file.
func (r *Run) Give(ctx context.Context, ref PageRef, given Given) (*PageDraft, error) {
	return r.once(ctx, ref, func() (*PageDraft, error) {
		before, err := r.before(ref)
		if err != nil {
			return nil, err
		}
		if recorded := r.recorded(before); recorded != nil {
			return recorded, nil
		}
		d := &PageDraft{PageRef: ref, Before: before, files: map[string]*gitstore.Blob{}}
		c := r.newCapture(ref, schemas.Given, r.options.Now(), 0)
		d.Capture = c
		c.ClaimedURL, c.ClaimedDate = given.ClaimedURL, given.ClaimedDate
		c.Access = schemas.Access{
			Outcome: schemas.Served, Rule: "given", Confidence: schemas.Certain,
			Evidence: []string{fmt.Sprintf("handed in as a file of %d bytes", len(given.Content))},
		}
		if len(given.Content) == 0 {
			return nil, ErrNoText
		}
		d.addBody(given.Content, http.Header{"Content-Type": {given.MediaType}})
		if err := d.read(ctx, given.Content, &access.Answer{}); err != nil {
			return nil, err
		}
		d.finish()
		if !d.AsBefore && d.Document == nil {
			return nil, ErrNoText
		}
		return d, nil
	})
}
