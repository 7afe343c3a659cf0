package extract

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/html"
)

// A linkedArticle is what the JSON-LD of a page says about its article.
type linkedArticle struct {
	headline            string
	authors             []string
	published, modified string
}

// maxLinkedData bounds one JSON-LD script, in bytes.
const maxLinkedData = 1 << 20

// linkedData returns the first object that describes an article, or else a
// page. Scripts that are not JSON are passed over.
func linkedData(root *html.Node) linkedArticle {
	var page linkedArticle
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "script" || n.FirstChild == nil ||
			!strings.HasPrefix(strings.ToLower(strings.TrimSpace(attribute(n, "type"))), "application/ld+json") {
			continue
		}
		text := n.FirstChild.Data
		if len(text) > maxLinkedData {
			continue
		}
		var value any
		// Raw line ends inside strings are the most common fault.
		text = strings.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, text)
		if json.Unmarshal([]byte(text), &value) != nil {
			continue
		}
		if a, ok := describes(value, isArticleType, 8); ok {
			return a
		}
		if a, ok := describes(value, isPageType, 8); ok && page.headline == "" && page.published == "" {
			page = a
		}
	}
	return page
}

// describes finds an object of a wanted type in a JSON value.
func describes(value any, wanted func(string) bool, depth int) (linkedArticle, bool) {
	if depth == 0 {
		return linkedArticle{}, false
	}
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			if a, ok := describes(item, wanted, depth-1); ok {
				return a, true
			}
		}
	case map[string]any:
		for _, t := range texts(v["@type"]) {
			if wanted(t) {
				return linkedArticle{
					headline:  firstText(v["headline"], v["name"]),
					authors:   authorNames(v["author"], depth-1),
					published: firstText(v["datePublished"]),
					modified:  firstText(v["dateModified"]),
				}, true
			}
		}
		for _, key := range []string{"@graph", "mainEntity", "mainEntityOfPage"} {
			if a, ok := describes(v[key], wanted, depth-1); ok {
				return a, true
			}
		}
	}
	return linkedArticle{}, false
}

func isArticleType(t string) bool {
	t = t[strings.LastIndexAny(t, "/:")+1:]
	return strings.HasSuffix(t, "Article") || strings.HasSuffix(t, "Posting") || t == "Report" || t == "Review"
}

func isPageType(t string) bool {
	t = t[strings.LastIndexAny(t, "/:")+1:]
	return strings.HasSuffix(t, "Page") || t == "CreativeWork"
}

// texts returns the strings of a value that is one or a list of them.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// firstText returns the display form of the first string among values.
// Entities in it are an escape too many, and common.
func firstText(values ...any) string {
	for _, v := range values {
		for _, s := range texts(v) {
			if s = display(html.UnescapeString(s)); s != "" {
				return s
			}
		}
	}
	return ""
}

// authorNames returns the names in an author property.
func authorNames(value any, depth int) []string {
	if depth == 0 {
		return nil
	}
	switch v := value.(type) {
	case string:
		return []string{html.UnescapeString(v)}
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, authorNames(item, depth-1)...)
		}
		return out
	case map[string]any:
		return authorNames(v["name"], depth-1)
	}
	return nil
}
