package extract

import (
	"bufio"
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

// The limits of [Decode].
const (
	MaxDecoded = 64 << 20 // bytes of a decoded payload
	MaxText    = 8 << 20  // bytes of one that are read as text, which takes fifteen to forty times as much memory
	maxRatio   = 250      // decoded to encoded bytes; HTML reaches 30, blank pages 100
	freeSize   = 4 << 20  // bytes for which the ratio is not looked at
	maxCodings = 4
	maxWindow  = 8 << 20 // bytes a zstd decoder may keep, the least RFC 9659 asks for
)

// Decode removes the content-codings of a payload (RFC 9110, section 8.4):
// gzip, deflate (zlib or raw), br and zstd, in the order that the
// Content-Encoding value gives. It returns the payload itself when there are
// none, and a [*LimitError] when the result would be larger than [MaxDecoded]
// or out of proportion to what was received.
func Decode(payload []byte, contentEncoding string) ([]byte, error) {
	return decodeUpTo(MaxDecoded, payload, contentEncoding)
}

// decodeUpTo is Decode with another limit.
func decodeUpTo(limit int, payload []byte, contentEncoding string) ([]byte, error) {
	codings, err := codingsOf(contentEncoding)
	if err != nil {
		return nil, err
	}
	if len(payload) > limit {
		return nil, &LimitError{"payload", int64(limit)}
	}
	out := payload
	for i := len(codings) - 1; i >= 0; i-- {
		if out, err = decodeOne(out, codings[i], len(payload), limit); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// codingsOf returns the codings in the order in which they were put on.
func codingsOf(contentEncoding string) ([]string, error) {
	var codings []string
	for coding := range strings.SplitSeq(contentEncoding, ",") {
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "" && coding != "identity" {
			codings = append(codings, coding)
		}
	}
	if len(codings) > maxCodings {
		return nil, &LimitError{"number of content-codings", maxCodings}
	}
	return codings, nil
}

// decodeOne removes one coding. received is the size of the payload before any
// coding was removed, which the ratio is measured against; most is the limit.
func decodeOne(data []byte, coding string, received, most int) ([]byte, error) {
	if len(data) == 0 {
		return data, nil // an empty body is sent without a frame by many servers
	}
	r, err := open(data, coding)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	limit := min(most, max(freeSize, maxRatio*received))
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(limit)+1))
	if n > int64(limit) {
		if limit < most {
			return nil, &LimitError{"ratio of decoded to received payload", maxRatio}
		}
		return nil, &LimitError{"decoded payload", int64(most)}
	}
	if err != nil {
		return nil, fmt.Errorf("decoding %s: %w", coding, err)
	}
	return out.Bytes(), nil
}

// open returns a reader of the decoded bytes, for the caller to close.
func open(data []byte, coding string) (io.ReadCloser, error) {
	src := bufio.NewReader(bytes.NewReader(data))
	switch coding {
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(src)
		if err != nil {
			return nil, fmt.Errorf("decoding %s: %w", coding, err)
		}
		r.Multistream(false)
		return &gzipMembers{r, src}, nil
	case "deflate":
		// RFC 9110 says zlib, some servers send the bare stream.
		if r, err := zlib.NewReader(src); err == nil {
			return r, nil
		}
		return flate.NewReader(bytes.NewReader(data)), nil
	case "br":
		return io.NopCloser(brotli.NewReader(src)), nil
	case "zstd":
		d, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow),
			zstd.WithDecoderMaxMemory(MaxDecoded+1))
		if err != nil {
			return nil, fmt.Errorf("decoding %s: %w", coding, err)
		}
		return d.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("content-coding %q is not known", coding)
}

// gzipMembers reads the members of a gzip stream (RFC 1952, section 2.2).
// Bytes after them that do not start another one are ignored, as browsers do.
type gzipMembers struct {
	*gzip.Reader
	src *bufio.Reader // lets the decoder stop at the end of a member
}

func (m *gzipMembers) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if err == io.EOF && m.Reset(m.src) == nil {
		m.Multistream(false)
		err = nil
	}
	return n, err
}
