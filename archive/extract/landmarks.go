package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// landmarks are the elements of a tree that speak about the page, in document
// order.
type landmarks struct {
	html, base, canonical, title *html.Node // nil if there is none

	meta       []*html.Node // <meta>
	headings   []*html.Node // <h1> that readers see
	properties []*html.Node // with an itemprop, not <meta>
	authors    []*html.Node // rel=author
	times      []*html.Node // <time pubdate>
	veiled     []string     // addresses that were hidden from programs
}

// maxVeiled bounds how many hidden addresses are noted: more is no text.
const maxVeiled = 100

// prepare goes once over a tree. It removes what no reader sees, notes where
// its text stands, and finds the landmarks.
//
//   - Comments go that the outline has left.
//   - Of more than two <br> in a row, two stay: they are one paragraph break.
//   - Addresses that Cloudflare hides are shown again. The same address is
//     written differently each time, which would look like an edit.
func prepare(root *html.Node, places *aligner) *landmarks {
	var marks landmarks
	var drop []*html.Node
	breaks := 0
	for n := range root.Descendants() {
		switch n.Type {
		case html.CommentNode:
			drop = append(drop, n)
		case html.TextNode:
			places.place(n)
			if breaks > 0 && strings.TrimSpace(n.Data) != "" {
				breaks = 0
			}
		case html.ElementNode:
			if n.Data == "br" {
				if breaks++; breaks > 2 {
					drop = append(drop, n)
				}
				continue
			}
			breaks = 0
			if address := revealAddress(n, places); address != "" && len(marks.veiled) < maxVeiled {
				marks.veiled = append(marks.veiled, address)
			}
			marks.note(n)
		}
	}
	places.placed()
	for _, n := range drop {
		n.Parent.RemoveChild(n)
	}
	return &marks
}

// note keeps an element that is a landmark.
func (m *landmarks) note(n *html.Node) {
	switch n.Data {
	case "html":
		first(&m.html, n)
	case "base":
		if attribute(n, "href") != "" {
			first(&m.base, n)
		}
	case "title":
		if n.Parent.Data == "head" {
			first(&m.title, n)
		}
	case "meta":
		m.meta = append(m.meta, n)
		return
	case "link":
		if strings.EqualFold(attribute(n, "rel"), "canonical") {
			first(&m.canonical, n)
		}
	case "h1":
		if !isHidden(n) {
			m.headings = append(m.headings, n)
		}
	case "time":
		if attribute(n, "pubdate") != "" {
			m.times = append(m.times, n)
		}
	}
	for _, a := range n.Attr {
		switch {
		case a.Key == "itemprop":
			m.properties = append(m.properties, n)
		case a.Key == "rel" && a.Val == "author":
			m.authors = append(m.authors, n)
		}
	}
}

func first(place **html.Node, n *html.Node) {
	if *place == nil {
		*place = n
	}
}
