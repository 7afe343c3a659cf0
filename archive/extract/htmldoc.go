package extract

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// The limits of a tree: how many tags of a page, opening and closing, are parsed
// into one, and how many bytes it may take. The longest standards on one page come
// near them. Pages with more are read token by token.
const (
	maxTags = 400_000
	maxTree = 72 << 20
)

// MaxBlocks is how many blocks a text may have. No text is known that has as many:
// in one of [MaxText] bytes a block would have 42 with its markup.
const MaxBlocks = 200_000

// MaxLines is how many lines a text may have, those of code and verse in its blocks
// counted: a list of all words of a language has fewer.
const MaxLines = 1_000_000

// errBlocks is the error for a text with more.
func errBlocks() error { return &LimitError{What: "number of blocks of text", Limit: MaxBlocks} }

// readHTML fills the document from a page.
func (d *Document) readHTML(ctx context.Context, text string, in Input) error {
	lines := newOutline(text)
	if strings.Count(text, "<") > maxTags || lines.treeSize() > maxTree {
		return d.readTokens(ctx, lines, in)
	}
	root, err := html.Parse(lines.reader())
	if err != nil {
		return d.readTokens(ctx, lines, in) // nested too deeply
	}
	places := newAligner(lines)
	marks := prepare(root, places)
	lines.parts, lines.worth = nil, nil
	if err := ctx.Err(); err != nil {
		return err
	}
	base := newResolver(in.URL, attributeOf(marks.base, "href"))
	linked, veiled := readLinkedData(lines), marks.veiled
	meta := metadataReader{landmarks: marks, tags: newTagValues(marks.meta), article: linked, base: base, at: in.At}
	meta.read(d)
	page, err := readPage(root, places)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	article := newArticle(page, d.Title)
	d.addDates(article, in)
	keep := article.selected()
	switch {
	case keep == nil || page.weight() < smallPage:
		keep, d.Root = visibleText(page)
	default:
		d.Root = article.signature(article.root)
	}
	notices := article.notices(keep)
	d.take(page.blocks, keep, base)
	d.addNotices(page.blocks, notices, linked, in.At)
	d.takeLinkedText(ctx, linked)
	d.placeLinkedNotices()
	d.Veiled = inText(veiled, d)
	return nil
}

// addDates looks for the dates that the metadata do not state.
func (d *Document) addDates(a *article, in Input) {
	published, modified := a.datesAround(in.At)
	for _, s := range []Statement{
		{published, TextLine}, {dateInAddress(in.URL, in.At), Address}, {dateInAddress(d.Canonical, in.At), Address},
	} {
		state(&d.Meta.Published, s.Source, s.Value)
		if d.Published == "" {
			d.Published = s.Value
		}
	}
	state(&d.Meta.Modified, TextLine, modified)
	if d.Modified == "" {
		d.Modified = modified
	}
}

// readTokens fills the document from a page that has no tree.
func (d *Document) readTokens(ctx context.Context, lines *outline, in Input) error {
	blocks, title, err := lines.walkTokens(ctx)
	if err != nil {
		return err
	}
	d.Title = title
	d.takeAll(blocks, newResolver(in.URL, ""), in.At)
	return nil
}

// takeAll makes all blocks those of the document, for pages without elements.
func (d *Document) takeAll(blocks []pageBlock, base resolver, at time.Time) {
	f := noticeFinder{blocks: blocks}
	found := f.find()
	markNotices(blocks, found)
	d.take(blocks, nil, base)
	d.addNotices(blocks, found, linkedArticle{}, at)
}

// take makes the blocks that are to be kept those of the document (all, where
// keep is nil), without rows of buttons and without headings that repeat the
// headline, and collects their links. What else readers see is outside.
func (d *Document) take(blocks []pageBlock, keep []bool, base resolver) {
	links := linkCollector{base: base}
	kept := 0
	for i := range blocks {
		if keep == nil || keep[i] {
			kept++
		}
	}
	d.Blocks = make([]Block, 0, kept)
	d.Outside = make([]Block, 0, len(blocks)-kept)
	titled := false
	quote := int32(0) // of the block before
	for i := range blocks {
		b := &blocks[i]
		b.index = -1
		switch {
		case keep != nil && !keep[i] || base.isFurniture(b):
			if !b.hidden {
				d.Outside = append(d.Outside, b.Block)
			}
			continue
		case (b.Kind == Headline || b.Kind == Heading || len(d.Blocks) == 0) && sameWords(b.Text, d.Title):
			if titled {
				continue
			}
			titled = true
			b.Kind = Headline
		}
		b.index = int32(len(d.Blocks))
		short := len(b.anchors) > 0 && len(b.Text) <= maxShortLine && len(wordsOf(b.Text)) <= shortLine
		for _, a := range b.anchors {
			links.add(a, int(b.index), short)
		}
		d.addQuoted(b, &quote)
		d.Blocks = append(d.Blocks, b.Block)
	}
	d.Links = links.links
}

// shortLine is the most words of a block that may be a byline, maxShortLine the
// most bytes.
const (
	shortLine    = 12
	maxShortLine = 240
)

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

// visibleText chooses what a reader sees of the article, the main part or the
// body of a page, whichever the page marks first. It returns the name of the
// element too.
func visibleText(p *page) (keep []bool, root string) {
	for _, name := range []string{"article", "main", "body"} {
		keep := make([]bool, len(p.blocks))
		inside, inNav := p.inside(name), p.inside("nav")
		for i, b := range p.blocks {
			keep[i] = !b.hidden && inside[b.in] && !inNav[b.in]
		}
		if slices.Contains(keep, true) {
			return keep, name
		}
	}
	return make([]bool, len(p.blocks)), ""
}
