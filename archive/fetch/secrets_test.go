package fetch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

func header(t testing.TB, s string) fetch.Header {
	t.Helper()
	h, err := fetch.ParseHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func cookies(t testing.TB, lines ...string) []fetch.Cookie {
	t.Helper()
	c, err := fetch.ParseCookies(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sent returns the fields of that name in the last request for an address.
func sent(w *archivetest.Web, address, name string) []string {
	var values []string
	all := w.Requests(address)
	for line := range strings.Lines(string(all[len(all)-1].Head)) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Secrets go where they belong and nowhere else.
func TestSecretsAreSentToTheirHostsAlone(t *testing.T) {
	w := archivetest.NewWeb(t)
	for _, at := range []string{
		"https://a.example/", "https://sub.a.example/", "https://b.example/", "http://a.example:8080/", "https://a.example/deep", "https://c.example/", "http://c.example/",
	} {
		w.Serve(at, archivetest.Page{})
	}
	w.Redirect("https://a.example/away", "https://b.example/")
	w.Redirect("https://c.example/down", "http://c.example/")
	client := newClient(t, w, func(o *fetch.Options) {
		o.Headers = []fetch.Header{
			header(t, "a.example: X-Key: abcdefgh"), header(t, "c.example: authorization: Bearer tok-tok-tok"),
		}
		o.Cookies = cookies(
			t, "# Netscape HTTP Cookie File", "",
			"a.example\tFALSE\t/\tTRUE\t0\thost\tonly-here-1", "#HttpOnly_.a.example\tTRUE\t/\tFALSE\t2147483647\tall\tbelow-too-1\r",
			"a.example\tFALSE\t/deep\tFALSE\t0\tdeep\tdeep-down-1", "a.example\tFALSE\t/\tFALSE\t1\told\texpired-1",
		)
	})
	for _, c := range []struct {
		url, ask       string
		keys, cookies_ []string
		authorization  []string
	}{
		{url: "https://a.example/", keys: []string{"abcdefgh"}, cookies_: []string{"host=only-here-1; all=below-too-1"}},
		{url: "https://a.example/deep", keys: []string{"abcdefgh"}, cookies_: []string{"deep=deep-down-1; host=only-here-1; all=below-too-1"}},
		{url: "https://sub.a.example/", cookies_: []string{"all=below-too-1"}},
		{url: "http://a.example:8080/", keys: []string{"abcdefgh"}, cookies_: []string{"all=below-too-1"}},
		{url: "https://b.example/", ask: "https://a.example/away"},
		{url: "https://c.example/", authorization: []string{"Bearer tok-tok-tok"}},
		{url: "http://c.example/", ask: "https://c.example/down"},
	} {
		if c.ask == "" {
			c.ask = c.url
		}
		x := get(t, client, c.ask)
		if x.Failure != nil || x.Final().URL != c.url {
			t.Fatalf("%s: %v", c.ask, x.Failure)
		}
		for name, want := range map[string][]string{"X-Key": c.keys, "Cookie": c.cookies_, "Authorization": c.authorization} {
			if diff := cmp.Diff(want, sent(w, c.url, name)); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", name, c.ask, diff)
			}
		}
	}
}

// Nothing that was sent as a secret is part of an exchange, wherever the server
// says it again.
func TestSecretsAreNotKept(t *testing.T) {
	w := archivetest.NewWeb(t)
	values := []string{"s3cret-key/+", "correct horse", "session-0123"}
	w.Serve("http://a.example/", archivetest.Page{
		Status: 302, Body: "moved", Header: []string{"Location: /next?k=s3cret-key%2F%2B", "X-Echo: you said s3cret-key/+,", "\tand session-0123"},
	})
	w.Serve("http://a.example/next?k=s3cret-key%2F%2B", archivetest.Page{
		Raw: "HTTP/1.1 200 session-0123\r\nX-Key: other\r\nContent-Length: 2\r\nX-Basic: correct horse\r\n\r\nok",
	})
	client := newClient(t, w, func(o *fetch.Options) {
		o.Headers = []fetch.Header{
			header(t, "a.example: X-Key: s3cret-key/+"), header(t, "a.example: Authorization: Basic bWU6Y29ycmVjdCBob3JzZQ=="), // me:correct horse
		}
		o.Cookies = cookies(t, "a.example\tFALSE\t/\tFALSE\t0\tsid\tsession-0123")
	})
	x := get(t, client, "http://a.example/")
	if x.Failure != nil || len(x.Hops) != 2 || x.HoldsSecret {
		t.Fatal(x.Failure, len(x.Hops), x.HoldsSecret)
	}
	all := fmt.Sprintf("%+v", x.Hops)
	for _, hop := range x.Hops {
		all += string(hop.Request) + string(hop.Response) + string(hop.Body)
	}
	for _, value := range append(values, "s3cret-key%2F%2B", "bWU6Y29ycmVjdCBob3JzZQ") {
		if strings.Contains(all, value) {
			t.Errorf("%q is kept", value)
		}
	}
	if want := "http://a.example/next?k=[redacted]"; x.Final().URL != want {
		t.Errorf("the URL is %s, want %s", x.Final().URL, want)
	}
	for i, want := range [][]string{
		{"request Authorization", "request Cookie", "request X-Key", "response Location", "response X-Echo"},
		{"request Authorization", "request Cookie", "request X-Key", "request start line", "response X-Basic", "response X-Key", "response start line"},
	} {
		got := slices.Sorted(slices.Values(x.Hops[i].Redacted))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("hop %d (-want +got):\n%s", i, diff)
		}
	}
	if n := strings.Count(string(x.Hops[0].Request), "\r\n"); n != 9 {
		t.Errorf("the request has %d lines:\n%s", n, x.Hops[0].Request)
	}
}

// A payload is kept as it came, and it is told that a secret is in it, wherever
// the pieces it came in end.
func TestSecretsInPayloads(t *testing.T) {
	w := archivetest.NewWeb(t)
	const secret = "s3cret-0123456789"
	client := newClient(t, w, func(o *fetch.Options) { o.Headers = []fetch.Header{header(t, "a.example: X-Key: "+secret)} })
	for _, before := range []int{0, 1, 4000, 4096 - 5, 128<<10 - 3, 256<<10 - 8, 300_000} {
		w.Serve("http://a.example/", archivetest.Page{Body: strings.Repeat("x", before) + secret + "yyy", Chunked: true})
		if x := get(t, client, "http://a.example/"); !x.HoldsSecret || !strings.Contains(payload(x), secret) {
			t.Errorf("after %d bytes: %v", before, x.HoldsSecret)
		}
		w.Serve("http://a.example/", archivetest.Page{Body: strings.Repeat("x", before) + secret[:10] + "yyy"})
		if x := get(t, client, "http://a.example/"); x.HoldsSecret {
			t.Errorf("after %d bytes: half of it was taken for all", before)
		}
		w.Serve("http://b.example/", archivetest.Page{Body: secret})
		if x := get(t, client, "http://b.example/"); x.HoldsSecret {
			t.Error("looked for where it was not sent")
		}
	}
}

func TestParseHeader(t *testing.T) {
	for _, bad := range []string{
		"", "a.example", "a.example: X-Key", "a.example: X Key: secret1", "a.example: X-Key:", ": X-Key: secret1", "a.example/path: X-Key: secret1",
		"a.example: Host: secret1", "a.example: range: secret1", "a.example: Proxy-Authorization: secret1", "a.example: X-Key: secret1\r\nY: b", "a b: X-Key: secret1",
	} {
		if h, err := fetch.ParseHeader(bad); err == nil || strings.Contains(err.Error(), "secret1") {
			t.Errorf("%q: %+v, %v", bad, h, err)
		}
	}
	for good, want := range map[string]fetch.Header{
		"A.example: x-key: a: b":       {Host: "a.example", Name: "X-Key", Value: "a: b"},
		"127.0.0.1:80: x-key:b":        {Host: "127.0.0.1", Name: "X-Key", Value: "b"},
		"[::1]:8080: Authorization: b": {Host: "[::1]:8080", Name: "Authorization", Value: "b"},
	} {
		if h, err := fetch.ParseHeader(good); err != nil || h != want {
			t.Errorf("%q: %+v, %v", good, h, err)
		}
	}
}

func TestParseCookies(t *testing.T) {
	got := cookies(t, "# comment", "  ", ".A.example\tFALSE\t/p\tTRUE\t1893456000.5\tname\tva lue", "b.example\tFALSE\t/\tFALSE\t0\tempty")
	want := []fetch.Cookie{
		{Domain: "a.example", Subdomains: true, Path: "/p", Secure: true, Expires: time.Unix(1893456000, 0), Name: "name", Value: "va lue"},
		{Domain: "b.example", Path: "/", Name: "empty"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, bad := range []string{
		"{\"json\": \"secret1\"}", "a.example TRUE / FALSE 0 name secret1", "a.example\tTRUE\t/\tFALSE\tsoon\tname\tsecret1", "\tTRUE\t/\tFALSE\t0\tname\tsecret1",
		"a.example\tTRUE\t/\tFALSE\t0\tna me\tsecret1", "a.example\tTRUE\t/\tFALSE\t0\tname\tsecret1; x=y", "a.example\tTRUE\t/\tFALSE\tNaN\tname\tsecret1",
	} {
		if c, err := fetch.ParseCookies(strings.NewReader("# first\n" + bad)); err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "secret1") {
			t.Errorf("%q: %+v, %v", bad, c, err)
		}
	}
}

// FuzzParseCookies holds that what is read can be sent.
func FuzzParseCookies(f *testing.F) {
	f.Add([]byte("#HttpOnly_.a.example\tTRUE\t/\tFALSE\t2147483647\tall\tbelow\r\n"))
	f.Add([]byte("a.example\tFALSE\t/\tTRUE\t0\thost\t"))
	f.Fuzz(func(t *testing.T, file []byte) {
		cookies, err := fetch.ParseCookies(strings.NewReader(string(file)))
		if err != nil {
			return
		}
		client := fetch.New(fetch.Options{Cookies: cookies})
		client.Close()
		for _, c := range cookies {
			if strings.ContainsAny(c.Name+c.Value, "\r\n;") || c.Domain == "" {
				t.Fatalf("%+v", c)
			}
		}
	})
}
