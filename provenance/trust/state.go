package trust

import (
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/schemas"
)

// State is what the trust folder of one snapshot says: who may sign the next one.
type State struct {
	Signers     AllowedSigners
	Revocations *Revocations         // nil: none
	Policy      *schemas.TrustPolicy // nil: none
}

// Allow returns nil when the key may sign in this namespace under this principal,
// on top of the snapshot, else a *NotAllowedError. windowed is that of
// [AllowedSigners.Allow].
func (s *State) Allow(namespace, principal string, key ssh.PublicKey, at Moment) (windowed bool, err error) {
	if _, revoked := s.Revocations.Of(key); revoked {
		return false, &NotAllowedError{Principal: principal, Key: Fingerprint(key), Reason: "the key was revoked before"}
	}
	return s.Signers.Allow(namespace, principal, key, at)
}

// CanSign reports whether there is a key, other than the one with this
// fingerprint, that may sign commits at this time.
func (s *State) CanSign(at time.Time, other string) bool {
	for _, signer := range s.Signing(at) {
		if Fingerprint(signer.Key) != other {
			return true
		}
	}
	return false
}

// Signing returns the lines that let somebody sign commits at this time.
func (s *State) Signing(at time.Time) AllowedSigners {
	var signing AllowedSigners
	for _, signer := range s.Signers {
		_, revoked := s.Revocations.Of(signer.Key)
		commits := len(signer.Namespaces) == 0 || matchAny(signer.Namespaces, Namespace)
		if !revoked && commits && signer.outside(Moment{Claimed: at}) == "" {
			signing = append(signing, signer)
		}
	}
	return signing
}

// Principal returns under which name the key may sign in this namespace on top of
// the snapshot: a detached signature does not say. The error is a
// *NotAllowedError.
func (s *State) Principal(namespace string, key ssh.PublicKey, at Moment) (string, error) {
	name, _ := s.Signers.Holder(key)
	_, err := s.Allow(namespace, name, key, at)
	if err == nil {
		return name, nil
	}
	for _, signer := range s.Signers {
		for _, name := range signer.names(key) {
			if _, again := s.Allow(namespace, name, key, at); again == nil {
				return name, nil
			}
		}
	}
	return "", err
}

// Holder returns the first name under which a key may sign anything at all.
func (s AllowedSigners) Holder(key ssh.PublicKey) (principal string, ok bool) {
	for i := range s {
		if names := s[i].names(key); len(names) > 0 {
			return names[0], true
		}
	}
	return "", false
}

// names returns the names that a line gives to the holder of a key: those of the
// line, or of his certificate.
func (s *AllowedSigner) names(key ssh.PublicKey) []string {
	if cert, ok := key.(*ssh.Certificate); ok {
		if s.Authority && sameKey(s.Key, cert.SignatureKey) {
			return cert.ValidPrincipals
		}
		return nil
	}
	if s.Authority || !sameKey(s.Key, key) {
		return nil
	}
	return s.Principals
}
