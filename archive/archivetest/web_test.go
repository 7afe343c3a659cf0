package archivetest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"github.com/walkback-dev/walkback/archive/archivetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a stock client: what it sees is what the web really sends.
func newClient(t *testing.T, w *archivetest.Web) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DialContext:        w.DialContext,
		TLSClientConfig:    &tls.Config{RootCAs: w.RootCAs()},
		DisableCompression: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func get(t *testing.T, client *http.Client, url string) (*http.Response, string, error) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response, string(body), err
}

func TestPagesChangeOnCommand(t *testing.T) {
	w := archivetest.NewWeb(t)
	client := newClient(t, w)
	const page = "https://news.example/a?b=c"
	w.Serve(page, archivetest.Page{Body: "<p>Ten people came."})
	steps := []struct {
		name   string
		change func()
		status int
		body   string
	}{
		{"serve", func() {}, 200, "<p>Ten people came."},
		{"edit", func() { w.Edit(page, "Ten", "Two") }, 200, "<p>Two people came."},
		{"retract", func() { w.Retract(page) }, 410, "<h1>Gone</h1><p>This page has been retracted.</p>"},
		{"remove", func() { w.Remove(page) }, 404, "<h1>Not Found</h1><p>There is no such page.</p>"},
		{"replace", func() { w.Replace(page, archivetest.Page{Status: 503, Body: "busy"}) }, 503, "busy"},
		{"restore", func() { w.Restore(page) }, 200, "<p>Two people came."},
		{"redirect", func() { w.Redirect(page, "/else") }, 301, ""},
		{"sequence", func() { w.Serve(page, archivetest.Page{Body: "1"}, archivetest.Page{Body: "2"}) }, 200, "1"},
		{"sequence goes on", func() {}, 200, "2"},
		{"sequence stays", func() {}, 200, "2"},
	}
	for _, step := range steps {
		step.change()
		response, body, err := get(t, client, page)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if response.StatusCode != step.status || body != step.body {
			t.Errorf("%s: got %d %q, want %d %q", step.name, response.StatusCode, body, step.status, step.body)
		}
	}
	if got := len(w.Requests(page)); got != len(steps) {
		t.Errorf("%d requests are recorded, want %d", got, len(steps))
	}
}

func TestRecordsExactHeads(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve(w.Local("/a"), archivetest.Page{Body: "hi", Header: []string{"x-OWN:  as it stands"}})
	c, err := net.Dial("tcp", w.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const head = "GET /a HTTP/1.1\r\nhOST: %s\r\nConnection: close\r\n\r\n"
	sent := fmt.Sprintf(head, w.Addr())
	io.WriteString(c, sent)
	const want = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 2\r\nx-OWN:  as it stands\r\n\r\n"
	got := make([]byte, len(want)+2)
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if string(got) != want+"hi" {
		t.Errorf("got %q, want %q", got, want+"hi")
	}
	r := w.Requests(w.Local("/a"))[0]
	if string(r.Head) != sent || string(r.Answer) != want {
		t.Errorf("recorded %q answered by %q", r.Head, r.Answer)
	}
	if r.Get("host") != w.Addr() || r.Method != "GET" || r.TLS || r.Conn != 1 {
		t.Errorf("recorded %+v", r)
	}
}

func TestHosts(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Body: "a"})
	w.Serve("http://a.example:8080/", archivetest.Page{Body: "other port"})
	w.Serve("http://b.example/", archivetest.Page{Body: "b"})
	client := newClient(t, w)
	for url, want := range map[string]string{"http://a.example/": "a", "http://A.example:80/": "a", "http://a.example:8080/": "other port", "http://b.example/": "b"} {
		if _, body, err := get(t, client, url); err != nil || body != want {
			t.Errorf("%s: got %q, %v; want %q", url, body, err, want)
		}
	}
	client.CloseIdleConnections()

	w.At("a.example", "192.0.2.7")
	c, err := w.DialContext(t.Context(), "tcp", "a.example:80")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.RemoteAddr().String(); got != "192.0.2.7:80" {
		t.Errorf("remote address %s, want 192.0.2.7:80", got)
	}
	c.Close()
	addrs, err := w.Resolver().LookupHost(t.Context(), "a.example")
	if err != nil || len(addrs) != 1 || addrs[0] != "192.0.2.7" {
		t.Errorf("resolved to %v, %v", addrs, err)
	}

	var noHost *net.DNSError
	if _, _, err := get(t, client, "http://nowhere.example/"); !errors.As(err, &noHost) || !noHost.IsNotFound {
		t.Errorf("a host that does not exist: %v", err)
	}
	if _, err := w.Resolver().LookupHost(t.Context(), "nowhere.example"); !errors.As(err, &noHost) || !noHost.IsNotFound {
		t.Errorf("resolving a host that does not exist: %v", err)
	}
	for how, want := range map[archivetest.Down]error{archivetest.Refusing: syscall.ECONNREFUSED, archivetest.Unreachable: syscall.EHOSTUNREACH} {
		w.Down("a.example", how)
		if _, err := w.DialContext(t.Context(), "tcp", "a.example:80"); !errors.Is(err, want) {
			t.Errorf("%s: %v", how, err)
		}
	}
	w.Down("a.example", archivetest.Silent)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := w.DialContext(ctx, "tcp", "a.example:80"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silent: %v", err)
	}
}

func TestCertificates(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("https://a.example/", archivetest.Page{Body: "a"})
	for cert, want := range map[archivetest.Cert]string{
		archivetest.Good:       "",
		archivetest.Expired:    "expired",
		archivetest.WrongName:  "not a.example",
		archivetest.SelfSigned: "unknown authority",
	} {
		w.Certificate("a.example", cert)
		_, _, err := get(t, newClient(t, w), "https://a.example/")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("certificate %d: %v, want %q", cert, err, want)
		}
	}
	if !bytes.HasPrefix(w.RootPEM(), []byte("-----BEGIN CERTIFICATE-----\n")) {
		t.Errorf("RootPEM is %q", w.RootPEM())
	}
}

func TestFaultsAndLies(t *testing.T) {
	body := strings.Repeat("0123456789", 200)
	for name, test := range map[string]struct {
		page archivetest.Page
		got  string // of the body
		err  string
	}{
		"whole":             {archivetest.Page{Body: body}, body, ""},
		"chunked":           {archivetest.Page{Body: body, Chunked: true}, body, ""},
		"no length":         {archivetest.Page{Body: body, Length: archivetest.NoLength}, body, ""},
		"lies long":         {archivetest.Page{Body: body, Length: 3000}, body, "unexpected EOF"},
		"lies short":        {archivetest.Page{Body: body, Length: 10}, "0123456789", ""},
		"hang up before":    {archivetest.Page{Body: body, Fault: archivetest.HangUp(archivetest.BeforeHead)}, "", "EOF"},
		"hang up in head":   {archivetest.Page{Body: body, Fault: archivetest.HangUp(archivetest.InHead)}, "", "EOF"},
		"hang up in body":   {archivetest.Page{Body: body, Fault: archivetest.HangUp(archivetest.InBody)}, body[:1000], "unexpected EOF"},
		"hang up in chunks": {archivetest.Page{Body: body, Chunked: true, Fault: archivetest.HangUp(archivetest.InBody)}, "", "unexpected EOF"},
		"reset in body":     {archivetest.Page{Body: body, Fault: archivetest.Reset(archivetest.InBody)}, "", "connection reset"},
		"raw":               {archivetest.Page{Raw: "HTTP/1.0 200 OK\r\n\r\nraw"}, "raw", ""},
		"garbage":           {archivetest.Page{Raw: "SSH-2.0-OpenSSH_9\r\n"}, "", "malformed HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			w := archivetest.NewWeb(t)
			w.Serve("http://a.example/", test.page)
			_, got, err := get(t, newClient(t, w), "http://a.example/")
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if test.got != "" && got != test.got {
				t.Errorf("got %d bytes, want %d", len(got), len(test.got))
			}
		})
	}
}

func TestStallsUntilTheClientHangsUp(t *testing.T) {
	for _, place := range []archivetest.Place{archivetest.BeforeHead, archivetest.InHead, archivetest.InBody} {
		w := archivetest.NewWeb(t)
		w.Serve("http://a.example/", archivetest.Page{Body: "abcdef", Fault: archivetest.Stall(place)})
		ctx, cancel := context.WithCancel(t.Context())
		client := newClient(t, w)
		var stalled sync.WaitGroup
		stalled.Go(func() {
			request, _ := http.NewRequestWithContext(ctx, "GET", "http://a.example/", nil)
			response, err := client.Do(request)
			if err == nil {
				_, err = io.ReadAll(response.Body)
				response.Body.Close()
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("place %d: %v", place, err)
			}
		})
		w.Await("http://a.example/", 1)
		cancel()
		stalled.Wait()
	}
}

func TestEndless(t *testing.T) {
	w := archivetest.NewWeb(t)
	for _, chunked := range []bool{false, true} {
		w.Serve("http://a.example/", archivetest.Page{Endless: true, Chunked: chunked})
		_, body, err := get(t, newClient(t, w), "http://a.example/")
		if err != nil || len(body) != 1<<20 || !strings.HasPrefix(body, "for ever and ever. for") {
			t.Errorf("chunked %v: got %d bytes %.20q, %v", chunked, len(body), body, err)
		}
	}
}

func TestValidators(t *testing.T) {
	w := archivetest.NewWeb(t)
	const page = "http://a.example/"
	w.Serve(page, archivetest.Page{Body: "one", ETag: archivetest.AutoETag, Modified: "Mon, 02 Nov 2026 10:00:00 GMT"})
	client := newClient(t, w)
	response, _, err := get(t, client, page)
	if err != nil {
		t.Fatal(err)
	}
	etag := response.Header.Get("ETag")
	ask := func(name, value string) int {
		request, _ := http.NewRequest("GET", page, nil)
		request.Header.Set(name, value)
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := ask("If-None-Match", etag); got != 304 {
		t.Errorf("its own ETag: %d", got)
	}
	if got := ask("If-Modified-Since", "Mon, 02 Nov 2026 10:00:00 GMT"); got != 304 {
		t.Errorf("its own date: %d", got)
	}
	w.Edit(page, "one", "two")
	if got := ask("If-None-Match", etag); got != 200 {
		t.Errorf("after an edit: %d", got)
	}
}

func TestCodingsAndBombs(t *testing.T) {
	w := archivetest.NewWeb(t)
	decode := map[string]func(io.Reader) (io.Reader, error){
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
	}
	for coding, open := range decode {
		w.Serve("http://a.example/", archivetest.Page{Body: "hello", Coding: coding}, archivetest.Bomb(coding, 16))
		client := newClient(t, w)
		for _, want := range []int64{5, 16 << 20} {
			response, body, err := get(t, client, "http://a.example/")
			if err != nil {
				t.Fatal(err)
			}
			r, err := open(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, r)
			if err != nil || n != want || response.Header.Get("Content-Encoding") != coding {
				t.Errorf("%s: %d bytes decode to %d, %v; want %d", coding, len(body), n, err, want)
			}
			if len(body) > 128<<10 {
				t.Errorf("%s: the bomb has %d bytes", coding, len(body))
			}
		}
	}
}

func TestOutsideATest(t *testing.T) {
	var mistakes []string
	w, err := archivetest.Start(func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Sprintf(format, args...))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Serve("http://a.example/", archivetest.Page{Body: "a"})
	w.Edit("http://a.example/", "b", "c")
	w.Edit("http://a.example/other", "b", "c")
	want := []string{`editing http://a.example/: "b" is not on the page`, `editing http://a.example/other: "b" is not on the page`}
	if fmt.Sprint(mistakes) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", mistakes, want)
	}
	c, err := archivetest.DialVia(w.Addr())(t.Context(), "tcp", "a.example:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if w.OpenConns() != 1 {
		t.Errorf("%d connections are open, want 1", w.OpenConns())
	}
	w.CloseConns()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	w.Close()
	w.Close()
}
