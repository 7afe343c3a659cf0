package gitstore_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

var (
	alice = gitstore.Person{Name: "Alice Example", Email: "alice@example.org"}
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// keySigner signs as walkback does: SSHSIG, namespace git, SHA-512.
type keySigner struct{ ssh.Signer }

func (s keySigner) Sign(message io.Reader) ([]byte, error) {
	sig, err := sshsig.Sign(message, s.Signer, sshsig.HashSHA512, "git")
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
}

// testSigner has the same key in every process.
func testSigner(tb testing.TB) keySigner {
	tb.Helper()
	signer, err := newSigner()
	ok(tb, err)
	return signer
}

func newSigner() (keySigner, error) {
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize))))
	return keySigner{signer}, err
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// newRepository returns the folder of a new, empty repository.
func newRepository(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "archive.git")
	ok(tb, gitstore.Init(dir))
	return dir
}

func open(tb testing.TB, dir string) *gitstore.Store {
	tb.Helper()
	s, err := gitstore.Open(dir)
	ok(tb, err)
	tb.Cleanup(func() { ok(tb, s.Close()) })
	return s
}

func begin(tb testing.TB, s *gitstore.Store) *gitstore.Batch {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	b, err := s.Begin(ctx, gitstore.Owner{Command: "test", Since: noon})
	ok(tb, err)
	tb.Cleanup(func() { ok(tb, b.Close()) })
	return b
}

// put stages files given as path, content, path, content ...
func put(tb testing.TB, b *gitstore.Batch, files ...string) {
	tb.Helper()
	for i := 0; i < len(files); i += 2 {
		ok(tb, b.Put(files[i], gitstore.NewBlob([]byte(files[i+1]))))
	}
}

func commit(tb testing.TB, b *gitstore.Batch, message string) *gitstore.Commit {
	tb.Helper()
	c, err := b.Commit(alice, noon, message+"\n", testSigner(tb))
	ok(tb, err)
	return c
}

// record makes and publishes one commit of these files.
func record(tb testing.TB, s *gitstore.Store, files ...string) *gitstore.Commit {
	tb.Helper()
	b := begin(tb, s)
	put(tb, b, files...)
	c := commit(tb, b, "record "+files[0])
	ok(tb, b.Publish(context.Background()))
	ok(tb, b.Close())
	return c
}

// git runs stock git with no configuration but the repository's.
func git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	return runGit(tb, dir, nil, args...)
}

func runGit(tb testing.TB, dir string, stdin io.Reader, args ...string) string {
	tb.Helper()
	out, err := tryGit(tb, dir, stdin, args...)
	if err != nil {
		tb.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryGit(tb testing.TB, dir string, stdin io.Reader, args ...string) (string, error) {
	tb.Helper()
	needTool(tb, "git")
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Stdin = stdin
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "LC_ALL=C",
		"GIT_AUTHOR_NAME=G", "GIT_AUTHOR_EMAIL=g@example.org", "GIT_COMMITTER_NAME=G", "GIT_COMMITTER_EMAIL=g@example.org")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func needTool(tb testing.TB, name string) {
	tb.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatalf("%s is not installed", name)
		}
		tb.Skipf("%s is not installed", name)
	}
}

func fsck(tb testing.TB, dir string) {
	tb.Helper()
	for line := range strings.Lines(git(tb, dir, "fsck", "--full", "--strict", "--no-dangling")) {
		if !strings.HasPrefix(line, "notice: ") { // about a branch without commits
			tb.Fatalf("git fsck says: %s", line)
		}
	}
}

// readAll reads every object that stock git lists and compares sizes and kinds.
func readAll(tb testing.TB, dir string, s *gitstore.Store) int {
	tb.Helper()
	list := git(tb, dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
	n := 0
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		id, err := gitstore.ParseID(fields[0])
		ok(tb, err)
		kind, content, err := s.Object(id)
		ok(tb, err)
		if got, want := kind.String(), fields[1]; got != want {
			tb.Errorf("%s: got a %s, want a %s", id, got, want)
		}
		if got := strconv.Itoa(len(content)); got != fields[2] {
			tb.Errorf("%s: got %s bytes, want %s", id, got, fields[2])
		}
		n++
	}
	return n
}

// words returns text that deflates like prose, different for each seed.
func words(seed int64, size int) []byte {
	vocabulary := strings.Fields("the archive keeps what a page said on a day and later tells what has changed since then in it")
	r := rand.New(rand.NewSource(seed))
	b := make([]byte, 0, size+16)
	for len(b) < size {
		b = append(b, vocabulary[r.Intn(len(vocabulary))]...)
		b = append(b, ' ')
	}
	return b[:size]
}

// isA reports whether err is or wraps a T.
func isA[T error](err error) (T, bool) {
	var target T
	found := errors.As(err, &target)
	return target, found
}
