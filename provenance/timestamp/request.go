package timestamp

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
)

// Request asks an authority for a token (RFC 3161 §2.4.1).
type Request struct {
	Digest [sha256.Size]byte // of the bytes to stamp
	Nonce  *big.Int
}

type messageImprint struct {
	HashAlgorithm pkix.AlgorithmIdentifier
	HashedMessage []byte
}

type timeStampReq struct {
	Version        int
	MessageImprint messageImprint
	Nonce          *big.Int
	CertReq        bool
}

// nonceBytes is what authorities are known to give back whole.
const nonceBytes = 8

// NewRequest asks for a token over a SHA-256, with a nonce from random.
func NewRequest(digest [sha256.Size]byte, random io.Reader) (*Request, error) {
	var nonce [nonceBytes]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return nil, fmt.Errorf("making a nonce: %w", err)
	}
	nonce[0] = nonce[0]&0x7f | 0x40 // positive, and never short
	return &Request{Digest: digest, Nonce: new(big.Int).SetBytes(nonce[:])}, nil
}

// Encode returns the DER of the TimeStampReq.
func (r *Request) Encode() ([]byte, error) {
	return asn1.Marshal(timeStampReq{
		Version: 1,
		MessageImprint: messageImprint{
			HashAlgorithm: pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue},
			HashedMessage: r.Digest[:],
		},
		Nonce: r.Nonce, CertReq: true,
	})
}

// Answers returns nil when the token is one that was made for this request: with
// its nonce and its imprint.
func (r *Request) Answers(t *Token) error {
	switch {
	case t.Nonce == nil:
		return mismatch("the answer has no nonce, so it may be one that was given before")
	case t.Nonce.Cmp(r.Nonce) != 0:
		return mismatch("the answer has the nonce of another request")
	case t.Hash != crypto.SHA256 || string(t.Imprint) != string(r.Digest[:]):
		return mismatch("the answer is for other bytes")
	}
	return nil
}
