package archivetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"time"
)

// Cert is what a host proves itself with.
type Cert int

// The certificates.
const (
	Good       Cert = iota
	Expired         // ended in 2021
	WrongName       // for elsewhere.example
	SelfSigned      // by a key that nobody knows
)

// Certificate sets what the host shows in TLS handshakes from now on.
func (w *Web) Certificate(name string, cert Cert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.host(name).cert = cert
}

// RootCAs returns a pool with the authority that vouches for the web's hosts.
func (w *Web) RootCAs() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(w.ca.cert)
	return pool
}

// RootPEM returns the authority's certificate, for other processes.
func (w *Web) RootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.ca.cert.Raw})
}

func (w *Web) tlsConfig(dialled string) *tls.Config {
	return &tls.Config{
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := hello.ServerName
			if name == "" { // addresses are not sent: RFC 6066 §3
				name = hostname(dialled)
			}
			w.mu.Lock()
			cert := Good
			if h := w.hosts[name]; h != nil {
				cert = h.cert
			}
			w.mu.Unlock()
			return w.ca.issue(name, cert)
		},
	}
}

// authority is a certificate authority that lives as long as its web.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey

	mu     sync.Mutex
	serial int64
	issued map[issue]*tls.Certificate
}

type issue struct {
	name string
	cert Cert
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "archivetest authority"},
		NotBefore:             date(2000),
		NotAfter:              date(2100),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{cert: cert, key: key, serial: 1, issued: map[issue]*tls.Certificate{}}, nil
}

// issue makes the certificate, or finds the one made before.
func (a *authority) issue(name string, kind Cert) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if cert := a.issued[issue{name, kind}]; cert != nil {
		return cert, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    date(2020),
		NotAfter:     date(2090),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	parent, signer := a.cert, a.key
	switch kind {
	case Expired:
		template.NotAfter = date(2021)
	case WrongName:
		name = "elsewhere.example"
	case SelfSigned:
		parent, signer = template, key
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	chain := [][]byte{der}
	if kind != SelfSigned {
		chain = append(chain, a.cert.Raw)
	}
	cert := &tls.Certificate{Certificate: chain, PrivateKey: key}
	a.issued[issue{template.Subject.CommonName, kind}] = cert
	return cert, nil
}

func date(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
