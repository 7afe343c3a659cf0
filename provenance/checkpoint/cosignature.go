package checkpoint

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// cosignatureV1 is the algorithm byte of timestamped Ed25519 cosignatures
// (c2sp.org/tlog-cosignature); package note knows the plain ones only.
const cosignatureV1 = 4

// witnessVerifier verifies what one witness signs. It is a note.Verifier.
type witnessVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// NewWitnessVerifier reads a witness's verifier key:
// name+<8 hex digits>+<base64 of the byte 4 and the Ed25519 key>.
func NewWitnessVerifier(vkey string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(vkey), "+")
	digits, encoded, _ := strings.Cut(rest, "+")
	hash, err := strconv.ParseUint(digits, 16, 32)
	key, decodeErr := base64.StdEncoding.DecodeString(encoded)
	switch {
	case err != nil || decodeErr != nil || len(digits) != 8 || !validName(name):
		return nil, fmt.Errorf("%.100q is no verifier key: want name+hash+key", vkey)
	case len(key) != 1+ed25519.PublicKeySize || key[0] != cosignatureV1:
		return nil, fmt.Errorf("the key of %.100q is not one for timestamped cosignatures (algorithm 4)", name)
	case uint32(hash) != keyHash(name, key):
		return nil, fmt.Errorf("the hash in the verifier key of %.100q is not that of its key", name)
	}
	return &witnessVerifier{name: name, hash: uint32(hash), key: key[1:]}, nil
}

func validName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsSpace) && !strings.Contains(name, "+")
}

// keyHash is that of c2sp.org/signed-note.
func keyHash(name string, key []byte) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	return binary.BigEndian.Uint32(sum[:])
}

func (v *witnessVerifier) Name() string    { return v.name }
func (v *witnessVerifier) KeyHash() uint32 { return v.hash }

// Verify verifies the 8 bytes of the time and the signature of 64 bytes.
func (v *witnessVerifier) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	if _, err := Parse(string(text)); err != nil {
		return false
	}
	return ed25519.Verify(v.key, cosigned(binary.BigEndian.Uint64(sig), text), sig[8:])
}

// cosigned is what a witness signs.
func cosigned(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// timeOf returns the time in a verified cosignature.
func timeOf(sig note.Signature) (int64, error) {
	data, err := base64.StdEncoding.DecodeString(sig.Base64)
	if err != nil || len(data) != 4+8+ed25519.SignatureSize {
		return 0, errors.New("a cosignature has no time")
	}
	at := binary.BigEndian.Uint64(data[4:])
	if at > 1<<40 {
		return 0, errors.New("the time of a cosignature is beyond reason")
	}
	return int64(at), nil
}
