package gitstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/walkback-dev/walkback/archive/gitstore"
)

// room is a Room in memory that counts what it is used for.
type room struct {
	bytes.Buffer
	limit  int // of bytes that it takes
	closed int
}

var errRoom = errors.New("the room is full")

func (r *room) Write(p []byte) (int, error) {
	if r.limit > 0 && r.Len()+len(p) > r.limit {
		return 0, errRoom
	}
	return r.Buffer.Write(p)
}

func (r *room) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(r.Bytes()).ReadAt(p, off)
}

func (r *room) Close() error {
	r.closed++
	return nil
}

// noise returns bytes that do not shrink.
func noise(size int) []byte {
	b := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(b)
	return b
}

// sizes are around those at which something changes: the buffer of a pack, and
// reading piece by piece.
var sizes = []int{0, 1, 256<<10 - 1, 256 << 10, 1 << 20, 1<<20 + 1, 5<<20 + 17}

func TestReadBlob(t *testing.T) {
	for _, size := range sizes {
		for name, content := range map[string][]byte{"noise": noise(size), "text": words(7, size)[:size]} {
			whole := gitstore.NewBlob(content)
			blob, err := gitstore.ReadBlob(t.Context(), bytes.NewReader(content), int64(size), &room{})
			ok(t, err)
			if blob.ID() != whole.ID() || blob.SHA256() != whole.SHA256() || blob.Size() != int64(size) {
				t.Errorf("%s of %d bytes: %s, %x, %d", name, size, blob.ID(), blob.SHA256(), blob.Size())
			}
		}
	}
}

func TestReadBlobFails(t *testing.T) {
	content := noise(1 << 20)
	bad := errors.New("bad")
	for name, test := range map[string]struct {
		content io.Reader
		limit   int
		want    error
	}{
		"short":    {bytes.NewReader(content[1:]), 0, io.ErrUnexpectedEOF},
		"bad":      {io.MultiReader(bytes.NewReader(content[:100_000]), errorReader{bad}), 0, bad},
		"no space": {bytes.NewReader(content), 500_000, errRoom},
	} {
		room := &room{limit: test.limit}
		if _, err := gitstore.ReadBlob(t.Context(), test.content, int64(len(content)), room); !errors.Is(err, test.want) || room.closed != 1 {
			t.Errorf("%s: %v, closed %d times", name, err, room.closed)
		}
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// Blobs of all sizes are what stock git reads, and what Open and Object read,
// from our packs, from those of git and from loose files.
func TestLargeObjects(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	b := begin(t, s)
	contents := map[gitstore.ID][]byte{}
	for i, size := range sizes {
		for name, content := range map[string][]byte{"noise": noise(size), "text": words(7, size)[:size]} {
			blob, err := gitstore.ReadBlob(t.Context(), bytes.NewReader(content), int64(size), &room{})
			ok(t, err)
			ok(t, b.Put(fmt.Sprintf("%s/%d", name, i), blob))
			ok(t, blob.Close())
			contents[blob.ID()] = content
			if sum, err := b.SHA256(blob.ID()); err != nil || sum != blob.SHA256() {
				t.Errorf("%d bytes: SHA-256 %x, %v", size, sum, err)
			}
		}
	}
	commit(t, b, "large files")
	ok(t, b.Publish(t.Context()))
	checkContents(t, "our pack", s, contents)
	ok(t, b.Put("more", gitstore.NewBlob([]byte("more"))))
	for id, content := range contents { // of an earlier pack by now
		if sum, err := b.SHA256(id); err != nil || sum != gitstore.NewBlob(content).SHA256() {
			t.Errorf("%d bytes: SHA-256 %x, %v", len(content), sum, err)
		}
	}
	ok(t, b.Close())
	fsck(t, dir)
	git(t, dir, "repack", "-adfq")
	checkContents(t, "a pack of git's", s, contents)
	v := victim{dir: dir}
	v.loosen(t)
	checkContents(t, "loose", s, contents)
}

func checkContents(t *testing.T, where string, s *gitstore.Store, contents map[gitstore.ID][]byte) {
	t.Helper()
	for id, want := range contents {
		r, err := s.Open(id)
		if err != nil {
			t.Errorf("%s: opening %d bytes: %v", where, len(want), err)
			continue
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) || r.Kind() != gitstore.KindBlob || r.Size() != int64(len(want)) {
			t.Errorf("%s: %d bytes of %d, %v %d, %v", where, len(got), len(want), r.Kind(), r.Size(), err)
		}
		ok(t, r.Close())
		if _, got, err := s.Object(id); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s at once: %d bytes of %d, %v", where, len(got), len(want), err)
		}
	}
}

// newLargeVictim is a victim whose blob is read piece by piece.
func newLargeVictim(t *testing.T) victim {
	t.Helper()
	v := victim{dir: newRepository(t), body: append(noise(1<<20), words(3, 1<<20)...)}
	s, err := gitstore.Open(v.dir)
	ok(t, err)
	v.commit = record(t, s, "page/body.bin", string(v.body))
	v.blob = gitstore.NewBlob(v.body).ID()
	ok(t, s.Close())
	return v
}

// A damaged object never comes to a good end, and what comes before its end is
// not all of it.
func TestLargeObjectDamaged(t *testing.T) {
	packed, loose := newLargeVictim(t), newLargeVictim(t)
	loose.loosen(t)
	offset, length := packed.where(t)
	pack, file := packed.file(t, ".pack"), loose.loosePath(loose.blob)
	for name, test := range map[string]struct {
		v         victim
		path      string
		edit      func([]byte) []byte
		truncated bool
	}{
		"the header":             {packed, pack, flip(offset + 1), false}, // the size it declares
		"the beginning":          {packed, pack, flip(offset + 100), false},
		"the middle":             {packed, pack, flip(offset + 1<<20), false},
		"the checksum":           {packed, pack, flip(offset + length - 1), false},
		"cut off":                {packed, pack, func(b []byte) []byte { return b[:offset+1<<20] }, true},
		"loose, the beginning":   {loose, file, flip(100), false},
		"loose, the middle":      {loose, file, flip(1 << 20), false},
		"loose, the end":         {loose, file, func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, false},
		"loose, cut off":         {loose, file, func(b []byte) []byte { return b[:1<<20] }, false},
		"loose, with something":  {loose, file, func(b []byte) []byte { return append(b, 'x') }, false},
		"loose, of another size": {loose, file, func([]byte) []byte { return deflated("blob", loose.body[1:]) }, false},
		"loose, less than said":  {loose, file, func([]byte) []byte { return zlibbed(fmt.Sprintf("blob %d\x00%s", 2<<20, loose.body[1:])) }, false},
		"loose, more than said":  {loose, file, func([]byte) []byte { return zlibbed(fmt.Sprintf("blob %d\x00%sx", 2<<20, loose.body)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := test.v
			v.dir = t.TempDir()
			ok(t, os.CopyFS(v.dir, os.DirFS(test.v.dir)))
			relative, err := filepath.Rel(test.v.dir, test.path)
			ok(t, err)
			change(t, filepath.Join(v.dir, relative), test.edit)
			s, err := gitstore.Open(v.dir)
			ok(t, err)
			defer s.Close()
			r, err := s.Open(v.blob)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(r)
				ok(t, r.Close())
			}
			_, corrupt := isA[*gitstore.CorruptError](err)
			_, truncated := isA[*gitstore.TruncatedError](err)
			if truncated != test.truncated || corrupt == test.truncated {
				t.Errorf("error %T: %v", err, err)
			}
			if len(got) >= len(v.body) && name != "the header" {
				t.Errorf("%d bytes of %d were handed out", len(got), len(v.body))
			}
		})
	}
}

// A pack that could not be written is as before.
func TestPutFails(t *testing.T) {
	dir := newRepository(t)
	s := open(t, dir)
	b := begin(t, s)
	ok(t, b.Put("first", gitstore.NewBlob(noise(300_000))))
	content := noise(3 << 20)
	spoiled := &room{}
	blob, err := gitstore.ReadBlob(t.Context(), bytes.NewReader(content), int64(len(content)), spoiled)
	ok(t, err)
	whole := bytes.Clone(spoiled.Bytes())
	spoiled.Truncate(1 << 20)
	if err := b.Put("second", blob); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a blob whose room lost something: %v", err)
	}
	ok(t, b.Put("third", gitstore.NewBlob([]byte("third"))))
	spoiled.Reset()
	spoiled.Write(whole)
	ok(t, b.Put("second", blob))
	commit(t, b, "second attempt")
	ok(t, b.Publish(t.Context()))
	ok(t, b.Close())
	fsck(t, dir)
	checkContents(t, "pack", s, map[gitstore.ID][]byte{blob.ID(): content})
}
