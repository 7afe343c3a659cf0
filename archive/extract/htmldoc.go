package extract

import (
	"context"
	"strings"

	"golang.org/x/net/html"
)

// maxTree is the size of HTML that is parsed into a tree, which takes about
// ten times as much memory. Larger pages are read token by token.
const maxTree = 8 << 20

// maxTags is how many tags of a page, opening and closing, are parsed into a
// tree. The longest standards on one page come near it. Pages with more are
// read token by token, up to maxBlocks blocks.
const (
	maxTags   = 400_000
	maxBlocks = 400_000
)

// readHTML fills the document from a page.
func (d *Document) readHTML(ctx context.Context, text string, in Input) error {
	if len(text) > maxTree || strings.Count(text, "<") > maxTags {
		return d.readTokens(ctx, text, in)
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return d.readTokens(ctx, text, in) // nested too deeply
	}
	prepare(root)
	if err := ctx.Err(); err != nil {
		return err
	}
	base := newResolver(in.URL, baseOf(root))
	meta := readMetadata(root, base, in)
	d.Title, d.Byline, d.Published, d.Modified = meta.title, meta.byline, meta.published, meta.modified
	d.Canonical, d.Language = meta.canonical, meta.language
	page := readPage(root)
	if err := ctx.Err(); err != nil {
		return err
	}
	article := newArticle(page, d.Title)
	d.addDates(article, in)
	chosen := article.selected()
	if len(chosen) == 0 || page.weight() < smallPage {
		chosen = visibleText(page)
	}
	d.take(chosen, base)
	return nil
}

// addDates looks for the dates that the metadata do not state.
func (d *Document) addDates(a *article, in Input) {
	published, modified := a.datesAround(in.At)
	if d.Published == "" {
		d.Published = published
	}
	if d.Published == "" {
		d.Published = dateInAddress(in.URL, in.At)
	}
	if d.Published == "" {
		d.Published = dateInAddress(d.Canonical, in.At)
	}
	if d.Modified == "" {
		d.Modified = modified
	}
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
		short := len(b.anchors) > 0 && len(wordsOf(b.Text)) <= shortLine
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

// shortLine is the most words of a block that may be a byline.
const shortLine = 12

// smallPage is the weight of a page, menus and all, below which it is read as it
// is: to tell an article from what stands around it takes more text than that.
const smallPage = 700

// weight is that of all text that a reader sees.
func (p *page) weight() int {
	weight := 0
	for _, b := range p.blocks {
		if !b.hidden {
			weight += weightOf(b.Text)
		}
	}
	return weight
}

// visibleText returns what a reader sees of the article, the main part or the
// body of a page, whichever the page marks first.
func visibleText(p *page) []pageBlock {
	for _, name := range []string{"article", "main", "body"} {
		var out []pageBlock
		inside, inNav := p.inside(name), p.inside("nav")
		for _, b := range p.blocks {
			if !b.hidden && inside[b.in] && !inNav[b.in] {
				out = append(out, b)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// baseOf returns the address of the <base> element.
func baseOf(root *html.Node) string {
	if n := find(root, func(n *html.Node) bool { return n.Data == "base" && attribute(n, "href") != "" }); n != nil {
		return attribute(n, "href")
	}
	return ""
}
