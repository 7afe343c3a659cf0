package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/walkback-dev/walkback/archive/replay"
)

// hostile is a page that tries to reach CANARY in all the ways that it knows.
const hostile = `<!DOCTYPE html><html manifest="CANARY/manifest"><head><base href="CANARY/base/">
<meta http-equiv="refresh" content="1;url=CANARY/refresh"><meta http-equiv="x-dns-prefetch-control" content="on">
<link rel="stylesheet" href="CANARY/style.css"><link rel="preload" as="image" href="CANARY/preload.png"><link rel="prefetch" href="CANARY/prefetch">
<link rel="preconnect" href="CANARY"><link rel="modulepreload" href="CANARY/module.js"><link rel="icon" href="CANARY/icon.png"><link rel="manifest" href="CANARY/app.json">
<style>@import "CANARY/import.css"; @font-face{font-family:x;src:url(CANARY/font.woff2)} body{font-family:x;background:url(CANARY/back.png),image-set("CANARY/set.png" 1x);cursor:url(CANARY/cursor.png),auto}
p::before{content:url(CANARY/content.png)} li{list-style-image:u\72l(CANARY/list.png)}</style>
<script src="CANARY/script.js"></script><script>fetch("CANARY/fetch"); new Image().src = "CANARY/image"; location = "CANARY/location"</script></head>
<body onload="fetch('CANARY/onload')" background="CANARY/body.png"><p style="background:url(CANARY/inline.png)">text</p><li>x</li>
<img src="CANARY/img.png" srcset="CANARY/srcset.png 2x" onerror="fetch('CANARY/onerror')"><img src="x" data-src="CANARY/lazy.png"><picture><source srcset="CANARY/source.png"><img></picture>
<video src="CANARY/video.mp4" poster="CANARY/poster.png" autoplay></video><audio src="CANARY/audio.ogg" autoplay></audio><video autoplay><source src="CANARY/source.mp4"><track default src="CANARY/track.vtt"></video>
<iframe src="CANARY/frame"></iframe><iframe srcdoc="<img src=CANARY/srcdoc.png>"></iframe><object data="CANARY/object"></object><embed src="CANARY/embed"><input type="image" src="CANARY/input.png">
<svg><image href="CANARY/svg.png"/><use href="CANARY/use.svg#a"/><script>fetch("CANARY/svgscript")</script><a href="CANARY/a"><animate attributeName="href" values="CANARY/animate"/></a><feImage href="CANARY/fe.png"/></svg>
<form action="CANARY/form"><input autofocus onfocus="this.form.submit()"></form><table background="CANARY/table.png"><td background="CANARY/td.png">x</td></table>
<noscript><img src="CANARY/noscript.png"></noscript><template><img src="CANARY/template.png"></template><a href="CANARY/ping" ping="CANARY/pinged">x</a>
<math><mtext><img src="CANARY/math.png"></mtext></math><marquee onstart="fetch('CANARY/marquee')">x</marquee></body></html>`

// A browser that shows an exported page asks nobody for anything; the page itself
// makes it ask for a lot.
func TestExportAsksNobody(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("chromium is not here")
	}
	var asked atomic.Int64
	var last atomic.Value
	canary := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		last.Store(r.URL.Path)
	}))
	defer canary.Close()
	page := strings.ReplaceAll(hostile, "CANARY", canary.URL)
	show := func(name, content string) (requests int64) {
		folder := t.TempDir()
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		asked.Store(0)
		command := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--user-data-dir="+filepath.Join(folder, "profile"),
			"--window-size=800,600", "--virtual-time-budget=4000", "--screenshot="+filepath.Join(folder, "shot.png"), "file://"+file)
		command.WaitDelay = 10 * time.Second
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if info, err := os.Stat(filepath.Join(folder, "shot.png")); err != nil || info.Size() == 0 {
			t.Fatalf("%s was not shown: %v", name, err)
		}
		return asked.Load()
	}
	if n := show("page.html", page); n == 0 {
		t.Fatal("the page itself asks for nothing: this test proves nothing")
	}
	var out strings.Builder
	none := func(string) *replay.Stored { return nil }
	if _, err := replay.Write(&out, replay.Page{HTML: page, Address: canary.URL, Stored: none}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ReplaceAll(out.String(), `title="`+canary.URL, ""), `"`+canary.URL) {
		t.Errorf("the file still leads to the canary:\n%s", out.String())
	}
	if n := show("exported.html", out.String()); n != 0 {
		t.Errorf("%d requests, the last one for %s", n, last.Load())
	}
}
