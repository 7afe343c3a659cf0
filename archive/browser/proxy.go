package browser

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Dialer connects to a host and port. It refuses what must not be reached, after
// the name has been resolved.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

const (
	maxTunnels  = 256              // connections of one page
	maxFailures = 1000             // that are remembered
	dialTime    = 20 * time.Second // for one connection
)

// proxy is the only way out of a page: HTTP and CONNECT on loopback, for those
// who know its password. It resolves no names; its dialer does. It lives as long
// as one page is looked at.
type proxy struct {
	dial     Dialer
	listener net.Listener
	server   *http.Server
	forward  *http.Transport
	password string

	ctx  context.Context
	stop context.CancelFunc
	busy sync.WaitGroup

	mu       sync.Mutex
	room     int64 // bytes that may still come in
	full     bool  // room ran out
	tunnels  int
	conns    map[net.Conn]bool
	remotes  map[string]string // host:port → the address that was dialled last
	failures map[string]error  // host:port → why it was not reached
}

const proxyUser = "walkback"

// newProxy listens on loopback. What comes in is limited to so many bytes.
func newProxy(dial Dialer, limit int64) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the browser: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &proxy{
		dial: dial, listener: listener, password: rand.Text(), ctx: ctx, stop: stop, room: limit,
		conns: map[net.Conn]bool{}, remotes: map[string]string{}, failures: map[string]error{},
	}
	p.forward = &http.Transport{
		DialContext: p.connect, DisableCompression: true, MaxResponseHeaderBytes: 256 << 10,
		IdleConnTimeout: 5 * time.Second, MaxIdleConns: 32, ForceAttemptHTTP2: false,
	}
	p.server = &http.Server{
		Handler: p, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 256 << 10, IdleTimeout: time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), BaseContext: func(net.Listener) context.Context { return ctx },
	}
	p.busy.Go(func() { _ = p.server.Serve(listener) })
	return p, nil
}

// address is what the browser is told.
func (p *proxy) address() string { return "http://" + p.listener.Addr().String() }

// enter counts one more who serves a request, unless the proxy is being closed.
func (p *proxy) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return false
	}
	p.busy.Add(1)
	return true
}

// close ends all connections and waits for those who serve them.
func (p *proxy) close() {
	p.mu.Lock()
	p.stop()
	p.mu.Unlock()
	p.server.Close()
	p.forward.CloseIdleConnections()
	p.mu.Lock()
	conns := slices.Collect(maps.Keys(p.conns))
	p.mu.Unlock()
	for _, c := range conns {
		c.Close() // which takes itself out of the list
	}
	p.busy.Wait()
}

// remote returns the address that was dialled for a host and port, "" when none
// was reached.
func (p *proxy) remote(hostPort string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.remotes[hostPort]
}

// failure returns why a host and port was not reached, nil when it was.
func (p *proxy) failure(hostPort string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failures[hostPort]
}

// overrun reports whether more came in than was allowed.
func (p *proxy) overrun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.full
}

// ServeHTTP serves one request of the browser.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.enter() {
		panic(http.ErrAbortHandler)
	}
	defer p.busy.Done()
	if !p.allowed(r) {
		w.Header().Set("Proxy-Authenticate", `Basic realm="walkback"`)
		http.Error(w, "only the browser of this run is served", http.StatusProxyAuthRequired)
		return
	}
	switch {
	case r.Method == http.MethodConnect:
		p.tunnel(w, r)
	case r.URL.Scheme == "http" && r.URL.Host != "":
		p.pass(w, r)
	default:
		http.Error(w, "only http and CONNECT are served", http.StatusBadRequest)
	}
}

// allowed compares credentials in a time that does not depend on them.
func (p *proxy) allowed(r *http.Request) bool {
	credentials := &http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
	user, password, ok := credentials.BasicAuth()
	got, want := sha256.Sum256([]byte(user+":"+password)), sha256.Sum256([]byte(proxyUser+":"+p.password))
	return ok && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

var errTunnels = errors.New("the page holds too many connections")

// connect dials, counts what comes in, and remembers what came of it.
func (p *proxy) connect(ctx context.Context, network, hostPort string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	p.mu.Lock()
	err := p.ctx.Err()
	switch {
	case err != nil:
	case p.full:
		err = errLength
	case p.tunnels >= maxTunnels:
		err = errTunnels
	}
	if err == nil {
		p.tunnels++
	}
	p.mu.Unlock()
	var c net.Conn
	if err == nil {
		if c, err = p.dial(ctx, network, hostPort); err != nil {
			p.mu.Lock()
			p.tunnels--
			p.mu.Unlock()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		if len(p.failures) < maxFailures {
			p.failures[hostPort] = err
		}
		return nil, err
	}
	delete(p.failures, hostPort)
	if addr := c.RemoteAddr(); addr != nil && len(p.remotes) < maxFailures {
		p.remotes[hostPort] = addr.String()
	}
	counted := &counted{Conn: c, proxy: p}
	p.conns[counted] = true
	if p.ctx.Err() != nil {
		go counted.Close()
		return nil, p.ctx.Err()
	}
	return counted, nil
}

var errLength = errors.New("the page has been sent as much as it may be")

// counted takes what comes in from the room of its proxy.
type counted struct {
	net.Conn
	proxy *proxy
	once  sync.Once
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.proxy.room -= int64(n); c.proxy.room < 0 {
		c.proxy.full = true
		return 0, errLength
	}
	return n, err
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.proxy.mu.Lock()
		defer c.proxy.mu.Unlock()
		c.proxy.tunnels--
		delete(c.proxy.conns, c)
	})
	return c.Conn.Close()
}

// tunnel serves CONNECT, RFC 9110 §9.3.6.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	out, err := p.connect(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, "not reached", http.StatusBadGateway)
		return
	}
	defer out.Close()
	in, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	p.mu.Lock()
	p.conns[in] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.conns, in)
		p.mu.Unlock()
	}()
	if p.ctx.Err() != nil {
		return
	}
	if _, err := io.WriteString(in, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		_, _ = io.Copy(out, buffered)
		if half, ok := out.(*counted).Conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	_, _ = io.Copy(in, out)
	out.Close()
	in.Close()
	<-up
}

// hopByHop are fields that are not passed on, RFC 9110 §7.6.1.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func dropHopByHop(h http.Header) {
	for _, line := range h["Connection"] {
		for _, name := range strings.Split(line, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
}

// pass serves a request for an http address. An answer that did not come is
// none of the proxy's making either: the connection just ends.
func (p *proxy) pass(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	dropHopByHop(out.Header)
	if len(r.Header["User-Agent"]) == 0 {
		out.Header["User-Agent"] = nil // no word of this library
	}
	if r.ContentLength == 0 {
		out.Body = nil
	}
	answer, err := p.forward.RoundTrip(out)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	dropHopByHop(answer.Header)
	for name, lines := range answer.Header {
		w.Header()[name] = lines
	}
	if _, ok := answer.Header["Date"]; !ok {
		w.Header()["Date"] = nil
	}
	if _, ok := answer.Header["Content-Type"]; !ok {
		w.Header()["Content-Type"] = nil
	}
	w.WriteHeader(answer.StatusCode)
	flusher := http.NewResponseController(w)
	block := make([]byte, 32<<10)
	for {
		n, err := answer.Body.Read(block)
		if n > 0 {
			if _, err := w.Write(block[:n]); err != nil {
				panic(http.ErrAbortHandler)
			}
			_ = flusher.Flush()
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}
