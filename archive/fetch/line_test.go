package fetch_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// Twenty fetches at once of one host go over one connection, one by one.
func TestOneAtATimePerHost(t *testing.T) {
	w := archivetest.NewWeb(t)
	client := newClient(t, w)
	for _, scheme := range []string{"http", "https"} {
		var all sync.WaitGroup
		for i := range 20 {
			url := fmt.Sprintf("%s://%s.example/%d", scheme, scheme, i)
			w.Serve(url, archivetest.Page{Body: "a"})
			all.Go(func() {
				if x := get(t, client, url); x.Failure != nil {
					t.Error(x.Failure)
				}
			})
		}
		all.Wait()
	}
	conns := map[int]int{}
	for _, r := range w.Requests("") {
		conns[r.Conn]++
	}
	if diff := cmp.Diff(map[int]int{1: 20, 2: 20}, conns); diff != "" {
		t.Errorf("requests by connection: -want +got:\n%s", diff)
	}
}

func TestWaitingInLine(t *testing.T) {
	w := archivetest.NewWeb(t)
	const slow, next, other = "http://a.example/slow", "http://a.example/next", "http://b.example/"
	w.Serve(slow, archivetest.Page{Fault: archivetest.Stall(archivetest.BeforeHead)})
	w.Serve(next, archivetest.Page{Body: "next"})
	w.Serve(other, archivetest.Page{Body: "other"})
	client := newClient(t, w)
	first, stop := context.WithCancel(t.Context())
	done := make(chan *fetch.Exchange)
	go func() { done <- fetchWith(first, client, fetch.Request{URL: slow}) }()
	w.Await(slow, 1)

	if x := get(t, client, other); payload(x) != "other" {
		t.Errorf("another host waits: %v", x.Failure)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if x := fetchWith(impatient, client, fetch.Request{URL: next}); x.Failure == nil || x.Failure.Reason != fetch.Timeout || len(x.Hops) != 0 {
		t.Errorf("waiting does not honour its context: %v, %+v", x.Failure, x.Hops)
	}
	if n := len(w.Requests(next)); n != 0 {
		t.Fatalf("%d requests overtook", n)
	}
	patient := make(chan *fetch.Exchange)
	go func() { patient <- fetchWith(t.Context(), client, fetch.Request{URL: next}) }()
	stop()
	<-done
	if x := <-patient; payload(x) != "next" {
		t.Errorf("after its turn came: %v", x.Failure)
	}
}

// Time in line is not the exchange's.
func TestTimeInLineDoesNotCount(t *testing.T) {
	w := archivetest.NewWeb(t)
	const slow, next = "http://a.example/slow", "http://a.example/next"
	w.Serve(slow, archivetest.Page{Fault: archivetest.Stall(archivetest.BeforeHead)})
	w.Serve(next, archivetest.Page{Body: "next"})
	client := newClient(t, w, func(o *fetch.Options) { o.Timeout = 300 * time.Millisecond })
	done := make(chan *fetch.Exchange, 3)
	go func() { done <- get(t, client, slow) }()
	w.Await(slow, 1)
	for range 2 {
		go func() { done <- get(t, client, slow) }()
	}
	w.Await(slow, 2)
	if x := get(t, client, next); payload(x) != "next" {
		t.Errorf("%v", x.Failure)
	}
	for range 3 {
		if x := <-done; x.Failure == nil || x.Failure.Reason != fetch.Timeout || len(x.Hops) != 1 {
			t.Errorf("%v, %+v", x.Failure, x.Hops)
		}
	}
}

// A server may end an idle connection at the moment it is used again.
func TestRetryOnlyOnKeptConnections(t *testing.T) {
	w := archivetest.NewWeb(t)
	const url = "http://a.example/"
	gone := archivetest.Page{Fault: archivetest.HangUp(archivetest.BeforeHead)}
	whole := archivetest.Page{Body: "a"}
	for name, test := range map[string]struct {
		pages []archivetest.Page
		want  []fetch.Reason // of each fetch
		conns []int          // of each request
	}{
		"kept and closed": {[]archivetest.Page{whole, gone, whole}, []fetch.Reason{"", ""}, []int{1, 1, 2}},
		"kept and reset":  {[]archivetest.Page{whole, {Fault: archivetest.Reset(archivetest.BeforeHead)}, whole}, []fetch.Reason{"", ""}, []int{1, 1, 2}},
		"closed twice":    {[]archivetest.Page{whole, gone, gone, whole}, []fetch.Reason{"", fetch.Closed}, []int{1, 1, 2}},
		"fresh":           {[]archivetest.Page{gone, whole}, []fetch.Reason{fetch.Closed, ""}, []int{1, 2}},
		"within the head": {[]archivetest.Page{whole, {Fault: archivetest.HangUp(archivetest.InHead)}, whole}, []fetch.Reason{"", fetch.Closed}, []int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w.Serve(url, test.pages...)
			client := newClient(t, w)
			before := w.Requests("")
			var got []fetch.Reason
			for range test.want {
				got = append(got, summarise(get(t, client, url)).Reason)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var conns []int
			for _, r := range w.Requests("")[len(before):] {
				if len(conns) == 0 && r.Conn > 1 {
					before = append(before, archivetest.Request{Conn: r.Conn - 1})
				}
				offset := 0
				if len(before) > 0 {
					offset = before[len(before)-1].Conn
				}
				conns = append(conns, r.Conn-offset)
			}
			if diff := cmp.Diff(test.conns, conns); diff != "" {
				t.Errorf("connections: -want +got:\n%s", diff)
			}
		})
	}
}

func TestServerClosesIdleConnections(t *testing.T) {
	w := archivetest.NewWeb(t)
	const url = "https://a.example/"
	w.Serve(url, archivetest.Page{Body: "a"})
	client := newClient(t, w)
	for range 10 {
		if x := get(t, client, url); x.Failure != nil || payload(x) != "a" {
			t.Fatalf("%v", x.Failure)
		}
		w.CloseConns()
	}
}

// After anything doubtful the connection is not used again, so that no byte of
// one answer can be taken for the next one.
func TestDoubtfulAnswersEndTheConnection(t *testing.T) {
	const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	for name, raw := range map[string]string{
		"a length that is too short": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" + evil,
		"a body where none may be":   "HTTP/1.1 204 No Content\r\nContent-Length: 50\r\n\r\n",
		"chunks where none may be":   "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
		"length and chunks":          "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"two equal lengths":          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
		"a blank before the colon":   "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
		"a blank before the name":    "HTTP/1.1 200 OK\r\n Content-Length: 50\r\nContent-Length: 2\r\n\r\nhi",
		"a folded length":            "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nhi",
		"line feeds":                 "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
		"a lone carriage return":     "HTTP/1.1 200 OK\r\nX: a\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi",
		"a line without a colon":     "HTTP/1.1 200 OK\r\nhello\r\nContent-Length: 2\r\n\r\nhi",
		"HTTP/1.0 with keep-alive":   "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
		"after the last chunk":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + evil,
		"it says so":                 "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nhi",
		"the body is cut":            "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + string(make([]byte, 2_000_000)),
	} {
		t.Run(name, func(t *testing.T) {
			w := archivetest.NewWeb(t)
			const url = "http://a.example/"
			w.Serve(url, archivetest.Page{Raw: raw, Keep: true}, archivetest.Page{Body: "good"})
			client := newClient(t, w, func(o *fetch.Options) { o.MaxBytes = 1_000_000 })
			if x := get(t, client, url); x.Failure != nil {
				t.Fatalf("first: %v", x.Failure)
			}
			if x := get(t, client, url); payload(x) != "good" {
				t.Errorf("second: %v, %.20q", x.Failure, payload(x))
			}
			if r := w.Requests(url); r[1].Conn != 2 {
				t.Errorf("the second request went over connection %d", r[1].Conn)
			}
		})
	}
}

// What a server says unasked, while the connection is idle, ends it.
func TestUnaskedAnswer(t *testing.T) {
	servers := make(chan net.Conn, 2)
	client := fetch.New(fetch.Options{AllowPrivate: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		servers <- theirs
		return ours, nil
	}})
	defer client.Close()
	fetched := make(chan *fetch.Exchange)
	ask := func() { fetched <- fetchWith(context.Background(), client, fetch.Request{URL: "http://a.example/"}) }
	answer := func(c net.Conn, body string) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}

	go ask()
	first := <-servers
	answer(first, "good")
	if x := <-fetched; payload(x) != "good" {
		t.Fatalf("%v", x.Failure)
	}
	io.WriteString(first, "H") // returns when the client has read it
	first.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := first.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the client keeps the connection: %v", err)
	}
	go ask()
	answer(<-servers, "better")
	if x := <-fetched; payload(x) != "better" {
		t.Errorf("%v, %q", x.Failure, payload(x))
	}
}

// A connection that nobody uses is ended after half a minute.
func TestIdleConnectionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		client := fetch.New(fetch.Options{AllowPrivate: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
			return ours, nil
		}})
		defer client.Close()
		go func() {
			http.ReadRequest(bufio.NewReader(theirs))
			io.WriteString(theirs, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}()
		if x := get(t, client, "http://a.example/"); x.Failure != nil {
			t.Fatal(x.Failure)
		}
		start := time.Now()
		if _, err := theirs.Read(make([]byte, 1)); err != io.EOF || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// Connections to many hosts do not pile up.
func TestIdleConnectionsAreLimited(t *testing.T) {
	w := archivetest.NewWeb(t)
	client := newClient(t, w)
	for i := range 100 {
		url := fmt.Sprintf("http://h%d.example/", i)
		w.Serve(url, archivetest.Page{Body: "a"})
		if x := get(t, client, url); x.Failure != nil {
			t.Fatal(x.Failure)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); w.OpenConns() > 64; {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are open", w.OpenConns())
		}
		time.Sleep(time.Millisecond) // the server notices a closed connection when it reads
	}
}

// The same client from many goroutines, over hosts that behave and hosts that
// do not: for the race detector.
func TestManyGoroutines(t *testing.T) {
	w := archivetest.NewWeb(t)
	client := newClient(t, w, func(o *fetch.Options) { o.HeadTimeout, o.IdleTimeout = time.Second, 20*time.Millisecond })
	pages := []archivetest.Page{
		{Body: text},
		{Body: text, Chunked: true},
		{Body: text, Fault: archivetest.HangUp(archivetest.InBody)},
		{Body: text, Fault: archivetest.Stall(archivetest.InBody)},
		{Body: text, Fault: archivetest.Reset(archivetest.BeforeHead)},
		redirect(302, "http://h0.example/"),
	}
	for i, page := range pages {
		w.Serve(fmt.Sprintf("http://h%d.example/", i), page)
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 12 {
				x := get(t, client, fmt.Sprintf("http://h%d.example/", (g+i)%len(pages)))
				if x.Failure != nil && x.Failure.Reason != fetch.Reset {
					t.Error(x.Failure)
				}
			}
		})
	}
	all.Wait()
}
