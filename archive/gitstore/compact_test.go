package gitstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

func compact(tb testing.TB, s *gitstore.Store, o gitstore.CompactOptions) *gitstore.CompactReport {
	tb.Helper()
	o.Owner.Command = "compact"
	report, err := s.Compact(context.Background(), o)
	ok(tb, err)
	return report
}

// everything is what an archive holds, by object id.
func everything(t *testing.T, dir string) string {
	t.Helper()
	return git(t, dir, "cat-file", "--batch-all-objects", "--batch-check")
}

// compactArchive has pages with many versions over several packs, large and
// random payloads, and a page that comes back as it was.
func compactArchive(t *testing.T) (dir string, s *gitstore.Store) {
	t.Helper()
	dir = newRepository(t)
	s = open(t, dir)
	noise := make([]byte, 20_000)
	_, err := rand.Read(noise)
	ok(t, err)
	bodies := [][][]byte{pageVersions(1, 120), pageVersions(2, 120), pageVersions(3, 120)}
	for i := range 120 {
		b := begin(t, s)
		page := i % 3
		body := bodies[page][i]
		if i%30 > 27 {
			body = bodies[page][i%3]
		}
		ok(t, b.Put(pagePath(page)+"/body.html", gitstore.NewBlob(body)))
		put(t, b, pagePath(page)+"/capture.json", fmt.Sprintf(`{"schema": "capture/1", "page": %d, "time": "2026-03-01T12:%02d:00Z"}`, page, i%60))
		if i%60 == 0 {
			ok(t, b.Put("big", gitstore.NewBlob(append(words(5, 1<<20), byte(i)))))
			ok(t, b.Put("noise", gitstore.NewBlob(append(noise[i:], byte(i)))))
		}
		commit(t, b, fmt.Sprint(i))
		ok(t, b.Publish(context.Background()))
		ok(t, b.Close())
	}
	return dir, s
}

func TestCompact(t *testing.T) {
	t.Parallel()
	dir, s := compactArchive(t)
	reader := open(t, dir)
	loose := writeObject(t, dir, "blob", "loose and reached by nothing")
	git(t, dir, "multi-pack-index", "write") // which names packs that will go
	before, files := everything(t, dir), tree(t, dir)
	counts := func(path string) bool { return strings.HasSuffix(path, "/capture.json") }

	dry := compact(t, s, gitstore.CompactOptions{DryRun: true, Counts: counts})
	if got := tree(t, dir); !slices.Equal(got, files) {
		t.Errorf("a dry run leaves %q of %q", got, files)
	}
	var said []string
	report := compact(t, s, gitstore.CompactOptions{Counts: counts, Git: "git", Progress: func(what string, done, total int64) {
		if len(said) == 0 || said[len(said)-1] != what {
			said = append(said, what)
		}
	}})
	if got := everything(t, dir); got != before {
		t.Errorf("objects before:\n%s\nafter:\n%s", before, got)
	}
	fsck(t, dir)
	checkPacks(t, dir)
	checkClean(t, dir)
	if want := []string{"read snapshots", "packed objects", "compared objects"}; !slices.Equal(said, want) {
		t.Errorf("progress %q, want %q", said, want)
	}
	if report.Commits != 120 || report.Versions != 120 || report.Unreachable != 1 || report.NoGraph != "" {
		t.Errorf("report %+v", report)
	}
	if got := report.Objects; got != int64(strings.Count(before, "\n")) {
		t.Errorf("%d objects were packed, not all of %d", got, strings.Count(before, "\n"))
	}
	if report.Before.Loose != 1 || report.After.Loose != 0 || report.After.Packs != 1 || report.Before.Packs < 5 {
		t.Errorf("before %+v, after %+v", report.Before, report.After)
	}
	if report.After.Bytes*2 > report.Before.Bytes || report.After.Bytes != packBytes(t, dir) {
		t.Errorf("%d bytes became %d, on disk %d", report.Before.Bytes, report.After.Bytes, packBytes(t, dir))
	}
	if dry.After != report.After || dry.Before != report.Before || dry.Objects != report.Objects {
		t.Errorf("the dry run said %+v, it became %+v", dry, report)
	}
	n := count(t, dir, "in-pack")
	for _, s := range []*gitstore.Store{s, reader, open(t, dir)} {
		if got := readAll(t, dir, s); got != n {
			t.Errorf("read %d objects, want %d", got, n)
		}
		_, content, err := s.Object(loose)
		if err != nil || string(content) != "loose and reached by nothing" {
			t.Errorf("the loose object is %q, %v", content, err)
		}
	}
	checkCompacted(t, dir, s)
	git(t, dir, "commit-graph", "verify")

	// A second time nothing is left to do, and writing goes on.
	files = tree(t, dir)
	again := compact(t, s, gitstore.CompactOptions{Git: "git"})
	if got := tree(t, dir); !slices.Equal(got, files) || again.After != report.After {
		t.Errorf("a second time makes %q of %q", got, files)
	}
	record(t, s, "a", "new")
	fsck(t, dir)
	if got := compact(t, reader, gitstore.CompactOptions{}).After.Packs; got != 1 {
		t.Errorf("%d packs after compacting once more", got)
	}
	fsck(t, dir)
}

// checkCompacted requires the newest versions whole and no chain above 50.
func checkCompacted(t *testing.T, dir string, s *gitstore.Store) {
	t.Helper()
	listing := map[string][]string{}
	for _, line := range packListing(t, dir) {
		listing[line[0]] = line
		if len(line) == 7 {
			depth := 0
			_, err := fmt.Sscan(line[5], &depth)
			ok(t, err)
			if depth > 50 {
				t.Errorf("%v has a chain of %d", line, depth)
			}
			if line[1] == "blob" && len(line[2]) > 6 {
				t.Errorf("%v is a large payload stored as a delta", line)
			}
		}
	}
	head, err := s.Head()
	ok(t, err)
	c, err := s.Commit(head)
	ok(t, err)
	for f, err := range s.Files(c.Tree, "") {
		ok(t, err)
		if line := listing[f.ID.String()]; len(line) != 5 {
			t.Errorf("%s is stored as %v, not whole", f.Path, line)
		}
	}
}

// TestCompactRefuses: damage is not compacted away.
func TestCompactRefuses(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, v victim){
		"flipped byte": func(t *testing.T, v victim) {
			offset, _ := v.where(t)
			change(t, v.file(t, ".pack"), flip(offset+10))
		},
		"missing commit": func(t *testing.T, v victim) { v.loosen(t); ok(t, os.Remove(v.loosePath(v.commit.ID))) },
		"forged object": func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), func([]byte) []byte { return deflated("blob", []byte("forged")) })
		},
	} {
		v := newVictim(t)
		damage(t, v)
		files := tree(t, v.dir)
		_, err := open(t, v.dir).Compact(context.Background(), gitstore.CompactOptions{})
		if err == nil {
			t.Errorf("%s: it was compacted", name)
		}
		if got := tree(t, v.dir); !slices.Equal(got, files) {
			t.Errorf("%s: it leaves %q of %q", name, got, files)
		}
	}
}

func TestCompactWaits(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	ok(t, func() error { // an archive without a commit
		_, err := s.Compact(context.Background(), gitstore.CompactOptions{})
		return err
	}())
	record(t, s, "a", "one")
	b := begin(t, s)
	_, err := s.Compact(context.Background(), gitstore.CompactOptions{Wait: 30 * time.Millisecond})
	if _, is := isA[*gitstore.LockedError](err); !is {
		t.Errorf("got %v, want a LockedError", err)
	}
	ok(t, b.Close())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Compact(ctx, gitstore.CompactOptions{}); err == nil {
		t.Error("a cancelled run went through")
	}
	checkClean(t, dir)
}

// TestCompactRunsNoForeignGit: in an archive from elsewhere git is not run.
func TestCompactRunsNoForeignGit(t *testing.T) {
	needTool(t, "sh")
	for name, prepare := range map[string]func(dir string) error{
		"config": func(dir string) error {
			f, err := os.OpenFile(filepath.Join(dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
			ok(t, err)
			_, err = f.WriteString("[core]\n\tfsmonitor = touch ran\n")
			return errorsJoin(err, f.Close())
		},
		"alternates": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "objects/info/alternates"), []byte("/elsewhere\n"), 0o666)
		},
		"nothing": func(string) error { return nil },
	} {
		dir := newRepository(t)
		s := open(t, dir)
		record(t, s, "a", "one")
		ok(t, prepare(dir))
		ran := filepath.Join(t.TempDir(), "ran")
		fake := filepath.Join(t.TempDir(), "git")
		ok(t, os.WriteFile(fake, fmt.Appendf(nil, "#!/bin/sh\nenv > %s\n", ran), 0o755))
		report := compact(t, s, gitstore.CompactOptions{Git: fake})
		env, err := os.ReadFile(ran)
		if foreign := name != "nothing"; foreign != (err != nil) || foreign != (report.NoGraph != "") {
			t.Errorf("%s: no graph because of %q; running git left %q, %v", name, report.NoGraph, env, err)
		}
		if err == nil && (!bytes.Contains(env, []byte("GIT_CONFIG_NOSYSTEM=1")) || bytes.Contains(env, []byte("GITSTORE"))) {
			t.Errorf("git saw the environment %q", env)
		}
	}
}

func errorsJoin(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestMaintenanceTogether: while stock git repacks and collects, a writer
// publishes and merges and another compacts. Nothing is lost.
func TestMaintenanceTogether(t *testing.T) {
	t.Parallel()
	needTool(t, "git")
	dir := newRepository(t)
	s, _ := versions(t, dir)
	writer, _, out := child(t, "nibble", dir, "w")
	var acknowledged []string
	stop := make(chan struct{})
	done := make(chan error)
	go func() {
		for {
			for _, args := range [][]string{{"repack", "-adfq"}, {"gc", "-q", "--prune=now"}, {"repack", "-adq"}} {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
				cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Logf("git %v gave way: %s", args, out)
				}
			}
		}
	}()
	compacted := 0
	for round := range 12 {
		for range 10 {
			if !out.Scan() {
				t.Fatal("the writer ended")
			}
			acknowledged = append(acknowledged, out.Text())
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		_, err := s.Compact(ctx, gitstore.CompactOptions{Owner: gitstore.Owner{Command: "compact"}})
		cancel()
		if err == nil {
			compacted++
		} else {
			t.Logf("round %d: %v", round, err)
		}
	}
	close(stop)
	ok(t, <-done)
	_ = writer.Process.Kill()
	for out.Scan() {
		if len(out.Text()) == 40 {
			acknowledged = append(acknowledged, out.Text())
		}
	}
	_ = writer.Wait()
	if compacted < 6 {
		t.Errorf("only %d of 12 runs of compact came through", compacted)
	}
	t.Logf("%d commits, compacted %d times", len(acknowledged), compacted)
	ok(t, begin(t, s).Close())
	checkKept(t, dir, acknowledged)
	fsck(t, dir)
}

// TestCompactLarge: a payload that is larger than what is read at once passes
// through, from a pack and from a loose object.
func TestCompactLarge(t *testing.T) {
	t.Parallel()
	const size = 257 << 20
	dir := newRepository(t)
	s := open(t, dir)
	room, err := os.Create(filepath.Join(t.TempDir(), "room"))
	ok(t, err)
	blob, err := gitstore.ReadBlob(context.Background(), io.LimitReader(zeros{}, size), size, room)
	ok(t, err)
	b := begin(t, s)
	ok(t, b.Put("film", blob))
	commit(t, b, "film")
	ok(t, b.Publish(context.Background()))
	ok(t, b.Close())
	ok(t, room.Close())
	loose := writeObject(t, dir, "blob", strings.Repeat("loose ", 2<<20))
	report := compact(t, s, gitstore.CompactOptions{})
	if report.After.Packs != 1 || report.After.Loose != 0 || report.Objects != 4 {
		t.Errorf("report %+v", report)
	}
	fsck(t, dir)
	checkClean(t, dir)
	for id, want := range map[gitstore.ID]int64{blob.ID(): size, loose: 12 << 20} {
		r, err := s.Open(id)
		ok(t, err)
		if n, err := io.Copy(io.Discard, r); n != want || err != nil {
			t.Errorf("%s: read %d bytes, %v", id, n, err)
		}
		ok(t, r.Close())
	}
}

// zeros is an endless film without a picture.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestReplacingLarge replaces a pack whose index is too large to be mapped when it
// is opened, by compaction and by what a killed one left behind.
func TestReplacingLarge(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	s := open(t, dir)
	b := begin(t, s)
	const files = 38_000 // 28 bytes each in the index
	for i := range files {
		put(t, b, fmt.Sprintf("%02x/%02x/%d", i%256, i/256, i), fmt.Sprint(i))
	}
	commit(t, b, "many")
	ok(t, b.Publish(context.Background()))
	ok(t, b.Close())
	record(t, s, "a", "one")
	large := slices.MaxFunc(packNames(t, dir), func(a, b string) int { return int(size(t, a+".idx") - size(t, b+".idx")) })
	if size(t, large+".idx") <= 1<<20 {
		t.Fatal("the index is not large")
	}
	before := everything(t, dir)
	compact(t, s, gitstore.CompactOptions{})
	if names := packNames(t, dir); slices.Contains(names, large) || everything(t, dir) != before {
		t.Errorf("after compact: %q, was %s", names, large)
	}
	fsck(t, dir)
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	ok(t, err)
	return info.Size()
}
