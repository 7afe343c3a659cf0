// Package timestamptest is the other side of package timestamp for tests: time
// stamping authorities, one of them stock openssl, and a calendar with a block
// chain of its own. Only tests import it.
package timestamptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

var (
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSA         = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimeStamping  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidEKU           = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// Policy is what an Authority stamps under.
var Policy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}

// Authority is a time stamping authority in this process, with a root of its own.
// What it does can be made wrong by its fields before it is asked.
type Authority struct {
	Root, Leaf *x509.Certificate
	Now        func() time.Time
	Edit       func(*Info)               // changes what is stamped; may be nil
	Signed     func([]Attribute)         // changes the signed attributes; may be nil
	Extra      []*x509.Certificate       // certificates that come along
	Response   func([]byte) []byte       // changes the answer; may be nil
	Fail       func(http.ResponseWriter) // answers instead; may be nil
	Asked      atomic.Int64

	rootKey, key *ecdsa.PrivateKey
	serial       atomic.Int64
	tb           testing.TB
}

// Info is the TSTInfo of a token.
type Info struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		HashAlgorithm pkix.AlgorithmIdentifier
		HashedMessage []byte
	}
	Serial *big.Int
	Time   time.Time `asn1:"generalized"`
	Nonce  *big.Int  `asn1:"optional"`
}

// Attribute is a signed attribute.
type Attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// NewAuthority makes an authority whose certificates hold for ten years around
// now. edit may change the certificate that stamps before it is made.
func NewAuthority(tb testing.TB, name string, now func() time.Time, edit ...func(*x509.Certificate)) *Authority {
	tb.Helper()
	a := &Authority{Now: now, tb: tb, rootKey: newKey(tb), key: newKey(tb)}
	from, until := now().AddDate(-5, 0, 0), now().AddDate(5, 0, 0)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name + " root"}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3, 4},
	}
	a.Root = a.certify(root, root, a.rootKey, a.rootKey)
	a.Leaf = a.certify(leafTemplate(tb, name, from, until, edit), a.Root, a.key, a.rootKey)
	return a
}

func leafTemplate(tb testing.TB, name string, from, until time.Time, edit []func(*x509.Certificate)) *x509.Certificate {
	tb.Helper()
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{oidTimeStamping})
	if err != nil {
		tb.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: oidEKU, Critical: true, Value: usage}},
	}
	for _, e := range edit {
		e(leaf)
	}
	return leaf
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func (a *Authority) certify(template, parent *x509.Certificate, key *ecdsa.PrivateKey, by crypto.Signer) *x509.Certificate {
	a.tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		a.tb.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		a.tb.Fatal(err)
	}
	return c
}

// SelfSign makes the leaf its own issuer, so that no chain leads to the root.
func (a *Authority) SelfSign() {
	a.tb.Helper()
	template := leafTemplate(a.tb, a.Leaf.Subject.CommonName, a.Leaf.NotBefore, a.Leaf.NotAfter, nil)
	a.Leaf = a.certify(template, template, a.key, a.key)
}

// PEM returns the root.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Root.Raw})
}

// Revoke returns a revocation list that takes back the leaf, in DER. 0
// names no reason.
func (a *Authority) Revoke(at time.Time, reason int) []byte {
	a.tb.Helper()
	entry := x509.RevocationListEntry{SerialNumber: a.Leaf.SerialNumber, RevocationTime: at}
	if reason > 0 {
		entry.ReasonCode = reason
	}
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: at, NextUpdate: at.AddDate(1, 0, 0), RevokedCertificateEntries: []x509.RevocationListEntry{entry},
	}, a.Root, a.rootKey)
	if err != nil {
		a.tb.Fatal(err)
	}
	return der
}

// ServeHTTP answers a TimeStampReq.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.Asked.Add(1)
	if a.Fail != nil {
		a.Fail(w)
		return
	}
	query, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(a.Answer(query)) // a client that went away has no use for the error
}

// Answer returns the TimeStampResp for a TimeStampReq.
func (a *Authority) Answer(query []byte) []byte {
	var request struct {
		Version int
		Imprint struct {
			HashAlgorithm pkix.AlgorithmIdentifier
			HashedMessage []byte
		}
		Nonce   *big.Int `asn1:"optional"`
		CertReq bool     `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(query, &request); err != nil {
		a.tb.Errorf("the request cannot be read: %v", err)
		return nil
	}
	info := Info{Version: 1, Policy: Policy, Imprint: request.Imprint, Serial: big.NewInt(a.serial.Add(1)), Time: a.Now().UTC().Truncate(time.Second), Nonce: request.Nonce}
	if a.Edit != nil {
		a.Edit(&info)
	}
	response := a.marshal(struct {
		Status struct{ Status int }
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: a.token(a.marshal(info))}})
	if a.Response != nil {
		response = a.Response(response)
	}
	return response
}

func (a *Authority) marshal(v any) []byte {
	der, err := asn1.Marshal(v)
	if err != nil {
		a.tb.Error(err)
	}
	return der
}

func (a *Authority) value(v any) []asn1.RawValue {
	return []asn1.RawValue{{FullBytes: a.marshal(v)}}
}

// token signs a TSTInfo.
func (a *Authority) token(content []byte) []byte {
	digest, certificate := sha256.Sum256(content), sha256.Sum256(a.Leaf.Raw)
	type certID struct{ Hash []byte }
	attributes := []Attribute{
		{oidContentType, a.value(oidTSTInfo)},
		{oidMessageDigest, a.value(digest[:])},
		{oidSigningCertV2, a.value(struct{ Certs []certID }{[]certID{{certificate[:]}}})},
	}
	if a.Signed != nil {
		a.Signed(attributes)
	}
	set, err := asn1.MarshalWithParams(attributes, "set")
	if err != nil {
		a.tb.Error(err)
	}
	toSign := sha256.Sum256(set)
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, toSign[:])
	if err != nil {
		a.tb.Error(err)
	}
	implicit := append([]byte{0xa0}, set[1:]...)
	var certificates []byte
	for _, c := range append([]*x509.Certificate{a.Leaf}, a.Extra...) {
		certificates = append(certificates, c.Raw...)
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	type issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	type signerInfo struct {
		Version    int
		ID         issuerAndSerial
		Digest     pkix.AlgorithmIdentifier
		Attributes asn1.RawValue
		Algorithm  pkix.AlgorithmIdentifier
		Signature  []byte
	}
	type encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content []byte `asn1:"explicit,tag:0"`
	}
	signed := struct {
		Version      int
		Algorithms   []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      encapsulated
		Certificates asn1.RawValue
		Signers      []signerInfo `asn1:"set"`
	}{
		Version: 3, Algorithms: []pkix.AlgorithmIdentifier{algorithm}, Content: encapsulated{oidTSTInfo, content},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certificates},
		Signers: []signerInfo{{
			Version: 1, ID: issuerAndSerial{asn1.RawValue{FullBytes: a.Leaf.RawIssuer}, a.Leaf.SerialNumber}, Digest: algorithm,
			Attributes: asn1.RawValue{FullBytes: implicit}, Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidECDSA}, Signature: signature,
		}},
	}
	return a.marshal(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{oidSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: a.marshal(signed)}})
}
