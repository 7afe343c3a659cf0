package browser

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// chain is all the browser says of one request id: a request, or several where
// it was redirected.
type chain struct {
	records []*record
	sent    []fields // heads as they went out and came in, by record
	came    []cameHead
}

type cameHead struct {
	fields fields
	text   string // of HTTP/1, exact
}

// record is one request of the page.
type record struct {
	url, method, kind string
	session, id       string
	main              bool // for the page's own document
	begun             time.Time
	took              time.Duration
	asked, answered   fields
	status            int
	phrase, protocol  string
	mediaType         string
	tls               *security
	body              bytes.Buffer
	document          *Body // of a document that was taken off its way
	truncated         fetch.Truncation
	streaming         bool
	ended             bool
	failure           string
}

// streams reports whether the request is of a kind that never ends, or that
// nothing of the page waits for.
func (r *record) streams() bool {
	switch r.kind {
	case "eventsource", "websocket", "media", "ping", "cspviolationreport":
		return true
	}
	return false
}

// fields are header fields in the order in which the browser has them.
type fields []headerField

// UnmarshalJSON reads an object and keeps its order. The browser joins repeated
// fields by LF.
func (f *fields) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return err // null, which says nothing
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value string
		if err := d.Decode(&value); err != nil {
			return err
		}
		for _, line := range strings.Split(value, "\n") {
			*f = append(*f, headerField{Name: name.(string), Value: line})
		}
	}
	return nil
}

type security struct {
	Protocol string `json:"protocol"`
	Cipher   string `json:"cipher"`
}

type response struct {
	URL       string    `json:"url"`
	Status    int       `json:"status"`
	Phrase    string    `json:"statusText"`
	Fields    fields    `json:"headers"`
	MediaType string    `json:"mimeType"`
	Protocol  string    `json:"protocol"`
	Security  *security `json:"securityDetails"`
}

// networkEvent is what the browser says of a request: the fields of all its
// events together.
type networkEvent struct {
	ID       string `json:"requestId"`
	Loader   string `json:"loaderId"`
	Frame    string `json:"frameId"`
	Type     string `json:"type"`
	URL      string `json:"url"`
	Data     string `json:"data"`
	Error    string `json:"errorText"`
	Fields   fields `json:"headers"`
	HeadText string `json:"headersText"`
	Request  struct {
		URL    string `json:"url"`
		Method string `json:"method"`
		Fields fields `json:"headers"`
	} `json:"request"`
	Redirect *response `json:"redirectResponse"`
	Response *response `json:"response"`
}

// chainOf returns the requests of one id, or nil when there are too many ids.
func (p *page) chainOf(id string) *chain {
	c := p.chains[id]
	if c == nil && len(p.chains) <= 2*maxRequests {
		c = &chain{}
		p.chains[id] = c
	}
	return c
}

// heard is what the browser says of the network.
func (p *page) heard(ev event) {
	if !strings.HasPrefix(ev.Method, "Network.") {
		return
	}
	var said networkEvent
	if json.Unmarshal(ev.Params, &said) != nil || said.ID == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.chainOf(said.ID)
	if c == nil {
		return
	}
	var last *record
	if n := len(c.records); n > 0 {
		last = c.records[n-1]
	}
	switch ev.Method {
	case "Network.requestWillBeSent":
		if last != nil && said.Redirect != nil {
			last.answer(said.Redirect)
			last.end()
		}
		p.begin(c, &record{
			url: said.Request.URL, method: said.Request.Method, kind: strings.ToLower(said.Type), asked: said.Request.Fields,
			main: said.Type == "Document" && said.Frame == p.target && said.ID == said.Loader, session: ev.Session, id: said.ID,
		})
	case "Network.webSocketCreated":
		p.begin(c, &record{url: said.URL, method: http.MethodGet, kind: "websocket", session: ev.Session, id: said.ID})
	case "Network.requestWillBeSentExtraInfo":
		c.sent = append(c.sent, said.Fields)
	case "Network.responseReceivedExtraInfo":
		c.came = append(c.came, cameHead{said.Fields, said.HeadText})
	case "Network.responseReceived", "Network.webSocketHandshakeResponseReceived":
		if last != nil && said.Response != nil {
			last.answer(said.Response)
			p.active = time.Now()
		}
	case "Network.dataReceived":
		if last != nil && said.Data != "" {
			p.append(last, said.Data)
		}
	case "Network.loadingFinished", "Network.webSocketClosed":
		if last != nil {
			last.end()
			p.active = time.Now()
			p.fetchBody(last)
		}
	case "Network.loadingFailed":
		if last != nil {
			last.failure = said.Error
			last.end()
			p.active = time.Now()
		}
	}
}

// begin notes a request. The caller holds p.mu.
func (p *page) begin(c *chain, r *record) {
	scheme, _, _ := strings.Cut(r.url, ":")
	if scheme == "data" || scheme == "blob" {
		return // nothing is asked of anybody
	}
	r.begun = time.Now()
	c.records = append(c.records, r)
	if len(p.order) < maxRequests+maxResources {
		p.order = append(p.order, r)
	}
	p.active = r.begun
}

func (r *record) answer(a *response) {
	r.status, r.phrase, r.protocol, r.mediaType, r.answered = a.Status, a.Phrase, a.Protocol, a.MediaType, a.Fields
	if a.Security != nil {
		r.tls = a.Security
	}
}

func (r *record) end() {
	if !r.ended {
		r.ended, r.took = true, time.Since(r.begun)
	}
}

// stream asks for the bytes of a response as they come, before it is asked for.
func (p *page) stream(session, id string) {
	p.send(session, "Network.streamResourceContent", map[string]any{"requestId": id}, func(result json.RawMessage, err error) {
		var buffered struct {
			Data string `json:"bufferedData"`
		}
		if err != nil || json.Unmarshal(result, &buffered) != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if c := p.chains[id]; c != nil && len(c.records) > 0 {
			last := c.records[len(c.records)-1]
			last.streaming = true
			if buffered.Data != "" {
				p.append(last, buffered.Data)
			}
		}
	})
}

// append keeps a part of a body. The caller holds p.mu.
func (p *page) append(r *record, encoded string) {
	if r.document != nil || r.truncated != "" {
		return
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return
	}
	room := min(maxResource-r.body.Len(), int(max(p.options.MaxBytes-p.kept, 0)))
	if len(data) > room {
		data, r.truncated = data[:room], fetch.Length
	}
	r.body.Write(data)
	p.kept += int64(len(data))
}

// fetchBody asks for a body that was not streamed: of a worker's script, say. The
// caller holds p.mu.
func (p *page) fetchBody(r *record) {
	if r.streaming || r.document != nil || r.main || r.status == 0 || r.kind == "websocket" || p.closing {
		return
	}
	r.streaming = true // once
	session, id := r.session, r.id
	go p.send(session, "Network.getResponseBody", map[string]any{"requestId": id}, func(result json.RawMessage, err error) {
		var got struct {
			Body   string `json:"body"`
			Base64 bool   `json:"base64Encoded"`
		}
		if err != nil || json.Unmarshal(result, &got) != nil || got.Body == "" {
			return
		}
		if !got.Base64 {
			got.Body = base64.StdEncoding.EncodeToString([]byte(got.Body))
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.append(r, got.Body)
	})
}

// keepDocument keeps a document with the request that it answers.
func (p *page) keepDocument(id, address string, body *Body) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.chains[id]
	if c == nil {
		return
	}
	for _, r := range slices.Backward(c.records) {
		if r.url == address || strings.HasPrefix(r.url, address+"#") {
			r.document, r.truncated = body, body.Truncated
			return
		}
	}
}

// report writes down what was asked and answered.
func (p *page) report(r *Rendering) {
	p.mu.Lock()
	defer p.mu.Unlock()
	index := map[*record]int{}
	for _, c := range p.chains {
		for i, rec := range c.records {
			index[rec] = i
		}
	}
	for _, rec := range p.order {
		c, i := p.chains[rec.id], index[rec]
		hop := p.hop(rec, c, i)
		if rec.main {
			if hop.TLS != nil && hostPort(hop.URL) == hostPort(r.FinalURL) {
				hop.TLS.Chain = r.chain
			}
			r.Hops = append(r.Hops, hop)
			r.Document = rec.document
			continue
		}
		if len(r.Resources) == maxResources {
			p.add(LimitRequests)
			break
		}
		resource := Resource{Hop: hop, Kind: rec.kind, MediaType: rec.mediaType, Failure: rec.failure}
		switch {
		case rec.document != nil:
			resource.Body = rec.document
		case rec.status != 0 && rec.body.Len() > 0:
			resource.Body = &Body{Bytes: rec.body.Bytes(), Truncated: rec.truncated}
			if resource.Body.Truncated == "" && !rec.ended {
				resource.Body.Truncated = fetch.Time
			}
		}
		r.Resources = append(r.Resources, resource)
	}
	if p.proxy.overrun() {
		p.add(LimitBytes)
	}
	r.Limits, r.NotPage, r.MediaType = p.limits, p.notPage, p.mediaType
}

// hop makes the record of one request and its response.
func (p *page) hop(rec *record, c *chain, i int) fetch.Hop {
	hop := fetch.Hop{URL: withoutFragment(rec.url), Started: p.wall(rec.begun), Duration: rec.took, Status: rec.status}
	if rec.status != 0 || rec.failure == "" {
		hop.RemoteAddr = p.proxy.remote(hostPort(rec.url))
	}
	asked, answered, text := rec.asked, rec.answered, ""
	if i < len(c.sent) {
		asked = c.sent[i]
	}
	if i < len(c.came) {
		if answered = c.came[i].fields; answered == nil {
			answered = rec.answered
		}
		text = c.came[i].text
	}
	var redacted []string
	hop.Request = requestHead(rec, asked, &redacted)
	if rec.status != 0 {
		hop.Response = responseHead(rec, answered, text, &redacted)
		hop.Header = http.Header{}
		for _, f := range answered {
			value := f.Value
			if secret(f.Name) {
				value = redaction
			}
			hop.Header.Add(f.Name, value)
		}
	}
	if rec.tls != nil {
		hop.TLS = &fetch.TLS{Version: rec.tls.Protocol, Cipher: rec.tls.Cipher, ServerName: hostname(rec.url)}
	}
	hop.Redacted = redacted
	return hop
}

// wall turns a moment of the steady clock into a time of the clock of the records.
func (p *page) wall(t time.Time) time.Time {
	return p.options.Now().Add(-time.Since(t))
}

func withoutFragment(address string) string {
	address, _, _ = strings.Cut(address, "#")
	return address
}

func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// hostPort returns what a proxy is asked to connect to for an address.
func hostPort(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" || u.Scheme == "ws" {
			port = "80"
		}
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

const redaction = "[redacted]"

func secret(name string) bool {
	switch name = strings.ToLower(name); name {
	case "cookie", "set-cookie", "authorization":
		return true
	}
	return strings.HasPrefix(name, "proxy-")
}

// requestHead writes what the browser reports in the form of HTTP/1.1.
func requestHead(r *record, asked fields, redacted *[]string) []byte {
	u, err := url.Parse(r.url)
	if err != nil {
		return nil
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\n", inLine(r.method), inLine(u.RequestURI()))
	if !slices.ContainsFunc(asked, func(f headerField) bool { return strings.EqualFold(f.Name, "Host") || f.Name == ":authority" }) {
		fmt.Fprintf(&head, "Host: %s\r\n", inLine(u.Host))
	}
	writeFields(&head, "request", asked, redacted)
	return head.Bytes()
}

func responseHead(r *record, answered fields, text string, redacted *[]string) []byte {
	version := "HTTP/1.1"
	switch r.protocol {
	case "h2":
		version = "HTTP/2"
	case "h3":
		version = "HTTP/3"
	case "http/1.0":
		version = "HTTP/1.0"
	}
	status := fmt.Sprintf("%s %d %s", version, r.status, inLine(r.phrase))
	if line, _, ok := strings.Cut(text, "\r\n"); ok && strings.HasPrefix(line, "HTTP/") {
		status = inLine(line)
	}
	var head bytes.Buffer
	head.WriteString(strings.TrimRight(status, " ") + "\r\n")
	writeFields(&head, "response", answered, redacted)
	return head.Bytes()
}

func writeFields(head *bytes.Buffer, side string, all fields, redacted *[]string) {
	for _, f := range all {
		name, value := f.Name, f.Value
		switch {
		case name == ":authority":
			name = "host"
		case strings.HasPrefix(name, ":"), side == "request" && strings.HasPrefix(strings.ToLower(name), "proxy-"):
			continue // of the protocol, or for our proxy alone
		}
		if secret(name) {
			value = redaction
			if word := side + " " + http.CanonicalHeaderKey(name); !slices.Contains(*redacted, word) {
				*redacted = append(*redacted, word)
			}
		}
		fmt.Fprintf(head, "%s: %s\r\n", inLine(name), inLine(value))
	}
	head.WriteString("\r\n")
}

// inLine keeps what a hostile server says within its line.
func inLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, s)
}
