package fetch

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// head is a response head taken apart.
type head struct {
	raw    []byte
	status int
	header http.Header // the fields that have a proper name

	// framing is a head of the same meaning for the body: the status line
	// and the fields that decide where the body ends. It is what
	// http.ReadResponse is shown, so that no other field can fail it.
	framing []byte

	// doubtful says that something about the head may be read in two ways.
	doubtful bool
}

// scanHead finds the end of the head at the start of b: the offset after its
// empty line. from is where the line begins that was not complete last time;
// it is returned for the next call when there is no end yet.
func scanHead(b []byte, from int) (end, next int, found bool) {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0, from, false
		}
		if i == 0 || i == 1 && b[from] == '\r' {
			return from + i + 1, 0, true
		}
		from += i + 1
	}
}

// checkStart says whether what has arrived so far can be the start of a
// response, so that anything else is not waited for.
func checkStart(b []byte) error {
	const start = "HTTP/1."
	n := min(len(b), len(start))
	if string(b[:n]) == start[:n] {
		return nil
	}
	if bytes.HasPrefix(b, []byte("HTTP/")) {
		return &headError{Malformed, fmt.Sprintf("not an HTTP/1 response: %q", b[:min(len(b), 60)])}
	}
	return &headError{Malformed, fmt.Sprintf("not an HTTP response: %q", b[:min(len(b), 60)])}
}

// parseHead takes a head with its empty line apart.
func parseHead(raw []byte) (*head, error) {
	h := &head{raw: raw, header: http.Header{}, framing: make([]byte, 0, 128)}
	line, rest := cutLine(raw)
	text, end := trimLineEnd(line)
	status, ok := parseStatusLine(text)
	if !ok {
		return nil, &headError{Malformed, fmt.Sprintf("a status line %q", text[:min(len(text), 60)])}
	}
	h.status = status
	h.framing = fmt.Appendf(h.framing, "%s %d -\r\n", text[:len("HTTP/1.1")], status)
	h.doubtful = len(end) < 2 || text[7] != '1'
	for {
		field, after := cutUnfolded(rest)
		if len(field) == 0 {
			break
		}
		rest = after
		h.addField(field)
	}
	h.framing = append(h.framing, "\r\n"...)
	return h, nil
}

// parseStatusLine accepts HTTP/1.x, a blank, three digits, and nothing or a
// blank after them (RFC 9112 §4).
func parseStatusLine(text []byte) (status int, ok bool) {
	const form = "HTTP/1.x 000"
	if len(text) < len(form) || string(text[:7]) != form[:7] || !isDigit(text[7]) || text[8] != ' ' {
		return 0, false
	}
	code := text[9:12]
	if !isDigit(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) || len(text) > 12 && text[12] != ' ' {
		return 0, false
	}
	status, _ = strconv.Atoi(string(code))
	return status, status >= 100
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// cutUnfolded returns the lines of the first field, and the rest. The field is
// empty at the end of the head.
func cutUnfolded(b []byte) (field, rest []byte) {
	line, rest := cutLine(b)
	if text, _ := trimLineEnd(line); len(text) == 0 {
		return nil, nil
	}
	size := len(line)
	for len(rest) > 0 && isBlank(rest[0]) {
		line, rest = cutLine(rest)
		size += len(line)
	}
	return b[:size], rest
}

// addField reads one field, which may be folded over several lines
// (RFC 9112 §5.2).
func (h *head) addField(lines []byte) {
	line, rest := cutLine(lines)
	text, end := trimLineEnd(line)
	name, value, ok := cutField(text)
	exact := ok && len(end) == 2 && len(rest) == 0 && bytes.IndexByte(text, ':') == len(name) &&
		isToken(name) && bytes.IndexFunc(value, isControl) < 0
	if !exact {
		h.doubtful = true
		if !ok || !isToken(name) || isBlank(text[0]) { // a first line that continues nothing: RFC 9112 §2.2
			return
		}
	}
	value = bytes.TrimRight(value, " \t")
	for len(rest) > 0 {
		line, rest = cutLine(rest)
		text, _ = trimLineEnd(line)
		value = append(append(bytes.Clone(value), ' '), bytes.Trim(text, " \t")...)
	}
	name = http.CanonicalHeaderKey(name)
	h.header[name] = append(h.header[name], string(value))
	switch name {
	case "Transfer-Encoding":
		if strings.EqualFold(string(value), "identity") { // HTTP/1.1 of 1999 had it for "none"
			h.doubtful = true
			return
		}
		fallthrough
	case "Content-Length", "Connection":
		h.framing = fmt.Appendf(h.framing, "%s: %s\r\n", name, value)
	}
}

func isControl(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }

// contradictory reports whether the fields give the body two ends, or an end
// where there is none.
func (h *head) contradictory() bool {
	lengths, codings := h.header["Content-Length"], h.header["Transfer-Encoding"]
	switch {
	case len(lengths) > 1, len(lengths) > 0 && len(codings) > 0, len(codings) > 1:
		return true
	case h.status == http.StatusNoContent:
		return len(codings) > 0 || len(lengths) > 0 && lengths[0] != "0"
	case h.status == http.StatusNotModified:
		return len(codings) > 0
	}
	return false
}
