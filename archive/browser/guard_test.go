package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"code.dny.dev/ssrf"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// canary is what must not be reached: a server on loopback, over TCP and UDP,
// IPv4 and, where there is one, IPv6.
type canary struct {
	port string
	mu   sync.Mutex
	seen []string
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &canary{}
	_, c.port, _ = net.SplitHostPort(tcp.Addr().String())
	c.serve(t, tcp)
	if six, err := net.Listen("tcp6", "[::1]:"+c.port); err == nil {
		c.serve(t, six)
	}
	udp, err := net.ListenPacket("udp4", "127.0.0.1:"+c.port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	go func() {
		block := make([]byte, 2048)
		for {
			n, from, err := udp.ReadFrom(block)
			if err != nil {
				return
			}
			c.note(fmt.Sprintf("UDP, %d bytes from %s", n, from))
		}
	}()
	return c
}

func (c *canary) serve(t *testing.T, listener net.Listener) {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.note(r.Method + " " + r.URL.Path)
		w.Header().Set("Access-Control-Allow-Origin", "*")
		fmt.Fprint(w, "secret")
	}), ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.note("a connection")
		}
	}}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
}

func (c *canary) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, what)
}

func (c *canary) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.seen
	c.seen = nil
	return seen
}

// publicWeb is a dialer that is guarded as the real one is, and reaches the page
// of a test under a public name. It resolves the names of evil.example as an
// attacker's server would, once each dial.
type publicWeb struct {
	site     string // host:port that news.example stands for
	guarded  bool
	canary   string // port
	lookups  atomic.Int64
	mu       sync.Mutex
	attempts []string
}

func (w *publicWeb) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "news.example" {
		return (&net.Dialer{}).DialContext(ctx, network, w.site)
	}
	w.mu.Lock()
	w.attempts = append(w.attempts, address)
	w.mu.Unlock()
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	if w.guarded {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	switch host {
	case "internal.example":
		host = "127.0.0.1"
	case "rebind.example": // public when it is looked up first, then loopback
		if w.lookups.Add(1) == 1 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.ErrDeadlineExceeded}
		}
		host = "127.0.0.1"
	default:
		if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
	}
	return dialer.DialContext(ctx, network, net.JoinHostPort(host, port))
}

func serveOn(t *testing.T, pages map[string]string) (*httptest.Server, *publicWeb, *canary) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		switch {
		case strings.HasSuffix(r.URL.Path, ".js"):
			w.Header().Set("Content-Type", "text/javascript")
		default:
			w.Header().Set("Content-Type", "text/html")
		}
		fmt.Fprint(w, pages[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	c := newCanary(t)
	return s, &publicWeb{site: s.Listener.Addr().String(), canary: c.port, guarded: true}, c
}

// Addresses that mean a private place, however they are written, are refused when
// they are asked for, and when another place sends the browser there.
func TestPrivateAddresses(t *testing.T) {
	_, web, c := serveOn(t, nil)
	b := newBrowser(t, Options{Dial: web.dial, Timeout: 15 * time.Second})
	port := c.port
	for _, address := range []string{
		"http://127.0.0.1:" + port + "/", "https://127.0.0.1:" + port + "/", "http://2130706433:" + port + "/", "http://0x7f000001:" + port + "/",
		"http://0177.0.0.1:" + port + "/", "http://127.1:" + port + "/", "http://[::1]:" + port + "/", "http://[::ffff:127.0.0.1]:" + port + "/",
		"http://[::ffff:7f00:1]:" + port + "/", "http://0.0.0.0:" + port + "/", "http://localhost:" + port + "/", "http://internal.example:" + port + "/",
		"http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[fd00:ec2::254]/",
	} {
		for _, asked := range []string{address, "http://news.example/?to=" + address} {
			r := render(t, b, asked)
			if r.Failure == nil || r.Failure.Reason != fetch.PrivateAddress || r.DOM != nil {
				t.Errorf("%s: %+v %.100q", asked, r.Failure, r.DOM)
			}
		}
	}
	for range 3 {
		if r := render(t, b, "http://rebind.example:"+port+"/"); r.Failure == nil || r.DOM != nil {
			t.Errorf("a name that changes its meaning: %+v", r)
		}
	}
	if seen := c.take(); len(seen) != 0 {
		t.Errorf("the canary saw %v", seen)
	}
}

// reaches is every way of a page's script to another machine. TO is an address of
// the canary without its scheme.
const reaches = `<!doctype html>
<link rel=dns-prefetch href="http://TO/dns"><link rel=preconnect href="http://TO/preconnect"><link rel=prefetch href="http://TO/prefetch">
<link rel=stylesheet href="http://TO/style"><img src="http://TO/img"><iframe src="http://TO/iframe"></iframe>
<object data="http://TO/object"></object><embed src="http://TO/embed"><audio src="http://TO/audio" autoplay></audio>
<img src="/?to=http://TO/redirect"><iframe src="/?to=http://TO/iframe-redirect"></iframe>
<style>body{background:url(http://TO/css)} @font-face{font-family:x;src:url(http://TO/font)} p{font-family:x}</style><p>text
<form id=f action="http://TO/form" target=frame></form><iframe name=frame></iframe><a id=a href="/" ping="http://TO/ping"></a>
<script type="speculationrules">{"prefetch":[{"urls":["http://TO/speculation"]}]}</script>
<script>
const quietly = f => { try { const r = f(); if (r && r.catch) r.catch(() => 0) } catch {} };
quietly(() => fetch("http://TO/fetch", {mode: "no-cors"}));
quietly(() => fetch("/?to=http://TO/fetch-redirect", {mode: "no-cors"}));
quietly(() => new WebSocket("ws://TO/socket"));
quietly(() => new EventSource("http://TO/events"));
quietly(() => navigator.sendBeacon("http://TO/beacon", "x"));
quietly(() => fetch("http://TO/keepalive", {mode: "no-cors", keepalive: true}));
quietly(() => { const x = new XMLHttpRequest(); x.open("POST", "http://TO/xhr"); x.send("x") });
quietly(() => import("http://TO/module"));
quietly(() => new Worker("/worker.js"));
quietly(() => new SharedWorker("/worker.js"));
quietly(() => navigator.serviceWorker.register("/service.js"));
quietly(() => window.open("http://TO/popup"));
quietly(() => document.getElementById("f").submit());
quietly(() => new WebTransport("https://TO/transport"));
quietly(() => { for (const url of ["stun:TO", "turn:TO?transport=udp", "turn:TO?transport=tcp"]) {
	const c = new RTCPeerConnection({iceServers: [{urls: url, username: "u", credential: "p"}]});
	c.createDataChannel("x"); c.createOffer().then(o => c.setLocalDescription(o)); }
});
quietly(() => { const f = document.createElement("iframe"); document.body.append(f); const R = f.contentWindow.RTCPeerConnection;
	const c = new R({iceServers: [{urls: "stun:TO"}]}); c.createDataChannel("x"); c.createOffer().then(o => c.setLocalDescription(o)) });
</script>`

const reachingWorker = `try { importScripts("http://TO/import") } catch {}
fetch("http://TO/worker", {mode: "no-cors"}).catch(() => 0); try { new WebSocket("ws://TO/worker-socket") } catch {}`

// TestReaches holds that no script gets to a private address, and that these
// scripts would get there if nobody minded.
func TestReaches(t *testing.T) {
	for _, to := range []string{"127.0.0.1", "internal.example"} {
		t.Run(to, func(t *testing.T) {
			pages := map[string]string{}
			_, web, c := serveOn(t, pages)
			for path, text := range map[string]string{"/": reaches, "/worker.js": reachingWorker, "/service.js": reachingWorker} {
				pages[path] = strings.ReplaceAll(text, "TO", to+":"+c.port)
			}
			for _, bare := range []bool{false, true} {
				b := newBrowser(t, Options{Dial: web.dial, Timeout: 20 * time.Second, bare: bare, extra: secure})
				if r := render(t, b, "http://news.example/"); r.Failure != nil || !strings.Contains(string(r.DOM), "text") {
					t.Errorf("%v %.200q", r.Failure, r.DOM)
				}
				time.Sleep(500 * time.Millisecond)
				b.Close()
				if seen := c.take(); len(seen) != 0 {
					t.Errorf("bare %t: the canary saw %v", bare, seen)
				}
			}
			web.guarded = false
			b := newBrowser(t, Options{Dial: web.dial, Timeout: 20 * time.Second, bare: true, extra: secure})
			render(t, b, "http://news.example/")
			time.Sleep(500 * time.Millisecond)
			seen := c.take()
			for _, want := range []string{"/img", "/iframe", "/style", "/fetch", "/fetch-redirect", "/redirect", "/socket", "/events", "/beacon", "/xhr", "/import", "/worker", "/module", "/css"} {
				if !slices.ContainsFunc(seen, func(s string) bool { return strings.HasSuffix(s, " "+want) }) {
					t.Errorf("without a guard the canary did not see %s: this test proves nothing of it", want)
				}
			}
			if slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, "UDP") }) {
				t.Errorf("something went past the proxy: %v", seen)
			}
		})
	}
}

// secure lets the page of a test have what browsers keep for https, such as service
// workers.
var secure = []string{"--unsafely-treat-insecure-origin-as-secure=http://news.example"}

// The browser's own record of what it does holds no look-up of a name and no
// connection but those to the proxy.
func TestNetLog(t *testing.T) {
	pages := map[string]string{}
	_, web, c := serveOn(t, pages)
	for path, text := range map[string]string{"/": reaches, "/worker.js": reachingWorker, "/service.js": reachingWorker} {
		pages[path] = strings.ReplaceAll(text, "TO", "other.example:"+c.port)
	}
	file := filepath.Join(t.TempDir(), "net.json")
	b := newBrowser(t, Options{Dial: web.dial, Timeout: 20 * time.Second, bare: true, extra: append([]string{"--log-net-log=" + file}, secure...)})
	render(t, b, "http://news.example/")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	// One that is killed does not finish its log.
	_ = b.proc.call(ctx, "", "Browser.close", nil, nil)
	<-b.proc.ended
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Constants struct {
			Types map[string]int `json:"logEventTypes"`
		} `json:"constants"`
		Events []struct {
			Type   int            `json:"type"`
			Params map[string]any `json:"params"`
		} `json:"events"`
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	names := map[int]string{}
	for name, number := range log.Constants.Types {
		names[number] = name
	}
	connections := 0
	for _, event := range log.Events {
		said := fmt.Sprint(event.Params)
		switch names[event.Type] {
		case "TCP_CONNECT_ATTEMPT":
			if connections++; !strings.Contains(said, "127.0.0.1:") && event.Params["address"] != nil {
				t.Errorf("a connection past the proxy: %s", said)
			}
			if strings.Contains(said, ":"+c.port) {
				t.Errorf("a connection to the canary: %s", said)
			}
		case "UDP_CONNECT": // sends nothing: this is how it finds out whether there is a route for IPv6
			if address, _ := event.Params["address"].(string); address != "" && address != "[2001:4860:4860::8888]:443" {
				t.Errorf("a way past the proxy: %s", said)
			}
		case "UDP_BYTES_SENT", "DNS_TRANSACTION", "DNS_TRANSACTION_QUERY", "HOST_RESOLVER_SYSTEM_TASK", "QUIC_SESSION":
			t.Errorf("%s: %s", names[event.Type], said)
		}
	}
	if connections == 0 {
		t.Error("the log holds no connection at all")
	}
}

// Only the browser of a run is served, and only what goes out.
func TestProxy(t *testing.T) {
	s := site(t, map[string]string{"/": "hello"})
	p, err := newProxy((&net.Dialer{}).DialContext, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	ask := func(request string) string {
		c, err := net.Dial("tcp", p.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprint(c, request)
		answer, _ := io.ReadAll(c)
		return string(answer)
	}
	host := s.Listener.Addr().String()
	for _, request := range []string{
		"GET " + s.URL + "/ HTTP/1.0\r\n\r\n",
		"GET " + s.URL + "/ HTTP/1.0\r\nProxy-Authorization: Basic d2Fsa2JhY2s6\r\n\r\n",
		"CONNECT " + host + " HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
	} {
		if answer := ask(request); !strings.Contains(answer, " 407 ") || strings.Contains(answer, "hello") {
			t.Errorf("%q: %q", request, answer)
		}
	}
	credentials := &http.Request{Header: http.Header{}}
	credentials.SetBasicAuth(proxyUser, p.password)
	authorization := "Proxy-Authorization: " + credentials.Header.Get("Authorization") + "\r\n\r\n"
	if answer := ask("GET " + s.URL + "/ HTTP/1.0\r\n" + authorization); !strings.Contains(answer, "hello") {
		t.Errorf("the browser's own request: %q", answer)
	}
	for _, request := range []string{"GET file:///etc/passwd HTTP/1.0\r\n", "GET ftp://127.0.0.1/ HTTP/1.0\r\n", "GET / HTTP/1.0\r\n"} {
		if answer := ask(request + authorization); !strings.Contains(answer, " 400 ") {
			t.Errorf("%q: %q", request, answer)
		}
	}
	if p.remote(host) != host || p.failure(host) != nil {
		t.Errorf("%s was reached at %q (%v)", host, p.remote(host), p.failure(host))
	}
}
