package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

// exchange sends the request and reads the response into the hop. It returns
// the Location of a redirect. ctx is the caller's, within ends earlier when
// the time is up.
func (f *fetch) exchange(ctx, within context.Context, l *line, at *address, request []byte, hop *Hop) (string, *Failure) {
	by := time.Now().Add(f.options.HeadTimeout)
	k, reused := f.take(l, at.scheme == "https"), true
	for {
		if k == nil {
			fresh, doing, err := f.connect(within, at, by, hop)
			if err != nil {
				return "", classify(ctx, doing, err)
			}
			k, reused = fresh, false
		}
		stop := context.AfterFunc(within, k.interrupt)
		h, doing, err := f.converse(k, by, request, hop)
		if err == nil {
			next, keep, failure := f.receive(ctx, within, k, h, at, hop)
			if stop() && keep {
				f.park(l, k)
			} else {
				k.Conn.Close()
			}
			return next, failure
		}
		stop()
		k.Conn.Close()
		if again := reasonOf(err); reused && !k.received && (again == Closed || again == Reset) {
			k = nil // the server had ended the connection meanwhile
			continue
		}
		return "", classify(ctx, doing, err)
	}
}

// converse sends the request and reads the heads that answer it.
func (f *fetch) converse(k *conn, by time.Time, request []byte, hop *Hop) (*head, string, error) {
	hop.RemoteAddr, hop.Resolved, hop.TLS = k.remote, k.resolved, k.tls
	hop.Request, hop.Interim, hop.Redacted = nil, nil, nil
	k.received, k.idle = false, 0
	k.setDeadline(by)
	if _, err := k.Conn.Write(request); err != nil {
		return nil, "sending the request", err
	}
	hop.Request = f.record(hop, request, "request ")
	left := maxHead
	for {
		h, err := k.readHead(left)
		if err != nil {
			return nil, "waiting for the response", err
		}
		if h.status >= 200 {
			return h, "", nil
		}
		if h.status == http.StatusSwitchingProtocols {
			return nil, "", &headError{Malformed, "101 Switching Protocols, which nobody asked for"}
		}
		hop.Interim = append(hop.Interim, f.record(hop, h.raw, "response ")...)
		left -= len(h.raw)
	}
}

// record returns a head as it is stored, and lists what was redacted in it.
func (f *fetch) record(hop *Hop, head []byte, side string) []byte {
	stored, names := f.secrets.redact(head)
	for _, name := range names {
		if what := side + name; !slices.Contains(hop.Redacted, what) {
			hop.Redacted = append(hop.Redacted, what)
		}
	}
	return stored
}

// receive records the final head and reads the body. It reports whether the
// connection can be used again.
func (f *fetch) receive(ctx, within context.Context, k *conn, h *head, at *address, hop *Hop) (next string, keep bool, failure *Failure) {
	hop.Response = f.record(hop, h.raw, "response ")
	response, err := k.body(h)
	if err != nil {
		return "", false, classify(ctx, "reading the response", err)
	}
	hop.Status = h.status
	f.keepCookies(at, h.header)
	next = redirectsTo(h)
	hop.Header = f.secrets.hideFields(h.header)
	limit := f.options.MaxBytes
	if most := f.request.MaxBytes; most > 0 {
		limit = most
	}
	if next != "" {
		limit = maxRedirectBody
	}
	if next == "" && f.request.Room != nil {
		if err := f.request.Room(within); err != nil {
			return "", false, classify(ctx, "waiting for room for the body", err)
		}
	}
	k.idle = f.options.IdleTimeout
	body, err := k.readContent(within, response, limit, f.request.Buffers, f.search())
	if err == nil {
		err = f.keep(body, next, hop)
	}
	if err != nil {
		f.unkept = err
		return "", false, fail(Network, "%v", err)
	}
	if body.truncated != "" && errors.Is(ctx.Err(), context.Canceled) {
		return "", false, classify(ctx, "reading the body", ctx.Err())
	}
	delimited := response.ContentLength >= 0 || len(response.TransferEncoding) > 0
	keep = body.truncated == "" && delimited && !response.Close && !h.doubtful && !h.contradictory() && k.drained()
	return next, keep, nil
}

// search looks for secrets in a body; nil when none were sent.
func (f *fetch) search() *search {
	if len(f.secrets.values) == 0 {
		return nil
	}
	return &search{secrets: &f.secrets}
}

// keep puts a body where it belongs.
func (f *fetch) keep(body content, next string, hop *Hop) (err error) {
	f.x.HoldsSecret = f.x.HoldsSecret || body.secret
	if next != "" {
		hop.BodyTruncated = body.truncated
		hop.Body, err = io.ReadAll(body.payload.Reader())
		return errors.Join(err, body.payload.Close())
	}
	f.x.Truncated, f.x.Shortfall = body.truncated, body.why
	if body.payload.Size() == 0 {
		return body.payload.Close()
	}
	f.x.Payload = body.payload
	return nil
}

// redirectsTo returns the Location of a redirect that is followed, else "".
func redirectsTo(h *head) string {
	switch h.status {
	case 301, 302, 303, 307, 308:
		return h.header.Get("Location")
	}
	return ""
}
