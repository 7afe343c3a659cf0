package extract

import (
	"context"
	"strings"
	"time"
)

// A Composition is a text whose parts are known, so that nothing has to be chosen:
// what the API of a service says of a post.
type Composition struct {
	Title, Byline, Published, Modified, Language string // as those of a Document

	Root      string    // names what was read, as that of a Document
	MediaType string    // of the payload
	URL       string    // which relative links are resolved against
	At        time.Time // when the payload was fetched
	Pieces    []Piece   // in reading order
}

// A Piece is a part of a composed text: plain text, or a fragment of HTML.
type Piece struct {
	// Kind is that of the blocks of plain text. Of a fragment it counts only when
	// it is Quotation: then all of it is one.
	Kind  Kind
	Text  string // a blank line ends a paragraph, a line feed breaks a line
	HTML  string // in place of Text; read whole
	Links []Link // of Text: address and words

	// Wrapped says that the lines of Text were broken to fit a width, as those of
	// mail are. Web addresses in it are links then.
	Wrapped bool
}

// Document returns the document that the composition is. The error is that of
// ctx, [ErrNoText] (perhaps wrapped), or a [*LimitError].
func (c *Composition) Document(ctx context.Context) (*Document, error) {
	var blocks []pageBlock
	quotes := int32(0)
	for i, piece := range c.Pieces {
		part := piece.plain()
		if piece.HTML != "" {
			var err error
			if part, _, err = walkTokens(ctx, piece.HTML); err != nil {
				return nil, err
			}
		}
		if piece.Kind == Quotation && (i == 0 || c.Pieces[i-1].Kind != Quotation) {
			quotes++
		}
		for _, b := range part {
			b.Start, b.End = 0, 0 // of the fragment, and not of the payload
			if piece.HTML != "" && b.quote > 0 {
				b.quote += quotes
			}
			if piece.Kind == Quotation {
				b.Kind, b.Level, b.quote = Quotation, 0, quotes
			}
			blocks = append(blocks, b)
		}
		if n := len(part); n > 0 && part[n-1].quote > 0 && piece.Kind != Quotation {
			quotes += part[n-1].quote
		}
	}
	d := &Document{
		MediaType: c.MediaType, Charset: "utf-8",
		Title: display(c.Title), Byline: display(c.Byline), Published: c.Published, Modified: c.Modified, Root: c.Root, Composed: true,
	}
	if languageTag().MatchString(c.Language) {
		d.Language = c.Language
	}
	if len(blocks) == 0 {
		return nil, ErrNoText
	}
	d.takeComposed(blocks, newResolver(c.URL, ""), c.At)
	return d, nil
}

// Displace takes the places of blocks and notices away: the payload that the
// document was read from is a part of another one, which has them elsewhere.
func (d *Document) Displace() {
	for _, blocks := range [][]Block{d.Blocks, d.Outside} {
		for i := range blocks {
			blocks[i].Start, blocks[i].End = 0, 0
		}
	}
	for i := range d.Notices {
		d.Notices[i].Start, d.Notices[i].End = 0, 0
	}
}

// takeComposed makes all blocks those of the document. No row of buttons is among
// them, and a link to a list of pages is one that was written.
func (d *Document) takeComposed(blocks []pageBlock, base resolver, at time.Time) {
	f := noticeFinder{blocks: blocks}
	found := f.find()
	markNotices(blocks, found)
	links := linkCollector{base: base}
	quote := int32(0)
	for i := range blocks {
		b := &blocks[i]
		b.index = int32(i)
		for _, a := range b.anchors {
			links.add(a, i, false)
		}
		d.addQuoted(b, &quote)
		d.Blocks = append(d.Blocks, b.Block)
	}
	d.Links = links.links
	d.addNotices(blocks, found, linkedArticle{}, at)
}

// plain returns the paragraphs of a plain text. Links belong to the paragraph that
// has their words, else to the last one.
func (p *Piece) plain() []pageBlock {
	var blocks []pageBlock
	if p.Wrapped {
		for b := range paragraphs(p.Text) {
			wrapped := pageBlock{Block: b}
			wrapped.linkAddresses()
			blocks = append(blocks, wrapped)
		}
		return blocks
	}
	text := strings.ReplaceAll(p.Text, "\r\n", "\n")
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		paragraph = brokenLines(strings.ReplaceAll(paragraph, "\n", string(lineBreak)))
		if paragraph == "" {
			continue
		}
		b := pageBlock{Block: Block{Kind: p.Kind, Text: paragraph}}
		if p.Kind == Item {
			b.Level = 1
		}
		blocks = append(blocks, b)
	}
	if len(blocks) == 0 {
		return nil
	}
	at := 0
	for _, link := range p.Links {
		in := len(blocks) - 1
		for i := at; i < len(blocks); i++ {
			if words := display(link.Text); words != "" && strings.Contains(blocks[i].Text, words) {
				in, at = i, i
				break
			}
		}
		blocks[in].anchors = append(blocks[in].anchors, anchor{link.URL, link.Text})
	}
	return blocks
}
