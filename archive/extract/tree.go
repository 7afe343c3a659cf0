package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// A page is a parsed page as blocks, and as the outline of the block elements
// that they stand in.
type page struct {
	blocks   []pageBlock
	elements []element // in document order; the first is the document
}

// An element is a block element of a page.
type element struct {
	name   string
	attr   []html.Attribute
	parent int32 // index of the block element around it; of the first: 0
	end    int32 // index behind the last element inside it
	hint   hint  // what its name, role and class say about its content
}

// usualElements is how many block elements there is room for from the start.
const usualElements = 1024

// readPage turns a tree, whose text nodes have their places, into a page, and
// takes the tree apart. The error is a [*LimitError].
func readPage(root *html.Node, places *aligner) (*page, error) {
	w := treeWalk{places: places, hints: make(map[string]hint), elements: make([]element, 0, usualElements)}
	w.out.blocks = make([]pageBlock, 0, usualElements/2)
	w.elements = append(w.elements, element{})
	w.walk(root, 0)
	w.elements[0].end = int32(len(w.elements))
	if len(w.out.blocks) > MaxBlocks {
		return nil, errBlocks()
	}
	return &page{blocks: w.out.finish(), elements: w.elements}, nil
}

// inside returns for each element whether it or one around it has a name.
func (p *page) inside(name string) []bool {
	out := make([]bool, len(p.elements))
	for i, e := range p.elements {
		out[i] = out[e.parent] || e.name == name
	}
	return out
}

// A treeWalk drives a blockWriter through a tree.
type treeWalk struct {
	places   *aligner
	out      blockWriter
	elements []element
	hints    map[string]hint // by class, role and id, which pages repeat
}

// walk takes a node. in is the index of the innermost block element around it.
// The depth is bounded by the parser, which refuses documents nested deeper
// than 512 elements.
func (w *treeWalk) walk(n *html.Node, in int) {
	switch n.Type {
	case html.TextNode:
		w.out.write(n.Data, in, w.places.of(n))
		return
	case html.ElementNode:
		if !silentElements[n.Data] {
			w.element(n, in)
		}
	case html.DocumentNode:
		w.children(n, in)
	}
}

// children takes what is below a node, and takes it off the tree: a tree takes
// several times the memory of its page, and nobody asks for it again.
func (w *treeWalk) children(n *html.Node, in int) {
	for c := n.FirstChild; c != nil && len(w.out.blocks) <= MaxBlocks; c = n.FirstChild {
		w.walk(c, in)
		n.RemoveChild(c)
	}
}

func (w *treeWalk) element(n *html.Node, in int) {
	inline := inlineElements[n.Data]
	if !inline {
		w.elements = append(w.elements, element{name: n.Data, attr: n.Attr, parent: int32(in), hint: w.hintOf(n)})
		in = len(w.elements) - 1
	}
	hidden := isHidden(n) && !isPanel(n)
	row := n.Data == "table" && isDataTable(n)
	w.out.open(n.Data, func(key string) string { return attribute(n, key) })
	if row {
		w.out.row++
	}
	if hidden {
		w.out.hidden++
	}
	w.children(n, in)
	if row {
		w.out.flush()
		w.out.row--
	}
	w.out.close(n.Data)
	if hidden {
		w.out.hidden--
	}
	if !inline {
		w.elements[in].end = int32(len(w.elements))
	}
}

// isHidden reports whether an element says of itself that it is not shown.
func isHidden(n *html.Node) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "style":
			style := strings.ToLower(strings.ReplaceAll(a.Val, " ", ""))
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}

// isDataTable tells a table of data from one that only lays out a page: the
// latter holds blocks in its cells, or has a single cell.
func isDataTable(table *html.Node) bool {
	rows, cells := 0, 0
	for n := range table.Descendants() {
		switch n.Data {
		case "table", "ul", "ol", "h1", "h2", "h3", "h4", "blockquote", "pre", "form", "figure", "section", "article", "caption":
			if n.Type == html.ElementNode && n.Data != "caption" {
				return false
			}
		case "tr":
			rows++
		case "td", "th":
			cells++
			if count(n, "p") > 1 || count(n, "div") > 2 {
				return false
			}
		}
	}
	return rows > 0 && cells > 1
}

// count returns the number of children of a node with a name.
func count(n *html.Node, name string) int {
	k := 0
	for c := range n.ChildNodes() {
		if c.Type == html.ElementNode && c.Data == name {
			k++
		}
	}
	return k
}

func attribute(n *html.Node, key string) string { return valueOf(n.Attr, key) }

// valueOf returns the value of an attribute, "" without it.
func valueOf(attr []html.Attribute, key string) string {
	for _, a := range attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// textOf returns the display form of all text below a node.
func textOf(root *html.Node) string {
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			b.WriteString(n.Data)
		}
	}
	return display(b.String())
}
