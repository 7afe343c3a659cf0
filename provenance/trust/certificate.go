package trust

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
)

// checkCertificate returns why a certificate that this authority issued does not
// let its holder sign under this principal, or nothing. It demands what
// ssh-keygen -Y verify does, and that there are no critical options, which it
// passes over.
func checkCertificate(cert *ssh.Certificate, principal string, at Moment) (refusal string) {
	switch {
	case cert.CertType != ssh.UserCert:
		return "its certificate is not one of a user"
	case !slices.Contains(cert.ValidPrincipals, principal):
		return "its certificate is for other names"
	case checkKeyType(cert.SignatureKey) != nil:
		return "its certificate is signed by a key that is too weak or unknown"
	case cert.SignatureKey.Type() == ssh.KeyAlgoRSA && cert.Signature.Format == ssh.KeyAlgoRSA:
		return "its certificate is signed by RSA with SHA-1, which is too weak"
	}
	// The bounds of the certificate are judged below, in our words.
	checker := ssh.CertChecker{Clock: func() time.Time { return time.Unix(int64(max(cert.ValidAfter, 1)), 0) }}
	if err := checker.CheckCert(principal, cert); err != nil {
		return fmt.Sprintf("its certificate is not good (%v)", err)
	}
	window := AllowedSigner{After: certTime(cert.ValidAfter)}
	if cert.ValidBefore != ssh.CertTimeInfinity {
		window.Before = certTime(cert.ValidBefore)
	}
	if refusal := window.outside(at); refusal != "" {
		return "by its certificate, " + refusal
	}
	return ""
}

// certTime reads the seconds of a certificate. What lies beyond the year 9999 is
// its last second.
func certTime(seconds uint64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(int64(min(seconds, 253402300799)), 0).UTC()
}
