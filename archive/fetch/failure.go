package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

const maxDetail = 300

// fail makes a failure. The detail may quote what a server sent.
func fail(reason Reason, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Detail: printable(fmt.Sprintf(format, args...))}
}

func printable(s string) string {
	s = strings.Map(dropControl, strings.ToValidUTF8(s, "?"))
	if len(s) > maxDetail {
		s = strings.ToValidUTF8(s[:maxDetail-3], "") + "…"
	}
	return s
}

// headError is what is wrong with a response head.
type headError struct {
	reason Reason
	detail string
}

func (e *headError) Error() string { return e.detail }

// classify names the failure behind an error that came while doing something,
// such as "connecting".
func classify(ctx context.Context, doing string, err error) *Failure {
	reason, why := reasonOf(err), explain(err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		reason, why = Cancelled, "the caller gave up"
	case ctx.Err() != nil:
		reason, why = Timeout, "the caller's time was up"
	case reason == Timeout:
		why = "no answer in time"
	case reason == Closed:
		why = "the server closed the connection"
	case reason == PrivateAddress:
		why = addressIn(err.Error()) + " is a private, loopback or otherwise special address, which is not asked"
	case reason == Malformed || reason == HeadTooLarge:
		return fail(reason, "%s", why)
	}
	return fail(reason, "%s: %s", doing, why)
}

func reasonOf(err error) Reason {
	var (
		head  *headError
		proxy *proxyError
		dns   *net.DNSError
		wait  net.Error
	)
	switch {
	case errors.As(err, &head):
		return head.reason
	case errors.Is(err, errPrivate), errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrInvalidHostPort):
		return PrivateAddress
	case errors.As(err, &proxy):
		return ProxyFailed
	case errors.As(err, &dns):
		return DNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return Unreachable
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Reset
	case errors.As(err, &wait) && wait.Timeout():
		return Timeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return Closed
	case isTLS(err):
		return TLSFailed
	}
	return Network
}

func isTLS(err error) bool {
	var (
		record tls.RecordHeaderError
		cert   *tls.CertificateVerificationError
		alert  tls.AlertError
		shake  *handshakeError
	)
	return errors.As(err, &record) || errors.As(err, &cert) || errors.As(err, &alert) || errors.As(err, &shake)
}

// explain says in words what an error is. The errors of package net name our
// own address and resolver, which are nobody's business: those are left out.
func explain(err error) string {
	var (
		proxy   *proxyError
		op      *net.OpError
		dns     *net.DNSError
		record  tls.RecordHeaderError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		call    *os.SyscallError
	)
	switch {
	case errors.As(err, &proxy):
		return "the proxy " + proxy.proxy.String() + ": " + explain(proxy.err)
	case errors.As(err, &dns):
		return dns.Err
	case errors.As(err, &record):
		return "the server does not speak TLS on this port"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate is expired or not yet valid: it is for %s to %s",
			invalid.Cert.NotBefore.UTC().Format("2006-01-02"), invalid.Cert.NotAfter.UTC().Format("2006-01-02"))
	case errors.As(err, &name):
		return "the certificate is for another name: " + name.Error()
	case errors.As(err, &unknown):
		return "the certificate is signed by an unknown authority"
	case errors.As(err, &op) && op.Err != nil:
		return explain(op.Err)
	case errors.As(err, &call):
		return call.Err.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time"
	}
	return err.Error()
}

// addressIn finds the IP address that an error is about.
func addressIn(s string) string {
	for _, word := range strings.Fields(s) {
		word = strings.Trim(word, ",:;()\"")
		if address, err := netip.ParseAddr(word); err == nil {
			return address.String()
		}
	}
	return "it"
}

// handshakeError marks what a TLS handshake ended with.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }
