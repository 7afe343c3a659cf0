package extract

import (
	"bytes"
	"errors"
	"io"
)

// toldBy is how many decoded bytes the kind of a payload is told by.
const toldBy = 4 << 10

// Beginning returns the first n bytes of a payload, or all if it has fewer, with
// its content-codings removed. start is the beginning of what was received; a
// little more than n bytes of it are enough. What cannot be decoded is left out:
// the result is empty when nothing can.
func Beginning(start []byte, contentEncoding string, n int) []byte {
	codings, err := codingsOf(contentEncoding)
	if err != nil {
		return nil
	}
	for i := len(codings) - 1; i >= 0 && len(start) > 0; i-- {
		r, err := open(start, codings[i])
		if err != nil {
			return nil
		}
		var out bytes.Buffer
		_, _ = io.CopyN(&out, r, int64(n)+toldBy) // its end is not there
		r.Close()
		start = out.Bytes()
	}
	return start[:min(n, len(start))]
}

// MayHaveText reports whether [Read] may find text in a payload that begins with
// start: of any payload 64 KiB are enough. It is false for pictures, films,
// archives and the like, which need not be read to learn that.
func MayHaveText(start []byte, contentType, contentEncoding, address string) bool {
	body := Beginning(start, contentEncoding, toldBy)
	if len(bytes.TrimSpace(body)) == 0 {
		return true // not to be told from here
	}
	_, _, err := readAs(body, contentType, address)
	return !errors.Is(err, ErrNoText)
}
