package fetch_test

import (
	"context"
	"testing"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// newClient returns a client of the web, which ends with the test.
func newClient(t testing.TB, w *archivetest.Web, change ...func(*fetch.Options)) *fetch.Client {
	t.Helper()
	options := fetch.Options{DialContext: w.DialContext, RootCAs: w.RootCAs()}
	for _, f := range change {
		f(&options)
	}
	client := fetch.New(options)
	t.Cleanup(client.Close)
	return client
}

func get(t testing.TB, client *fetch.Client, url string) *fetch.Exchange {
	t.Helper()
	return client.Fetch(context.Background(), fetch.Request{URL: url})
}

func TestSmoke(t *testing.T) {
	w := archivetest.NewWeb(t)
	c := newClient(t, w)
	w.Serve("http://a.example/x", archivetest.Page{Body: "hello", Header: []string{"Set-Cookie: a=b"}})
	w.Serve("https://a.example/x", archivetest.Page{Body: "hello", Chunked: true})
	w.Redirect("http://b.example/", "https://a.example/x")
	for _, u := range []string{"http://a.example/x", "http://a.example/x", "https://a.example/x", "http://b.example/"} {
		x := get(t, c, u)
		t.Logf("%+v", x)
		if x.Failure != nil || string(x.Payload) != "hello" {
			t.Fatal(x.Failure)
		}
		t.Logf("%s%s", x.Hops[0].Request, x.Hops[0].Response)
	}
	for _, r := range w.Requests("") {
		t.Log(r.URL, r.Conn)
	}
}
