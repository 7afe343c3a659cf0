package resource

import (
	"strings"
	"testing"
)

// rangesOf finds texts of a page.
func rangesOf(page string, texts ...string) (ranges []Range) {
	for _, text := range texts {
		at := strings.Index(page, text)
		ranges = append(ranges, Range{at, at + len(text)})
	}
	return ranges
}

func TestFiguresOf(t *testing.T) {
	page := `<html><body><header><img src="/logo.png"></header><div class="with-ads"><article class="share-me">
<img src="hero.jpg" alt="the  hero"><h1>Headline</h1>
<div class="byline-box"><img src="me.jpg"></div>
<p>First words.</p>
<figure><picture><source srcset="pier-400.webp 400w, pier-1600.webp 1600w"><img src="pier.jpg" alt="the pier"></picture><figcaption>Caption words.</figcaption></figure>
<div class="ad-slot"><img src="buy.jpg" width="300"></div>
<img src="pixel.gif" width="1" height="1"><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="lazy.jpg">
<p>Second words.</p>
<div><span>More stories</span><img src="other.jpg"></div>
<p>Third <img src="inline.png"> words.</p>
<aside><img src="aside.jpg"></aside><video src="film.mp4" poster="film.jpg"></video>
</article></div><img src="after.jpg"></body></html>`
	article := rangesOf(page, "Headline", "First words.", "Caption words.", "Second words.", "Third <img src=\"inline.png\"> words.")
	var got []string
	for _, f := range FiguresOf([]byte(page), "https://a.example/x/y", article, rangesOf(page, "More stories")) {
		got = append(got, strings.TrimPrefix(f.URL, "https://a.example/x/")+" "+f.Alt)
	}
	want := "hero.jpg the hero|pier-1600.webp the pier|lazy.jpg |inline.png |film.jpg "
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("figures\n%s\nwant\n%s", s, want)
	}
	if got := FiguresOf([]byte(page), "https://a.example/", nil, nil); got != nil {
		t.Errorf("a page without an article has figures %v", got)
	}
}

func FuzzFiguresOf(f *testing.F) {
	f.Add([]byte(`<article><p>Words</p><figure><img src=a.jpg></figure><p>More</p></article>`), 12, 70)
	f.Add([]byte(`<div class=ad><picture><source srcset="a 1x"><img src=b></div></picture></article>`), 0, 5)
	f.Fuzz(func(t *testing.T, page []byte, start, end int) {
		article := []Range{{start, start + 3}, {end, end + 3}}
		for _, figure := range FiguresOf(page, "https://a.example/", article, []Range{{end, end}}) {
			if figure.Start < 0 || figure.End < figure.Start || figure.End > len(page) || figure.URL == "" {
				t.Fatalf("%+v in a page of %d bytes", figure, len(page))
			}
		}
	})
}
