package provenance_test

import (
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

const cosignersLine = `reviewer@operator.example namespaces="cosign@walkback" KEY`

// cosignature is the file of a co-signature and its content.
func (v *victim) cosignature(key *trust.Key, of string) (path, armor string) {
	v.t.Helper()
	raw := v.git("cat-file", "commit", of)
	signed, err := key.SignIn(trust.CosignNamespace, []byte(raw))
	if err != nil {
		v.t.Fatal(err)
	}
	return v.evidence(of, archive.CosignFile(key.Fingerprint())), string(signed)
}

// evidence is the path of a file of evidence on a commit.
func (v *victim) evidence(of, name string) string {
	v.t.Helper()
	sum, err := schemas.ParseDigest("sha256:" + sha256hex(v.git("cat-file", "commit", of)))
	if err != nil {
		v.t.Fatal(err)
	}
	return archive.EvidenceFolder(int64(v.sequence(of)), sum) + "/" + name
}

// cosign commits co-signatures of one commit.
func (v *victim) cosign(of string, keys ...*trust.Key) {
	v.t.Helper()
	files := map[string]string{}
	for _, key := range keys {
		path, armor := v.cosignature(key, of)
		files[path] = armor
	}
	v.forge(forgery{kind: schemas.KindEvidence, put: files})
}

// cosignedAs commits an edited co-signature of main by a reviewer.
func cosignedAs(edit func(v *victim, key *trust.Key, path, armor string) (newPath, newArmor string)) func(*victim) {
	return func(v *victim) {
		key := v.letIn(cosignersLine)
		path, armor := v.cosignature(key, "main")
		path, armor = edit(v, key, path, armor)
		v.forge(forgery{kind: schemas.KindEvidence, put: map[string]string{path: armor}})
	}
}

// TestForgedCosignatures: a co-signature is what it is named for, by who may
// co-sign, or verify says so.
func TestForgedCosignatures(t *testing.T) { runAttacks(t, forgedCosignatures) }

func forgedCosignatures(t *testing.T) []attack {
	return []attack{
		{name: "as it should be", tamper: cosignedAs(func(v *victim, _ *trust.Key, path, armor string) (string, string) { return path, armor }), want: schemas.Verified},
		{"of another commit", cosignedAs(func(v *victim, key *trust.Key, path, _ string) (string, string) {
			_, armor := v.cosignature(key, "main~1")
			return path, armor
		}), schemas.Tampered, "cosignatures", "the signature is not good: it does not fit the commit"},
		{"over the payload, not the whole commit", cosignedAs(func(v *victim, key *trust.Key, path, _ string) (string, string) {
			raw := v.git("cat-file", "commit", "main")
			armor, err := key.SignIn(trust.CosignNamespace, []byte(strings.Replace(raw, "gpgsig "+armorOf(raw)+"\n", "", 1)))
			if err != nil {
				v.t.Fatal(err)
			}
			return path, string(armor)
		}), schemas.Tampered, "cosignatures", "it does not fit the commit"},
		{"in the namespace of commits", cosignedAs(func(v *victim, key *trust.Key, path, _ string) (string, string) {
			armor, err := key.SignIn(trust.Namespace, []byte(v.git("cat-file", "commit", "main")))
			if err != nil {
				v.t.Fatal(err)
			}
			return path, string(armor)
		}), schemas.Tampered, "cosignatures", `it was made for namespace "git", not "cosign@walkback"`},
		{"junk after it", cosignedAs(func(_ *victim, _ *trust.Key, path, armor string) (string, string) {
			return path, armor + "approved by everybody\n"
		}), schemas.Tampered, "cosignatures", "it is not one armored SSH signature and nothing else"},
		{"named for another key", cosignedAs(func(v *victim, _ *trust.Key, path, armor string) (string, string) {
			return filepath.Dir(path) + "/" + archive.CosignFile(v.key.Fingerprint()), armor
		}), schemas.Tampered, "cosignatures", "it is made by another key"},
		{"of a commit that is not there", cosignedAs(func(v *victim, _ *trust.Key, path, armor string) (string, string) {
			return strings.Replace(path, sha256hex(v.git("cat-file", "commit", "main")), sha256hex("x"), 1), armor
		}), schemas.Tampered, "cosignatures", "it is of no snapshot before the one that adds it"},
		{"of tomorrow", cosignedAs(func(_ *victim, _ *trust.Key, path, armor string) (string, string) {
			return path, newerVersion(armor)
		}), schemas.Unsupported, "cosignatures", "version 2 of SSHSIG is not supported"},
		{"by anybody", func(v *victim) { v.cosign("main", newKey(v.t)) }, schemas.Untrusted, "cosignatures", "may not sign: the archive does not allow this key"},
		{"by who may sign snapshots only", func(v *victim) { v.cosign("main", v.key) }, schemas.Untrusted, "cosignatures", "the key is allowed for other purposes: git"},
		{"by who may no longer", func(v *victim) {
			v.cosign("main~1", v.letIn(strings.Replace(cosignersLine, " KEY", `,valid-before="20200101Z" KEY`, 1)))
		}, schemas.Untrusted, "cosignatures", "the key was no longer allowed on"},
		{name: "by who lets himself in elsewhere, of that very snapshot", tamper: func(v *victim) {
			key := v.letIn(provenancetest.Email + ` namespaces="git" KEY`)
			v.cosign("main", key)
		}, want: schemas.Verified},
		{"by who was let in, of another snapshot", func(v *victim) {
			key := v.letIn(provenancetest.Email + ` namespaces="git" KEY`)
			v.cosign("main~1", key)
		}, schemas.Untrusted, "cosignatures", "the key is allowed for other purposes: git"},
	}
}

// newerVersion sets the version of an SSHSIG, which stands after its magic.
func newerVersion(armor string) string {
	blob := dearmor(armor)
	blob[9] = 2
	return rearmor(blob)
}

// TestCosigned: a co-signature that counts is listed, and ssh-keygen agrees with
// it; one by a key that was revoked does not count and is no fault.
func TestCosigned(t *testing.T) {
	needTool(t, "ssh-keygen")
	v := newVictim(t)
	key := v.letIn(cosignersLine)
	of := v.revision("main~1")
	v.cosign(of, key)
	report := v.verify(provenance.VerifyOptions{})
	if len(report.Cosigners) != 1 || report.Cosigners[0].Principal != "reviewer@operator.example" || report.Cosigners[0].Commits != 1 {
		t.Errorf("co-signers %+v: %s", report.Cosigners, problems(report))
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"allowed": v.show(signersFile), "sig": v.show(v.evidence(of, archive.CosignFile(key.Fingerprint()))),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for who, want := range map[string]bool{"reviewer@operator.example": true, provenancetest.Email: false} {
		cmd := exec.Command("ssh-keygen", "-Y", "verify", "-n", trust.CosignNamespace, "-f", "allowed", "-I", who, "-s", "sig")
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(v.git("cat-file", "commit", of))
		if out, err := cmd.CombinedOutput(); (err == nil) != want {
			t.Errorf("ssh-keygen of %s: %v: %s", who, err, out)
		}
	}
	v.entrust(map[string]string{revokedFile: key.PublicKey() + "\n", revocationsFile: revocation(v, key, of, v.clock.Now())})
	report = v.verify(provenance.VerifyOptions{})
	if report.ExitCode != 0 || len(report.Cosigners) != 0 {
		t.Errorf("of a revoked key: %+v, %s", report.Cosigners, problems(report))
	}
}

// demands is a policy of so many of these keys from a snapshot on.
func demands(t *testing.T, threshold, from int, keys ...*trust.Key) *schemas.TrustPolicy {
	t.Helper()
	c := &schemas.CosignPolicy{Threshold: int64(threshold), From: int64(from)}
	for _, key := range keys {
		c.Keys = append(c.Keys, key.Fingerprint())
	}
	return &schemas.TrustPolicy{Schema: schemas.PolicySchema, Cosignatures: c}
}

func encoded(t *testing.T, doc any) string {
	t.Helper()
	data, err := schemas.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPolicies: the archive has snapshots 0 to 3; 4 and 5 let reviewers in, 6 is
// the policy unless the case says otherwise.
func TestPolicies(t *testing.T) { runAttacks(t, policyCases) }

func policyCases(t *testing.T) []attack {
	reviewed := func(threshold, from int, then func(v *victim, one, two *trust.Key)) func(*victim) {
		return func(v *victim) {
			one, two := v.letIn(cosignersLine), v.letIn(cosignersLine)
			v.entrust(map[string]string{policyFile: encoded(v.t, demands(v.t, threshold, from, one, two))})
			then(v, one, two)
		}
	}
	return []attack{
		{name: "nothing to co-sign yet", tamper: reviewed(2, 7, func(*victim, *trust.Key, *trust.Key) {}), want: schemas.Verified},
		{"not co-signed", reviewed(2, 7, func(v *victim, _, _ *trust.Key) {
			v.add("extra", nil)
		}), schemas.Policy, "cosignatures", "snapshot 7 has 0 of the 2 co-signatures that the archive's policy demands"},
		{"co-signed by too few", reviewed(2, 7, func(v *victim, one, _ *trust.Key) {
			v.cosign(v.add("extra", nil), one)
		}), schemas.Policy, "cosignatures", "snapshot 7 has 1 of the 2 co-signatures"},
		{name: "co-signed by enough", tamper: reviewed(2, 7, func(v *victim, one, two *trust.Key) {
			v.cosign(v.add("extra", nil), one, two)
		}), want: schemas.Verified},
		{"co-signed by others", reviewed(1, 7, func(v *victim, _, _ *trust.Key) {
			three := v.letIn(cosignersLine)
			v.cosign("main", three)
		}), schemas.Policy, "cosignatures", "snapshot 7 has 0 of the 1 co-signatures"},
		{"by one key twice", reviewed(2, 7, func(v *victim, one, _ *trust.Key) {
			extra := v.add("extra", nil)
			v.cosign(extra, one)
			path, armor := v.cosignature(one, extra)
			v.forge(forgery{kind: schemas.KindEvidence, put: map[string]string{strings.Replace(path, "cosign-", "cosign-x", 1): armor}})
		}), schemas.Tampered, "cosignatures", "it is made by another key"},
		{"the next one not", reviewed(1, 7, func(v *victim, one, _ *trust.Key) {
			v.cosign(v.add("extra", nil), one)
			v.add("extrb", nil)
		}), schemas.Policy, "cosignatures", "snapshot 9 has 0 of the 1 co-signatures"},
		{"policy taken back, to be free of it", reviewed(1, 7, func(v *victim, _, _ *trust.Key) {
			v.entrust(map[string]string{policyFile: encoded(v.t, &schemas.TrustPolicy{Schema: schemas.PolicySchema})})
		}), schemas.Policy, "cosignatures", "snapshot 7 has 0 of the 1 co-signatures"},
		{name: "policy taken back by those it demands", tamper: reviewed(1, 7, func(v *victim, one, _ *trust.Key) {
			v.cosign(v.entrust(map[string]string{policyFile: encoded(v.t, &schemas.TrustPolicy{Schema: schemas.PolicySchema})}), one)
			v.add("extra", nil)
		}), want: schemas.Verified},
		{"policy deleted", reviewed(1, 7, func(v *victim, _, _ *trust.Key) {
			v.forge(forgery{kind: schemas.KindTrust, put: put("trust/x"), remove: []string{policyFile}})
		}), schemas.Tampered, "rules", "this file is deleted"},
		{"policy for what was before it", reviewed(1, 3, func(v *victim, one, _ *trust.Key) {
			v.cosign("main", one)
			v.cosign("main~2", one)
		}), schemas.Policy, "cosignatures", "snapshot 3 has 0 of the 1 co-signatures"},
		{"policy that nothing can fulfil", func(v *victim) {
			v.entrust(map[string]string{policyFile: encoded(v.t, demands(v.t, 2, 0, v.key))})
		}, schemas.Policy, "cosignatures", "trust/policy.json: the policy demands 2 co-signatures, but names only 1 of the keys"},
		{"policy of tomorrow", func(v *victim) {
			v.entrust(map[string]string{policyFile: strings.Replace(encoded(v.t, demands(v.t, 1, 0, v.key)), "policy/1", "policy/2", 1)})
		}, schemas.Unsupported, "cosignatures", "policy has version 2"},
		{"demanded by who verifies", func(v *victim) {
			one := v.letIn(cosignersLine)
			v.cosign("main", one)
			v.options.Policy = demands(v.t, 1, 3, one)
		}, schemas.Policy, "cosignatures", "snapshot 3 has 0 of the 1 co-signatures that the policy handed over demands"},
		{name: "demanded by who verifies, and there", tamper: func(v *victim) {
			one := v.letIn(cosignersLine)
			v.cosign("main", one)
			v.options.Policy = demands(v.t, 1, 4, one)
		}, want: schemas.Verified},
	}
}

// TestPolicyLetsOn: a snapshot can be built on one that lacks co-signatures, since
// those can only come later.
func TestPolicyLetsOn(t *testing.T) {
	v := newVictim(t)
	one := v.letIn(cosignersLine)
	v.entrust(map[string]string{policyFile: encoded(t, demands(t, 1, 0, one))})
	a, err := archive.Open(v.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	rec := &provenance.Recorder{Archive: a, Key: v.key, Memory: v.memory, Command: "test", Now: v.clock.Now}
	open, err := provenance.Uncosigned(t.Context(), a, one, 0)
	if err != nil || len(open) != 6 {
		t.Fatalf("%d snapshots to co-sign, %v", len(open), err)
	}
	if kept, err := rec.Cosign(t.Context(), one, open...); err != nil || kept == nil {
		t.Fatal(err)
	}
	if report := v.verify(provenance.VerifyOptions{}); report.ExitCode != 0 || report.Cosigners[0].Commits != 6 {
		t.Errorf("%+v: %s", report.Cosigners, problems(report))
	}
	if open, err = provenance.Uncosigned(t.Context(), a, one, 0); err != nil || len(open) != 0 {
		t.Errorf("%d snapshots are left, %v", len(open), err)
	}
	again, err := rec.Cosign(t.Context(), one, mustAt(t, a, 3))
	if err != nil || again != nil {
		t.Errorf("co-signed twice: %v, %v", again, err)
	}
}

func mustAt(t *testing.T, a *archive.Archive, sequence int64) *archive.Snapshot {
	t.Helper()
	s, err := a.At(t.Context(), sequence)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRacingTrust: a change of who may sign that was made for another head is
// made anew, so that two of them do not undo each other.
func TestRacingTrust(t *testing.T) {
	v := newVictim(t)
	keys := make([]*trust.Key, 4)
	errs := make(chan error)
	for i := range keys {
		keys[i] = newKey(t)
		go func() {
			a, err := archive.Open(v.dir)
			if err == nil {
				defer a.Close()
				rec := &provenance.Recorder{Archive: a, Key: v.key, Memory: v.memory, Command: "test", Now: v.clock.Now}
				_, err = rec.LetIn(t.Context(), &trust.AllowedSigner{
					Principals: []string{fmt.Sprintf("k%d@x.example", i)}, Namespaces: []string{trust.Namespace}, Key: keys[i].Public(), Before: v.clock.Now().Add(time.Hour),
				})
			}
			errs <- err
		}()
	}
	for range keys {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for _, key := range keys {
		if !strings.Contains(v.show(signersFile), key.PublicKey()) {
			t.Errorf("%s was lost", key.Fingerprint())
		}
	}
	if report := v.verify(provenance.VerifyOptions{}); report.ExitCode != 0 || report.Commits != 8 {
		t.Errorf("%d commits: %s", report.Commits, problems(report))
	}
}

// dearmor and rearmor take the armor off an SSHSIG and put it on.
func dearmor(armor string) []byte {
	block, _ := pem.Decode([]byte(armor))
	return block.Bytes
}

func rearmor(blob []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob}))
}
