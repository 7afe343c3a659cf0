package trust_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/provenance/trust"
)

// keygen runs ssh-keygen in a folder and ends the test when it fails.
func keygen(t *testing.T, dir, stdin string, args ...string) {
	t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen %v: %v: %s", args, err, out)
	}
}

// TestCertificates: a certificate counts when a cert-authority line has its
// authority, and as ssh-keygen counts it. Where we are stricter by design, the
// case says so.
func TestCertificates(t *testing.T) {
	needTool(t, "ssh-keygen")
	const yes, no, stricter = "yes", "no", "stricter"
	const message = "signed text"
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	good := []string{"-n", olive, "-V", "20261101Z:20261201Z"}
	for name, test := range map[string]struct {
		issue []string // options of the certificate
		line  string   // CA, USER, OTHER stand for public keys
		want  string
	}{
		"by its authority":           {good, "*@operator.example cert-authority CA", yes},
		"by its authority, for git":  {good, `*@operator.example cert-authority,namespaces="git" CA`, yes},
		"no line":                    {good, "", no},
		"authority without the word": {good, olive + " CA", no},
		"the plain key only":         {good, olive + " USER", no},
		"another authority":          {good, "*@operator.example cert-authority OTHER", no},
		"authority for other names":  {good, "*@elsewhere.example cert-authority CA", no},
		"authority for other things": {good, `*@operator.example cert-authority,namespaces="file" CA`, no},
		"authority that ended":       {good, `*@operator.example cert-authority,valid-before="20261101Z" CA`, no},
		"another name":               {[]string{"-n", "mallory@operator.example"}, "*@operator.example cert-authority CA", no},
		"no names":                   {nil, "*@operator.example cert-authority CA", no},
		"over":                       {[]string{"-n", olive, "-V", "20260101Z:20261101Z"}, "*@operator.example cert-authority CA", no},
		"not yet":                    {[]string{"-n", olive, "-V", "20270101Z:20280101Z"}, "*@operator.example cert-authority CA", no},
		"of a host":                  {append([]string{"-h"}, good...), "*@operator.example cert-authority CA", no},
		"with a critical option":     {append([]string{"-O", "force-command=true"}, good...), "*@operator.example cert-authority CA", stricter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, key := range []string{"ca", "user", "other"} {
				keygen(t, dir, "", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
			}
			keygen(t, dir, "", append(append([]string{"-q", "-s", "ca", "-I", "id"}, test.issue...), "user.pub")...)
			keygen(t, dir, "", "-Y", "sign", "-q", "-n", "git", "-f", "user-cert.pub", writeFile(t, dir, "message", message))
			armor, err := os.ReadFile(filepath.Join(dir, "message.sig"))
			if err != nil {
				t.Fatal(err)
			}
			line := test.line
			for word, file := range map[string]string{"CA": "ca.pub", "USER": "user.pub", "OTHER": "other.pub"} {
				public, err := os.ReadFile(filepath.Join(dir, file))
				if err != nil {
					t.Fatal(err)
				}
				line = strings.Replace(line, word, strings.TrimSpace(string(public)), 1)
			}
			writeFile(t, dir, "allowed", line+"\n")
			key, err := trust.Verify([]byte(message), armor)
			if err == nil {
				var signers trust.AllowedSigners
				if signers, err = trust.ParseAllowedSigners([]byte(line + "\n")); err == nil {
					_, err = signers.Allow(trust.Namespace, olive, key, trust.Moment{Claimed: at})
				}
			}
			cmd := exec.Command("ssh-keygen", "-Y", "verify", "-n", "git", "-f", "allowed", "-I", olive, "-s", "message.sig",
				"-O", "verify-time="+at.Format("20060102150405Z"))
			cmd.Dir, cmd.Stdin = dir, strings.NewReader(message)
			theirs := cmd.Run() == nil
			switch ours := err == nil; {
			case test.want == yes && (!ours || !theirs), test.want == no && (ours || theirs), test.want == stricter && (ours || !theirs):
				t.Errorf("want %s; we say %v, ssh-keygen says %v", test.want, err, theirs)
			}
			if err != nil && !errors.As(err, new(*trust.NotAllowedError)) {
				t.Errorf("%T: %v, want a refusal", err, err)
			}
		})
	}
}

// TestForgedCertificate: a certificate whose text was changed after its authority
// signed it is refused.
func TestForgedCertificate(t *testing.T) {
	needTool(t, "ssh-keygen")
	dir := t.TempDir()
	for _, key := range []string{"ca", "user"} {
		keygen(t, dir, "", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
	}
	keygen(t, dir, "", "-q", "-s", "ca", "-I", "id", "-n", "olive@operator.examplf", "user.pub")
	cert, err := os.ReadFile(filepath.Join(dir, "user-cert.pub"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := trust.ReadPublic(filepath.Join(dir, "user-cert.pub"))
	if err != nil {
		t.Fatalf("%v: %s", err, cert)
	}
	public := forgePrincipal(t, key.Public(), "olive@operator.examplf", olive)
	authority, err := os.ReadFile(filepath.Join(dir, "ca.pub"))
	if err != nil {
		t.Fatal(err)
	}
	signers, err := trust.ParseAllowedSigners([]byte(fmt.Sprintf("* cert-authority %s", authority)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = signers.Allow(trust.Namespace, olive, public, trust.Moment{Claimed: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "its certificate is not good") {
		t.Errorf("got %v", err)
	}
}

func forgePrincipal(t *testing.T, key ssh.PublicKey, from, to string) ssh.PublicKey {
	t.Helper()
	forged, err := ssh.ParsePublicKey(bytes.Replace(key.Marshal(), []byte(from), []byte(to), 1))
	if err != nil {
		t.Fatal(err)
	}
	return forged
}
