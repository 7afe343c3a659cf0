package textdiff

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Readable returns the diff with changes joined that only a stray word or two
// keep apart, as "the" between two rewritten halves of a sentence: a person
// reads one replaced passage with less effort than shreds of two. It marks more
// than the minimum, so it is for showing, not for counting or judging. Words
// that hold a digit stay as they are, and no change is ever unmarked.
func (d Diff) Readable() Diff {
	out := Diff{make([]Segment, 0, len(d.Segments))}
	last, next := new(change), new(change)
	for i := 0; i < len(d.Segments); {
		if d.Segments[i].Op != Equal {
			i += last.take(d.Segments[i:])
			continue
		}
		text := d.Segments[i].Text
		n := next.take(d.Segments[i+1:])
		if n > 0 && stray(text, last, next) {
			last.add(Delete, text)
			last.add(Insert, text)
		} else {
			out.Segments = append(last.segments(out.Segments), d.Segments[i])
			last.reset()
		}
		next.reset()
		i++
	}
	out.Segments = last.segments(out.Segments)
	return out
}

// A change replaces a text by another, both in pieces; either may be empty.
type change struct{ deleted, inserted []string }

func (c *change) add(op Op, text string) {
	if op == Delete {
		c.deleted = append(c.deleted, text)
	} else {
		c.inserted = append(c.inserted, text)
	}
}

// take adds the segments up to the first equal one and returns their number.
func (c *change) take(segments []Segment) int {
	for i, s := range segments {
		if s.Op == Equal {
			return i
		}
		c.add(s.Op, s.Text)
	}
	return len(segments)
}

func (c *change) segments(out []Segment) []Segment {
	if len(c.deleted) > 0 {
		out = append(out, Segment{Delete, strings.Join(c.deleted, "")})
	}
	if len(c.inserted) > 0 {
		out = append(out, Segment{Insert, strings.Join(c.inserted, "")})
	}
	return out
}

func (c *change) reset() { c.deleted, c.inserted = c.deleted[:0], c.inserted[:0] }

// has reports whether one side of the change has n visible tokens at least, at
// the starts of its pieces.
func (c *change) has(n int) bool {
	for _, pieces := range [2][]string{c.deleted, c.inserted} {
		left := n
		for _, text := range pieces {
			if fieldsAtStart(text) >= left { // the usual case, and quick to see
				return true
			}
			if left -= visibleAtStart(text); left <= 0 {
				return true
			}
		}
	}
	return n <= 0
}

// maxStray bounds the text that is looked at as stray words, in bytes. The same
// length of a change is enough to tell that it is larger.
const maxStray = 100

// stray reports whether the text between two changes is at most two tokens
// without a digit, within a line, and three times smaller than the longer side
// of each change.
func stray(text string, left, right *change) bool {
	if len(text) > maxStray || strings.ContainsFunc(text, func(r rune) bool { return r == '\n' || unicode.IsNumber(r) }) {
		return false
	}
	if fieldsAtStart(text) > 2 {
		return false
	}
	n := visibleAtStart(text)
	return n <= 2 && left.has(3*n) && right.has(3*n)
}

// fieldsAtStart counts what spaces keep apart in the first maxStray bytes of a
// text: there is a visible token in each.
func fieldsAtStart(text string) int {
	n, within := 0, false
	for i := range min(len(text), maxStray) {
		visible := text[i] > ' ' && text[i] < utf8.RuneSelf
		if visible && !within {
			n++
		}
		within = text[i] != ' '
	}
	return n
}

// visibleAtStart counts the tokens that are not white space in the first
// maxStray bytes of a text.
func visibleAtStart(text string) int {
	n := 0
	c := tokens(text[:min(len(text), maxStray)])
	for i := range c.len() {
		if !isSpace(c.piece(i)) {
			n++
		}
	}
	return n
}
