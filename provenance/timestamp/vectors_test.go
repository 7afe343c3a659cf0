package timestamp_test

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/provenance/timestamp"
)

const vectorsDir = "../../../shared/data/signatures"

// vectors returns a folder of published vectors, which are not part of this
// repository.
func vectors(t testing.TB, name string) string {
	t.Helper()
	folder := filepath.Join(vectorsDir, name)
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("there are no vectors at %s", folder)
	}
	return folder
}

func read(t testing.TB, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// jsonLines reads the labels of vectors.
func jsonLines[T any](t testing.TB, file string) (lines []T) {
	t.Helper()
	for scanner := bufio.NewScanner(bytes.NewReader(read(t, file))); scanner.Scan(); {
		var line T
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

func kindOf(t testing.TB, err error) timestamp.Kind {
	t.Helper()
	var e *timestamp.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %T: %v", err, err)
	}
	return e.Kind
}

// TestPublishedTokens: what openssl says of a token at its own time is what we say,
// and the spoofed name is never shown.
func TestPublishedTokens(t *testing.T) {
	folder := vectors(t, "rfc3161")
	type label struct {
		File, Form, Hash, Imprint, Nonce, Policy string
		Time                                     time.Time `json:"gen_time"`
		Data, Chain                              *string
		OpenSSL                                  struct {
			AtGenTime string `json:"at_gen_time"`
		}
	}
	hashes := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}
	good := 0
	for _, l := range jsonLines[label](t, filepath.Join(folder, "tokens.jsonl")) {
		t.Run(l.File, func(t *testing.T) {
			data := read(t, folder, l.File)
			parse := timestamp.ParseResponse
			if l.Form == "token" {
				parse = timestamp.ParseToken
			}
			token, err := parse(data)
			if err != nil {
				t.Fatal(err)
			}
			nonce := "0x" + strings.ToUpper(token.Nonce.Text(16))
			if !token.Time.Truncate(time.Second).Equal(l.Time) || token.Hash != hashes[l.Hash] || hex.EncodeToString(token.Imprint) != l.Imprint || token.Policy != l.Policy || strings.TrimLeft(nonce, "0x") != strings.TrimLeft(l.Nonce, "0x") {
				t.Errorf("it reads %s %s %x %s %s, want %+v", token.Time, token.Hash, token.Imprint, token.Policy, nonce, l)
			}
			stamped := read(t, folder, "rfc3161-client", "sigstore.mock", "payload")
			if l.Data != nil {
				stamped = []byte(*l.Data)
			}
			authority := &timestamp.Authority{Name: "vector"}
			if l.Chain != nil {
				if authority.Roots, authority.Others, err = timestamp.ParseRoots(read(t, folder, *l.Chain)); err != nil {
					t.Fatal(err)
				}
			} else if pool := systemRoots(l.File); pool != nil {
				authority.Roots = pool
			}
			var v timestamp.Verifier
			proven, err := v.Verify(token, stamped, authority)
			switch {
			case l.OpenSSL.AtGenTime == "ok" && err == nil:
				good++
				if strings.Contains(proven.Signer, "Spoofed") {
					t.Errorf("the signer is said to be %q", proven.Signer)
				}
				if _, err := v.Verify(token, append(stamped, '!'), authority); kindOf(t, err) != timestamp.Mismatch {
					t.Errorf("of other bytes it is said: %v", err)
				}
			case l.OpenSSL.AtGenTime == "ok" && l.Chain == nil:
				if kindOf(t, err) != timestamp.Untrusted {
					t.Error(err)
				}
				t.Logf("without its root: %v", err)
			case l.OpenSSL.AtGenTime == "ok":
				t.Errorf("openssl takes it, and we say: %v", err)
			case err == nil:
				t.Errorf("openssl says %s, and we take it", l.OpenSSL.AtGenTime)
			case strings.Contains(l.OpenSSL.AtGenTime, "signature") != (kindOf(t, err) == timestamp.Mismatch):
				t.Errorf("openssl says %s, and we say %v", l.OpenSSL.AtGenTime, err)
			}
		})
	}
	if good < 11 {
		t.Errorf("only %d tokens are good", good)
	}
}

// systemRoots is for the one token whose root is a public one.
func systemRoots(file string) []*x509.Certificate {
	if !strings.Contains(file, "digicert") {
		return nil
	}
	for _, f := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"} {
		data, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		var roots []*x509.Certificate
		for _, block := range strings.SplitAfter(string(data), "-----END CERTIFICATE-----\n") {
			if r, _, err := timestamp.ParseRoots([]byte(block)); err == nil && strings.Contains(r[0].Subject.String(), "DigiCert") {
				roots = append(roots, r...)
			}
		}
		return roots
	}
	return nil
}

type proofLabel struct {
	File         string
	Parse        string
	FileHashOp   string `json:"file_hash_op"`
	FileDigest   string `json:"file_digest"`
	Attestations []struct {
		Type, URI, Tag string
		Height         int64
		MerkleRoot     string `json:"merkle_root"`
	}
}

// TestPublishedProofs: what python-opentimestamps reads is what we read; what we
// do not take is named as unsupported.
func TestPublishedProofs(t *testing.T) {
	folder := vectors(t, "ots")
	type headerLabel struct {
		Height int64
		Header string
	}
	headers := map[int64]*timestamp.Header{}
	for _, l := range jsonLines[headerLabel](t, filepath.Join(folder, "headers.jsonl")) {
		raw, err := hex.DecodeString(l.Header)
		if err != nil {
			t.Fatal(err)
		}
		headers[l.Height] = (*timestamp.Header)(raw)
	}
	unsupported := map[string]bool{
		"bitcoin.pdf.ots": true, "sha1/a-or-b.ots": true, // over a SHA-1
		"different-blockchains.txt.ots": true, // Keccak-256
		"invalid/bad-major-version.ots": true,
	}
	proven := 0
	for _, l := range jsonLines[proofLabel](t, filepath.Join(folder, "proofs.jsonl")) {
		t.Run(l.File, func(t *testing.T) {
			data := read(t, folder, l.File)
			p, err := timestamp.ParseProof(data)
			if unsupported[l.File] || l.Parse != "ok" {
				if err == nil {
					t.Fatal("it is taken")
				}
				if kind := kindOf(t, err); unsupported[l.File] != (kind == timestamp.Unsupported) {
					t.Errorf("kind %d: %v", kind, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if again := p.Encode(); !bytes.Equal(again, data) {
				t.Errorf("it is written again as\n%x, want\n%x", again, data)
			}
			compareAttestations(t, p, l)
			for _, a := range p.Attestations() {
				h := headers[a.Height]
				if a.Kind != timestamp.BitcoinAttestation || h == nil {
					continue
				}
				err := timestamp.Mainnet.Proves(h, a)
				if l.File == "bad-stamp.txt.ots" {
					if err == nil || kindOf(t, err) != timestamp.Mismatch {
						t.Errorf("a proof that leads elsewhere: %v", err)
					}
					continue
				}
				if err != nil || h.Time().Unix() != 1432827678 {
					t.Errorf("%v, time %s", err, h.Time())
				}
				proven++
			}
		})
	}
	if proven != 1 {
		t.Errorf("%d attestations are proven by a header", proven)
	}
}

func compareAttestations(t *testing.T, p *timestamp.Proof, l proofLabel) {
	t.Helper()
	if got := hex.EncodeToString(p.Digest[:]); got != l.FileDigest {
		t.Errorf("it is over %s, want %s", got, l.FileDigest)
	}
	got := p.Attestations()
	if len(got) != len(l.Attestations) {
		t.Fatalf("it has %d attestations, want %d", len(got), len(l.Attestations))
	}
	for _, want := range l.Attestations {
		found := false
		for _, a := range got {
			switch want.Type {
			case "pending":
				found = found || a.Kind == timestamp.PendingAttestation && a.URI == want.URI
			case "bitcoin":
				found = found || a.Kind == timestamp.BitcoinAttestation && a.Height == want.Height && reversedHex(a.Message) == want.MerkleRoot
			case "unknown":
				found = found || a.Kind == timestamp.OtherAttestation && hex.EncodeToString(a.Tag[:]) == want.Tag
			}
		}
		if !found {
			t.Errorf("%+v is not there", want)
		}
	}
}

func reversedHex(b []byte) string {
	r := bytes.Clone(b)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return hex.EncodeToString(r)
}
