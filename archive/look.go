package archive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/buffer"
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
		if recorded, err := r.recorded(before); recorded != nil || err != nil {
			return recorded, err
		}
		return r.fetch(ctx, ref, before)
	})
}

// recorded returns the look of this very run that an earlier process of it has
// committed already, nil when there is none.
func (r *Run) recorded(before *Page) (*PageDraft, error) {
	if before == nil {
		return nil, nil
	}
	draft := &PageDraft{
		PageRef: before.PageRef, Capture: before.Capture, Before: before, AsBefore: true, sequence: before.Capture.Sequence,
	}
	if before.Capture.Run == r.ID {
		return draft, nil
	}
	if r.earlier == nil {
		return nil, nil
	}
	done, err := r.earlier()
	if err != nil {
		return nil, fmt.Errorf("reading what run %s has recorded: %w", r.ID, err)
	}
	line, ok := done.Pages[before.ID].(*schemas.Observation)
	if !ok || line.As != before.Capture.Sequence {
		return nil, nil
	}
	observed := *before.Capture
	observed.Run, observed.Method, observed.Access = line.Run, line.Method, line.Access
	observed.CapturedAt, observed.DurationMS = line.ObservedAt, line.DurationMS
	observed.FinalURL, observed.Status = line.FinalURL, line.Status
	observed.Robots, observed.Vantage = line.Robots, line.Vantage
	draft.Capture = &observed
	return draft, nil
}

// makeConditional asks only for news when the archive holds all of the page, by
// the strongest validator there is. Weak ones do not promise the same bytes (RFC
// 9110 §8.8.1), so they are not used.
func (r *Run) makeConditional(request *fetch.Request, before *Page) error {
	if before == nil || before.Capture.Access.Outcome != schemas.Served || before.Capture.Truncated != "" || len(before.Capture.Hops) == 0 {
		return nil
	}
	last := before.Capture.Hops[len(before.Capture.Hops)-1]
	if last.Response == nil || before.Withheld() != nil {
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
	} else if modified := strongDate(response.Header); modified != "" {
		request.IfModifiedSince, request.ValidFor = modified, last.URL
	}
	return nil
}

// strongDate returns Last-Modified when it is a strong validator (RFC 9110
// §8.8.2.2): the answer was made so much later that no other version can have had
// the same date. A minute leaves room for two clocks.
func strongDate(header http.Header) string {
	value := header.Get("Last-Modified")
	modified, err := http.ParseTime(value)
	date, dateErr := http.ParseTime(header.Get("Date"))
	if err != nil || dateErr != nil || date.Sub(modified) < time.Minute {
		return ""
	}
	return value
}

// refusals are the failures in which nobody was asked.
var refusals = []fetch.Reason{fetch.BadURL, fetch.UnsupportedScheme, fetch.UserInfo, fetch.PrivateAddress, fetch.Robots}

// record turns an exchange into a draft; from is nil when the page itself was
// asked.
func (r *Run) record(ctx context.Context, ref PageRef, before *Page, request fetch.Request, x *fetch.Exchange, from *asking) (*PageDraft, error) {
	d := &PageDraft{PageRef: ref, Before: before, files: map[string]*content{}}
	c := r.newCapture(ref, schemas.Fetched, x.Started, x.Duration)
	d.Capture = c
	switch {
	case request.Robots:
		c.Robots = followed
	case r.options.IgnoreRobots:
		if asked, err := r.isAsked(ref, before); err != nil {
			return nil, err
		} else if !asked {
			c.Robots = "ignored"
		}
	}
	c.Vantage = r.options.Vantage
	d.addHops(x)
	answer := access.Answer{Asked: request.URL, Truncated: schemas.Truncation(x.Truncated), At: x.Started}
	if from != nil {
		c.Asked, c.Reader, answer.Service = from.address, from.service.Name(), &from.heard
	}
	if final := x.Final(); final != nil {
		c.FinalURL, c.Status = final.URL, final.Status
		addServerClock(c.Clock, final)
		answer.Final, answer.Status, answer.Header = final.URL, final.Status, final.Header
		answer.Conditional = request.ValidFor != "" && final.URL == request.ValidFor
	}
	if x.Failure != nil {
		c.Failure = &schemas.Failure{Reason: string(x.Failure.Reason), Detail: plain(x.Failure.Detail)}
		answer.Failure, answer.Detail, answer.Refused = c.Failure.Reason, c.Failure.Detail, slices.Contains(refusals, x.Failure.Reason)
	}
	c.Truncated = answer.Truncated
	if payload := x.Payload; payload != nil {
		start := make([]byte, min(payload.Size(), startSize))
		if _, err := payload.ReadAt(start, 0); err != nil && err != io.EOF {
			return nil, fmt.Errorf("reading what %s sent: %w", ref.Name, err)
		}
		d.addBody(payload, payload.Size(), schemas.Digest(payload.SHA256), start, answer.Header)
		answer.Body, answer.Received = bodyStart(start, c.Body), payload.Size()
		d.scripted = hasScripts(answer.Body)
		if err := r.read(ctx, d, payload.Reader(), &answer); err != nil {
			return nil, err
		}
	}
	return d, r.settle(ctx, d, answer)
}

// bodyStart returns the beginning of a payload without its content-codings, as
// far as these can be removed.
func bodyStart(start []byte, body *schemas.Body) []byte {
	if body.ContentEncoding == "" {
		return start
	}
	if body.Size == int64(len(start)) {
		if decoded, err := extract.Decode(start, body.ContentEncoding); err == nil {
			return decoded
		}
	}
	if decoded := extract.Beginning(start, body.ContentEncoding, access.BodyNeeded); len(decoded) > 0 {
		return decoded
	}
	return start
}

// settle judges an answer and makes ready what is to be committed.
func (r *Run) settle(ctx context.Context, d *PageDraft, answer access.Answer) error {
	err := r.judge(ctx, d, answer)
	if err == nil {
		err = r.finish(ctx, d)
	}
	if errors.Is(err, gitstore.ErrCollision) {
		answer.Failure = "sha1-collision"
		answer.Detail = "what was sent bears the marks of a SHA-1 collision attack: git cannot keep it, so nothing of it is stored"
		d.refuse(answer.Failure, answer.Detail)
		d.Capture.Access = printable(access.Judge(answer, d.earlier()))
		err = r.finish(ctx, d)
	}
	return err
}

// newCapture begins a capture record.
func (r *Run) newCapture(ref PageRef, method schemas.Method, started time.Time, took time.Duration) *schemas.Capture {
	tool := r.options.Tool
	var clock *schemas.Clock
	if r.options.Clock != nil {
		clock = r.options.Clock()
	}
	return &schemas.Capture{
		Schema: schemas.CaptureSchema, Page: ref.ID, URL: ref.Name, Method: method, Run: r.ID,
		CapturedAt: schemas.TimeOf(started), DurationMS: took.Milliseconds(), Tool: &tool,
		Operator: r.options.Operator, Clock: clock,
	}
}

// read extracts what the answer says and what the page said when it was last
// served: access needs both to tell a page from what took its place. A payload
// that is the one last served is not read again.
func (r *Run) read(ctx context.Context, d *PageDraft, payload io.Reader, answer *access.Answer) error {
	c := d.Capture
	if c.Body == nil || c.Status/100 != 2 && (c.Method == schemas.Fetched || c.Method == schemas.Rendered) {
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
	was, err := r.reader.read(ctx, c, payload, c.Body.Size)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	// Whatever is wrong with the text, the bytes are the evidence.
	d.Document, c.TextLimit, c.NoText = was.document, was.limit, was.noText
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
	read := &access.Reading{Title: document.Title, Text: document.Text(), Noticed: len(document.Notices) > 0}
	if len(document.Meta.Free) > 0 {
		read.Free = document.Meta.Free[0].Value
	}
	for _, s := range document.Meta.Robots {
		read.Unlisted = read.Unlisted || strings.Contains(strings.ToLower(s.Value), "noindex")
	}
	return read
}

// finish decides between observation and capture, and makes the files of a
// capture.
func (r *Run) finish(ctx context.Context, d *PageDraft) error {
	c := d.Capture
	switch {
	case d.Before != nil && sameAsBefore(c, d.Before.Capture):
		d.AsBefore, d.Document, d.FormerDocument, d.files = true, nil, nil, nil
		return nil
	case c.Access.Outcome != schemas.Served:
		d.Document, d.FormerDocument, c.TextLimit, c.NoText = nil, nil, 0, ""
		d.keepLastServed()
	case d.Document != nil:
		d.hold(r.buffers, d.addText(d.Document))
	}
	if r.options.DryRun {
		d.files = nil
		return nil
	}
	if err := r.addResources(ctx, d); err != nil {
		d.letGo()
		return err
	}
	return d.pack(ctx, r.buffers)
}

// hold counts what documents take in memory, of which the text is about half.
func (d *PageDraft) hold(buffers *buffer.Pool, text int64) {
	if d.FormerDocument != nil {
		text *= 2
	}
	d.unhold = buffers.Hold(2 * text)
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
	if d.Former != nil && (d.Former.Capture.Reader == "") != (d.Capture.Reader == "") {
		// What the API of a service said is no measure for a page.
		e.MediaType, e.ServedFrom, e.Reading = "", "", nil
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

// addBody stages the payload, which begins with start.
func (d *PageDraft) addBody(payload io.ReaderAt, size int64, sum schemas.Digest, start []byte, header http.Header) {
	declared := plain(header.Get("Content-Type"))
	mediaType := mediaTypeOf(declared, start)
	body := schemas.Body{MediaType: mediaType, ContentEncoding: contentEncoding(header)}
	if declared != mediaType {
		body.ContentType = declared
	}
	file := d.putFrom(bodyFile(mediaType, body.ContentEncoding), size, sum, payload)
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
		for _, addr := range h.Resolved {
			hop.Resolved = append(hop.Resolved, addr.String())
		}
		for _, try := range h.Tries {
			hop.Tries = append(hop.Tries, describeTry(try))
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

// addText stages text.md and returns its size in bytes.
func (d *PageDraft) addText(document *extract.Document) int64 {
	text := document.Markdown()
	d.put(textFile, text)
	entry := textEntry(document, text)
	entry.CapturedAt, entry.Payload = d.Capture.CapturedAt, d.Capture.Body.SHA256
	d.Capture.Text = entry
	return entry.Size
}
