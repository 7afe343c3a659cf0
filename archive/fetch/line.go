package fetch

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"
)

// line is where requests to one host and port wait for their turn.
type line struct {
	name  string
	turn  chan struct{} // full while somebody has the turn; senders wait in order
	idle  *conn         // left open by the one before
	users int           // in line or having the turn
}

// enter waits for the turn at a host and port. The caller leaves the line
// again unless there was an error, which is ctx's.
func (c *Client) enter(ctx context.Context, hostPort string) (*line, error) {
	c.mu.Lock()
	l := c.lines[hostPort]
	if l == nil {
		l = &line{name: hostPort, turn: make(chan struct{}, 1)}
		c.lines[hostPort] = l
	}
	l.users++
	c.mu.Unlock()
	select {
	case l.turn <- struct{}{}:
		return l, nil
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drop(l)
		return nil, ctx.Err()
	}
}

// leave ends the caller's turn.
func (c *Client) leave(l *line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	<-l.turn
	c.drop(l)
}

// drop takes one user off the line, and forgets the line when nothing is left
// of it. The caller holds c.mu.
func (c *Client) drop(l *line) {
	l.users--
	if l.users == 0 && l.idle == nil {
		delete(c.lines, l.name)
	}
}

// park keeps a connection open for the next request in its line. Until then it
// is watched: the server may end it, or say something unasked that must not be
// taken for an answer.
func (c *Client) park(l *line, k *conn) {
	k.line, k.quiet, k.watched = l, false, make(chan struct{})
	k.Conn.SetDeadline(time.Now().Add(keepIdle))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		k.Conn.Close()
		return
	}
	if len(c.idle) >= maxIdle {
		oldest := c.idle[0]
		c.unpark(oldest)
		oldest.Conn.Close() // ends its watch
	}
	l.idle = k
	c.idle = append(c.idle, k)
	c.watches.Go(func() { c.watch(k) })
}

// watch reads until the connection is taken, has waited too long, or says
// something.
func (c *Client) watch(k *conn) {
	defer close(k.watched)
	var b [1]byte
	_, err := k.Conn.Read(b[:])
	k.quiet = errors.Is(err, os.ErrDeadlineExceeded)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unpark(k) {
		k.Conn.Close()
	}
}

// unpark takes the connection out of its line. It returns false when somebody
// else has done so before. The caller holds c.mu.
func (c *Client) unpark(k *conn) bool {
	if k.line == nil {
		return false
	}
	l := k.line
	k.line, l.idle = nil, nil
	if l.users == 0 {
		delete(c.lines, l.name)
	}
	i := slices.Index(c.idle, k)
	c.idle = slices.Delete(c.idle, i, i+1)
	return true
}

// take returns the connection that was left open in the line, or nil when
// there is none that can be trusted. The caller has the turn.
func (c *Client) take(l *line, secure bool) *conn {
	c.mu.Lock()
	k := l.idle
	if k != nil {
		c.unpark(k)
	}
	c.mu.Unlock()
	if k == nil {
		return nil
	}
	k.Conn.SetReadDeadline(past)
	<-k.watched
	if !k.quiet || secure != (k.tls != nil) {
		k.Conn.Close()
		return nil
	}
	return k
}
