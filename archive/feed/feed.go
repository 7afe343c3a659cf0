package feed

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/walkback-dev/walkback/archive/extract"
)

// Kind says what a list is.
type Kind string

// The kinds of list.
const (
	RSS          Kind = "rss"
	Atom         Kind = "atom"
	JSON         Kind = "json-feed"
	OPML         Kind = "opml"
	Sitemap      Kind = "sitemap"
	SitemapIndex Kind = "sitemap-index"
	Text         Kind = "text"
	Bookmarks    Kind = "bookmarks"
	Page         Kind = "page"
)

// The limits of [Read].
const (
	MaxBytes   = 50 << 20 // of a list without its gzip: what sitemaps.org allows
	MaxFeed    = 16 << 20 // of an RSS, Atom or JSON feed
	MaxEntries = 50_000   // of one list: what sitemaps.org allows
	maxNesting = 1000     // of elements; feeds that forget to close theirs reach hundreds
	maxAddress = 8192     // bytes
)

// Input is a list as it was received.
type Input struct {
	Content     []byte
	ContentType string // value of the Content-Type field, may be empty
	URL         string // where it was served from, for relative addresses; empty for a file
}

// List is what a list says.
type List struct {
	Kind    Kind
	Title   string
	Entries []Entry  // pages, in its order
	Lists   []string // addresses of the lists that it leads to, in its order
	Unfit   int      // entries without an address that can be captured
	Cut     int      // entries and lists beyond MaxEntries, which were left out
}

// Entry is a page that a list names.
type Entry struct {
	URL       string // absolute, http or https
	Title     string
	Published time.Time // zero: unknown
	Updated   time.Time // zero: unknown
}

// Date returns the later of the dates of an entry, zero when it has none.
func (e Entry) Date() time.Time {
	if e.Updated.After(e.Published) {
		return e.Updated
	}
	return e.Published
}

// ErrNoList is returned for content that is no list of pages.
var ErrNoList = errors.New("neither a feed, a sitemap, a list of feeds nor a page that names a feed")

// A LimitError says that a list is beyond a limit.
type LimitError struct {
	What  string
	Limit int
}

func (e *LimitError) Error() string { return fmt.Sprintf("it has more than %d %s", e.Limit, e.What) }

// Read reads a list. The error is [ErrNoList], perhaps wrapped, for anything
// else, a [*LimitError], or what is wrong with the list.
func Read(in Input) (list *List, err error) {
	defer func() {
		if p := recover(); p != nil { // in the parser of a third party
			list, err = nil, fmt.Errorf("reading a list: parser fault: %v", p)
		}
	}()
	content, err := unpack(in.Content)
	if err != nil {
		return nil, err
	}
	text, err := decode(content, in.ContentType)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoList, err)
	}
	r := reader{text: text, base: base(in.URL), list: &List{}, seen: map[string]int{}}
	if err := r.read(); err != nil {
		return nil, err
	}
	return r.list, nil
}

// unpack removes gzip, which sitemaps come with whatever their head says.
func unpack(content []byte) ([]byte, error) {
	if bytes.HasPrefix(content, []byte("\x1f\x8b")) {
		unpacked, err := extract.Decode(content, "gzip")
		if err != nil {
			return nil, fmt.Errorf("unpacking: %w", err)
		}
		content = unpacked
	}
	if len(content) > MaxBytes {
		return nil, &LimitError{"bytes", MaxBytes}
	}
	return content, nil
}

// decode returns the text as UTF-8, without the characters that no XML has and
// without the XML declaration, which is not true of it any more.
func decode(content []byte, contentType string) (string, error) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.Contains(mediaType, "json") {
		mediaType = "text/xml" // for its own statement, which HTML has too
	}
	text, err := extract.UTF8(content, mediaType, params["charset"])
	if err != nil {
		return "", err
	}
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, text))
	if strings.HasPrefix(text, "<?xml") {
		if end := strings.Index(text, "?>"); end >= 0 {
			text = strings.TrimSpace(text[end+2:])
		}
	}
	return text, nil
}

// reader reads one list.
type reader struct {
	text string
	base *whatwg.Url // nil for a file
	list *List
	seen map[string]int // entries by address
}

func (r *reader) read() error {
	switch {
	case r.text == "":
		return fmt.Errorf("%w: it is empty", ErrNoList)
	case r.text[0] == '{':
		return r.readFeed(JSON)
	case r.text[0] != '<':
		return r.readText()
	case strings.Contains(strings.ToUpper(r.text[:min(len(r.text), 1024)]), "NETSCAPE-BOOKMARK-FILE"):
		return r.readBookmarks()
	}
	root, err := r.scan()
	if err != nil {
		return err
	}
	switch root {
	case "rss", "rdf":
		return r.readFeed(RSS)
	case "feed":
		return r.readFeed(Atom)
	case "opml":
		return r.readOPML()
	case "urlset":
		return r.readSitemap(Sitemap)
	case "sitemapindex":
		return r.readSitemap(SitemapIndex)
	}
	return r.readPage()
}

// base parses an address that others are relative to.
func base(address string) *whatwg.Url {
	if address == "" || len(address) > maxAddress {
		return nil
	}
	u, err := whatwg.Parse(address)
	if err != nil || u.Scheme() != "http" && u.Scheme() != "https" {
		return nil
	}
	return u
}

// resolve makes an address absolute, or returns "" when it is none that can be
// captured.
func (r *reader) resolve(address string) string {
	address = strings.TrimSpace(address)
	if address == "" || len(address) > maxAddress {
		return ""
	}
	var u *whatwg.Url
	var err error
	if r.base != nil {
		u, err = r.base.Parse(address)
	} else {
		u, err = whatwg.Parse(address)
	}
	if err != nil || u.Scheme() != "http" && u.Scheme() != "https" || u.Hostname() == "" {
		return ""
	}
	return u.Href(false)
}

// add takes an entry.
func (r *reader) add(e Entry) {
	if e.URL = r.resolve(e.URL); e.URL == "" {
		r.list.Unfit++
		return
	}
	e.Title = oneLine(e.Title)
	e.Published, e.Updated = believed(e.Published), believed(e.Updated)
	key, _, _ := strings.Cut(e.URL, "#")
	if at, known := r.seen[key]; known {
		had := &r.list.Entries[at]
		had.Published, had.Updated = later(had.Published, e.Published), later(had.Updated, e.Updated)
		return
	}
	if len(r.list.Entries) >= MaxEntries {
		r.list.Cut++
		return
	}
	r.seen[key] = len(r.list.Entries)
	r.list.Entries = append(r.list.Entries, e)
}

// lead takes the address of another list.
func (r *reader) lead(address string) {
	switch address = r.resolve(address); {
	case address == "":
		r.list.Unfit++
	case len(r.list.Lists) >= MaxEntries:
		r.list.Cut++
	default:
		r.list.Lists = append(r.list.Lists, address)
	}
}

// earliest is before any page of the web.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// believed drops what is no date of a web page.
func believed(t time.Time) time.Time {
	if t.Before(earliest) {
		return time.Time{}
	}
	return t.UTC()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// maxTitle bounds a title, in bytes.
const maxTitle = 1000

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxTitle {
		s = strings.ToValidUTF8(s[:maxTitle], "") + "…"
	}
	return s
}

// readText reads text that is nothing but addresses.
func (r *reader) readText() error {
	r.list.Kind = Text
	for line := range strings.Lines(r.text) {
		line = strings.TrimSpace(line)
		lower := strings.ToLower(line[:min(len(line), 8)])
		switch {
		case line == "":
		case !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") || strings.ContainsAny(line, " \t<>\""):
			return ErrNoList
		default:
			r.add(Entry{URL: line})
		}
	}
	return nil
}
