package textdiff

import "sort"

// A Form is a text derived from another one, with the way back.
type Form struct {
	Text   string
	pieces []piece
}

// A piece of a form starts at byte to of its text and was made from bytes
// from:end of the source. A verbatim piece was copied, so that positions inside
// it can be told apart; any other stands for its source as a whole.
type piece struct {
	to, from, end int
	verbatim      bool
}

// Source returns the byte range of the source that bytes start to end of
// f.Text were made from. Positions outside the text are moved to its ends.
func (f Form) Source(start, end int) (from, to int) {
	start, end = clamp(start, len(f.Text)), clamp(end, len(f.Text))
	if len(f.pieces) == 0 {
		return 0, 0
	}
	if end <= start {
		p := f.pieces[f.at(start)]
		if p.verbatim {
			return p.from + start - p.to, p.from + start - p.to
		}
		return p.from, p.from
	}
	p := f.pieces[f.at(start)]
	if from = p.from; p.verbatim {
		from += start - p.to
	}
	p = f.pieces[f.at(end-1)]
	if to = p.end; p.verbatim {
		to = p.from + end - p.to
	}
	return from, to
}

// at returns the index of the last piece that starts at or before byte i.
func (f Form) at(i int) int {
	return max(0, sort.Search(len(f.pieces), func(k int) bool { return f.pieces[k].to > i })-1)
}

func clamp(i, n int) int { return min(max(i, 0), n) }

// then derives a further form and composes the two maps.
func (f Form) then(step func(string) Form) Form {
	g := step(f.Text)
	out := Form{Text: g.Text}
	for i, p := range g.pieces {
		if !p.verbatim {
			from, end := f.Source(p.from, p.end)
			out.pieces = append(out.pieces, piece{p.to, from, end, false})
			continue
		}
		next := len(g.Text)
		if i+1 < len(g.pieces) {
			next = g.pieces[i+1].to
		}
		stop := p.from + next - p.to
		for k := f.at(p.from); k < len(f.pieces) && f.pieces[k].to < stop; k++ {
			q := f.pieces[k]
			cut := max(q.to, p.from)
			r := piece{p.to + cut - p.from, q.from, q.end, q.verbatim}
			if q.verbatim {
				r.from += cut - q.to
			}
			out.pieces = append(out.pieces, r)
		}
	}
	return out
}

// A formBuilder collects a form piece by piece, from left to right.
type formBuilder struct {
	source string
	text   []byte
	pieces []piece
}

// add appends text made from source[from:end].
func (b *formBuilder) add(text string, from, end int) {
	if text == "" {
		return
	}
	verbatim := text == b.source[from:end]
	if n := len(b.pieces); n > 0 && verbatim && b.pieces[n-1].verbatim && b.pieces[n-1].end == from {
		b.pieces[n-1].end = end
	} else {
		b.pieces = append(b.pieces, piece{len(b.text), from, end, verbatim})
	}
	b.text = append(b.text, text...)
}

func (b *formBuilder) form() Form { return Form{string(b.text), b.pieces} }
