package quote

import (
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// MaxQuotations is about how many quotations of a post are read; no person quotes
// so often in one.
const MaxQuotations = 10_000

// Find returns the quotations of a post that marks tell, in order. Those
// that nothing but their words tells are found by [Library.BindPost].
func Find(post *extract.Document) []Quotation {
	f := finder{post: post, links: placeLinks(post)}
	for i := 0; i < len(post.Blocks) && len(f.found) < MaxQuotations; {
		i = f.block(i)
	}
	return f.found
}

type finder struct {
	post  *extract.Document
	links []blockLinks
	found []Quotation
	open  *opening         // a mark that the block before did not close
	begun []textdiff.Place // what it opened
}

// The fewest words between marks that are a quotation.
const (
	minWords         = 3
	minStraightWords = 4 // between straight single marks
)

// block reads the quotations of a block and returns the index of the next.
func (f *finder) block(i int) int {
	b := f.post.Blocks[i]
	switch {
	case b.Kind == extract.Code || b.Kind == extract.Byline || b.Kind == extract.Date:
		return i + 1
	case b.Kind == extract.Quotation:
		mark := Blockquote
		if f.post.MediaType != "text/html" && f.post.MediaType != "application/xhtml+xml" {
			mark = Markdown
		}
		return f.setOff(i, mark, func(b extract.Block) bool { return b.Kind == extract.Quotation })
	case strings.HasPrefix(b.Text, ">") && strings.HasPrefix(f.post.MediaType, "text/plain"):
		return f.setOff(i, Markdown, func(b extract.Block) bool { return strings.HasPrefix(b.Text, ">") })
	}
	f.inline(i)
	return i + 1
}

// setOff adds a quotation of all blocks from one on that are of it.
func (f *finder) setOff(i int, mark Mark, of func(extract.Block) bool) int {
	f.open, f.begun = nil, nil
	var places []textdiff.Place
	last := i
	for ; last < len(f.post.Blocks) && of(f.post.Blocks[last]); last++ {
		if span, ok := bare(f.post.Blocks[last].Text); ok {
			places = append(places, textdiff.Place{Block: last, Span: span})
		}
	}
	q := f.quotation(mark, places)
	if last > i+1 && len(places) > 1 {
		// The last paragraph may say who is quoted.
		if by, ok := signature(f.post.Blocks[last-1].Text); ok {
			q = f.quotation(mark, places[:len(places)-1])
			q.Speaker = by
		}
	}
	if countWords(q.Text) > 0 {
		f.found = append(f.found, q)
	}
	return last
}

// bare returns what marks around a whole paragraph enclose.
func bare(text string) (textdiff.Span, bool) {
	span := trim(text, textdiff.Span{Start: len(text) - len(strings.TrimLeft(text, "> \n")), End: len(text)})
	pairs, unclosed := marks(text[span.Start:span.End])
	switch {
	case len(pairs) == 1 && pairs[0].outer == textdiff.Span{End: span.End - span.Start}:
		span = textdiff.Span{Start: span.Start + pairs[0].inner.Start, End: span.Start + pairs[0].inner.End}
	case len(pairs) == 0 && unclosed != nil && unclosed.at == 0:
		span.Start += unclosed.inner
	}
	span = trim(text, span)
	return span, span.Start < span.End
}

// inline adds the quotations between paired marks in a block.
func (f *finder) inline(i int) {
	text := f.post.Blocks[i].Text
	pairs, unclosed := marks(text)
	if f.open != nil {
		f.goOn(i, text, &pairs, &unclosed)
	}
	for _, p := range pairs[:min(len(pairs), MaxQuotations)] {
		f.add(i, p)
	}
	if unclosed != nil {
		f.open, f.begun = unclosed, []textdiff.Place{{Block: i, Span: trim(text, textdiff.Span{Start: unclosed.inner, End: len(text)})}}
	}
}

// goOn takes the beginning of a block as part of the quotation that is open,
// if the block begins with its mark.
func (f *finder) goOn(i int, text string, pairs *[]pair, unclosed **opening) {
	open, begun := f.open, f.begun
	f.open, f.begun = nil, nil
	if !strings.HasPrefix(text, string(open.mark)) {
		return
	}
	if len(*pairs) > 0 && (*pairs)[0].outer.Start == 0 {
		p := (*pairs)[0]
		*pairs = (*pairs)[1:]
		begun = append(begun, textdiff.Place{Block: i, Span: trim(text, p.inner)})
		f.found = append(f.found, f.quotation(Paired, begun))
		return
	}
	if *unclosed != nil && (*unclosed).at == 0 {
		f.open = *unclosed
		f.begun = append(begun, textdiff.Place{Block: i, Span: trim(text, textdiff.Span{Start: (*unclosed).inner, End: len(text)})})
		*unclosed = nil
	}
}

// add adds a quotation between marks unless these are scare quotes.
func (f *finder) add(i int, p pair) {
	text := f.post.Blocks[i].Text
	span := trim(text, p.inner)
	if span.Start >= span.End {
		return
	}
	q := f.quotation(Paired, []textdiff.Place{{Block: i, Span: span}})
	words := countWords(q.Text)
	switch single := p.mark == '\'' || p.mark == '`'; {
	case words == 0,
		single && words < minStraightWords,
		p.mark == '‘' && words < minWords,
		words < minWords && len(q.Sentence) == 0:
		return
	}
	f.found = append(f.found, q)
}

// quotation fills a quotation but for its speaker in blocks set off.
func (f *finder) quotation(mark Mark, places []textdiff.Place) Quotation {
	q := Quotation{Mark: mark, Places: places}
	if len(places) == 0 {
		return q
	}
	q.Text = textAt(f.post.Blocks, places)
	q.Fragments = fragments(q.Text)
	q.Sentence, q.Paragraph = f.around(mark, places)
	if mark != Unmarked {
		q.Speaker = speaker(f.post.Blocks, mark, places)
	}
	return q
}

// textAt returns the text of places, those of several blocks joined by a line
// feed.
func textAt(blocks []extract.Block, places []textdiff.Place) string {
	parts := make([]string, len(places))
	for i, p := range places {
		parts[i] = blocks[p.Block].Text[p.Start:p.End]
	}
	return strings.Join(parts, "\n")
}

// trim leaves out white space at the ends of a span.
func trim(text string, s textdiff.Span) textdiff.Span {
	inner := text[s.Start:s.End]
	left := strings.TrimLeft(inner, " \n")
	s.Start = s.End - len(left)
	s.End = s.Start + len(strings.TrimRight(left, " \n"))
	return s
}
