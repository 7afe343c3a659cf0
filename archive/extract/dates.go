package extract

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/archive/pattern"
)

// slack is how far a date may lie after the fetch: clocks and zones differ.
const slack = 24 * time.Hour

// dates returns when the page says it was published and last modified. No date
// lies after the fetch: a page that states one does not state when it was
// published, or lies.
func (r *metadataReader) dates(m *Meta) (published, modified string) {
	published = r.date(&m.Published, r.article.published, r.timesOf("datePublished"), []namedTags{
		{OpenGraph, []string{"article:published_time"}},
		{Citation, []string{"citation_publication_date", "citation_date"}},
		{MetaTag, []string{"datepublished"}},
		{DublinCore, []string{"dc.date.issued", "dcterms.created"}},
		{MetaTag, []string{"parsely-pub-date", "pubdate", "publishdate", "sailthru.date"}},
		{DublinCore, []string{"dc.date"}},
		{MetaTag, []string{"date"}},
	})
	modified = r.date(&m.Modified, r.article.modified, r.timesOf("dateModified"), []namedTags{
		{OpenGraph, []string{"article:modified_time", "og:updated_time"}},
		{MetaTag, []string{"datemodified"}},
		{DublinCore, []string{"dcterms.modified"}},
		{MetaTag, []string{"last-modified", "lastmod"}},
	})
	return published, modified
}

// namedTags are names of <meta> elements.
type namedTags struct {
	source Source
	names  []string
}

// date states all dates of one meaning and returns the one to believe: that of
// JSON-LD, of the first <meta> element that has one, or of an element.
func (r *metadataReader) date(to *[]Statement, linked string, elements []string, tags []namedTags) string {
	values := []string{linked}
	add := func(source Source, value string) {
		if text, t, ok := machineDate(value); ok && plausible(t, r.at) {
			state(to, source, text)
		}
	}
	add(LinkedData, linked)
	for _, t := range tags {
		for _, name := range t.names {
			if v := r.tags.first(name); v != "" {
				add(t.source, v)
				if len(values) == 1 {
					values = append(values, v)
				}
			}
		}
	}
	for _, v := range elements {
		add(Microdata, v)
	}
	return firstDate(r.at, append(values, elements...))
}

// timesOf returns the machine-readable dates of elements with a property.
func (r *metadataReader) timesOf(property string) []string {
	var out []string
	take := func(n *html.Node) {
		for _, key := range []string{"datetime", "content"} {
			if v := attribute(n, key); v != "" {
				out = append(out, v)
			}
		}
	}
	for _, n := range r.meta {
		if attribute(n, "itemprop") == property {
			take(n)
		}
	}
	for _, n := range r.properties {
		if attribute(n, "itemprop") == property {
			take(n)
		}
	}
	if property == "datePublished" {
		for _, n := range r.times {
			take(n)
		}
	}
	return out
}

// firstDate returns the first value that is a date not after the fetch, in the
// precision in which it is stated. An instant on that day is more precise.
func firstDate(at time.Time, values []string) string {
	first := ""
	for _, v := range values {
		text, t, ok := machineDate(v)
		switch {
		case !ok || !plausible(t, at):
		case first == "":
			first = text
		case len(first) == len(time.DateOnly) && strings.HasPrefix(text, first):
			return text
		}
	}
	return first
}

// earliest is the year of the first web page.
var earliest = time.Date(1991, 1, 1, 0, 0, 0, 0, time.UTC)

func plausible(t, at time.Time) bool {
	return t.After(earliest) && (at.IsZero() || t.Before(at.Add(slack)))
}

// addressDate is a day in the path of an address: /2006/01/02/, /2006/jan/02/,
// /2006-01-02-.
var addressDate = pattern.New(`/((?:19|20)\d\d)[/-](\d{1,2}|[a-z]{3})[/-](\d{1,2})(?:[/._-]|$)`)

// dateInAddress returns the day that an address names, if any.
func dateInAddress(address string, at time.Time) string {
	if len(address) > maxLink {
		return ""
	}
	address, _, _ = strings.Cut(address, "?")
	m := addressDate().FindStringSubmatch(strings.ToLower(address))
	if m == nil {
		return ""
	}
	year, _ := strconv.Atoi(m[1])
	day, _ := strconv.Atoi(m[3])
	month, err := strconv.Atoi(m[2])
	if err != nil {
		month = months[m[2]]
	}
	if t, ok := civil(year, month, day); ok && plausible(t, at) {
		return t.Format(time.DateOnly)
	}
	return ""
}

// changedWords are what stands before the date of the last change.
var changedWords = wordSet(`updated modified revised amended changed aktualisiert geändert actualizado actualizada
	atualizado atualizada modifié modifiée aggiornato bijgewerkt uppdaterad opdateret обновлено aktualizacja`)

func saysChanged(text string) bool {
	return slices.ContainsFunc(wordsOf(text), func(w string) bool { return changedWords[w] })
}

// maxDateLine is the weight of the longest line that is taken for a byline.
const maxDateLine = 160

// datesAround returns the dates that stand by the headline, for readers: in
// <time> elements or in the words of a short line.
func (a *article) datesAround(at time.Time) (published, modified string) {
	from, to := a.header()
	for i := from; i < to; i++ {
		b := a.blocks[i]
		if b.hidden || a.weights[i].weight > maxDateLine || a.weights[i].prose && a.weights[i].weight > 2*minProse || b.Kind == Heading && b.Level < 3 {
			continue
		}
		text, t, ok := machineDate(b.date())
		words := b.Text
		if !ok {
			var start int
			if t, start, ok = writtenDate(b.Text); ok {
				text, words = t.Format(time.DateOnly), b.Text[:start]
			}
		}
		if !ok || !plausible(t, at) {
			continue
		}
		if saysChanged(words) {
			if modified == "" {
				modified = text
			}
		} else if published == "" {
			published = text
		}
	}
	return published, modified
}

// headerBlocks is how far from the headline a date may stand, in blocks.
const headerBlocks = 12

// header returns the range of blocks around the headline, up to the second
// paragraph of the text. Without a headline there is no such range.
func (a *article) header() (from, to int) {
	at := a.headlineBlock()
	if at < 0 {
		return 0, 0
	}
	prose := 0
	for to = at; to < len(a.blocks) && to < at+headerBlocks && prose < 2; to++ {
		if a.weights[to].prose && a.weights[to].weight > 2*minProse {
			prose++
		}
	}
	return max(0, at-headerBlocks/4), to
}
