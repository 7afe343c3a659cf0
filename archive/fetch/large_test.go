package fetch_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/buffer"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// An answer of 5 GB is cut at the limit, and neither of the two is what it costs
// in memory.
func TestLargePayload(t *testing.T) {
	const limit = 48 << 20
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{
		Type: "video/mp4", Body: strings.Repeat("frame ", 10_000), Endless: true, Header: []string{"Content-Length: 5368709120"},
	})
	folder := t.TempDir()
	client := newClient(t, w, func(o *fetch.Options) { o.MaxBytes = limit })
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x, err := client.Fetch(t.Context(), fetch.Request{URL: "http://a.example/", Buffers: buffer.NewPool(folder)})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if x.Payload.Size() != limit || x.Truncated != fetch.Length || x.Shortfall != "the payload has more than 50331648 bytes" {
		t.Errorf("%d bytes, truncated %q: %s", x.Payload.Size(), x.Truncated, x.Shortfall)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("%d bytes were allocated, all in all", took)
	}
	h := sha256.New()
	if _, err := io.Copy(h, x.Payload.Reader()); err != nil || !bytes.Equal(h.Sum(nil), x.Payload.SHA256[:]) {
		t.Errorf("the payload has another digest than its bytes: %v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v has a name, %v", left, err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	if _, err := x.Payload.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("reading after Close: %v", err)
	}
}

// What goes wrong on our side is no failure of the page.
func TestPayloadCannotBeKept(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/large", archivetest.Page{Body: strings.Repeat("x", 1<<20)})
	w.Serve("http://a.example/small", archivetest.Page{Body: "small"})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	client, buffers := newClient(t, w), buffer.NewPool(file)
	x, err := client.Fetch(context.Background(), fetch.Request{URL: "http://a.example/large", Buffers: buffers})
	if x != nil || !errors.As(err, new(*buffer.WriteError)) || !strings.Contains(err.Error(), "keeping http://a.example/large: writing a temporary file in "+file) {
		t.Errorf("got %v, %v", x, err)
	}
	x, err = client.Fetch(context.Background(), fetch.Request{URL: "http://a.example/small", Buffers: buffers})
	if err != nil || payload(x) != "small" {
		t.Errorf("the next one: %v", err)
	}
}
