package fetch_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// With its own dialer the client refuses before anything is sent: the listener
// sees no connection.
func TestOwnDialerRefusesSpecialAddresses(t *testing.T) {
	w := archivetest.NewWeb(t)
	_, port, _ := net.SplitHostPort(w.Addr())
	client := fetch.New(fetch.Options{HeadTimeout: 2 * time.Second})
	defer client.Close()
	for _, host := range []string{
		"127.0.0.1", "127.8.9.10", "2130706433", "0x7f.1", "017700000001", "127.1", "localhost",
		"[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "0.0.0.0", "0",
		"10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
		"[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]", "[ff02::1]",
	} {
		for _, scheme := range []string{"http", "https"} {
			x := get(t, client, fmt.Sprintf("%s://%s:%s/", scheme, host, port))
			if x.Failure == nil || x.Failure.Reason != fetch.PrivateAddress || len(x.Hops) != 1 || x.Hops[0].Request != nil {
				t.Errorf("%s: %v", host, x.Failure)
			}
		}
	}
	if n := w.OpenConns(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestAllowPrivate(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve(w.Local("/"), archivetest.Page{Body: "mine"})
	client := fetch.New(fetch.Options{AllowPrivate: true})
	defer client.Close()
	x := get(t, client, w.Local("/"))
	if x.Failure != nil || payload(x) != "mine" || x.Final().RemoteAddr != w.Addr() {
		t.Errorf("%v, %q from %s", x.Failure, payload(x), x.Final().RemoteAddr)
	}
}

// Names are checked by what they resolve to.
func TestOwnDialerChecksResolvedAddresses(t *testing.T) {
	w := archivetest.NewWeb(t)
	_, port, _ := net.SplitHostPort(w.Addr())
	client := fetch.New(fetch.Options{Resolver: w.Resolver()})
	defer client.Close()
	w.At("a.example", "127.0.0.1")
	w.At("b.example", "::1")
	w.At("c.example", "10.0.0.1", "fd00::1", "127.0.0.1")
	for _, name := range []string{"a.example", "b.example", "c.example"} {
		if x := get(t, client, "http://"+name+":"+port+"/"); x.Failure == nil || x.Failure.Reason != fetch.PrivateAddress {
			t.Errorf("%s: %v", name, x.Failure)
		}
	}
	if x := get(t, client, "http://nowhere.example/"); x.Failure == nil || x.Failure.Reason != fetch.DNS {
		t.Errorf("nowhere.example: %v", x.Failure)
	}
	if n := w.OpenConns(); n != 0 {
		t.Errorf("%d connections were made", n)
	}

	open := fetch.New(fetch.Options{Resolver: w.Resolver(), AllowPrivate: true})
	defer open.Close()
	w.Serve("http://a.example:"+port+"/", archivetest.Page{Body: "mine"})
	if x := get(t, open, "http://a.example:"+port+"/"); x.Failure != nil || payload(x) != "mine" {
		t.Errorf("allowed: %v, %q", x.Failure, payload(x))
	}
}

// A name that is public at first and private at the next connection
// (rebinding) is refused then.
func TestRebinding(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Body: "public", Header: []string{"Connection: close"}}, archivetest.Page{Body: "secret"})
	client := newClient(t, w)
	if x := get(t, client, "http://a.example/"); x.Failure != nil {
		t.Fatal(x.Failure)
	}
	w.At("a.example", "192.168.0.1")
	x := get(t, client, "http://a.example/")
	if got := summarise(x); got != (summary{Reason: fetch.PrivateAddress}) {
		t.Errorf("got %+v (%v)", got, x.Failure)
	}
	if !strings.Contains(x.Failure.Detail, "192.168.0.1") {
		t.Errorf("detail %q does not name the address", x.Failure.Detail)
	}
	if n := len(w.Requests("")); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
}

// A connection whose other end has no address cannot be judged.
func TestDialerWithoutAddresses(t *testing.T) {
	client := fetch.New(fetch.Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
		c, _ := net.Pipe()
		return c, nil
	}})
	defer client.Close()
	if x := get(t, client, "http://a.example/"); x.Failure == nil || x.Failure.Reason != fetch.PrivateAddress {
		t.Errorf("got %v", x.Failure)
	}
}

func TestEnvironmentProxiesAreIgnored(t *testing.T) {
	proxy := archivetest.NewWeb(t)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://"+proxy.Addr())
	}
	w := archivetest.NewWeb(t)
	w.Serve(w.Local("/"), archivetest.Page{Body: "direct"})
	client := fetch.New(fetch.Options{AllowPrivate: true})
	defer client.Close()
	if x := get(t, client, w.Local("/")); payload(x) != "direct" {
		t.Errorf("%v, %q", x.Failure, payload(x))
	}
	if n := len(proxy.Requests("")); n != 0 {
		t.Errorf("the proxy got %d requests", n)
	}
}
