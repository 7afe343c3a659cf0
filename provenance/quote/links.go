package quote

import (
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// blockLinks are the links of one block, by their indices in the document, with
// the places of their words. A link whose words are not in the text (a picture)
// has an empty place.
type blockLinks struct {
	links     []int
	spans     []textdiff.Span
	sentences []textdiff.Span // of the block, once asked for
}

// placeLinks finds where the links of a document stand. They come in reading
// order, so that equal words are told apart by it.
func placeLinks(d *extract.Document) []blockLinks {
	out := make([]blockLinks, len(d.Blocks))
	at := make([]int, len(d.Blocks)) // behind the last link of the block
	for i, l := range d.Links {
		if l.Block < 0 || l.Block >= len(out) || l.Here {
			continue
		}
		b := &out[l.Block]
		span := textdiff.Span{}
		text := d.Blocks[l.Block].Text
		if n := strings.Index(text[at[l.Block]:], l.Text); n >= 0 && l.Text != "" {
			start := at[l.Block] + n
			span = textdiff.Span{Start: start, End: start + len(l.Text)}
			at[l.Block] = span.End
		}
		b.links, b.spans = append(b.links, i), append(b.spans, span)
	}
	return out
}

// around returns the links in the sentences of a quotation, and those in its
// paragraph.
func (f *finder) around(mark Mark, places []textdiff.Place) (sentence, paragraph []int) {
	for _, p := range places {
		b := &f.links[p.Block]
		paragraph = append(paragraph, b.links...)
		sentence = append(sentence, f.inSentences(p)...)
	}
	if first := places[0].Block; (mark == Blockquote || mark == Markdown) && first > 0 {
		// The sentence that introduces it stands in the block before, and what
		// follows it may name its source: both are of its paragraph.
		before := &f.links[first-1]
		paragraph = append(paragraph, before.links...)
		end := len(f.post.Blocks[first-1].Text)
		sentence = append(sentence, f.inSentences(textdiff.Place{Block: first - 1, Span: textdiff.Span{Start: end - 1, End: end}})...)
	}
	return sentence, paragraph
}

// inSentences returns the links in the sentences that a place touches.
func (f *finder) inSentences(p textdiff.Place) []int {
	b := &f.links[p.Block]
	if len(b.links) == 0 {
		return nil
	}
	from, to := f.sentencesAt(p)
	var out []int
	for k, s := range b.spans {
		if s.Start < s.End && s.Start < to && s.End > from {
			out = append(out, b.links[k])
		}
	}
	return out
}

// sentencesAt returns the range of the sentences that a place touches.
func (f *finder) sentencesAt(p textdiff.Place) (from, to int) {
	b := &f.links[p.Block]
	if b.sentences == nil {
		b.sentences = extract.Sentences(f.post.Blocks[p.Block].Text)
	}
	from, to = p.Start, p.End
	for _, s := range b.sentences {
		if s.Start < p.End && s.End > p.Start {
			from, to = min(from, s.Start), max(to, s.End)
		}
	}
	return from, to
}
