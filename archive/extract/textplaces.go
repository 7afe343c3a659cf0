package extract

import (
	"slices"
	"sort"
	"unicode/utf8"
)

// TextPlaces tells where the blocks of a document stand in its text.md.
type TextPlaces struct {
	text   []byte
	pieces []textPiece // in the order of text.md, which is that of the blocks
	runes  []int32     // code points of text before each piece
	title  string      // what the first line says
	head   int         // the block that says the same; -1 when there is none
}

// TextPlaces returns the places of the document's blocks. It is made in time
// linear in the text.
func (d *Document) TextPlaces() *TextPlaces {
	p := &TextPlaces{title: d.Title}
	p.head = slices.IndexFunc(d.Blocks, func(b Block) bool { return b.Kind == Headline && b.Text == d.Title })
	w := textWriter{note: func(piece textPiece) { p.pieces = append(p.pieces, piece) }}
	d.writeText(&w)
	p.text = w.Bytes()
	p.runes = make([]int32, len(p.pieces))
	count, done := 0, 0
	for i, piece := range p.pieces {
		count += utf8.RuneCount(p.text[done:piece.at])
		p.runes[i], done = int32(count), int(piece.at)
	}
	return p
}

// Of returns where bytes [start, end) of a block's text stand in text.md: from
// its first code point to after its last one, with the line ends and markers in
// between. It is false for what is not written there: a headline that is not the
// title, and an empty range.
func (p *TextPlaces) Of(block, start, end int) (from, to int, ok bool) {
	if block == p.head && start < end {
		from = len("# ") + utf8.RuneCountInString(p.title[:start])
		return from, from + utf8.RuneCountInString(p.title[start:end]), true
	}
	i := sort.Search(len(p.pieces), func(i int) bool {
		q := p.pieces[i]
		return int(q.block) > block || int(q.block) == block && int(q.end) > start
	})
	for ; i < len(p.pieces) && int(p.pieces[i].block) == block && int(p.pieces[i].start) < end; i++ {
		piece, runes := p.pieces[i], int(p.runes[i])
		text := p.text[piece.at : piece.at+piece.end-piece.start]
		if !ok {
			from, ok = runes+utf8.RuneCount(text[:max(start, int(piece.start))-int(piece.start)]), true
		}
		to = runes + utf8.RuneCount(text[:min(end, int(piece.end))-int(piece.start)])
	}
	return from, to, ok
}
