package timestamp_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/timestamptest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// TestTokenAttacks: each token has one fault.
func TestTokenAttacks(t *testing.T) {
	stamped := []byte("a commit")
	eku := func(critical bool, oids ...asn1.ObjectIdentifier) func(*x509.Certificate) {
		value, err := asn1.Marshal(oids)
		if err != nil {
			t.Fatal(err)
		}
		return func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: value}}
		}
	}
	stamping := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	signing := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
	none := timestamp.Kind(-1)
	for name, attack := range map[string]struct {
		cert  func(*x509.Certificate)
		edit  func(*timestamptest.Authority)
		want  timestamp.Kind
		says  string
		parse bool // it is the reading that fails
	}{
		"none": {want: none},
		"other commit": {edit: func(a *timestamptest.Authority) {
			a.Edit = func(i *timestamptest.Info) { i.Imprint.HashedMessage[0] ^= 1 }
		}, want: timestamp.Mismatch, says: "other bytes"},
		"junk after":      {edit: func(a *timestamptest.Authority) { a.Response = func(r []byte) []byte { return append(r, 0) } }, want: timestamp.Malformed, says: "too many", parse: true},
		"one bit":         {edit: func(a *timestamptest.Authority) { a.Response = func(r []byte) []byte { r[len(r)-1] ^= 1; return r } }, want: timestamp.Mismatch, says: "signature"},
		"EKU wrong":       {cert: eku(true, signing), want: timestamp.Untrusted, says: "not for time stamping"},
		"EKU two":         {cert: eku(true, stamping, signing), want: timestamp.Untrusted, says: "not for time stamping"},
		"EKU not binding": {cert: eku(false, stamping), want: timestamp.Untrusted, says: "not critical"},
		"EKU none":        {cert: func(c *x509.Certificate) { c.ExtraExtensions = nil }, want: timestamp.Untrusted, says: "not for time stamping"},
		"CA":              {cert: func(c *x509.Certificate) { c.IsCA = true }, want: timestamp.Untrusted, says: "certification authority"},
		"expired":         {cert: func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Second) }, want: timestamp.Untrusted, says: "expired"},
		"not yet valid":   {cert: func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Second) }, want: timestamp.Untrusted, says: "not yet valid"},
		"self-signed":     {edit: (*timestamptest.Authority).SelfSign, want: timestamp.Untrusted, says: "no chain"},
		"policy": {edit: func(a *timestamptest.Authority) {
			a.Edit = func(i *timestamptest.Info) { i.Policy = asn1.ObjectIdentifier{1, 2, 3} }
		}, want: timestamp.Untrusted, says: "policy"},
		"SHA-1": {edit: func(a *timestamptest.Authority) {
			a.Edit = func(i *timestamptest.Info) {
				sum := sha1.Sum(stamped)
				i.Imprint.HashAlgorithm.Algorithm, i.Imprint.HashedMessage = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, sum[:]
			}
		}, want: timestamp.Unsupported, says: "SHA-1", parse: true},
		"version": {edit: func(a *timestamptest.Authority) { a.Edit = func(i *timestamptest.Info) { i.Version = 2 } }, want: timestamp.Unsupported, says: "version", parse: true},
		"certificate not named": {edit: func(a *timestamptest.Authority) {
			a.Signed = func(s []timestamptest.Attribute) { s[2].Type = asn1.ObjectIdentifier{1, 2, 3} }
		}, want: timestamp.Malformed, says: "does not name"},
		"other certificate named": {edit: func(a *timestamptest.Authority) {
			a.Signed = func(s []timestamptest.Attribute) {
				der := bytes.Clone(s[2].Values[0].FullBytes)
				der[len(der)-1] ^= 1
				s[2].Values[0].FullBytes = der
			}
		}, want: timestamp.Mismatch, says: "another signing certificate"},
		"other content": {edit: func(a *timestamptest.Authority) {
			a.Signed = func(s []timestamptest.Attribute) {
				der := bytes.Clone(s[1].Values[0].FullBytes)
				der[len(der)-1] ^= 1
				s[1].Values[0].FullBytes = der
			}
		}, want: timestamp.Mismatch, says: "not what was signed"},
	} {
		t.Run(name, func(t *testing.T) {
			var certs []func(*x509.Certificate)
			if attack.cert != nil {
				certs = append(certs, attack.cert)
			}
			a := timestamptest.NewAuthority(t, "Testing Time", atNoon, certs...)
			if attack.edit != nil {
				attack.edit(a)
			}
			request, err := timestamp.NewRequest(sha256.Sum256(stamped), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			query, err := request.Encode()
			if err != nil {
				t.Fatal(err)
			}
			token, err := timestamp.ParseResponse(a.Answer(query))
			if err == nil && !attack.parse {
				_, err = new(timestamp.Verifier).Verify(token, stamped, &timestamp.Authority{
					Name: "test", Roots: []*x509.Certificate{a.Root}, Policies: []string{timestamptest.Policy.String()},
				})
			}
			if attack.want == none {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("it is taken")
			}
			if kind := kindOf(t, err); kind != attack.want || !strings.Contains(err.Error(), attack.says) {
				t.Errorf("kind %d, %v; want kind %d, %q", kind, err, attack.want, attack.says)
			}
		})
	}
}

// TestAnswers: a token that was given before, or for another, is no answer.
func TestAnswers(t *testing.T) {
	a := timestamptest.NewAuthority(t, "Testing Time", atNoon)
	ask := func(text string, edit func(*timestamptest.Info)) error {
		request, err := timestamp.NewRequest(sha256.Sum256([]byte(text)), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		query, err := request.Encode()
		if err != nil {
			t.Fatal(err)
		}
		a.Edit = edit
		token, err := timestamp.ParseResponse(a.Answer(query))
		if err != nil {
			t.Fatal(err)
		}
		return request.Answers(token)
	}
	if err := ask("x", nil); err != nil {
		t.Error(err)
	}
	for says, edit := range map[string]func(*timestamptest.Info){
		"no nonce":        func(i *timestamptest.Info) { i.Nonce = nil },
		"another request": func(i *timestamptest.Info) { i.Nonce = big.NewInt(7) },
		"other bytes":     func(i *timestamptest.Info) { i.Imprint.HashedMessage[3] ^= 8 },
	} {
		if err := ask("x", edit); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// TestRevocation follows RFC 3161 §4.1.
func TestRevocation(t *testing.T) {
	a := timestamptest.NewAuthority(t, "Testing Time", atNoon)
	other := timestamptest.NewAuthority(t, "Testing Time", atNoon)
	chain := []*x509.Certificate{a.Leaf, a.Root}
	const keyCompromise, superseded, noReason = 1, 4, 0
	for name, test := range map[string]struct {
		list []byte
		at   time.Time
		bad  bool
	}{
		"superseded later":   {a.Revoke(noon, superseded), noon.Add(-time.Hour), false},
		"superseded before":  {a.Revoke(noon, superseded), noon.Add(time.Hour), true},
		"compromised later":  {a.Revoke(noon, keyCompromise), noon.Add(-time.Hour), true},
		"no reason":          {a.Revoke(noon, noReason), noon.Add(-time.Hour), true},
		"by somebody else":   {other.Revoke(noon, noReason), noon, false},
		"superseded at once": {a.Revoke(noon, superseded), noon, true},
	} {
		list, err := timestamp.ParseCRL(test.list)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.Check(chain, test.at); (err != nil) != test.bad {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenSSL: stock openssl makes tokens that we take, and takes what we take.
func TestOpenSSL(t *testing.T) {
	authority := timestamptest.NewOpenSSL(t, "Stock Time")
	server := serve(t, authority)
	roots, others, err := timestamp.ParseRoots(read(t, authority.Root()))
	if err != nil {
		t.Fatal(err)
	}
	stamped := []byte("the raw bytes of a commit\n")
	client := newClient()
	answer, token, proven, err := client.Stamp(t.Context(), server, stamped, &timestamp.Authority{Name: "stock", Roots: roots, Others: others}, new(timestamp.Verifier))
	if err != nil {
		t.Fatal(err)
	}
	if proven.Signer != "Stock Time" || token.Accuracy != time.Second || token.Policy != "1.3.6.1.4.1.99999.2" {
		t.Errorf("the token is by %q, to %s, under %s", proven.Signer, token.Accuracy, token.Policy)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"c.raw": stamped, "tsa.tsr": answer} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "ts", "-verify", "-attime", strconv.FormatInt(proven.Time.Unix(), 10), "-data", "c.raw", "-in", "tsa.tsr", "-CAfile", authority.Root())
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl ts -verify: %v\n%s", err, out)
	}
}

// TestForeignTakesOurs: openssl takes the tokens of the authority in this process,
// so that what else is tested with it is not of our own making.
func TestForeignTakesOurs(t *testing.T) {
	needTool(t, "openssl")
	a := timestamptest.NewAuthority(t, "Testing Time", atNoon)
	request, err := timestamp.NewRequest(sha256.Sum256([]byte("x")), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	query, err := request.Encode()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"q.tsq": query, "r.tsr": a.Answer(query), "root.pem": a.PEM(), "data": []byte("x")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"ts", "-query", "-in", "q.tsq", "-text"},
		{"ts", "-verify", "-attime", strconv.FormatInt(noon.Unix(), 10), "-queryfile", "q.tsq", "-in", "r.tsr", "-CAfile", "root.pem"},
		{"ts", "-verify", "-attime", strconv.FormatInt(noon.Unix(), 10), "-data", "data", "-in", "r.tsr", "-CAfile", "root.pem"},
	} {
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("openssl %v: %v\n%s", args, err, out)
		}
	}
}

func needTool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed, so it cannot be compared with", name)
	}
}
