package trust

import (
	"bytes"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// SignatureError is returned for a signature that is malformed or does not fit
// the signed bytes.
type SignatureError struct {
	Reason string
	Misfit bool // it is a signature, but of other bytes
}

func (e *SignatureError) Error() string { return "the signature is not good: " + e.Reason }

// UnsupportedError is returned for something this version cannot judge, which
// is not the same as finding it wrong.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + " is not supported" }

// minRSABits is what OpenSSH itself demands of signing keys since 9.1
// (RequiredRSASize).
const minRSABits = 2048

// maxArmor bounds an armored signature: that of an RSA key of 16,384 bits with a
// certificate has 10 KiB.
const maxArmor = 64 << 10

// Verify checks an armored SSHSIG in namespace "git" over message and returns
// the key that made it, which may be an *ssh.Certificate. Whether that key was
// allowed is another question. Errors are *SignatureError or *UnsupportedError.
func Verify(message, armor []byte) (ssh.PublicKey, error) {
	return VerifyIn(Namespace, message, armor)
}

// VerifyIn does the same in another namespace.
func VerifyIn(namespace string, message, armor []byte) (ssh.PublicKey, error) {
	blob, err := unarmor(armor)
	if err != nil {
		return nil, err
	}
	if err := checkWire(namespace, blob); err != nil {
		return nil, err
	}
	sig, err := sshsig.ParseSignature(blob)
	if err != nil {
		return nil, &SignatureError{Reason: err.Error()}
	}
	if err := checkKeyType(plain(sig.PublicKey)); err != nil {
		return nil, err
	}
	// sshsig takes key, hash and namespace from its caller: none of the last two
	// is the signature's own word here.
	err = sshsig.Verify(bytes.NewReader(message), sig, sig.PublicKey, sig.HashAlgorithm, namespace)
	switch {
	case err == nil:
		return sig.PublicKey, nil
	case untouched(sig):
		return nil, &SignatureError{Reason: "nobody touched the security key that made it"}
	}
	return nil, &SignatureError{Reason: "it does not fit the commit", Misfit: true}
}

// The armor of OpenSSH PROTOCOL.sshsig.
const (
	armorBegin = "-----BEGIN SSH SIGNATURE-----\n"
	armorEnd   = "-----END SSH SIGNATURE-----\n"
)

// unarmor returns the bytes of one armored signature. Anything before or after
// it is refused: other programs would show it, and pass it over.
func unarmor(armor []byte) ([]byte, error) {
	text := string(armor)
	if len(text) > maxArmor {
		return nil, &SignatureError{Reason: fmt.Sprintf("it has more than %d bytes", maxArmor)}
	}
	if !strings.HasPrefix(text, armorBegin) || !strings.HasSuffix(text, armorEnd) || strings.Count(text, "-----") != 4 {
		return nil, &SignatureError{Reason: "it is not one armored SSH signature and nothing else"}
	}
	block, rest := pem.Decode(armor)
	if block == nil || block.Type != sshsig.PEMType || len(rest) > 0 || len(block.Headers) > 0 {
		return nil, &SignatureError{Reason: "its armor cannot be read"}
	}
	return block.Bytes, nil
}

// wire is the blob of PROTOCOL.sshsig.
type wire struct {
	Magic     [6]byte
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

// checkWire tells what is wrong from what is merely newer than this program,
// before any of it is parsed by those who do not.
func checkWire(namespace string, blob []byte) error {
	var w wire
	if err := ssh.Unmarshal(blob, &w); err != nil || string(w.Magic[:]) != "SSHSIG" {
		return &SignatureError{Reason: "it is not an SSHSIG"}
	}
	if w.Version != 1 {
		return &UnsupportedError{What: fmt.Sprintf("version %d of SSHSIG", w.Version)}
	}
	if w.Namespace != namespace {
		return &SignatureError{Reason: fmt.Sprintf("it was made for namespace %q, not %q", w.Namespace, namespace)}
	}
	if w.Reserved != "" {
		return &UnsupportedError{What: "an SSHSIG with reserved content"}
	}
	if sshsig.HashAlgorithm(w.Hash).Supported() != nil {
		return &UnsupportedError{What: fmt.Sprintf("hash algorithm %.40q", w.Hash)}
	}
	keyType, okKey := firstString(w.PublicKey)
	format, okFormat := firstString(w.Signature)
	if !okKey || !okFormat {
		return &SignatureError{Reason: "it holds no key or no signature"}
	}
	keyType = plainType(keyType)
	formats, known := signatureFormats[keyType]
	switch {
	case !known:
		return &UnsupportedError{What: fmt.Sprintf("key type %.60q", keyType)}
	case keyType == ssh.KeyAlgoRSA && format == ssh.KeyAlgoRSA: // SHA-1
		return &SignatureError{Reason: "RSA with SHA-1 is too weak"}
	case slices.Contains(formats, format):
		return nil
	case isKnownFormat(format):
		return &SignatureError{Reason: fmt.Sprintf("a key of type %s made no signature of type %s", keyType, format)}
	}
	return &UnsupportedError{What: fmt.Sprintf("signature type %.60q", format)}
}

func firstString(b []byte) (string, bool) {
	var s struct {
		First string
		Rest  []byte `ssh:"rest"`
	}
	err := ssh.Unmarshal(b, &s)
	return s.First, err == nil
}

// signatureFormats are the types of signatures by the type of the key that makes
// them. Other keys are unsupported.
var signatureFormats = map[string][]string{
	ssh.KeyAlgoED25519:    {ssh.KeyAlgoED25519},
	ssh.KeyAlgoSKED25519:  {ssh.KeyAlgoSKED25519},
	ssh.KeyAlgoECDSA256:   {ssh.KeyAlgoECDSA256},
	ssh.KeyAlgoECDSA384:   {ssh.KeyAlgoECDSA384},
	ssh.KeyAlgoECDSA521:   {ssh.KeyAlgoECDSA521},
	ssh.KeyAlgoSKECDSA256: {ssh.KeyAlgoSKECDSA256},
	ssh.KeyAlgoRSA:        {ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512},
}

func isKnownFormat(format string) bool {
	for _, formats := range signatureFormats {
		if slices.Contains(formats, format) {
			return true
		}
	}
	return false
}

const certSuffix = "-cert-v01@openssh.com"

// plainType is the type of the key in a certificate of this type, and any other
// type itself.
func plainType(keyType string) string {
	base, ok := strings.CutSuffix(keyType, certSuffix)
	switch {
	case !ok:
		return keyType
	case strings.HasPrefix(base, "sk-"):
		return base + "@openssh.com"
	}
	return base
}

// CheckKey returns nil for a key whose signatures [Verify] would accept.
func CheckKey(key ssh.PublicKey) error { return checkKeyType(plain(key)) }

// checkKeyType refuses keys that are too weak, or of a type that is not known.
// A certificate is judged by the key in it; see plain.
func checkKeyType(key ssh.PublicKey) error {
	if _, ok := signatureFormats[key.Type()]; !ok {
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

// plain returns the key itself where a certificate wraps it.
func plain(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}

// Fingerprint returns the form that ssh-keygen -l prints, SHA256:…; that of a
// certificate is its key's.
func Fingerprint(key ssh.PublicKey) string { return ssh.FingerprintSHA256(plain(key)) }

// untouched reports whether a security key says that no user was present
// (PROTOCOL.u2f: bit 0 of the flags). OpenSSH 9.2 lets such signatures pass.
func untouched(sig *sshsig.Signature) bool {
	var fields struct {
		Flags   byte
		Counter uint32
	}
	keyType := plain(sig.PublicKey).Type()
	if keyType != ssh.KeyAlgoSKED25519 && keyType != ssh.KeyAlgoSKECDSA256 {
		return false
	}
	return ssh.Unmarshal(sig.Signature.Rest, &fields) == nil && fields.Flags&1 == 0
}
