package gitstore

import (
	"errors"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// inFile opens an index of any size to be searched in its file.
func inFile(t *testing.T, path string) *packIndex {
	t.Helper()
	f, info, err := openRegular(path)
	check(t, err)
	t.Cleanup(func() { f.Close() })
	x, err := indexOf(f, path, info.Size())
	check(t, err)
	return x
}

// TestSearchInFile holds the search in a file against that in a mapped index, for
// ids as hashes are, and for those that somebody made to stand close together.
func TestSearchInFile(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	even := func(id *ID) { r.Read(id[:]) }
	for name, make := range map[string]func(*ID){
		"even": even,
		"near": func(id *ID) { even(id); copy(id[:], []byte{7, 0, 0, 0, 0}) },
		"both": func(id *ID) {
			if even(id); r.Intn(2) == 0 {
				copy(id[:], []byte{7, 0xff, 0xff, 0xff})
			}
		},
	} {
		for _, n := range []int{0, 1, window, window + 1, 60_000} {
			w := packWriter{}
			for i := range n {
				e := located{crc: r.Uint32(), offset: int64(i) << 20}
				make(&e.id)
				w.list = append(w.list, e)
			}
			path := filepath.Join(t.TempDir(), "x.idx")
			check(t, os.WriteFile(path, w.encodeIndex([20]byte{}), 0o666))
			searched, mapped := inFile(t, path), inFile(t, path)
			all, err := mapped.all()
			if err := errors.Join(err, mapped.stay()); err != nil || len(all) != n || mapped.data == nil || searched.data != nil {
				t.Fatalf("%s %d: mapped %d, %v", name, n, len(all), err)
			}
			ids := []ID{{}, {7}, {255, 255}}
			for _, e := range w.list[:min(n, 5000)] {
				ids = append(ids, e.id)
				e.id[19]++
				ids = append(ids, e.id)
				make(&e.id)
				ids = append(ids, e.id)
			}
			for _, id := range ids {
				want, known, err := mapped.find(id)
				check(t, err)
				if got, ok, err := searched.find(id); got != want || ok != known || err != nil {
					t.Fatalf("%s %d: %s is at %+v, %v, %v; want %+v, %v", name, n, id, got, ok, err, want, known)
				}
				wantRank, _, _ := mapped.rank(id)
				if rank, ok, err := searched.rank(id); rank != wantRank || ok != known || err != nil {
					t.Fatalf("%s %d: %s is number %d, %v, %v; want %d, %v", name, n, id, rank, ok, err, wantRank, known)
				}
			}
			if known := slices.ContainsFunc(ids[3:], func(id ID) bool { _, ok, _ := searched.find(id); return ok }); known != (n > 0) {
				t.Errorf("%s %d: none of its objects is found", name, n)
			}
		}
	}
}

// TestLargeIndexIsNotMapped shows that looking for objects maps no large index.
func TestLargeIndexIsNotMapped(t *testing.T) {
	w := packWriter{}
	for i := range mappedIndex/int(indexEntry) + 1 {
		e := located{offset: int64(i) + packHeaderSize}
		rand.New(rand.NewSource(int64(i))).Read(e.id[:])
		w.list = append(w.list, e)
	}
	path := filepath.Join(t.TempDir(), "x.idx")
	check(t, os.WriteFile(path, w.encodeIndex([20]byte{}), 0o666))
	x, err := openIndex(path)
	check(t, err)
	room := &mapRoom{}
	x.room = room
	id := w.list[len(w.list)/2].id
	if _, ok, err := x.find(id); !ok || err != nil || x.data != nil {
		t.Errorf("found %v, %v; mapped %v", ok, err, x.data != nil)
	}
	for range mappedFrom {
		if _, ok, err := x.find(id); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if x.data == nil {
		t.Errorf("after %d searches the index is not mapped", mappedFrom)
	}
	// Others that are searched often take its place, and it is searched in its file.
	for range maxMapped / x.size {
		other, err := openIndex(path)
		check(t, err)
		defer other.close()
		room.take(other)
		if other.data == nil {
			t.Fatal("the index is not mapped")
		}
	}
	if _, ok, err := x.find(id); !ok || err != nil || x.data != nil || room.used > maxMapped {
		t.Errorf("found %v, %v; mapped %v, %d bytes in all", ok, err, x.data != nil, room.used)
	}
	check(t, x.close())
	x, err = openIndex(path)
	check(t, err)
	check(t, os.Truncate(path, indexIDs+1000))
	var truncated *TruncatedError
	if _, _, err := x.find(id); !errors.As(err, &truncated) {
		t.Errorf("of an index that was cut: %v", err)
	}
	check(t, x.close())
	if _, _, err := x.find(id); !errors.Is(err, os.ErrClosed) {
		t.Errorf("of a closed index: %v", err)
	}
}

func TestOutward(t *testing.T) {
	for _, c := range []struct {
		from int
		want []int
	}{{-1, []int{0, 1, 2, 3}}, {0, []int{0, 1, 2, 3}}, {2, []int{2, 1, 3, 0}}, {3, []int{3, 2, 1, 0}}} {
		if got := slices.Collect(outward([]int{0, 1, 2, 3}, c.from)); !slices.Equal(got, c.want) {
			t.Errorf("from %d: %d, want %d", c.from, got, c.want)
		}
	}
	for first := range outward([]string{"a", "b"}, 1) {
		if first != "b" {
			t.Errorf("%q is first", first)
		}
		break
	}
}
