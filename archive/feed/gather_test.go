package feed_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/feed"
)

// pages answers for addresses, and counts.
type pages map[string]string

func (p pages) get(_ context.Context, address string) (feed.Input, error) {
	content, ok := p[address]
	if !ok {
		return feed.Input{}, errors.New("not found")
	}
	return feed.Input{Content: []byte(content), URL: address}, nil
}

func gathered(t *testing.T, web pages, address string) string {
	t.Helper()
	feeds, err := feed.Gather(t.Context(), address, nil, web.get)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range feeds {
		fmt.Fprintf(&b, "%s %s", f.Address, f.Kind)
		for _, e := range f.Entries {
			fmt.Fprintf(&b, " %s", strings.TrimPrefix(e.URL, "https://"))
		}
		for _, fault := range f.Faults {
			fmt.Fprintf(&b, "; %v", fault)
		}
		for _, other := range f.Others {
			fmt.Fprintf(&b, "; not %s", other)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

const one = `<rss version="2.0"><channel><title>%s</title><item><link>%s</link></item></channel></rss>`

func TestGather(t *testing.T) {
	web := pages{
		"https://a.example/feed":  fmt.Sprintf(one, "A", "https://a.example/1"),
		"https://b.example/feed":  fmt.Sprintf(one, "B", "/1"),
		"https://a.example/":      `<!DOCTYPE html><link rel=alternate type=application/rss+xml href=/feed><link rel=alternate type=application/rss+xml href=/comments>`,
		"https://a.example/opml":  `<opml><body><outline xmlUrl="https://b.example/feed"/><outline xmlUrl="https://gone.example/"/><outline xmlUrl="/feed"/><outline xmlUrl="/feed"/></body></opml>`,
		"https://a.example/maps":  `<sitemapindex><sitemap><loc>/map1</loc></sitemap><sitemap><loc>/maps</loc></sitemap><sitemap><loc>/map2</loc></sitemap><sitemap><loc>/none</loc></sitemap></sitemapindex>`,
		"https://a.example/map1":  `<urlset><url><loc>/1</loc></url><url><loc>/2</loc></url></urlset>`,
		"https://a.example/map2":  `<urlset><url><loc>/2</loc></url><url><loc>/3</loc></url></urlset>`,
		"https://a.example/deep0": `<sitemapindex><sitemap><loc>/deep1</loc></sitemap></sitemapindex>`,
	}
	for i := range 9 {
		web[fmt.Sprintf("https://a.example/deep%d", i)] = fmt.Sprintf(`<sitemapindex><sitemap><loc>/deep%d</loc></sitemap></sitemapindex>`, i+1)
	}
	for address, want := range map[string]string{
		"https://a.example/feed": "https://a.example/feed rss a.example/1\n",
		"https://a.example/":     "https://a.example/feed rss a.example/1; not https://a.example/comments\n",
		"https://a.example/opml": "https://b.example/feed rss b.example/1\nhttps://gone.example/ ; not found\nhttps://a.example/feed rss a.example/1\n",
		"https://a.example/maps": "https://a.example/maps sitemap-index a.example/1 a.example/2 a.example/3; its part https://a.example/none: not found\n",
		"https://a.example/none": "https://a.example/none ; not found\n",
		"https://a.example/deep0": "https://a.example/deep0 sitemap-index; its part https://a.example/deep1: its part https://a.example/deep2: " +
			"its part https://a.example/deep3: its part https://a.example/deep4: it leads to lists more than 4 deep\n",
	} {
		if diff := cmp.Diff(want, gathered(t, web, address)); diff != "" {
			t.Errorf("%s: %s", address, diff)
		}
	}
}

// TestGatherIsBounded: an index that names more and more sitemaps ends.
func TestGatherIsBounded(t *testing.T) {
	asked := 0
	feeds, err := feed.Gather(t.Context(), "https://a.example/0", nil, func(_ context.Context, address string) (feed.Input, error) {
		var b strings.Builder
		b.WriteString("<opml><body>")
		for i := range 40 {
			fmt.Fprintf(&b, `<outline xmlUrl="%s/%d"/>`, address, i)
		}
		asked++
		return feed.Input{Content: []byte(b.String() + "</body></opml>")}, nil
	})
	if err != nil || len(feeds) == 0 {
		t.Fatal(feeds, err)
	}
	if asked > feed.MaxLists {
		t.Errorf("%d lists were asked for", asked)
	}
}
