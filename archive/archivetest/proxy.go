package archivetest

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Proxy is a proxy on loopback, HTTP (CONNECT) and SOCKS5 alike, which keeps
// account of what it was asked for.
type Proxy struct {
	listener net.Listener
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	ctx      context.Context
	running  sync.WaitGroup
	stop     func()

	mu       sync.Mutex
	asked    []string
	user     string
	password string
}

// StartProxy starts a proxy that connects by this dialer, such as that of a
// [Web]; nil connects to what it is asked for. The caller closes it.
func StartProxy(dial func(ctx context.Context, network, address string) (net.Conn, error)) (*Proxy, error) {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening on loopback: %w", err)
	}
	p := &Proxy{listener: listener, dial: dial}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(c) })
		}
	})
	return p, nil
}

// Close stops the proxy, ends all connections and waits for its goroutines.
func (p *Proxy) Close() {
	p.listener.Close()
	p.stop()
	p.running.Wait()
}

// Addr returns the listener's address, 127.0.0.1 and a port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Demand lets nobody through from now on without this user name and password.
func (p *Proxy) Demand(user, password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.user, p.password = user, password
}

// Asked returns the host:port of every request for a connection, in order.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *Proxy) serve(c net.Conn) {
	defer c.Close()
	defer context.AfterFunc(p.ctx, func() { c.Close() })()
	br := bufio.NewReader(c)
	first, err := br.Peek(1)
	if err != nil {
		return
	}
	serve := p.serveHTTP
	if first[0] == 5 {
		serve = p.serveSOCKS
	}
	to := serve(c, br)
	if to == nil {
		return
	}
	defer to.Close()
	defer context.AfterFunc(p.ctx, func() { to.Close() })()
	var both sync.WaitGroup
	both.Go(func() { io.Copy(to, br); to.Close() })
	both.Go(func() { io.Copy(c, to); c.Close() })
	both.Wait()
}

// reach connects to what was asked for, nil when it cannot.
func (p *Proxy) reach(address string) net.Conn {
	p.mu.Lock()
	p.asked = append(p.asked, address)
	p.mu.Unlock()
	c, err := p.dial(p.ctx, "tcp", address)
	if err != nil {
		return nil
	}
	return c
}

func (p *Proxy) serveHTTP(c net.Conn, br *bufio.Reader) net.Conn {
	request, err := http.ReadRequest(br)
	if err != nil || request.Method != http.MethodConnect {
		fmt.Fprint(c, "HTTP/1.1 405 Method Not Allowed\r\n\r\n")
		return nil
	}
	p.mu.Lock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password))
	allowed := p.user == "" || request.Header.Get("Proxy-Authorization") == want
	p.mu.Unlock()
	if !allowed {
		fmt.Fprint(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n")
		return nil
	}
	to := p.reach(request.Host)
	if to == nil {
		fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
		return nil
	}
	fmt.Fprint(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	return to
}

// serveSOCKS answers as RFC 1928 and RFC 1929 say.
func (p *Proxy) serveSOCKS(c net.Conn, br *bufio.Reader) net.Conn {
	take := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(br, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	take(int(take(2)[1])) // version, methods
	p.mu.Lock()
	user, password := p.user, p.password
	p.mu.Unlock()
	if user == "" {
		c.Write([]byte{5, 0})
	} else {
		c.Write([]byte{5, 2})
		gotUser := string(take(int(take(2)[1])))
		gotPassword := string(take(int(take(1)[0])))
		if gotUser != user || gotPassword != password {
			c.Write([]byte{1, 1})
			return nil
		}
		c.Write([]byte{1, 0})
	}
	host := ""
	switch kind := take(4)[3]; kind {
	case 1:
		host = netip.AddrFrom4([4]byte(take(4))).String()
	case 4:
		host = netip.AddrFrom16([16]byte(take(16))).String()
	case 3:
		host = string(take(int(take(1)[0])))
	}
	port := take(2)
	to := p.reach(net.JoinHostPort(strings.TrimSpace(host), fmt.Sprint(int(port[0])<<8|int(port[1]))))
	if to == nil {
		c.Write([]byte{5, 4, 0, 1, 0, 0, 0, 0, 0, 0})
		return nil
	}
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return to
}
