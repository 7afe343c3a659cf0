package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"
)

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
