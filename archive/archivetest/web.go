package archivetest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Web is a fake web. Its methods may be called from any goroutine, while
// clients are being served.
type Web struct {
	listener net.Listener
	fail     func(format string, args ...any)
	ca       *authority
	done     chan struct{} // closed by Close
	running  sync.WaitGroup

	mu       sync.Mutex
	changed  *sync.Cond // a request was recorded, or the web was closed
	closed   bool
	sites    map[string]*site // by address as it stands in URLs
	unknown  *Page            // for all other addresses; nil: 404
	hosts    map[string]*host // by name, without port
	conns    map[net.Conn]int // open connections and their serial numbers
	accepted int
	requests []Request
}

// NewWeb starts a web that is closed when the test ends. Mistakes in its use,
// such as editing a page that does not exist, end the test.
func NewWeb(tb testing.TB) *Web {
	tb.Helper()
	w, err := Start(tb.Fatalf)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Close)
	return w
}

// Start starts a web outside a test: for TestMain, for a command of a test
// script. The caller closes it. Mistakes in its use are told to fail, which
// must not return; nil panics.
func Start(fail func(format string, args ...any)) (*Web, error) {
	if fail == nil {
		fail = func(format string, args ...any) { panic(fmt.Sprintf("archivetest: "+format, args...)) }
	}
	ca, err := newAuthority()
	if err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	w := &Web{
		listener: listener,
		fail:     fail,
		ca:       ca,
		done:     make(chan struct{}),
		sites:    map[string]*site{},
		hosts:    map[string]*host{},
		conns:    map[net.Conn]int{},
	}
	w.changed = sync.NewCond(&w.mu)
	w.running.Go(w.accept)
	return w, nil
}

// Close stops the web, ends all connections and waits for its goroutines.
// Further calls do nothing.
func (w *Web) Close() {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.closed = true
	close(w.done)
	for c := range w.conns {
		c.Close()
	}
	w.changed.Broadcast()
	w.mu.Unlock()
	w.listener.Close()
	w.running.Wait()
}

// Addr returns the listener's address, 127.0.0.1 and a port.
func (w *Web) Addr() string { return w.listener.Addr().String() }

// Local returns the http address of a path on the listener itself, for clients
// that do not use the web's dialer.
func (w *Web) Local(path string) string { return "http://" + w.Addr() + path }

// OpenConns returns how many connections are open now.
func (w *Web) OpenConns() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

// CloseConns ends all open connections, as a server does with idle ones.
func (w *Web) CloseConns() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}

func (w *Web) accept() {
	for {
		c, err := w.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, or gone before it was accepted
			select {
			case <-w.done:
				return
			case <-time.After(10 * time.Millisecond):
				continue
			}
		}
		w.mu.Lock()
		if w.closed {
			w.mu.Unlock()
			c.Close()
			return
		}
		w.accepted++
		serial := w.accepted
		w.conns[c] = serial
		w.running.Go(func() {
			w.serveConn(c.(*net.TCPConn), serial)
			c.Close()
			w.mu.Lock()
			delete(w.conns, c)
			w.mu.Unlock()
		})
		w.mu.Unlock()
	}
}

// splitAddress takes an address apart into scheme, authority without the
// scheme's own port, and request target.
func splitAddress(address string) (scheme, authority, target string, err error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "http" && scheme != "https" {
		return "", "", "", fmt.Errorf("%q is not an http or https address", address)
	}
	rest, _, _ = strings.Cut(rest, "#")
	cut := strings.IndexAny(rest, "/?")
	if cut < 0 {
		cut = len(rest)
	}
	authority, target = rest[:cut], rest[cut:]
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	if u := (&url.URL{Host: authority}); u.Hostname() == "" || strings.Contains(authority, "@") {
		return "", "", "", fmt.Errorf("%q names no host", address)
	}
	return scheme, canonicalAuthority(scheme, authority), target, nil
}

func canonicalAuthority(scheme, authority string) string {
	authority = strings.ToLower(authority)
	if scheme == "http" {
		return strings.TrimSuffix(authority, ":80")
	}
	return strings.TrimSuffix(authority, ":443")
}

func hostname(authority string) string {
	return strings.ToLower((&url.URL{Host: authority}).Hostname())
}
