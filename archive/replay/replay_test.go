package replay_test

import (
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/archive/replay"
	"github.com/walkback-dev/walkback/archive/resource"
)

func store(contents map[string]string) func(string) *replay.Stored {
	return func(address string) *replay.Stored {
		content, ok := contents[strings.TrimPrefix(address, "https://a.example/")]
		if !ok {
			return nil
		}
		mediaType := "image/png"
		if strings.HasSuffix(address, ".css") {
			mediaType = "text/css"
		}
		return &replay.Stored{
			MediaType: mediaType, Address: address,
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
			Text: func() (string, error) { return content, nil },
		}
	}
}

func written(t *testing.T, page string, contents map[string]string, rendered bool) (string, *replay.Result) {
	t.Helper()
	var out strings.Builder
	result, err := replay.Write(&out, replay.Page{
		HTML: page, Address: "https://a.example/p", Rendered: rendered, Stored: store(contents), Banner: replay.Banner{Page: "THE PAGE", Line: "then"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(out.String(), "</details>")
	return after, result
}

func data(content string) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte(content))
}

func sheet(content string) string {
	return "data:text/css;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(content))
}

func TestWrite(t *testing.T) {
	contents := map[string]string{
		"a.png": "A", "b.png": "B", "s/x.css": `@import "y.css"; p{background:url(../a.png)}`, "s/y.css": `q{background:url(/b.png),url(/none.png)}`,
		"loop.css": `@import "loop.css";`,
	}
	y := sheet(`q{background:url("` + data("B") + `"),url("data:,")}`)
	for name, test := range map[string]struct{ page, want string }{
		"image":      {`<img src=a.png alt=x onclick=x()>`, `<img alt="x" src="` + data("A") + `"/>`},
		"srcset":     {`<img srcset="n.png 400w, a.png 1700w" sizes=50vw src=b.png>`, `<img sizes="50vw" srcset="` + data("A") + ` 1700w"/>`},
		"fallback":   {`<img srcset="n.png 400w" src=b.png>`, `<img src="` + data("B") + `"/>`},
		"lazy":       {`<img src="data:image/gif;base64,AA" data-src=a.png loading=lazy>`, `<img src="` + data("A") + `"/>`},
		"missing":    {`<img src=n.png alt=x width=3>`, `<img alt="x" width="3"/>`},
		"picture":    {`<picture><source srcset=n.webp><source srcset=a.png media=print><img src=b.png></picture>`, `<picture><source media="print" srcset="` + data("A") + `"/><img src="` + data("B") + `"/></picture>`},
		"noscript":   {`<noscript><img src=a.png></noscript><noscript>Turn it on</noscript>`, `<img src="` + data("A") + `"/>`},
		"both":       {`<img data-src=a.png><noscript><img src=a.png></noscript>`, `<img src="` + data("A") + `"/>`},
		"link":       {`<a href=/q>x</a><a href="#f">y</a><a href="/p#g">z</a><a href="javascript:x()">w</a>`, `<a href="#walkback-elsewhere" title="https://a.example/q">x</a><a href="#f">y</a><a href="#g">z</a><a href="#walkback-elsewhere">w</a>`},
		"frame":      {`<iframe src=/f></iframe>`, `<p style="border:1px dashed #888;padding:1em;color:#666;font:13px/1.4 sans-serif">A frame stood here that was not kept: https://a.example/f</p>`},
		"gone":       {`<script>x()</script><object data=a.png></object><embed src=a.png><meta http-equiv=refresh content="0;url=/"><base href=/x><!-- c --><template><img src=a.png></template>`, ``},
		"form":       {`<form action=/f method=post target=_top><button formaction=/g>x</button></form>`, `<form><button>x</button></form>`},
		"style":      {`<p style="background:url(a.png)">`, `<p style="background:url(&#34;` + data("A") + `&#34;)"></p>`},
		"inline":     {`<style>a{b:url(data:image/png;base64,AA);c:url(#g);d:url(n.png)}</style>`, `<style>a{b:url("data:image/png;base64,AA");c:url("#g");d:url("data:,")}</style>`},
		"sheet":      {`<link rel=stylesheet href=s/x.css media=screen integrity=q>`, `<link rel="stylesheet" media="screen" href="` + sheet(`@import url("`+y+`"); p{background:url("`+data("A")+`")}`) + `"/>`},
		"no sheet":   {`<link rel=stylesheet href=n.css><link rel=preconnect href=//c.example><link rel=prefetch href=a.png>`, ``},
		"svg":        {`<svg><use href="e.svg#a"></use><use xlink:href="#b"></use><image href=a.png /></svg>`, `<svg><use></use><use href="#b"></use><image href="` + data("A") + `"></image></svg>`},
		"video":      {`<video src=n.mp4 poster=a.png autoplay controls><source src=n.webm></video>`, `<video controls="" poster="` + data("A") + `"></video>`},
		"made marks": {`<p>walkback-00000000000000000000000000000000-0~</p>`, `<p>walkback-00000000000000000000000000000000-0~</p>`},
	} {
		got, _ := written(t, "<!DOCTYPE html><body>"+test.page, contents, false)
		if want := test.want + "</body></html>"; got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
	if got, _ := written(t, `<body><link rel=stylesheet href=loop.css>`, contents, false); strings.Count(got, "base64") != 1 {
		t.Errorf("a loop: %s", got)
	}
	got, _ := written(t, `<body><img src=b.png data-src=a.png><noscript><img src=a.png></noscript>`, contents, true)
	if want := `<img src="` + data("B") + `"/></body></html>`; got != want {
		t.Errorf("rendered: %s, want %s", got, want)
	}
	_, result := written(t, `<img src=n.png><img src=n.png><link rel=stylesheet href=s/x.css>`, contents, false)
	if want := []string{"https://a.example/n.png", "https://a.example/none.png"}; !slices.Equal(result.Missing, want) {
		t.Errorf("missing are %q, want %q", result.Missing, want)
	}
}

// The policy comes before anything that could ask for something, and the banner
// first.
func TestFurniture(t *testing.T) {
	for _, page := range []string{`<html><head><link rel=icon href=a.png><title>x</title></head><body>y`, `<frameset><frame src=x></frameset>`, ``, `<p>text`} {
		var out strings.Builder
		if _, err := replay.Write(&out, replay.Page{HTML: page, Stored: store(nil), Banner: replay.Banner{Page: `<script>x</script>`, Line: "y"}}); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		head, _, _ := strings.Cut(got, "<details")
		if !strings.Contains(head, `<head><meta charset="utf-8"/><meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;`) ||
			!strings.Contains(got, "&lt;script&gt;") || strings.Contains(got, "<script") {
			t.Errorf("%s: %s", page, got)
		}
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(`<img srcset="a.png 1x" onerror=x()><svg><script>y()</script><style>@import "s.css"</style></svg><math><mtext><a href=javascript:x>`)
	f.Add(`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><form action=/x><input formaction=//b.example/>`)
	f.Fuzz(func(t *testing.T, page string) {
		var out strings.Builder
		_, err := replay.Write(&out, replay.Page{HTML: page, Address: "https://a.example/p", Stored: store(map[string]string{"a.png": "A", "s.css": page})})
		if err != nil {
			if errors.Is(err, resource.ErrTooLarge) || strings.Contains(err.Error(), "html:") {
				return
			}
			t.Fatal(err)
		}
		// A browser that reads the file with scripts on finds nothing to run or to ask for.
		root, err := html.Parse(strings.NewReader(out.String()))
		if err != nil {
			return
		}
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "script", "iframe", "object", "embed", "base", "frame":
				t.Errorf("%q leaves a %s", page, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(strings.ToLower(a.Key), "on") {
					t.Errorf("%q leaves %s", page, a.Key)
				}
				switch a.Key {
				case "src", "href", "srcset", "poster", "action", "background":
					if !strings.HasPrefix(a.Val, "data:") && !strings.HasPrefix(a.Val, "#") {
						t.Errorf("%q leaves %s=%q", page, a.Key, a.Val)
					}
				}
			}
		}
	})
}

// What has no room is left out whole, and named: a part of a film would look like
// all of it.
func TestTooLarge(t *testing.T) {
	var out strings.Builder
	result, err := replay.Write(&out, replay.Page{
		HTML: `<video src=film.mp4></video><img src=a.png>`, Address: "https://a.example/",
		Stored: func(address string) *replay.Stored {
			if strings.HasSuffix(address, ".png") {
				return &replay.Stored{MediaType: "image/png", Size: 3, Address: address, Open: func() (io.ReadCloser, error) {
					return io.NopCloser(strings.NewReader("png")), nil
				}}
			}
			return &replay.Stored{MediaType: "video/mp4", Size: 2 << 30, Address: address, Open: func() (io.ReadCloser, error) {
				return nil, errors.New("it is read")
			}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(result.Missing, []string{"https://a.example/film.mp4"}) || !strings.Contains(out.String(), "data:image/png;base64,cG5n") {
		t.Errorf("missing are %q in %s", result.Missing, out.String())
	}
}
