package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// patience is the time a page gets that never comes to rest. Three times that is
// far more than the browser may take for it.
const patience = 20 * time.Second

// endless answers forever.
func endless(w http.ResponseWriter, r *http.Request, kind, line string) {
	w.Header().Set("Content-Type", kind)
	for r.Context().Err() == nil {
		fmt.Fprint(w, line)
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
	}
}

// hostileSite serves pages that do not want to be recorded.
func hostileSite(t *testing.T, pages map[string]string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless-document":
			endless(w, r, "text/html", "<p>more\n")
			return
		case "/endless-script.js":
			endless(w, r, "text/javascript", "//more\n")
			return
		case "/endless-data":
			endless(w, r, "text/plain", "data: more\n\n")
			return
		case "/flood":
			w.Header().Set("Content-Type", "image/png")
			block := make([]byte, 1<<16)
			for range 1 << 10 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
			return
		case "/save":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
			fmt.Fprint(w, "saved")
			return
		case "/worker.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `fetch("/from-worker"); setInterval(() => { for (let i = 0; i < 1e7; i++); }, 1)`)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, pages[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	return s
}

// Each of these pages says "Still here" and then does what it can to be endless.
// All are recorded in time, with the word for what was cut short.
func TestHostilePages(t *testing.T) {
	b := newBrowser(t, Options{Timeout: patience, MaxBytes: 32 << 20})
	for _, test := range []struct {
		name, page string
		limit      Limit // "": none
	}{
		{"never idle", `<script>setInterval(() => fetch("/x" + Math.random()), 100)</script>`, LimitTime},
		{"endless script", `<script src="/endless-script.js"></script>`, LimitTime},
		{"endless events", `<script>new EventSource("/endless-data")</script>`, ""},
		{"endless fetch", `<script>fetch("/endless-data").then(r => r.text())</script>`, ""},
		{"many requests", `<script>for (let i = 0; i < 3000; i++) fetch("/x?" + i).catch(() => 0)</script>`, LimitRequests},
		{"many bytes", `<script>fetch("/flood").then(r => r.text()); fetch("/flood?2").then(r => r.text())</script>`, LimitBytes},
		{"alerts", `<script>setTimeout(() => { for (;;) alert("no") }, 100)</script>`, LimitDialogs},
		{"prompts", `<script>confirm("a"); prompt("b"); alert("c")</script>`, ""},
		{"popups", `<script>for (let i = 0; i < 30; i++) window.open("/popup?" + i)</script><a id=a href="/popup" target=_blank>x</a><script>a.click()</script>`, ""},
		{"download", `<script>setTimeout(() => { const a = document.createElement("a"); a.href = "/save"; a.download = "x"; a.click(); location.href = "/save"; }, 10)</script>`, ""},
		{"printing", `<script>for (let i = 0; i < 5; i++) window.print()</script>`, ""},
		{"workers", `<script>for (let i = 0; i < 4; i++) new Worker("/worker.js")</script>`, ""},
		{"busy", `<script>setTimeout(() => { for (;;); }, 50)</script>`, LimitScripts},
		{"growing", `<script>setInterval(() => { for (let i = 0; i < 5000; i++) document.body.append(Object.assign(document.createElement("i"), {textContent: "more", hidden: true})) }, 1)</script>`, LimitDOM},
		{"tall", `<div style="height:5000000px">tall</div>`, LimitHeight},
		{"frames", `<script>for (let i = 0; i < 100; i++) document.body.append(Object.assign(document.createElement("iframe"), {src: "/frame?" + i}))</script>`, ""},
		{"nested", `<iframe src="/"></iframe><iframe src="/?2"></iframe>`, ""},
		{"reloads", `<script>setTimeout(() => location.href = "/?" + Math.random(), 20)</script>`, LimitNavigations},
		{"refresh", `<meta http-equiv=refresh content="0">`, LimitNavigations},
		{"unload", `<script>onbeforeunload = e => { e.preventDefault(); return "stay" }; setTimeout(() => location.href = "/none", 10)</script>`, ""},
		{"rewritten", `<script>setInterval(() => { document.body.innerHTML = "Still here" + Math.random() }, 1)</script>`, ""},
		{"lying", `<script>Object.defineProperty(Element.prototype, "outerHTML", {get() { return "lie" }}); document.documentElement.remove = 1; XMLSerializer.prototype.serializeToString = () => "lie"; String.prototype.slice = () => "lie"</script>`, ""},
		{"elsewhere", `<script>for (const to of ["file:///etc/passwd", "chrome://version", "data:text/html,x", "ftp://127.0.0.1/x", "view-source:" + location]) { try { location.href = to } catch {} try { open(to) } catch {}; document.body.append(Object.assign(document.createElement("iframe"), {src: to})) }</script>`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := hostileSite(t, map[string]string{
				"/": "<!doctype html><body><p>Still here</p>" + test.page, "/popup": "<p>popup", "/frame": "<p>frame", "/none": "<p>Still here",
			})
			if _, err := b.running(t.Context()); err != nil { // starting it is not what is timed
				t.Fatal(err)
			}
			began := time.Now()
			r := render(t, b, s.URL+"/")
			if took := time.Since(began); took > 3*patience {
				t.Errorf("it took %v", took)
			}
			if r.Failure != nil || !strings.Contains(string(r.DOM), "Still here") {
				t.Fatalf("%v: %.300q", r.Failure, r.DOM)
			}
			if test.limit != "" && !slices.Contains(r.Limits, test.limit) {
				t.Errorf("limits %v, want %s", r.Limits, test.limit)
			}
			if r.Screenshot == nil && test.name != "growing" {
				t.Error("no picture")
			}
			t.Logf("%v settled %t limits %v, %d hops, %d resources, %d bytes", time.Since(began), r.Settled, r.Limits, len(r.Hops), len(r.Resources), len(r.DOM))
		})
	}
}

func TestEndlessDocument(t *testing.T) {
	s := hostileSite(t, nil)
	r := render(t, newBrowser(t, Options{Timeout: patience}), s.URL+"/endless-document")
	if r.Failure != nil || r.Document == nil || r.Document.Truncated != fetch.Time || !strings.Contains(string(r.DOM), "<p>more") || r.Settled && len(r.Limits) == 0 {
		t.Errorf("%v: %+v, limits %v", r.Failure, r.Document, r.Limits)
	}
}

// A page that takes all memory is ended, and no other.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is watched on Linux only")
	}
	s := hostileSite(t, map[string]string{
		"/hungry": `<script>const all = []; setInterval(() => all.push(new Uint8Array(32 << 20).fill(1)), 10); setInterval(() => fetch("/x"), 200)</script>`,
		"/plain":  `<p>Still here<script>setTimeout(() => document.body.append("in the end"), 1500); fetch("/endless-data")</script>`,
	})
	b := newBrowser(t, Options{Timeout: 15 * time.Second, MaxMemory: 900 << 20})
	hungry := make(chan *Rendering, 1)
	go func() {
		r, err := b.Render(context.WithoutCancel(t.Context()), Request{URL: s.URL + "/hungry"})
		if err != nil {
			t.Error(err)
		}
		hungry <- r
	}()
	plain := render(t, b, s.URL+"/plain")
	if plain.Failure != nil {
		t.Errorf("the other page: %v", plain.Failure)
	}
	if r := <-hungry; r == nil || r.Failure == nil || !strings.Contains(r.Failure.Detail, "memory") {
		t.Errorf("the page: %+v", r.Failure)
	}
}

// Nothing of a browser is left when it is closed or the caller gives up, and what
// a killed run left is removed by the next.
func TestNothingIsLeft(t *testing.T) {
	folder, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	left := filepath.Join(folder, profilePrefix+"1")
	if err := os.MkdirAll(filepath.Join(left, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(left, long, long); err != nil {
		t.Fatal(err)
	}
	s := hostileSite(t, map[string]string{"/": `<p>x<script>setInterval(() => fetch("/x"), 50)</script>`})
	b := newBrowser(t, Options{Folder: folder})
	proc, err := b.running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed run left is still there")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(time.Second, cancel)
	if r, err := b.Render(ctx, Request{URL: s.URL + "/"}); err == nil {
		t.Errorf("a look that was given up: %+v", r)
	}
	pid := proc.cmd.Process.Pid
	b.Close()
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if processes := processesOf(t, folder, pid); len(processes) != 0 {
		t.Errorf("processes left behind: %v", processes)
	}
	if _, err := b.Render(t.Context(), Request{URL: s.URL}); err == nil {
		t.Error("a closed browser renders")
	}
}

// A browser that dies is started anew for the next page.
func TestBrowserDies(t *testing.T) {
	s := site(t, map[string]string{"/": "<p>Alive"})
	b := newBrowser(t, Options{})
	proc, err := b.running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = proc.cmd.Process.Kill()
	<-proc.gone
	if r := render(t, b, s.URL+"/"); r.Failure != nil || !strings.Contains(string(r.DOM), "Alive") {
		t.Errorf("%v %q", r.Failure, r.DOM)
	}
}
