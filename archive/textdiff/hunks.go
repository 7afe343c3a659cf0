package textdiff

import (
	"slices"
	"strings"
)

// A Hunk is a group of changed lines with the lines around them. Joining its
// segments gives the lines on each side as joining those of a [Diff] gives the
// texts; a segment ends at a line end at the latest, so that a renderer can
// write each line on its own.
type Hunk struct {
	BeforeLine  int // number of the first line on the old side, from 1
	BeforeLines int // number of lines on the old side; if 0, BeforeLine is the line after which they would stand
	AfterLine   int // the same for the new side
	AfterLines  int
	Segments    []Segment
}

// Hunks groups the changes, with up to context unchanged lines before and
// after each. Changes with no more than 2·context unchanged lines between them
// share a hunk. Without changes there are none.
func (d Diff) Hunks(context int) []Hunk {
	context = max(context, 0)
	rows, segments := d.rows()
	var out []Hunk
	beforeLine, afterLine := 1, 1
	end := 0 // rows[:end] have been written or passed over
	for i := 0; i < len(rows); i++ {
		if !rows[i].changed {
			continue
		}
		start := max(end, i-context)
		beforeLine, afterLine = advance(rows[end:start], beforeLine, afterLine)
		for last := i; i < len(rows) && i-last <= 2*context+1; i++ {
			if rows[i].changed {
				last = i
			}
			end = last + 1
		}
		end = min(end+context, len(rows))
		i = end - 1
		h := Hunk{BeforeLine: beforeLine, AfterLine: afterLine}
		beforeLine, afterLine = advance(rows[start:end], beforeLine, afterLine)
		h.BeforeLines, h.AfterLines = beforeLine-h.BeforeLine, afterLine-h.AfterLine
		if h.BeforeLines == 0 {
			h.BeforeLine--
		}
		if h.AfterLines == 0 {
			h.AfterLine--
		}
		h.Segments = slices.Clip(segments[rows[start].from:rows[end-1].to])
		out = append(out, h)
	}
	return out
}

func advance(rows []row, before, after int) (int, int) {
	for _, r := range rows {
		before, after = before+r.before, after+r.after
	}
	return before, after
}

// A row is the smallest piece of a diff that consists of whole lines on both
// sides: a run of its segments, cut at line ends. An unchanged row is one line.
type row struct {
	from, to      int // segments
	before, after int // lines
	changed       bool
}

// rows cuts the diff wherever both sides are at the start of a line.
func (d Diff) rows() (rows []row, segments []Segment) {
	ends := 0
	for _, s := range d.Segments {
		ends += strings.Count(s.Text, "\n")
	}
	rows, segments = make([]row, 0, ends+1), make([]Segment, 0, len(d.Segments)+ends)
	var r row
	beforeOpen, afterOpen := false, false // in the middle of a line
	for _, s := range d.Segments {
		for rest := s.Text; rest != ""; {
			end := strings.IndexByte(rest, '\n') + 1
			open := end == 0
			if open {
				end = len(rest)
			}
			segments = append(segments, Segment{s.Op, rest[:end]})
			rest = rest[end:]
			r.to, r.changed = len(segments), r.changed || s.Op != Equal
			if s.Op != Insert {
				if !beforeOpen {
					r.before++
				}
				beforeOpen = open
			}
			if s.Op != Delete {
				if !afterOpen {
					r.after++
				}
				afterOpen = open
			}
			if !beforeOpen && !afterOpen {
				rows = append(rows, r)
				r = row{from: r.to}
			}
		}
	}
	if r.to > r.from {
		rows = append(rows, r)
	}
	return rows, segments
}
