package timestamptest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// OpenSSL is a time stamping authority that stock openssl plays: a root, a
// certificate below it, and "openssl ts -reply".
type OpenSSL struct {
	Dir  string // holds root.pem and tsa.pem
	fail func(format string, args ...any)
	mu   sync.Mutex // openssl keeps the serial number in a file
}

const opensslSettings = `
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = here
[here]
dir = %[1]s
serial = $dir/serial
crypto_device = builtin
signer_cert = $dir/tsa.pem
certs = $dir/root.pem
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.2
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

// NewOpenSSL makes an authority of this name. The test is skipped when there is
// no openssl, except where CI says that there must be.
func NewOpenSSL(tb testing.TB, name string) *OpenSSL {
	tb.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatal(err)
		}
		tb.Skip("openssl is not installed, so there is no authority")
	}
	return MakeOpenSSL(tb.TempDir(), name, tb.Errorf)
}

// MakeOpenSSL makes an authority in this folder, for those who have no testing.TB.
// fail is told what goes wrong, then and later.
func MakeOpenSSL(dir, name string, fail func(format string, args ...any)) *OpenSSL {
	o := &OpenSSL{Dir: dir, fail: fail}
	settings := filepath.Join(dir, "openssl.cnf")
	for file, content := range map[string]string{"openssl.cnf": fmt.Sprintf(opensslSettings, dir), "serial": "01\n"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			fail("%v", err)
		}
	}
	o.run("req", "-x509", "-config", settings, "-extensions", "root", "-newkey", "rsa:2048", "-nodes", "-days", "3650",
		"-subj", "/CN="+name+" root", "-keyout", "root.key", "-out", "root.pem")
	o.run("req", "-config", settings, "-newkey", "rsa:2048", "-nodes", "-subj", "/CN="+name, "-keyout", "tsa.key", "-out", "tsa.csr")
	o.run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "7", "-days", "3000",
		"-extfile", settings, "-extensions", "leaf", "-out", "tsa.pem")
	return o
}

func (o *OpenSSL) run(args ...string) {
	cmd := exec.Command("openssl", args...)
	cmd.Dir = o.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		o.fail("openssl %s: %v\n%s", args[0], err, out)
	}
}

// Root returns the path of the root, in PEM.
func (o *OpenSSL) Root() string { return filepath.Join(o.Dir, "root.pem") }

// ServeHTTP answers a TimeStampReq.
func (o *OpenSSL) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	question, answer := filepath.Join(o.Dir, "q.tsq"), filepath.Join(o.Dir, "r.tsr")
	if err := os.WriteFile(question, query, 0o600); err != nil {
		o.fail("%v", err)
	}
	cmd := exec.Command("openssl", "ts", "-reply", "-config", "openssl.cnf", "-queryfile", question, "-out", answer)
	cmd.Dir = o.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		o.fail("openssl ts -reply: %v\n%s", err, out)
	}
	reply, err := os.ReadFile(answer)
	if err != nil {
		o.fail("%v", err)
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(reply) // a client that went away has no use for the error
}
