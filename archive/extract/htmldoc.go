package extract

import (
	"context"
	"strings"

	"golang.org/x/net/html"
)

// maxTree is the size of HTML that is parsed into a tree, which takes about
// ten times as much memory. Larger pages are read token by token.
const maxTree = 8 << 20

// readHTML fills the document from a page.
func (d *Document) readHTML(ctx context.Context, text string, in Input) error {
	if len(text) > maxTree {
		return d.readTokens(ctx, text, in)
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return d.readTokens(ctx, text, in) // nested too deeply
	}
	found := prepare(root)
	if err := ctx.Err(); err != nil {
		return err
	}
	base := newResolver(in.URL, baseOf(root))
	meta := readMetadata(root, base, in)
	d.Title, d.Byline, d.Published, d.Modified = meta.title, meta.byline, meta.published, meta.modified
	d.Canonical, d.Language = meta.canonical, meta.language
	page := blocksOf(root)
	if err := ctx.Err(); err != nil {
		return err
	}
	var chosen []pageBlock
	if found.fitsEngine() {
		content, language := runEngine(root, in)
		if content != nil {
			chosen = choose(page, blocksOf(content))
		}
		if d.Language == "" {
			d.Language = language
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(chosen) == 0 {
		chosen = visibleText(root, page)
	}
	d.take(chosen, base)
	return nil
}

// readTokens fills the document from a page that has no tree.
func (d *Document) readTokens(ctx context.Context, text string, in Input) error {
	blocks, title, err := walkTokens(ctx, text)
	if err != nil {
		return err
	}
	d.Title = title
	d.take(blocks, newResolver(in.URL, ""))
	return nil
}

// take makes the chosen blocks those of the document, without the headline
// that the title repeats and without rows of buttons, and collects their links.
func (d *Document) take(chosen []pageBlock, base resolver) {
	links := newLinkCollector(base)
	for _, b := range chosen {
		if (b.Kind == Heading || len(d.Blocks) == 0) && sameWords(b.Text, d.Title) || base.isFurniture(b) {
			continue
		}
		short := len(b.anchors) > 0 && len(wordsOf(b.Text)) <= bylineWords
		for _, a := range b.anchors {
			links.add(a, len(d.Blocks), short)
		}
		d.Blocks = append(d.Blocks, b.Block)
	}
	d.Links = links.links
	for i := range d.Links {
		d.Links[i].Block = min(d.Links[i].Block, max(len(d.Blocks)-1, 0))
	}
}

// bylineWords is the length of the longest block that may be a byline.
const bylineWords = 12

// visibleText returns what a reader sees of a page in which the engine found
// no article.
func visibleText(root *html.Node, page []pageBlock) []pageBlock {
	for _, name := range []string{"article", "main", "body"} {
		var out []pageBlock
		for _, b := range page {
			if !b.hidden && inside(b.node, named(name)) && !inside(b.node, named("nav")) {
				out = append(out, b)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// inside reports whether a node or an ancestor of it matches.
func inside(n *html.Node, match func(*html.Node) bool) bool {
	for ; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && match(n) {
			return true
		}
	}
	return false
}

// baseOf returns the address of the <base> element.
func baseOf(root *html.Node) string {
	if n := find(root, func(n *html.Node) bool { return n.Data == "base" && attribute(n, "href") != "" }); n != nil {
		return attribute(n, "href")
	}
	return ""
}
