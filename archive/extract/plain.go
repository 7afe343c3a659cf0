package extract

import (
	"iter"
	"strings"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// readPlain fills the document from text without markup: paragraphs stand
// between blank lines, and web addresses in the text are links.
func (d *Document) readPlain(text string, in Input) error {
	blocks := make([]pageBlock, 0, min(strings.Count(text, "\n\n"), MaxBlocks)+1)
	for b := range paragraphs(text) {
		if len(blocks) == MaxBlocks {
			return errBlocks()
		}
		p := pageBlock{Block: b}
		p.linkAddresses()
		blocks = append(blocks, p)
	}
	if len(blocks) == 0 {
		return ErrNoText
	}
	d.takeAll(blocks, newResolver(in.URL, ""), in.At)
	return nil
}

// linkAddresses makes links of the web addresses in the text of a block.
func (b *pageBlock) linkAddresses() {
	for _, address := range textdiff.URLs(b.Text) {
		b.anchors = append(b.anchors, anchor{address, address})
	}
}

// paragraphs returns the paragraphs of a plain text. Lines that were broken to
// fit a width are joined; lines that are all short stay as they are (verse,
// addresses, data).
func paragraphs(text string) iter.Seq[Block] {
	return func(yield func(Block) bool) {
		var p paragraph
		for start := 0; start < len(text); {
			stop, next := lineEnd(text, start)
			line := display(text[start:stop])
			if line != "" {
				p.add(line, trimBlanks(text, span{start, stop}))
			}
			if (line == "" || stop < len(text) && text[stop] == '\f') && p.lines > 0 {
				if !yield(p.end()) {
					return
				}
			}
			start = next
		}
		if p.lines > 0 {
			yield(p.end())
		}
	}
}

// A paragraph is one of a plain text that is being read. It keeps no list of its
// lines, of which there may be millions.
type paragraph struct {
	text     []byte // line by line
	at       span
	lines    int
	longest  int // length of a line
	shortest int // of all lines but the last
	last     int
}

func (p *paragraph) add(line string, at span) {
	if p.lines > 0 {
		p.text = append(p.text, '\n')
		if p.lines == 1 || p.last < p.shortest {
			p.shortest = p.last
		}
	}
	p.text = append(p.text, line...)
	p.longest, p.last = max(p.longest, len(line)), len(line)
	p.at = p.at.cover(at)
	p.lines++
}

// end returns the paragraph and begins the next one.
func (p *paragraph) end() Block {
	if p.isWrapped() {
		for i, c := range p.text {
			if c == '\n' {
				p.text[i] = ' '
			}
		}
	}
	b := Block{Text: string(p.text), Start: p.at.start, End: p.at.end}
	*p = paragraph{text: p.text[:0]}
	return b
}

// isWrapped reports whether the lines were broken to fit a width: all but the
// last are of similar length.
func (p *paragraph) isWrapped() bool {
	return p.longest >= 50 && p.longest <= 120 && (p.lines == 1 || p.shortest >= p.longest*2/3)
}

// lineEnd returns where the line that starts at a place ends, and where the next
// one starts. A form feed ends a line too.
func lineEnd(text string, start int) (stop, next int) {
	n := strings.IndexAny(text[start:], "\r\n\f")
	if n < 0 {
		return len(text), len(text)
	}
	stop = start + n
	if strings.HasPrefix(text[stop:], "\r\n") {
		return stop, stop + 2
	}
	return stop, stop + 1
}
