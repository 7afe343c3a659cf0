package fetch_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

// newProxy returns a proxy that leads into the web.
func newProxy(t testing.TB, w *archivetest.Web) *archivetest.Proxy {
	t.Helper()
	p, err := archivetest.StartProxy(w.DialContext)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// through returns a client that goes through a proxy, and looks names up in the
// web for its guard.
func through(t testing.TB, w *archivetest.Web, address string, change ...func(*fetch.Options)) *fetch.Client {
	t.Helper()
	via, err := fetch.ParseProxy(address)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, w, append(change, func(o *fetch.Options) {
		o.DialContext, o.Resolver, o.Via, o.HeadTimeout = nil, w.Resolver(), via, 5*time.Second
	})...)
}

func TestProxies(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Body: "plain"})
	w.Serve("https://a.example/", archivetest.Page{Body: "secure"})
	w.At("a.example", "11.2.3.4")
	for scheme, want := range map[string][]string{
		"http":    {"a.example:80", "a.example:443"},
		"socks5h": {"a.example:80", "a.example:443"},
		"socks5":  {"11.2.3.4:80", "11.2.3.4:443"},
	} {
		proxy := newProxy(t, w)
		proxy.Demand("me", "s3cret")
		// The web takes an address for a host of its own.
		w.Serve("http://11.2.3.4/", archivetest.Page{})
		client := through(t, w, scheme+"://me:s3cret@"+proxy.Addr())
		for _, url := range []string{"http://a.example/", "https://a.example/"} {
			x := get(t, client, url)
			if x.Failure != nil || payload(x) != map[bool]string{true: "secure", false: "plain"}[strings.HasPrefix(url, "https")] {
				t.Errorf("%s %s: %v, %q", scheme, url, x.Failure, payload(x))
				continue
			}
			if hop := x.Final(); hop.RemoteAddr != "" || len(hop.Resolved) > 0 != (scheme == "socks5") {
				t.Errorf("%s %s: from %q, resolved %v", scheme, url, hop.RemoteAddr, hop.Resolved)
			}
			if strings.HasPrefix(url, "https") && x.Final().TLS.ServerName != "a.example" {
				t.Errorf("%s: TLS for %q", scheme, x.Final().TLS.ServerName)
			}
		}
		if diff := cmp.Diff(want, proxy.Asked()); diff != "" {
			t.Errorf("%s: -want +asked:\n%s", scheme, diff)
		}
	}
}

// What is refused without a proxy is refused with one, before it is asked.
func TestProxiesAreGuarded(t *testing.T) {
	for _, scheme := range []string{"http", "socks5", "socks5h"} {
		w := archivetest.NewWeb(t)
		proxy := newProxy(t, w)
		client := through(t, w, scheme+"://"+proxy.Addr())
		w.At("mixed.example", "11.1.1.1", "192.168.1.1")
		w.At("six.example", "fd00::1")
		w.At("turns.example", "11.1.1.1")
		w.Redirect("http://turns.example/", "http://169.254.169.254/latest/meta-data/")
		for _, host := range []string{
			"127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]",
			"169.254.169.254", "10.0.0.1", "localhost", "a.localhost", "printer.local", "metadata.google.internal", "router",
			"mixed.example", "six.example",
		} {
			if x := get(t, client, "http://"+host+"/"); x.Failure == nil || x.Failure.Reason != fetch.PrivateAddress {
				t.Errorf("%s %s: %v", scheme, host, x.Failure)
			}
		}
		if asked := proxy.Asked(); asked != nil {
			t.Errorf("%s: the proxy was asked for %q", scheme, asked)
		}
		if scheme == "socks5" {
			continue // tells the proxy addresses, which the web has no pages at
		}
		if x := get(t, client, "http://turns.example/"); x.Failure == nil || x.Failure.Reason != fetch.PrivateAddress {
			t.Errorf("%s by redirect: %v", scheme, x.Failure)
		}
		// Rebinding: public when it was asked first, private now.
		w.At("turns.example", "10.1.1.1")
		w.CloseConns()
		if x := get(t, client, "http://turns.example/"); x.Failure == nil || x.Failure.Reason != fetch.PrivateAddress {
			t.Errorf("%s by rebinding: %v", scheme, x.Failure)
		}
		if diff := cmp.Diff([]string{"turns.example:80"}, proxy.Asked()); diff != "" {
			t.Errorf("%s: -want +asked:\n%s", scheme, diff)
		}
	}
}

// A name that only the proxy can look up is its business; one that nobody may
// look up is not looked up here.
func TestProxiesLookUpForThemselves(t *testing.T) {
	w := archivetest.NewWeb(t)
	proxy := newProxy(t, w)
	w.Serve("http://far.example/", archivetest.Page{Body: "far"})
	client := through(t, w, "socks5h://"+proxy.Addr(), func(o *fetch.Options) {})
	w.Down("far.example", archivetest.Unknown)
	if x := get(t, client, "http://far.example/"); x.Failure == nil || x.Failure.Reason != fetch.ProxyFailed {
		t.Errorf("far.example: %v", x.Failure)
	}
	if diff := cmp.Diff([]string{"far.example:80"}, proxy.Asked()); diff != "" {
		t.Errorf("-want +asked:\n%s", diff)
	}
}

func TestProxiesThatFail(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{})
	w.At("a.example", "11.1.1.1")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	demanding := newProxy(t, w)
	demanding.Demand("me", "s3cret")
	for name, c := range map[string]struct{ address, detail string }{
		"not there":              {"http://" + closed.Addr().String(), "connection refused"},
		"no SOCKS there":         {"socks5h://" + closed.Addr().String(), "connection refused"},
		"wants a password":       {"http://me:wr0ng@" + demanding.Addr(), "407"},
		"wants a SOCKS password": {"socks5h://me:wr0ng@" + demanding.Addr(), "authentication failed"},
		"is no proxy":            {"http://" + w.Addr(), "404"},
		"is no SOCKS proxy":      {"socks5h://" + w.Addr(), ""},
	} {
		client := through(t, w, c.address)
		if err := client.ReachVia(t.Context()); (err != nil) != strings.Contains(c.address, closed.Addr().String()) {
			t.Errorf("%s: it can be reached: %v", name, err)
		}
		x := get(t, client, "http://a.example/")
		if x.Failure == nil || x.Failure.Reason != fetch.ProxyFailed || !strings.Contains(x.Failure.Detail, c.detail) {
			t.Errorf("%s: %v", name, x.Failure)
		}
		if x.Failure != nil && strings.Contains(x.Failure.Detail, "wr0ng") {
			t.Errorf("%s: the password is told: %s", name, x.Failure.Detail)
		}
	}
}

func TestParseProxy(t *testing.T) {
	for _, bad := range []string{"", "proxy.example:8080", "ftp://proxy.example:21", "http://proxy.example", "http://:8080", "http://proxy.example:8080/path", "http://me:s3cret@proxy.example:port"} {
		if p, err := fetch.ParseProxy(bad); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, %v", bad, p, err)
		}
	}
	if p, err := fetch.ParseProxy("socks5h://me:s3cret@proxy.example:1080"); err != nil || p.String() != "socks5h://proxy.example:1080" {
		t.Errorf("%v, %v", p, err)
	}
}

// Every address of the answer is recorded, of a name that is refused too.
func TestResolvedAddresses(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("http://a.example/", archivetest.Page{Status: 302, Header: []string{"Location: http://b.example/"}})
	w.Serve("http://b.example/", archivetest.Page{})
	w.At("a.example", "11.1.1.1", "2a00::1", "11.1.1.2")
	w.At("b.example", "11.2.2.2")
	client := newClient(t, w)
	for range 2 { // the second time over kept connections
		x := get(t, client, "http://a.example/")
		var got [][]string
		for _, hop := range x.Hops {
			all := []string{hop.RemoteAddr}
			for _, addr := range hop.Resolved {
				all = append(all, addr.String())
			}
			got = append(got, all)
		}
		want := [][]string{{"11.1.1.1:80", "11.1.1.1", "2a00::1", "11.1.1.2"}, {"11.2.2.2:80", "11.2.2.2"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	own := fetch.New(fetch.Options{Resolver: w.Resolver()})
	defer own.Close()
	w.At("c.example", "10.0.0.1", "127.0.0.1")
	x := get(t, own, "http://c.example/")
	if len(x.Hops) != 1 || len(x.Hops[0].Resolved) != 2 {
		t.Errorf("refused: %+v", x.Hops)
	}
	if x := get(t, own, "http://127.0.0.1/"); x.Hops[0].Resolved != nil {
		t.Errorf("an address: %v", x.Hops[0].Resolved)
	}
}
