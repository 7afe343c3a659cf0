package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/buffer"
)

// recording is a connection that plays back what a server sent.
type recording struct {
	net.Conn // nil: nothing else is called
	io.Reader
}

func (r *recording) Read(p []byte) (int, error)    { return r.Reader.Read(p) }
func (r *recording) SetDeadline(t time.Time) error { return nil }

// play reads one response from bytes, in as many reads as there are bytes when
// slowly is set.
func play(sent []byte, slowly bool, limit int64) (k *conn, h *head, body played, err error) {
	var r io.Reader = bytes.NewReader(sent)
	if slowly {
		r = iotest.OneByteReader(r)
	}
	k = &conn{Conn: &recording{Reader: r}, idle: time.Second}
	for left := maxHead; ; left -= len(h.raw) {
		if h, err = k.readHead(left); err != nil {
			return k, nil, played{}, err
		}
		if h.status >= 200 {
			break
		}
	}
	response, err := k.body(h)
	if err != nil {
		return k, h, played{}, err
	}
	read, err := k.readContent(context.Background(), response, limit, buffer.NewPool(""), nil)
	if err != nil {
		return k, h, played{}, err
	}
	b, err := io.ReadAll(read.payload.Reader())
	return k, h, played{read, b}, errors.Join(err, read.payload.Close())
}

// played is a body with its bytes.
type played struct {
	content
	bytes []byte
}

func TestHeadsInPieces(t *testing.T) {
	const sent = "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	for _, slowly := range []bool{false, true} {
		k, h, body, err := play([]byte(sent), slowly, 100)
		if err != nil || string(body.bytes) != "hello" || body.truncated != "" || !k.drained() {
			t.Errorf("slowly %v: %q, %v, drained %v", slowly, body.bytes, err, k.drained())
		}
		if string(h.raw) != "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" {
			t.Errorf("slowly %v: head %q", slowly, h.raw)
		}
	}
}

func TestHeadLimit(t *testing.T) {
	fill := func(size int) []byte {
		const start, end = "HTTP/1.1 204 No Content\r\nX: ", "\r\n\r\n"
		return []byte(start + strings.Repeat("y", size-len(start)-len(end)) + end)
	}
	if _, h, _, err := play(fill(maxHead), false, 1); err != nil || len(h.raw) != maxHead {
		t.Errorf("exactly the limit: %v", err)
	}
	var tooLarge *headError
	for _, size := range []int{maxHead + 1, 2 * maxHead} {
		if _, _, _, err := play(fill(size), false, 1); !errors.As(err, &tooLarge) || tooLarge.reason != HeadTooLarge {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	interim := bytes.Repeat([]byte("HTTP/1.1 100 Continue\r\n\r\n"), maxHead/25)
	if _, _, _, err := play(append(interim, fill(1000)...), false, 1); !errors.As(err, &tooLarge) {
		t.Errorf("interim heads do not count: %v", err)
	}
}

func TestRedact(t *testing.T) {
	for _, test := range []struct {
		name, head, want string
		names            []string
	}{
		{"nothing", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil},
		{"case stays", "G\r\nsEt-COOKIE:a=b\r\n\r\n", "G\r\nsEt-COOKIE:[redacted]\r\n\r\n", []string{"Set-Cookie"}},
		{"blanks stay", "G\r\nCookie: \t a=b \r\n\r\n", "G\r\nCookie: \t [redacted]\r\n\r\n", []string{"Cookie"}},
		{"folded", "G\r\nCookie: a\r\n\t b\r\n  c\r\nD: e\r\n f\r\n\r\n", "G\r\nCookie: [redacted]\r\n\t [redacted]\r\n  [redacted]\r\nD: e\r\n f\r\n\r\n", []string{"Cookie"}},
		{"folded at the colon", "G\r\nAuthorization:\r\n Basic x\r\n\r\n", "G\r\nAuthorization:[redacted]\r\n [redacted]\r\n\r\n", []string{"Authorization"}},
		{"folded with a colon", "G\r\nCookie: a\r\n X: b\r\n\r\n", "G\r\nCookie: [redacted]\r\n [redacted]\r\n\r\n", []string{"Cookie"}},
		{"folded with a name", "G\r\nCookie: a\r\n Cookie: b\r\n\r\n", "G\r\nCookie: [redacted]\r\n [redacted]\r\n\r\n", []string{"Cookie"}},
		{"folded into another", "G\r\nX: a\r\n Set-Cookie: b\r\n c\r\n\r\n", "G\r\nX: a\r\n Set-Cookie: [redacted]\r\n [redacted]\r\n\r\n", []string{"Set-Cookie"}},
		{"line feeds", "G\nCookie: a\nB: c\n\n", "G\nCookie: [redacted]\nB: c\n\n", []string{"Cookie"}},
		{"blank before the colon", "G\r\nCookie : a\r\n\r\n", "G\r\nCookie : [redacted]\r\n\r\n", []string{"Cookie"}},
		{"empty", "G\r\nCookie:\r\n\r\n", "G\r\nCookie:[redacted]\r\n\r\n", []string{"Cookie"}},
		{"all of proxy", "G\r\nproxy-x: a\r\nProxy-Authenticate: b\r\nProxy-: c\r\nProxyfoo: d\r\n\r\n", "G\r\nproxy-x: [redacted]\r\nProxy-Authenticate: [redacted]\r\nProxy-: c\r\nProxyfoo: d\r\n\r\n", []string{"Proxy-Authenticate", "Proxy-X"}},
		{"old cookies", "G\r\nSet-Cookie2: a\r\nCookie2: b\r\n\r\n", "G\r\nSet-Cookie2: [redacted]\r\nCookie2: [redacted]\r\n\r\n", []string{"Cookie2", "Set-Cookie2"}},
		{"each name once", "G\r\nCookie: a\r\ncookie: b\r\n\r\n", "G\r\nCookie: [redacted]\r\ncookie: [redacted]\r\n\r\n", []string{"Cookie"}},
		{"not the first line", "Cookie: a\r\n\r\n", "Cookie: a\r\n\r\n", nil},
		{"cut short", "G\r\nCookie: a", "G\r\nCookie: [redacted]", []string{"Cookie"}},
	} {
		got, names := new(secrets).redact([]byte(test.head))
		if string(got) != test.want || !slices.Equal(names, test.names) {
			t.Errorf("%s: got %q %q, want %q %q", test.name, got, names, test.want, test.names)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for url, want := range map[string]address{
		"http://a.example":             {href: "http://a.example/", scheme: "http", host: "a.example", name: "a.example", port: "80", target: "/", path: "/"},
		"HTTPS://A.example:443/b/../c": {href: "https://a.example/c", scheme: "https", host: "a.example", name: "a.example", port: "443", target: "/c", path: "/c"},
		"http://a.example:8080?":       {href: "http://a.example:8080/?", scheme: "http", host: "a.example:8080", name: "a.example", port: "8080", target: "/?", path: "/"},
		"http://[::1]:81/a?b#c":        {href: "http://[::1]:81/a?b", scheme: "http", host: "[::1]:81", name: "::1", port: "81", target: "/a?b", path: "/a"},
		"http://a.example./":           {href: "http://a.example./", scheme: "http", host: "a.example.", name: "a.example.", port: "80", target: "/", path: "/"},
	} {
		got, failure := parseAddress(nil, url)
		if failure != nil {
			t.Errorf("%s: %v", url, failure)
			continue
		}
		if diff := cmp.Diff(want, *got, cmp.AllowUnexported(address{})); diff != "" {
			t.Errorf("%s: -want +got:\n%s", url, diff)
		}
	}
}

// FuzzResponse reads anything as a response. Where net/http and we both see no
// doubt, both must see the same body.
func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.0 200\n\nhello",
		"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 10\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nSet-Cookie: d\r\n\te\r\nTransfer-Encoding: identity\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length : 1\r\nno colon\r\n: no name\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, sent []byte, slowly bool) {
		const limit = 1000
		k, h, body, err := play(sent, slowly, limit)
		if err != nil {
			var wrong *headError
			if !errors.As(err, &wrong) && reasonOf(err) != Closed {
				t.Fatalf("%q: an error that has no reason: %v", sent, err)
			}
			return
		}
		if !bytes.Contains(sent, h.raw) || h.status < 200 || h.status > 999 {
			t.Fatalf("%q: head %q, status %d", sent, h.raw, h.status)
		}
		if len(body.bytes) > limit || (body.truncated == "") != (body.why == "") {
			t.Fatalf("%q: %d bytes, truncated %q: %s", sent, len(body.bytes), body.truncated, body.why)
		}
		if h.doubtful || h.contradictory() || body.truncated == Length {
			return
		}
		from := bytes.Index(sent, h.raw)
		stock, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(sent[from:])), nil)
		if err != nil {
			return // stricter than browsers
		}
		want, err := io.ReadAll(stock.Body)
		if !bytes.Equal(want, body.bytes) || (err == nil) != (body.truncated == "") {
			t.Fatalf("%q: body %q (%s), net/http has %q (%v); drained %v", sent, body.bytes, body.why, want, err, k.drained())
		}
	})
}

// FuzzRedact checks the redacted head against what net/textproto reads of both.
func FuzzRedact(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n",
		"HTTP/1.1 200 OK\nset-cookie: a\n b\n\tc: d\nX: y\n\n",
		"HTTP/1.1 200 OK\r\nProxy-Authenticate : a\r\n Cookie: b\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		got, names := new(secrets).redact(head)
		if bytes.Count(got, []byte("\n")) != bytes.Count(head, []byte("\n")) {
			t.Fatalf("%q: the lines of %q", head, got)
		}
		again, _ := new(secrets).redact(got)
		if !bytes.Equal(again, got) {
			t.Fatalf("%q: %q becomes %q", head, got, again)
		}
		if len(names) == 0 && !bytes.Equal(got, head) {
			t.Fatalf("%q: changed to %q without a name", head, got)
		}
		before, err := readFields(head)
		if err != nil {
			return
		}
		after, err := readFields(got)
		if err != nil {
			t.Fatalf("%q: %q cannot be read: %v", head, got, err)
		}
		for name, values := range before {
			secret := isSecret(strings.Trim(name, " \t"))
			if len(after[name]) != len(values) {
				t.Fatalf("%q: %s has %q in %q", head, name, after[name], got)
			}
			for i, value := range values {
				switch left := strings.ReplaceAll(after[name][i], redacted, ""); {
				case secret && strings.Trim(left, " \t") != "":
					t.Fatalf("%q: %s is still %q", head, name, after[name][i])
				case !secret && value != after[name][i] && !hidesSecret(value):
					t.Fatalf("%q: %s was %q, is %q", head, name, value, after[name][i])
				}
			}
		}
	})
}

// hidesSecret reports whether a folded value holds what looks like a secret
// field on a line of its own, which is redacted to be safe.
func hidesSecret(value string) bool {
	for _, name := range []string{"cookie", "authorization", "proxy-"} {
		if strings.Contains(strings.ToLower(value), name) {
			return true
		}
	}
	return false
}

func readFields(head []byte) (textproto.MIMEHeader, error) {
	_, fields, _ := bytes.Cut(head, []byte("\n"))
	return textproto.NewReader(bufio.NewReader(bytes.NewReader(fields))).ReadMIMEHeader()
}

// FuzzAddress checks that whatever is accepted can be asked for, and has one
// form.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"http://a.example/b?c#d", "//b/../c", "HTTP:\\\\x", "http://0x7f.1/", "http://[::1]:80/", "https://bücher.example/ü", "?\r\nX: y", "http://a\x00b/", "/%"} {
		f.Add(seed)
	}
	base, _ := parseAddress(nil, "https://base.example/dir/page?q")
	f.Fuzz(func(t *testing.T, ref string) {
		for _, from := range []*address{nil, base} {
			a, failure := parseAddress(from, location(ref))
			if failure != nil {
				if failure.Reason == "" || failure.Detail == "" || len(failure.Detail) > maxDetail || strings.ContainsAny(failure.Detail, "\x00\n\r\x1b") {
					t.Fatalf("%q: %+v", ref, failure)
				}
				continue
			}
			if !sendable(a.target) || !sendable(a.host) || a.name == "" || a.port == "" {
				t.Fatalf("%q: %+v", ref, a)
			}
			again, failure := parseAddress(nil, a.href)
			if failure != nil || *again != *a {
				t.Fatalf("%q: %+v becomes %+v (%v)", ref, a, again, failure)
			}
		}
	})
}
