package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/walkback-dev/walkback/archive/resource"
	"github.com/walkback-dev/walkback/schemas"
)

// Page is what is to be shown.
type Page struct {
	HTML     string // in UTF-8
	Address  string // that relative references are resolved against; "" when it is not known
	Rendered bool   // by a browser that ran its scripts: nothing stands in for them
	Banner   Banner

	// Stored returns what is stored for an absolute address without fragment; nil
	// when there is nothing.
	Stored func(address string) *Stored
}

// Stored is a stored resource.
type Stored struct {
	MediaType string
	Size      int64                         // as stored; with a content-coding it may have more
	Open      func() (io.ReadCloser, error) // without content-coding
	Text      func() (string, error)        // of a style sheet, in UTF-8
	Address   string                        // that references of a style sheet are resolved against
}

// Result says what became of a page.
type Result struct {
	Bytes   int64
	Missing []string // addresses that it asks for and that are not in the file, each once
}

const (
	maxBytes  = 512 << 20
	maxSheets = 5 // how deep style sheets are put into style sheets
	maxSheet  = 2 << 20
)

// policy forbids all that is not in the file.
const policy = "default-src 'none'; img-src data:; media-src data:; font-src data:; style-src 'unsafe-inline' data:; base-uri 'none'; form-action 'none'"

// Write writes the page as one file. Errors are those of reading what is stored and
// of w, and resource.ErrTooLarge.
func Write(w io.Writer, page Page) (*Result, error) {
	root, err := resource.Parse(page.HTML)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(page.HTML))
	s := &scene{
		page: page, base: resource.BaseOf(root, page.Address), mark: "walkback-" + hex.EncodeToString(sum[:16]) + "-",
		places: map[string]int{}, missed: map[string]bool{}, shown: map[string]bool{}, styled: map[int]string{},
	}
	s.children(root)
	s.furnish(root)
	var text strings.Builder
	if err := html.Render(&text, root); err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	out := &counted{w: w, left: maxBytes}
	if err := s.expand(out, text.String(), 0); err != nil {
		return nil, err
	}
	return &Result{Bytes: maxBytes - out.left, Missing: s.missing}, nil
}

// scene is a page on its way into a file. Where a resource goes, a mark with its
// number stands until the end, so that no resource is held in memory.
type scene struct {
	page    Page
	base    resource.Base
	mark    string
	stored  []*Stored
	places  map[string]int // by address
	shown   map[string]bool
	styled  map[int]string // style sheets with marks in place of references, by number
	missed  map[string]bool
	missing []string
}

// place returns the mark of a resource; false when it is not stored.
func (s *scene) place(base resource.Base, reference string) (mark string, ok bool) {
	address, ok := base.Resolve(reference)
	if !ok {
		return "", false
	}
	n, known := s.places[address]
	if !known {
		stored := s.page.Stored(address)
		if stored == nil {
			s.miss(address)
			return "", false
		}
		n = len(s.stored)
		s.stored = append(s.stored, stored)
		s.places[address] = n
	}
	s.shown[address] = true
	return fmt.Sprintf("%s%d~", s.mark, n), true
}

// children rewrites what is below a node.
func (s *scene) children(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.CommentNode, c.Type == html.DoctypeNode && n.Parent != nil:
			n.RemoveChild(c)
		case c.Type == html.ElementNode:
			s.element(c)
		}
		c = next
	}
}

// gone are the elements that are left out with all that is in them.
var gone = map[string]bool{
	"script": true, "object": true, "embed": true, "applet": true, "portal": true, "fencedframe": true, "base": true, "template": true,
	"noembed": true, "noframes": true, "frameset": true, "frame": true, "plaintext": true, "xmp": true, "animate": true, "set": true,
	"foreignobject": false,
}

// element rewrites an element, or takes it out.
func (s *scene) element(n *html.Node) {
	switch {
	case gone[strings.ToLower(n.Data)]:
		n.Parent.RemoveChild(n)
		return
	case n.Data == "iframe":
		s.replaceFrame(n)
		return
	case n.Data == "meta":
		if !keepMeta(n) {
			n.Parent.RemoveChild(n)
		}
		return
	case n.Data == "noscript":
		s.noscript(n)
		return
	case n.Data == "style":
		s.style(n)
	}
	if !s.attributes(n) {
		n.Parent.RemoveChild(n)
		return
	}
	s.children(n)
}

// keepMeta keeps what tells how to lay out a page.
func keepMeta(n *html.Node) bool {
	switch strings.ToLower(resource.Attribute(n, "name")) {
	case "viewport", "color-scheme", "theme-color":
		return true
	}
	return false
}

// replaceFrame says where a frame stood.
func (s *scene) replaceFrame(n *html.Node) {
	address, ok := s.base.Resolve(resource.Attribute(n, "src"))
	if !ok {
		n.Parent.RemoveChild(n)
		return
	}
	note := element("p", "style", "border:1px dashed #888;padding:1em;color:#666;font:13px/1.4 sans-serif")
	note.AppendChild(&html.Node{Type: html.TextNode, Data: "A frame stood here that was not kept: " + address})
	n.Parent.InsertBefore(note, n)
	n.Parent.RemoveChild(n)
}

// noscript puts the content of a noscript element in its place when the page lacks
// it.
func (s *scene) noscript(n *html.Node) {
	parent := n.Parent
	if !s.page.Rendered && s.lacks(n) {
		for c := n.FirstChild; c != nil; c = n.FirstChild {
			n.RemoveChild(c)
			parent.InsertBefore(c, n)
			if c.Type == html.ElementNode {
				s.element(c)
			}
		}
	}
	parent.RemoveChild(n)
}

// lacks reports whether an element has something stored that is not shown yet.
func (s *scene) lacks(n *html.Node) bool {
	for c := range n.Descendants() {
		if c.Type != html.ElementNode {
			continue
		}
		for _, use := range resource.UsesOf(c) {
			address, ok := s.base.Resolve(use.Reference)
			if ok && !s.shown[address] && s.page.Stored(address) != nil {
				return true
			}
		}
	}
	return false
}

// style rewrites a style element.
func (s *scene) style(n *html.Node) {
	var css strings.Builder
	for c := n.FirstChild; c != nil; c = n.FirstChild {
		if c.Type == html.TextNode {
			css.WriteString(c.Data)
		}
		n.RemoveChild(c)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: s.rewrite(css.String(), s.base)})
}

// nothing is put where something is not stored.
const nothing = "data:,"

// rewrite puts marks in the place of the references of a style sheet.
func (s *scene) rewrite(css string, base resource.Base) string {
	return resource.RewriteStyle(css, func(reference string, _ schemas.ResourceKind) string {
		if isInline(reference) {
			return inline(reference)
		}
		if mark, ok := s.place(base, reference); ok {
			return mark
		}
		return nothing
	})
}

// isInline reports whether a reference has its content in it, or leads to a place
// in the page.
func isInline(reference string) bool {
	reference = strings.TrimSpace(reference)
	return strings.HasPrefix(reference, "#") || len(reference) > 5 && strings.EqualFold(reference[:5], "data:")
}

// inline is a reference as it may stand in a style sheet between quotation marks.
func inline(reference string) string {
	var b strings.Builder
	for _, c := range []byte(strings.TrimSpace(reference)) {
		switch {
		case c <= ' ' || c == '"' || c == '\\' || c >= 0x7f:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// furnish puts the policy, the charset and the banner into the page.
func (s *scene) furnish(root *html.Node) {
	var head, body *html.Node
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.DataAtom == atom.Head && head == nil:
			head = n
		case n.DataAtom == atom.Body && body == nil:
			body = n
		}
	}
	if head != nil {
		first := head.FirstChild
		head.InsertBefore(element("meta", "charset", "utf-8"), first)
		head.InsertBefore(element("meta", "http-equiv", "Content-Security-Policy", "content", policy), first)
		head.InsertBefore(element("meta", "name", "referrer", "content", "no-referrer"), first)
	}
	if body == nil { // a set of frames
		body = element("body")
		for c := range root.ChildNodes() {
			if c.Type == html.ElementNode {
				c.AppendChild(body)
				break
			}
		}
	}
	body.InsertBefore(s.page.Banner.node(), body.FirstChild)
}

// element makes an element with attributes, given as names and values.
func element(name string, attributes ...string) *html.Node {
	n := &html.Node{Type: html.ElementNode, Data: name, DataAtom: atom.Lookup([]byte(name))}
	for i := 0; i < len(attributes); i += 2 {
		n.Attr = append(n.Attr, html.Attribute{Key: attributes[i], Val: attributes[i+1]})
	}
	return n
}

// counted bounds what is written.
type counted struct {
	w    io.Writer
	left int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.left -= int64(n)
	return n, err
}

// miss notes an address that is asked for and not in the file.
func (s *scene) miss(address string) {
	if !s.missed[address] {
		s.missed[address] = true
		s.missing = append(s.missing, address)
	}
}
