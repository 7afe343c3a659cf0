package fetch_test

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newClient returns a client of the web, which ends with the test. Its guard
// against private addresses is on: the web's hosts seem to be public.
func newClient(t testing.TB, w *archivetest.Web, change ...func(*fetch.Options)) *fetch.Client {
	t.Helper()
	options := fetch.Options{DialContext: w.DialContext, RootCAs: w.RootCAs(), UserAgent: "test"}
	for _, f := range change {
		f(&options)
	}
	client := fetch.New(options)
	t.Cleanup(client.Close)
	return client
}

func get(t testing.TB, client *fetch.Client, url string) *fetch.Exchange {
	t.Helper()
	x := fetchWith(context.Background(), client, fetch.Request{URL: url})
	if x == nil {
		t.Fatal("Fetch returned nil")
	}
	return x
}

// fetchWith is for tests in which all payloads can be kept.
func fetchWith(ctx context.Context, client *fetch.Client, r fetch.Request) *fetch.Exchange {
	x, err := client.Fetch(ctx, r)
	if err != nil {
		panic(err)
	}
	return x
}

// payload returns the bytes of a payload, which stays open.
func payload(x *fetch.Exchange) string {
	if x.Payload == nil {
		return ""
	}
	b, err := io.ReadAll(x.Payload.Reader())
	if err != nil {
		panic(err)
	}
	if sha256.Sum256(b) != x.Payload.SHA256 {
		panic("the payload has another digest than its bytes")
	}
	return string(b)
}

// summary is what most tests compare of an exchange.
type summary struct {
	Status    int
	Payload   string
	Reason    fetch.Reason
	Truncated fetch.Truncation
}

func summarise(x *fetch.Exchange) summary {
	s := summary{Payload: payload(x), Truncated: x.Truncated}
	if x.Failure != nil {
		s.Reason = x.Failure.Reason
	}
	if final := x.Final(); final != nil {
		s.Status = final.Status
	}
	return s
}

func TestExactHeads(t *testing.T) {
	w := archivetest.NewWeb(t)
	const url = "http://news.example:8080/a%20b?q=%ff"
	w.Serve(url, archivetest.Page{
		Body:   "hello",
		Before: "HTTP/1.1 103 Early Hints\r\nlink: </s.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
		Header: []string{
			"X-lower: b", "x-LOWER:a", "SET-cookie:  session=secret; Path=/", "X-Folded: a", "\t b ",
			"set-cookie: x=1;", " secret=2", "Proxy-Authenticate: Basic realm=secret", "x-last:  trailing  ",
		},
	})
	x := get(t, newClient(t, w), url+"#fragment")
	if x.Failure != nil {
		t.Fatal(x.Failure)
	}
	hop := x.Final()
	const wantRequest = "GET /a%20b?q=%ff HTTP/1.1\r\nHost: news.example:8080\r\nUser-Agent: test\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: identity\r\n\r\n"
	const wantResponse = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n" +
		"X-lower: b\r\nx-LOWER:a\r\nSET-cookie:  [redacted]\r\nX-Folded: a\r\n\t b \r\n" +
		"set-cookie: [redacted]\r\n [redacted]\r\nProxy-Authenticate: [redacted]\r\nx-last:  trailing  \r\n\r\n"
	sent := w.Requests(url)[0]
	for _, c := range []struct{ name, got, want string }{
		{"request", string(hop.Request), wantRequest},
		{"request as it arrived", string(sent.Head), wantRequest},
		{"response", string(hop.Response), wantResponse},
		{"interim", string(hop.Interim), "HTTP/1.1 103 Early Hints\r\nlink: </s.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"},
		{"URL", hop.URL, url},
		{"payload", payload(x), "hello"},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if !strings.HasPrefix(hop.RemoteAddr, "11.") || !strings.HasSuffix(hop.RemoteAddr, ":8080") {
		t.Errorf("remote address %q", hop.RemoteAddr)
	}
	wantHeader := http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Content-Length": {"5"}, "X-Lower": {"b", "a"}, "X-Folded": {"a b"},
		"Set-Cookie": {"[redacted]", "[redacted]"}, "Proxy-Authenticate": {"[redacted]"}, "X-Last": {"trailing"},
	}
	if diff := cmp.Diff(wantHeader, hop.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"response Proxy-Authenticate", "response Set-Cookie"}, hop.Redacted); diff != "" {
		t.Errorf("redacted (-want +got):\n%s", diff)
	}
}

// Without secrets both heads are the very bytes of the wire.
func TestHeadsAreAsSent(t *testing.T) {
	w := archivetest.NewWeb(t)
	const url = "https://news.example/"
	w.Serve(url, archivetest.Page{Body: "hello", Header: []string{"X-Raw: caf\xe9 \u00e9", "no colon here", "bad name: x", "X-Ctl: a\x01b"}})
	x := get(t, newClient(t, w), url)
	sent, hop := w.Requests(url)[0], x.Final()
	if string(sent.Head) != string(hop.Request) || string(sent.Answer) != string(hop.Response) {
		t.Errorf("recorded\n%q\n%q\non the wire\n%q\n%q", hop.Request, hop.Response, sent.Head, sent.Answer)
	}
	if got := hop.Header.Get("X-Raw"); got != "caf\xe9 \u00e9" {
		t.Errorf("X-Raw is %q", got)
	}
	if len(hop.Header) != 4 || len(hop.Redacted) != 0 {
		t.Errorf("header %q, redacted %q", hop.Header, hop.Redacted)
	}
}

func TestBodies(t *testing.T) {
	long := strings.Repeat("A line of text.\n", 20_000)
	for name, test := range map[string]struct {
		page archivetest.Page
		want summary
	}{
		"length":        {archivetest.Page{Body: long}, summary{Status: 200, Payload: long}},
		"chunked":       {archivetest.Page{Body: long, Chunked: true}, summary{Status: 200, Payload: long}},
		"until close":   {archivetest.Page{Body: long, Length: archivetest.NoLength}, summary{Status: 200, Payload: long}},
		"empty":         {archivetest.Page{}, summary{Status: 200}},
		"empty chunked": {archivetest.Page{Chunked: true}, summary{Status: 200}},
		"no content":    {archivetest.Page{Status: 204, ETag: `"a"`}, summary{Status: 204}},
		"not found":     {archivetest.Page{Status: 404, Body: "no"}, summary{Status: 404, Payload: "no"}},
		"unauthorized":  {archivetest.Page{Status: 401, Body: "who"}, summary{Status: 401, Payload: "who"}},
		"forbidden":     {archivetest.Page{Status: 403, Body: "no"}, summary{Status: 403, Payload: "no"}},
		"gone":          {archivetest.Page{Status: 410, Body: "gone"}, summary{Status: 410, Payload: "gone"}},
		"rate limit":    {archivetest.Page{Status: 429, Body: "slow"}, summary{Status: 429, Payload: "slow"}},
		"legal":         {archivetest.Page{Status: 451, Body: "law"}, summary{Status: 451, Payload: "law"}},
		"error":         {archivetest.Page{Status: 500, Body: "oh"}, summary{Status: 500, Payload: "oh"}},
		"unavailable":   {archivetest.Page{Status: 503, Body: "oh"}, summary{Status: 503, Payload: "oh"}},
		"odd status":    {archivetest.Page{Status: 999, Body: "oh"}, summary{Status: 999, Payload: "oh"}},
		"trailers": {
			archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a\r\n\r\n"},
			summary{Status: 200, Payload: "hi"},
		},
		"chunk extensions": {
			archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n"},
			summary{Status: 200, Payload: "hi"},
		},
		"HTTP/1.0":          {archivetest.Page{Raw: "HTTP/1.0 200 OK\r\n\r\nhi"}, summary{Status: 200, Payload: "hi"}},
		"LF only":           {archivetest.Page{Raw: "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"}, summary{Status: 200, Payload: "hi"}},
		"no reason":         {archivetest.Page{Raw: "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi"}, summary{Status: 200, Payload: "hi"}},
		"identity coding":   {archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhi"}, summary{Status: 200, Payload: "hi"}},
		"length and chunks": {archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"}, summary{Status: 200, Payload: "hi"}},
		"same length twice": {archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi"}, summary{Status: 200, Payload: "hi"}},
		"challenge":         {archivetest.Page{Status: 403, Body: archivetest.Challenge(403).Body}, summary{Status: 403, Payload: archivetest.Challenge(403).Body}},
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				w := archivetest.NewWeb(t)
				url := scheme + "://a.example/"
				w.Serve(url, test.page)
				if diff := cmp.Diff(test.want, summarise(get(t, newClient(t, w), url))); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

// A content-coding is kept whatever we asked for: the payload is what came.
func TestContentCodingIsKept(t *testing.T) {
	w := archivetest.NewWeb(t)
	client := newClient(t, w)
	const url = "http://a.example/"
	for _, coding := range []string{"gzip", "br", "zstd", "deflate"} {
		w.Serve(url, archivetest.Page{Body: strings.Repeat("hello ", 1000), Coding: coding})
		x := get(t, client, url)
		if n := len(payload(x)); n == 0 || n > 200 || x.Final().Header.Get("Content-Encoding") != coding {
			t.Errorf("%s: %d bytes, header %q", coding, n, x.Final().Header)
		}
	}
	bomb := archivetest.Bomb("gzip", 1<<10)
	w.Serve(url, bomb)
	if x := get(t, client, url); payload(x) != bomb.Body || x.Truncated != "" {
		t.Errorf("the bomb arrived with %d bytes, truncated %q", len(payload(x)), x.Truncated)
	}
}

func TestConditionalRequests(t *testing.T) {
	w := archivetest.NewWeb(t)
	const first, page = "http://a.example/", "http://b.example/page"
	w.Redirect(first, page)
	w.Serve(page, archivetest.Page{Body: "one", ETag: archivetest.AutoETag, Modified: "Mon, 02 Nov 2026 10:00:00 GMT"})
	client := newClient(t, w)
	header := get(t, client, page).Final().Header
	etag, modified := header.Get("ETag"), header.Get("Last-Modified")
	for name, test := range map[string]struct {
		request fetch.Request
		status  int
	}{
		"etag":                     {fetch.Request{URL: page, IfNoneMatch: etag}, 304},
		"date":                     {fetch.Request{URL: page, IfModifiedSince: modified}, 304},
		"other etag":               {fetch.Request{URL: page, IfNoneMatch: `"x"`, IfModifiedSince: modified}, 200},
		"behind a redirect":        {fetch.Request{URL: first, IfNoneMatch: etag, ValidFor: page}, 304},
		"of another address":       {fetch.Request{URL: first, IfNoneMatch: etag}, 200},
		"unfit for a header":       {fetch.Request{URL: page, IfNoneMatch: etag + "\r\nX: y"}, 200},
		"validators for no URL":    {fetch.Request{URL: page, IfNoneMatch: etag, ValidFor: "no url"}, 200},
		"the address with a hash":  {fetch.Request{URL: page + "#a", IfNoneMatch: etag, ValidFor: page + "#b"}, 304},
		"trimmed before it's sent": {fetch.Request{URL: page, IfNoneMatch: " " + etag + "\t"}, 304},
	} {
		x := fetchWith(t.Context(), client, test.request)
		got := summarise(x)
		want := summary{Status: test.status}
		if test.status == 200 {
			want.Payload = "one"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	sent := map[string]int{}
	for _, r := range w.Requests(first) {
		sent[r.Get("If-None-Match")]++
	}
	if sent[""] != 1 || sent[etag] != 1 { // valid for page; valid, it was said, for first
		t.Errorf("the redirecting address was sent validators %v", sent)
	}
	for _, r := range w.Requests("") {
		if r.Get("X") != "" {
			t.Errorf("a field was smuggled in:\n%s", r.Head)
		}
	}
}

// A 304 that nobody asked for is a response like any other.
func TestUnaskedNotModified(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Status: 304, ETag: `"a"`})
	if got, want := summarise(get(t, newClient(t, w), "http://a.example/")), (summary{Status: 304}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestClock(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Body: "a"})
	w.Redirect("http://b.example/", "http://a.example/")
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	client := newClient(t, w, func(o *fetch.Options) {
		o.Now = func() time.Time { now = now.Add(time.Second); return now }
	})
	x := get(t, client, "http://b.example/")
	start := time.Date(2026, 11, 23, 12, 0, 2, 0, time.UTC)
	if !x.Started.Equal(start) || x.Duration != 2*time.Second {
		t.Errorf("started %v for %v", x.Started, x.Duration)
	}
	if !x.Hops[1].Started.Equal(start.Add(2*time.Second)) || x.Hops[1].Duration != time.Second {
		t.Errorf("second hop started %v for %v", x.Hops[1].Started, x.Hops[1].Duration)
	}
}

func TestUserAgent(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{})
	for given, want := range map[string]string{"": fetch.DefaultUserAgent, "me\r\nX: y": "meX: y", " \n": fetch.DefaultUserAgent} {
		get(t, newClient(t, w, func(o *fetch.Options) { o.UserAgent = given }), "http://a.example/")
		requests := w.Requests("")
		if got := requests[len(requests)-1].Get("User-Agent"); got != want {
			t.Errorf("%q: sent %q, want %q", given, got, want)
		}
	}
}

// Nothing stays open after Close.
func TestDescriptors(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc/self/fd on this system")
		}
		return len(entries)
	}
	run := func() {
		w, err := archivetest.Start(t.Fatalf)
		if err != nil {
			t.Fatal(err)
		}
		client := fetch.New(fetch.Options{DialContext: w.DialContext, RootCAs: w.RootCAs(), HeadTimeout: 20 * time.Millisecond, IdleTimeout: 20 * time.Millisecond})
		for i, page := range []archivetest.Page{
			{Body: "a"},
			{Body: "aaaa", Fault: archivetest.Stall(archivetest.InBody)},
			{Body: "aaaa", Fault: archivetest.Stall(archivetest.InHead)},
			{Body: "aaaa", Fault: archivetest.Reset(archivetest.BeforeHead)},
			{Body: "aaaa", Fault: archivetest.HangUp(archivetest.InBody)},
			{Raw: "garbage"},
		} {
			for _, scheme := range []string{"http", "https"} {
				url := scheme + "://" + string(rune('a'+i)) + ".example/"
				w.Serve(url, page)
				fetchWith(context.Background(), client, fetch.Request{URL: url})
			}
		}
		w.Certificate("a.example", archivetest.Expired)
		client.Close()
		fetchWith(context.Background(), client, fetch.Request{URL: "https://a.example/"})
		fetchWith(context.Background(), client, fetch.Request{URL: "http://a.example/"})
		client.Close()
		w.Close()
	}
	run() // whatever is opened once
	before := count()
	for range 3 {
		run()
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors are open after %d before", after, before)
	}
}
