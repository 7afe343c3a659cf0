package trust_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/walkback-dev/walkback/provenance/trust"
)

// securityKey is a FIDO key in software: what an sk-ssh-ed25519 key signs
// (OpenSSH PROTOCOL.u2f).
type securityKey struct {
	private ed25519.PrivateKey
	flags   byte // 1: a user was present
}

const application = "ssh:"

func (k *securityKey) PublicKey() ssh.PublicKey {
	blob := ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{ssh.KeyAlgoSKED25519, k.private.Public().(ed25519.PublicKey), application})
	public, err := ssh.ParsePublicKey(blob)
	if err != nil {
		panic(err)
	}
	return public
}

func (k *securityKey) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	app, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	rest := binary.BigEndian.AppendUint32([]byte{k.flags}, 7)
	signed := slices.Concat(app[:], rest, message[:])
	return &ssh.Signature{Format: ssh.KeyAlgoSKED25519, Blob: ed25519.Sign(k.private, signed), Rest: rest}, nil
}

// hardwareAgent is an ssh-agent that holds a security key.
type hardwareAgent struct {
	agent.Agent
	key *securityKey
}

func (a *hardwareAgent) List() ([]*agent.Key, error) {
	public := a.key.PublicKey()
	own, err := a.Agent.List()
	return append(own, &agent.Key{Format: public.Type(), Blob: public.Marshal(), Comment: "Olive <olive@operator.example>"}), err
}

func (a *hardwareAgent) Sign(key ssh.PublicKey, data []byte) (*ssh.Signature, error) {
	if bytes.Equal(key.Marshal(), a.key.PublicKey().Marshal()) {
		return a.key.Sign(rand.Reader, data)
	}
	return a.Agent.Sign(key, data)
}

// SignWithFlags is for the keys of the agent beneath.
func (a *hardwareAgent) SignWithFlags(key ssh.PublicKey, data []byte, flags agent.SignatureFlags) (*ssh.Signature, error) {
	if flags == 0 {
		return a.Sign(key, data)
	}
	return a.Agent.(agent.ExtendedAgent).SignWithFlags(key, data, flags)
}

func (a *hardwareAgent) Extension(string, []byte) ([]byte, error) {
	return nil, agent.ErrExtensionUnsupported
}

// TestSecurityKeyInAgent: a security key that an agent holds signs as others do,
// and so does an RSA key. A signature that nobody touched the key for is refused,
// though OpenSSH 9.2 takes it.
func TestSecurityKeyInAgent(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	hardware := &securityKey{private: private, flags: 1}
	keyring := &hardwareAgent{Agent: agent.NewKeyring(), key: hardware}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if err := keyring.Add(agent.AddedKey{PrivateKey: rsaKey, Comment: "Rosa <rosa@operator.example>"}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keyring, conn) }()
		}
	}()
	client, err := trust.DialAgent(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	keys, err := client.Keys()
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	for _, key := range keys {
		armor, err := key.Sign(strings.NewReader("text"))
		if err != nil {
			t.Fatalf("%s: %v", key.Type(), err)
		}
		if by, err := trust.Verify([]byte("text"), armor); err != nil || trust.Fingerprint(by) != key.Fingerprint() {
			t.Errorf("%s: %v", key.Type(), err)
		}
	}
	file := filepath.Join(t.TempDir(), "sk.pub")
	if err := os.WriteFile(file, ssh.MarshalAuthorizedKey(hardware.PublicKey()), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := client.KeyForPublic(file)
	if err != nil {
		t.Fatal(err)
	}
	hardware.flags = 0
	armor, err := key.Sign(strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = trust.Verify([]byte("text"), armor)
	if err == nil || err.Error() != "the signature is not good: nobody touched the security key that made it" {
		t.Errorf("without a touch: %v", err)
	}
}

// program writes a signing program of a few lines.
func program(t *testing.T, script string) trust.Program {
	t.Helper()
	file := filepath.Join(t.TempDir(), "signer")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return trust.Program{Path: file}
}

// TestProgram: a program that is called as git calls ssh-keygen signs, and nothing
// that it gives is taken unseen.
func TestProgram(t *testing.T) {
	needTool(t, "ssh-keygen", "sh")
	made, other := newKey(t), newKey(t)
	sign := `exec ssh-keygen "$@" 2>/dev/null`
	key, err := trust.OpenProgramKey(program(t, sign), made.File())
	if err != nil {
		t.Fatal(err)
	}
	if _, email := key.Person(); email != olive || key.Fingerprint() != made.Fingerprint() || key.File() != made.File() {
		t.Errorf("it signs as %s, %s", email, key.Fingerprint())
	}
	for _, namespace := range []string{trust.Namespace, trust.CosignNamespace} {
		armor, err := key.SignIn(namespace, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := trust.VerifyIn(namespace, []byte("text"), armor); err != nil {
			t.Error(err)
		}
	}
	for name, test := range map[string]struct{ script, says string }{
		"fails":             {"echo no token >&2; exit 3", "exit status 3: no token"},
		"writes nothing":    {"exit 0", "wrote no signature"},
		"writes junk":       {`for f; do :; done; echo junk > "$f.sig"`, "not one armored SSH signature"},
		"another key":       {fmt.Sprintf(`for f; do :; done; exec ssh-keygen -q -Y sign -n git -f %s "$f" 2>/dev/null`, other.File()), "signed with another key"},
		"another text":      {fmt.Sprintf(`for f; do :; done; echo x > "$f"; exec ssh-keygen -q -Y sign -n git -f %s "$f" 2>/dev/null`, made.File()), "does not fit"},
		"another space":     {fmt.Sprintf(`for f; do :; done; exec ssh-keygen -q -Y sign -n file -f %s "$f" 2>/dev/null`, made.File()), `namespace "file"`},
		"endless signature": {`for f; do :; done; head -c 200000 /dev/zero > "$f.sig"`, "more than"},
	} {
		key, err := trust.OpenProgramKey(program(t, test.script), made.File()+".pub")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.Sign(strings.NewReader("text")); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
	}
	if _, err := trust.OpenProgramKey(trust.Program{Path: "/nonexistent/signer"}, made.File()); err == nil {
		t.Error("a program that is not there is taken")
	}
	if _, err := trust.OpenProgramKey(program(t, sign), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a key that is not there: %v", err)
	}
}
