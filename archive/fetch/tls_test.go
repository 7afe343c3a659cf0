package fetch_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/fetch"
)

func TestTLSIsDescribed(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("https://a.example/", archivetest.Page{Body: "a"})
	w.Serve("https://11.1.2.3/", archivetest.Page{Body: "b"})
	client := newClient(t, w)
	for range 2 { // on a new connection, on the kept one
		x := get(t, client, "https://a.example/")
		if x.Failure != nil {
			t.Fatal(x.Failure)
		}
		got := x.Final().TLS
		if got == nil || got.Version != "TLS 1.3" || !strings.HasPrefix(got.Cipher, "TLS_") || got.ServerName != "a.example" || len(got.Chain) != 2 {
			t.Fatalf("got %+v", got)
		}
		leaf, err := x509.ParseCertificate(got.Chain[0])
		if err != nil || leaf.VerifyHostname("a.example") != nil {
			t.Errorf("leaf %v, %v", leaf, err)
		}
	}
	if x := get(t, client, "https://11.1.2.3/"); x.Failure != nil || x.Final().TLS.ServerName != "" {
		t.Errorf("an address: %v, %+v", x.Failure, x.Hops)
	}
	w.Serve("http://a.example/", archivetest.Page{Body: "a"})
	if x := get(t, client, "http://a.example/"); x.Final().TLS != nil {
		t.Errorf("http has TLS %+v", x.Final().TLS)
	}
}

func TestTLSFailuresSayWhy(t *testing.T) {
	for cert, want := range map[archivetest.Cert]string{
		archivetest.Expired:    "expired or not yet valid: it is for 2020-01-01 to 2021-01-01",
		archivetest.WrongName:  "for another name: x509: certificate is valid for elsewhere.example, not a.example",
		archivetest.SelfSigned: "signed by an unknown authority",
	} {
		w := archivetest.NewWeb(t)
		w.Serve("https://a.example/", archivetest.Page{Body: "a"})
		w.Certificate("a.example", cert)
		x := get(t, newClient(t, w), "https://a.example/")
		if got := summarise(x); got != (summary{Reason: fetch.TLSFailed}) || !strings.Contains(x.Failure.Detail, want) {
			t.Errorf("got %+v, %v; want %q", got, x.Failure, want)
		}
		if hop := x.Hops[0]; hop.TLS == nil || len(hop.TLS.Chain) == 0 || hop.Request != nil || hop.RemoteAddr == "" {
			t.Errorf("the certificates are not kept as evidence: %+v", hop)
		}
		if n := len(w.Requests("")); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	}
}

// The clock that judges certificates is the given one.
func TestTLSClock(t *testing.T) {
	w := archivetest.NewWeb(t)
	w.Serve("https://a.example/", archivetest.Page{Body: "a"})
	w.Certificate("a.example", archivetest.Expired)
	client := newClient(t, w, func(o *fetch.Options) {
		o.Now = func() time.Time { return time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC) }
	})
	if x := get(t, client, "https://a.example/"); x.Failure != nil {
		t.Errorf("in 2020: %v", x.Failure)
	}
}
