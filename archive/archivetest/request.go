package archivetest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// Request is a request that arrived.
type Request struct {
	Time   time.Time
	URL    string // as pages are named
	Method string
	Head   []byte // exactly as it came, with the empty line at its end
	Answer []byte // the head it was answered with, exactly as sent, without Page.Before; nil for Page.Raw
	Conn   int    // serial number of the connection, from 1
	TLS    bool
}

// Get returns the value of a field of the request's head, "" when absent.
func (r Request) Get(name string) string {
	for line := range strings.Lines(string(r.Head)) {
		field, value, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(field, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Requests returns the requests for an address in the order of their arrival;
// for "" those for all addresses.
func (w *Web) Requests(address string) []Request {
	if address != "" {
		address = w.key(address)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requestsFor(address)
}

func (w *Web) requestsFor(key string) []Request {
	var found []Request
	for _, r := range w.requests {
		if key == "" || r.URL == key {
			found = append(found, r)
		}
	}
	return found
}

// Await returns as soon as n requests for the address have arrived, and
// reports a mistake after ten seconds.
func (w *Web) Await(address string, n int) {
	key := w.key(address)
	expired := false
	timer := time.AfterFunc(10*time.Second, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		expired = true
		w.changed.Broadcast()
	})
	defer timer.Stop()
	w.mu.Lock()
	for len(w.requestsFor(key)) < n && !expired && !w.closed {
		w.changed.Wait()
	}
	arrived := len(w.requestsFor(key))
	w.mu.Unlock()
	if arrived < n {
		w.fail("%d requests for %s arrived, want %d", arrived, address, n)
	}
}

func (w *Web) record(r Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r)
	w.changed.Broadcast()
}

// maxRequestHead bounds what the server reads of a request.
const maxRequestHead = 1 << 20

// incoming is a request while it is being answered.
type incoming struct {
	Request
	target string
	header textproto.MIMEHeader
}

// readRequest reads one request and throws its body away.
func readRequest(br *bufio.Reader) (*incoming, error) {
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		line, err := br.ReadSlice('\n')
		head = append(head, line...)
		if err != nil && err != bufio.ErrBufferFull {
			return nil, err
		}
		if len(head) > maxRequestHead {
			return nil, fmt.Errorf("a request head of more than %d bytes", maxRequestHead)
		}
	}
	first, rest, _ := bytes.Cut(head, []byte("\r\n"))
	words := strings.Split(string(first), " ")
	if len(words) != 3 {
		return nil, fmt.Errorf("a request line %q", first)
	}
	header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(rest))).ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	if length, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
		if _, err := io.CopyN(io.Discard, br, length); err != nil {
			return nil, err
		}
	}
	in := &incoming{target: words[1], header: header}
	in.Time, in.Method, in.Head = time.Now(), words[0], head
	return in, nil
}
