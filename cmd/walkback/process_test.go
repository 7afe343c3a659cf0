package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

// workplace is where processes of one user run: an archive, keys, receipts.
type workplace struct {
	t   *testing.T
	dir string
}

func newWorkplace(t *testing.T) workplace {
	t.Helper()
	w := workplace{t: t, dir: t.TempDir()}
	if err := os.Mkdir(w.path("tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

// copy returns another workplace with the same files in it.
func (w workplace) copy(t *testing.T) workplace {
	t.Helper()
	c := workplace{t: t, dir: t.TempDir()}
	w.copyTo(c.dir)
	return c
}

// copyTo puts the same files into another folder.
func (w workplace) copyTo(dir string) {
	w.t.Helper()
	err := os.CopyFS(dir, os.DirFS(w.dir))
	if err == nil {
		err = os.Chmod(filepath.Join(dir, "config", "keys", "default"), 0o600) // CopyFS makes all readable
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w workplace) path(elem ...string) string {
	return filepath.Join(append([]string{w.dir}, elem...)...)
}

// archive is the archive's folder, which commands find by themselves.
func (w workplace) archive() string { return w.path("walkback.git") }

// command returns walkback in a process of its own.
func (w workplace) command(args ...string) *exec.Cmd {
	cmd := exec.Command("walkback", args...) // TestMain put it into PATH
	cmd.Dir = w.dir
	cmd.Env = []string{
		"HOME=" + w.dir, "TMPDIR=" + w.path("tmp"), "PATH=" + os.Getenv("PATH"),
		"WALKBACK_CONFIG=" + w.path("config"), "WALKBACK_STATE=" + w.path("state"), "WALKBACK_ALLOW_PRIVATE=1", "WALKBACK_RETRIES=0",
	}
	return cmd
}

// run runs walkback to its end.
func (w workplace) run(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	cmd := w.command(args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		w.t.Fatal(err)
	}
	return out.String(), complaints.String(), cmd.ProcessState.ExitCode()
}

// must runs walkback, which has to end with this exit code.
func (w workplace) must(want int, args ...string) (stdout string) {
	w.t.Helper()
	stdout, stderr, code := w.run(args...)
	if code != want {
		w.t.Fatalf("walkback %s ends with %d, want %d:\n%s%s", args[0], code, want, stdout, stderr)
	}
	return stdout
}

// git runs stock git in the archive.
func (w workplace) git(args ...string) string {
	w.t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			w.t.Fatal(err)
		}
		w.t.Skip("git is not installed, so it cannot be compared with")
	}
	cmd := exec.Command("git", args...)
	cmd.Dir = w.archive()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %s: %v: %s", args[0], err, out)
	}
	return string(out)
}

// list writes a file that names posts, one a line.
func (w workplace) list(addresses []string) string {
	w.t.Helper()
	file := w.path("posts.txt")
	if err := os.WriteFile(file, []byte(strings.Join(addresses, "\n")+"\n"), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return file
}

// servePosts serves posts that share sources between them and returns the
// addresses of both.
func servePosts(web *archivetest.Web, posts, sources int) (postURLs, sourceURLs []string) {
	for i := range sources {
		address := web.Local(fmt.Sprintf("/source/%d", i))
		web.Serve(address, archivetest.Article(fmt.Sprintf("Source %d", i), fmt.Sprintf("This is what source %d says, and it says it at some length.", i)))
		sourceURLs = append(sourceURLs, address)
	}
	for i := range posts {
		text := fmt.Sprintf("Post %d tells a story of its own, which is long enough to be read.", i)
		if sources > 0 {
			text += " It rests on " + archivetest.Link(sourceURLs[i%sources], "one source") + " and " + archivetest.Link(sourceURLs[(i*7+1)%sources], "another") + "."
		}
		address := web.Local(fmt.Sprintf("/post/%d", i))
		web.Serve(address, archivetest.Article(fmt.Sprintf("Post %d", i), text))
		postURLs = append(postURLs, address)
	}
	return postURLs, sourceURLs
}

// leftovers lists what a process left that a finished one takes away.
func (w workplace) leftovers() []string {
	w.t.Helper()
	var found []string
	expected := []string{
		"walkback.git/walkback/writer.lock", "walkback.git/walkback/index.db", "walkback.git/walkback/index.db.lock",
		"state/index.key", "posts.txt",
	}
	err := filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(w.dir, path)
		name = filepath.ToSlash(name)
		folder, extension := filepath.ToSlash(filepath.Dir(name)), filepath.Ext(name)
		switch {
		case slices.Contains(expected, name):
		case folder == "walkback.git/objects/pack" && (extension == ".pack" || extension == ".idx"):
		case name == "config/keys/default", name == "config/keys/default.pub":
		case slices.Contains([]string{"state/receipts", "state/introductions", "state/verified"}, folder) && (extension == ".json" || name == folder+"/.lock"):
		case name == "walkback.git/objects/info/commit-graph", name == "walkback.git/config", name == "walkback.git/HEAD", name == "walkback.git/refs/heads/main":
		default:
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// TestVerifyExitCodes: the verdict is the exit code of the process.
func TestVerifyExitCodes(t *testing.T) {
	web := archivetest.NewWeb(t)
	posts, _ := servePosts(web, 2, 2)
	original := newWorkplace(t)
	original.must(exitDone, "capture", posts[0])
	original.must(exitDone, "capture", posts[1])
	if out := original.must(exitDone, "verify"); !strings.Contains(out, "VERIFIED") {
		t.Fatalf("verify prints %s", out)
	}
	for _, test := range []struct {
		name   string
		tamper func(w workplace)
		want   int
	}{
		{"trailer of a pack", func(w workplace) {
			w.git("replace", "main", "main~1")
			w.editPack(func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
		}, 10},
		{"commit replaced", func(w workplace) { w.git("replace", "main", "main~1") }, 10},
		{"ref moved back", func(w workplace) { w.git("update-ref", "refs/heads/main", "main~1") }, 14},
		{"ref moved back, pack cut off", func(w workplace) {
			w.git("update-ref", "refs/heads/main", "main~1")
			w.editPack(func(b []byte) []byte { return b[:len(b)-1] })
		}, 14},
		{"pack cut off", func(w workplace) { w.editPack(func(b []byte) []byte { return b[:len(b)-1] }) }, 12},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := original.copy(t)
			test.tamper(w)
			out, _, code := w.run("verify")
			if code != test.want || strings.Contains(out, "VERIFIED") {
				t.Errorf("verify ends with %d, want %d:\n%s", code, test.want, out)
			}
			head := w.git("--no-replace-objects", "rev-parse", "refs/heads/main")
			if _, stderr, code := w.run("capture", posts[0]); code != 11 || !strings.Contains(stderr, "does not verify") || !strings.Contains(stderr, "hint") {
				t.Errorf("capture ends with %d, want 11: %s", code, stderr)
			}
			if now := w.git("--no-replace-objects", "rev-parse", "refs/heads/main"); now != head {
				t.Errorf("main moved from %s to %s", head, now)
			}
		})
	}
}

// editPack edits the largest pack.
func (w workplace) editPack(edit func([]byte) []byte) {
	w.t.Helper()
	packs, err := filepath.Glob(filepath.Join(w.archive(), "objects", "pack", "*.pack"))
	if err != nil || len(packs) == 0 {
		w.t.Fatalf("packs %v, %v", packs, err)
	}
	size := func(file string) int64 {
		info, err := os.Stat(file)
		if err != nil {
			w.t.Fatal(err)
		}
		return info.Size()
	}
	largest := slices.MaxFunc(packs, func(a, b string) int { return int(size(a) - size(b)) })
	w.editFile(largest, edit)
}

// editFile puts an edited file in place of one that may be read-only.
func (w workplace) editFile(file string, edit func([]byte) []byte) {
	w.t.Helper()
	content, err := os.ReadFile(file)
	if err == nil {
		err = os.Remove(file)
	}
	if err == nil {
		err = os.WriteFile(file, edit(content), 0o444)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
