package gitstore_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// victim is an archive with one commit of one page.
type victim struct {
	dir    string
	commit *gitstore.Commit
	blob   gitstore.ID
	body   []byte
}

func newVictim(t *testing.T) victim {
	t.Helper()
	v := victim{dir: newRepository(t), body: words(3, 60_000)}
	s, err := gitstore.Open(v.dir)
	ok(t, err)
	v.commit = record(t, s, "page/body.html", string(v.body), "page/text.md", "text")
	v.blob = gitstore.NewBlob(v.body).ID()
	ok(t, s.Close())
	return v
}

func (v victim) loosePath(id gitstore.ID) string {
	return filepath.Join(v.dir, "objects", id.String()[:2], id.String()[2:])
}

// file returns the only file of the pack folder with this extension.
func (v victim) file(t *testing.T, extension string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(v.dir, "objects", "pack", "*"+extension))
	ok(t, err)
	if len(paths) != 1 {
		t.Fatalf("there are %d files *%s, want 1", len(paths), extension)
	}
	return paths[0]
}

// loosen turns all packed objects into loose ones, as an attacker's git would.
func (v victim) loosen(t *testing.T) {
	t.Helper()
	pack := v.file(t, ".pack")
	moved := filepath.Join(t.TempDir(), "pack")
	ok(t, os.Rename(pack, moved))
	ok(t, os.Remove(v.file(t, ".idx")))
	f, err := os.Open(moved)
	ok(t, err)
	defer f.Close()
	runGit(t, v.dir, f, "unpack-objects", "-q")
}

// where returns the offset and size of the blob in the pack.
func (v victim) where(t *testing.T) (offset, size int) {
	t.Helper()
	for line := range strings.Lines(git(t, v.dir, "verify-pack", "-v", v.file(t, ".idx"))) {
		f := strings.Fields(line)
		if len(f) >= 5 && f[0] == v.blob.String() {
			size, err := strconv.Atoi(f[3])
			ok(t, err)
			offset, err := strconv.Atoi(f[4])
			ok(t, err)
			return offset, size
		}
	}
	t.Fatal("the blob is not in the pack")
	return 0, 0
}

func change(t *testing.T, path string, edit func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	ok(t, err)
	ok(t, os.Remove(path))
	ok(t, os.WriteFile(path, edit(content), 0o444))
}

func flip(at int) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= 0x10; return b }
}

func deflated(kind string, content []byte) []byte {
	return zlibbed(fmt.Sprintf("%s %d\x00%s", kind, len(content), content))
}

func zlibbed(s string) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.Bytes()
}

func TestTampering(t *testing.T) {
	t.Parallel()
	const corrupt, truncated, missing = "corrupt", "truncated", "missing"
	for _, test := range []struct {
		name   string
		tamper func(*testing.T, victim)
		want   string
	}{
		{"byte of a loose object", func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), flip(2000))
		}, corrupt},
		{"loose object cut off", func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), func(b []byte) []byte { return b[:len(b)/2] })
		}, corrupt},
		{"loose object empty", func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), func([]byte) []byte { return nil })
		}, corrupt},
		{"text after a loose object", func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), func(b []byte) []byte { return append(b, "more"...) })
		}, corrupt},
		{"forged loose object", func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), func([]byte) []byte { return deflated("blob", []byte("forged")) })
		}, corrupt},
		{"loose object of another kind", func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), func([]byte) []byte { return deflated("tree", v.body) })
		}, corrupt},
		{"loose object that lies about its size", func(t *testing.T, v victim) {
			v.loosen(t)
			change(t, v.loosePath(v.blob), func([]byte) []byte { return zlibbed("blob 1073741824\x00short") })
		}, corrupt},
		{"folder for a loose object", func(t *testing.T, v victim) {
			v.loosen(t)
			ok(t, os.Remove(v.loosePath(v.blob)))
			ok(t, os.Mkdir(v.loosePath(v.blob), 0o777))
		}, corrupt},
		{"loose object missing", func(t *testing.T, v victim) {
			v.loosen(t)
			ok(t, os.Remove(v.loosePath(v.blob)))
		}, missing},
		{"byte of a packed object", func(t *testing.T, v victim) {
			offset, size := v.where(t)
			change(t, v.file(t, ".pack"), flip(offset+size/2))
		}, corrupt},
		{"head of a packed object", func(t *testing.T, v victim) {
			offset, _ := v.where(t)
			change(t, v.file(t, ".pack"), flip(offset))
		}, corrupt},
		{"pack cut off inside the object", func(t *testing.T, v victim) {
			offset, size := v.where(t)
			change(t, v.file(t, ".pack"), func(b []byte) []byte { return b[:offset+size/2] })
		}, truncated},
		{"pack cut off in front of the object", func(t *testing.T, v victim) {
			change(t, v.file(t, ".pack"), func(b []byte) []byte { return b[:40] })
		}, truncated},
		{"pack empty", func(t *testing.T, v victim) {
			change(t, v.file(t, ".pack"), func([]byte) []byte { return nil })
		}, truncated},
		{"index cut off", func(t *testing.T, v victim) {
			change(t, v.file(t, ".idx"), func(b []byte) []byte { return b[:len(b)-30] })
		}, truncated},
		{"index without order", func(t *testing.T, v victim) {
			change(t, v.file(t, ".idx"), func(b []byte) []byte { b[8] = 0x7f; return b })
		}, corrupt},
		{"index of version 1", func(t *testing.T, v victim) {
			idx := v.file(t, ".idx")
			ok(t, os.Remove(idx))
			git(t, v.dir, "index-pack", "--index-version=1", "-o", idx, v.file(t, ".pack"))
		}, corrupt},
		{"CRC in the index", func(t *testing.T, v victim) {
			change(t, v.file(t, ".idx"), func(b []byte) []byte {
				n := (len(b) - 8 - 1024 - 40) / 28
				for i := range 4 * n {
					b[8+1024+20*n+i] ^= 1
				}
				return b
			})
		}, corrupt},
		{"offsets in the index swapped", func(t *testing.T, v victim) {
			change(t, v.file(t, ".idx"), func(b []byte) []byte {
				n := (len(b) - 8 - 1024 - 40) / 28
				table := b[8+1024+24*n:][:4*n]
				last := slices.Clone(table[4*(n-1):])
				copy(table[4:], table[:4*(n-1)])
				copy(table, last)
				return b
			})
		}, corrupt},
		{"pack without index", func(t *testing.T, v victim) {
			ok(t, os.Remove(v.file(t, ".idx")))
		}, missing},
		{"index without pack", func(t *testing.T, v victim) {
			ok(t, os.Remove(v.file(t, ".pack")))
		}, missing},
		{"everything gone", func(t *testing.T, v victim) {
			ok(t, os.RemoveAll(filepath.Join(v.dir, "objects", "pack")))
		}, missing},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t)
			test.tamper(t, v)
			s := open(t, v.dir)
			_, content, err := s.Object(v.blob)
			got := "nothing"
			if e, is := isA[*gitstore.CorruptError](err); is && e.ID == v.blob && e.Where != "" && e.Reason != "" {
				got = corrupt
			}
			if e, is := isA[*gitstore.TruncatedError](err); is && e.ID == v.blob && e.Where != "" && e.Size < e.Need {
				got = truncated
			}
			if e, is := isA[*gitstore.MissingError](err); is && e.ID == v.blob && (e.Unindexed != "") == (test.name == "pack without index") {
				got = missing
			}
			if got != test.want || content != nil {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
		})
	}
}

// TestTamperedRef: what stands in main's place and is no id is told apart from
// an archive without commits.
func TestTamperedRef(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty": "", "short": "0123\n", "symbolic": "ref: refs/heads/other\n", "zero": strings.Repeat("0", 40) + "\n",
		"two ids": strings.Repeat("1", 40) + strings.Repeat("2", 40), "long": strings.Repeat("1", 9999),
		"upper case": strings.Repeat("A", 40) + "\n",
	} {
		v := newVictim(t)
		change(t, filepath.Join(v.dir, "refs/heads/main"), func([]byte) []byte { return []byte(content) })
		s := open(t, v.dir)
		_, err := s.Head()
		if e, is := isA[*gitstore.RefError](err); !is || e.Path == "" || e.Reason == "" {
			t.Errorf("%s: got %v, want a RefError", name, err)
		}
		_, err = s.Begin(context.Background(), gitstore.Owner{})
		if _, is := isA[*gitstore.RefError](err); !is {
			t.Errorf("%s: Begin gives %v, want a RefError", name, err)
		}
	}
}

// TestTruncatedElsewhere: what a cut-off pack still has can be read.
func TestTruncatedElsewhere(t *testing.T) {
	v := newVictim(t)
	change(t, v.file(t, ".pack"), func(b []byte) []byte { return b[:len(b)-10] })
	s := open(t, v.dir)
	kind, content, err := s.Object(v.blob)
	if err != nil || kind != gitstore.KindBlob || !bytes.Equal(content, v.body) {
		t.Errorf("got a %s of %d bytes, %v", kind, len(content), err)
	}
	if hazards, err := s.Hazards(); err != nil || len(hazards) != 1 {
		t.Errorf("hazards %v, %v, want one", hazards, err)
	}
}

func TestMalformedObjects(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	c := record(t, s, "a", "one")
	blob := gitstore.NewBlob([]byte("one")).ID()
	if _, err := s.Commit(blob); malformedID(err) != blob {
		t.Errorf("a blob as a commit: %v", err)
	}
	if _, err := s.Entries(c.ID); malformedID(err) != c.ID {
		t.Errorf("a commit as a tree: %v", err)
	}
	bad := writeObject(t, dir, "tree", "100644 .git\x00"+strings.Repeat("\x11", 20))
	if _, err := s.Entries(bad); malformedID(err) != bad {
		t.Errorf("a tree with .git: %v", err)
	}
	for _, err := range s.Files(bad, "") {
		if malformedID(err) != bad {
			t.Errorf("files of a tree with .git: %v", err)
		}
	}
}

// TestDeepTree: a tree that is deeper than any archive's ends in an error, not
// in a stack overflow.
func TestDeepTree(t *testing.T) {
	t.Parallel()
	dir := newRepository(t)
	id := writeObject(t, dir, "tree", "")
	for range 100 {
		id = writeObject(t, dir, "tree", "40000 d\x00"+string(id[:]))
	}
	s := open(t, dir)
	n := 0
	for _, err := range s.Files(id, "") {
		n++
		if _, is := isA[*gitstore.MalformedError](err); !is {
			t.Errorf("got %v, want a MalformedError", err)
		}
	}
	for _, err := range s.Changes(gitstore.ID{}, id) {
		n++
		if _, is := isA[*gitstore.MalformedError](err); !is {
			t.Errorf("got %v, want a MalformedError", err)
		}
	}
	if n != 2 {
		t.Errorf("got %d results, want 2", n)
	}
}

func malformedID(err error) gitstore.ID {
	if e, is := isA[*gitstore.MalformedError](err); is {
		return e.ID
	}
	return gitstore.ID{}
}

// writeObject stores any bytes as a loose object, without the checks of git.
func writeObject(t *testing.T, dir, kind, content string) gitstore.ID {
	t.Helper()
	out := runGit(t, dir, strings.NewReader(content), "hash-object", "-t", kind, "-w", "--stdin", "--literally")
	id, err := gitstore.ParseID(strings.TrimSpace(out))
	ok(t, err)
	return id
}
