package archivetest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
)

// serveConn serves one connection until either side ends it.
func (w *Web) serveConn(tcp *net.TCPConn, serial int) {
	br := bufio.NewReader(tcp)
	dialled := w.Addr()
	if first, err := br.Peek(1); err == nil && first[0] == 0 {
		address, ok := w.answerDial(tcp, br)
		if !ok {
			return
		}
		dialled = address
	}
	first, err := br.Peek(1)
	if err != nil {
		return
	}
	var c net.Conn = tcp
	secure := first[0] == 0x16 // a TLS handshake record
	if secure {
		c = tls.Server(&buffered{Conn: tcp, br: br}, w.tlsConfig(dialled))
		br = bufio.NewReader(c)
	}
	for {
		in, err := readRequest(br)
		if err != nil {
			return
		}
		in.Conn, in.TLS = serial, secure
		scheme := "http"
		if secure {
			scheme = "https"
		}
		in.URL = scheme + "://" + canonicalAuthority(scheme, in.header.Get("Host")) + in.target
		if !w.answer(in, &wire{Conn: c, tcp: tcp, br: br}) {
			return
		}
	}
}

// buffered reads what was peeked first.
type buffered struct {
	net.Conn
	br *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.br.Read(p) }

// wire is where an answer is written to.
type wire struct {
	net.Conn
	tcp *net.TCPConn
	br  *bufio.Reader
}

// answer records the request and answers it. It returns whether the connection
// can be used for another one.
func (w *Web) answer(in *incoming, to *wire) bool {
	page := w.next(in.URL)
	if page.Raw != "" {
		w.record(in.Request)
		return to.send([]byte(page.Raw), page.Fault, BeforeHead, InHead, InBody) && page.Keep
	}
	page = page.conditional(in)
	body, err := page.coded()
	if err != nil {
		body = []byte(err.Error())
		page.Status = http.StatusInternalServerError
	}
	if page.bodiless() {
		body = nil
	}
	in.Answer = page.head(len(body))
	w.record(in.Request)

	if _, err := io.WriteString(to, page.Before); err != nil {
		return false
	}
	if !to.send(in.Answer, page.Fault, BeforeHead, InHead) {
		return false
	}
	if page.bodiless() || in.Method == http.MethodHead {
		return true
	}
	return page.sendBody(to, body)
}

// sendBody sends the body with its framing, and returns whether the connection
// can be used again.
func (p Page) sendBody(to *wire, body []byte) bool {
	if p.Endless {
		return p.sendForever(to, body)
	}
	wireBody := body
	if p.Chunked {
		wireBody = append(chunked(body), "0\r\n\r\n"...)
	}
	if !to.send(wireBody, p.Fault, InBody) {
		return false
	}
	return p.Chunked || p.Length != NoLength && p.Length <= len(body)
}

func (p Page) sendForever(to *wire, body []byte) bool {
	if len(body) == 0 {
		body = []byte("for ever and ever. ")
	}
	body = bytes.Repeat(body, 1+16_384/len(body))
	if p.Chunked {
		body = chunked(body)
	}
	for {
		if _, err := to.Write(body); err != nil {
			return false
		}
	}
}

// send writes data, which stands at these places of the answer, or as much of
// it as the fault lets through. It returns whether all was sent.
func (to *wire) send(data []byte, fault Fault, places ...Place) bool {
	if fault.act == noFault || !slices.Contains(places, fault.place) {
		_, err := to.Write(data)
		return err == nil
	}
	if fault.place != BeforeHead {
		if _, err := to.Write(data[:len(data)/2]); err != nil {
			return false
		}
	}
	switch fault.act {
	case stall:
		waitForHangUp(to.br)
	case reset:
		to.tcp.SetLinger(0)
		to.tcp.Close()
	}
	return false
}

// waitForHangUp returns when the client, or Web.Close, has ended the
// connection.
func waitForHangUp(r io.Reader) { io.Copy(io.Discard, r) }

// conditional returns the 304 answer when the request carries the page's own
// validator.
func (p Page) conditional(in *incoming) Page {
	p.ETag = p.etag()
	match := in.header.Get("If-None-Match")
	since := in.header.Get("If-Modified-Since")
	fresh := p.ETag != "" && strings.Contains(match, p.ETag) ||
		match == "" && p.Modified != "" && since == p.Modified
	if fresh && (p.Status == 0 || p.Status == http.StatusOK) {
		p.Status = http.StatusNotModified
	}
	return p
}

func (p Page) bodiless() bool {
	return p.Status == http.StatusNotModified || p.Status == http.StatusNoContent
}

// head returns the head of the answer with a body of this many bytes.
func (p Page) head(size int) []byte {
	var b bytes.Buffer
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	if p.Type == "" && size > 0 {
		p.Type = "text/html; charset=utf-8"
	}
	line("Content-Type", p.Type)
	if !p.bodiless() {
		line("Content-Encoding", p.Coding)
		line(p.framing(size))
	}
	line("ETag", p.ETag)
	line("Last-Modified", p.Modified)
	for _, l := range p.Header {
		fmt.Fprintf(&b, "%s\r\n", l)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

func (p Page) framing(size int) (name, value string) {
	switch {
	case p.Chunked:
		return "Transfer-Encoding", "chunked"
	case p.Length == NoLength || p.Endless:
		return "Connection", "close"
	case p.Length != 0:
		return "Content-Length", fmt.Sprint(p.Length)
	}
	return "Content-Length", fmt.Sprint(size)
}

// chunked cuts a body into chunks of at most 1000 bytes, without the last,
// empty one.
func chunked(body []byte) []byte {
	var b bytes.Buffer
	for len(body) > 0 {
		n := min(len(body), 1000)
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.Bytes()
}
