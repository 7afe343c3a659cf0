package fetch

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/archive/buffer"
)

// conn is a connection to one host and port.
type conn struct {
	net.Conn              // the TLS connection for https
	remote   string       // "" through a proxy
	resolved []netip.Addr // see Hop.Resolved
	tls      *TLS
	idle     time.Duration // how long a Read may take; 0 while heads are read, which have a deadline of their own

	framing  []byte // read before in
	in       []byte // received, not yet read
	received bool   // a byte of the response has arrived
	br       *bufio.Reader

	mu          sync.Mutex
	interrupted bool

	// While the connection waits in its line for the next request:
	line    *line
	watched chan struct{} // closed when the watch has ended
	quiet   bool          // the watch saw neither a byte nor an end; to be read after watched is closed
}

// past is a deadline that ends what is going on at once.
var past = time.Unix(1, 0)

// interrupt ends all reading and writing for good.
func (k *conn) interrupt() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.interrupted = true
	k.Conn.SetDeadline(past)
}

// setDeadline sets a deadline for reading and writing unless the connection
// was interrupted.
func (k *conn) setDeadline(t time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.interrupted {
		k.Conn.SetDeadline(t)
	}
}

// Read reads what was received first, then from the wire.
func (k *conn) Read(p []byte) (int, error) {
	if len(k.framing) > 0 {
		n := copy(p, k.framing)
		k.framing = k.framing[n:]
		return n, nil
	}
	if len(k.in) > 0 {
		n := copy(p, k.in)
		k.in = k.in[n:]
		return n, nil
	}
	if k.idle > 0 {
		k.setDeadline(time.Now().Add(k.idle))
	}
	return k.Conn.Read(p)
}

// readHead reads one response head of at most limit bytes from the wire. What
// arrived behind it stays in k.in.
func (k *conn) readHead(limit int) (*head, error) {
	from := 0
	for {
		if err := checkStart(k.in); err != nil {
			return nil, err
		}
		end, next, found := scanHead(k.in, from)
		if found && end <= limit {
			h, err := parseHead(k.in[:end:end])
			k.in = k.in[end:]
			return h, err
		}
		if found || len(k.in) >= limit {
			return nil, &headError{HeadTooLarge, fmt.Sprintf("a response head of more than %d bytes", maxHead)}
		}
		from = next
		if err := k.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads once from the wire into k.in.
func (k *conn) fill() error {
	if cap(k.in)-len(k.in) < 1024 {
		k.in = append(make([]byte, 0, 2*len(k.in)+4096), k.in...)
	}
	n, err := k.Conn.Read(k.in[len(k.in):cap(k.in)])
	k.in = k.in[:len(k.in)+n]
	if n > 0 {
		k.received = true
		return nil
	}
	if errors.Is(err, io.EOF) && len(k.in) > 0 {
		return fmt.Errorf("within the head: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// body starts reading the body that belongs to the head.
func (k *conn) body(h *head) (*http.Response, error) {
	k.framing = h.framing
	if k.br == nil {
		k.br = bufio.NewReader(k)
	} else {
		k.br.Reset(k)
	}
	response, err := http.ReadResponse(k.br, &http.Request{Method: http.MethodGet})
	if err != nil {
		return nil, &headError{Malformed, fmt.Sprintf("fields that do not tell where the body ends: %v", err)}
	}
	return response, nil
}

// drained reports whether nothing was received that has not been read.
func (k *conn) drained() bool {
	return len(k.in) == 0 && (k.br == nil || k.br.Buffered() == 0)
}

// content is what was read of a body.
type content struct {
	payload   *Payload // the caller closes it
	truncated Truncation
	why       string
	secret    bool // something that was sent as a secret is in it
}

// readContent reads a body up to the limit. ctx tells whether it was our time
// that was up. The error is a *buffer.WriteError.
func (k *conn) readContent(ctx context.Context, response *http.Response, limit int64, into *buffer.Pool, secret *search) (content, error) {
	expect := response.ContentLength
	body, sum := into.New(), sha256.New()
	var seen io.Writer = sum
	if secret != nil {
		seen = io.MultiWriter(sum, secret)
	}
	body.Grow(min(expect, limit) + 1)
	_, err := body.ReadFrom(io.TeeReader(io.LimitReader(response.Body, limit), seen))
	if errors.As(err, new(*buffer.WriteError)) {
		return content{}, errors.Join(err, body.Close())
	}
	c := content{payload: &Payload{Buffer: body, SHA256: [sha256.Size]byte(sum.Sum(nil))}}
	c.secret = secret != nil && secret.found
	more := 0
	if err == nil && body.Size() == limit {
		more, err = io.ReadFull(response.Body, make([]byte, 1))
	}
	switch {
	case more > 0:
		c.truncated, c.why = Length, fmt.Sprintf("the payload has more than %d bytes", limit)
	case err != nil && !errors.Is(err, io.EOF):
		var why string
		c.truncated, why = k.shortfall(ctx, err)
		of := ""
		if expect >= 0 {
			of = fmt.Sprintf(" of %d", expect)
		}
		c.why = printable(fmt.Sprintf("%s after %d%s bytes", why, body.Size(), of))
	}
	return c, nil
}

// shortfall says why a body ended too early.
func (k *conn) shortfall(ctx context.Context, err error) (Truncation, string) {
	switch reason := reasonOf(err); {
	case errors.Is(ctx.Err(), context.Canceled):
		return Time, "the caller gave up"
	case ctx.Err() != nil:
		return Time, "the time was up"
	case reason == Timeout:
		return Time, fmt.Sprintf("nothing came for %v", k.idle)
	case reason == Reset:
		return Disconnect, "the connection was reset"
	case reason == Closed:
		return Disconnect, "the connection was closed"
	}
	return Disconnect, fmt.Sprintf("broken off (%s)", explain(err))
}
