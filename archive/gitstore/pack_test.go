package gitstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// packOf writes a pack of raw entries and its index into a new repository and
// opens it. Each entry is its bytes as they stand in the pack.
func packOf(t *testing.T, ids []ID, entries ...[]byte) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive.git")
	check(t, Init(dir))
	path := filepath.Join(dir, "objects", "pack", "pack-x")
	w, err := newPackWriter(path + ".pack")
	check(t, err)
	for i, e := range entries {
		check(t, w.append(ids[i], nil, e))
	}
	trailer, err := w.finish()
	check(t, err)
	check(t, os.WriteFile(path+".idx", w.encodeIndex(trailer), 0o444))
	check(t, w.file.Close())
	s, err := Open(dir)
	check(t, err)
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func entryOf(kind Kind, base, content []byte) []byte {
	b := appendEntryHeader(nil, kind, int64(len(content)))
	return append(append(b, base...), deflate(content)...)
}

// TestChainTooDeep: a chain of deltas deeper than git makes them is refused.
func TestChainTooDeep(t *testing.T) {
	content := []byte("content")
	id := ownID(KindBlob, content)
	same := append(binary.AppendUvarint(binary.AppendUvarint(nil, 7), 7), 0x90, 7) // copy all
	entries := [][]byte{entryOf(KindBlob, nil, content)}
	ids := []ID{id}
	for i := range maxChain + 1 {
		entries = append(entries, entryOf(kindOffset, []byte{byte(len(entries[i]))}, same))
		ids = append(ids, ID{1, byte(i >> 8), byte(i)})
	}
	ids[0], ids[maxChain] = ids[maxChain], ids[0] // the deepest that is allowed
	s := packOf(t, ids, entries...)
	if _, got, err := s.Object(id); err != nil || !bytes.Equal(got, content) {
		t.Errorf("at depth %d: %q, %v", maxChain, got, err)
	}
	var corrupt *CorruptError
	if _, _, err := s.Object(ids[maxChain+1]); !errors.As(err, &corrupt) {
		t.Errorf("at depth %d: %v, want a CorruptError", maxChain+1, err)
	}
}

// TestHostileEntries: what no git writes ends in a CorruptError, and memory is not
// taken on its word.
func TestHostileEntries(t *testing.T) {
	loop := ID{0xab}
	for name, entry := range map[string][]byte{
		"delta on itself":     entryOf(kindRef, loop[:], []byte{1, 1, 1, 'x'}),
		"delta on nothing":    entryOf(kindRef, make([]byte, 20), []byte{1, 1, 1, 'x'}),
		"delta on the header": entryOf(kindOffset, []byte{8}, []byte{1, 1, 1, 'x'}),
		"delta on zero back":  entryOf(kindOffset, []byte{0}, []byte{1, 1, 1, 'x'}),
		"huge size":           append(appendEntryHeader(nil, KindBlob, 1<<40), deflate(nil)...),
		"size without end":    bytes.Repeat([]byte{0xff}, 40),
		"a gigabyte in short": append(appendEntryHeader(nil, KindBlob, MaxObjectSize), deflate([]byte("short"))...),
		"more than it says":   append(appendEntryHeader(nil, KindBlob, 3), deflate([]byte("longer"))...),
		"kind 0":              entryOf(0, nil, []byte("x")),
		"kind 5":              entryOf(5, nil, []byte("x")),
		"no zlib":             append(appendEntryHeader(nil, KindBlob, 3), "text"...),
	} {
		s := packOf(t, []ID{loop}, entry)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var corrupt *CorruptError
		if _, _, err := s.Object(loop); !errors.As(err, &corrupt) || corrupt.ID != loop {
			t.Errorf("%s: got %v, want a CorruptError", name, err)
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
			t.Errorf("%s: %d bytes were allocated", name, got)
		}
	}
}

// TestIndexLargeOffsets holds an index with offsets beyond 2 GiB, which no test
// pack should have, against git show-index and our own reader.
func TestIndexLargeOffsets(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	w := packWriter{}
	for range 1000 {
		e := located{crc: r.Uint32(), offset: r.Int63n(1 << 33)}
		r.Read(e.id[:])
		w.list = append(w.list, e)
	}
	path := filepath.Join(t.TempDir(), "x.idx")
	content := w.encodeIndex([20]byte{1, 2, 3})
	check(t, os.WriteFile(path, content, 0o666))
	x, err := openIndex(path)
	check(t, err)
	want := map[string]bool{}
	for _, e := range w.list {
		at, ok, err := x.find(e.id)
		if err != nil || !ok || at != (packed{e.offset, e.crc}) {
			t.Errorf("%s: got %+v, %v, %v, want offset %d, CRC %x", e.id, at, ok, err, e.offset, e.crc)
		}
		want[fmt.Sprintf("%d %s (%08x)", e.offset, e.id, e.crc)] = true
		e.id[19]++
		if _, ok, err := x.find(e.id); ok || err != nil {
			t.Errorf("an object that is not in the index is found: %v", err)
		}
	}
	check(t, x.close())
	if _, _, err := x.find(ID{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("looking into a closed index: %v", err)
	}
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("git is not installed")
		}
		t.Skip("git is not installed")
	}
	cmd := exec.Command("git", "show-index")
	cmd.Stdin = bytes.NewReader(content)
	out, err := cmd.Output()
	check(t, err)
	n := 0
	for line := range strings.Lines(string(out)) {
		if n++; !want[strings.TrimSpace(line)] {
			t.Errorf("git show-index says %q", line)
		}
	}
	if n != len(want) {
		t.Errorf("git show-index lists %d objects, want %d", n, len(want))
	}
}

// TestMovedAndNotSynced: when main may already point at the new commit, closing
// the batch must not take its pack away.
func TestMovedAndNotSynced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive.git")
	check(t, Init(dir))
	s, err := Open(dir)
	check(t, err)
	defer s.Close()
	b, err := s.Begin(t.Context(), Owner{})
	check(t, err)
	check(t, b.Put("a", NewBlob([]byte("one"))))
	c, err := b.Commit(Person{"A", "a@b"}, time.Unix(1, 0), "m\n", armorSigner{})
	check(t, err)
	check(t, b.placePack())
	b.reached, err = s.moveMain(t.Context(), b.start, c.ID)
	check(t, err)
	if !b.reached {
		t.Error("moveMain does not say that it moved main")
	}
	check(t, b.Close())
	if _, err := s.Commit(c.ID); err != nil {
		t.Error(err)
	}
	keeps, err := filepath.Glob(filepath.Join(dir, "objects/pack/*.keep"))
	if err != nil || len(keeps) != 0 {
		t.Errorf("%v, %v is left", keeps, err)
	}
}

// armorSigner gives a signature that has only the shape of one.
type armorSigner struct{}

func (armorSigner) Sign(io.Reader) ([]byte, error) {
	return []byte(armorBegin + "U1NIU0lH\n" + armorEnd), nil
}
