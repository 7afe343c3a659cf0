package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// blocksOf renders the tree below a node as blocks.
func blocksOf(root *html.Node) []pageBlock {
	var w blockWriter
	walkTree(&w, root, root)
	return w.finish()
}

// walkTree drives a blockWriter through a tree. Its depth is bounded by the
// parser, which refuses documents nested deeper than 512 elements. block is
// the innermost block element around n.
func walkTree(w *blockWriter, n, block *html.Node) {
	switch n.Type {
	case html.TextNode:
		w.write(n.Data, block)
		return
	case html.ElementNode:
		if silentElements[n.Data] {
			return
		}
	case html.DocumentNode:
	default:
		return
	}
	if !inlineElements[n.Data] {
		block = n
	}
	element := n.Type == html.ElementNode
	hidden := element && isHidden(n)
	row := n.Data == "table" && isDataTable(n)
	if element {
		w.open(n.Data, func(key string) string { return attribute(n, key) })
	}
	if row {
		w.row++
	}
	if hidden {
		w.hidden++
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walkTree(w, c, block)
	}
	if row {
		w.flush()
		w.row--
	}
	if element {
		w.close(n.Data)
	}
	if hidden {
		w.hidden--
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

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// find returns the first element below a node for which match holds.
func find(root *html.Node, match func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && match(n) {
			return n
		}
	}
	return nil
}

func named(names ...string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		for _, name := range names {
			if n.Data == name {
				return true
			}
		}
		return false
	}
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
