package fetch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// hops returns what was asked, with its status.
func hops(x *fetch.Exchange) []string {
	var list []string
	for _, h := range x.Hops {
		list = append(list, fmt.Sprint(h.Status, " ", h.URL))
	}
	return list
}

func redirect(status int, location string) archivetest.Page {
	return archivetest.Page{Status: status, Body: "moved", Header: []string{"Location: " + location}}
}

func TestRedirects(t *testing.T) {
	w := archivetest.NewWeb(t)
	for i, status := range []int{301, 302, 303, 307, 308} {
		w.Serve(fmt.Sprintf("http://a.example/%d", i), redirect(status, fmt.Sprintf("/%d", i+1)))
	}
	w.Serve("http://a.example/5", redirect(302, "//b.example"))
	w.Serve("http://b.example/", redirect(302, "HTTPS:\\\\C.example:443/x/../d?ü#frag"))
	w.Serve("https://c.example/d?%C3%BC", archivetest.Page{Body: "here"})
	x := get(t, newClient(t, w), "http://a.example/0")
	want := []string{
		"301 http://a.example/0", "302 http://a.example/1", "303 http://a.example/2", "307 http://a.example/3",
		"308 http://a.example/4", "302 http://a.example/5", "302 http://b.example/", "200 https://c.example/d?%C3%BC",
	}
	if diff := cmp.Diff(want, hops(x)); diff != "" {
		t.Errorf("%v -want +got:\n%s", x.Failure, diff)
	}
	if payload(x) != "here" || string(x.Hops[0].Body) != "moved" || x.Final().Body != nil {
		t.Errorf("payload %q, first body %q, last body %q", payload(x), x.Hops[0].Body, x.Final().Body)
	}
	conns := map[int]bool{}
	for _, r := range w.Requests("") {
		conns[r.Conn] = true
	}
	if len(conns) != 3 {
		t.Errorf("%d connections for three hosts", len(conns))
	}
}

func TestNotRedirects(t *testing.T) {
	w := archivetest.NewWeb(t)
	client := newClient(t, w)
	for name, page := range map[string]archivetest.Page{
		"no location":    {Status: 302, Body: "text"},
		"empty location": redirect(302, ""),
		"300":            redirect(300, "/else"),
		"304":            {Status: 304, Header: []string{"Location: /else"}},
		"305":            redirect(305, "/else"),
		"201":            redirect(201, "/else"),
		"meta refresh":   {Body: `<meta http-equiv="refresh" content="0; url=/else">`},
		"refresh header": {Body: "text", Header: []string{"Refresh: 0; url=/else"}},
	} {
		w.Serve("http://a.example/", page)
		x := get(t, client, "http://a.example/")
		if x.Failure != nil || len(x.Hops) != 1 || x.Final().Status != max(page.Status, 200) || x.Final().Body != nil {
			t.Errorf("%s: %v, %v", name, x.Failure, hops(x))
		}
	}
}

func TestRedirectsThatFail(t *testing.T) {
	const a = "http://a.example/"
	for name, test := range map[string]struct {
		locations map[string]string
		want      fetch.Reason
		hops      []string
	}{
		"to itself":                 {map[string]string{a: a}, fetch.RedirectLoop, []string{"301 " + a}},
		"to itself with a fragment": {map[string]string{a: "#x"}, fetch.RedirectLoop, []string{"301 " + a}},
		"in a circle": {
			map[string]string{a: "/b", a + "b": "http://c.example/", "http://c.example/": a},
			fetch.RedirectLoop,
			[]string{"301 " + a, "301 " + a + "b", "301 http://c.example/"},
		},
		"another scheme":       {map[string]string{a: "ftp://a.example/"}, fetch.UnsupportedScheme, []string{"301 " + a}},
		"javascript":           {map[string]string{a: "javascript:alert(1)"}, fetch.UnsupportedScheme, []string{"301 " + a}},
		"user info":            {map[string]string{a: "http://u:p@b.example/"}, fetch.UserInfo, []string{"301 " + a}},
		"no URL":               {map[string]string{a: "http://[::/"}, fetch.BadURL, []string{"301 " + a}},
		"a very long URL":      {map[string]string{a: "/" + strings.Repeat("x", 10_000)}, fetch.BadURL, []string{"301 " + a}},
		"a host that is none":  {map[string]string{a: "http://nowhere.example/"}, fetch.DNS, []string{"301 " + a, "0 http://nowhere.example/"}},
		"a private address":    {map[string]string{a: "http://10.0.0.7/"}, fetch.PrivateAddress, []string{"301 " + a, "0 http://10.0.0.7/"}},
		"loopback":             {map[string]string{a: "http://127.1/"}, fetch.PrivateAddress, []string{"301 " + a, "0 http://127.0.0.1/"}},
		"loopback, in decimal": {map[string]string{a: "http://2130706433/"}, fetch.PrivateAddress, []string{"301 " + a, "0 http://127.0.0.1/"}},
		"mapped loopback":      {map[string]string{a: "http://[::ffff:127.0.0.1]/"}, fetch.PrivateAddress, []string{"301 " + a, "0 http://[::ffff:7f00:1]/"}},
		"a host in the house":  {map[string]string{a: "http://intranet.example/"}, fetch.PrivateAddress, []string{"301 " + a, "0 http://intranet.example/"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := archivetest.NewWeb(t)
			for from, to := range test.locations {
				w.Redirect(from, to)
			}
			for _, private := range []string{"http://10.0.0.7/", "http://127.0.0.1/", "http://[::ffff:7f00:1]/", "http://intranet.example/"} {
				w.Serve(private, archivetest.Page{Body: "secret"})
			}
			w.At("intranet.example", "192.168.1.1")
			x := get(t, newClient(t, w), a)
			if got := summarise(x); got != (summary{Reason: test.want}) {
				t.Errorf("got %+v (%v), want %s", got, x.Failure, test.want)
			}
			if diff := cmp.Diff(test.hops, hops(x)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if asked := len(w.Requests("")); asked != strings.Count(strings.Join(test.hops, "\n"), "301 ") {
				t.Errorf("%d requests were sent", asked)
			}
		})
	}
}

func TestRedirectLimit(t *testing.T) {
	w := archivetest.NewWeb(t)
	for i := range 30 {
		w.Redirect(fmt.Sprintf("http://a.example/%d", i), fmt.Sprintf("/%d", i+1))
	}
	w.Serve("http://a.example/30", archivetest.Page{Body: "end"})
	for _, test := range []struct{ option, start, hops int }{
		{0, 10, 21}, {0, 9, 21}, {3, 27, 4}, {3, 26, 4}, {-1, 30, 1}, {-1, 29, 1},
	} {
		x := get(t, newClient(t, w, func(o *fetch.Options) { o.MaxRedirects = test.option }), fmt.Sprintf("http://a.example/%d", test.start))
		arrives := test.start+test.hops-1 == 30
		if len(x.Hops) != test.hops || arrives != (x.Failure == nil) || !arrives && x.Failure.Reason != fetch.TooManyRedirects {
			t.Errorf("MaxRedirects %d from %d: %d hops, %v", test.option, test.start, len(x.Hops), x.Failure)
		}
	}
}

// Sites that set a cookie and send the visitor to the same address again are
// going nowhere only when nothing changes.
func TestCookiesLiveWithinOneFetch(t *testing.T) {
	w := archivetest.NewWeb(t)
	const url = "http://www.a.example/"
	w.Serve(url,
		archivetest.Page{Status: 302, Header: []string{"Location: /", "Set-Cookie: seen=secret-1; Domain=a.example; HttpOnly", "Set-Cookie: alien=secret-2; Domain=example"}},
		archivetest.Page{Status: 302, Header: []string{"Location: http://b.a.example/"}})
	w.Redirect("http://b.a.example/", "http://c.example/")
	w.Serve("http://c.example/", archivetest.Page{Body: "end"})
	client := newClient(t, w)
	x := get(t, client, url)
	if x.Failure != nil || len(x.Hops) != 4 {
		t.Fatalf("%v, %v", x.Failure, hops(x))
	}
	var sent []string
	for _, r := range w.Requests("") {
		sent = append(sent, r.Get("Cookie"))
	}
	if diff := cmp.Diff([]string{"", "seen=secret-1", "seen=secret-1", ""}, sent); diff != "" {
		t.Errorf("cookies sent: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"request Cookie"}, x.Hops[1].Redacted); diff != "" {
		t.Errorf("redacted: -want +got:\n%s", diff)
	}
	if !strings.Contains(string(x.Hops[1].Request), "\r\nCookie: [redacted]\r\n\r\n") {
		t.Errorf("recorded request %q", x.Hops[1].Request)
	}
	if record := fmt.Sprintf("%s %s %+v", x.Hops[0].Response, x.Hops[1].Request, x); strings.Contains(record, "secret") {
		t.Error("a cookie stands in the record")
	}
	get(t, client, "http://b.a.example/")
	if again := w.Requests("http://b.a.example/"); again[1].Get("Cookie") != "" {
		t.Errorf("the next Fetch sent %q", again[1].Get("Cookie"))
	}
}

func TestCookiesAreLimited(t *testing.T) {
	w := archivetest.NewWeb(t)
	page := redirect(302, "/b")
	for i := range 60 {
		page.Header = append(page.Header, fmt.Sprintf("Set-Cookie: c%d=%s", i, strings.Repeat("x", 4000)))
	}
	w.Serve("http://a.example/", page)
	w.Serve("http://a.example/b", archivetest.Page{})
	if x := get(t, newClient(t, w), "http://a.example/"); x.Failure != nil {
		t.Fatal(x.Failure)
	}
	if n := len(w.Requests("http://a.example/b")[0].Get("Cookie")); n == 0 || n > 16<<10 {
		t.Errorf("%d bytes of cookies were sent", n)
	}
}

func TestRedirectBodies(t *testing.T) {
	const url = "http://a.example/"
	long := strings.Repeat("x", 64<<10)
	for name, test := range map[string]struct {
		page      archivetest.Page
		body      string
		truncated fetch.Truncation
	}{
		"exactly the limit": {archivetest.Page{Body: long}, long, ""},
		"over the limit":    {archivetest.Page{Body: long + "x"}, long, fetch.Length},
		"endless":           {archivetest.Page{Endless: true, Body: "x"}, long, fetch.Length},
		"stalled":           {archivetest.Page{Body: text, Fault: archivetest.Stall(archivetest.InBody)}, half, fetch.Time},
		"hung up":           {archivetest.Page{Body: text, Fault: archivetest.HangUp(archivetest.InBody)}, half, fetch.Disconnect},
		"none":              {archivetest.Page{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := archivetest.NewWeb(t)
			test.page.Status, test.page.Header = 302, []string{"Location: /there"}
			w.Serve(url, test.page)
			w.Serve(url+"there", archivetest.Page{Body: "end"})
			x := get(t, newClient(t, w, func(o *fetch.Options) { o.IdleTimeout = 50 * time.Millisecond }), url)
			if x.Failure != nil || payload(x) != "end" || x.Truncated != "" {
				t.Fatalf("%v, payload %q, truncated %q", x.Failure, payload(x), x.Truncated)
			}
			if got := x.Hops[0]; string(got.Body) != test.body || got.BodyTruncated != test.truncated {
				t.Errorf("%d bytes, truncated %q; want %d, %q", len(got.Body), got.BodyTruncated, len(test.body), test.truncated)
			}
		})
	}
}

func TestLocationBytes(t *testing.T) {
	for location, want := range map[string]string{
		"/caf\xe9":     "http://a.example/caf%E9",
		"/caf\u00e9":   "http://a.example/caf%C3%A9",
		"/a b":         "http://a.example/a%20b",
		"?q=\"<>'":     "http://a.example/?q=%22%3C%3E%27",
		"/a\tb":        "http://a.example/ab",
		"http:/x":      "http://a.example/x",
		"../../x/./y/": "http://a.example/x/y/",
	} {
		w := archivetest.NewWeb(t)
		w.Serve("http://a.example/", archivetest.Page{Status: 302, Header: []string{"Location: " + location}})
		x := get(t, newClient(t, w), "http://a.example/")
		if len(x.Hops) != 2 || x.Hops[1].URL != want {
			t.Errorf("%q leads to %v (%v), want %s", location, hops(x), x.Failure, want)
		}
	}
}
