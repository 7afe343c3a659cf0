package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"time"

	"code.dny.dev/ssrf"
)

// errPrivate is the reason for not using a connection that a caller's dialer
// made.
var errPrivate = errors.New("an address that is not public")

// DialFunc connects to host:port, as net.Dialer.DialContext does.
type DialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// GuardedDialer returns a dialer under the rules of a Client with the same
// options, for what goes out to the network by other means than a Client:
// special addresses are refused unless AllowPrivate, and Via is gone through.
func GuardedDialer(o Options) DialFunc { return newDialer(o.withDefaults()) }

// IsPrivate reports whether an error of a GuardedDialer is its refusal of a
// special address.
func IsPrivate(err error) bool { return reasonOf(err) == PrivateAddress }

// newDialer returns the dialer of a Client, which refuses special addresses
// before anything is sent to them.
func newDialer(o Options) DialFunc {
	guard := ssrf.New(ssrf.WithAnyPort())
	if o.Via != nil {
		return o.Via.dialer(o, guard)
	}
	if o.DialContext == nil {
		dialer := &net.Dialer{Resolver: o.Resolver, KeepAlive: -1}
		if !o.AllowPrivate {
			dialer.Control = guard.Safe
		}
		return traced(dialer.DialContext)
	}
	if o.AllowPrivate {
		return traced(o.DialContext)
	}
	return traced(func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := o.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := checkRemote(guard, nc.RemoteAddr()); err != nil {
			nc.Close()
			return nil, err
		}
		return nc, nil
	})
}

func checkRemote(guard *ssrf.Guardian, addr net.Addr) error {
	if addr == nil {
		return fmt.Errorf("%w: the dialer's connection has none", errPrivate)
	}
	remote, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return fmt.Errorf("%w: %q cannot be checked", errPrivate, addr)
	}
	return guard.SafeAddr(remote.Addr())
}

// lookup notes every address that a name had when it was dialled. It travels in
// the context of the dial.
type lookup struct{ addrs []netip.Addr }

type lookupKey struct{}

func (l *lookup) note(addrs ...netip.Addr) {
	for _, addr := range addrs {
		if addr = addr.Unmap(); !slices.Contains(l.addrs, addr) {
			l.addrs = append(l.addrs, addr)
		}
	}
}

// traced lets the resolver beneath a dialer tell the lookup in the context what
// it found: the very answer that was dialled, and not one of a second look-up.
func traced(dial DialFunc) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if l, ok := ctx.Value(lookupKey{}).(*lookup); ok {
			ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{DNSDone: func(found httptrace.DNSDoneInfo) {
				for _, each := range found.Addrs {
					if addr, ok := netip.AddrFromSlice(each.IP); ok {
						l.note(addr)
					}
				}
			}})
		}
		return dial(ctx, network, address)
	}
}

// connect dials, shakes hands, and says in the hop how far it came.
func (c *Client) connect(ctx context.Context, at *address, by time.Time, hop *Hop) (*conn, string, error) {
	ctx, cancel := context.WithDeadline(ctx, by)
	defer cancel()
	found := &lookup{}
	nc, err := c.dial(context.WithValue(ctx, lookupKey{}, found), "tcp", at.hostPort())
	hop.Resolved = found.addrs
	if err != nil {
		return nil, "connecting to " + at.hostPort(), err
	}
	k := &conn{Conn: nc, resolved: found.addrs}
	if addr := nc.RemoteAddr(); addr != nil && c.options.Via == nil {
		k.remote = addr.String()
	}
	hop.RemoteAddr = k.remote
	if at.scheme == "http" {
		return k, "", nil
	}
	secure := tls.Client(nc, &tls.Config{
		RootCAs:    c.options.RootCAs,
		ServerName: at.serverName(),
		NextProtos: []string{"http/1.1"},
		Time:       c.options.Now,
	})
	err = secure.HandshakeContext(ctx)
	k.tls = describeTLS(secure.ConnectionState(), at.serverName(), err)
	hop.TLS = k.tls
	if err != nil {
		nc.Close()
		return nil, "TLS handshake with " + at.hostPort(), &handshakeError{err}
	}
	k.Conn = secure
	return k, "", nil
}
