package fetch_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// quick makes tries follow each other at once.
func quick(retries int) func(*fetch.Options) {
	return func(o *fetch.Options) { o.Retries, o.Backoff = retries, time.Millisecond }
}

func politely(t testing.TB, client *fetch.Client, url string) *fetch.Exchange {
	t.Helper()
	return fetchWith(t.Context(), client, fetch.Request{URL: url, Robots: true})
}

func TestRobots(t *testing.T) {
	const file = "User-agent: *\nDisallow: /private/\n"
	for name, c := range map[string]struct {
		robots archivetest.Page
		reason fetch.Reason
		detail string
	}{
		"allowed":            {archivetest.Page{Type: "text/plain", Body: "User-agent: *\nDisallow: /other/\n"}, "", ""},
		"forbidden":          {archivetest.Page{Type: "text/plain", Body: file}, fetch.Robots, "http://a.example/robots.txt line 2, for *: Disallow: /private/"},
		"compressed":         {archivetest.Page{Body: file, Coding: "gzip"}, fetch.Robots, "line 2"},
		"not there":          {archivetest.Page{Status: 404, Body: file}, "", ""},
		"not for us":         {archivetest.Page{Status: 403, Body: file}, "", ""},
		"out of order":       {archivetest.Page{Status: 500}, fetch.Robots, "cannot be had, so nothing of the host may be asked for: HTTP 500 Internal Server Error"},
		"too many requests":  {archivetest.Page{Status: 429}, fetch.Robots, "HTTP 429"},
		"broken off":         {archivetest.Page{Body: file, Length: 5000}, fetch.Robots, "cannot be had"},
		"no HTTP":            {archivetest.Page{Raw: "hello\r\n"}, fetch.Robots, "not an HTTP response"},
		"hangs up":           {archivetest.Page{Body: file, Fault: archivetest.HangUp(archivetest.BeforeHead)}, fetch.Closed, "robots.txt, which is asked for first"},
		"stalls":             {archivetest.Page{Body: file, Fault: archivetest.Stall(archivetest.BeforeHead)}, fetch.Timeout, "robots.txt, which is asked for first"},
		"redirects for ever": {archivetest.Page{Status: 301, Header: []string{"Location: /robots.txt"}}, "", ""},
		"larger than read":   {archivetest.Page{Body: file + strings.Repeat("# filling\n", 100_000)}, fetch.Robots, "line 2"},
	} {
		t.Run(name, func(t *testing.T) {
			w := archivetest.NewWeb(t)
			w.Serve("http://a.example/private/page", archivetest.Page{Body: "text"})
			w.Serve("http://a.example/robots.txt", c.robots)
			client := newClient(t, w, func(o *fetch.Options) { o.HeadTimeout = 200 * time.Millisecond })
			x := politely(t, client, "http://a.example/private/page")
			var reason fetch.Reason
			if x.Failure != nil {
				reason = x.Failure.Reason
			}
			if reason != c.reason || x.Failure != nil && !strings.Contains(x.Failure.Detail, c.detail) {
				t.Errorf("got %v", x.Failure)
			}
			asked := len(w.Requests("http://a.example/private/page"))
			if want := map[bool]int{true: 1, false: 0}[c.reason == ""]; asked != want || len(x.Hops) != want {
				t.Errorf("the page was asked for %d times, %d hops, want %d", asked, len(x.Hops), want)
			}
		})
	}
}

// The file is asked for once a place and run, and by nobody who was sent by a
// person.
func TestRobotsAreAskedOnce(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/robots.txt", archivetest.Page{Body: "User-agent: test\nDisallow: /no"})
	w.Serve("http://a.example/no", archivetest.Page{Body: "asked for"})
	client := newClient(t, w)
	done := make(chan *fetch.Exchange)
	for range 5 {
		go func() { done <- politely(t, client, "http://a.example/no") }()
	}
	for range 5 {
		if x := <-done; x.Failure == nil || x.Failure.Reason != fetch.Robots {
			t.Error(x.Failure)
		}
	}
	if x := get(t, client, "http://a.example/no"); payload(x) != "asked for" {
		t.Error(x.Failure)
	}
	if n := len(w.Requests("http://a.example/robots.txt")); n != 1 {
		t.Errorf("the file was asked for %d times", n)
	}
}

// Each hop asks the host it leads to.
func TestRobotsOnRedirects(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Redirect("http://a.example/", "https://b.example/no?x")
	w.Serve("https://b.example/no?x", archivetest.Page{})
	w.Serve("https://b.example/robots.txt", archivetest.Page{Body: "User-agent: *\nDisallow: /no"})
	x := politely(t, newClient(t, w), "http://a.example/")
	if x.Failure == nil || x.Failure.Reason != fetch.Robots || len(x.Hops) != 1 || len(w.Requests("https://b.example/no?x")) > 0 {
		t.Errorf("%v, %d hops", x.Failure, len(x.Hops))
	}
}

// A host that cannot be reached is told as such, not as one that forbids.
func TestRobotsOfUnreachableHosts(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{})
	w.At("a.example", "11.1.1.1")
	for down, want := range map[archivetest.Down]fetch.Reason{
		archivetest.Unknown: fetch.DNS, archivetest.Refusing: fetch.Refused, archivetest.Unreachable: fetch.Unreachable,
	} {
		w.Down("a.example", down)
		x := politely(t, newClient(t, w), "http://a.example/")
		if x.Failure == nil || x.Failure.Reason != want || len(x.Hops) != 1 || x.Hops[0].URL != "http://a.example/" {
			t.Errorf("%s: %v, %d hops", down, x.Failure, len(x.Hops))
		}
	}
}

func TestRetries(t *testing.T) {
	ok := archivetest.Page{Body: "there"}
	for name, c := range map[string]struct {
		first []archivetest.Page
		tries int
		want  summary
	}{
		"busy, then there":        {[]archivetest.Page{{Status: 503, Body: "busy"}, ok}, 1, summary{Status: 200, Payload: "there"}},
		"reset, then there":       {[]archivetest.Page{{Fault: archivetest.Reset(archivetest.BeforeHead)}, ok}, 1, summary{Status: 200, Payload: "there"}},
		"silence, then there":     {[]archivetest.Page{{Fault: archivetest.Stall(archivetest.BeforeHead)}, ok}, 1, summary{Status: 200, Payload: "there"}},
		"three ways, then there":  {[]archivetest.Page{{Status: 429}, {Status: 502}, {Status: 504}, ok}, 3, summary{Status: 200, Payload: "there"}},
		"busy to the end":         {[]archivetest.Page{{Status: 503, Body: "busy"}}, 3, summary{Status: 503, Payload: "busy"}},
		"not found is not asked":  {[]archivetest.Page{{Status: 404, Body: "no"}, ok}, 0, summary{Status: 404, Payload: "no"}},
		"forbidden is not either": {[]archivetest.Page{{Status: 403, Body: "no"}, ok}, 0, summary{Status: 403, Payload: "no"}},
		"nor a fault of its own":  {[]archivetest.Page{{Status: 500, Body: "oops"}, ok}, 0, summary{Status: 500, Payload: "oops"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := archivetest.NewWeb(t)
			w.Serve("http://a.example/", c.first...)
			x := get(t, newClient(t, w, quick(3), func(o *fetch.Options) { o.HeadTimeout = 200 * time.Millisecond }), "http://a.example/")
			if diff := cmp.Diff(c.want, summarise(x)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			hop := x.Final()
			if len(x.Hops) != 1 || len(hop.Tries) != c.tries || len(w.Requests("http://a.example/")) != c.tries+1 {
				t.Fatalf("%d hops, %d tries before, %d requests", len(x.Hops), len(hop.Tries), len(w.Requests("http://a.example/")))
			}
			for i, try := range hop.Tries {
				if page := c.first[min(i, len(c.first)-1)]; try.Status != page.Status || (try.Failure != nil) != (page.Status == 0) || try.Started.IsZero() {
					t.Errorf("try %d: %+v", i, try)
				}
			}
			if x.Started.After(hop.Started) || c.tries > 0 && !x.Started.Before(hop.Started) {
				t.Errorf("started %v, the last hop %v", x.Started, hop.Started)
			}
		})
	}
}

// The last word counts, and what came before is on record.
func TestRetryThatEndsWorse(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Status: 503, Body: "busy", Header: []string{"Retry-After: 0"}}, archivetest.Page{Fault: archivetest.HangUp(archivetest.BeforeHead)})
	x := get(t, newClient(t, w, quick(1)), "http://a.example/")
	if got := summarise(x); got != (summary{Reason: fetch.Closed}) {
		t.Errorf("%+v", got)
	}
	if tries := x.Hops[0].Tries; len(tries) != 1 || tries[0].Status != 503 || tries[0].RetryAfter != "0" {
		t.Errorf("%+v", tries)
	}
}

// A caller who gives up while a retry is waited for gets what came.
func TestRetryIsNotWaitedForWhenCancelled(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Status: 503, Body: "busy", Header: []string{"Retry-After: 50"}})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	x := fetchWith(ctx, newClient(t, w, quick(2)), fetch.Request{URL: "http://a.example/"})
	if got := summarise(x); got != (summary{Status: 503, Payload: "busy"}) {
		t.Errorf("%+v", got)
	}
}

func TestRetryAfter(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Status: 429, Header: []string{"Retry-After: 1"}}, archivetest.Page{Body: "there"})
	client := newClient(t, w, quick(1))
	began := time.Now()
	if x := get(t, client, "http://a.example/"); payload(x) != "there" || time.Since(began) < time.Second {
		t.Errorf("%v after %v", x.Failure, time.Since(began))
	}
	// A host that wants more than we wait is left alone, by all.
	w.Serve("http://b.example/", archivetest.Page{Status: 503, Body: "later", Header: []string{"Retry-After: " + time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}})
	if x := get(t, client, "http://b.example/"); payload(x) != "later" || len(x.Final().Tries) > 0 {
		t.Errorf("%v, %q", x.Failure, payload(x))
	}
	client.Wake() // before the hour is over
	if x := get(t, client, "http://b.example/other"); x.Failure == nil || x.Failure.Reason != fetch.HostFailing || !strings.Contains(x.Failure.Detail, "it asked to be left alone for 1h") && !strings.Contains(x.Failure.Detail, "59m") {
		t.Errorf("%v", x.Failure)
	}
	if n := len(w.Requests("http://b.example/other")); n > 0 {
		t.Errorf("%d requests", n)
	}
}

// What cannot be read as a time is none, and none is too long to be read.
func TestRetryAfterForms(t *testing.T) {
	for value, left := range map[string]bool{
		"120": true, "99999999999999999999999": true, "9223372036854775807": true, "Fri, 31 Dec 9999 23:59:59 GMT": true,
		"0": false, "-1": false, "soon": false, "1.5": false, "Thu, 01 Jan 1970 00:00:00 GMT": false,
	} {
		w := archivetest.NewWeb(t)
		w.Serve("http://a.example/", archivetest.Page{Status: 503, Header: []string{"Retry-After: " + value}}, archivetest.Page{})
		client := newClient(t, w)
		get(t, client, "http://a.example/")
		if x := get(t, client, "http://a.example/"); (x.Failure != nil) != left {
			t.Errorf("%s: %v", value, x.Failure)
		}
	}
}

// A host that fails again and again is left alone, and asked once more after
// Wake; others are not concerned.
func TestGivingUp(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Otherwise(archivetest.Page{Fault: archivetest.HangUp(archivetest.BeforeHead)})
	w.Serve("http://b.example/", archivetest.Page{})
	w.Serve("http://a.example/good", archivetest.Page{})
	w.At("a.example", "11.1.1.1")
	client := newClient(t, w, func(o *fetch.Options) { o.GiveUpAfter = 3 })
	ask := func(path string) (fetch.Reason, string) {
		x := get(t, client, "http://a.example"+path)
		if x.Failure == nil {
			return "", ""
		}
		return x.Failure.Reason, x.Failure.Detail
	}
	for i, path := range []string{"/1", "/2", "/good", "/3", "/4", "/5"} {
		if reason, _ := ask(path); reason != "" && reason != fetch.Closed {
			t.Fatalf("%d: %s", i, reason)
		}
	}
	reason, detail := ask("/good")
	if reason != fetch.HostFailing || !strings.Contains(detail, "3 pages in a row failed, the last one with: waiting for the response: the server closed the connection") {
		t.Errorf("%s, %s", reason, detail)
	}
	if x := get(t, client, "http://b.example/"); x.Failure != nil {
		t.Error(x.Failure)
	}
	client.Wake()
	if reason, _ := ask("/6"); reason != fetch.Closed {
		t.Errorf("after Wake: %s", reason)
	}
	if reason, _ := ask("/good"); reason != fetch.HostFailing {
		t.Errorf("after one more failure: %s", reason)
	}
	client.Wake()
	ask("/good")
	if reason, _ := ask("/7"); reason != fetch.Closed {
		t.Errorf("after one more success: %s", reason)
	}
}

// A host that answers that it is busy has more patience from us.
func TestGivingUpOnBusyHosts(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Otherwise(archivetest.Page{Status: 503})
	w.At("a.example", "11.1.1.1")
	client := newClient(t, w, func(o *fetch.Options) { o.GiveUpAfter = 2 })
	for i := range 8 {
		if x := get(t, client, fmt.Sprintf("http://a.example/%d", i)); x.Failure != nil {
			t.Fatalf("%d: %v", i, x.Failure)
		}
	}
	x := get(t, client, "http://a.example/9")
	if x.Failure == nil || x.Failure.Reason != fetch.HostFailing || !strings.Contains(x.Failure.Detail, "8 pages in a row failed, the last one with: HTTP 503") {
		t.Error(x.Failure)
	}
}

// Pages of a host are spaced; what goes along with a page is not.
func TestDelay(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Otherwise(archivetest.Page{Body: "x"})
	w.Redirect("http://a.example/from", "/to")
	w.At("a.example", "11.1.1.1")
	w.At("b.example", "11.1.1.2")
	w.At("local.example", "192.168.1.1")
	const delay = 400 * time.Millisecond
	client := newClient(t, w, func(o *fetch.Options) { o.Delay, o.AllowPrivate = delay, true })
	took := func(r fetch.Request) time.Duration {
		began := time.Now()
		if x := fetchWith(t.Context(), client, r); x.Failure != nil {
			t.Fatal(x.Failure)
		}
		return time.Since(began)
	}
	if d := took(fetch.Request{URL: "http://a.example/from", Robots: true}); d >= delay/2 {
		t.Errorf("the first page, with robots.txt and a redirect, took %v", d)
	}
	for _, c := range []struct {
		name    string
		request fetch.Request
		waits   bool
	}{
		{"another page", fetch.Request{URL: "http://a.example/2"}, true},
		{"another host", fetch.Request{URL: "http://b.example/2"}, false},
		{"a picture", fetch.Request{URL: "http://a.example/p", Along: true}, false},
		{"a page after the picture", fetch.Request{URL: "http://a.example/3"}, true},
		{"a private network", fetch.Request{URL: "http://local.example/1"}, false},
		{"a private network again", fetch.Request{URL: "http://local.example/2"}, false},
	} {
		if d := took(c.request); (d >= delay/2-10*time.Millisecond) != c.waits {
			t.Errorf("%s: it took %v", c.name, d)
		}
	}
}

func TestCrawlDelay(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Otherwise(archivetest.Page{Body: "x"})
	w.Serve("http://a.example/robots.txt", archivetest.Page{Body: "User-agent: *\nCrawl-delay: 0.5\n"})
	client := newClient(t, w)
	politely(t, client, "http://a.example/1")
	began := time.Now()
	politely(t, client, "http://a.example/2")
	if d := time.Since(began); d < 490*time.Millisecond {
		t.Errorf("it took %v", d)
	}
}

// Who waits for a host waits in line, whatever the line is for, and nothing of it
// is left when everybody has gone.
func TestWaitingEnds(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Status: 503, Header: []string{"Retry-After: 55"}})
	client := newClient(t, w)
	get(t, client, "http://a.example/")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	done := make(chan *fetch.Exchange)
	for i := range 20 {
		go func() {
			done <- fetchWith(ctx, client, fetch.Request{URL: fmt.Sprintf("http://a.example/%d", i)})
		}()
	}
	for range 20 {
		if x := <-done; x.Failure == nil || x.Failure.Reason != fetch.Timeout {
			t.Error(x.Failure)
		}
	}
}
