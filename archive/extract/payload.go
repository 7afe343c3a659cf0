package extract

import (
	"slices"

	"golang.org/x/text/transform"
)

// pointInto turns the ranges of a document, which so far are of the decoded
// text, into ranges of the payload that the text was decoded from.
func (d *Document) pointInto(text decodedText) {
	var ends []*int
	note := func(start, end *int) {
		if *start == *end {
			*start, *end = 0, 0
			return
		}
		*start, *end = *start+text.lead, *end+text.lead
		if text.by != nil {
			ends = append(ends, start, end)
		}
	}
	for _, blocks := range [][]Block{d.Blocks, d.Outside} {
		for i := range blocks {
			note(&blocks[i].Start, &blocks[i].End)
		}
	}
	for i := range d.Notices {
		note(&d.Notices[i].Start, &d.Notices[i].End)
	}
	if text.by == nil {
		return
	}
	slices.SortFunc(ends, func(a, b *int) int { return *a - *b })
	way := wayBack{decoder: text.by.NewDecoder(), body: text.body}
	for _, p := range ends {
		*p = way.to(*p)
	}
}

// A wayBack tells which bytes were decoded into a text, by decoding them once
// more up to each place that is asked for.
type wayBack struct {
	decoder  transform.Transformer
	body     []byte
	at, made int // bytes of the body decoded so far, and bytes of text made of them
	buffer   [1024]byte
}

// to returns the place in the body of a place in the text, in bytes. Places must
// be asked for in rising order. Inside what was decoded as a whole it is the
// end of that.
func (w *wayBack) to(place int) int {
	for w.made < place {
		room := min(place-w.made, len(w.buffer))
		n, used, err := w.decoder.Transform(w.buffer[:room], w.body[w.at:], true)
		if n == 0 && used == 0 && err == transform.ErrShortDst { // decoded as a whole
			n, used, _ = w.decoder.Transform(w.buffer[:min(room+wholeMost, len(w.buffer))], w.body[w.at:], true)
		}
		if n == 0 && used == 0 {
			break
		}
		w.made, w.at = w.made+n, w.at+used
	}
	return w.at
}

// wholeMost is the most bytes of text that are decoded as a whole, and more.
const wholeMost = 8
