package provenance

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// passages names passages of a text by selectors, and finds them again.
type passages struct {
	document *extract.Document
	text     string // the blocks, joined by line feeds
	starts   []int  // where each block begins in it
	inText   func() *extract.TextPlaces
}

func passagesOf(document *extract.Document) *passages {
	p := &passages{document: document, starts: make([]int, len(document.Blocks)), inText: sync.OnceValue(document.TextPlaces)}
	var text strings.Builder
	for i, block := range document.Blocks {
		if i > 0 {
			text.WriteByte('\n')
		}
		p.starts[i] = text.Len()
		text.WriteString(block.Text)
	}
	p.text = text.String()
	return p
}

// around is how much a selector says of what stands before and after a passage,
// in code points.
const around = 48

// selections returns a selector for each run of places that stand together. What
// does not stand in text.md has none: a headline that is not the title.
func (p *passages) selections(places []textdiff.Place) []schemas.Selection {
	var out []schemas.Selection
	for len(places) > 0 {
		n := 1
		for n < len(places) && p.offset(places[n].Block, places[n].Start) == p.offset(places[n-1].Block, places[n-1].End)+1 {
			n++
		}
		if s, ok := p.selection(places[0], places[n-1]); ok {
			out = append(out, s)
		}
		places = places[n:]
	}
	return out
}

// selection is that of a passage from the beginning of one place to the end of
// another.
func (p *passages) selection(first, last textdiff.Place) (s schemas.Selection, ok bool) {
	until := first.End
	if last.Block == first.Block {
		until = last.End
	}
	from, to, ok := p.inText().Of(first.Block, first.Start, until)
	if !ok {
		return s, false
	}
	if last.Block != first.Block {
		if _, to, ok = p.inText().Of(last.Block, last.Start, last.End); !ok {
			return s, false
		}
	}
	start, end := p.offset(first.Block, first.Start), p.offset(last.Block, last.End)
	s = schemas.Selection{
		Quote: schemas.TextQuoteSelector{
			Type: "TextQuoteSelector", Exact: p.text[start:end],
			Prefix: lastRunes(p.text[:start], around), Suffix: firstRunes(p.text[end:], around),
		},
		Position: schemas.TextPositionSelector{Type: "TextPositionSelector", Start: int64(from), End: int64(to)},
		Block:    first.Block,
	}
	if b, e := p.document.Blocks[first.Block], p.document.Blocks[last.Block]; b.Start < e.End {
		s.Bytes = &schemas.Span{Offset: int64(b.Start), Length: int64(e.End - b.Start)}
	}
	return s, true
}

// offset is where a byte of a block stands in the text.
func (p *passages) offset(block, at int) int { return p.starts[block] + at }

// places returns where text[start:end] stands, one place for each block.
func (p *passages) places(start, end int) []textdiff.Place {
	var out []textdiff.Place
	for b := sort.SearchInts(p.starts, start+1) - 1; b >= 0 && b < len(p.starts) && p.starts[b] < end; b++ {
		lo, hi := max(start-p.starts[b], 0), min(end-p.starts[b], len(p.document.Blocks[b].Text))
		if lo < hi {
			out = append(out, textdiff.Place{Block: b, Span: textdiff.Span{Start: lo, End: hi}})
		}
	}
	return out
}

// anchor finds what a selector names in the text that it was made of, which may
// have been read by another extractor: the words must stand there, and of several
// such places it is the one whose neighbourhood agrees most, and of those the one
// in the same block.
func (p *passages) anchor(s *schemas.Selection) []textdiff.Place {
	exact, best, where := s.Quote.Exact, -1, 0
	for at := 0; exact != ""; {
		i := strings.Index(p.text[at:], exact)
		if i < 0 {
			break
		}
		at += i
		score := 4 * (commonSuffix(p.text[:at], s.Quote.Prefix) + commonPrefix(p.text[at+len(exact):], s.Quote.Suffix))
		if s.Block < len(p.starts) && at >= p.starts[s.Block] && at <= p.starts[s.Block]+len(p.document.Blocks[s.Block].Text) {
			score++
		}
		if score > best {
			best, where = score, at
		}
		at++
	}
	if best < 0 {
		return nil
	}
	return p.places(where, where+len(exact))
}

// context returns the blocks that hold a passage, each a line.
func (p *passages) context(places []textdiff.Place) string {
	var lines []string
	last := -1
	for _, place := range places {
		if place.Block != last {
			lines = append(lines, p.document.Blocks[place.Block].Text)
		}
		last = place.Block
	}
	return strings.Join(lines, "\n")
}

// words returns what stands at places, parts that stand apart joined by " … ".
func (p *passages) words(places []textdiff.Place) string {
	var b strings.Builder
	end := -1
	for _, place := range places {
		start := p.offset(place.Block, place.Start)
		switch {
		case end < 0:
		case start == end+1 && p.text[end] == '\n':
			b.WriteByte('\n')
		default:
			b.WriteString(" … ")
		}
		end = p.offset(place.Block, place.End)
		b.WriteString(p.text[start:end])
	}
	return b.String()
}

func firstRunes(s string, n int) string {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return s[:at]
}

func lastRunes(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
