package extract

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/archive/pattern"
)

// Meta is what a page states about itself, each claim with its source. What
// several sources state alike is sure; what one of them states may be left over
// from a template.
type Meta struct {
	Headline   []Statement // a page has one headline, in each source the first
	Byline     []Statement // names, joined by ", "
	Published  []Statement // as [Document.Published]
	Modified   []Statement
	Canonical  []Statement // absolute addresses
	Section    []Statement
	Robots     []Statement // as written, such as "noindex, nofollow"
	Free       []Statement // "true" or "false": whether all may read the text
	Correction []Statement // text of a correction
	DOI        []Statement // in lower case, without resolver: "10.1000/182"
	Status     []Statement // how the publication stands, or of what type it is, as written: "Retracted", "Correction"
}

// A Statement is a claim of a page about itself.
type Statement struct {
	Value  string
	Source Source
}

// A Source is the part of a page that makes a statement.
type Source string

// The sources of statements.
const (
	LinkedData Source = "json-ld"    // schema.org in JSON-LD
	OpenGraph  Source = "open-graph" // <meta> named og:… or article:…
	Citation   Source = "citation"   // <meta> named citation_…, for scholarly indexes
	DublinCore Source = "dublin-core"
	Microdata  Source = "microdata"
	MetaTag    Source = "meta" // another <meta>
	TitleTag   Source = "title"
	TopHeading Source = "h1"
	LinkTag    Source = "link"    // <link>, or rel=author
	TextLine   Source = "text"    // a line that readers see
	Address    Source = "address" // the URL itself
)

// state adds a statement, once a source and value.
func state(to *[]Statement, source Source, values ...string) {
	for _, v := range values {
		if s := (Statement{v, source}); v != "" && !slices.Contains(*to, s) && len(*to) < maxStatements {
			*to = append(*to, s)
		}
	}
}

// maxStatements is how many statements about one thing are kept.
const maxStatements = 32

// A metadataReader holds what statements are made of.
type metadataReader struct {
	*landmarks
	tags    tagValues
	article linkedArticle
	base    resolver
	at      time.Time
}

// read reads the statements of a page, and title, names, dates, address and
// language. Of several sources the one that is shown to readers or meant for
// machines wins over one that is meant for lists and search results.
func (r *metadataReader) read(d *Document) {
	m := &d.Meta
	d.Title = r.title(m)
	d.Byline = r.byline(m)
	d.Published, d.Modified = r.dates(m)
	for _, c := range []struct {
		source Source
		ref    string
	}{
		{LinkTag, attributeOf(r.canonical, "href")}, {OpenGraph, r.tags.first("og:url")}, {LinkedData, r.article.canonical},
	} {
		if u, ok := r.base.resolve(c.ref); ok {
			state(&m.Canonical, c.source, u.Href(false))
			if d.Canonical == "" && c.source != LinkedData {
				d.Canonical = u.Href(false)
			}
		}
	}
	d.Language = r.language()
	r.others(m)
}

// others reads what the document has no field of its own for.
func (r *metadataReader) others(m *Meta) {
	state(&m.Section, LinkedData, r.article.section)
	state(&m.Section, OpenGraph, r.tags.first("article:section"))
	state(&m.Section, Microdata, r.property("articlesection"))
	state(&m.Section, MetaTag, r.tags.first("parsely-section", "section", "sailthru.section"))
	for _, name := range []string{"robots", "googlebot"} {
		state(&m.Robots, MetaTag, r.tags[name]...)
	}
	state(&m.Free, LinkedData, r.article.free)
	state(&m.Free, Microdata, truth(r.property("isaccessibleforfree")))
	for _, c := range r.article.corrections {
		state(&m.Correction, LinkedData, c.text)
	}
	state(&m.Correction, Microdata, r.property("correction"))
	state(&m.Status, LinkedData, r.article.status...)
	state(&m.Status, Citation, r.tags["citation_article_type"]...)
	state(&m.Status, Citation, r.tags["citation_publication_type"]...)
	for _, name := range []string{"dc.type", "dcterms.type", "dc.type.articletype"} {
		state(&m.Status, DublinCore, r.tags[name]...)
	}
	for _, name := range []string{"article_type", "article-type", "prism.genre", "prism.publicationtype"} {
		state(&m.Status, MetaTag, r.tags[name]...)
	}
	state(&m.DOI, Citation, findDOI(r.tags.first("citation_doi")))
	state(&m.DOI, DublinCore, findDOI(r.tags.first("dc.identifier", "dc.identifier.doi", "dcterms.identifier")))
	state(&m.DOI, LinkedData, r.article.doi)
	state(&m.DOI, MetaTag, findDOI(r.tags.first("doi", "prism.doi", "bepress_citation_doi", "evt-doipage")))
}

// property returns the value of the first microdata property with a name, which
// is in lower case.
func (r *metadataReader) property(name string) string {
	for _, n := range r.properties {
		if strings.EqualFold(attribute(n, "itemprop"), name) {
			for _, key := range []string{"content", "datetime"} {
				if v := display(attribute(n, key)); v != "" {
					return v
				}
			}
			return shortTextOf(n)
		}
	}
	return r.tags.first("itemprop:" + name)
}

// maxProperty is the length of the longest text of an element that is taken for
// a property, in bytes.
const maxProperty = 2048

func shortTextOf(n *html.Node) string {
	if text := textOf(n); len(text) <= maxProperty {
		return text
	}
	return ""
}

var doi = pattern.New(`\b10\.[0-9]{4,9}/[^\s"'<>?#]+`)

// findDOI returns the DOI in a text, in lower case: DOIs differ in no letter
// case (DOI Handbook, section 2.4).
func findDOI(text string) string {
	if len(text) > maxLink {
		return ""
	}
	return strings.TrimRight(strings.ToLower(doi().FindString(text)), ".,;:)]")
}

// tagValues holds the content of <meta> elements by name, in document order.
// Names of microdata have "itemprop:" before them too.
type tagValues map[string][]string

func newTagValues(meta []*html.Node) tagValues {
	tags := make(tagValues, len(meta))
	for _, n := range meta {
		value := display(attribute(n, "content"))
		if value == "" {
			continue
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "name", "property", "itemprop":
				name := strings.ToLower(strings.TrimSpace(a.Val))
				if name == "" {
					continue
				}
				tags[name] = append(tags[name], value)
				if a.Key == "itemprop" {
					tags["itemprop:"+name] = append(tags["itemprop:"+name], value)
				}
			}
		}
	}
	return tags
}

// first returns the first value of the first name that has one.
func (t tagValues) first(names ...string) string {
	for _, name := range names {
		if len(t[name]) > 0 {
			return t[name][0]
		}
	}
	return ""
}

func attributeOf(n *html.Node, key string) string {
	if n == nil {
		return ""
	}
	return attribute(n, key)
}

// title returns the headline. An <h1> that the metadata confirm is what
// readers saw; metadata alone come next, then the only <h1>.
func (r *metadataReader) title(m *Meta) string {
	title := ""
	if r.landmarks.title != nil {
		title = textOf(r.landmarks.title)
	}
	var headings []string
	for _, n := range r.headings {
		if text := textOf(n); text != "" {
			headings = append(headings, text)
		}
	}
	state(&m.Headline, OpenGraph, r.tags.first("og:title"))
	state(&m.Headline, LinkedData, r.article.headline)
	state(&m.Headline, Citation, r.tags.first("citation_title"))
	state(&m.Headline, DublinCore, r.tags.first("dc.title"))
	state(&m.Headline, MetaTag, r.tags.first("twitter:title", "headline", "parsely-title"))
	claims := slices.Clone(m.Headline)
	state(&claims, TitleTag, title)
	state(&m.Headline, Microdata, r.property("headline"))
	state(&m.Headline, TopHeading, headings...)
	state(&m.Headline, TitleTag, title)
	for _, c := range claims {
		for _, h := range headings {
			if confirms(h, c.Value) {
				return h
			}
		}
	}
	site := r.tags.first("og:site_name")
	for _, c := range claims {
		if c.Value != title {
			return withoutSite(c.Value, site)
		}
	}
	if len(headings) == 1 {
		return headings[0]
	}
	return withoutSite(title, site)
}

// confirms reports whether a claimed title is about the same words as a
// heading: it holds most of them, or the heading holds most of the claim.
func confirms(heading, claim string) bool {
	h, c := wordsOf(heading), wordsOf(claim)
	if len(h) == 0 || len(c) == 0 {
		return false
	}
	in := make(map[string]bool, len(c))
	for _, w := range c {
		in[w] = true
	}
	shared := 0
	for _, w := range h {
		if in[w] {
			shared++
		}
	}
	return shared*4 >= len(h)*3 && len(h) >= min(3, len(c)) || shared*4 >= len(c)*3 && len(c) >= 3
}

var titleSeparator = pattern.New(`\s+[|–—·•»\-]\s+`)

// withoutSite removes the name of the site from the end of a title. Without a
// stated name only a short part after "|" is taken for one.
func withoutSite(title, site string) string {
	places := titleSeparator().FindAllStringIndex(title, -1)
	if len(places) == 0 {
		return title
	}
	last := places[len(places)-1]
	head, tail := title[:last[0]], title[last[1]:]
	if sameWords(tail, site) || strings.Contains(title[last[0]:last[1]], "|") && len(wordsOf(tail)) <= 4 && len(wordsOf(head)) >= 3 {
		return head
	}
	return title
}

// byline returns the names of the authors.
func (r *metadataReader) byline(m *Meta) string {
	add := func(source Source, names []string) {
		state(&m.Byline, source, strings.Join(people(names), ", "))
	}
	add(LinkedData, r.article.authors)
	add(Citation, r.tags["citation_author"])
	add(MetaTag, r.tags["author"])
	add(OpenGraph, r.tags["article:author"])
	add(MetaTag, r.tags["parsely-author"])
	add(DublinCore, r.tags["dc.creator"])
	add(MetaTag, r.tags["byl"])
	if len(r.authors) > 0 {
		add(LinkTag, []string{shortTextOf(r.authors[0])})
	}
	for _, n := range r.properties {
		if attribute(n, "itemprop") == "author" {
			add(Microdata, []string{shortTextOf(n)})
			break
		}
	}
	if len(m.Byline) == 0 {
		return ""
	}
	return m.Byline[0].Value
}

// maxName is the most words that a name has; more are a line about the author.
const maxName = 10

// people drops what cannot be a name, and repetitions.
func people(names []string) []string {
	var out []string
	seen := make(map[string]bool)
	for _, name := range names {
		name = display(name)
		for _, by := range []string{"By ", "by ", "BY "} {
			name = strings.TrimPrefix(name, by)
		}
		if name == "" || strings.Contains(name, "://") || len(wordsOf(name)) > maxName || seen[name] {
			continue
		}
		seen[name] = true
		out = append(out, name)
	}
	return out
}

var languageTag = pattern.New(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

// language returns the language that the page states.
func (r *metadataReader) language() string {
	for _, tag := range []string{
		attributeOf(r.html, "lang"), attributeOf(r.html, "xml:lang"),
		r.tags.first("language", "dc.language", "og:locale"),
	} {
		if tag = strings.TrimSpace(tag); languageTag().MatchString(tag) {
			return strings.ReplaceAll(tag, "_", "-")
		}
	}
	return ""
}
