package textdiff

import (
	"slices"
	"strings"
	"unicode"
)

// A Fate says what became of a passage.
type Fate int8

// The fates of a passage.
const (
	Kept    Fate = iota // its words are there, in the same compare form
	Altered             // some of its words are there, some are not, or others stand among them
	Gone                // none of its words are there
)

// String returns "kept", "altered" or "gone".
func (f Fate) String() string {
	switch f {
	case Kept:
		return "kept"
	case Altered:
		return "altered"
	case Gone:
		return "gone"
	}
	return "invalid"
}

// A Place is a range of bytes of one block.
type Place struct {
	Block int
	Span
}

// A Projection tells where a passage of the text before went.
type Projection struct {
	Fate Fate
	// Moved says that the passage no longer stands where it stood: its block
	// has moved, or it was found word for word in text that is new.
	Moved bool
	// Around says that the passage was kept while words around it, in the same
	// block, were not.
	Around bool
	// Places are where the passage stands in the text after, in order: one,
	// or several if its block was split, or if Moved and new text has it more
	// than once. Of a passage that is Gone it is where other words took its
	// place; nil if there are none.
	Places []Place
	// Segments are the word diff of the passage: set if Altered, and if Gone
	// while other words took its place.
	Segments []Segment
}

// Project follows a passage of the text before into the text after. It reads
// the place off the rows and their word diffs; nothing is guessed. Only a
// passage that is not kept there is searched for, in compare form and as a
// whole, in words that are new. A place outside the text before is Gone.
//
// Time is that of reading the row, and of [Locate] on the new blocks in the
// second case.
func (d BlockDiff) Project(at Place) Projection {
	if at.Block < 0 || at.Block >= len(d.before) {
		return Projection{Fate: Gone}
	}
	block := d.before[at.Block]
	at.Start, at.End = clamp(at.Start, len(block)), clamp(at.End, len(block))
	if at.Start >= at.End {
		return Projection{Fate: Gone}
	}
	row := d.Rows[d.home[at.Block]]
	p := d.within(row, at)
	if p.Fate == Kept {
		return p
	}
	if places := d.search(block[at.Start:at.End]); len(places) > 0 {
		return Projection{Fate: Kept, Moved: true, Around: true, Places: places}
	}
	return p
}

// within follows a passage through the word diff of its row.
func (d BlockDiff) within(row Row, at Place) Projection {
	if row.Op == Deleted {
		return Projection{Fate: Gone}
	}
	text := joined(d.before, row.Before)
	start := at.Start
	for i := row.Before.From; i < at.Block; i++ {
		start += len(d.before[i]) + len("\n")
	}
	from := Span{start, start + at.End - at.Start}
	p := Projection{Moved: row.Op == MovedAway}
	if row.Segments == nil {
		p.Places = d.places(row.After, from)
		return p
	}
	to, segments := follow(row.Segments, from)
	p.Places = d.places(row.After, to)
	now := joined(d.after, row.After)[to.Start:to.End]
	passage := text[from.Start:from.End]
	switch {
	case FoldText(passage) == FoldText(now):
		p.Around = countChanges(row.Segments) > countChanges(segments)
	case keepsNone(segments):
		p.Fate, p.Moved = Gone, false
		if p.Places != nil {
			p.Segments = segments
		}
	default:
		p.Fate, p.Segments = Altered, segments
	}
	return p
}

// follow maps a range of the text before onto the text after and returns the
// segments of both.
func follow(all []Segment, from Span) (to Span, part []Segment) {
	to = Span{-1, -1}
	before, after := 0, 0
	add := func(op Op, text string) {
		if text != "" {
			part = append(part, Segment{op, text})
		}
	}
	for i, s := range all {
		n := len(s.Text)
		switch s.Op {
		case Equal:
			lo, hi := max(from.Start, before), min(from.End, before+n)
			if lo < hi {
				if to.Start < 0 {
					to.Start = after + lo - before
				}
				to.End = after + hi - before
				add(Equal, s.Text[lo-before:hi-before])
			}
			before, after = before+n, after+n
		case Delete:
			lo, hi := max(from.Start, before), min(from.End, before+n)
			if lo < hi {
				instead := ""
				if i+1 < len(all) && all[i+1].Op == Insert {
					instead = all[i+1].Text
				}
				if to.Start < 0 {
					to.Start = after
				}
				to.End = after + len(instead)
				add(Delete, s.Text[lo-before:hi-before])
				add(Insert, instead)
			}
			before += n
		case Insert:
			alone := i == 0 || all[i-1].Op != Delete
			if alone && from.Start < before && before < from.End {
				to.End = after + n
				add(Insert, s.Text)
			}
			after += n
		}
	}
	return to, part
}

func countChanges(segments []Segment) int {
	n := 0
	for _, s := range segments {
		if s.Op != Equal {
			n++
		}
	}
	return n
}

// keepsNone reports whether no word is equal on both sides.
func keepsNone(segments []Segment) bool {
	return !slices.ContainsFunc(segments, func(s Segment) bool {
		return s.Op == Equal && strings.ContainsFunc(s.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
	})
}

// places cuts a range of the joined text of some blocks after at their ends.
func (d BlockDiff) places(blocks Range, span Span) []Place {
	var out []Place
	at := 0
	for j := blocks.From; j < blocks.To; j++ {
		end := at + len(d.after[j])
		if lo, hi := max(span.Start, at), min(span.End, end); lo < hi {
			out = append(out, Place{j, Span{lo - at, hi - at}})
		}
		at = end + len("\n")
	}
	return out
}

// search finds a passage in the blocks after, where at least half of its bytes
// are new.
func (d BlockDiff) search(passage string) []Place {
	var out []Place
	for j, block := range d.after {
		row := d.Rows[d.claimed[j]]
		if row.Op != Inserted && row.Segments == nil {
			continue
		}
		for _, s := range Locate(block, passage) {
			if 2*d.inserted(row, j, s) >= s.End-s.Start {
				out = append(out, Place{j, s})
			}
		}
	}
	return out
}

// inserted counts the bytes of a span of a block after that are new.
func (d BlockDiff) inserted(row Row, block int, span Span) int {
	if row.Op == Inserted {
		return span.End - span.Start
	}
	at := 0
	for j := row.After.From; j < block; j++ {
		at += len(d.after[j]) + len("\n")
	}
	n := 0
	lo, hi := span.Start+at, span.End+at
	after := 0
	for _, s := range row.Segments {
		if s.Op == Delete {
			continue
		}
		if s.Op == Insert {
			n += max(0, min(hi, after+len(s.Text))-max(lo, after))
		}
		after += len(s.Text)
	}
	return n
}
