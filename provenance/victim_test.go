package provenance_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	postURL   = "https://blog.example/2026/harbour"
	sourceURL = "https://news.example/harbour-fire"
	reportURL = "https://records.example/report.pdf"
	lostURL   = "https://lost.example/a"
	secret    = "Seventeen boats burned in the old harbour that night"
)

// needTool skips a test when a stock tool is missing, except on a machine that
// must have it.
func needTool(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			continue
		} else if os.Getenv("CI") != "" {
			t.Fatal(err)
		} else {
			t.Skipf("%s is not installed, so it cannot be compared with", name)
		}
	}
}

// newWeb serves a post with three sources, one of which does not exist.
func newWeb(t testing.TB) *archivetest.Web {
	web := archivetest.NewWeb(t)
	web.Serve(postURL, archivetest.Article("The night of the harbour",
		"Everybody on the quay remembers it: "+archivetest.Link(sourceURL, "as the paper wrote")+", it began at ten.",
		"The "+archivetest.Link(reportURL, "official report")+" came later, and "+archivetest.Link(lostURL, "one account")+" is lost."))
	web.Serve(sourceURL, archivetest.Article("Fire in the harbour", secret+".", "Nobody was hurt, the fire brigade said."))
	web.Serve(reportURL, archivetest.Page{Type: "application/pdf", Body: "%PDF-1.4\n" + strings.Repeat("report ", 400)})
	web.Serve("https://lost.example/")
	return web
}

// victim is an archive that is about to be attacked, as a folder, with what its
// owner has outside of it.
type victim struct {
	t      *testing.T
	dir    string
	id     string // of the archive
	key    *trust.Key
	memory *trust.Memory
	clock  *archivetest.Clock

	options provenance.VerifyOptions // of who verifies it after the attack
}

// original is the archive that all victims are copies of.
type original struct {
	victim
	files map[string][]byte // the archive, and its owner's key and memory
}

// newOriginal makes an archive of four snapshots: the root, a post with
// sources, a check that saw an edit, and a given post.
func newOriginal(t *testing.T) original {
	t.Helper()
	web := newWeb(t)
	a := provenancetest.New(t, web)
	a.Capture(postURL)
	web.Edit(sourceURL, "Nobody was", "Two men were")
	a.Clock.Advance(2 * time.Hour)
	a.Check()
	a.Clock.Advance(time.Hour)
	a.Give("not good", "This is not good. It was said in the harbour, by everyone, at length.\n", sourceURL)
	a.Clock.Advance(time.Hour)
	return original{victim{id: a.Archive.ID(), clock: a.Clock}, readFolder(t, filepath.Dir(a.Dir()))}
}

var originals struct {
	sync.Mutex
	one *original
}

// newVictim returns a fresh copy of the original. It verifies.
func newVictim(t *testing.T) *victim {
	t.Helper()
	needTool(t, "git")
	originals.Lock()
	defer originals.Unlock()
	if originals.one == nil {
		o := newOriginal(t)
		originals.one = &o
	}
	v, dir := originals.one.victim, t.TempDir()
	writeFolder(t, dir, originals.one.files)
	v.t, v.dir, v.memory = t, filepath.Join(dir, "archive.git"), trust.NewMemory(filepath.Join(dir, "state"))
	var err error
	if v.key, err = trust.OpenKey(filepath.Join(dir, "key"), nil); err != nil {
		t.Fatal(err)
	}
	if report := v.verify(provenance.VerifyOptions{}); report.ExitCode != 0 {
		t.Fatalf("the archive does not verify before it is tampered with: %s", problems(report))
	}
	return &v
}

// readFolder returns all files below a folder; empty folders end in a slash.
func readFolder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			files[path+"/"] = nil
		} else if err == nil {
			files[path], err = os.ReadFile(filepath.Join(dir, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func writeFolder(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(files)) {
		var err error
		if file := filepath.Join(dir, path); strings.HasSuffix(path, "/") {
			err = os.MkdirAll(file, 0o755)
		} else if err = os.MkdirAll(filepath.Dir(file), 0o755); err == nil {
			err = os.WriteFile(file, files[path], 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// verify verifies the folder against the memory of its owner, unless the
// options have another one. It leaves no receipt.
func (v *victim) verify(options provenance.VerifyOptions) *schemas.VerifyReport {
	v.t.Helper()
	options.Now = v.clock.Now
	if options.Memory == nil {
		options.Memory = v.memory
	}
	report, err := provenance.Verify(v.t.Context(), v.dir, options)
	if err != nil {
		v.t.Fatal(err)
	}
	return report
}

// problems lists what a report found, one a line.
func problems(report *schemas.VerifyReport) string {
	var b strings.Builder
	b.WriteString(string(report.Verdict))
	for _, check := range report.Checks {
		for _, p := range check.Problems {
			b.WriteString("\n  " + check.ID + ": " + string(p.Verdict) + ": " + p.Subject + ": " + p.Detail)
		}
	}
	return b.String()
}

// failed returns the checks with problems of this verdict.
func failed(report *schemas.VerifyReport, verdict schemas.Verdict) []string {
	var ids []string
	for _, check := range report.Checks {
		for _, p := range check.Problems {
			if p.Verdict == verdict {
				ids = append(ids, check.ID)
				break
			}
		}
	}
	return ids
}

// git runs stock git in the archive, with nothing configured, and returns what
// it prints.
func (v *victim) git(args ...string) string {
	v.t.Helper()
	return v.gitIn("", nil, args...)
}

func (v *victim) gitIn(stdin string, env []string, args ...string) string {
	v.t.Helper()
	out, err := tryGit(v.dir, stdin, env, args...)
	if err != nil {
		v.t.Fatalf("git %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func tryGit(dir, stdin string, env []string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}, env...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		return "", errors.New(err.Error() + ": " + complaints.String() + out.String())
	}
	return out.String(), nil
}

// revision resolves a name of git's.
func (v *victim) revision(name string) string {
	v.t.Helper()
	return strings.TrimSpace(v.git("rev-parse", "--verify", name))
}

// folder returns a page's folder.
func folder(t *testing.T, address string) string { return archivetest.At(t, address).Folder }

// path returns a file of the archive's folder.
func (v *victim) path(elem ...string) string {
	return filepath.Join(append([]string{v.dir}, elem...)...)
}

// rewrite edits a file in place, also a read-only one.
func (v *victim) rewrite(file string, edit func([]byte) []byte) {
	v.t.Helper()
	content, err := os.ReadFile(file)
	if err == nil {
		err = os.Remove(file)
	}
	if err == nil {
		err = os.WriteFile(file, edit(content), 0o444)
	}
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *victim) write(content string, elem ...string) {
	v.t.Helper()
	file := v.path(elem...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// packs returns the archive's packs, largest first.
func (v *victim) packs() []string {
	v.t.Helper()
	packs, err := filepath.Glob(v.path("objects", "pack", "*.pack"))
	if err != nil || len(packs) == 0 {
		v.t.Fatalf("packs %v, %v", packs, err)
	}
	return packs
}

// loosen turns all packed objects into loose ones.
func (v *victim) loosen() {
	v.t.Helper()
	for _, pack := range v.packs() {
		content, err := os.ReadFile(pack)
		if err != nil {
			v.t.Fatal(err)
		}
		for _, file := range []string{pack, strings.TrimSuffix(pack, ".pack") + ".idx"} {
			if err := os.Remove(file); err != nil {
				v.t.Fatal(err)
			}
		}
		v.gitIn(string(content), nil, "unpack-objects", "-q")
	}
}

// packed returns the pack that holds an object, where in it, and how long its
// entry is.
func (v *victim) packed(id string) (pack string, offset, size int) {
	v.t.Helper()
	for _, pack := range v.packs() {
		for line := range strings.Lines(v.git("verify-pack", "-v", pack)) {
			f := strings.Fields(line)
			if len(f) >= 5 && f[0] == id {
				return pack, atoi(v.t, f[4]), atoi(v.t, f[3])
			}
		}
	}
	v.t.Fatalf("%s is in no pack", id)
	return "", 0, 0
}

func atoi(t *testing.T, s string) (n int) {
	t.Helper()
	for _, r := range s {
		if r < '0' || r > '9' {
			t.Fatalf("%q is not a number", s)
		}
		n = 10*n + int(r-'0')
	}
	return n
}

// signer is a key as the forger uses it.
type signer interface {
	Sign(message io.Reader) ([]byte, error)
	Person() (name, email string)
}
