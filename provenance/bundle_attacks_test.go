package provenance_test

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/bundle"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	tagManifest  = "tagmanifest-sha256.txt"
	tagSignature = tagManifest + ".sig"
)

// TestBundleAttacks: what somebody does to a bundle on its way to a reader who
// never saw the archive.
func TestBundleAttacks(t *testing.T) {
	e := newEvidence(t)
	stranger, err := trust.NewKey(filepath.Join(t.TempDir(), "stranger"), "Stranger", "stranger@example.org", nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	report := func(dir string) error {
		file := filepath.Join(dir, "report.json")
		err := os.WriteFile(file, append(readFile(t, file), '\n'), 0o600)
		return err
	}
	for _, test := range []struct {
		name string
		edit func(dir string) error
		code int
		says string
	}{
		{"a file edited", report, 10, "tagmanifest-sha256.txt says"},
		{"a file edited with all checksums", func(dir string) error {
			err := report(dir)
			resum(t, dir)
			return err
		}, 10, "tagmanifest-sha256.txt.sig: the signature is not good"},
		{"the same, signed by a stranger", func(dir string) error {
			if err := report(dir); err != nil {
				return err
			}
			resum(t, dir)
			armor, err := stranger.SignIn(bundle.Namespace, readFile(t, filepath.Join(dir, tagManifest)))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, tagSignature), armor, 0o600)
		}, 11, "the bundle was signed by who may not sign the archive"},
		{"its signature taken away", func(dir string) error { return os.Remove(filepath.Join(dir, tagSignature)) }, 11, "nobody has signed the bundle"},
		{"a file taken away", func(dir string) error { return os.Remove(filepath.Join(dir, "report.json")) }, 12, "it is missing, but tagmanifest-sha256.txt lists it"},
	} {
		dir := unpack(t, e.file)
		if err := test.edit(dir); err != nil {
			t.Fatal(err)
		}
		if r := verifyBundle(t, dir, provenance.VerifyOptions{}); r.ExitCode != test.code || !strings.Contains(problems(r), test.says) {
			t.Errorf("%s: exit code %d, want %d; %s", test.name, r.ExitCode, test.code, problems(r))
		}
	}
}

// TestBundleContainer: the ZIP file itself is changed.
func TestBundleContainer(t *testing.T) {
	e := newEvidence(t)
	data := readFile(t, e.file)
	other := &schemas.Introduction{
		Schema: schemas.IntroductionSchema, ArchiveID: e.Archive.Archive.ID(), RootSHA256: schemas.DigestOf(nil), RootKey: e.key.Fingerprint(),
	}
	for _, test := range []struct {
		name  string
		edit  func(data []byte) []byte
		known *schemas.Introduction
		code  int
		says  string
	}{
		{"a byte between its files", func(b []byte) []byte { b[4] ^= 1; return b }, nil, 10, "it is not the one ZIP file of its entries"},
		{"a byte behind its end", func(b []byte) []byte { return append(b, 0) }, nil, 10, "the container: "},
		{"half of it", func(b []byte) []byte { return b[:len(b)/2] }, nil, 10, "it is no ZIP file that can be read"},
		{"an archive made anew under the same id", func(b []byte) []byte { return b }, other, 11, "but you were introduced to"},
	} {
		file := filepath.Join(t.TempDir(), "evidence.zip")
		if err := os.WriteFile(file, test.edit(bytes.Clone(data)), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := verifyBundle(t, file, provenance.VerifyOptions{Introduction: test.known}); r.ExitCode != test.code || !strings.Contains(problems(r), test.says) {
			t.Errorf("%s: exit code %d, want %d; %s", test.name, r.ExitCode, test.code, problems(r))
		}
	}
}

// TestStrangersCheck: who has nothing but the bundle and the commands of its
// VERIFY.md notices one changed byte in any file, and also when all checksums
// were written anew.
func TestStrangersCheck(t *testing.T) {
	needTool(t, "ssh-keygen")
	needTool(t, "sha256sum")
	e := newEvidence(t)
	original := unpack(t, e.file)
	typed := "set -e\n" + strings.Join(indented(string(readFile(t, filepath.Join(original, "VERIFY.md")))), "\n")
	run := func(dir string) (string, error) {
		cmd := exec.Command("sh", "-c", typed)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(original); err != nil {
		t.Fatalf("as it was written: %v\n%s", err, out)
	}
	files := 0
	err := fs.WalkDir(os.DirFS(original), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		for _, sums := range []bool{false, true} {
			dir := filepath.Join(t.TempDir(), "edited")
			if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
				return err
			}
			file := filepath.Join(dir, name)
			data := readFile(t, file)
			data[len(data)/2] ^= 1
			if err := os.WriteFile(file, data, 0o600); err != nil {
				return err
			}
			if strings.HasPrefix(name, "tagmanifest-") || name == "manifest-sha256.txt" {
				if sums {
					continue // they would be put right
				}
			} else if sums {
				resum(t, dir)
			}
			if out, err := run(dir); err == nil {
				t.Errorf("%s edited, sums written anew %t: it says\n%s", name, sums, out)
			}
		}
		return nil
	})
	if err != nil || files < 15 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestRepairFromLiar: another copy has something else under the name of what is
// lost. It is not taken.
func TestRepairFromLiar(t *testing.T) {
	v := newVictim(t)
	v.loosen()
	id, forged := v.revision("refs/heads/main:"+folder(t, postURL)+"/body.html"), v.blob("forged")
	lies := filepath.Join(t.TempDir(), "lies.git")
	if err := os.CopyFS(lies, os.DirFS(v.dir)); err != nil {
		t.Fatal(err)
	}
	data := readFile(t, v.path("objects", forged[:2], forged[2:]))
	lie := filepath.Join(lies, "objects", id[:2], id[2:])
	if err := os.Remove(lie); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lie, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(v.path("objects", id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
	from, err := gitstore.Open(lies)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	seen, err := provenance.Repair(t.Context(), v.dir, provenance.RepairOptions{From: from.Open, Name: "lies.git"})
	if err != nil || seen.Repaired != 0 || len(seen.Lost) != 1 || seen.Lost[0].Object != id || !strings.Contains(seen.Lost[0].Detail, "is corrupt in") {
		t.Fatalf("repaired: %+v, %v", seen, err)
	}
	if r := v.verify(provenance.VerifyOptions{}); r.ExitCode != 12 || !strings.Contains(problems(r), "is missing") {
		t.Errorf("afterwards: exit code %d, %s", r.ExitCode, problems(r))
	}
}
