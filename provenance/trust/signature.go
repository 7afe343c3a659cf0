package trust

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// SignatureError is returned for a signature that is malformed or does not fit
// the signed bytes.
type SignatureError struct{ Reason string }

func (e *SignatureError) Error() string { return "the signature is not good: " + e.Reason }

// UnsupportedError is returned for something this version cannot judge, which
// is not the same as finding it wrong.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + " is not supported" }

// minRSABits is what OpenSSH itself demands of signing keys since 9.1
// (RequiredRSASize).
const minRSABits = 2048

// Verify checks an armored SSHSIG in namespace "git" over message and returns
// the key that made it. Whether that key was allowed is another question.
// Errors are *SignatureError or *UnsupportedError.
func Verify(message, armor []byte) (ssh.PublicKey, error) {
	sig, err := sshsig.Unarmor(armor)
	if err != nil {
		return nil, &SignatureError{Reason: err.Error()}
	}
	if sig.Namespace != Namespace {
		return nil, &SignatureError{Reason: fmt.Sprintf("it was made for namespace %q, not %q", sig.Namespace, Namespace)}
	}
	if err := sig.HashAlgorithm.Supported(); err != nil {
		return nil, &UnsupportedError{What: fmt.Sprintf("hash algorithm %q", sig.HashAlgorithm)}
	}
	if err := checkKeyType(sig.PublicKey); err != nil {
		return nil, err
	}
	if sig.PublicKey.Type() == ssh.KeyAlgoRSA && !slices.Contains(rsaSignatures, sig.Signature.Format) {
		return nil, &SignatureError{Reason: fmt.Sprintf("RSA with %s is too weak", sig.Signature.Format)}
	}
	if err := sshsig.Verify(bytes.NewReader(message), sig, sig.PublicKey, sig.HashAlgorithm, Namespace); err != nil {
		return nil, &SignatureError{Reason: "it does not fit the commit"}
	}
	return sig.PublicKey, nil
}

var (
	rsaSignatures = []string{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512}
	keyTypes      = []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519,
		ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256,
		ssh.KeyAlgoRSA,
	}
)

// checkKeyType refuses certificates too: sshsig would accept one unchecked.
func checkKeyType(key ssh.PublicKey) error {
	if !slices.Contains(keyTypes, key.Type()) {
		return &UnsupportedError{What: "key type " + key.Type()}
	}
	if key.Type() != ssh.KeyAlgoRSA {
		return nil
	}
	crypto, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return &UnsupportedError{What: "key type " + key.Type()}
	}
	if public, ok := crypto.CryptoPublicKey().(*rsa.PublicKey); !ok || public.N.BitLen() < minRSABits {
		return &SignatureError{Reason: fmt.Sprintf("an RSA key of fewer than %d bits is too weak", minRSABits)}
	}
	return nil
}
