package feed_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/feed"
)

const at = "https://quay.example/notes/feed.xml"

// lines writes a list for a test: its kind, each entry with its dates, each list.
func lines(l *feed.List) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q\n", l.Kind, l.Title)
	for _, e := range l.Entries {
		fmt.Fprintf(&b, "%s %q %s %s\n", e.URL, e.Title, day(e.Published), day(e.Updated))
	}
	for _, list := range l.Lists {
		fmt.Fprintf(&b, "> %s\n", list)
	}
	if l.Unfit > 0 {
		fmt.Fprintf(&b, "%d unfit\n", l.Unfit)
	}
	return b.String()
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02T15:04")
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, content, want string
	}{
		{"RSS 2.0: a link, a guid that is one, one that is none, a relative link, mail", `<?xml version="1.0"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Quay &amp; notes</title><link>https://quay.example/</link>
<item><title>One</title><link> https://quay.example/one </link><pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item>
<item><title>Two</title><guid>https://quay.example/two</guid></item>
<item><title>Three</title><guid isPermaLink="false">https://quay.example/?p=3</guid></item>
<item><title>Four</title><guid isPermaLink="false">tag:4</guid><link>../four</link></item>
<item><title>Five</title><link>mailto:ada@quay.example</link></item>
<item><title>One again</title><link>https://quay.example/one#comments</link><atom:updated>2026-03-05T10:00:00Z</atom:updated></item>
</channel></rss>`, `rss "Quay & notes"
https://quay.example/one "One" 2026-03-02T10:00 2026-03-05T10:00
https://quay.example/two "Two" - -
https://quay.example/four "Four" - -
2 unfit
`},
		{"RSS 1.0: items outside of the channel", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://quay.example/"><title>Quay</title><link>https://quay.example/</link></channel>
<item rdf:about="https://quay.example/one"><title>One</title><link>https://quay.example/one</link><dc:date>2026-03-02</dc:date></item></rdf:RDF>`, `rss "Quay"
https://quay.example/one "One" 2026-03-02T00:00 2026-03-02T00:00
`},
		{
			"RSS 0.91 with a DTD, entities of HTML, and an entity bomb that is not expanded", `<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rss version="0.91"><channel><title>Caf&eacute; &c;</title><item><title>A &lt;b&gt; title&nbsp;here</title><link>https://quay.example/a?b=1&c=2</link></item></channel></rss>`,
			"rss \"Café &c;\"\nhttps://quay.example/a?b=1&c=2 \"A <b> title here\" - -\n",
		},
		{
			"FeedBurner", `<rss version="2.0" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel>
<item><link>http://feeds.example/~r/quay/~3/x/one</link><feedburner:origLink>https://quay.example/one</feedburner:origLink></item></channel></rss>`,
			"rss \"\"\nhttps://quay.example/one \"\" - -\n",
		},
		{"Atom: xml:base, the alternate among links, a date in the future of its own zone", `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://other.example/b/"><title>A &amp; B</title>
<entry><title>One</title><link rel="self" href="self"/><link rel="alternate" href="one"/><id>urn:1</id><published>2026-03-01T00:00:00+02:00</published><updated>2026-03-02T00:00:00Z</updated></entry>
<entry xml:base="deep/"><title>Two</title><link href="two"/><updated>yesterday</updated></entry>
<entry><title>No link</title><id>https://other.example/three</id></entry></feed>`, `atom "A & B"
https://other.example/b/one "One" 2026-02-28T22:00 2026-03-02T00:00
https://other.example/b/deep/two "Two" - -
https://other.example/three "No link" - -
`},
		{
			"Atom 0.3", `<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Old</title>
<entry><title>One</title><link rel="alternate" type="text/html" href="https://quay.example/one"/><issued>2004-03-01T10:00:00Z</issued><modified>2004-03-02T10:00:00Z</modified></entry></feed>`,
			"atom \"Old\"\nhttps://quay.example/one \"One\" 2004-03-01T10:00 2004-03-02T10:00\n",
		},
		{"JSON Feed", `{"version":"https://jsonfeed.org/version/1.1","title":"Quay","items":[
{"id":"1","url":"https://quay.example/one","title":"One","date_published":"2026-03-02T10:00:00Z","date_modified":"2026-03-03T10:00:00Z"},
{"id":2,"external_url":"https://elsewhere.example/two"},{"id":"https://quay.example/three"},{"id":"x"}]}`, `json-feed "Quay"
https://quay.example/one "One" 2026-03-02T10:00 2026-03-03T10:00
https://elsewhere.example/two "" - -
https://quay.example/three "" - -
1 unfit
`},
		{"OPML: nested, a page, another list, a folder", `<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="News"><outline type="rss" text="Quay" xmlUrl="https://quay.example/feed" htmlUrl="https://quay.example/"/></outline>
<outline type="link" text="A page" url="https://quay.example/a"/><outline type="include" url="more.opml"/></body></opml>`, `opml "Mine"
https://quay.example/a "A page" - -
> https://quay.example/feed
> https://quay.example/notes/more.opml
`},
		{"sitemap: alternates and images are no entries, dates of each precision", `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:image="i" xmlns:news="n">
<url><loc>https://quay.example/one?a=1&amp;b=2</loc><lastmod>2026-03-02</lastmod><xhtml:link rel="alternate" hreflang="de" href="https://quay.example/de"/><image:image><image:loc>https://quay.example/i.png</image:loc></image:image></url>
<url><loc><![CDATA[https://quay.example/two]]></loc><lastmod>2026-03-02T10:00+01:00</lastmod><news:news><news:title>Two</news:title><news:publication_date>2026-03</news:publication_date></news:news></url>
<url><loc>javascript:alert(1)</loc></url></urlset>`, `sitemap ""
https://quay.example/one?a=1&b=2 "" - 2026-03-02T00:00
https://quay.example/two "Two" 2026-03-01T00:00 2026-03-02T09:00
1 unfit
`},
		{"sitemap that breaks off", `<urlset><url><loc>https://quay.example/one</loc></url><url><loc>https://quay`, "sitemap \"\"\nhttps://quay.example/one \"\" - -\n"},
		{
			"sitemap index", `<sitemapindex><sitemap><loc>https://quay.example/1.xml.gz</loc><lastmod>2026-01-01</lastmod></sitemap></sitemapindex>`,
			"sitemap-index \"\"\n> https://quay.example/1.xml.gz\n",
		},
		{"bookmarks", `<!DOCTYPE NETSCAPE-Bookmark-file-1>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8"><TITLE>Bookmarks</TITLE><H1>Bookmarks</H1>
<DL><p><DT><H3>News</H3><DL><p><DT><A HREF="https://quay.example/one" ADD_DATE="1772445600" TAGS="a,b">One &amp; only</A>
<DT><A HREF="javascript:void(0)">x</A><DT><A HREF="https://quay.example/two">Two</DL></DL>`, `bookmarks ""
https://quay.example/one "One & only" 2026-03-02T10:00 -
https://quay.example/two "Two" - -
1 unfit
`},
		{"a page with feeds", `<!DOCTYPE html><html><head><title>Quay</title><base href="/b/"><link rel="stylesheet" href="s.css">
<link rel="alternate" type="application/rss+xml" href="feed"><link rel="ALTERNATE feed" type="application/atom+xml; charset=utf-8" href="/atom">
<link rel="alternate" hreflang="de" href="/de"></head>`, "page \"Quay\"\n> https://quay.example/b/feed\n> https://quay.example/atom\n"},
		{"addresses", "https://quay.example/one\r\n\nhttp://quay.example/two\n", "text \"\"\nhttps://quay.example/one \"\" - -\nhttp://quay.example/two \"\" - -\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := feed.Read(feed.Input{Content: []byte(c.content), URL: at})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, lines(list)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadNoList(t *testing.T) {
	for name, content := range map[string]string{
		"nothing": " \n", "a page without feeds": "<!DOCTYPE html><title>x</title><p>y", "JSON": `{"items":[]}`, "text": "hello\nhttps://a.example/",
		"another XML": `<svg xmlns="http://www.w3.org/2000/svg"/>`, "a picture": "\x89PNG\r\n\x1a\n\x00\x00\x00",
	} {
		if list, err := feed.Read(feed.Input{Content: []byte(content), URL: at}); !errors.Is(err, feed.ErrNoList) {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
	if _, err := feed.Read(feed.Input{Content: []byte(`<rss version="2.0"><channel><item><title>`)}); err == nil {
		t.Error("a feed that breaks off is read")
	}
}

func TestCharsets(t *testing.T) {
	const text = `<rss version="2.0"><channel><title>Sp` + "\xf8" + `rsm` + "\xe5" + `l</title></channel></rss>`
	for name, in := range map[string]feed.Input{
		"declared":     {Content: []byte(`<?xml version="1.0" encoding="windows-1252"?>` + text)},
		"by the head":  {Content: []byte(`<?xml version="1.0"?>` + text), ContentType: "application/rss+xml; charset=iso-8859-1"},
		"UTF-8 marked": {Content: []byte("\xef\xbb\xbf" + `<?xml version="1.0" encoding="iso-8859-1"?><rss version="2.0"><channel><title>Spørsmål</title></channel></rss>`)},
		"UTF-16":       {Content: utf16le(`<?xml version="1.0" encoding="UTF-16"?><rss version="2.0"><channel><title>Spørsmål</title></channel></rss>`)},
	} {
		list, err := feed.Read(in)
		if err != nil || list.Title != "Spørsmål" {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
}

func utf16le(s string) []byte {
	out := []byte("\xff\xfe")
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return out
}

// TestLimits: nothing that is handed in can take more than it may.
func TestLimits(t *testing.T) {
	var limit *feed.LimitError
	deep := `<rss xmlns:a="a"><channel><item>` + strings.Repeat("<a:b>", 200_000)
	if _, err := feed.Read(feed.Input{Content: []byte(deep)}); !errors.As(err, &limit) {
		t.Errorf("nested elements: %v", err)
	}
	if _, err := feed.Read(feed.Input{Content: bytes.Repeat([]byte("<a>"), feed.MaxBytes/3+1)}); !errors.As(err, &limit) {
		t.Errorf("size: %v", err)
	}
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	w.Write(make([]byte, 70<<20))
	w.Close()
	if _, err := feed.Read(feed.Input{Content: bomb.Bytes()}); err == nil {
		t.Error("a gzip bomb is read")
	}
	var many strings.Builder
	many.WriteString("<urlset>")
	for i := range feed.MaxEntries + 10 {
		fmt.Fprintf(&many, "<url><loc>https://quay.example/%d</loc></url>", i)
	}
	many.WriteString("</urlset>")
	list, err := feed.Read(feed.Input{Content: []byte(many.String())})
	if err != nil || len(list.Entries) != feed.MaxEntries || list.Cut != 10 {
		t.Errorf("%d entries, %d cut: %v", len(list.Entries), list.Cut, err)
	}
	if _, err := feed.Read(feed.Input{Content: []byte(`<rss version="2.0"><channel>` + strings.Repeat(" ", feed.MaxFeed) + `</channel></rss>`)}); !errors.As(err, &limit) {
		t.Errorf("a huge feed: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`<rss version="2.0"><channel><title>a</title><item><link>b</link><guid>c</guid><pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item></channel></rss>`,
		`<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/x"><entry><link href="y"/><updated>2026-03-02T00:00:00Z</updated></entry></feed>`,
		`{"version":"https://jsonfeed.org/version/1","items":[{"url":"/x"}]}`, `<urlset><url><loc>/a</loc><lastmod>2026</lastmod></url></urlset>`,
		`<opml><body><outline xmlUrl="a"><outline url="b"/></outline></body></opml>`, `<!DOCTYPE NETSCAPE-Bookmark-file-1><DT><A HREF="/a" ADD_DATE="1">b`,
		`<!DOCTYPE html><link rel=alternate type=application/rss+xml href=a>`, "https://a.example/\n", "\x1f\x8b\x08",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		list, err := feed.Read(feed.Input{Content: content, URL: at})
		if err != nil {
			if strings.Contains(err.Error(), "parser fault") {
				t.Fatal(err)
			}
			return
		}
		for _, e := range list.Entries {
			if !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") || strings.ContainsAny(e.URL, " \n\x00") || strings.ContainsAny(e.Title, "\n\x1b") {
				t.Fatalf("%q %q", e.URL, e.Title)
			}
		}
	})
}
