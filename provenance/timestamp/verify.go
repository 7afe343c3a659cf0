package timestamp

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"
)

// Verifier verifies tokens. It remembers certificates and chains, of which many
// tokens share a few. Its methods may be called by several goroutines.
type Verifier struct {
	mu           sync.Mutex
	certificates map[[sha256.Size]byte]*x509.Certificate
	chains       map[chainKey][]*x509.Certificate
}

// chainKey is what a chain was found for. A chain that holds at one time is good
// for all others within the validity of its certificates.
type chainKey struct {
	authority    *Authority
	certificates [sha256.Size]byte
}

// maxRemembered bounds what a Verifier remembers of each.
const maxRemembered = 1024

// Proven is what a token proves.
type Proven struct {
	Time     time.Time     // the bytes existed then
	Accuracy time.Duration // by which the authority says it may be wrong
	Signer   string        // who signed: the common name of the certificate, or its subject
	Chain    []*x509.Certificate
}

// Verify holds a token to the bytes that it shall be for and to the authority
// that it shall be from. The error is an *Error.
func (v *Verifier) Verify(t *Token, stamped []byte, a *Authority) (*Proven, error) {
	h := t.Hash.New()
	h.Write(stamped)
	if !bytes.Equal(h.Sum(nil), t.Imprint) {
		return nil, mismatch("it is a token for other bytes")
	}
	certificates := v.parse(t.certificates)
	signer, err := t.findSigner(slices.Concat(certificates, a.Others, a.Roots))
	if err != nil {
		return nil, err
	}
	if err := t.checkSignature(signer); err != nil {
		return nil, err
	}
	if err := t.checkSigningCertificate(signer); err != nil {
		return nil, err
	}
	if err := mayStamp(signer); err != nil {
		return nil, err
	}
	chain, err := v.chain(t, signer, certificates, a)
	if err != nil {
		return nil, err
	}
	if len(a.Policies) > 0 && !slices.Contains(a.Policies, t.Policy) {
		return nil, untrusted("it was made under the policy %s, which %s is not known for", t.Policy, a.Name)
	}
	name := signer.Subject.CommonName
	if name == "" {
		name = signer.Subject.String()
	}
	return &Proven{Time: t.Time, Accuracy: t.Accuracy, Signer: name, Chain: chain}, nil
}

// parse returns those certificates that can be read. What cannot be was not what
// signed, or the signer will be missed.
func (v *Verifier) parse(ders [][]byte) (parsed []*x509.Certificate) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, der := range ders {
		sum := sha256.Sum256(der)
		c, ok := v.certificates[sum]
		if !ok {
			var err error
			if c, err = x509.ParseCertificate(der); err != nil {
				c = nil
			}
			if v.certificates == nil || len(v.certificates) >= maxRemembered {
				v.certificates = map[[sha256.Size]byte]*x509.Certificate{}
			}
			v.certificates[sum] = c
		}
		if c != nil {
			parsed = append(parsed, c)
		}
	}
	return parsed
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

// findSigner finds the certificate that the signer's own words name.
func (t *Token) findSigner(among []*x509.Certificate) (*x509.Certificate, error) {
	id := t.signer.ID
	is := func(c *x509.Certificate) bool { return bytes.Equal(c.SubjectKeyId, id.Bytes) }
	if id.Class == asn1.ClassUniversal {
		var name issuerAndSerial
		if err := whole(id.FullBytes, "the name of the signer", &name); err != nil {
			return nil, err
		}
		is = func(c *x509.Certificate) bool {
			return c.SerialNumber.Cmp(name.Serial) == 0 && bytes.Equal(c.RawIssuer, name.Issuer.FullBytes)
		}
	}
	if i := slices.IndexFunc(among, is); i >= 0 {
		return among[i], nil
	}
	return nil, untrusted("the certificate of its signer is neither in it nor known")
}

// checkSignature holds the content to the signed attributes, and those to the
// signature.
func (t *Token) checkSignature(signer *x509.Certificate) error {
	var contentType asn1.ObjectIdentifier
	if ok, err := t.attribute(oidContentType, &contentType); err != nil || !ok || !contentType.Equal(oidTSTInfo) {
		return malformed("its signed attributes do not say that it is a TSTInfo")
	}
	hash := hashOf(t.signer.DigestAlgorithm.Algorithm)
	if hash == 0 {
		return unsupported("its content is hashed by %s", t.signer.DigestAlgorithm.Algorithm)
	}
	var digest []byte
	if ok, err := t.attribute(oidMessageDigest, &digest); err != nil || !ok {
		return malformed("its signed attributes do not name the digest of its content")
	}
	h := hash.New()
	h.Write(t.content)
	if !bytes.Equal(h.Sum(nil), digest) {
		return mismatch("its content is not what was signed")
	}
	algorithm, err := signatureAlgorithm(t.signer.SignatureAlgorithm.Algorithm, hash)
	if err != nil {
		return err
	}
	if err := signer.CheckSignature(algorithm, t.signedBytes(), t.signer.Signature); err != nil {
		return mismatch("its signature is bad: %v", err)
	}
	return nil
}

func signatureAlgorithm(oid asn1.ObjectIdentifier, hash crypto.Hash) (x509.SignatureAlgorithm, error) {
	rsa := map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA, crypto.SHA512: x509.SHA512WithRSA}
	pss := map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.SHA256WithRSAPSS, crypto.SHA384: x509.SHA384WithRSAPSS, crypto.SHA512: x509.SHA512WithRSAPSS}
	switch oid.String() {
	case "1.2.840.113549.1.1.1":
		return rsa[hash], nil
	case "1.2.840.113549.1.1.10":
		return pss[hash], nil
	case "1.2.840.113549.1.1.11":
		return x509.SHA256WithRSA, nil
	case "1.2.840.113549.1.1.12":
		return x509.SHA384WithRSA, nil
	case "1.2.840.113549.1.1.13":
		return x509.SHA512WithRSA, nil
	case "1.2.840.10045.4.3.2":
		return x509.ECDSAWithSHA256, nil
	case "1.2.840.10045.4.3.3":
		return x509.ECDSAWithSHA384, nil
	case "1.2.840.10045.4.3.4":
		return x509.ECDSAWithSHA512, nil
	case "1.3.101.112":
		return x509.PureEd25519, nil
	}
	return 0, unsupported("its signature is by the algorithm %s", oid)
}

type essCertID struct {
	Hash         []byte
	IssuerSerial asn1.RawValue `asn1:"optional"`
}

type signingCertificate struct {
	Certs    []essCertID
	Policies asn1.RawValue `asn1:"optional"`
}

type essCertIDv2 struct {
	Algorithm    pkix.AlgorithmIdentifier `asn1:"optional"`
	Hash         []byte
	IssuerSerial asn1.RawValue `asn1:"optional"`
}

type signingCertificateV2 struct {
	Certs    []essCertIDv2
	Policies asn1.RawValue `asn1:"optional"`
}

// checkSigningCertificate makes sure that the signature names the certificate, so
// that no other one for the same key can be put in its place. Version 1 does so by
// a SHA-1, which is enough to tell the certificate of a chain that holds.
func (t *Token) checkSigningCertificate(signer *x509.Certificate) error {
	var v2 signingCertificateV2
	ok, err := t.attribute(oidSigningCertV2, &v2)
	if err != nil {
		return err
	}
	if ok {
		if len(v2.Certs) == 0 {
			return malformed("its attribute signing-certificate-v2 names no certificate")
		}
		hash := crypto.SHA256
		if named := v2.Certs[0].Algorithm.Algorithm; len(named) > 0 {
			if hash = hashOf(named); hash == 0 {
				return unsupported("its signing certificate is named by the hash %s", named)
			}
		}
		h := hash.New()
		h.Write(signer.Raw)
		return named(h.Sum(nil), v2.Certs[0].Hash)
	}
	var v1 signingCertificate
	if ok, err = t.attribute(oidSigningCert, &v1); err != nil {
		return err
	}
	if !ok || len(v1.Certs) == 0 {
		return malformed("its signature does not name the signing certificate")
	}
	sum := sha1.Sum(signer.Raw)
	return named(sum[:], v1.Certs[0].Hash)
}

func named(is, want []byte) error {
	if !bytes.Equal(is, want) {
		return mismatch("its signature names another signing certificate")
	}
	return nil
}

var oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// mayStamp holds a certificate to RFC 3161 §2.3.
func mayStamp(signer *x509.Certificate) error {
	if signer.IsCA {
		return untrusted("its signer %q is a certification authority, which may not stamp", signer.Subject.CommonName)
	}
	if len(signer.ExtKeyUsage) != 1 || signer.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(signer.UnknownExtKeyUsage) > 0 {
		return untrusted("the certificate of its signer %q is not for time stamping alone", signer.Subject.CommonName)
	}
	for _, e := range signer.Extensions {
		if e.Id.Equal(oidExtKeyUsage) && e.Critical {
			return nil
		}
	}
	return untrusted("the certificate of its signer %q does not bind it to time stamping: the extension is not critical", signer.Subject.CommonName)
}

// chain finds a chain from the signer to a root that holds at the token's time.
func (v *Verifier) chain(t *Token, signer *x509.Certificate, others []*x509.Certificate, a *Authority) ([]*x509.Certificate, error) {
	key := chainKey{authority: a}
	sum := sha256.New()
	for _, c := range slices.Concat([]*x509.Certificate{signer}, others) {
		fmt.Fprintf(sum, "%d ", len(c.Raw))
		sum.Write(c.Raw)
	}
	sum.Sum(key.certificates[:0])
	v.mu.Lock()
	known := v.chains[key]
	v.mu.Unlock()
	if known != nil && holdsAt(known, t.Time) {
		return known, nil
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: t.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}
	for _, c := range a.Roots {
		options.Roots.AddCert(c)
	}
	for _, c := range slices.Concat(a.Others, others) {
		options.Intermediates.AddCert(c)
	}
	chains, err := signer.Verify(options)
	if err != nil {
		return nil, untrusted("no chain leads from its signer %q to a root of %s at %s: %v", signer.Subject.CommonName, a.Name, t.Time.Format(time.RFC3339), err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.chains == nil || len(v.chains) >= maxRemembered {
		v.chains = map[chainKey][]*x509.Certificate{}
	}
	v.chains[key] = chains[0]
	return chains[0], nil
}

func holdsAt(chain []*x509.Certificate, at time.Time) bool {
	for _, c := range chain {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return false
		}
	}
	return true
}
