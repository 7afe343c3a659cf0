package provenance_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/bundle"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// evidence is an archive with an edited source, a checkpoint and a co-signature,
// and a bundle of the post.
type evidence struct {
	*provenancetest.Archive
	key  *trust.Key
	file string
}

func newEvidence(t *testing.T) *evidence {
	t.Helper()
	web := newWeb(t)
	a := provenancetest.New(t, web)
	a.Capture(postURL)
	web.Edit(sourceURL, "Nobody was", "Two men were")
	a.Clock.Advance(2 * time.Hour)
	a.Check()
	_, logKey, err := checkpoint.NewKey(a.Archive.ID(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Checkpoint(t.Context(), provenance.CheckpointOptions{Key: logKey}); err != nil {
		t.Fatal(err)
	}
	key := a.Recorder.Key
	e := &evidence{Archive: a, key: key, file: filepath.Join(t.TempDir(), "evidence.zip")}
	e.write(t, e.file, e.options(t, postURL))
	return e
}

// options are those of a bundle of all versions of a page.
func (e *evidence) options(t *testing.T, address string) provenance.BundleOptions {
	t.Helper()
	ref := archivetest.At(t, address)
	versions, err := e.Archive.Archive.Versions(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	o := provenance.BundleOptions{
		Sources: true, Signer: e.key, Tool: schemas.Tool{Name: "walkback", Version: "test"},
		HTML: func(r *schemas.BundleReport) ([]byte, error) { return []byte("<p>" + r.ArchiveID), nil },
	}
	for _, v := range versions {
		page, err := v.Page(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		o.Versions = append(o.Versions, page)
	}
	return o
}

func (e *evidence) write(t *testing.T, file string, o provenance.BundleOptions) *schemas.BundleReport {
	t.Helper()
	var b bytes.Buffer
	report, err := provenance.WriteBundle(t.Context(), e.Archive.Archive, o, &b)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return report
}

func verifyBundle(t *testing.T, file string, options provenance.VerifyOptions) *schemas.VerifyReport {
	t.Helper()
	report, err := provenance.VerifyBundle(t.Context(), file, options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestBundle(t *testing.T) {
	e := newEvidence(t)
	report := verifyBundle(t, e.file, provenance.VerifyOptions{Memory: e.Memory})
	if report.ExitCode != 0 || !report.Pinned || report.Commits != 5 {
		t.Errorf("it is %d, pinned %t, %d commits: %s", report.ExitCode, report.Pinned, report.Commits, problems(report))
	}
	stranger := verifyBundle(t, e.file, provenance.VerifyOptions{})
	if stranger.ExitCode != 0 || stranger.Pinned {
		t.Errorf("a stranger: %d %s", stranger.ExitCode, problems(stranger))
	}
	if strict := verifyBundle(t, e.file, provenance.VerifyOptions{Strict: true}); strict.ExitCode != 11 {
		t.Errorf("strict: %d %s", strict.ExitCode, problems(strict))
	}
	if timely := verifyBundle(t, e.file, provenance.VerifyOptions{RequireTime: true}); timely.ExitCode != 13 {
		t.Errorf("with time required: %d %s", timely.ExitCode, problems(timely))
	}
	// The same again has the same bytes, and a bundle of a change has both versions.
	again := filepath.Join(t.TempDir(), "again.zip")
	e.write(t, again, e.options(t, postURL))
	one, two := readFile(t, e.file), readFile(t, again)
	if !bytes.Equal(one, two) {
		t.Error("the same bundle has other bytes")
	}
	o := e.options(t, sourceURL)
	o.Diff = []byte("-Nobody was\n+Two men were\n")
	if change := e.write(t, again, o); len(change.Pages) != 1 || len(change.Pages[0].Versions) != 2 {
		t.Errorf("the bundle of a change has %+v", change.Pages)
	}
	if r := verifyBundle(t, again, provenance.VerifyOptions{Memory: e.Memory}); r.ExitCode != 0 {
		t.Errorf("the bundle of a change: %s", problems(r))
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestBundleFlips flips a byte of each file, and random bytes of the whole.
func TestBundleFlips(t *testing.T) {
	e := newEvidence(t)
	data := readFile(t, e.file)
	seed := mathrand.Uint64()
	random := mathrand.New(mathrand.NewPCG(seed, 1))
	var places []int
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		offset, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		if f.UncompressedSize64 > 0 {
			places = append(places, int(offset)+random.IntN(int(f.UncompressedSize64)))
		}
	}
	for range 60 {
		places = append(places, random.IntN(len(data)))
	}
	file := filepath.Join(t.TempDir(), "flipped.zip")
	for _, at := range places {
		flipped := bytes.Clone(data)
		flipped[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(file, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		if report := verifyBundle(t, file, provenance.VerifyOptions{}); report.ExitCode != 10 && report.ExitCode != 12 {
			t.Errorf("seed %d: byte %d of %d: exit code %d", seed, at, len(data), report.ExitCode)
		}
	}
}

// unpack writes the files of a bundle into a folder, which it returns.
func unpack(t *testing.T, file string) string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	dir := t.TempDir()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the bundle has %d folders, %v", len(entries), err)
	}
	return filepath.Join(dir, entries[0].Name())
}

// resum writes the checksums of an unpacked bundle anew, as an editor would.
func resum(t *testing.T, dir string) {
	t.Helper()
	list := func(manifest string, wanted func(string) bool) {
		var lines []string
		err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && wanted(name) {
				sum := sha256.Sum256(readFile(t, filepath.Join(dir, name)))
				lines = append(lines, name+"\x00"+hex.EncodeToString(sum[:]))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(lines)
		var text strings.Builder
		for _, line := range lines {
			name, sum, _ := strings.Cut(line, "\x00")
			fmt.Fprintf(&text, "%s  %s\n", sum, name)
		}
		if err := os.WriteFile(filepath.Join(dir, manifest), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list("manifest-sha256.txt", func(name string) bool { return strings.HasPrefix(name, "data/") })
	list("tagmanifest-sha256.txt", func(name string) bool {
		return !strings.HasPrefix(name, "data/") && !strings.HasPrefix(name, "tagmanifest-")
	})
}

// TestBundleEdited: an editor rewrites any file together with all checksums, and
// signs with a key of his own.
func TestBundleEdited(t *testing.T) {
	e := newEvidence(t)
	stranger, err := trust.NewKey(filepath.Join(t.TempDir(), "stranger"), "Stranger", "stranger@example.org", nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	original := unpack(t, e.file)
	if r := verifyBundle(t, original, provenance.VerifyOptions{}); r.ExitCode != 0 {
		t.Fatalf("unpacked: %s", problems(r))
	}
	edited := 0
	err = fs.WalkDir(os.DirFS(original), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(name, "tagmanifest-") || name == "manifest-sha256.txt" || name == "bagit.txt" {
			return err
		}
		edited++
		for _, signs := range []bool{false, true} {
			dir := filepath.Join(t.TempDir(), "edited")
			if err := os.CopyFS(dir, os.DirFS(original)); err != nil {
				return err
			}
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, append(readFile(t, file), '\n'), 0o600); err != nil {
				return err
			}
			resum(t, dir)
			want := []int{10, 11, 12, 14}
			if signs {
				armor, err := stranger.SignIn(bundle.Namespace, readFile(t, filepath.Join(dir, "tagmanifest-sha256.txt")))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(dir, "tagmanifest-sha256.txt.sig"), armor, 0o600); err != nil {
					return err
				}
			}
			if r := verifyBundle(t, dir, provenance.VerifyOptions{}); !slices.Contains(want, r.ExitCode) {
				t.Errorf("%s edited, signed %t: exit code %d", name, signs, r.ExitCode)
			}
		}
		return nil
	})
	if err != nil || edited < 15 {
		t.Fatalf("%d files edited, %v", edited, err)
	}
	// Without a signature at all, nothing vouches for the report.
	if err := os.Remove(filepath.Join(original, "tagmanifest-sha256.txt.sig")); err != nil {
		t.Fatal(err)
	}
	if r := verifyBundle(t, original, provenance.VerifyOptions{}); r.ExitCode != 11 {
		t.Errorf("unsigned: %d %s", r.ExitCode, problems(r))
	}
}

// TestBundleByInsider: who may sign the archive edits the bundle and signs it
// again. What commits vouch for stays out of his reach.
func TestBundleByInsider(t *testing.T) {
	e := newEvidence(t)
	for _, test := range []struct {
		name string
		edit func(dir string) error
		code int
		says string
	}{
		{"a page's text", editFirst("data/snapshots/*/pages/*/*/*/*/*/text.md", "x"), 10, "the manifest says"},
		{"a manifest", editFirst("data/snapshots/*/manifest-sha256.txt", "x"), 10, "commit 1 says"},
		{"a commit", editFirst("data/commits/1.commit", "x"), 10, "data/commits/1.commit"},
		{"who may sign", editFirst("data/trust/0/trust/allowed_signers", "#x\n"), 10, "the manifest says"},
		{"the checkpoint", editFirst("data/log/checkpoint-*", "x"), 10, "data/log"},
		{"a file of a page missing", func(dir string) error { return removeFirst(dir, "data/snapshots/*/pages/*/*/*/*/*/body.*") }, 12, "is not in the bundle"},
		{"a commit missing", func(dir string) error { return removeFirst(dir, "data/commits/0.commit") }, 12, "0.commit"},
		{"a file more", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "data", "snapshots", "1", "extra"), []byte("x"), 0o600)
		}, 10, "does not list it"},
	} {
		dir := filepath.Join(t.TempDir(), "edited")
		if err := os.CopyFS(dir, os.DirFS(unpack(t, e.file))); err != nil {
			t.Fatal(err)
		}
		if err := test.edit(dir); err != nil {
			t.Fatal(err)
		}
		resum(t, dir)
		armor, err := e.key.SignIn(bundle.Namespace, readFile(t, filepath.Join(dir, "tagmanifest-sha256.txt")))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "tagmanifest-sha256.txt.sig"), armor, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if r := verifyBundle(t, dir, provenance.VerifyOptions{}); r.ExitCode != test.code || !strings.Contains(problems(r), test.says) {
			t.Errorf("%s: exit code %d, want %d; %s", test.name, r.ExitCode, test.code, problems(r))
		}
	}
}

func editFirst(pattern, add string) func(dir string) error {
	return func(dir string) error {
		found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			return fmt.Errorf("nothing matches %s: %w", pattern, err)
		}
		data, err := os.ReadFile(found[0])
		if err != nil {
			return err
		}
		return os.WriteFile(found[0], append(data, add...), 0o600)
	}
}

func removeFirst(dir, pattern string) error {
	found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	if err != nil || len(found) == 0 {
		return fmt.Errorf("nothing matches %s: %w", pattern, err)
	}
	return os.Remove(found[0])
}

// TestBundleStock runs the commands of VERIFY.md as they stand there, in an
// unpacked bundle, with stock tools alone; and again after an edit.
func TestBundleStock(t *testing.T) {
	needTool(t, "ssh-keygen")
	needTool(t, "sha256sum")
	e := newEvidence(t)
	dir := unpack(t, e.file)
	run := func() string {
		out := ""
		for _, block := range indented(string(readFile(t, filepath.Join(dir, "VERIFY.md")))) {
			cmd := exec.Command("sh", "-c", "set -e\n"+block)
			cmd.Dir = dir
			said, err := cmd.CombinedOutput()
			out += string(said)
			if err != nil {
				return out + "FAILED " + err.Error() + " in " + block
			}
		}
		return out
	}
	if out := run(); strings.Contains(out, "FAILED") {
		t.Fatal(out)
	} else if !strings.Contains(out, `Good "git" signature`) || !strings.Contains(out, `Good "bundle@walkback" signature`) {
		t.Errorf("it says %s", out)
	}
	for _, name := range []string{"data/commits/1.commit", "data/commits/2.commit", "report.json", "data/trust/0/trust/allowed_signers"} {
		file := filepath.Join(dir, name)
		data := readFile(t, file)
		if err := os.WriteFile(file, append(bytes.Clone(data), '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := run(); !strings.Contains(out, "FAILED") {
			t.Errorf("%s edited: it says %s", name, out)
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// indented returns the indented blocks of a Markdown text.
func indented(text string) []string {
	var blocks []string
	var block strings.Builder
	for _, line := range append(strings.Split(text, "\n"), "end") {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			block.WriteString(code + "\n")
			continue
		}
		if line != "" && block.Len() > 0 {
			blocks = append(blocks, block.String())
			block.Reset()
		}
	}
	return blocks
}
