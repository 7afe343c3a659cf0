package trust_test

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/provenance/trust"
)

const vectorsDir = "../../../shared/data/signatures/sshsig"

// TestOpenSSHVectors: the signatures of OpenSSH's own tests are good, or named
// as what this program does not support; none is called wrong.
func TestOpenSSHVectors(t *testing.T) {
	list, err := os.Open(filepath.Join(vectorsDir, "vectors.jsonl"))
	if err != nil {
		t.Skip("the shared signatures are not there")
	}
	defer list.Close()
	unsupported := map[string]string{
		"ecdsa_sk_webauthn.sig": `signature type "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"`,
		"mldsa44-ed25519.sig":   `key type "ssh-mldsa44-ed25519@openssh.com"`,
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(vectorsDir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	n := 0
	for lines := bufio.NewScanner(list); lines.Scan(); n++ {
		var v struct {
			Public    string `json:"public_key"`
			Signature string
			Data      string
			Namespace string
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		message, armor := read(v.Data), read(v.Signature)
		key, err := trust.VerifyIn(v.Namespace, message, armor)
		if want := unsupported[v.Signature]; want != "" {
			var named *trust.UnsupportedError
			if !errors.As(err, &named) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s unsupported", v.Signature, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Signature, err)
			continue
		}
		public, _, _, _, err := ssh.ParseAuthorizedKey(read(v.Public))
		if err != nil || !bytes.Equal(public.Marshal(), key.Marshal()) {
			t.Errorf("%s is by another key, %v", v.Signature, err)
		}
		var bad *trust.SignatureError
		if _, err := trust.VerifyIn(v.Namespace, append(message, 'x'), armor); !errors.As(err, &bad) || !bad.Misfit {
			t.Errorf("%s over other bytes: %v", v.Signature, err)
		}
		if _, err := trust.Verify(message, armor); !errors.As(err, &bad) || !strings.Contains(err.Error(), `namespace "unittest", not "git"`) {
			t.Errorf("%s in another namespace: %v", v.Signature, err)
		}
	}
	if n != 7 {
		t.Errorf("%d vectors, want 7", n)
	}
}

// sshsigBlob is the wire form of PROTOCOL.sshsig.
type sshsigBlob struct {
	Magic     [6]byte
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

func armored(blob []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob})
}

// TestForeignSignatures: what is newer than this program is unsupported, what is
// weak or malformed is not good. Nothing is accepted.
func TestForeignSignatures(t *testing.T) {
	const message = "signed text"
	key := newKey(t)
	armor, err := key.Sign(strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(armor)
	edit := func(change func(*sshsigBlob)) string {
		var b sshsigBlob
		if err := ssh.Unmarshal(block.Bytes, &b); err != nil {
			t.Fatal(err)
		}
		change(&b)
		return string(armored(ssh.Marshal(b)))
	}
	str := func(s string) []byte { return ssh.Marshal(struct{ S string }{s}) }
	good, unsupported := string(armor), true
	for name, test := range map[string]struct {
		armor       string
		unsupported bool
		says        string
	}{
		"version 2":           {edit(func(b *sshsigBlob) { b.Version = 2 }), unsupported, "version 2 of SSHSIG"},
		"unknown hash":        {edit(func(b *sshsigBlob) { b.Hash = "sha3-512" }), unsupported, `hash algorithm "sha3-512"`},
		"SHA-1":               {edit(func(b *sshsigBlob) { b.Hash = "sha1" }), unsupported, `hash algorithm "sha1"`},
		"reserved":            {edit(func(b *sshsigBlob) { b.Reserved = "x" }), unsupported, "reserved"},
		"unknown key":         {edit(func(b *sshsigBlob) { b.PublicKey = str("ssh-future") }), unsupported, `key type "ssh-future"`},
		"DSA":                 {edit(func(b *sshsigBlob) { b.PublicKey = str("ssh-dss") }), unsupported, `key type "ssh-dss"`},
		"unknown signature":   {edit(func(b *sshsigBlob) { b.Signature = str("future-sig") }), unsupported, `signature type "future-sig"`},
		"other signature":     {edit(func(b *sshsigBlob) { b.Signature = str("rsa-sha2-512") }), false, "made no signature of type rsa-sha2-512"},
		"magic":               {edit(func(b *sshsigBlob) { b.Magic[0] = 'x' }), false, "not an SSHSIG"},
		"hash swapped":        {edit(func(b *sshsigBlob) { b.Hash = "sha256" }), false, "does not fit"},
		"no key":              {edit(func(b *sshsigBlob) { b.PublicKey = nil }), false, "no key"},
		"other namespace":     {edit(func(b *sshsigBlob) { b.Namespace = "file" }), false, `namespace "file"`},
		"junk after":          {good + "junk\n", false, "and nothing else"},
		"junk before":         {"junk\n" + good, false, "and nothing else"},
		"twice":               {good + good, false, "and nothing else"},
		"without the end":     {strings.TrimSuffix(good, "\n"), false, "and nothing else"},
		"carriage returns":    {strings.ReplaceAll(good, "\n", "\r\n"), false, "and nothing else"},
		"bytes after":         {string(armored(append(bytes.Clone(block.Bytes), 0))), false, "not an SSHSIG"},
		"header in the armor": {strings.Replace(good, "\n", "\nx: y\n\n", 1), false, "armor"},
		"endless":             {good[:30] + strings.Repeat("A", 1<<20), false, "more than"},
	} {
		_, err := trust.Verify([]byte(message), []byte(test.armor))
		isUnsupported := errors.As(err, new(*trust.UnsupportedError))
		if err == nil || isUnsupported != test.unsupported || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v (unsupported: %v), want %q (%v)", name, err, isUnsupported, test.says, test.unsupported)
		}
	}
}

// TestRSAWithSHA1: x/crypto verifies it, and nobody should any more.
func TestRSAWithSHA1(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	signed := []byte("any")
	sum := sha1.Sum(signed)
	raw, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA1, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	b := sshsigBlob{Magic: [6]byte([]byte("SSHSIG")), Version: 1, PublicKey: public.Marshal(), Namespace: "git", Hash: "sha512"}
	b.Signature = ssh.Marshal(&ssh.Signature{Format: ssh.KeyAlgoRSA, Blob: raw})
	_, err = trust.Verify(signed, armored(ssh.Marshal(b)))
	if err == nil || err.Error() != "the signature is not good: RSA with SHA-1 is too weak" {
		t.Errorf("got %v", err)
	}
}

// FuzzVerify: no bytes are a good signature but the one that was made, and none
// make the verifier fail in another way than it says.
func FuzzVerify(f *testing.F) {
	const message = "signed text"
	key := newKey(f)
	armor, err := key.SignIn(trust.CosignNamespace, []byte(message))
	if err != nil {
		f.Fatal(err)
	}
	block, _ := pem.Decode(armor)
	f.Add(block.Bytes)
	f.Add([]byte("SSHSIG"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		by, err := trust.VerifyIn(trust.CosignNamespace, []byte(message), armored(blob))
		if err != nil {
			if !errors.As(err, new(*trust.SignatureError)) && !errors.As(err, new(*trust.UnsupportedError)) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if trust.Fingerprint(by) == key.Fingerprint() {
			return // the signature has more than one encoding at most
		}
		if _, err := sshsig.ParseSignature(blob); err != nil {
			t.Fatalf("accepted, but %v", err)
		}
	})
}
