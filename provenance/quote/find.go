package quote

import (
	"slices"
	"sort"
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
	f := finder{post: post, links: placeLinks(post), quoted: post.Quoted}
	for i := 0; i < len(post.Blocks) && len(f.found) < MaxQuotations; {
		i = f.block(i)
	}
	return f.found
}

type finder struct {
	post   *extract.Document
	links  []blockLinks
	quoted []extract.Quoted // elements from the block on that is read
	found  []Quotation
	open   *opening         // a mark that the block before did not close
	begun  []textdiff.Place // what it opened
}

// The fewest words between marks that are a quotation.
const (
	minWords         = 3
	minStraightWords = 4 // between straight single marks
)

// block reads the quotations of a block and returns the index of the next.
func (f *finder) block(i int) int {
	b := f.post.Blocks[i]
	for len(f.quoted) > 0 && f.quoted[0].Last < i {
		f.quoted = f.quoted[1:]
	}
	switch {
	case len(f.quoted) > 0 && f.quoted[0].Text == "" && f.quoted[0].Block <= i:
		return f.setOff(i, f.quoted[0].Last+1, f.setOffMark())
	case b.Kind == extract.Code || b.Kind == extract.Byline || b.Kind == extract.Date:
		return i + 1
	case b.Kind == extract.Quotation:
		return f.setOff(i, f.behind(i, func(b extract.Block) bool { return b.Kind == extract.Quotation }), f.setOffMark())
	case strings.HasPrefix(b.Text, ">") && f.post.MediaType == "text/plain":
		return f.setOff(i, f.behind(i, func(b extract.Block) bool { return strings.HasPrefix(b.Text, ">") }), Markdown)
	}
	f.inline(i)
	return i + 1
}

// setOffMark returns the mark of quotations set off from the text.
func (f *finder) setOffMark() Mark {
	if f.post.MediaType == "text/html" || f.post.MediaType == "application/xhtml+xml" {
		return Blockquote
	}
	return Markdown
}

// behind returns the index of the first block from one on that is not of a
// kind.
func (f *finder) behind(i int, of func(extract.Block) bool) int {
	for i < len(f.post.Blocks) && of(f.post.Blocks[i]) {
		i++
	}
	return i
}

// setOff adds a quotation of all blocks from one up to another, and returns the
// other.
func (f *finder) setOff(i, last int, mark Mark) int {
	f.open, f.begun = nil, nil
	var places []textdiff.Place
	for k := i; k < last; k++ {
		if span, ok := bare(f.post.Blocks[k].Text); ok {
			places = append(places, textdiff.Place{Block: k, Span: span})
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
	for _, p := range f.withElements(i, pairs) {
		if len(f.found) < MaxQuotations {
			f.add(i, p)
		}
	}
	if unclosed != nil {
		f.open, f.begun = unclosed, []textdiff.Place{{Block: i, Span: trim(text, textdiff.Span{Start: unclosed.inner, End: len(text)})}}
	}
}

// elementMark stands for the marks that a browser shows around an element.
const elementMark rune = 'q'

// withElements adds the quoted elements of a block that have no marks of their
// own to the pairs of marks in it.
func (f *finder) withElements(i int, pairs []pair) []pair {
	text := f.post.Blocks[i].Text
	pairs = pairs[:min(len(pairs), MaxQuotations)]
	at := 0
	for _, q := range f.quoted {
		if q.Block != i || len(pairs) > 2*MaxQuotations {
			break
		}
		n := strings.Index(text[at:], q.Text)
		if n < 0 || q.Text == "" {
			continue
		}
		span := textdiff.Span{Start: at + n, End: at + n + len(q.Text)}
		at = span.End
		k := sort.Search(len(pairs), func(k int) bool { return pairs[k].outer.End > span.Start })
		if k == len(pairs) || pairs[k].outer.Start >= span.End {
			pairs = slices.Insert(pairs, k, pair{elementMark, span, span})
		}
	}
	return pairs
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
	mark := Paired
	if p.mark == elementMark {
		mark = Element
	}
	q := f.quotation(mark, []textdiff.Place{{Block: i, Span: span}})
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
