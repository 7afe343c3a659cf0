package buffer

import (
	"bytes"
	"io"
	"sync"
	"testing"
)

func TestShelf(t *testing.T) {
	p := NewPool(t.TempDir())
	shelf := p.NewShelf()
	var wg sync.WaitGroup
	const many, size = 600, 100_000
	kept := make([]*Kept, many)
	for i := range many {
		wg.Go(func() {
			b := p.New()
			if _, err := b.Write(bytes.Repeat([]byte{byte(i)}, size+i)); err != nil {
				t.Error(err)
			}
			k, err := shelf.Keep(b)
			if err != nil {
				t.Error(err)
			}
			kept[i] = k
		})
	}
	wg.Wait()
	if _, all, files := held(p); files > many*size/boardSize+1 || all < many*size {
		t.Errorf("%d contents take %d files, %d bytes", many, files, all)
	}
	for i, k := range kept {
		got, err := io.ReadAll(k)
		if err != nil || !bytes.Equal(got, bytes.Repeat([]byte{byte(i)}, size+i)) {
			t.Fatalf("content %d: %d bytes, %v", i, len(got), err)
		}
	}
	for _, k := range kept {
		for range 2 {
			if err := k.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if memory, all, files := held(p); memory != 0 || all != 0 || files != 0 {
		t.Errorf("closed, the pool counts %d, %d, %d", memory, all, files)
	}
}
