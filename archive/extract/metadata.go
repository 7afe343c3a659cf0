package extract

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// metadata is what a page says about itself.
type metadata struct {
	title, byline, published, modified, canonical, language string
}

// readMetadata reads title, names, dates, address and language. Of several
// sources the one that is shown to readers or meant for machines wins over one
// that is meant for lists and search results.
func readMetadata(root *html.Node, base resolver, in Input) metadata {
	tags := metaTags(root)
	article := linkedData(root)
	var m metadata
	m.title = pageTitle(root, tags, article)
	m.byline = pageByline(root, tags, article)
	m.published, m.modified = pageDates(root, tags, article, in.At)
	canonical := find(root, func(n *html.Node) bool {
		return n.Data == "link" && strings.EqualFold(attribute(n, "rel"), "canonical")
	})
	for _, ref := range []string{attributeOf(canonical, "href"), tags.first("og:url")} {
		if u, ok := base.resolve(ref); ok {
			m.canonical = u.Href(false)
			break
		}
	}
	m.language = pageLanguage(root, tags)
	return m
}

// tagValues holds the content of <meta> elements by name, in document order.
type tagValues map[string][]string

func metaTags(root *html.Node) tagValues {
	tags := make(tagValues)
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "meta" {
			continue
		}
		value := display(attribute(n, "content"))
		if value == "" {
			continue
		}
		for _, key := range []string{"name", "property", "itemprop"} {
			if name := strings.ToLower(strings.TrimSpace(attribute(n, key))); name != "" {
				tags[name] = append(tags[name], value)
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

// pageTitle returns the headline. An <h1> that the metadata confirm is what
// readers saw; metadata alone come next, then the only <h1>.
func pageTitle(root *html.Node, tags tagValues, article linkedArticle) string {
	title := ""
	if n := find(root, func(n *html.Node) bool { return n.Data == "title" && n.Parent != nil && n.Parent.Data == "head" }); n != nil {
		title = textOf(n)
	}
	var claims []string
	for _, c := range []string{tags.first("og:title"), article.headline, tags.first("citation_title", "dc.title", "twitter:title", "headline", "parsely-title"), title} {
		if c != "" {
			claims = append(claims, c)
		}
	}
	var headings []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "h1" && !isHidden(n) {
			if text := textOf(n); text != "" {
				headings = append(headings, text)
			}
		}
	}
	for _, c := range claims {
		for _, h := range headings {
			if confirms(h, c) {
				return h
			}
		}
	}
	for _, c := range claims {
		if c != title {
			return withoutSite(c, tags.first("og:site_name"))
		}
	}
	if len(headings) == 1 {
		return headings[0]
	}
	return withoutSite(title, tags.first("og:site_name"))
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

var titleSeparator = regexp.MustCompile(`\s+[|–—·•»\-]\s+`)

// withoutSite removes the name of the site from the end of a title. Without a
// stated name only a short part after "|" is taken for one.
func withoutSite(title, site string) string {
	places := titleSeparator.FindAllStringIndex(title, -1)
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

// pageByline returns the names of the authors.
func pageByline(root *html.Node, tags tagValues, article linkedArticle) string {
	names := article.authors
	if len(names) == 0 {
		for _, key := range []string{"citation_author", "author", "article:author", "parsely-author", "dc.creator", "byl"} {
			if names = tags[key]; len(names) > 0 {
				break
			}
		}
	}
	if names = people(names); len(names) == 0 {
		n := find(root, func(n *html.Node) bool {
			return attribute(n, "rel") == "author" || attribute(n, "itemprop") == "author"
		})
		if n != nil {
			names = people([]string{textOf(n)})
		}
	}
	return strings.Join(names, ", ")
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

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

// pageLanguage returns the language that the page states.
func pageLanguage(root *html.Node, tags tagValues) string {
	element := find(root, named("html"))
	for _, tag := range []string{
		attributeOf(element, "lang"), attributeOf(element, "xml:lang"),
		tags.first("language", "dc.language", "og:locale"),
	} {
		if tag = strings.TrimSpace(tag); languageTag.MatchString(tag) {
			return strings.ReplaceAll(tag, "_", "-")
		}
	}
	return ""
}
