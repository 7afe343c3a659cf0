package gitstore

import (
	"os"
	"path/filepath"
	"testing"
)

// TestDigestsInFile: what does not fit into memory is the same in a file, which
// leaves nothing behind.
func TestDigestsInFile(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	w, err := newPackWriter(filepath.Join(t.TempDir(), "pack"))
	if err != nil {
		t.Fatal(err)
	}
	blobs := []*Blob{NewBlob(nil), NewBlob([]byte("one")), NewBlob([]byte("another"))}
	for i, b := range blobs {
		w.list = append(w.list, located{id: b.ID(), offset: int64(12 + 10*i)})
	}
	path := filepath.Join(t.TempDir(), "pack.idx")
	if err := os.WriteFile(path, w.encodeIndex([20]byte{}), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, most := range []int64{maxHeld, 2} {
		x, err := openIndex(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := newDigests([]*packIndex{x}, most)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blobs[:2] {
			rank, _, _ := x.rank(b.ID())
			if err := d.put(rank, b.SHA256(), int(b.Size())); err != nil {
				t.Fatal(err)
			}
			for _, want := range []bool{true, false} {
				sum, size, first, ok := d.Take(b.ID())
				if !ok || first != want || size != b.Size() || sum != b.SHA256() {
					t.Errorf("in memory for %d: %x of %d bytes, first %v, known %v", most, sum, size, first, ok)
				}
			}
		}
		if _, _, _, ok := d.Take(blobs[2].ID()); ok {
			t.Errorf("in memory for %d: there is a digest that nobody put", most)
		}
		if _, _, _, ok := d.Take(ID{7}); ok {
			t.Errorf("in memory for %d: there is a digest of an object that is not listed", most)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
