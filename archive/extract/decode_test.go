package extract_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/walkback-dev/walkback/archive/extract"
)

// encode applies one coding.
func encode(t testing.TB, coding string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip", "x-gzip":
		return compress(t, data)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw":
		w, err = flate.NewWriter(&b, flate.BestCompression)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecode(t *testing.T) {
	text := []byte(strings.Repeat("Some text that repeats. ", 100))
	for _, c := range []struct {
		header string
		apply  []string
	}{
		{"", nil},
		{"identity", nil},
		{"gzip", []string{"gzip"}},
		{"X-GZIP", []string{"gzip"}},
		{"deflate", []string{"deflate"}},
		{"deflate", []string{"raw"}},
		{"br", []string{"br"}},
		{"zstd", []string{"zstd"}},
		{"br, gzip", []string{"br", "gzip"}},
		{" gzip ,, zstd", []string{"gzip", "zstd"}},
	} {
		payload := text
		for _, coding := range c.apply {
			payload = encode(t, coding, payload)
		}
		got, err := extract.Decode(payload, c.header)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%q: %d bytes, error %v", c.header, len(got), err)
		}
	}
	if got, err := extract.Decode(append(encode(t, "gzip", text), "trailing"...), "gzip"); err != nil || !bytes.Equal(got, text) {
		t.Errorf("bytes after a gzip member: %d bytes, error %v", len(got), err)
	}
	if got, err := extract.Decode(nil, "gzip"); err != nil || len(got) != 0 {
		t.Errorf("empty body: %q, error %v", got, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	var limit *extract.LimitError
	zeros := make([]byte, extract.MaxDecoded+1)
	for _, coding := range []string{"gzip", "br", "zstd"} {
		if _, err := extract.Decode(encode(t, coding, zeros), coding); !errors.As(err, &limit) {
			t.Errorf("%s bomb: error %v, want a LimitError", coding, err)
		}
	}
	twice := encode(t, "gzip", encode(t, "gzip", zeros))
	if _, err := extract.Decode(twice, "gzip, gzip"); !errors.As(err, &limit) {
		t.Errorf("bomb in two layers: error %v, want a LimitError", err)
	}
	if _, err := extract.Decode([]byte("x"), strings.Repeat("gzip,", 5)); !errors.As(err, &limit) {
		t.Errorf("five codings: error %v, want a LimitError", err)
	}
	if _, err := extract.Decode([]byte("x"), "compress"); err == nil || !strings.Contains(err.Error(), "compress") {
		t.Errorf("unknown coding: error %v", err)
	}
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		whole := encode(t, coding, []byte(strings.Repeat("text ", 1000)))
		if _, err := extract.Decode(whole[:len(whole)-5], coding); err == nil {
			t.Errorf("truncated %s: no error", coding)
		}
		if _, err := extract.Decode([]byte("<!doctype html>"), coding); err == nil {
			t.Errorf("text that claims to be %s: no error", coding)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		f.Add(encode(f, coding, []byte("some text")), coding)
	}
	f.Fuzz(func(t *testing.T, payload []byte, coding string) {
		got, err := extract.Decode(payload, coding)
		if err == nil && len(got) > extract.MaxDecoded {
			t.Fatalf("%d bytes", len(got))
		}
	})
}
