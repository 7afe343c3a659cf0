package gitstore

import (
	"bytes"
	"fmt"
	"math/rand"
	"testing"
)

// TestDelta edits contents at random and makes them again from their deltas.
func TestDelta(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	random := func(n int) []byte {
		b := make([]byte, n)
		r.Read(b)
		return b
	}
	var d differ
	for range 500 {
		base := random(1 + r.Intn(5_000))
		if r.Intn(3) == 0 {
			base = bytes.Repeat([]byte("<li class=item>"), 1+r.Intn(20_000))
		}
		target := bytes.Clone(base)
		edits := r.Intn(6)
		for range edits {
			at := r.Intn(len(target) + 1)
			end := min(len(target), at+r.Intn(60))
			target = bytes.Join([][]byte{target[:at], random(r.Intn(60)), target[end:]}, nil)
		}
		delta := d.delta(base, target)
		got, err := applyDelta(base, delta)
		if err != nil || !bytes.Equal(got, target) {
			t.Fatalf("base of %d bytes, target of %d, %d edits: %v", len(base), len(target), edits, err)
		}
		if limit := 20 + len(base)/2000 + edits*(60+2*block+16); len(delta) > limit {
			t.Errorf("base of %d bytes, %d edits: the delta has %d bytes, more than %d", len(base), edits, len(delta), limit)
		}
	}
}

func TestTreeDelta(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	entry := func() Entry {
		e := Entry{Name: fmt.Sprintf("n%02x", r.Intn(256)), Mode: ModeFile}
		if r.Intn(2) == 0 {
			e.Mode = ModeFolder
		}
		r.Read(e.ID[:])
		return e
	}
	tree := &folder{entries: []Entry{entry()}}
	for range 300 {
		old := tree.entries
		tree.shared = true
		for range 1 + r.Intn(3) {
			if r.Intn(4) == 0 && len(tree.entries) > 1 {
				tree.drop(entry().Name)
			} else if e := entry(); len(tree.entries) < 200 {
				tree.drop(e.Name)
				tree.set(e)
			}
		}
		delta := treeDelta(old, tree.entries)
		got, err := applyDelta(encodeTree(old), delta)
		if err != nil || !bytes.Equal(got, encodeTree(tree.entries)) {
			t.Fatalf("from %v to %v: %v", old, tree.entries, err)
		}
		if len(delta) > 180 {
			t.Errorf("up to three edits make a delta of %d bytes", len(delta))
		}
	}
}

func TestBack(t *testing.T) {
	for _, back := range []int64{1, 127, 128, 16511, 16512, 1 << 31, 1 << 40} {
		b := appendBack(nil, back)
		got, n, err := parseBack(b)
		if err != nil || got != back || n != len(b) {
			t.Errorf("%d is encoded as % x, which is %d, %v", back, b, got, err)
		}
	}
}

func FuzzDiffer(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"), []byte("x0123456789abcdefy0123456789abcdef"))
	f.Fuzz(func(t *testing.T, base, target []byte) {
		if len(base) == 0 {
			return // which no delta is made on
		}
		var d differ
		got, err := applyDelta(base, d.delta(base, target))
		if err != nil || !bytes.Equal(got, target) {
			t.Errorf("got %q, %v, want %q", got, err, target)
		}
	})
}

func TestGarbledDelta(t *testing.T) {
	base := []byte("0123456789")
	for _, test := range []struct{ name, delta string }{
		{"empty", ""},
		{"no result size", "\x0a"},
		{"another base", "\x0b\x01\x01a"},
		{"reserved instruction", "\x0a\x01\x00"},
		{"literal cut short", "\x0a\x03\x03ab"},
		{"literal beyond the result", "\x0a\x01\x02ab"},
		{"copy without its size", "\x0a\x04\x90"},
		{"copy beyond the base", "\x0a\x04\x91\x08\x04"},
		{"copy of 64 KiB", "\x0a\x04\x80"},
		{"copy beyond the result", "\x0a\x04\x91\x00\x05"},
		{"offset that overflows", "\x0a\x04\x9f\xff\xff\xff\xff\x04"},
		{"too little", "\x0a\x04\x91\x00\x03"},
		{"huge result", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
	} {
		if got, err := applyDelta(base, []byte(test.delta)); err == nil {
			t.Errorf("%s: got %q", test.name, got)
		}
	}
	if got, err := applyDelta(base, []byte("\x0a\x05\x90\x03\x02ab")); err != nil || string(got) != "012ab" {
		t.Errorf("got %q, %v", got, err)
	}
}
