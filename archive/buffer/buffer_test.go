package buffer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"
)

func content(size int) []byte {
	b := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(b)
	return b
}

func held(p *Pool) (memory, bytes int64, files int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.memory, p.bytes, p.files
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestBuffer(t *testing.T) {
	for _, size := range []int{0, 1, 4096, 4097, maxInMemory - 1, maxInMemory, maxInMemory + 1, 3*readSize + maxInMemory + 5} {
		want := content(size)
		for name, fill := range map[string]func(*Buffer) error{
			"at once": func(b *Buffer) error { _, err := b.Write(want); return err },
			"in pieces": func(b *Buffer) error {
				_, err := io.CopyBuffer(struct{ io.Writer }{b}, bytes.NewReader(want), make([]byte, 1000))
				return err
			},
			"from": func(b *Buffer) error { _, err := b.ReadFrom(bytes.NewReader(want)); return err },
			"grown": func(b *Buffer) error {
				b.Grow(int64(size) + 1)
				_, err := b.ReadFrom(iotest.HalfReader(bytes.NewReader(want)))
				return err
			},
			"both": func(b *Buffer) error {
				_, err := b.Write(want[:size/2])
				_, more := b.ReadFrom(bytes.NewReader(want[size/2:]))
				return errors.Join(err, more)
			},
		} {
			folder := t.TempDir()
			p := NewPool(folder)
			b := p.New()
			if err := fill(b); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(b.Reader())
			if err != nil || !bytes.Equal(got, want) || b.Size() != int64(size) {
				t.Errorf("%d bytes %s: %d bytes, size %d, %v", size, name, len(got), b.Size(), err)
			}
			memory, all, files := held(p)
			inFile := size > maxInMemory
			if size == maxInMemory { // more could have come
				inFile = files == 1
			}
			if all != int64(size) || (files == 1) != inFile || (memory == 0) != (inFile || size == 0) {
				t.Errorf("%d bytes %s: the pool counts %d in memory, %d in all, %d files", size, name, memory, all, files)
			}
			if left := names(t, folder); len(left) > 0 {
				t.Errorf("%d bytes %s: %v has a name", size, name, left)
			}
			for range 2 {
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			}
			if memory, all, files := held(p); memory != 0 || all != 0 || files != 0 {
				t.Errorf("%d bytes %s: closed, the pool counts %d, %d, %d", size, name, memory, all, files)
			}
			if _, err := b.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
				t.Errorf("%d bytes %s: reading after Close: %v", size, name, err)
			}
		}
	}
}

// What came before an error of the source is kept; the error is the source's.
func TestReadFromFails(t *testing.T) {
	bad := errors.New("bad")
	for _, size := range []int{10, maxInMemory + 10} {
		b := NewPool(t.TempDir()).New()
		n, err := b.ReadFrom(io.MultiReader(bytes.NewReader(content(size)), iotest.ErrReader(bad)))
		if n != int64(size) || b.Size() != n || err != bad {
			t.Errorf("%d bytes: %d, %d, %v", size, n, b.Size(), err)
		}
		b.Close()
	}
}

// Together, small contents take no more memory than one pool may.
func TestMemoryIsBounded(t *testing.T) {
	p := NewPool(t.TempDir())
	each := content(maxInMemory)
	var all []*Buffer
	for range 2 * maxMemory / maxInMemory {
		b := p.New()
		all = append(all, b)
		if _, err := b.Write(each); err != nil {
			t.Fatal(err)
		}
	}
	if memory, total, files := held(p); memory != maxMemory || total != 2*maxMemory || files != maxMemory/maxInMemory {
		t.Errorf("%d bytes in memory of %d, %d files", memory, total, files)
	}
	for _, b := range all {
		got := make([]byte, len(each))
		if _, err := b.ReadAt(got, 0); err != nil || !bytes.Equal(got, each) {
			t.Fatal(err)
		}
		b.Close()
	}
}

func TestWait(t *testing.T) {
	p := NewPool(t.TempDir())
	if err := p.Wait(t.Context()); err != nil || p.Full() {
		t.Fatal("an empty pool is full", err)
	}
	release := p.Hold(maxMemory)
	if !p.Full() {
		t.Fatal("the pool is not full")
	}
	impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := p.Wait(impatient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for nobody: %v", err)
	}
	waiting := make(chan error)
	for range 3 {
		go func() { waiting <- p.Wait(t.Context()) }()
	}
	release()
	release() // counts once
	for range 3 {
		if err := <-waiting; err != nil {
			t.Error(err)
		}
	}
	if memory, total, _ := held(p); memory != 0 || total != 0 {
		t.Errorf("the pool counts %d, %d", memory, total)
	}
}

// A file that cannot be made or written is an error that names the folder.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := NewPool(filepath.Join(file, "folder"))
	b := p.New()
	n, err := b.ReadFrom(bytes.NewReader(content(2 * maxInMemory)))
	var full *WriteError
	if !errors.As(err, &full) || full.Folder != p.folder || n > maxInMemory {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if memory, total, files := held(p); memory != 0 || total != 0 || files != 0 {
		t.Errorf("the pool counts %d, %d, %d", memory, total, files)
	}
}

func TestClean(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	p := NewPool(folder)
	if err := p.Clean(); err != nil {
		t.Fatal(err)
	}
	b := p.New()
	if _, err := b.Write(content(maxInMemory + 1)); err != nil {
		t.Fatal(err)
	}
	left, other := filepath.Join(folder, prefix+"123"), filepath.Join(folder, "index.db")
	for _, name := range []string{left, other} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Clean(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, folder); len(got) != 1 || got[0] != other {
		t.Errorf("left: %v", got)
	}
	if _, err := io.Copy(io.Discard, b.Reader()); err != nil {
		t.Errorf("a buffer in use: %v", err)
	}
	b.Close()
}
