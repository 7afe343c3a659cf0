package provenance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
)

// newHistory makes an archive in which everything happens that can happen:
// captures, failures of all kinds, given posts, checks with and without
// changes, pages that go and come back, a post with new sources, untracking.
func newHistory(t *testing.T) *victim {
	t.Helper()
	web := newWeb(t)
	a := provenancetest.New(t, web)
	next := func() { a.Clock.Advance(2 * time.Hour) }
	web.Serve("https://tagged.example/a", archivetest.Page{ETag: archivetest.AutoETag, Body: archivetest.Article("Tagged", secret+".").Body})
	web.Serve("https://gone.example/a", archivetest.Page{Status: 410, Body: "gone"})
	web.Serve("https://wall.example/a", archivetest.Challenge(403))
	web.Serve("https://broken.example/a", archivetest.Article("Broken", secret+"."))
	web.Break("https://broken.example/a", archivetest.Reset(archivetest.InBody))
	web.Serve("https://packed.example/a", archivetest.Page{Coding: "gzip", Chunked: true, Body: archivetest.Article("Packed", secret+".").Body})
	web.Redirect("https://moved.example/a", sourceURL)
	links := []string{"As it was said:"}
	for _, host := range []string{"tagged", "gone", "wall", "broken", "packed", "moved", "nowhere"} {
		links = append(links, archivetest.Link("https://"+host+".example/a", host))
	}
	web.Serve("https://blog.example/all", archivetest.Article("All that can happen", strings.Join(links, " "), secret+"."))

	a.Capture(postURL, "https://blog.example/all")
	a.Give("a note", "The harbour burned. "+secret+".\n", sourceURL, "https://gone.example/a")
	next()
	a.Check()
	next()
	web.Edit(sourceURL, "Seventeen", "Eleven")
	web.Retract("https://tagged.example/a")
	web.Restore("https://broken.example/a")
	web.Edit(postURL, "it began at ten", "it began at "+archivetest.Link("https://fresh.example/new", "eleven"))
	web.Serve("https://fresh.example/new", archivetest.Article("New", secret+"."))
	a.Check()
	next()
	web.Restore("https://tagged.example/a")
	a.Capture(postURL)
	a.Give("a note", "The harbour burned, twice. "+secret+".\n", sourceURL)
	a.Give("an empty-handed note", "Nobody is quoted here, and nothing is linked.\n")
	next()
	if _, err := a.Untrack(t.Context(), a.NewRun(), "enough", archivetest.At(t, sourceURL)); err != nil {
		t.Fatal(err)
	}
	a.Check()
	v := &victim{t: t, dir: a.Dir(), id: a.Archive.ID(), key: a.Key, memory: a.Memory, clock: a.Clock}
	if report := v.verify(provenance.VerifyOptions{}); report.ExitCode != 0 || report.Commits < 10 {
		t.Fatalf("%d commits: %s", report.Commits, problems(report))
	}
	return v
}

// TestStockTools: what verify says is what git, ssh-keygen and sha256sum say,
// which know nothing of archives.
func TestStockTools(t *testing.T) {
	needTool(t, "git", "ssh-keygen", "sha256sum", "tar")
	v := newHistory(t)
	if out := v.git("--no-replace-objects", "fsck", "--full", "--strict"); out != "" {
		t.Errorf("git fsck: %s", out)
	}
	commits := strings.Fields(v.git("rev-list", "--reverse", "main"))
	signers := filepath.Join(t.TempDir(), "allowed_signers")
	if err := os.WriteFile(signers, []byte(v.git("cat-file", "blob", commits[0]+":trust/allowed_signers")), 0o600); err != nil {
		t.Fatal(err)
	}
	parent := ""
	for _, commit := range commits {
		v.git("-c", "gpg.ssh.allowedSignersFile="+signers, "verify-commit", commit)
		raw := v.git("cat-file", "commit", commit)
		verifySignature(t, raw, signers)
		if want := "Parent-SHA256: none\n"; parent == "" && !strings.HasSuffix(raw, want) {
			t.Errorf("the root does not end in %s", want)
		}
		if want := "Parent-SHA256: " + sha256hex(parent) + "\n"; parent != "" && !strings.HasSuffix(raw, want) {
			t.Errorf("commit %s does not end in %s", commit, want)
		}
		manifest := v.git("cat-file", "blob", commit+":"+manifestFile)
		if !strings.Contains(raw, "\nManifest-SHA256: "+sha256hex(manifest)+"\n") {
			t.Errorf("commit %s does not name its manifest", commit)
		}
		before := ""
		if parent != "" {
			before = commit + "^"
		}
		if want := strings.Join(manifestBetween(v, before, commit), ""); manifest != want {
			t.Errorf("the manifest of commit %s is\n%swant\n%s", commit, manifest, want)
		}
		sha256sum(t, v, commit)
		parent = raw
	}
}

// verifySignature takes a raw commit apart as VERIFY.md tells a person to.
func verifySignature(t *testing.T, raw, signers string) {
	t.Helper()
	armor := armorOf(raw)
	file := filepath.Join(t.TempDir(), "sig")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(armor, "\n ", "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("ssh-keygen", "-Y", "verify", "-n", "git", "-f", signers, "-I", provenancetest.Email, "-s", file)
	cmd.Stdin = strings.NewReader(strings.Replace(raw, "gpgsig "+armor+"\n", "", 1))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("ssh-keygen: %v: %s", err, out)
	}
}

// sha256sum checks a commit's manifest over the files that git archive gives.
func sha256sum(t *testing.T, v *victim, commit string) {
	t.Helper()
	dir := t.TempDir()
	archived := filepath.Join(dir, "files.tar")
	v.git("archive", "-o", archived, commit)
	for _, args := range [][]string{{"tar", "-xf", archived}, {"sha256sum", "--quiet", "--strict", "-c", manifestFile}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s of commit %s: %v: %s", args[0], commit, err, out)
		}
	}
}

// TestClone: a clone by stock git is the same archive.
func TestClone(t *testing.T) {
	needTool(t, "git")
	v := newHistory(t)
	whole := v.verify(provenance.VerifyOptions{})
	for _, args := range [][]string{{"--mirror"}, {"--bare", "--no-local"}} {
		clone := filepath.Join(t.TempDir(), "clone.git")
		v.git(slices.Concat([]string{"clone", "-q"}, args, []string{v.dir, clone})...)
		copied := *v
		copied.dir = clone
		report := copied.verify(provenance.VerifyOptions{})
		if report.ExitCode != 0 || *report.Head != *whole.Head || report.Files != whole.Files || report.Bytes != whole.Bytes {
			t.Errorf("clone %v: %+v, want that of %+v: %s", args, report.Head, whole.Head, problems(report))
		}
	}
	work := filepath.Join(t.TempDir(), "work")
	v.git("clone", "-q", v.dir, work)
	if got, err := os.ReadFile(filepath.Join(work, folder(t, sourceURL), "text.md")); err != nil || !strings.Contains(string(got), "Eleven boats") {
		t.Errorf("the work tree has %q, %v", got, err)
	}
}

// TestWordDiff: stock git shows the edit that was made, in words, and shows no
// more than that for the page.
func TestWordDiff(t *testing.T) {
	needTool(t, "git")
	v := newHistory(t)
	shown := v.git("log", "-p", "--word-diff", "--format=%s", "main", "--", folder(t, sourceURL)+"/text.md")
	if !strings.Contains(shown, "[-Seventeen-]{+Eleven+} boats burned") {
		t.Errorf("git shows\n%s", shown)
	}
	if n := strings.Count(shown, "\ndiff --git"); n != 2 {
		t.Errorf("git shows %d versions of the page, want 2:\n%s", n, shown)
	}
}

// TestVerifyPart: a page or a range hashes less, checks all signatures, and does
// not see what lies outside of it.
func TestVerifyPart(t *testing.T) {
	v := newVictim(t)
	post, source := archivetest.At(t, postURL), archivetest.At(t, sourceURL)
	v.forge(forgery{put: put(source.Folder + "/text.md")}) // snapshot 4: contradicts its capture.json
	v.forge(forgery{put: put(post.Folder + "/extra")})     // snapshot 5
	part := func(page *archive.PageRef, within *provenance.Range) string {
		report := v.verify(provenance.VerifyOptions{Page: page, Range: within})
		return fmt.Sprintf("%s %d of %d, limits %d", report.Subject, report.ExitCode, report.Commits, len(report.Limits))
	}
	for _, test := range []struct{ got, want string }{
		{part(nil, nil), "archive 10 of 6, limits 3"},
		{part(&post, nil), "page " + postURL + " 0 of 6, limits 4"},
		{part(&source, nil), "page " + sourceURL + " 10 of 6, limits 4"},
		{part(nil, &provenance.Range{From: 0, To: 3}), "range 0..3 0 of 6, limits 4"},
		{part(nil, &provenance.Range{From: 5, To: 5}), "range 5..5 0 of 6, limits 4"},
		{part(nil, &provenance.Range{From: 4, To: 9}), "range 4..9 10 of 6, limits 4"},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}
