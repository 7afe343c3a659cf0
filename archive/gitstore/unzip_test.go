package gitstore

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

// zipped is content as several writers and levels deflate it.
func zipped(t testing.TB, content []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"own": deflate(content), "own slow": deflateWith(slowDeflaters, content)}
	for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
		var b bytes.Buffer
		w, err := zlib.NewWriterLevel(&b, level)
		if err == nil {
			_, err = w.Write(content)
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		all[fmt.Sprint("level ", level)] = b.Bytes()
	}
	return all
}

// unzipContents are contents that deflate in different ways.
func unzipContents() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise, skewed := make([]byte, 70_000), make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for i := range skewed { // few symbols are frequent, so that rare ones get codes of 15 bits
		skewed[i] = byte(random.ExpFloat64() * 9)
	}
	page, _ := os.ReadFile("unzip_test.go")
	return map[string][]byte{
		"empty": nil, "a byte": {7}, "two": []byte("ab"), "a run": bytes.Repeat([]byte{'x'}, 100_000),
		"short period": bytes.Repeat([]byte("abc"), 5000), "far": append(append(noise[:32768:32768], page...), noise[:32768]...),
		"noise": noise, "skewed": skewed, "text": page, "much text": bytes.Repeat(append(page, noise[:100]...), 20),
	}
}

// TestUnzip: what others deflated comes back, with the length of the stream; cut
// off at any place or with another size it does not, with a flipped bit nothing else does.
func TestUnzip(t *testing.T) {
	u := &unzipper{}
	for name, content := range unzipContents() {
		for how, stream := range zipped(t, content) {
			got := make([]byte, len(content))
			n, err := u.unzip(got, append(bytes.Clone(stream), "what follows"...))
			if err != nil || n != len(stream) || !bytes.Equal(got, content) {
				t.Errorf("%s, %s: %d of %d bytes, %v", name, how, n, len(stream), err)
				continue
			}
			if _, err := u.unzip(make([]byte, len(content)+1), stream); !errors.Is(err, errLength) {
				t.Errorf("%s, %s, for a byte more: %v", name, how, err)
			}
			if len(content) > 0 {
				if _, err := u.unzip(got[1:], stream); !errors.Is(err, errLength) {
					t.Errorf("%s, %s, for a byte less: %v", name, how, err)
				}
			}
			for end := 0; end < len(stream); end += 1 + len(stream)/50 {
				if _, err := u.unzip(got, stream[:end]); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s, %s, cut off after %d of %d bytes: %v", name, how, end, len(stream), err)
				}
			}
			for at := 0; at < len(stream); at += 1 + len(stream)/50 {
				bad := bytes.Clone(stream)
				bad[at] ^= 1 << (at % 8)
				if _, err := u.unzip(got, bad); err == nil && !bytes.Equal(got, content) { // some bits say nothing, or the same
					t.Errorf("%s, %s: a flipped bit at %d of %d gives something else", name, how, at, len(stream))
				}
			}
		}
	}
}

// FuzzUnzip: a stream is accepted if and only if the standard library reads it,
// and gives the same.
func FuzzUnzip(f *testing.F) {
	for _, content := range unzipContents() {
		for _, stream := range zipped(f, content[:min(len(content), 1000)]) {
			f.Add(stream, uint16(min(len(content), 1000)))
		}
	}
	u := &unzipper{}
	f.Fuzz(func(t *testing.T, stream []byte, size uint16) {
		got := make([]byte, size)
		n, err := u.unzip(got, stream)
		source := bytes.NewReader(stream)
		var want []byte
		z, wantErr := zlib.NewReader(source)
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(z, 1<<17))
		}
		switch {
		case err == nil && (wantErr != nil || !bytes.Equal(got, want) || n != len(stream)-source.Len()):
			t.Errorf("%d bytes of %d, want %v, %d of %d", len(got), n, wantErr, len(want), len(stream)-source.Len())
		case err != nil && wantErr == nil && len(want) == int(size):
			t.Errorf("%v, but the standard library reads it", err)
		}
	})
}

// BenchmarkUnzip inflates a page of 33 KB as it is stored, and an object of 200
// bytes.
func BenchmarkUnzip(b *testing.B) {
	page, err := os.ReadFile("unzip_test.go")
	if err != nil {
		b.Fatal(err)
	}
	page = bytes.Repeat(page, 8)[:33_000]
	random := rand.New(rand.NewPCG(1, 2))
	for i := range page {
		if random.IntN(20) == 0 {
			page[i] = byte('a' + random.IntN(26))
		}
	}
	for _, content := range [][]byte{page, page[:200]} {
		stream := deflateWith(slowDeflaters, content)
		b.Run(fmt.Sprint(len(content), " of ", len(stream)), func(b *testing.B) {
			u, dst := &unzipper{}, make([]byte, len(content))
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, err := u.unzip(dst, stream); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint(len(content), " by a reader"), func(b *testing.B) {
			var pool inflaters
			source := bytes.NewReader(stream)
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, _, err := pool.inflateAt(source, 0, int64(len(stream)), int64(len(content))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
