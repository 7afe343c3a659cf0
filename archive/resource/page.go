package resource

import (
	"errors"
	"iter"
	"slices"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/schemas"
)

// A Reference is something that a page or a style sheet asks for.
type Reference struct {
	URL  string // absolute, WHATWG serialisation without fragment; http or https
	Kind schemas.ResourceKind
}

// maxTags is how many tags, opening and closing, a page may have.
const maxTags = 400_000

// ErrTooLarge is returned for a page that has more than 400,000 tags, or a tag with
// more than 100,000 attributes.
var ErrTooLarge = errors.New("the page has too many tags to look for its resources")

// OfPage returns what a page asks for, in the order in which it does, each
// address once. The page is text in UTF-8; address is where it was served from,
// "" when that is not known: then relative references lead nowhere.
func OfPage(page, address string) ([]Reference, error) {
	if strings.Count(page, "<") > maxTags || hasMonster(page) {
		return nil, ErrTooLarge
	}
	list := list{base: newBase(address), seen: map[string]bool{}}
	if mayHaveBase(page) {
		list.base = baseOf(elements(page), address)
	}
	for n := range elements(page) {
		list.addElement(n)
	}
	return list.references, nil
}

// OfStyle returns what a style sheet that was served from an address asks for.
func OfStyle(css, address string) []Reference {
	list := list{base: newBase(address), seen: map[string]bool{}}
	list.addStyle(css)
	return list.references
}

// Parse parses a page as a browser does that runs no scripts.
func Parse(page string) (*html.Node, error) {
	if strings.Count(page, "<") > maxTags {
		return nil, ErrTooLarge
	}
	return html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
}

// list collects references.
type list struct {
	base       Base
	references []Reference
	seen       map[string]bool
}

func (l *list) add(reference string, kind schemas.ResourceKind) {
	address, ok := l.base.Resolve(reference)
	if !ok || l.seen[address] || !strings.HasPrefix(address, "http:") && !strings.HasPrefix(address, "https:") {
		return
	}
	l.seen[address] = true
	l.references = append(l.references, Reference{URL: address, Kind: kind})
}

func (l *list) addStyle(css string) {
	for _, use := range usesOf(css) {
		if !use.spare {
			l.add(use.reference, use.kind)
		}
	}
}

func (l *list) addElement(n *html.Node) {
	for _, use := range UsesOf(n) {
		l.add(use.Reference, use.Kind)
	}
	if n.Data == "style" && n.Namespace == "" {
		l.addStyle(contentOf(n))
	}
	if style := Attribute(n, "style"); style != "" {
		l.addStyle(style)
	}
}

// A Use is a reference of an element.
type Use struct {
	Attribute string // that holds it
	Reference string // as it stands there; of a srcset the one that is asked for
	Kind      schemas.ResourceKind
	Lazy      bool // a script would put it in place of what stands there

	Descriptor string // of the candidate of a srcset, such as "1600w"
}

// UsesOf returns the references in the attributes of an element but style, in the
// order in which a browser prefers them.
func UsesOf(n *html.Node) []Use {
	var uses []Use
	add := func(kind schemas.ResourceKind, lazy bool, attributes ...string) {
		for _, key := range attributes {
			value, descriptor := Attribute(n, key), ""
			if strings.HasSuffix(key, "srcset") {
				value, descriptor = bestOf(value)
			}
			if value = strings.TrimSpace(value); value != "" {
				uses = append(uses, Use{Attribute: key, Reference: value, Kind: kind, Lazy: lazy, Descriptor: descriptor})
			}
		}
	}
	const image, media = schemas.ResourceImage, schemas.ResourceMedia
	switch n.Data {
	case "img":
		add(image, true, lazySets...)
		add(image, true, lazySources...)
		add(image, false, "srcset", "src")
	case "source":
		if n.Parent != nil && n.Parent.Data == "picture" {
			add(image, true, lazySets...)
			add(image, false, "srcset")
		} else {
			add(media, false, "src")
		}
	case "video":
		add(image, false, "poster")
		add(media, false, "src")
	case "audio", "track":
		add(media, false, "src")
	case "input":
		if strings.EqualFold(Attribute(n, "type"), "image") {
			add(image, false, "src")
		}
	case "image", "feimage", "feImage":
		add(image, false, "href", "xlink:href")
	case "link":
		if kind, ok := linkKind(n); ok {
			add(kind, false, "href")
		}
	case "body", "table", "td", "th":
		add(image, false, "background")
	}
	return uses
}

// The attributes in which scripts keep what they load later.
var (
	lazySets    = []string{"data-srcset", "data-lazy-srcset"}
	lazySources = []string{"data-src", "data-original", "data-lazy-src", "data-lazy"}
)

// linkKind returns what a link element asks for.
func linkKind(n *html.Node) (schemas.ResourceKind, bool) {
	rel := strings.Fields(strings.ToLower(Attribute(n, "rel")))
	has := func(word string) bool { return slices.Contains(rel, word) }
	switch {
	case has("stylesheet") && !has("alternate"):
		return schemas.ResourceStyle, true
	case has("preload") && strings.EqualFold(Attribute(n, "as"), "style") && strings.Contains(Attribute(n, "onload"), "rel"):
		return schemas.ResourceStyle, true
	case has("icon"), has("apple-touch-icon"), has("apple-touch-icon-precomposed"):
		return schemas.ResourceIcon, true
	}
	return "", false
}

// Attribute returns the value of an attribute, "" when there is none. The name of
// one in the namespace of XLink begins with xlink:.
func Attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key && a.Namespace == "" || a.Namespace != "" && a.Namespace+":"+a.Key == key {
			return a.Val
		}
	}
	return ""
}

func contentOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.ChildNodes() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// A Base is what references are resolved against.
type Base struct{ url *whatwg.Url }

// BaseOf returns the base of a page that was served from an address: its first
// base element, itself taken relative to the address.
func BaseOf(root *html.Node, address string) Base { return baseOf(root.Descendants(), address) }

// mayHaveBase reports whether a page may have a base element.
func mayHaveBase(page string) bool {
	const tag = "<base"
	for i := strings.IndexByte(page, '<'); i >= 0; i = strings.IndexByte(page, '<') {
		if page = page[i:]; len(page) > len(tag) && strings.EqualFold(page[:len(tag)], tag) {
			return true
		}
		page = page[1:]
	}
	return false
}

func baseOf(nodes iter.Seq[*html.Node], address string) Base {
	base := newBase(address)
	for n := range nodes {
		if n.Type != html.ElementNode || n.Data != "base" {
			continue
		}
		href := strings.TrimSpace(Attribute(n, "href"))
		if href == "" || len(href) > maxAddress {
			continue
		}
		if u, err := base.parse(href); err == nil && (u.Scheme() == "http" || u.Scheme() == "https") {
			return Base{url: u}
		}
		return base
	}
	return base
}

// BaseAt returns the base of a style sheet that was served from an address.
func BaseAt(address string) Base { return newBase(address) }

func newBase(address string) Base {
	if len(address) > maxAddress {
		return Base{}
	}
	u, err := whatwg.Parse(address)
	if err != nil {
		return Base{}
	}
	return Base{url: u}
}

// maxAddress is the length of the longest address that is looked at, in bytes:
// the URL parser takes quadratic time.
const maxAddress = 8192

func (b Base) parse(reference string) (*whatwg.Url, error) {
	if b.url != nil {
		return b.url.Parse(reference)
	}
	return whatwg.Parse(reference)
}

// Resolve returns the absolute address of a reference without its fragment. It is
// false for what leads nowhere or has its content in it: nothing, a fragment,
// data:, javascript:, about:, blob:.
func (b Base) Resolve(reference string) (string, bool) {
	reference = strings.TrimSpace(reference)
	if reference == "" || reference[0] == '#' || len(reference) > maxAddress {
		return "", false
	}
	u, err := b.parse(reference)
	if err != nil {
		return "", false
	}
	switch u.Scheme() {
	case "data", "javascript", "about", "blob":
		return "", false
	}
	if u.Username() != "" || u.Password() != "" {
		return "", false
	}
	return u.Href(true), true
}
