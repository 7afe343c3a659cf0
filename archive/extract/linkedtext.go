package extract

import (
	"context"
	"strings"

	"golang.org/x/net/html"
)

// linkedRoot is the root of a text that was read from JSON-LD. It is the name of
// no element.
const linkedRoot = "json-ld articleBody"

const (
	// minLinked is the weight from which the text of an article in JSON-LD is
	// taken for all of it rather than for an extract.
	minLinked = 600
	// timesOwn is how much longer it must be than what the page itself says: a
	// page has its text, or has it written by a script.
	timesOwn = 4
)

// takeLinkedText reads the text of the article from JSON-LD where the page has
// hardly any of it. What the page has is then outside. A text that is not free
// for all is not what readers see, and is passed over.
func (d *Document) takeLinkedText(ctx context.Context, linked linkedArticle) {
	if linked.free == "false" || len(linked.body) < minLinked {
		return
	}
	own := 0
	for _, b := range d.Blocks {
		if b.Kind != Headline {
			own += weightOf(b.Text)
		}
	}
	if weightOf(linked.body) < max(minLinked, timesOwn*own) {
		return
	}
	text := linkedParagraphs(ctx, linked)
	all := 0
	for _, b := range text {
		all += weightOf(b.Text)
	}
	if all < max(minLinked, timesOwn*own) {
		return // it is mostly markup
	}
	var kept, outside []Block
	for _, b := range d.Blocks {
		if b.Kind == Headline {
			kept = append(kept, b)
		} else {
			outside = append(outside, b)
		}
	}
	d.Blocks, d.Outside = append(kept, text...), append(outside, d.Outside...)
	d.Links, d.Root = nil, linkedRoot
	for i := range d.Notices {
		d.Notices[i].Block = -1
	}
}

// linkedParagraphs cuts the text of an article in JSON-LD, which may have markup,
// into blocks. They all stand where the script does.
func linkedParagraphs(ctx context.Context, linked linkedArticle) []Block {
	text := html.UnescapeString(linked.body)
	var out []Block
	add := func(b Block) {
		if b.Text != "" {
			b.Start, b.End = linked.at.start, linked.at.end
			out = append(out, b)
		}
	}
	if strings.Contains(text, "</") || strings.Contains(text, "<br") || strings.Contains(text, "<p>") {
		if blocks, _, err := walkTokens(ctx, text); err == nil {
			for _, b := range blocks {
				add(b.Block)
			}
			return out
		}
	}
	for line := range strings.Lines(text) {
		add(Block{Text: display(line)})
	}
	return out
}

// placeLinkedNotices points notices that JSON-LD has to the blocks of a text that
// was read from there.
func (d *Document) placeLinkedNotices() {
	if d.Root != linkedRoot {
		return
	}
	for i := range d.Notices {
		n := &d.Notices[i]
		for k := range d.Blocks {
			if b := &d.Blocks[k]; n.Block < 0 && b.Kind == Paragraph && b.Text == n.Text {
				n.Block, b.Kind = k, NoticeText
			}
		}
	}
}
