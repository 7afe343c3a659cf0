package resource

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/schemas"
)

func listed(references []Reference) (got []string) {
	for _, r := range references {
		got = append(got, fmt.Sprintf("%s %s", r.Kind, strings.TrimPrefix(r.URL, "https://a.example/")))
	}
	return got
}

func TestOfPage(t *testing.T) {
	for name, test := range map[string]struct {
		page string
		want []string
	}{
		"images":   {`<img src=a.png><img src="a.png#x"><img src=""><img src="#top"><input type=IMAGE src=b.png><input src=no.png>`, []string{"image p/a.png", "image p/b.png"}},
		"srcset":   {`<img srcset="s.jpg 400w, m.jpg 1700w,l.jpg 4000w" src=x.jpg>`, []string{"image p/m.jpg", "image p/x.jpg"}},
		"density":  {`<img srcset="one.jpg, two.jpg 2x, four.jpg 4x">`, []string{"image p/two.jpg"}},
		"picture":  {`<picture><source srcset="a.avif 1x" type=image/avif><img src=a.jpg></picture>`, []string{"image p/a.avif", "image p/a.jpg"}},
		"lazy":     {`<img src="data:image/gif;base64,AA" data-src=l.png data-srcset="l2.png 2x" loading=lazy>`, []string{"image p/l2.png", "image p/l.png"}},
		"noscript": {`<head><noscript><link rel=stylesheet href=n.css></noscript></head><body><noscript><img src=n.png></noscript>`, []string{"style p/n.css", "image p/n.png"}},
		"base":     {`<base href="//b.example/q/"><img src=a.png>`, []string{"image https://b.example/q/a.png"}},
		"media":    {`<video src=v.mp4 poster=v.jpg><source src=w.webm><track src=t.vtt></video><audio src=a.ogg>`, []string{"image p/v.jpg", "media p/v.mp4", "media p/w.webm", "media p/t.vtt", "media p/a.ogg"}},
		"links":    {`<link rel="shortcut icon" href=/f.ico><link rel="alternate stylesheet" href=n.css><link rel=preload as=style href=p.css onload="this.rel='stylesheet'"><link rel=preload as=script href=p.js><link rel=canonical href=c>`, []string{"icon f.ico", "style p/p.css"}},
		"svg":      {`<svg><image href=i.png /><image xlink:href=x.png /><use href="#a"/></svg>`, []string{"image p/i.png", "image p/x.png"}},
		"fallback": {`<image src=a.png><svg><image href=b.svg src=no.png /></svg><image src=c.png>`, []string{"image p/a.png", "image p/b.svg", "image p/c.png"}},
		"styles":   {`<style>@import 'i.css'; p { background: url(b.png) }</style><p style="background:url('s.png')">`, []string{"style p/i.css", "image p/b.png", "image p/s.png"}},
		"others":   {`<script src=s.js></script><iframe src=f.html></iframe><embed src=e.swf><img src="javascript:x"><img src="https://u:p@b.example/x.png"><img src="ftp://b.example/x">`, nil},
	} {
		got, err := OfPage(test.page, "https://a.example/p/page?q")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, listed(got)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	for _, page := range []string{strings.Repeat("<", maxTags+1), `<p x=">"` + strings.Repeat(" a", longTag) + ">"} {
		if _, err := OfPage(page, ""); err != ErrTooLarge {
			t.Errorf("a page of %.9q…: %v", page, err)
		}
	}
}

func TestOfStyle(t *testing.T) {
	for css, want := range map[string][]string{
		`a{background:url(a.png)} b{background:URL( "b.png" ) , u\72 l('c.png')}`:                                          {"image s/a.png", "image s/b.png", "image s/c.png"},
		`@import "a.css"; @import url(b.css) layer(x) supports(content: "no.css"); @import 'c.css' screen;`:                {"style s/a.css", "style s/b.css", "style s/c.css"},
		`@namespace url(http://n.example/); @namespace x "y"; /* url(c.png) */ a{content:"url(d.png)"; b: url(#f)}`:        nil,
		`@font-face{src:url(a.eot);src:url(a.eot?#x) format("embedded-opentype"),url(a.woff2) format('woff2'),url(a.ttf)}`: {"font s/a.woff2"},
		`@font-face{src:url(a.ttf)} @font-face{src:url(b.woff),url(b.svg#x)} c{background:url(d.png)}`:                     {"font s/a.ttf", "font s/b.woff", "image s/d.png"},
		`a{background:image-set("a.png" 1x, url(b.png) 2x type("image/png"))} b{content:"c.png"}`:                          {"image s/a.png", "image s/b.png"},
		`a{background:url(a\ b.png)} b{background:url("c\
d.png")}`: {"image s/a%20b.png", "image s/cd.png"},
		`@media print { @font-face { src: url(p.woff2) } } q { background: url(data:image/png;base64,AA) }`: {"font s/p.woff2"},
		`a{background:url(unclosed`: {"image s/unclosed"},
		`a{b:url(`:                  nil,
		`@import`:                   nil,
		`\`:                         nil,
	} {
		if diff := cmp.Diff(want, listed(OfStyle(css, "https://a.example/s/x.css"))); diff != "" {
			t.Errorf("%s: -want +got\n%s", css, diff)
		}
	}
}

func TestRewriteStyle(t *testing.T) {
	const css = `@import "a.css" screen; @font-face{src:url(f.ttf),url(f.woff2)} a{background:#fff url( 'b.png' ) no-repeat; content:"url(c)"}`
	const want = `@import url("style:a.css") screen; @font-face{src:url("font:f.ttf"),url("font:f.woff2")} a{background:#fff url("image:b.png") no-repeat; content:"url(c)"}`
	got := RewriteStyle(css, func(reference string, kind schemas.ResourceKind) string { return string(kind) + ":" + reference })
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func FuzzOfStyle(f *testing.F) {
	f.Add(`@import "a.css"; @font-face{src:url(a.eot)} a{background:u\72l(x) image-set("a" 1x)}`)
	f.Add(`a{b:url("c\`)
	f.Fuzz(func(t *testing.T, css string) {
		uses := usesOf(css)
		done := 0
		for _, use := range uses {
			if use.start < done || use.end <= use.start || use.end > len(css) {
				t.Fatalf("%q: use of %d to %d after %d", css, use.start, use.end, done)
			}
			done = use.end
		}
		// What was put in place of references is found again, each as it was put.
		again := usesOf(RewriteStyle(css, func(string, schemas.ResourceKind) string { return "data:," }))
		if len(again) != len(uses) {
			t.Errorf("%q has %d references, rewritten it has %d", css, len(uses), len(again))
		}
		for _, use := range again {
			if use.reference != "data:," {
				t.Errorf("%q: %q is left", css, use.reference)
			}
		}
	})
}

func FuzzOfPage(f *testing.F) {
	f.Add(`<base href=x><img srcset="a 1x, b 2w" src=c data-src=d><style>@import "e"</style><p style="a:url(f)">`)
	f.Fuzz(func(t *testing.T, page string) {
		references, err := OfPage(page, "https://a.example/")
		if err != nil {
			return
		}
		again, _ := OfPage(page, "https://a.example/")
		if !slices.Equal(references, again) {
			t.Errorf("%q asks for different things each time", page)
		}
		for _, r := range references {
			if strings.Contains(r.URL, "#") || !strings.HasPrefix(r.URL, "http") {
				t.Errorf("%q asks for %q", page, r.URL)
			}
		}
	})
}
