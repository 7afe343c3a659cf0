package gitstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// TestMain lets the tests run this binary as another process that writes.
func TestMain(m *testing.M) {
	children := map[string]func([]string) error{
		"write": childWrite, "nibble": childNibble, "fill": childFill, "hold": childHold,
		"compact": childCompact, "fillcompact": childFillCompact, "compactonce": childCompactOnce,
	}
	if run := children[os.Getenv("GITSTORE_CHILD")]; run != nil {
		if err := run(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child starts this binary as another process.
func child(tb testing.TB, name string, args ...string) (*exec.Cmd, io.Closer, *bufio.Scanner) {
	tb.Helper()
	exe, err := os.Executable()
	ok(tb, err)
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "GITSTORE_CHILD="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ok(tb, err)
	in, err := cmd.StdinPipe()
	ok(tb, err)
	ok(tb, cmd.Start())
	return cmd, in, bufio.NewScanner(out)
}

// childWrite publishes commits under its name for ever or as many as it is told,
// and prints the id of each that was acknowledged.
func childWrite(args []string) error {
	dir, name := args[0], args[1]
	commits := 1 << 30
	if len(args) > 2 {
		if _, err := fmt.Sscan(args[2], &commits); err != nil {
			return err
		}
	}
	s, err := gitstore.Open(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	r := rand.New(rand.NewSource(int64(os.Getpid())))
	for i := 0; i < commits; {
		id, err := writeOne(s, fmt.Sprintf("%s/%d", name, i), words(r.Int63(), 1000+r.Intn(400_000)))
		if errors.As(err, new(*gitstore.MovedError)) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Println(id)
		i++
	}
	return nil
}

// childNibble publishes small commits for ever and prints the id of each.
func childNibble(args []string) error {
	s, err := gitstore.Open(args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	for i := 0; ; i++ {
		id, err := writeOne(s, fmt.Sprintf("%s/%d", args[1], i), fmt.Append(nil, args[1], i))
		if err != nil {
			return err
		}
		fmt.Println(id)
	}
}

// childCompact publishes a few pages with many versions, then compacts, for ever.
func childCompact(args []string) error {
	s, err := gitstore.Open(args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	for i := 0; ; i++ {
		for j, body := range pageVersions(int64(i%3), 3) {
			id, err := writeOne(s, fmt.Sprintf("page%d", i%3), fmt.Append(body, args[1], i, j))
			if err != nil {
				return err
			}
			fmt.Println(id)
		}
		if _, err := s.Compact(context.Background(), gitstore.CompactOptions{}); err != nil {
			return err
		}
	}
}

// childCompactOnce compacts and prints the most memory it took, in KiB.
func childCompactOnce(args []string) error {
	s, err := gitstore.Open(args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err = s.Compact(context.Background(), gitstore.CompactOptions{}); err != nil {
		return err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil // not on this system
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(peak)[0])
	return nil
}

func writeOne(s *gitstore.Store, path string, content []byte) (id gitstore.ID, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := s.Begin(ctx, gitstore.Owner{Command: "write " + path, Since: noon})
	if err != nil {
		return id, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := b.Put(path, gitstore.NewBlob(content)); err != nil {
		return id, err
	}
	c, err := b.Commit(alice, noon, path+"\n", childSigner())
	if err != nil {
		return id, err
	}
	return c.ID, b.Publish(ctx)
}

// childSigner is testSigner where there is no test.
func childSigner() gitstore.Signer {
	signer, err := newSigner()
	if err != nil {
		panic(err)
	}
	return signer
}

// childHold takes the writer lock, says so and holds it until its input ends.
func childHold(args []string) error {
	s, err := gitstore.Open(args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	b, err := s.Begin(context.Background(), gitstore.Owner{Command: "hold on", Since: noon})
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return b.Close()
}

// TestWritersTakeTurns: of two processes that write at the same time none loses
// a commit.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	const each = 25
	dir := newRepository(t)
	a, _, outA := child(t, "write", dir, "a", fmt.Sprint(each))
	b, _, outB := child(t, "write", dir, "b", fmt.Sprint(each))
	var acknowledged []string
	for _, out := range []*bufio.Scanner{outA, outB} {
		for out.Scan() {
			acknowledged = append(acknowledged, out.Text())
		}
	}
	ok(t, a.Wait())
	ok(t, b.Wait())
	if len(acknowledged) != 2*each {
		t.Errorf("%d commits were acknowledged, want %d", len(acknowledged), 2*each)
	}
	checkKept(t, dir, acknowledged)
	fsck(t, dir)
}

// checkKept requires that all these commits are in the history, which must be
// readable to its root.
func checkKept(t *testing.T, dir string, ids []string) {
	t.Helper()
	s, err := gitstore.Open(dir)
	ok(t, err)
	defer s.Close()
	head, err := s.Head()
	ok(t, err)
	kept := map[string]bool{}
	for c, err := range s.History(head) {
		ok(t, err)
		kept[c.ID.String()] = true
	}
	for _, id := range ids {
		if !kept[id] {
			t.Errorf("commit %s was acknowledged and is not in the history", id)
		}
	}
}

func TestLocked(t *testing.T) {
	dir := newRepository(t)
	holder, stdin, out := child(t, "hold", dir)
	if !out.Scan() {
		t.Fatal("the other process says nothing")
	}
	s := open(t, dir)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Begin(ctx, gitstore.Owner{Command: "wait"})
	locked, is := isA[*gitstore.LockedError](err)
	host, _ := os.Hostname()
	want := gitstore.LockedError{PID: holder.Process.Pid, Host: host, Command: "hold on", Since: noon}
	if !is || *locked != want {
		t.Fatalf("got %v, want %v", err, &want)
	}
	// The waiter gets its turn when the holder ends.
	ok(t, stdin.Close())
	record(t, s, "a", "one")
	ok(t, holder.Wait())
}

// TestLockedInProcess: two batches of one process exclude each other too.
func TestLockedInProcess(t *testing.T) {
	s := open(t, newRepository(t))
	b := begin(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Begin(ctx, gitstore.Owner{})
	if locked, is := isA[*gitstore.LockedError](err); !is || locked.PID != os.Getpid() {
		t.Errorf("got %v, want a LockedError of this process", err)
	}
	ok(t, b.Close())
	ok(t, begin(t, s).Close())
}

// TestMoved: a batch that began before main moved is not published over it.
func TestMoved(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	first := record(t, s, "a", "one")
	second := record(t, s, "a", "two")
	before := tree(t, dir)
	b := begin(t, s)
	put(t, b, "a", "three")
	commit(t, b, "third")
	git(t, dir, "update-ref", "refs/heads/main", first.ID.String(), second.ID.String())
	err := b.Publish(context.Background())
	if moved, is := isA[*gitstore.MovedError](err); !is || moved.Want != second.ID || moved.Have != first.ID {
		t.Errorf("got %v, want a MovedError", err)
	}
	ok(t, b.Close())
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
}

// TestForeignRefLock: git's lock is waited for and named, and its end is seen.
func TestForeignRefLock(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s := open(t, dir)
	record(t, s, "a", "one")
	before := tree(t, dir)
	lock := filepath.Join(dir, "refs/heads/main.lock")
	ok(t, os.WriteFile(lock, nil, 0o666))
	b := begin(t, s)
	put(t, b, "a", "two")
	c := commit(t, b, "second")
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := b.Publish(ctx)
	if locked, is := isA[*gitstore.RefLockedError](err); !is || locked.Path != lock || !strings.Contains(err.Error(), lock) {
		t.Errorf("got %v, want a RefLockedError", err)
	}
	ok(t, os.Remove(lock))
	ok(t, b.Publish(context.Background()))
	if head, err := s.Head(); err != nil || head != c.ID {
		t.Errorf("head %v, %v, want %v", head, err, c.ID)
	}
	ok(t, b.Close())
	if after := tree(t, dir); len(after) != len(before)+2 { // a pack and its index
		t.Errorf("before %q\nafter %q", before, after)
	}
	// A batch that gives up while the lock stands takes its pack with it.
	before = tree(t, dir)
	b = begin(t, s)
	put(t, b, "a", "three")
	commit(t, b, "third")
	ok(t, os.WriteFile(lock, nil, 0o666))
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := b.Publish(ctx); err == nil {
		t.Error("published in spite of the lock")
	}
	ok(t, b.Close())
	ok(t, os.Remove(lock))
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
	fsck(t, dir)
}

// TestDeadWriter puts a repository into each state that a killed writer can
// leave. The next writer goes on and nothing of it stays.
func TestDeadWriter(t *testing.T) {
	t.Parallel()
	const mark = "walkback is publishing this pack\nprocess 1\n"
	id := strings.Repeat("1", 40) + "\n"
	for name, files := range map[string]map[string]string{
		"spool":          {"walkback/batch.pack": "PACK"},
		"index":          {"walkback/batch.pack": "PACK", "walkback/batch.idx": "x"},
		"keep":           {"walkback/batch.pack": "PACK", "walkback/batch.idx": "x", "walkback/batch.keep": "wal"},
		"keep in place":  {"walkback/batch.pack": "PACK", "walkback/batch.idx": "x", "objects/pack/pack-1.keep": mark},
		"index in place": {"walkback/batch.pack": "PACK", "objects/pack/pack-1.idx": "x", "objects/pack/pack-1.keep": mark},
		"next value":     {"walkback/main.next": id},
		"half a value":   {"walkback/main.next": "111"},
		"ref lock":       {"walkback/main.next": id, "refs/heads/main.lock": id},
	} {
		dir := newRepository(t)
		s := open(t, dir)
		record(t, s, "a", "one")
		before := tree(t, dir)
		for path, content := range files {
			ok(t, os.WriteFile(filepath.Join(dir, path), []byte(content), 0o444))
		}
		ok(t, begin(t, s).Close())
		if after := tree(t, dir); !slices.Equal(before, after) {
			t.Errorf("%s: before %q\nafter %q", name, before, after)
		}
		record(t, s, "a", "two")
		fsck(t, dir)
	}
}

// TestLinksInPrivateFolder: an archive from elsewhere cannot have a file of the
// user overwritten.
func TestLinksInPrivateFolder(t *testing.T) {
	for _, name := range []string{"walkback", "walkback/writer.lock"} {
		dir := newRepository(t)
		elsewhere := t.TempDir()
		victim := filepath.Join(elsewhere, "writer.lock")
		ok(t, os.WriteFile(victim, []byte("precious"), 0o666))
		target := elsewhere
		if name != "walkback" {
			target = victim
		}
		ok(t, os.RemoveAll(filepath.Join(dir, name)))
		ok(t, os.Symlink(target, filepath.Join(dir, name)))
		_, err := open(t, dir).Begin(context.Background(), gitstore.Owner{Command: "test"})
		if _, is := isA[*gitstore.CorruptError](err); !is {
			t.Errorf("%s: got %v, want a CorruptError", name, err)
		}
		if content, err := os.ReadFile(victim); err != nil || string(content) != "precious" {
			t.Errorf("%s: the file outside is %q, %v", name, content, err)
		}
	}
}

// TestForeignKeep: a .keep that somebody made on purpose stays.
func TestForeignKeep(t *testing.T) {
	v := newVictim(t)
	keep := strings.TrimSuffix(v.file(t, ".pack"), ".pack") + ".keep"
	ok(t, os.WriteFile(keep, []byte("do not touch\n"), 0o666))
	record(t, open(t, v.dir), "a", "one")
	if _, err := os.Stat(keep); err != nil {
		t.Error(err)
	}
}

// TestAgainstStockWriter races the store with stock git's own compare-and-set
// of the branch. None of the two loses a commit.
func TestAgainstStockWriter(t *testing.T) {
	t.Parallel()
	const each = 20
	dir := newRepository(t)
	s := open(t, dir)
	record(t, s, "a", "one")
	writer, _, out := child(t, "write", dir, "ours", fmt.Sprint(each))
	var acknowledged []string
	for n := 0; n < each; {
		old := strings.TrimSpace(git(t, dir, "rev-parse", "refs/heads/main"))
		id := stockCommit(t, dir, old, n)
		// A lock held by the other side makes git fail, as does a moved branch.
		if _, err := tryGit(t, dir, nil, "update-ref", "refs/heads/main", id, old); err == nil {
			acknowledged = append(acknowledged, id)
			n++
		}
	}
	for out.Scan() {
		acknowledged = append(acknowledged, out.Text())
	}
	ok(t, writer.Wait())
	if len(acknowledged) != 2*each {
		t.Errorf("%d commits were acknowledged, want %d", len(acknowledged), 2*each)
	}
	checkKept(t, dir, acknowledged)
	fsck(t, dir)
}

// stockCommit makes a signed commit with git's tools.
func stockCommit(t *testing.T, dir, parent string, n int) string {
	t.Helper()
	tree := strings.TrimSpace(git(t, dir, "rev-parse", parent+"^{tree}"))
	head := fmt.Sprintf("tree %s\nparent %s\nauthor A <a@b> 1772366400 +0000\ncommitter A <a@b> 1772366400 +0000\n", tree, parent)
	message := fmt.Sprintf("\nstock %d\n", n)
	armor, err := testSigner(t).Sign(strings.NewReader(head + message))
	ok(t, err)
	sig := "gpgsig " + strings.ReplaceAll(strings.TrimSpace(string(armor)), "\n", "\n ") + "\n"
	return strings.TrimSpace(runGit(t, dir, strings.NewReader(head+sig+message), "hash-object", "-t", "commit", "-w", "--stdin"))
}
