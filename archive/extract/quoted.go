package extract

import "strings"

// Quoted is what an element of the page says is quoted: a <blockquote>, the
// outermost of several, or words in a <q>, which browsers show in quotation
// marks that are not in the text.
type Quoted struct {
	Block int    // index of the block in which it stands, or begins
	Last  int    // index of its last block
	Text  string // the words of a <q>, as they stand in the block; "" for whole blocks
}

// A quoteWriter notes the quoted elements of a page.
type quoteWriter struct {
	depth  int // of open <q>
	start  int // where in the text of the block the outermost began
	spans  []span
	blocks int // outermost <blockquote> so far
}

func (q *quoteWriter) open(at int) {
	if q.depth++; q.depth == 1 {
		q.start = at
	}
}

func (q *quoteWriter) close(at int) {
	if q.depth == 0 {
		return
	}
	if q.depth--; q.depth == 0 {
		q.spans = append(q.spans, span{q.start, at})
	}
}

// take returns the quoted words of a block that ends. An element that is still
// open goes on in the next block.
func (q *quoteWriter) take(raw string) []string {
	if q.depth > 0 {
		q.spans = append(q.spans, span{q.start, len(raw)})
		q.start = 0
	}
	var out []string
	for _, s := range q.spans {
		text := brokenLines(strings.ReplaceAll(raw[min(s.start, len(raw)):min(s.end, len(raw))], string(cellBreak), " "))
		if text != "" {
			out = append(out, text)
		}
	}
	q.spans = q.spans[:0]
	return out
}

// addQuoted notes what of a block is quoted. before is the <blockquote> around
// the block before.
func (d *Document) addQuoted(b *pageBlock, before *int32) {
	index := int(b.index)
	switch n := len(d.Quoted); {
	case b.quote > 0 && b.quote == *before && n > 0:
		d.Quoted[n-1].Last = index
	case b.quote > 0:
		d.Quoted = append(d.Quoted, Quoted{Block: index, Last: index})
	default:
		for _, text := range b.quoted() {
			d.Quoted = append(d.Quoted, Quoted{Block: index, Last: index, Text: text})
		}
	}
	*before = b.quote
}
