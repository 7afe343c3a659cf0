package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
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
	if o.DialContext == nil {
		dialer := &net.Dialer{Resolver: o.Resolver, KeepAlive: -1}
		if !o.AllowPrivate {
			dialer.Control = guard.Safe
		}
		return dialer.DialContext
	}
	if o.AllowPrivate {
		return o.DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := o.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := checkRemote(guard, nc.RemoteAddr()); err != nil {
			nc.Close()
			return nil, err
		}
		return nc, nil
	}
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

// connect dials, shakes hands, and says in the hop how far it came.
func (c *Client) connect(ctx context.Context, at *address, by time.Time, hop *Hop) (*conn, string, error) {
	ctx, cancel := context.WithDeadline(ctx, by)
	defer cancel()
	nc, err := c.dial(ctx, "tcp", at.hostPort())
	if err != nil {
		return nil, "connecting to " + at.hostPort(), err
	}
	k := &conn{Conn: nc}
	if addr := nc.RemoteAddr(); addr != nil {
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

// describeTLS returns what is known of a connection after its handshake, or
// after one that failed because of the certificates; else nil.
func describeTLS(state tls.ConnectionState, name string, err error) *TLS {
	chain := state.PeerCertificates
	var unverified *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unverified):
		chain = unverified.UnverifiedCertificates
	case err != nil:
		return nil
	}
	d := &TLS{ServerName: name, Chain: derOf(chain)}
	if state.Version != 0 {
		d.Version = tls.VersionName(state.Version)
		d.Cipher = tls.CipherSuiteName(state.CipherSuite)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		d.ServerName = ""
	}
	return d
}

func derOf(chain []*x509.Certificate) [][]byte {
	var der [][]byte
	for _, cert := range chain {
		der = append(der, cert.Raw)
	}
	return der
}
