package feed

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// tokens returns a lenient reader of the text as XML. It knows no entity but the
// five of XML and those of HTML, and reads nothing from elsewhere.
func (r *reader) tokens() *xml.Decoder {
	d := xml.NewDecoder(strings.NewReader(r.text))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	return d
}

// scan returns the name of the root element in lower case and bounds the nesting,
// which parsers of feeds follow by calling themselves. What is no XML behind the
// root is left to who reads it.
func (r *reader) scan() (root string, err error) {
	d := r.tokens()
	for depth := 0; ; {
		token, err := d.RawToken()
		if err != nil {
			return root, nil
		}
		switch token := token.(type) {
		case xml.StartElement:
			if root == "" {
				if root = strings.ToLower(token.Name.Local); root == "html" {
					return root, nil // not our grammar
				}
			}
			if depth++; depth > maxNesting {
				return "", &LimitError{"elements within one another", maxNesting}
			}
		case xml.EndElement:
			depth--
		}
	}
}

// readSitemap reads a sitemap or an index of sitemaps: each <url> or <sitemap>
// with its <loc>, <lastmod>, and the date and title of a news sitemap. Its
// <xhtml:link> and images are no entries.
func (r *reader) readSitemap(kind Kind) error {
	r.list.Kind = kind
	d := r.tokens()
	var path []string // names of the open elements
	var entry Entry
	var text strings.Builder
	for {
		token, err := d.RawToken()
		if err != nil {
			return r.broken(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, strings.ToLower(token.Name.Local))
			if len(path) == 2 {
				entry = Entry{}
			}
			text.Reset()
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			if len(path) == 0 {
				continue
			}
			name := path[len(path)-1]
			path = path[:len(path)-1]
			value := strings.TrimSpace(text.String())
			text.Reset()
			switch depth := len(path); {
			case depth == 2 && name == "loc":
				entry.URL = value
			case depth == 2 && name == "lastmod":
				entry.Updated = w3cDate(value)
			case depth == 3 && name == "publication_date":
				entry.Published = w3cDate(value)
			case depth == 3 && name == "title" && path[2] == "news":
				entry.Title = value
			case depth == 1 && name == "sitemap" && kind == SitemapIndex:
				r.lead(entry.URL)
			case depth == 1 && name == "url" && kind == Sitemap:
				r.add(entry)
			}
		}
	}
}

// broken tells the end of a text from a fault in it. What came before a fault
// stands, unless it is nothing.
func (r *reader) broken(err error) error {
	if errors.Is(err, io.EOF) || len(r.list.Entries)+len(r.list.Lists) > 0 {
		return nil
	}
	return fmt.Errorf("reading the %s: %w", r.list.Kind, err)
}

// w3cDate reads a date as sitemaps write it (W3C-DTF): a year, a month, a day or a
// time. Without a zone it is UTC.
func w3cDate(s string) time.Time {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01", "2006",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// readOPML reads the outlines of an OPML file.
func (r *reader) readOPML() error {
	r.list.Kind = OPML
	d := r.tokens()
	inTitle := false
	for {
		token, err := d.RawToken()
		if err != nil {
			return r.broken(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := strings.ToLower(token.Name.Local)
			if inTitle = name == "title"; name == "outline" {
				r.outline(token.Attr)
			}
		case xml.EndElement:
			inTitle = false
		case xml.CharData:
			if inTitle && r.list.Title == "" {
				r.list.Title = oneLine(string(token))
			}
		}
	}
}

// outline takes one outline: a feed, another list, a page, or a folder, which
// counts for nothing.
func (r *reader) outline(attrs []xml.Attr) {
	value := map[string]string{}
	for _, a := range attrs {
		value[strings.ToLower(a.Name.Local)] = a.Value
	}
	title := value["title"]
	if title == "" {
		title = value["text"]
	}
	switch {
	case value["xmlurl"] != "":
		r.lead(value["xmlurl"])
	case strings.EqualFold(value["type"], "include") && value["url"] != "":
		r.lead(value["url"])
	case value["url"] != "":
		r.add(Entry{URL: value["url"], Title: title})
	case value["htmlurl"] != "":
		r.add(Entry{URL: value["htmlurl"], Title: title})
	}
}

// readBookmarks reads exported bookmarks: every <a href>.
func (r *reader) readBookmarks() error {
	r.list.Kind = Bookmarks
	z := html.NewTokenizer(strings.NewReader(r.text))
	var entry *Entry
	var text strings.Builder
	end := func() {
		if entry != nil {
			entry.Title = text.String()
			r.add(*entry)
		}
		entry = nil
		text.Reset()
	}
	for {
		switch z.Next() {
		case html.ErrorToken:
			end()
			return nil
		case html.StartTagToken:
			if t := z.Token(); t.Data == "a" {
				end()
				if href := attribute(t, "href"); href != "" {
					entry = &Entry{URL: href, Published: unixDate(attribute(t, "add_date"))}
				}
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "a" {
				end()
			}
		case html.TextToken:
			if entry != nil && text.Len() < maxTitle {
				text.WriteString(html.UnescapeString(string(z.Text())))
			}
		}
	}
}

// unixDate reads seconds since 1970.
func unixDate(s string) time.Time {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n <= 0 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// feedTypes are the media types of feeds that a page may offer.
var feedTypes = map[string]bool{
	"application/rss+xml": true, "application/atom+xml": true, "application/feed+json": true, "application/rdf+xml": true,
}

// readPage reads the feeds that an HTML page offers.
func (r *reader) readPage() error {
	r.list.Kind = Page
	z := html.NewTokenizer(strings.NewReader(r.text))
	inTitle := false
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if len(r.list.Lists) == 0 {
				return ErrNoList
			}
			return nil
		case html.TextToken:
			if inTitle && r.list.Title == "" {
				r.list.Title = oneLine(html.UnescapeString(string(z.Text())))
			}
		case html.EndTagToken:
			inTitle = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inTitle = t.Data == "title"
			switch t.Data {
			case "base":
				if address := r.resolve(attribute(t, "href")); address != "" {
					r.base = base(address)
				}
			case "link":
				kind, _, _ := strings.Cut(strings.ToLower(attribute(t, "type")), ";")
				if hasWord(attribute(t, "rel"), "alternate") && feedTypes[strings.TrimSpace(kind)] {
					r.lead(attribute(t, "href"))
				}
			}
		}
	}
}

func attribute(t html.Token, key string) string {
	for _, a := range t.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasWord(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
