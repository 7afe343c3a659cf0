package extract

import (
	"encoding/json"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// A linkedArticle is what the JSON-LD of a page says about its article.
type linkedArticle struct {
	headline            string
	authors             []string
	published, modified string
	canonical, section  string
	free                string // "true" or "false"; "" where it is not stated
	doi                 string
	body                string // the text as a whole
	corrections         []linkedCorrection
	status              []string
	at                  span // of the script
}

// A linkedCorrection is a correction property: a text, or a CorrectionComment.
type linkedCorrection struct {
	text, published string
}

// maxLinkedData bounds one JSON-LD script, in bytes.
const maxLinkedData = 1 << 20

// readLinkedData returns the first object that describes an article, or else a
// page. Scripts that are not JSON are passed over. The properties are taken as
// schema.org names them: a context from elsewhere, which alone could give them
// other names, cannot be loaded, so a JSON-LD processor would add nothing.
func readLinkedData(o *outline) linkedArticle {
	var page linkedArticle
	for _, s := range o.scripts {
		text := o.text[s.content.start:s.content.end]
		if len(text) > maxLinkedData || !isLinkedData(o.text[s.tag.start:s.tag.end]) {
			continue
		}
		var value any
		if json.Unmarshal([]byte(withoutControls(text)), &value) != nil {
			continue
		}
		at := trimBlanks(o.text, s.content)
		if a, ok := describes(value, isArticleType, 8); ok {
			a.at = at
			return a
		}
		if a, ok := describes(value, isPageType, 8); ok && page.headline == "" && page.published == "" {
			page = a
			page.at = at
		}
	}
	return page
}

// isLinkedData reports whether a tag says that what follows is JSON-LD.
func isLinkedData(tag string) bool {
	if len(tag) > maxLink {
		return false
	}
	z := html.NewTokenizer(strings.NewReader(tag))
	z.Next()
	for _, a := range z.Token().Attr {
		if a.Key == "type" {
			return strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "application/ld+json")
		}
	}
	return false
}

// withoutControls makes spaces of control characters: raw line ends inside
// strings are the most common fault of JSON-LD.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
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
				return newLinkedArticle(v, depth-1), true
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

func newLinkedArticle(v map[string]any, depth int) linkedArticle {
	a := linkedArticle{
		headline:  firstText(v["headline"], v["name"]),
		authors:   authorNames(v["author"], depth),
		published: firstText(v["datePublished"]),
		modified:  firstText(v["dateModified"]),
		canonical: firstText(v["url"], v["mainEntityOfPage"]),
		section:   firstText(v["articleSection"]),
		free:      truth(v["isAccessibleForFree"]),
		doi:       linkedDOI(v),
		status:    statusesOf(v["creativeWorkStatus"]),
	}
	a.body, _ = v["articleBody"].(string)
	a.addCorrections(v["correction"], depth)
	return a
}

// statusesOf returns what creativeWorkStatus says: words, or terms with a name.
func statusesOf(value any) []string {
	var all []string
	for _, item := range asList(value) {
		if term, ok := item.(map[string]any); ok {
			item = term["name"]
		}
		if text := firstText(item); text != "" {
			all = append(all, text)
		}
	}
	return all
}

func asList(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

// addCorrections takes a correction property (schema.org/correction). An address
// says that there is a correction, not which.
func (a *linkedArticle) addCorrections(value any, depth int) {
	if depth == 0 {
		return
	}
	switch v := value.(type) {
	case string:
		if text := firstText(v); text != "" && !strings.Contains(text, "://") {
			a.corrections = append(a.corrections, linkedCorrection{text: text})
		}
	case []any:
		for _, item := range v {
			a.addCorrections(item, depth-1)
		}
	case map[string]any:
		if text := firstText(v["text"], v["description"]); text != "" {
			a.corrections = append(a.corrections, linkedCorrection{text, firstText(v["datePublished"], v["dateCreated"])})
		}
	}
}

// linkedDOI returns the DOI of an object, if it states one.
func linkedDOI(v map[string]any) string {
	for _, key := range []string{"doi", "identifier", "sameAs", "@id"} {
		value := v[key]
		if o, ok := value.(map[string]any); ok {
			value = o["value"]
		}
		for _, s := range texts(value) {
			if doi := findDOI(s); doi != "" {
				return doi
			}
		}
	}
	return ""
}

// truth returns "true" or "false" for a value that says so, in whatever way.
func truth(value any) string {
	switch v := value.(type) {
	case bool:
		return strconv.FormatBool(v)
	case string:
		switch v = strings.ToLower(v[strings.LastIndexByte(v, '/')+1:]); v {
		case "true", "false":
			return v
		}
	}
	return ""
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
