package timestamp

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"slices"
)

// Authority is a time stamping authority as somebody trusts it.
type Authority struct {
	Name      string
	Roots     []*x509.Certificate // that its chains must end in
	Others    []*x509.Certificate // that may be missing in its tokens
	Policies  []string            // dotted OIDs that it stamps under; none: any
	Qualified bool                // said to be a qualified service (eIDAS)
}

// maxPEM bounds a file of roots, in bytes.
const maxPEM = 256 << 10

// ParseRoots reads certificates, PEM or one in DER. Roots are the self-signed
// ones or, when there is none, all that may issue certificates; what remains is
// there to complete chains. Without a root it is an *Error.
func ParseRoots(data []byte) (roots, others []*x509.Certificate, err error) {
	if len(data) > maxPEM {
		return nil, nil, malformed("the certificates have %d bytes, more than %d", len(data), maxPEM)
	}
	all, err := parseCertificates(data)
	if err != nil {
		return nil, nil, err
	}
	isRoot := isSelfSigned
	if !slices.ContainsFunc(all, isSelfSigned) {
		isRoot = func(c *x509.Certificate) bool { return c.IsCA }
	}
	for _, c := range all {
		if isRoot(c) {
			roots = append(roots, c)
		} else {
			others = append(others, c)
		}
	}
	if len(roots) == 0 {
		return nil, nil, malformed("there is no certificate that may issue others")
	}
	return roots, others, nil
}

func parseCertificates(data []byte) (all []*x509.Certificate, err error) {
	if !bytes.Contains(data, []byte("-----BEGIN")) {
		c, err := x509.ParseCertificate(data)
		if err != nil {
			return nil, malformed("it is neither PEM nor a certificate in DER: %v", err)
		}
		return []*x509.Certificate{c}, nil
	}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return all, nil
		}
		if block.Type != "CERTIFICATE" {
			return nil, malformed("it holds a %.40q, not only certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, malformed("certificate %d cannot be read: %v", len(all)+1, err)
		}
		if all = append(all, c); len(all) > maxCertificates {
			return nil, malformed("there are more than %d certificates", maxCertificates)
		}
	}
}

// EncodePEM returns certificates as PEM, each after the one before.
func EncodePEM(certificates ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certificates {
		// A bytes.Buffer has no error, and the block no headers.
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.Bytes()
}

func isSelfSigned(c *x509.Certificate) bool {
	return c.IsCA && bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(c) == nil
}
