//go:build unix

package gitstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// TestKill ends a writing process at random moments. All it acknowledged is
// there, the repository is sound, and the next writer is not held up.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	r := rand.New(rand.NewSource(1))
	var acknowledged []string
	for round := range 30 {
		writer, _, out := child(t, "write", dir, fmt.Sprint("round", round))
		if !out.Scan() {
			t.Fatal("the writer acknowledged nothing")
		}
		acknowledged = append(acknowledged, out.Text())
		timer := time.AfterFunc(time.Duration(r.Intn(40_000))*time.Microsecond, func() { _ = writer.Process.Kill() })
		for out.Scan() {
			if len(out.Text()) == 40 { // not cut off by the kill
				acknowledged = append(acknowledged, out.Text())
			}
		}
		timer.Stop()
		_ = writer.Wait()
		fsck(t, dir)
		s, err := gitstore.Open(dir)
		ok(t, err)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		b, err := s.Begin(ctx, gitstore.Owner{Command: "after the kill"})
		ok(t, err)
		put(t, b, "survivor", fmt.Sprint(round))
		acknowledged = append(acknowledged, commit(t, b, fmt.Sprint("survived ", round)).ID.String())
		ok(t, b.Publish(ctx))
		ok(t, b.Close())
		ok(t, s.Close())
		cancel()
		checkClean(t, dir)
	}
	t.Logf("%d commits acknowledged", len(acknowledged))
	checkKept(t, dir, acknowledged)
	fsck(t, dir)
}

// TestKillMaintenance ends a process that publishes little and so merges often,
// and one that also compacts. All they acknowledged is there, and packs do not
// pile up.
func TestKillMaintenance(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nibble", "compact"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newRepository(t)
			r := rand.New(rand.NewSource(2))
			var acknowledged []string
			for round := range 40 {
				writer, _, out := child(t, name, dir, fmt.Sprint("round", round))
				timer := time.AfterFunc(time.Duration(20_000+r.Intn(300_000))*time.Microsecond, func() { _ = writer.Process.Kill() })
				for out.Scan() {
					if len(out.Text()) == 40 { // not cut off by the kill
						acknowledged = append(acknowledged, out.Text())
					}
				}
				timer.Stop()
				_ = writer.Wait()
				s, err := gitstore.Open(dir)
				ok(t, err)
				ok(t, begin(t, s).Close())
				checkClean(t, dir)
				ok(t, s.Close())
				if round%5 == 0 {
					fsck(t, dir)
				}
				if n := count(t, dir, "packs"); n > 50 {
					t.Errorf("there are %d packs", n)
				}
			}
			t.Logf("%d commits acknowledged", len(acknowledged))
			checkKept(t, dir, acknowledged)
			fsck(t, dir)
		})
	}
}

// TestFullDiskCompacting lets compacting fail after ever more bytes. All stays
// as it was, until there is room.
func TestFullDiskCompacting(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	versions(t, dir)
	writeObject(t, dir, "blob", "loose")
	before := everything(t, dir)
	run, _, out := child(t, "fillcompact", dir)
	failures := 0
	for out.Scan() {
		failures++
		if got := everything(t, dir); got != before {
			t.Fatalf("%s: objects before:\n%s\nafter:\n%s", out.Text(), before, got)
		}
	}
	ok(t, run.Wait())
	if failures < 10 {
		t.Errorf("it failed only %d times", failures)
	}
	if got := everything(t, dir); got != before || count(t, dir, "packs") != 1 || count(t, dir, "count") != 0 {
		t.Errorf("objects before:\n%s\nafter:\n%s", before, got)
	}
	checkClean(t, dir)
	fsck(t, dir)
}

// childFillCompact compacts under a limit of the file size that rises until it
// is enough.
func childFillCompact(args []string) error {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := gitstore.Open(args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	for size := uint64(0); ; size = size*5/4 + 10 {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: 1 << 40}); err != nil {
			return err
		}
		_, err := s.Compact(context.Background(), gitstore.CompactOptions{})
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EFBIG) {
			return err
		}
		fmt.Println("full:", err)
	}
}

// checkClean requires that no lock and no unfinished file is left.
func checkClean(t *testing.T, dir string) {
	t.Helper()
	for _, path := range tree(t, dir) {
		switch filepath.Ext(path) {
		case ".keep", ".next":
			t.Errorf("%s is left", path)
		case ".lock":
			if path != filepath.Join("walkback", "writer.lock") {
				t.Errorf("%s is left", path)
			}
		case ".idx":
			if _, err := os.Stat(filepath.Join(dir, strings.TrimSuffix(path, ".idx")+".pack")); err != nil {
				t.Errorf("%s has no pack", path)
			}
		}
		if filepath.Dir(path) == "walkback" && filepath.Base(path) != "writer.lock" {
			t.Errorf("%s is left", path)
		}
	}
}

// TestFullDisk lets writes fail after ever more bytes. Nothing is broken, and
// when there is room the same batch can be published.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	writer, _, out := child(t, "fill", dir)
	var acknowledged []string
	failures := 0
	for out.Scan() {
		if strings.HasPrefix(out.Text(), "full: ") {
			failures++
		} else {
			acknowledged = append(acknowledged, out.Text())
		}
	}
	ok(t, writer.Wait())
	if failures < 10 {
		t.Errorf("only %d writes failed", failures)
	}
	checkClean(t, dir)
	checkKept(t, dir, acknowledged)
	fsck(t, dir)
}

// childFill makes batches under a limit of the file size that rises from one to
// the next, and after a failure lifts the limit and tries again.
func childFill(args []string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var free syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		return err
	}
	limit := func(size uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: min(size, free.Max), Max: free.Max})
	}
	s, err := gitstore.Open(args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	for size := uint64(0); size < 1_000_000; size = size*5/4 + 10 {
		// A pipe does not count as a file: what is said here arrives.
		if err := fillOne(s, size, limit); err != nil {
			return err
		}
	}
	return nil
}

func fillOne(s *gitstore.Store, size uint64, limit func(uint64) error) (err error) {
	b, err := s.Begin(context.Background(), gitstore.Owner{Command: "fill"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	// again does a step under the limit, and if that fails without it.
	again := func(step func() error) error {
		if err := limit(size); err != nil {
			return err
		}
		full := step()
		if err := limit(1 << 62); err != nil {
			return err
		}
		if full == nil {
			return nil
		}
		fmt.Println("full:", full)
		return step()
	}
	r := rand.New(rand.NewSource(int64(size)))
	for i := range 12 {
		content := make([]byte, 1000+r.Intn(100_000))
		r.Read(content)
		if i == 5 {
			content = make([]byte, 300_000) // passes by the buffer
			r.Read(content)
		}
		blob := gitstore.NewBlob(content)
		if err := again(func() error { return b.Put(fmt.Sprint("f/", i), blob) }); err != nil {
			return err
		}
	}
	var c *gitstore.Commit
	err = again(func() (err error) {
		c, err = b.Commit(alice, noon, fmt.Sprintf("limit %d\n", size), childSigner())
		return err
	})
	if err != nil {
		return err
	}
	if err := again(func() error { return b.Publish(context.Background()) }); err != nil {
		return err
	}
	fmt.Println(c.ID)
	return nil
}
