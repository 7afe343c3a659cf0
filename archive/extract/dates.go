package extract

import (
	"regexp"
	"strings"
	"time"

	"github.com/markusmobius/go-dateparser"
	"github.com/markusmobius/go-htmldate"
	"golang.org/x/net/html"
)

// slack is how far a date may lie after the fetch: clocks and zones differ.
const slack = 24 * time.Hour

// pageDates returns when the page says it was published and last modified. No
// date lies after the fetch: a page that states one does not state when it was
// published, or lies.
func pageDates(root *html.Node, tags tagValues, article linkedArticle, at time.Time) (published, modified string) {
	published = firstDate(at, append([]string{article.published, tags.first(
		"article:published_time", "citation_publication_date", "citation_date", "datepublished", "dc.date.issued",
		"dcterms.created", "parsely-pub-date", "pubdate", "publishdate", "sailthru.date", "dc.date", "date",
	)}, timeElements(root, "datePublished")...))
	modified = firstDate(at, append([]string{article.modified, tags.first(
		"article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified", "lastmod",
	)}, timeElements(root, "dateModified")...))
	if published == "" {
		published = guessedDate(root, at)
	}
	return published, modified
}

// timeElements returns the machine-readable dates of elements with a property.
func timeElements(root *html.Node, property string) []string {
	var out []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || attribute(n, "itemprop") != property && !(n.Data == "time" && attribute(n, "pubdate") != "" && property == "datePublished") {
			continue
		}
		for _, key := range []string{"datetime", "content"} {
			if v := attribute(n, key); v != "" {
				out = append(out, v)
			}
		}
	}
	return out
}

// firstDate returns the first value that is a date not after the fetch, in the
// precision in which it is stated.
func firstDate(at time.Time, values []string) string {
	for _, v := range values {
		if s, ok := statedDate(v, at); ok {
			return s
		}
	}
	return ""
}

var zoneWithoutColon = regexp.MustCompile(`([+-]\d\d)(\d\d)$`)

// statedDate reads an ISO 8601 date. A time without a zone is no instant, so
// only its day is kept.
func statedDate(value string, at time.Time) (string, bool) {
	value = strings.TrimSpace(value)
	if len(value) > 64 {
		return "", false
	}
	value = zoneWithoutColon.ReplaceAllString(value, "$1:$2")
	if len(value) > 10 && value[10] == ' ' {
		value = value[:10] + "T" + strings.ReplaceAll(value[11:], " ", "")
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.Format(time.RFC3339), plausible(t, at)
		}
	}
	for _, layout := range []string{"2006-01-02", "2006/01/02"} {
		if len(value) >= 10 {
			if t, err := time.Parse(layout, value[:10]); err == nil {
				return t.Format(time.DateOnly), plausible(t, at)
			}
		}
	}
	return "", false
}

// earliest is the year of the first web page.
var earliest = time.Date(1991, 1, 1, 0, 0, 0, 0, time.UTC)

func plausible(t, at time.Time) bool {
	return t.After(earliest) && (at.IsZero() || t.Before(at.Add(slack)))
}

// guessedDate asks go-htmldate, which looks at URL, markup and text. All its
// bounds are fixed: by default they depend on the day on which it runs.
func guessedDate(root *html.Node, at time.Time) (date string) {
	defer func() {
		if recover() != nil {
			date = ""
		}
	}()
	if at.IsZero() {
		return "" // without an upper bound the answer would change with time
	}
	at = at.UTC()
	r, err := htmldate.FromDocument(root, htmldate.Options{
		UseOriginalDate:     true,
		SkipExtensiveSearch: true,
		MinDate:             time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC),
		MaxDate:             at,
		DateParserConfig:    &dateparser.Configuration{CurrentTime: at, DefaultTimezone: time.UTC},
	})
	if err != nil || r.IsZero() {
		return ""
	}
	return r.DateTime.Format(time.DateOnly)
}
