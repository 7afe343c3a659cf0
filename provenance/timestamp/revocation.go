package timestamp

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"time"
)

// MaxCRL bounds a revocation list, in bytes.
const MaxCRL = 1 << 20

// CRL is a certificate revocation list (RFC 5280 §5).
type CRL struct {
	ThisUpdate, NextUpdate time.Time
	list                   *x509.RevocationList
}

// ParseCRL reads a list in DER.
func ParseCRL(data []byte) (*CRL, error) {
	if len(data) > MaxCRL {
		return nil, malformed("the revocation list has %d bytes, more than %d", len(data), MaxCRL)
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, malformed("the revocation list cannot be read: %v", err)
	}
	return &CRL{ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate, list: list}, nil
}

var oidReason = asn1.ObjectIdentifier{2, 5, 29, 21}

// Concerns reports whether the list is by an issuer of the chain and names one of
// its certificates.
func (c *CRL) Concerns(chain []*x509.Certificate) bool {
	return c.Check(chain, time.Unix(1<<40, 0)) != nil
}

// Check returns an *Error when the list takes back a certificate of a chain for a
// token of this time. As RFC 3161 §4.1 has it, a certificate that was taken back
// for a harmless reason stays good for what was stamped before; without a reason,
// or for another, nothing that it signed is good. A list by somebody else says
// nothing.
func (c *CRL) Check(chain []*x509.Certificate, at time.Time) error {
	for i := 0; i+1 < len(chain); i++ {
		issuer := chain[i+1]
		if !bytes.Equal(issuer.RawSubject, c.list.RawIssuer) || c.list.CheckSignatureFrom(issuer) != nil {
			continue
		}
		for _, entry := range c.list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(chain[i].SerialNumber) != 0 {
				continue
			}
			if !harmless(entry) || !at.Before(entry.RevocationTime) {
				return untrusted("the certificate of %q was revoked on %s", chain[i].Subject.CommonName, entry.RevocationTime.UTC().Format(time.DateOnly))
			}
		}
	}
	return nil
}

func harmless(entry x509.RevocationListEntry) bool {
	for _, e := range entry.Extensions {
		if e.Id.Equal(oidReason) {
			const unspecified, affiliationChanged, superseded, cessationOfOperation = 0, 3, 4, 5
			switch entry.ReasonCode {
			case unspecified, affiliationChanged, superseded, cessationOfOperation:
				return true
			}
		}
	}
	return false
}
