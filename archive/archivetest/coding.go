package archivetest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// coded returns the body with the page's content-coding put on.
func (p Page) coded() ([]byte, error) {
	if p.encoded || p.Coding == "" || p.Coding == "identity" {
		return []byte(p.Body), nil
	}
	return encode(p.Coding, strings.NewReader(p.Body))
}

func encode(coding string, from io.Reader) ([]byte, error) {
	var b bytes.Buffer
	var to io.WriteCloser
	switch coding {
	case "gzip":
		to = gzip.NewWriter(&b)
	case "deflate":
		to, _ = zlib.NewWriterLevel(&b, flate.BestCompression)
	case "br":
		to = brotli.NewWriterLevel(&b, 5)
	case "zstd":
		enc, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		to = enc
	default:
		return nil, fmt.Errorf("the fake web knows no content-coding %q", coding)
	}
	if _, err := io.Copy(to, from); err != nil {
		return nil, err
	}
	if err := to.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Bomb returns a page of a few kilobytes that decodes to this many mebibytes
// of zeros. The coding is gzip, br or zstd.
func Bomb(coding string, mebibytes int) Page {
	mebi := int64(1) << 20
	var body []byte
	var err error
	if coding == "br" { // one stream: brotli has no concatenation
		body, err = encode(coding, io.LimitReader(zeros{}, mebi*int64(mebibytes)))
	} else {
		body, err = encode(coding, io.LimitReader(zeros{}, mebi))
		body = bytes.Repeat(body, mebibytes) // members follow one another: RFC 1952 §2.2, RFC 8878 §3.1
	}
	if err != nil {
		panic(fmt.Sprintf("archivetest: making a bomb: %v", err))
	}
	return Page{Coding: coding, Body: string(body), encoded: true}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
