package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// pausedRequest is a request or a response that waits for our word.
type pausedRequest struct {
	ID      string `json:"requestId"`
	Network string `json:"networkId"`
	Frame   string `json:"frameId"`
	Type    string `json:"resourceType"`
	Request struct {
		URL    string `json:"url"`
		Method string `json:"method"`
		Fields fields `json:"headers"`
	} `json:"request"`
	Error  string        `json:"responseErrorReason"`
	Status int           `json:"responseStatusCode"`
	Phrase string        `json:"responseStatusText"`
	Fields []headerField `json:"responseHeaders"`
}

type headerField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (r *pausedRequest) header(name string) string {
	for _, f := range r.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// redirects reports whether the response sends the browser elsewhere.
func (r *pausedRequest) redirects() bool {
	switch r.Status {
	case 301, 302, 303, 307, 308:
		return r.header("Location") != ""
	}
	return false
}

// paused decides on a request before it is made, and on a document before the
// browser has it.
func (p *page) paused(ev event) {
	var r pausedRequest
	if json.Unmarshal(ev.Params, &r) != nil {
		return
	}
	refuse := func(reason string) {
		p.send(ev.Session, "Fetch.failRequest", map[string]any{"requestId": r.ID, "errorReason": reason}, nil)
	}
	if r.Error == "" && r.Status == 0 {
		if reason := p.refuses(&r); reason != "" {
			refuse(reason)
			return
		}
		on := map[string]any{"requestId": r.ID}
		switch {
		case r.Type == "Document" && r.Frame == p.target && p.plainly():
			on["headers"] = append(r.Request.Fields, headerField{Name: "Accept-Encoding", Value: "identity"})
		case r.Type != "Document" && r.Network != "":
			p.stream(ev.Session, r.Network)
		}
		p.send(ev.Session, "Fetch.continueRequest", on, nil)
		return
	}
	if r.Error != "" || r.redirects() {
		p.send(ev.Session, "Fetch.continueRequest", map[string]any{"requestId": r.ID}, nil)
		return
	}
	p.mu.Lock()
	skip := r.Frame == p.target && p.declines(&r)
	if p.closing {
		skip = true
	}
	if !skip {
		p.busy.Add(1)
	}
	p.mu.Unlock()
	if skip {
		refuse("Aborted")
		return
	}
	go func() {
		defer p.busy.Done()
		p.document(ev.Session, &r)
	}()
}

// refuses says why a request is not made, "" when it is.
func (p *page) refuses(r *pausedRequest) string {
	over := p.proxy.overrun()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	scheme, _, _ := strings.Cut(r.Request.URL, ":")
	main := r.Type == "Document" && r.Frame == p.target
	if main {
		p.visits++
	}
	switch {
	case p.closing:
		return "Aborted"
	case scheme != "http" && scheme != "https":
		return "BlockedByClient"
	case p.requests > maxRequests:
		p.add(LimitRequests)
		return "BlockedByClient"
	case over:
		p.add(LimitBytes)
		return "BlockedByClient"
	case main && p.visits > maxNavigations:
		p.add(LimitNavigations)
		return "Aborted"
	}
	return ""
}

// declines reports whether the page's own document is nothing to be rendered.
// The caller holds p.mu.
func (p *page) declines(r *pausedRequest) bool {
	mediaType, _, err := mime.ParseMediaType(r.header("Content-Type"))
	disposition, _, _ := mime.ParseMediaType(r.header("Content-Disposition"))
	html := mediaType == "text/html" || mediaType == "application/xhtml+xml" || mediaType == "" && err != nil
	if html && disposition != "attachment" && r.Status != http.StatusNoContent && r.Status != http.StatusResetContent {
		return false
	}
	if p.loaded || p.visits > 1 {
		return true // the page wants to save something, or to go on to what is no page: it stays
	}
	p.notPage, p.mediaType = true, mediaType
	return true
}

// document keeps a document and hands the browser the very bytes that are kept.
// Where the browser has something to say of the connection, the response goes on
// as it came, since one that is made anew would not have it.
func (p *page) document(session string, r *pausedRequest) {
	coding := r.header("Content-Encoding")
	if strings.HasPrefix(r.Request.URL, "https:") && (coding == "" || strings.EqualFold(coding, "identity")) && p.asItCame() {
		p.passOn(session, r)
		return
	}
	body := p.drain(session, r.ID)
	p.keepDocument(r.Network, r.Request.URL, body)
	fields := make([]headerField, 0, len(r.Fields))
	for _, f := range r.Fields {
		switch strings.ToLower(f.Name) {
		case "content-encoding", "content-length", "transfer-encoding":
		default:
			fields = append(fields, f)
		}
	}
	answer := map[string]any{
		"requestId": r.ID, "responseCode": r.Status, "responseHeaders": fields, "body": base64.StdEncoding.EncodeToString(body.Bytes),
	}
	if r.Phrase != "" {
		answer["responsePhrase"] = r.Phrase
	}
	p.send(session, "Fetch.fulfillRequest", answer, nil)
}

// passOn keeps a document and lets its response go on. What is not there in time
// is asked for once more, to be drained.
func (p *page) passOn(session string, r *pausedRequest) {
	ctx, cancel := context.WithTimeout(p.ctx, time.Until(p.soon)/2)
	defer cancel()
	var got struct {
		Body   string `json:"body"`
		Base64 bool   `json:"base64Encoded"`
	}
	err := p.call(ctx, session, "Fetch.getResponseBody", map[string]any{"requestId": r.ID}, &got)
	data := []byte(got.Body)
	if err == nil && got.Base64 {
		data, err = base64.StdEncoding.DecodeString(got.Body)
	}
	if err == nil && len(data) > maxDocument {
		err = errTooLarge
	}
	if err != nil {
		p.mu.Lock()
		p.anew = true
		p.mu.Unlock()
		p.send(session, "Fetch.failRequest", map[string]any{"requestId": r.ID, "errorReason": "TimedOut"}, nil)
		return
	}
	p.room(int64(len(data)))
	p.keepDocument(r.Network, r.Request.URL, &Body{Bytes: data})
	p.send(session, "Fetch.continueResponse", map[string]any{"requestId": r.ID}, nil)
}

// drain reads the body of a paused response within the limits.
func (p *page) drain(session, request string) *Body {
	ctx, cancel := context.WithTimeout(p.ctx, time.Until(p.soon)/2)
	defer cancel()
	body := &Body{}
	cut := func(err error) *Body {
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			body.Truncated = fetch.Time
			p.limit(LimitTime)
		case p.proxy.overrun():
			body.Truncated = fetch.Length
			p.limit(LimitBytes)
		default:
			body.Truncated = fetch.Disconnect
		}
		return body
	}
	var taken struct {
		Stream string `json:"stream"`
	}
	if err := p.call(ctx, session, "Fetch.takeResponseBodyAsStream", map[string]any{"requestId": request}, &taken); err != nil {
		return cut(err)
	}
	defer p.send(session, "IO.close", map[string]any{"handle": taken.Stream}, nil)
	for size := 256; ; {
		asked := time.Now()
		data, eof, err := p.readStream(ctx, session, taken.Stream, size)
		if err != nil {
			return cut(err)
		}
		// A read waits until there is as much as it asks for.
		if time.Since(asked) < 50*time.Millisecond {
			size = min(2*size, 8<<10)
		} else {
			size = 256
		}
		if room := maxDocument - len(body.Bytes); len(data) > room || !p.room(int64(len(data))) {
			body.Bytes = append(body.Bytes, data[:min(room, len(data))]...)
			body.Truncated = fetch.Length
			p.limit(LimitBytes)
			return body
		}
		body.Bytes = append(body.Bytes, data...)
		if eof {
			return body
		}
	}
}

// readStream reads a part of what the browser holds for us.
func (p *page) readStream(ctx context.Context, session, stream string, size int) (data []byte, eof bool, err error) {
	var part struct {
		Base64 bool   `json:"base64Encoded"`
		Data   string `json:"data"`
		EOF    bool   `json:"eof"`
	}
	if err := p.call(ctx, session, "IO.read", map[string]any{"handle": stream, "size": size}, &part); err != nil {
		return nil, false, err
	}
	if !part.Base64 {
		return []byte(part.Data), part.EOF, nil
	}
	data, err = base64.StdEncoding.DecodeString(part.Data)
	return data, part.EOF, err
}

// room takes bytes from what may be kept of the page, unless there are too few.
func (p *page) room(n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept+n > p.options.MaxBytes {
		return false
	}
	p.kept += n
	return true
}

// plainly reports whether documents are asked for without content-coding, so that
// what is kept is what was sent.
func (p *page) plainly() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.coded
}

func (p *page) asItCame() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.anew
}
