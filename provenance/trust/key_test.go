package trust_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/walkback-dev/walkback/provenance/trust"
)

func TestNewKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "key")
	made, err := trust.NewKey(file, "Olive Operator", olive, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v, %v", info.Mode(), err)
	}
	opened, err := trust.OpenKey(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	half, err := trust.ReadPublic(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []*trust.Key{made, opened, half} {
		name, email := key.Person()
		if name != "Olive Operator" || email != olive || key.Fingerprint() != made.Fingerprint() || key.Type() != ssh.KeyAlgoED25519 || key.File() != file {
			t.Errorf("got %s <%s> %s %s %s", name, email, key.Fingerprint(), key.Type(), key.File())
		}
	}
	if _, err := half.Sign(strings.NewReader("x")); err == nil {
		t.Error("a public key signs")
	}
	before, _ := os.ReadFile(file)
	if _, err := trust.NewKey(file, "", "", nil, rand.Reader); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key in place of another: %v", err)
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("the first key was written over")
	}
	if out, err := exec.Command("ssh-keygen", "-l", "-f", file).Output(); err == nil && !strings.Contains(string(out), made.Fingerprint()+" Olive Operator <"+olive+">") {
		t.Errorf("ssh-keygen calls the key %s", out)
	}
}

// TestAnonymousKey: a key without a name signs under its fingerprint.
func TestAnonymousKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	key, err := trust.NewKey(file, "", "", nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	name, email := key.Person()
	if local, ok := strings.CutSuffix(email, "@walkback.invalid"); name != "walkback" || !ok || len(local) != 8 {
		t.Errorf("it signs as %s <%s>", name, email)
	}
	for _, comment := range []string{"", "olive@laptop", "Olive <not an address>", "O <a@b> x", "O <*@b.example>"} {
		if err := os.WriteFile(file+".pub", []byte(key.PublicKey()+" "+comment+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		opened, err := trust.OpenKey(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := opened.Person(); got != email {
			t.Errorf("with the comment %q it signs as %s, want %s", comment, got, email)
		}
	}
	other := newKey(t)
	if err := os.WriteFile(file+".pub", []byte(other.PublicKey()+" Mallory <mallory@x.example>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if opened, err := trust.OpenKey(file, nil); err != nil {
		t.Error(err)
	} else if _, got := opened.Person(); got != email {
		t.Errorf("with the public half of another key it signs as %s", got)
	}
}

func TestPerson(t *testing.T) {
	for _, test := range []struct{ name, email string }{
		{"Olive", "no address"},
		{"Olive", "*@x.example"},
		{"Olive", "a,b@x.example"},
		{"Olive", "!a@x.example"},
		{"Olive", "a b@x.example"},
		{"Olive", "Olive <a@x.example>"},
		{"Olive", "a@x.example\nx"},
		{"Olive", `"a"@x.example`},
		{"Olive", "#a@x.example"},
		{"<Olive>", olive},
		{"Ol\nive", olive},
		{`Ol"ive`, olive},
		{"Ol\x1bive", olive},
	} {
		if _, err := trust.NewKey(filepath.Join(t.TempDir(), "key"), test.name, test.email, nil, rand.Reader); err == nil {
			t.Errorf("%q <%q> is accepted", test.name, test.email)
		}
	}
}

func TestPassphrase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	made, err := trust.NewKey(file, "Olive", olive, []byte("sesame"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	says := func(phrase string, err error) func() ([]byte, error) {
		return func() ([]byte, error) { return []byte(phrase), err }
	}
	if key, err := trust.OpenKey(file, says("sesame", nil)); err != nil || key.Fingerprint() != made.Fingerprint() {
		t.Errorf("the right one: %v", err)
	}
	var passphrase *trust.PassphraseError
	if _, err := trust.OpenKey(file, says("poppy", nil)); !errors.As(err, &passphrase) || !passphrase.Wrong || passphrase.File != file {
		t.Errorf("a wrong one: %v", err)
	}
	if _, err := trust.OpenKey(file, nil); !errors.As(err, &passphrase) || passphrase.Wrong {
		t.Errorf("none: %v", err)
	}
	if _, err := trust.OpenKey(file, says("", fs.ErrClosed)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a dialogue that fails: %v", err)
	}
}

func TestBadKeyFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if _, err := trust.OpenKey(file, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := trust.NewKey(file, "Olive", olive, nil, rand.Reader); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o666} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		var open *trust.PermissionsError
		if _, err := trust.OpenKey(file, nil); !errors.As(err, &open) || open.File != file || open.Mode.Perm() != mode {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	for _, content := range []string{"", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"} {
		bad := filepath.Join(t.TempDir(), "bad")
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := trust.OpenKey(bad, nil); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// TestVerify: signatures that our keys, ssh-keygen and others make.
func TestVerify(t *testing.T) {
	const message = "signed text"
	_, edPrivate, _ := ed25519.GenerateKey(rand.Reader)
	ecPrivate, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rsaPrivate, _ := rsa.GenerateKey(rand.Reader, 2048)
	signers := map[string]ssh.Signer{}
	for name, private := range map[string]any{"ed25519": edPrivate, "ecdsa": ecPrivate, "rsa": rsaPrivate} {
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil {
			t.Fatal(err)
		}
		signers[name] = signer
	}
	sign := func(key string, hash sshsig.HashAlgorithm, namespace string) []byte {
		sig, err := sshsig.Sign(strings.NewReader(message), signers[key], hash, namespace)
		if err != nil {
			t.Fatal(err)
		}
		return sshsig.Armor(sig)
	}
	for name := range signers {
		for _, hash := range []sshsig.HashAlgorithm{sshsig.HashSHA256, sshsig.HashSHA512} {
			key, err := trust.Verify([]byte(message), sign(name, hash, "git"))
			if err != nil || !bytes.Equal(key.Marshal(), signers[name].PublicKey().Marshal()) {
				t.Errorf("%s with %s: %v", name, hash, err)
			}
		}
	}
	good := sign("ed25519", sshsig.HashSHA512, "git")
	var bad *trust.SignatureError
	for name, test := range map[string]struct{ message, armor string }{
		"other text":      {"signed texT", string(good)},
		"other namespace": {message, string(sign("ed25519", sshsig.HashSHA512, "file"))},
		"no armor":        {message, "nothing"},
		"empty":           {message, ""},
		"bit flipped":     {message, string(flipped(t, good))},
	} {
		if _, err := trust.Verify([]byte(test.message), []byte(test.armor)); !errors.As(err, &bad) || bad.Reason == "" {
			t.Errorf("%s: got %v, want a SignatureError", name, err)
		}
	}
}

// flipped changes one bit in the last byte of a signature.
func flipped(t *testing.T, armor []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(armor)
	if block == nil {
		t.Fatal("no armor")
	}
	block.Bytes[len(block.Bytes)-1] ^= 1
	return pem.EncodeToMemory(block)
}

// TestWeakKeys: what OpenSSH no longer trusts is refused.
func TestWeakKeys(t *testing.T) {
	const message = "signed text"
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(weak)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := sshsig.Sign(strings.NewReader(message), signer, sshsig.HashSHA512, "git")
	if err != nil {
		t.Fatal(err)
	}
	var refused *trust.SignatureError
	if _, err := trust.Verify([]byte(message), sshsig.Armor(sig)); !errors.As(err, &refused) || !strings.Contains(err.Error(), "2048 bits") {
		t.Errorf("RSA of 1024 bits: %v", err)
	}
}

func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestAgent: keys that an agent holds sign as those of a file do.
func TestAgent(t *testing.T) {
	if _, err := trust.DialAgent(""); !errors.Is(err, trust.ErrNoAgent) {
		t.Errorf("no socket: %v", err)
	}
	socket := filepath.Join(t.TempDir(), "agent.sock")
	if _, err := trust.DialAgent(socket); !errors.Is(err, trust.ErrNoAgent) {
		t.Errorf("nobody listens: %v", err)
	}
	keyring := serveAgent(t, socket)
	file := filepath.Join(t.TempDir(), "key")
	made, err := trust.NewKey(file, "Olive", olive, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	client, err := trust.DialAgent(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.KeyForPublic(file + ".pub"); err == nil || !strings.Contains(err.Error(), made.Fingerprint()) {
		t.Errorf("a key that the agent does not hold: %v", err)
	}
	private, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ssh.ParseRawPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if err := keyring.Add(agent.AddedKey{PrivateKey: raw, Comment: "Someone <someone@x.example>"}); err != nil {
		t.Fatal(err)
	}
	keys, err := client.Keys()
	if err != nil || len(keys) != 1 || keys[0].File() != "" {
		t.Fatalf("keys %v, %v", keys, err)
	}
	if _, email := keys[0].Person(); email != "someone@x.example" {
		t.Errorf("the key signs as %s, want the agent's comment", email)
	}
	key, err := client.KeyForPublic(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if _, email := key.Person(); email != olive {
		t.Errorf("the key signs as %s, want the comment of the file", email)
	}
	armor, err := key.Sign(strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust.Verify([]byte("text"), armor); err != nil {
		t.Error(err)
	}
	if _, err := client.KeyForPublic(filepath.Join(t.TempDir(), "none.pub")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no public file: %v", err)
	}
}

// serveAgent is an ssh-agent.
func serveAgent(t *testing.T, socket string) agent.Agent {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	keyring := agent.NewKeyring()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, conn) }()
		}
	}()
	return keyring
}

// TestKilledNewKey: what a making that was killed left beside a key goes when the
// key is used, and the public half is there again. The key stays what it was.
func TestKilledNewKey(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "default")
	made, err := trust.NewKey(file, "", "", nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file + ".pub"); err != nil {
		t.Fatal(err)
	}
	// The first of these is the key itself under its former name.
	if err := os.Link(file, filepath.Join(folder, ".default.new")); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{".default.lock", ".default.pub.lock", ".default.pub.new"} {
		if err := os.WriteFile(filepath.Join(folder, left), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := trust.OpenKey(file, nil)
	if err != nil || opened.Fingerprint() != made.Fingerprint() {
		t.Fatalf("opened %v, %v", opened, err)
	}
	for name, want := range map[string][]byte{file: private, file + ".pub": public} {
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is %q, %v, want %q", name, got, err, want)
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
