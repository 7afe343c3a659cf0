package timestamp

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // the hashes of imprints
	_ "crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"time"
)

var (
	oidSHA1   = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}

	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

// MaxToken bounds a response, in bytes: real ones have two to eight thousand.
const MaxToken = 64 << 10

const maxCertificates = 16

// Token is a token of a time stamping authority. Nothing of it is believed before
// [Verifier.Verify] says so.
type Token struct {
	Time     time.Time     // genTime, UTC
	Accuracy time.Duration // 0 when the token names none
	Hash     crypto.Hash   // of the imprint
	Imprint  []byte
	Nonce    *big.Int // nil when there is none
	Policy   string   // dotted
	Serial   *big.Int

	content      []byte // the DER of TSTInfo
	certificates [][]byte
	signer       signerInfo
	attributes   []attribute
}

type statusInfo struct {
	Status       int
	StatusString []string       `asn1:"optional"`
	FailInfo     asn1.BitString `asn1:"optional"`
}

type timeStampResp struct {
	Status statusInfo
	Token  asn1.RawValue `asn1:"optional"`
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type encapsulated struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version          int
	DigestAlgorithms asn1.RawValue
	Content          encapsulated
	Certificates     asn1.RawValue `asn1:"optional,tag:0"`
	CRLs             asn1.RawValue `asn1:"optional,tag:1"`
	SignerInfos      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version            int
	ID                 asn1.RawValue
	DigestAlgorithm    pkix.AlgorithmIdentifier
	SignedAttributes   asn1.RawValue `asn1:"optional,tag:0"`
	SignatureAlgorithm pkix.AlgorithmIdentifier
	Signature          []byte
	UnsignedAttributes asn1.RawValue `asn1:"optional,tag:1"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue // SET
}

type accuracy struct {
	Seconds int `asn1:"optional"`
	Millis  int `asn1:"optional,tag:0"`
	Micros  int `asn1:"optional,tag:1"`
}

type tstInfo struct {
	Version    int
	Policy     asn1.ObjectIdentifier
	Imprint    messageImprint
	Serial     *big.Int
	Time       time.Time     `asn1:"generalized"`
	Accuracy   accuracy      `asn1:"optional"`
	Ordering   bool          `asn1:"optional"`
	Nonce      *big.Int      `asn1:"optional"`
	TSA        asn1.RawValue `asn1:"optional,tag:0"`
	Extensions asn1.RawValue `asn1:"optional,tag:1"`
}

// whole reads one DER value that data is all of.
func whole(data []byte, what string, into any, params ...string) error {
	rest, err := asn1.UnmarshalWithParams(data, into, strings.Join(params, ","))
	switch {
	case err != nil:
		return malformed("%s is not as RFC 3161 has it: %v", what, err)
	case len(rest) > 0:
		return malformed("%s has %d bytes too many", what, len(rest))
	}
	return nil
}

// ParseResponse reads a TimeStampResp that grants a token. The error is an *Error;
// one that says that the authority refused is of kind Unsupported.
func ParseResponse(data []byte) (*Token, error) {
	if len(data) > MaxToken {
		return nil, malformed("the answer has %d bytes, more than %d", len(data), MaxToken)
	}
	var response timeStampResp
	if err := whole(data, "the answer", &response); err != nil {
		return nil, err
	}
	const granted, grantedWithMods = 0, 1
	if s := response.Status; s.Status != granted && s.Status != grantedWithMods {
		return nil, unsupported("the authority refused, with status %d %.200q", s.Status, strings.Join(s.StatusString, "; "))
	}
	if len(response.Token.FullBytes) == 0 {
		return nil, malformed("the answer has no token")
	}
	return ParseToken(response.Token.FullBytes)
}

// ParseToken reads a bare TimeStampToken, without the TimeStampResp around it.
func ParseToken(data []byte) (*Token, error) {
	if len(data) > MaxToken {
		return nil, malformed("the token has %d bytes, more than %d", len(data), MaxToken)
	}
	var outer contentInfo
	if err := whole(data, "the token", &outer); err != nil {
		return nil, err
	}
	if !outer.Type.Equal(oidSignedData) {
		return nil, malformed("the token is no SignedData but %s", outer.Type)
	}
	var signed signedData
	if err := whole(outer.Content.Bytes, "the SignedData", &signed); err != nil {
		return nil, err
	}
	if !signed.Content.Type.Equal(oidTSTInfo) {
		return nil, malformed("the token is for %s, not for a TSTInfo", signed.Content.Type)
	}
	if n := len(signed.SignerInfos); n != 1 {
		return nil, malformed("the token has %d signers, not one", n)
	}
	t := &Token{signer: signed.SignerInfos[0]}
	if err := whole(signed.Content.Content.Bytes, "the content", &t.content); err != nil {
		return nil, err
	}
	if err := t.readInfo(); err != nil {
		return nil, err
	}
	if err := t.readCertificates(signed.Certificates.Bytes); err != nil {
		return nil, err
	}
	return t, t.readAttributes()
}

func (t *Token) readInfo() error {
	var info tstInfo
	if err := whole(t.content, "the TSTInfo", &info); err != nil {
		return err
	}
	if info.Version != 1 {
		return unsupported("the TSTInfo has version %d", info.Version)
	}
	a := info.Accuracy
	if a.Seconds < 0 || a.Seconds > 1<<31 || a.Millis < 0 || a.Millis > 999 || a.Micros < 0 || a.Micros > 999 {
		return malformed("the accuracy is %d s, %d ms, %d µs", a.Seconds, a.Millis, a.Micros)
	}
	if info.Imprint.HashAlgorithm.Algorithm.Equal(oidSHA1) {
		return unsupported("the imprint is a SHA-1, which two different contents can share")
	}
	if t.Hash = hashOf(info.Imprint.HashAlgorithm.Algorithm); t.Hash == 0 {
		return unsupported("the imprint is by the hash %s", info.Imprint.HashAlgorithm.Algorithm)
	}
	if t.Imprint = info.Imprint.HashedMessage; len(t.Imprint) != t.Hash.Size() {
		return malformed("the imprint has %d bytes, not %d", len(t.Imprint), t.Hash.Size())
	}
	t.Time = info.Time.UTC()
	t.Accuracy = time.Duration(a.Seconds)*time.Second + time.Duration(a.Millis)*time.Millisecond + time.Duration(a.Micros)*time.Microsecond
	t.Nonce, t.Policy, t.Serial = info.Nonce, info.Policy.String(), info.Serial
	return nil
}

// readCertificates takes the certificates that came along, unparsed.
func (t *Token) readCertificates(der []byte) error {
	for len(der) > 0 {
		var one asn1.RawValue
		rest, err := asn1.Unmarshal(der, &one)
		if err != nil {
			return malformed("the certificates are not in DER: %v", err)
		}
		if der = rest; one.Class == asn1.ClassUniversal && one.Tag == asn1.TagSequence {
			t.certificates = append(t.certificates, one.FullBytes)
		}
		if len(t.certificates) > maxCertificates {
			return malformed("there are more than %d certificates", maxCertificates)
		}
	}
	return nil
}

func (t *Token) readAttributes() error {
	raw := t.signer.SignedAttributes
	if len(raw.FullBytes) == 0 {
		return malformed("the signer has no signed attributes")
	}
	for der := raw.Bytes; len(der) > 0; {
		var a attribute
		rest, err := asn1.Unmarshal(der, &a)
		if err != nil {
			return malformed("the signed attributes are not in DER: %v", err)
		}
		for _, known := range t.attributes {
			if known.Type.Equal(a.Type) {
				return malformed("the signed attribute %s is there twice", a.Type)
			}
		}
		t.attributes, der = append(t.attributes, a), rest
	}
	return nil
}

// attribute reads the one value of a signed attribute; it reports false when it
// is not there.
func (t *Token) attribute(oid asn1.ObjectIdentifier, into any) (bool, error) {
	for _, a := range t.attributes {
		if a.Type.Equal(oid) {
			return true, whole(a.Values.Bytes, "the signed attribute "+oid.String(), into)
		}
	}
	return false, nil
}

// signedBytes is what the signature is over: the attributes as a SET (RFC 5652
// §5.4), if there are any.
func (t *Token) signedBytes() []byte {
	signed := bytes.Clone(t.signer.SignedAttributes.FullBytes)
	signed[0] = asn1.TagSet | 0x20
	return signed
}

func hashOf(oid asn1.ObjectIdentifier) crypto.Hash {
	switch {
	case oid.Equal(oidSHA256):
		return crypto.SHA256
	case oid.Equal(oidSHA384):
		return crypto.SHA384
	case oid.Equal(oidSHA512):
		return crypto.SHA512
	}
	return 0
}
