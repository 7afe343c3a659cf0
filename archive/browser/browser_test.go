package browser

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// needBrowser skips a test on a machine without Chromium, and fails it where all
// tests must run.
func needBrowser(tb testing.TB) {
	tb.Helper()
	if _, err := Find(""); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatal(err)
		}
		tb.Skip(err)
	}
}

// newBrowser makes a browser for a test that dials what it is told to.
func newBrowser(tb testing.TB, o Options) *Browser {
	tb.Helper()
	needBrowser(tb)
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	b := New(o)
	tb.Cleanup(func() { b.Close() })
	return b
}

func render(tb testing.TB, b *Browser, address string) *Rendering {
	tb.Helper()
	r, err := b.Render(tb.Context(), Request{URL: address})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// site serves pages by path, as HTML unless they say what they are.
func site(tb testing.TB, pages map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		switch {
		case !ok:
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "<p>There is no such page.")
			return
		case strings.HasSuffix(r.URL.Path, ".js"), strings.HasSuffix(r.URL.Path, ".txt"):
			w.Header().Set("Content-Type", "text/javascript")
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		fmt.Fprint(w, body)
	}))
	tb.Cleanup(s.Close)
	return s
}

const scriptOnly = `<!doctype html><title>Wait</title><style>body{margin:0}#top{height:100px;background:#00f}</style>
<div id="app"></div><script src="/app.js"></script>`

const scriptOfIt = `const app = document.getElementById("app");
document.title = "Ten people came";
app.innerHTML = '<div id="top"></div><article><h1>Ten people came</h1><p>The square held ten people.</p></article>';
setTimeout(() => fetch("/more.js").then(r => r.text()).then(t => app.insertAdjacentHTML("beforeend", "<p>" + t + "</p>")), 200);`

func TestScriptOnly(t *testing.T) {
	s := site(t, map[string]string{"/": scriptOnly, "/app.js": scriptOfIt, "/more.js": "It rained."})
	b := newBrowser(t, Options{})
	r, err := b.Render(t.Context(), Request{URL: s.URL + "/", PDF: true})
	if err != nil || r.Failure != nil {
		t.Fatal(err, r.Failure)
	}
	for _, want := range []string{"<!DOCTYPE html>", "<p>The square held ten people.</p>", "<p>It rained.</p>"} {
		if !strings.Contains(string(r.DOM), want) {
			t.Errorf("the page as it stood in the end has no %s:\n%s", want, r.DOM)
		}
	}
	if got := string(r.Document.Bytes); got != scriptOnly || r.Document.Truncated != "" {
		t.Errorf("the document is %q (%s)", got, r.Document.Truncated)
	}
	if !r.Settled || len(r.Limits) != 0 || r.Title != "Ten people came" || r.FinalURL != s.URL+"/" {
		t.Errorf("settled %t, limits %v, title %q, at %s", r.Settled, r.Limits, r.Title, r.FinalURL)
	}
	if !strings.HasPrefix(r.Browser, "Chrome/") || !bytes.HasPrefix(r.PDF, []byte("%PDF-")) {
		t.Errorf("%s printed %.10q", r.Browser, r.PDF)
	}
	checkPicture(t, r.Screenshot)
	checkHops(t, r, s)
	checkResource(t, r, s.URL+"/app.js", "script", scriptOfIt)
	checkResource(t, r, s.URL+"/more.js", "fetch", "It rained.")
}

// checkPicture holds the picture to what the page's style says: 100 rows of blue.
func checkPicture(t *testing.T, picture *Picture) {
	t.Helper()
	if picture == nil {
		t.Fatal("no picture")
	}
	shot, err := png.Decode(bytes.NewReader(picture.PNG))
	if err != nil {
		t.Fatal(err)
	}
	if size := shot.Bounds().Size(); size.X != picture.Width || size.Y != picture.Height || size.X != windowWidth {
		t.Errorf("the picture is %v, said to be %d×%d", size, picture.Width, picture.Height)
	}
	for _, at := range []struct {
		x, y    int
		r, g, b uint32
	}{{10, 10, 0, 0, 0xffff}, {1200, 99, 0, 0, 0xffff}, {1200, 101, 0xffff, 0xffff, 0xffff}} {
		if r, g, b, _ := shot.At(at.x, at.y).RGBA(); r != at.r || g != at.g || b != at.b {
			t.Errorf("at %d,%d: %x %x %x", at.x, at.y, r, g, b)
		}
	}
}

func checkHops(t *testing.T, r *Rendering, s *httptest.Server) {
	t.Helper()
	if len(r.Hops) != 1 {
		t.Fatalf("%d hops", len(r.Hops))
	}
	hop := r.Hops[0]
	if hop.Status != 200 || hop.RemoteAddr != s.Listener.Addr().String() || hop.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("hop: %d from %s, %v", hop.Status, hop.RemoteAddr, hop.Header)
	}
	if head := string(hop.Request); !strings.HasPrefix(head, "GET / HTTP/1.1\r\n") || !strings.HasSuffix(head, "\r\n\r\n") || strings.Contains(head, "Proxy-") {
		t.Errorf("request head: %q", head)
	}
	if head := string(hop.Response); !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(head, "\r\n\r\n") {
		t.Errorf("response head: %q", head)
	}
}

func checkResource(t *testing.T, r *Rendering, address, kind, body string) {
	t.Helper()
	i := slices.IndexFunc(r.Resources, func(r Resource) bool { return r.URL == address })
	if i < 0 {
		t.Fatalf("%s is not among the resources", address)
	}
	got := r.Resources[i]
	if got.Kind != kind || got.Status != 200 || got.Body == nil || string(got.Body.Bytes) != body || got.Body.Truncated != "" {
		t.Errorf("%s: %s %d %+v", address, got.Kind, got.Status, got.Body)
	}
}

// Bytes are those that the server sent, whatever their charset, and a browser
// gets what is kept.
func TestDocumentIsExact(t *testing.T) {
	const latin = "<!doctype html><title>caf\xe9</title><p>na\xefve"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/start":
			w.Header().Set("Set-Cookie", "session=secret")
			http.Redirect(w, r, "/latin", http.StatusFound)
			return
		case "/latin":
			w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			fmt.Fprint(z, latin)
			return
		}
		http.NotFound(w, r)
	}))
	defer s.Close()
	r := render(t, newBrowser(t, Options{}), s.URL+"/start")
	if r.Failure != nil || r.Document == nil || string(r.Document.Bytes) != latin || !strings.Contains(string(r.DOM), "naïve") {
		t.Fatalf("%v: document %+v, page %q", r.Failure, r.Document, r.DOM)
	}
	if len(r.Hops) != 2 || r.Hops[0].Status != 302 || r.Hops[1].Status != 200 || r.FinalURL != s.URL+"/latin" {
		t.Fatalf("hops %+v to %s", r.Hops, r.FinalURL)
	}
	if !slices.Contains(r.Hops[0].Redacted, "response Set-Cookie") || !slices.Equal(r.Hops[1].Redacted, []string{"request Cookie"}) {
		t.Errorf("redacted: %v, %v", r.Hops[0].Redacted, r.Hops[1].Redacted)
	}
	for _, hop := range r.Hops {
		if bytes.Contains(hop.Request, []byte("secret")) || bytes.Contains(hop.Response, []byte("secret")) || strings.Contains(fmt.Sprint(hop.Header), "secret") {
			t.Errorf("a secret was kept: %q %q", hop.Request, hop.Response)
		}
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<p>Sealed.")
	}))
	defer s.Close()
	key := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	trusting := newBrowser(t, Options{extra: []string{"--ignore-certificate-errors-spki-list=" + base64.StdEncoding.EncodeToString(key[:])}})
	r := render(t, trusting, s.URL+"/")
	if r.Failure != nil || len(r.Hops) != 1 || r.Hops[0].TLS == nil {
		t.Fatalf("%v %+v", r.Failure, r.Hops)
	}
	sealed := r.Hops[0].TLS
	if sealed.Version != "TLS 1.3" || len(sealed.Chain) != 1 || !bytes.Equal(sealed.Chain[0], s.Certificate().Raw) {
		t.Errorf("TLS %+v", sealed)
	}
	r = render(t, newBrowser(t, Options{}), s.URL+"/")
	if r.Failure == nil || r.Failure.Reason != fetch.TLSFailed || r.DOM != nil {
		t.Errorf("a certificate that proves nothing: %v %q", r.Failure, r.DOM)
	}
}

func TestFailures(t *testing.T) {
	s := site(t, map[string]string{"/": "<p>x"})
	down := httptest.NewServer(nil)
	down.Close()
	b := newBrowser(t, Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "nowhere.example") {
			return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}})
	for address, want := range map[string]fetch.Reason{
		down.URL:                   fetch.Refused,
		"http://nowhere.example/":  fetch.DNS,
		"https://nowhere.example/": fetch.DNS,
	} {
		if r := render(t, b, address); r.Failure == nil || r.Failure.Reason != want || r.DOM != nil || r.Screenshot != nil {
			t.Errorf("%s: %v, page %q", address, r.Failure, r.DOM)
		}
	}
	if r := render(t, b, s.URL+"/none.html"); r.Failure != nil || r.Final().Status != 404 || r.DOM == nil {
		t.Errorf("a page that says 404: %v %+v", r.Failure, r.Hops)
	}
	for _, address := range []string{"file:///etc/passwd", "chrome://version/", "data:text/html,x", "ftp://127.0.0.1/", "about:blank", "http://u:p@127.0.0.1/"} {
		if r, err := b.Render(t.Context(), Request{URL: address}); err == nil {
			t.Errorf("%s was rendered: %+v", address, r)
		}
	}
}

func TestNotPages(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/pdf":
			w.Header().Set("Content-Type", "application/pdf")
			fmt.Fprint(w, "%PDF-1.4")
		case "/save":
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Disposition", `attachment; filename="x.html"`)
			fmt.Fprint(w, "<p>x")
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer s.Close()
	b := newBrowser(t, Options{})
	for _, path := range []string{"/pdf", "/save", "/empty"} {
		if r := render(t, b, s.URL+path); !r.NotPage || r.Failure != nil || r.DOM != nil {
			t.Errorf("%s: %t %v %q", path, r.NotPage, r.Failure, r.DOM)
		}
	}
}

func TestMissingBrowser(t *testing.T) {
	var missing *MissingError
	gone := New(Options{Name: "/nowhere/chromium"})
	defer gone.Close()
	if _, err := gone.Render(t.Context(), Request{URL: "http://127.0.0.1/"}); !errors.As(err, &missing) || missing.Name != "/nowhere/chromium" {
		t.Error(err)
	}
	broken := t.TempDir() + "/chromium"
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho 'No usable sandbox! oh' >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	b := New(Options{Name: broken, Folder: folder, Dial: (&net.Dialer{}).DialContext})
	defer b.Close()
	var start *StartError
	if _, err := b.Render(t.Context(), Request{URL: "http://127.0.0.1/"}); !errors.As(err, &start) || !strings.Contains(err.Error(), "No usable sandbox! oh") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Several pages at once share a browser and nothing else.
func TestPagesAreApart(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Set-Cookie", "seen=yes")
		fmt.Fprintf(w, "<p>cookie %q<p id=s><script>s.append(localStorage.seen || 'nothing'); localStorage.seen = 1</script>", r.Header.Get("Cookie"))
	}))
	defer s.Close()
	b := newBrowser(t, Options{})
	done := make(chan *Rendering)
	for range 4 {
		go func() {
			r, err := b.Render(context.WithoutCancel(t.Context()), Request{URL: s.URL + "/"})
			if err != nil {
				t.Error(err)
			}
			done <- r
		}()
	}
	for range 4 {
		if r := <-done; r == nil || !strings.Contains(string(r.DOM), `cookie ""`) || !strings.Contains(string(r.DOM), "nothing") {
			t.Errorf("a page knows of another: %+v", r)
		}
	}
}
