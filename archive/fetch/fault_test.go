package fetch_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

const (
	text = "0123456789abcdefghij"
	half = "0123456789"
)

// faults are answers that go wrong, and what has to come of them.
var faults = map[string]struct {
	page   archivetest.Page
	want   summary
	detail string // a part of Failure.Detail or of Shortfall
}{
	"stall before the head": {
		page: archivetest.Page{Body: text, Fault: archivetest.Stall(archivetest.BeforeHead)},
		want: summary{Reason: fetch.Timeout}, detail: "waiting for the response: no answer in time",
	},
	"stall in the head": {
		page: archivetest.Page{Body: text, Fault: archivetest.Stall(archivetest.InHead)},
		want: summary{Reason: fetch.Timeout}, detail: "waiting for the response: no answer in time",
	},
	"stall in the body": {
		page: archivetest.Page{Body: text, Fault: archivetest.Stall(archivetest.InBody)},
		want: summary{Status: 200, Payload: half, Truncated: fetch.Time}, detail: "nothing came for 50ms after 10 of 20 bytes",
	},
	"stall in chunks": {
		page: archivetest.Page{Body: text + text, Chunked: true, Fault: archivetest.Stall(archivetest.InBody)},
		want: summary{Status: 200, Payload: text + "0", Truncated: fetch.Time}, detail: "after 21 bytes",
	},
	"hang up before the head": {
		page: archivetest.Page{Body: text, Fault: archivetest.HangUp(archivetest.BeforeHead)},
		want: summary{Reason: fetch.Closed}, detail: "waiting for the response: the server closed the connection",
	},
	"hang up in the head": {
		page: archivetest.Page{Body: text, Fault: archivetest.HangUp(archivetest.InHead)},
		want: summary{Reason: fetch.Closed},
	},
	"hang up in the body": {
		page: archivetest.Page{Body: text, Fault: archivetest.HangUp(archivetest.InBody)},
		want: summary{Status: 200, Payload: half, Truncated: fetch.Disconnect}, detail: "the connection was closed after 10 of 20 bytes",
	},
	"hang up in chunks": {
		page: archivetest.Page{Body: text + text, Chunked: true, Fault: archivetest.HangUp(archivetest.InBody)},
		want: summary{Status: 200, Payload: text + "0", Truncated: fetch.Disconnect}, detail: "the connection was closed after 21 bytes",
	},
	"reset before the head": {
		page: archivetest.Page{Body: text, Fault: archivetest.Reset(archivetest.BeforeHead)},
		want: summary{Reason: fetch.Reset}, detail: "connection reset by peer",
	},
	"reset in the body": { // what was in flight may be lost
		page: archivetest.Page{Body: text, Fault: archivetest.Reset(archivetest.InBody)},
		want: summary{Status: 200, Truncated: fetch.Disconnect}, detail: "the connection was reset",
	},
	"a length that is too long": {
		page: archivetest.Page{Body: text, Length: 30},
		want: summary{Status: 200, Payload: text, Truncated: fetch.Disconnect}, detail: "closed after 20 of 30 bytes",
	},
	"a length that is too short": {
		page: archivetest.Page{Body: text, Length: 10},
		want: summary{Status: 200, Payload: half},
	},
	"a length that is enormous": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n" + text},
		want: summary{Status: 200, Payload: text, Truncated: fetch.Disconnect},
	},
	"a body without an end": {
		page: archivetest.Page{Body: text, Endless: true},
		want: summary{Status: 200, Payload: strings.Repeat(text, 5000), Truncated: fetch.Length}, detail: "the payload has more than 100000 bytes",
	},
	"chunks without an end": {
		page: archivetest.Page{Body: text, Endless: true, Chunked: true},
		want: summary{Status: 200, Payload: strings.Repeat(text, 5000), Truncated: fetch.Length},
	},
	"a body of exactly the limit": {
		page: archivetest.Page{Body: strings.Repeat(text, 5000)},
		want: summary{Status: 200, Payload: strings.Repeat(text, 5000)},
	},
	"a body one byte over the limit": {
		page: archivetest.Page{Body: strings.Repeat(text, 5000) + "x"},
		want: summary{Status: 200, Payload: strings.Repeat(text, 5000), Truncated: fetch.Length},
	},
	"a broken chunk": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nxyz\r\n"},
		want: summary{Status: 200, Payload: "hi", Truncated: fetch.Disconnect}, detail: "broken off",
	},
	"a chunk that is longer than it says": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi there\r\n0\r\n\r\n"},
		want: summary{Status: 200, Payload: "hi", Truncated: fetch.Disconnect}, detail: "broken off",
	},
	"a chunk of an impossible size": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhi"},
		want: summary{Status: 200, Truncated: fetch.Disconnect}, detail: "broken off",
	},
	"endless trailers": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n" + strings.Repeat("X: y\r\n", 20_000)},
		want: summary{Status: 200, Payload: "hi", Truncated: fetch.Disconnect}, detail: "broken off",
	},
	"two lengths": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!"},
		want: summary{Reason: fetch.Malformed}, detail: "where the body ends",
	},
	"a length in words": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nhi"},
		want: summary{Reason: fetch.Malformed}, detail: "where the body ends",
	},
	"a negative length": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi"},
		want: summary{Reason: fetch.Malformed},
	},
	"a transfer-coding that nobody knows": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\nuv"},
		want: summary{Reason: fetch.Malformed}, detail: "transfer encoding",
	},
	"HTTP/0.9":                {page: archivetest.Page{Raw: "<p>hello", Keep: true}, want: summary{Reason: fetch.Malformed}, detail: `not an HTTP response: "<p>hello"`},
	"HTTP/2":                  {page: archivetest.Page{Raw: "HTTP/2 200 OK\r\n\r\n"}, want: summary{Reason: fetch.Malformed}, detail: "not an HTTP/1 response"},
	"another tongue":          {page: archivetest.Page{Raw: "SSH-2.0-OpenSSH_9\r\n", Keep: true}, want: summary{Reason: fetch.Malformed}, detail: "SSH-2.0"},
	"terminal codes":          {page: archivetest.Page{Raw: "\x1b[2J\u202e", Keep: true}, want: summary{Reason: fetch.Malformed}, detail: `"\x1b[2J\u202e"`},
	"a status without digits": {page: archivetest.Page{Raw: "HTTP/1.1 OK\r\n\r\n"}, want: summary{Reason: fetch.Malformed}, detail: "status line"},
	"a status of 099":         {page: archivetest.Page{Raw: "HTTP/1.1 099 No\r\n\r\n"}, want: summary{Reason: fetch.Malformed}},
	"switching protocols": {
		page: archivetest.Page{Raw: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"},
		want: summary{Reason: fetch.Malformed}, detail: "101",
	},
	"a huge head": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 256<<10) + "\r\n\r\n"},
		want: summary{Reason: fetch.HeadTooLarge}, detail: "more than 262144 bytes",
	},
	"a head without an end": {
		page: archivetest.Page{Raw: "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 50_000), Keep: true},
		want: summary{Reason: fetch.HeadTooLarge},
	},
	"interim heads without an end": {
		page: archivetest.Page{Raw: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 50_000), Keep: true},
		want: summary{Reason: fetch.HeadTooLarge},
	},
	"a large head": {
		page: archivetest.Page{Body: text, Header: []string{"X: " + strings.Repeat("y", 255<<10)}},
		want: summary{Status: 200, Payload: text},
	},
}

func TestFaults(t *testing.T) {
	for name, test := range faults {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				w := archivetest.NewWeb(t)
				url := scheme + "://a.example/"
				w.Serve(url, test.page)
				client := newClient(t, w, func(o *fetch.Options) {
					o.MaxBytes = 100_000
					o.IdleTimeout = 50 * time.Millisecond
					if test.want.Reason == fetch.Timeout {
						o.HeadTimeout = 500 * time.Millisecond
					}
				})
				x := get(t, client, url)
				want, got := test.want, summarise(x)
				if name == "reset in the body" {
					if !strings.HasPrefix(half, got.Payload) {
						t.Errorf("payload %q", got.Payload)
					}
					got.Payload = ""
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%v %s -want +got:\n%s", x.Failure, x.Shortfall, diff)
				}
				if x.Truncated != "" && x.Shortfall == "" {
					t.Error("nobody is told why the payload is cut")
				}
				detail := x.Shortfall
				if x.Failure != nil {
					detail = x.Failure.Detail
				}
				if !strings.Contains(detail, test.detail) {
					t.Errorf("detail %q, want %q in it", detail, test.detail)
				}
				if strings.Contains(detail, "127.0.0.1") {
					t.Errorf("detail %q names our own address", detail)
				}
				if len(x.Hops) != 1 || len(x.Hops[0].Request) == 0 || x.Hops[0].RemoteAddr == "" {
					t.Errorf("hops %+v", x.Hops)
				}
			})
		}
	}
}

func TestUnreachableHosts(t *testing.T) {
	for how, want := range map[archivetest.Down]fetch.Failure{
		archivetest.Unknown:     {Reason: fetch.DNS, Detail: "connecting to a.example:443: no such host"},
		archivetest.Refusing:    {Reason: fetch.Refused, Detail: "connecting to a.example:443: connection refused"},
		archivetest.Unreachable: {Reason: fetch.Unreachable, Detail: "connecting to a.example:443: no route to host"},
		archivetest.Silent:      {Reason: fetch.Timeout, Detail: "connecting to a.example:443: no answer in time"},
	} {
		t.Run(string(how), func(t *testing.T) {
			w := archivetest.NewWeb(t)
			w.Serve("https://a.example/", archivetest.Page{Body: text})
			w.Down("a.example", how)
			x := get(t, newClient(t, w, func(o *fetch.Options) { o.HeadTimeout = 50 * time.Millisecond }), "https://a.example/")
			if x.Failure == nil || *x.Failure != want {
				t.Errorf("got %+v, want %+v", x.Failure, want)
			}
			if len(x.Hops) != 1 || x.Hops[0].Request != nil || x.Hops[0].RemoteAddr != "" {
				t.Errorf("hops %+v", x.Hops)
			}
		})
	}
}

func TestBadURLs(t *testing.T) {
	w := archivetest.NewWeb(t)
	client := newClient(t, w)
	for url, want := range map[string]fetch.Reason{
		"":                        fetch.BadURL,
		"no url":                  fetch.BadURL,
		"/relative":               fetch.BadURL,
		"http://":                 fetch.BadURL,
		"http://a b/":             fetch.BadURL,
		"http://a.example:99999/": fetch.BadURL,
		"http://[::1/":            fetch.BadURL,
		"http://a.example/" + strings.Repeat("a", 9000): fetch.BadURL,
		"ftp://a.example/":            fetch.UnsupportedScheme,
		"file:///etc/passwd":          fetch.UnsupportedScheme,
		"javascript:alert(1)":         fetch.UnsupportedScheme,
		"mailto:a@a.example":          fetch.UnsupportedScheme,
		"urn:walkback:post:a":         fetch.UnsupportedScheme,
		"http://user:pass@a.example/": fetch.UserInfo,
		"http://user:pass@a b/":       fetch.BadURL,
		"http://user@a.example/":      fetch.UserInfo,
	} {
		x := get(t, client, url)
		if got := summarise(x); got != (summary{Reason: want}) || len(x.Hops) != 0 || x.Final() != nil {
			t.Errorf("%.40q: got %+v (%v), want %s", url, got, x.Failure, want)
		}
		if x.Failure != nil && strings.Contains(x.Failure.Detail, "pass@") {
			t.Errorf("the password stands in %q", x.Failure.Detail)
		}
	}
}

func TestInternationalHost(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("https://xn--bcher-kva.example/%C3%BC", archivetest.Page{Body: text})
	x := get(t, newClient(t, w), "https://BÜCHER.example/ü")
	if x.Failure != nil || payload(x) != text || x.Final().URL != "https://xn--bcher-kva.example/%C3%BC" {
		t.Errorf("%v, %+v", x.Failure, x.Hops)
	}
	if got := x.Final().TLS.ServerName; got != "xn--bcher-kva.example" {
		t.Errorf("server name %q", got)
	}
}

func TestTheWholeTimeIsLimited(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/endless", archivetest.Page{Body: text, Endless: true})
	w.Serve("http://a.example/silent", archivetest.Page{Fault: archivetest.Stall(archivetest.BeforeHead)})
	client := newClient(t, w, func(o *fetch.Options) { o.Timeout = 300 * time.Millisecond; o.MaxBytes = 1 << 40 })
	x := get(t, client, "http://a.example/endless")
	if x.Truncated != fetch.Time || len(payload(x)) == 0 || !strings.Contains(x.Shortfall, "the time was up") {
		t.Errorf("endless: truncated %q after %d bytes: %s", x.Truncated, len(payload(x)), x.Shortfall)
	}
	if x := get(t, client, "http://a.example/silent"); x.Failure == nil || x.Failure.Reason != fetch.Timeout {
		t.Errorf("silent: %v", x.Failure)
	}
}

// Time that one hop took is not there for the next one.
func TestTheTimeOfAllHopsIsLimited(t *testing.T) {
	w := archivetest.NewWeb(t)
	for from, to := range map[string]string{"/1": "/2", "/2": "/3"} {
		page := redirect(302, to)
		page.Fault = archivetest.Stall(archivetest.InBody)
		w.Serve("http://a.example"+from, page)
	}
	w.Serve("http://a.example/3", archivetest.Page{Body: text})
	client := newClient(t, w, func(o *fetch.Options) { o.Timeout, o.IdleTimeout = 600*time.Millisecond, 400*time.Millisecond })
	x := get(t, client, "http://a.example/1")
	if got := summarise(x); got != (summary{Reason: fetch.Timeout}) || len(x.Hops) != 3 || x.Hops[1].BodyTruncated != fetch.Time {
		t.Errorf("%+v, %v", got, hops(x))
	}
}

func TestCancel(t *testing.T) {
	for name, page := range map[string]archivetest.Page{
		"before the head": {Fault: archivetest.Stall(archivetest.BeforeHead)},
		"in the head":     {Fault: archivetest.Stall(archivetest.InHead)},
		"in the body":     {Body: text, Fault: archivetest.Stall(archivetest.InBody)},
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				w := archivetest.NewWeb(t)
				url := scheme + "://a.example/"
				w.Serve(url, page)
				client := newClient(t, w)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan *fetch.Exchange)
				go func() { done <- fetchWith(ctx, client, fetch.Request{URL: url}) }()
				w.Await(url, 1)
				cancel()
				x := <-done
				if x.Failure == nil || x.Failure.Reason != fetch.Cancelled || x.Final() != nil || len(x.Hops) != 1 {
					t.Errorf("%v, %+v", x.Failure, x.Hops)
				}
			})
		}
	}
}

func TestCallersDeadline(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/head", archivetest.Page{Fault: archivetest.Stall(archivetest.InHead)})
	w.Serve("http://a.example/body", archivetest.Page{Body: text, Fault: archivetest.Stall(archivetest.InBody)})
	client := newClient(t, w)
	for url, want := range map[string]summary{
		"http://a.example/head": {Reason: fetch.Timeout},
		"http://a.example/body": {Status: 200, Payload: half, Truncated: fetch.Time},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		x := fetchWith(ctx, client, fetch.Request{URL: url})
		cancel()
		if diff := cmp.Diff(want, summarise(x)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", url, diff)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if x := fetchWith(ctx, client, fetch.Request{URL: "http://a.example/head"}); x.Failure == nil || x.Failure.Reason != fetch.Cancelled {
		t.Errorf("cancelled beforehand: %v", x.Failure)
	}
}
