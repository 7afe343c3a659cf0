package provenance_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	signersFile     = "trust/allowed_signers"
	revokedFile     = "trust/revoked_keys"
	revocationsFile = "trust/revocations.jsonl"
	policyFile      = "trust/policy.json"
)

// entrust commits files of the trust folder, by the owner.
func (v *victim) entrust(files map[string]string) string {
	v.t.Helper()
	return v.forge(forgery{kind: schemas.KindTrust, put: files})
}

// letIn adds a line to the allowed signers, KEY standing for a new key, which it
// returns.
func (v *victim) letIn(line string) *trust.Key {
	v.t.Helper()
	key := newKey(v.t)
	v.entrust(map[string]string{signersFile: v.show(signersFile) + strings.Replace(line, "KEY", key.PublicKey(), 1) + "\n"})
	return key
}

// add commits a file of the post's page.
func (v *victim) add(name string, by signer) string {
	v.t.Helper()
	return v.forge(forgery{by: by, put: put(folder(v.t, postURL) + "/" + name)})
}

// revocation is the line that a key is revoked by.
func revocation(v *victim, key *trust.Key, lastGood string, since time.Time) string {
	v.t.Helper()
	sum, err := schemas.ParseDigest("sha256:" + sha256hex(v.git("cat-file", "commit", lastGood)))
	if err != nil {
		v.t.Fatal(err)
	}
	line, err := schemas.EncodeLine(&schemas.Revocation{
		Schema: schemas.RevocationSchema, Key: key.Fingerprint(), Reason: "stolen", CompromisedAt: schemas.TimeOf(since), LastGood: sum,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return string(line)
}

// stolen is an archive with a second key, which signed one snapshot for its owner
// and one for a thief, and which was revoked then.
func stolen(v *victim) (key *trust.Key) {
	key = v.letIn(provenancetest.Email + " KEY")
	good := v.add("good", key)
	v.add("by-thief", key)
	v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, good, v.clock.Now())})
	return key
}

// provenAll proves all snapshots by one time.
func provenAll(at time.Time) func(int) time.Time { return func(int) time.Time { return at } }

const anyone = provenancetest.Email + " KEY"

// TestTrust: attacks on who may sign.
func TestTrust(t *testing.T) { runAttacks(t, trustAttacks) }

func trustAttacks(t *testing.T) []attack {
	return []attack{
		{"key that let itself in, and goes on", func(v *victim) {
			key := newKey(v.t)
			v.forge(forgery{kind: schemas.KindTrust, by: key, put: map[string]string{signersFile: v.show(signersFile) + trust.SignerLine(provenancetest.Email, key.PublicKey())}})
			v.add("more", key)
		}, schemas.Untrusted, "signers", "may not sign: the archive does not allow this key"},
		{"allowed signers swapped by who has no key", func(v *victim) {
			index := newIndex(v, "main")
			index.set(signersFile, trust.SignerLine(provenancetest.Email, newKey(v.t).PublicKey()))
			raw := v.git("cat-file", "commit", "main")
			v.adopt(strings.Replace(raw, "tree "+v.revision("main^{tree}"), "tree "+index.tree(), 1))
		}, schemas.Tampered, "signatures", "does not fit the commit"},
		{"whole archive made anew under the same id", func(v *victim) {
			v.options.Introduction = v.introduction()
			v.options.Memory = trust.NewMemory(v.t.TempDir())
			refound(v, newKey(v.t))
		}, schemas.Untrusted, "introduction", "the introduction says"},
		{"window widened by the key that it ended", func(v *victim) {
			before := v.show(signersFile)
			v.forge(windowOf(v, "valid-before", v.clock.Now()))
			v.entrust(map[string]string{signersFile: before})
		}, schemas.Untrusted, "signers", "the key was no longer allowed on"},
		{"co-signer who signs a snapshot", func(v *victim) {
			v.add("extra", v.letIn(provenancetest.Email+` namespaces="cosign@walkback" KEY`))
		}, schemas.Untrusted, "signers", "the key is allowed for other purposes: cosign@walkback"},
		{"certificate whose authority is not let in", func(v *victim) {
			v.add("extra", newCertified(v, ""))
		}, schemas.Untrusted, "signers", "the archive does not allow this key"},
		{"certificate whose authority is let in as a plain key", func(v *victim) {
			v.add("extra", newCertified(v, provenancetest.Email+" CA"))
		}, schemas.Untrusted, "signers", "the archive does not allow this key"},
		{"certificate for another name", func(v *victim) {
			key := newCertified(v, "* cert-authority CA")
			v.forge(forgery{by: key, email: "mallory@operator.example", put: put(folder(v.t, postURL) + "/extra")})
		}, schemas.Untrusted, "signers", "its certificate is for other names"},
		{name: "certificate of an authority", tamper: func(v *victim) {
			v.add("extra", newCertified(v, "*@operator.example cert-authority CA"))
		}, want: schemas.Verified},
		{"authority that was revoked", func(v *victim) {
			key := newCertified(v, "*@operator.example cert-authority CA")
			v.entrust(map[string]string{revokedFile: key.authority + "\n"})
			v.add("extra", key)
		}, schemas.Untrusted, "signers", "the key was revoked before"},

		{"signature of tomorrow", func(v *victim) {
			v.forge(forgery{put: put(folder(v.t, postURL) + "/extra"), raw: func(s string) string {
				armor := armorOf(s)
				newer := strings.TrimSuffix(newerVersion(strings.ReplaceAll(armor, "\n ", "\n")+"\n"), "\n")
				return strings.Replace(s, armor, strings.ReplaceAll(newer, "\n", "\n "), 1)
			}})
		}, schemas.Unsupported, "signatures", "version 2 of SSHSIG is not supported"},

		{"expired key that claims an earlier time", func(v *victim) {
			v.forge(windowOf(v, "valid-before", v.clock.Now().Add(time.Hour)))
			v.add("extra", nil)
			v.options = v.options.ProvenBy(provenAll(v.clock.Now().Add(2 * time.Hour)))
		}, schemas.Untrusted, "signers", "and nothing proves that it signed before that"},
		{name: "key for a time, proven to have signed in it", tamper: func(v *victim) {
			v.forge(windowOf(v, "valid-before", v.clock.Now().Add(time.Hour)))
			v.add("extra", nil)
			v.options = v.options.ProvenBy(provenAll(v.clock.Now()))
			v.options.Strict = true
		}, want: schemas.Verified},
		{name: "key for a time, by its own clock", tamper: func(v *victim) {
			v.forge(windowOf(v, "valid-before", v.clock.Now().Add(time.Hour)))
			v.add("extra", nil)
		}, want: schemas.Verified, check: "signers", says: "TIME-UNPROVEN"},
		{"key for a time, by its own clock, and that is not enough", func(v *victim) {
			v.forge(windowOf(v, "valid-before", v.clock.Now().Add(time.Hour)))
			v.add("extra", nil)
			v.options.Strict = true
		}, schemas.Unproven, "signers", "TIME-UNPROVEN: a key that may sign for a time only did so by its own clock"},
	}
}

// TestRevocation: what a key signed that somebody else may have is judged by
// order and by proof.
func TestRevocation(t *testing.T) { runAttacks(t, revocationAttacks) }

func revocationAttacks(t *testing.T) []attack {
	proven := func(v *victim) provenance.VerifyOptions { return v.options.ProvenBy(provenAll(v.clock.Now())) }
	return []attack{
		{"signed by the thief before it was noticed", func(v *victim) {
			stolen(v)
			v.options = proven(v)
		}, schemas.Untrusted, "signers", "and this comes after its last good snapshot"},
		{"signed by the thief after that", func(v *victim) {
			key := v.letIn(anyone)
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, "main", v.clock.Now())})
			v.add("extra", key)
			v.options = proven(v)
		}, schemas.Untrusted, "signers", "the key was revoked before"},
		{name: "signed by its owner, and proven", tamper: func(v *victim) {
			key := v.letIn(anyone)
			good := v.add("good", key)
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, good, v.clock.Now())})
			v.options = proven(v)
		}, want: schemas.Verified},
		{"signed by its owner, and not proven", func(v *victim) {
			key := v.letIn(anyone)
			good := v.add("good", key)
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, good, v.clock.Now())})
		}, schemas.Untrusted, "signers", "TIME-UNPROVEN: the key was compromised on"},
		{name: "evidence that the key kept, last of all", tamper: func(v *victim) {
			key := v.letIn(anyone)
			v.add("good", key)
			kept := v.forge(forgery{kind: schemas.KindEvidence, by: key, put: put("log/checkpoint-x")})
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, kept, v.clock.Now())})
			v.options = v.options.ProvenBy(func(place int) time.Time {
				if place <= 5 { // up to what it is of
					return v.clock.Now()
				}
				return time.Time{}
			})
		}, want: schemas.Verified},
		{"evidence that the thief keeps", func(v *victim) {
			key := v.letIn(anyone)
			good := v.add("good", key)
			v.forge(forgery{kind: schemas.KindEvidence, by: key, put: put("log/checkpoint-x")})
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, good, v.clock.Now())})
			v.options = proven(v)
		}, schemas.Untrusted, "signers", "and this comes after its last good snapshot"},
		{"proven for later than the theft only", func(v *victim) {
			key := v.letIn(anyone)
			good := v.add("good", key)
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, good, v.clock.Now())})
			v.options = v.options.ProvenBy(provenAll(v.clock.Now().Add(time.Minute)))
		}, schemas.Untrusted, "signers", "it is proven only that this was signed before"},
		{"last good commit of another history", func(v *victim) {
			key := v.letIn(anyone)
			good := v.add("good", key)
			line := strings.Replace(revocation(v, key, good, v.clock.Now()), sha256hex(v.git("cat-file", "commit", good)), sha256hex("x"), 1)
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: line})
			v.options = proven(v)
		}, schemas.Untrusted, "signers", "is not before this one"},
		{"a key of which nothing more is said", func(v *victim) {
			key := v.letIn(anyone)
			v.add("good", key)
			v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n"})
			v.options = proven(v)
		}, schemas.Untrusted, "signers", "nothing says up to which snapshot it was good"},
		{"revocation taken back", func(v *victim) {
			stolen(v)
			v.forge(forgery{kind: schemas.KindTrust, put: map[string]string{revocationsFile: "", revokedFile: ""}})
		}, schemas.Tampered, "rules", "a revocation is taken back or changed"},
		{"revocation moved to a later snapshot", func(v *victim) {
			key := stolen(v)
			v.entrust(map[string]string{revocationsFile: revocation(v, key, "main~1", v.clock.Now())})
		}, schemas.Tampered, "rules", "trust/revocations.jsonl: a revocation is taken back or changed"},
		{"revocation deleted", func(v *victim) {
			stolen(v)
			v.forge(forgery{kind: schemas.KindTrust, put: put("trust/x"), remove: []string{revocationsFile}})
		}, schemas.Tampered, "rules", "this file is deleted"},
		{"revocations that cannot be read", func(v *victim) {
			v.entrust(map[string]string{revocationsFile: "nonsense\n"})
		}, schemas.Untrusted, "signers", "reading revocations, line 1"},
		{"revocations of tomorrow", func(v *victim) {
			line := revocation(v, v.key, "main", v.clock.Now())
			v.entrust(map[string]string{revocationsFile: strings.Replace(line, "revocation/1", "revocation/2", 1)})
		}, schemas.Unsupported, "signers", "revocation has version 2"},
	}
}

// introduction returns what the owner was told of the archive.
func (v *victim) introduction() *schemas.Introduction {
	v.t.Helper()
	known, err := v.memory.Introduction(v.id)
	if err != nil || known == nil {
		v.t.Fatalf("introduction %v, %v", known, err)
	}
	return known
}

// refound makes the archive anew, from the files of its root, with another key.
func refound(v *victim, key *trust.Key) {
	v.t.Helper()
	root := strings.TrimSpace(v.git("rev-list", "--max-parents=0", "main"))
	index := newIndex(v, root)
	index.set(signersFile, trust.SignerLine(provenancetest.Email, key.PublicKey()))
	index.stage(map[string]string{manifestFile: ""})
	manifest := strings.Join(manifestBetween(v, "", index.tree()), "")
	index.set(manifestFile, manifest)
	f := forgery{kind: schemas.KindInit, parent: root, by: key}
	payload := v.payload(f, index.tree(), sha256hex(manifest))
	payload = strings.Replace(payload, "parent "+root+"\n", "", 1)
	payload = strings.Replace(payload, "Sequence: 1\n", "Sequence: 0\n", 1)
	parent := sha256hex(v.git("cat-file", "commit", root))
	v.sign(f, strings.Replace(payload, "Parent-SHA256: "+parent, "Parent-SHA256: none", 1))
}

// stockAgrees holds stock git to an archive that verifies: each commit is good, by
// the signers that its parent allows.
func (v *victim) stockAgrees() {
	v.t.Helper()
	needTool(v.t, "ssh-keygen")
	file := filepath.Join(v.t.TempDir(), "allowed_signers")
	parent := ""
	for _, commit := range strings.Fields(v.git("rev-list", "--reverse", "main")) {
		if parent == "" {
			parent = commit
		}
		if err := os.WriteFile(file, []byte(v.git("cat-file", "blob", parent+":"+signersFile)), 0o600); err != nil {
			v.t.Fatal(err)
		}
		v.git("-c", "gpg.ssh.allowedSignersFile="+file, "verify-commit", commit)
		parent = commit
	}
}

// certified is a key with a certificate. ssh-keygen signs with it.
type certified struct {
	t         *testing.T
	dir       string
	authority string // its public key
}

// newCertified makes one for the owner's e-mail, and lets a line in, CA standing
// for the authority.
func newCertified(v *victim, line string) certified {
	v.t.Helper()
	needTool(v.t, "ssh-keygen")
	k := certified{t: v.t, dir: v.t.TempDir()}
	k.keygen("", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "ca")
	k.keygen("", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "user")
	k.keygen("", "-q", "-s", "ca", "-I", "id", "-n", provenancetest.Email, "user.pub")
	public, err := os.ReadFile(filepath.Join(k.dir, "ca.pub"))
	if err != nil {
		v.t.Fatal(err)
	}
	k.authority = strings.TrimSpace(string(public))
	if line != "" {
		v.entrust(map[string]string{signersFile: v.show(signersFile) + strings.Replace(line, "CA", k.authority, 1) + "\n"})
	}
	return k
}

func (k certified) keygen(stdin string, args ...string) string {
	k.t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Dir, cmd.Stdin = k.dir, strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatal(fmt.Errorf("ssh-keygen %v: %w", args, err))
	}
	return string(out)
}

func (k certified) Sign(message io.Reader) ([]byte, error) {
	data, err := io.ReadAll(message)
	if err != nil {
		return nil, err
	}
	return []byte(k.keygen(string(data), "-Y", "sign", "-q", "-n", "git", "-f", "user-cert.pub")), nil
}

func (k certified) Person() (name, email string) { return provenancetest.Name, provenancetest.Email }
