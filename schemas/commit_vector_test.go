package schemas

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func commitFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/vectors/commit", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func line(data []byte) string { return strings.TrimSuffix(string(data), "\n") }

// run runs a stock tool away from anyone's settings and returns what it prints.
func run(t *testing.T, stdin []byte, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(stockTool(t, name), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "LC_ALL=C")
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

func TestCommitVectorIsOfOnePiece(t *testing.T) {
	raw, payload, message := commitFile(t, "raw"), commitFile(t, "payload"), commitFile(t, "message")
	headers, found := bytes.CutSuffix(payload, append([]byte("\n"), message...))
	if !found {
		t.Fatal("the payload does not end with an empty line and the message")
	}
	armor := strings.ReplaceAll(line(commitFile(t, "signature")), "\n", "\n ")
	if got := string(headers) + "gpgsig " + armor + "\n\n" + string(message); got != string(raw) {
		t.Errorf("headers, gpgsig and message together are\n%s\nwant\n%s", got, raw)
	}
	m, err := ParseMessage(string(message))
	if err != nil {
		t.Fatal(err)
	}
	if want := DigestOf(commitFile(t, "manifest-sha256.txt")); m.Manifest != want {
		t.Errorf("Manifest-SHA256 is %s, want %s", m.Manifest, want)
	}
	if want := DigestOf(commitFile(t, "parent")); m.Parent != want {
		t.Errorf("Parent-SHA256 is %s, want %s", m.Parent, want)
	}
	if _, err := ParseManifest(commitFile(t, "manifest-sha256.txt")); err != nil {
		t.Error(err)
	}
	_, rootMessage, _ := strings.Cut(string(commitFile(t, "parent")), "-----END SSH SIGNATURE-----\n\n")
	root, err := ParseMessage(rootMessage)
	if err != nil {
		t.Fatal(err)
	}
	if root.ArchiveID != m.ArchiveID || root.Sequence != 0 || m.Sequence != 1 {
		t.Errorf("the root is %+v and its child %+v", root, m)
	}
}

func TestCommitVectorHashes(t *testing.T) {
	raw := commitFile(t, "raw")
	sum, err := run(t, raw, "sha256sum")
	if want := line(commitFile(t, "sha256")) + "  -"; err != nil || sum != want {
		t.Errorf("sha256sum: %q, %v; want %q", sum, err, want)
	}
	for file, want := range map[string]string{
		"raw":    line(commitFile(t, "id")),
		"parent": strings.Fields(string(raw))[3],
	} {
		id, err := run(t, commitFile(t, file), "git", "hash-object", "-t", "commit", "--stdin")
		if err != nil || id != want {
			t.Errorf("git hash-object of %s: %q, %v; want %q", file, id, err, want)
		}
	}
}

func TestCommitVectorSignature(t *testing.T) {
	payload := commitFile(t, "payload")
	verify := func(payload []byte) (string, error) {
		return run(t, payload, "ssh-keygen", "-Y", "verify", "-n", "git",
			"-f", "testdata/vectors/commit/allowed_signers", "-I", line(commitFile(t, "principal")),
			"-s", "testdata/vectors/commit/signature")
	}
	out, err := verify(payload)
	if err != nil || !strings.HasPrefix(out, `Good "git" signature for `+line(commitFile(t, "principal"))) {
		t.Errorf("ssh-keygen -Y verify: %q, %v", out, err)
	}
	if out, err := verify(bytes.Replace(payload, []byte("Sequence: 1"), []byte("Sequence: 2"), 1)); err == nil {
		t.Errorf("ssh-keygen -Y verify accepts a changed payload: %q", out)
	}
}

// The capture of the commit is the vector capture-full.json, and the manifest
// lists that, the post and every file the capture names.
func TestCommitVectorHoldsTheCaptureVector(t *testing.T) {
	m, err := ParseManifest(commitFile(t, "manifest-sha256.txt"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Digest{}
	for _, entry := range m {
		name, inFolder := strings.CutPrefix(entry.Path, "pages/6/5/3/7/d.example~harbour~6537b1c8ed45f2f630ea/")
		if !inFolder {
			t.Errorf("%s lies outside the page's folder", entry.Path)
		}
		got[name] = entry.SHA256
	}
	want := map[string]Digest{
		"capture.json": DigestOf([]byte(vector(t, "capture-full.json"))),
		"post.json":    DigestOf([]byte(vector(t, "post.json"))),
	}
	for _, file := range decodeVector[Capture](t, "capture-full.json").Files() {
		want[file.File] = file.SHA256
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-capture +manifest:\n%s", diff)
	}
}
