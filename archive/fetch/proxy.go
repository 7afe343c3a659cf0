package fetch

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/net/proxy"
)

// Proxy is a proxy that everything is asked through, so that pages are seen from
// another place.
//
// The guard against special addresses knows less behind a proxy. Addresses in
// URLs are checked as ever. Names are looked up here first, and refused when any
// of their addresses is special; names that mean this machine or this network by
// themselves (localhost, .local, .internal, .home.arpa, without a dot) are
// refused unasked. Behind socks5 the address that was checked is the one that
// the proxy is told. Behind http and socks5h the proxy is told the name: what it
// finds for a name that cannot be looked up here, or that has other addresses
// there, cannot be guarded.
type Proxy struct {
	scheme   string // http, socks5, socks5h
	address  string // host:port
	user     string
	password string
}

// ParseProxy reads the address of a proxy: http://, socks5:// or socks5h://, a
// user name and a password where it wants them, a host and a port. Its errors
// do not quote the address, which may hold a password.
func ParseProxy(s string) (*Proxy, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return nil, errors.New("the address of a proxy is like http://HOST:PORT, socks5://HOST:PORT or socks5h://USER:PASSWORD@HOST:PORT")
	case u.Scheme != "http" && u.Scheme != "socks5" && u.Scheme != "socks5h":
		return nil, fmt.Errorf("a proxy is http, socks5 or socks5h, not %q", u.Scheme)
	case u.Hostname() == "" || u.Port() == "":
		return nil, errors.New("the address of a proxy names its host and its port")
	}
	p := &Proxy{scheme: u.Scheme, address: u.Host, user: u.User.Username()}
	p.password, _ = u.User.Password()
	return p, nil
}

// String returns the address without user name and password.
func (p *Proxy) String() string { return p.scheme + "://" + p.address }

// Host returns the host and port.
func (p *Proxy) Host() string { return p.address }

// proxyError is what goes wrong between us and the proxy, or is told by it.
type proxyError struct {
	proxy *Proxy
	err   error
}

func (e *proxyError) Error() string { return "proxy " + e.proxy.String() + ": " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// dialer returns the dialer that goes through the proxy. The proxy itself may
// stand anywhere: it is the operator's own choice.
func (p *Proxy) dialer(o Options, guard *ssrf.Guardian) DialFunc {
	reach := o.reach()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		target, err := p.target(ctx, o, guard, address)
		if err != nil {
			return nil, err
		}
		var nc net.Conn
		if p.scheme == "http" {
			nc, err = p.tunnel(ctx, reach, target)
		} else {
			nc, err = p.socks(ctx, reach, target)
		}
		if err != nil {
			return nil, &proxyError{p, err}
		}
		return nc, nil
	}
}

// reach returns how the proxy itself is connected to.
func (o *Options) reach() DialFunc {
	if o.DialContext != nil {
		return o.DialContext
	}
	return (&net.Dialer{Resolver: o.Resolver, KeepAlive: -1}).DialContext
}

// ReachVia returns an error when nothing can be asked because Options.Via does not
// take a connection. Without a proxy it is nil.
func (c *Client) ReachVia(ctx context.Context) error {
	via := c.options.Via
	if via == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.HeadTimeout)
	defer cancel()
	nc, err := c.options.reach()(ctx, "tcp", via.address)
	if err != nil {
		return fmt.Errorf("the proxy %s cannot be reached: %s", via, printable(explain(err)))
	}
	return nc.Close()
}

// lookupTime bounds the look-up of a name that only the guard asks for: where
// names are looked up by the proxy, a resolver may be out of reach here.
const lookupTime = 5 * time.Second

// target returns what the proxy is told to connect to, unless it is refused.
func (p *Proxy) target(ctx context.Context, o Options, guard *ssrf.Guardian, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if u, err := parseURL(nil, "http://"+net.JoinHostPort(host, "1")+"/"); err == nil {
		host = strings.Trim(u.Hostname(), "[]") // a number becomes the address that it is
	}
	check := guard.SafeAddr
	if o.AllowPrivate {
		check = func(netip.Addr) error { return nil }
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return net.JoinHostPort(host, port), check(addr.WithZone(""))
	}
	remote := p.scheme != "socks5"
	if remote && o.AllowPrivate || isOnion(host) {
		return net.JoinHostPort(host, port), nil
	}
	if !o.AllowPrivate && isLocalName(host) {
		return "", fmt.Errorf("%w: the name %s is one of this machine or network", errPrivate, host)
	}
	within, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	addrs, err := o.Resolver.LookupNetIP(within, "ip", host)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && !remote:
		return "", err
	case err != nil:
		return net.JoinHostPort(host, port), nil
	}
	for _, addr := range addrs {
		if err := check(addr.Unmap().WithZone("")); err != nil {
			return "", err
		}
	}
	if remote {
		return net.JoinHostPort(host, port), nil
	}
	if l, ok := ctx.Value(lookupKey{}).(*lookup); ok {
		l.note(addrs...)
	}
	return net.JoinHostPort(addrs[0].Unmap().String(), port), nil
}

// isOnion reports whether a name is one that nobody may look up in the DNS
// (RFC 7686).
func isOnion(host string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".onion")
}

// isLocalName reports whether a name means this machine or this network
// wherever it is looked up: RFC 6761, RFC 6762, RFC 8375, and .internal, which
// ICANN has set aside.
func isLocalName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// tunnel asks an HTTP proxy for a connection (RFC 9110 §9.3.6), for http as for
// https: so the heads are those of the server and not the proxy's.
func (p *Proxy) tunnel(ctx context.Context, reach DialFunc, target string) (net.Conn, error) {
	nc, err := reach(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	k := &conn{Conn: nc}
	stop := context.AfterFunc(ctx, k.interrupt)
	err = p.ask(k, target)
	if !stop() {
		err = ctx.Err()
	}
	if err != nil {
		nc.Close()
		return nil, err
	}
	return nc, nil
}

func (p *Proxy) ask(k *conn, target string) error {
	request := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"
	if p.user != "" || p.password != "" {
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(p.user+":"+p.password)) + "\r\n"
	}
	if _, err := k.Conn.Write([]byte(request + "\r\n")); err != nil {
		return err
	}
	for {
		h, err := k.readHead(maxHead)
		switch {
		case err != nil:
			return err
		case h.status < 200:
			continue
		case h.status >= 300:
			return fmt.Errorf("it answered %d %s to CONNECT %s", h.status, http.StatusText(h.status), target)
		case len(k.in) > 0:
			return errors.New("it sent something before it was asked")
		}
		return nil
	}
}

// socks asks a SOCKS5 proxy for a connection (RFC 1928, RFC 1929).
func (p *Proxy) socks(ctx context.Context, reach DialFunc, target string) (net.Conn, error) {
	var auth *proxy.Auth
	if p.user != "" || p.password != "" {
		auth = &proxy.Auth{User: p.user, Password: p.password}
	}
	dialer, err := proxy.SOCKS5("tcp", p.address, auth, forward(reach))
	if err != nil {
		return nil, err
	}
	return dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
}

// forward is how the proxy itself is reached.
type forward DialFunc

func (f forward) Dial(network, address string) (net.Conn, error) {
	return f(context.Background(), network, address)
}

func (f forward) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}
