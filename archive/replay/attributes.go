package replay

import (
	"strings"

	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/archive/resource"
)

// referring are the attributes that lead somewhere. They are left out, unless what
// they lead to is put in place.
var referring = map[string]bool{
	"src": true, "href": true, "xlink:href": true, "srcset": true, "imagesrcset": true, "imagesizes": true, "poster": true, "background": true,
	"action": true, "formaction": true, "formtarget": true, "formmethod": true, "cite": true, "longdesc": true, "classid": true,
	"codebase": true, "data": true, "manifest": true, "profile": true, "dynsrc": true, "lowsrc": true, "ping": true, "srcdoc": true,
	"integrity": true, "nonce": true, "crossorigin": true, "http-equiv": true, "target": true, "download": true, "autoplay": true,
	"loading": true, "referrerpolicy": true, "attributionsrc": true, "xml:base": true, "popovertarget": true, "archive": true, "method": true,
}

// attributes rewrites the attributes of an element. It is false for an element that
// is nothing without what it referred to.
func (s *scene) attributes(n *html.Node) bool {
	old := n.Attr
	uses := resource.UsesOf(n)
	keep := s.referred(n, uses)
	n.Attr = n.Attr[:0:0]
	for _, a := range old {
		name := strings.ToLower(a.Key)
		if a.Namespace != "" {
			name = a.Namespace + ":" + name
		}
		switch {
		case strings.HasPrefix(name, "on"), referring[name], isLazy(name):
		case name == "style":
			a.Val = s.rewrite(a.Val, s.base)
			n.Attr = append(n.Attr, a)
		case strings.Contains(name, "src") && strings.HasPrefix(name, "data-"), strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:"):
		default:
			n.Attr = append(n.Attr, a)
		}
	}
	n.Attr = append(n.Attr, keep...)
	switch n.Data {
	case "link", "track":
		return len(keep) > 0
	case "source":
		return len(keep) > 0
	case "a", "area":
		s.link(n, old)
	}
	return true
}

// isLazy reports whether a script keeps an address in an attribute.
func isLazy(name string) bool {
	switch name {
	case "data-original", "data-lazy", "data-lazy-src", "data-srcset", "data-lazy-srcset", "data-src":
		return true
	}
	return false
}

// referred returns the attributes that put in place what an element refers to.
func (s *scene) referred(n *html.Node, uses []resource.Use) []html.Attribute {
	var keep []html.Attribute
	switch n.Data {
	case "img", "source":
		if picture, ok := s.picture(n, uses); ok {
			keep = append(keep, picture)
		}
		return keep
	case "use", "textPath", "linearGradient", "radialGradient", "pattern", "filter", "mpath":
		for _, key := range []string{"href", "xlink:href"} {
			if value := strings.TrimSpace(resource.Attribute(n, key)); strings.HasPrefix(value, "#") {
				return []html.Attribute{{Key: "href", Val: value}}
			}
		}
	}
	for _, use := range uses {
		key := use.Attribute
		if key == "xlink:href" {
			key = "href"
		}
		if isInline(use.Reference) {
			keep = append(keep, html.Attribute{Key: key, Val: use.Reference})
		} else if mark, ok := s.place(s.base, use.Reference); ok {
			keep = append(keep, html.Attribute{Key: key, Val: mark})
		}
	}
	if n.Data == "link" && len(keep) > 0 && strings.Contains(strings.ToLower(resource.Attribute(n, "rel")), "preload") {
		keep = append(keep, html.Attribute{Key: "rel", Val: "stylesheet"})
		n.Attr = without(n.Attr, "rel")
	}
	return keep
}

// picture returns the attribute that shows the picture of an element: the one that
// a script would put there if it is stored, else the first that is.
func (s *scene) picture(n *html.Node, uses []resource.Use) (html.Attribute, bool) {
	if s.page.Rendered {
		// The scripts have put in place what they would.
		var plain []resource.Use
		for _, use := range uses {
			if !use.Lazy {
				plain = append(plain, use)
			}
		}
		uses = plain
	}
	var missing []resource.Use
	for _, use := range uses {
		if isInline(use.Reference) && strings.HasPrefix(use.Reference, "data:") {
			return html.Attribute{Key: "src", Val: use.Reference}, true
		}
		address, ok := s.base.Resolve(use.Reference)
		if !ok || s.places[address] == 0 && s.page.Stored(address) == nil {
			missing = append(missing, use)
			continue
		}
		mark, _ := s.place(s.base, use.Reference)
		if strings.HasSuffix(use.Attribute, "srcset") {
			return html.Attribute{Key: "srcset", Val: strings.TrimSpace(mark + " " + use.Descriptor)}, true
		}
		return html.Attribute{Key: "src", Val: mark}, true
	}
	for _, use := range missing {
		s.place(s.base, use.Reference) // notes that it is missing
	}
	return html.Attribute{}, false
}

func without(attributes []html.Attribute, key string) []html.Attribute {
	var left []html.Attribute
	for _, a := range attributes {
		if a.Key != key {
			left = append(left, a)
		}
	}
	return left
}

// link lets links lead to places on the page only.
func (s *scene) link(n *html.Node, old []html.Attribute) {
	var href string
	for _, a := range old {
		if strings.EqualFold(a.Key, "href") {
			href = strings.TrimSpace(a.Val)
		}
	}
	if href == "" {
		return
	}
	if strings.HasPrefix(href, "#") {
		n.Attr = append(n.Attr, html.Attribute{Key: "href", Val: href})
		return
	}
	address, ok := s.base.Resolve(href)
	if own, same := s.base.Resolve(s.page.Address); ok && same && address == own {
		if _, fragment, found := strings.Cut(href, "#"); found {
			n.Attr = append(n.Attr, html.Attribute{Key: "href", Val: "#" + fragment})
			return
		}
	}
	// A link keeps its looks, which styles give to those with an address only.
	n.Attr = append(n.Attr, html.Attribute{Key: "href", Val: "#walkback-elsewhere"})
	if ok && resource.Attribute(n, "title") == "" {
		n.Attr = append(n.Attr, html.Attribute{Key: "title", Val: address})
	}
}
