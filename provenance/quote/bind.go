package quote

import (
	"slices"
	"strings"
	"unicode"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// State says how a quotation stands in its source.
type State string

// The states.
const (
	Verbatim   State = "verbatim"   // as quoted
	Normalised State = "normalised" // the same words; case, marks, dashes or punctuation differ
	Elided     State = "elided"     // word for word but for what the quotation says was left out or put in
	Altered    State = "altered"    // some words differ
	Ambiguous  State = "ambiguous"  // more than one passage is as good
	NotFound   State = "not-found"  // no source has it
	Unseen     State = "unseen"     // no source that was seen has it, and one that the post names was not seen
)

// A Binding is what became of the search for a quotation.
type Binding struct {
	State State
	Candidate
	// Candidates are the passages that are as good, at most 16: set if
	// Ambiguous, while the Candidate is none then.
	Candidates []Candidate
	// Segments lead from the words of the source (Equal and Delete) to those of
	// the quotation (Equal and Insert), fragments joined by " … ": set if Altered.
	Segments []textdiff.Segment
	Meaning  []string // what the words that differ are, as textdiff.Meanings names them, and "name"
	Errors   float64  // share of words that differ, at most 0.2
}

// A Candidate is a passage of a source.
type Candidate struct {
	Source string
	// Places are where its words stand in the source, in order, one for each
	// fragment and block: indices into the blocks of the document and bytes of
	// their text.
	Places []textdiff.Place
	Text   string // of the source, fragments joined by " … ", blocks by a line feed
}

// Bind finds the passage that a quotation was taken from. Sources are preferred
// in the order of the tiers; those that are in none are a last tier. A source
// that is named in a tier and is not in the library, or was added without a
// document, has not been seen.
func (l *Library) Bind(q Quotation, tiers ...[]string) Binding {
	return l.bind(q, l.rank(tiers), nil)
}

// ranks are the tiers of sources.
type ranks struct {
	of     map[int]int // tier by source; the last tier has the others
	last   int
	unseen bool // a source of a tier was not seen
}

func (l *Library) rank(tiers [][]string) ranks {
	l.seal()
	r := ranks{of: map[int]int{}, last: len(tiers)}
	for tier, keys := range tiers {
		for _, key := range keys {
			i, ok := l.known[key]
			if !ok || i < 0 {
				r.unseen = true
			} else if _, ok := r.of[i]; !ok {
				r.of[i] = tier
			}
		}
	}
	return r
}

func (r ranks) tier(source int) int {
	if tier, ok := r.of[source]; ok {
		return tier
	}
	return r.last
}

// bind finds a quotation. hint is that of the search.
func (l *Library) bind(q Quotation, r ranks, hint func(match) bool) Binding {
	s := &search{Library: l, wanted: l.want(q.Fragments), ranks: r, hint: hint}
	s.work = minWork + workPerWord*s.count
	found := s.exact()
	if len(found) == 0 {
		found = s.aligned()
	}
	if len(found) == 0 {
		found = s.chunked()
	}
	switch {
	case len(found) > 0:
		return s.choose(found, q)
	case r.unseen:
		return Binding{State: Unseen}
	}
	return Binding{State: NotFound}
}

// choose keeps the best of the matches.
func (s *search) choose(found []match, q Quotation) Binding {
	best := found[:0:0]
	for _, m := range found {
		if len(best) == 0 {
			best = append(best, m)
			continue
		}
		c := s.compare(m, best[0])
		if c < 0 {
			best = best[:0]
		}
		if c <= 0 {
			best = append(best, m)
		}
	}
	if len(best) > 1 && s.hint != nil {
		if near := slices.DeleteFunc(slices.Clone(best), func(m match) bool { return !s.hint(m) }); len(near) == 1 {
			best = near
		}
	}
	if len(best) == 1 {
		return s.binding(best[0], q)
	}
	b := Binding{State: Ambiguous, Errors: float64(best[0].errors) / float64(s.count)}
	for _, m := range best {
		b.Candidates = append(b.Candidates, s.candidate(m))
	}
	return b
}

// compare orders matches, the better one first: fewer words that differ, an
// earlier tier, running text, fewer words left out.
func (s *search) compare(a, b match) int {
	if a.errors != b.errors {
		return a.errors - b.errors
	}
	if at, bt := s.tier(a.source), s.tier(b.source); at != bt {
		return at - bt
	}
	if ap, bp := s.isProse(a), s.isProse(b); ap != bp {
		if ap {
			return -1
		}
		return 1
	}
	return a.left - b.left
}

// isProse reports whether a match stands in running text, not in a heading, a
// caption or the like, which often repeat it.
func (s *search) isProse(m match) bool {
	src := &s.sources[m.source]
	from, to := m.extent()
	if from >= to {
		return false
	}
	for _, p := range s.places(src, from, from+1) {
		switch src.kinds[p.Block] {
		case extract.Paragraph, extract.Item, extract.Quotation, extract.Code, extract.Row:
			return true
		}
	}
	return false
}

// candidate says where a match stands.
func (s *search) candidate(m match) Candidate {
	src := &s.sources[m.source]
	c := Candidate{Source: src.key}
	for _, p := range s.joined(m) {
		c.Places = append(c.Places, s.places(src, p.from, p.to)...)
		if c.Text != "" {
			c.Text += between
		}
		c.Text += src.text[s.starts[p.from]:s.ends[p.to-1]]
	}
	return c
}

// between stands between fragments that are written in one line.
const between = " … "

// joined returns the parts of a match, those that follow each other without a
// word between as one. A bracket is part of what is around it.
func (s *search) joined(m match) []part {
	var out []part
	for k, p := range m.parts {
		if p.from >= p.to {
			continue
		}
		if n := len(out); n > 0 && (out[n-1].to == p.from || s.tokens[s.runs[k].from-1].kind == wildToken) {
			out[n-1].to = p.to
			continue
		}
		out = append(out, p)
	}
	return out
}

// binding judges a match.
func (s *search) binding(m match, q Quotation) Binding {
	b := Binding{Candidate: s.candidate(m), Errors: float64(m.errors) / float64(s.count)}
	switch {
	case m.errors > 0:
		b.State = Altered
		b.Segments = s.differences(m, q)
		b.Meaning = meaningsOf(b.Segments)
	case m.left > 0 || slices.ContainsFunc(s.tokens, func(t token) bool { return t.kind == wildToken }):
		b.State = Elided
	case asDisplayed(b.Text) == asDisplayed(q.Text):
		b.State = Verbatim
	default:
		b.State = Normalised
	}
	return b
}

// asDisplayed returns a text as a reader sees it, without punctuation at its
// ends, which belongs to the sentence around a quotation.
func asDisplayed(text string) string {
	return strings.TrimFunc(textdiff.DisplayText(text), func(r rune) bool { return unicode.IsPunct(r) && r != '%' || unicode.IsSpace(r) })
}

// differences compares each fragment with the words that it was bound to.
func (s *search) differences(m match, q Quotation) []textdiff.Segment {
	src := &s.sources[m.source]
	texts := make([]string, len(q.Fragments)) // of the source, by fragment
	k := 0
	for i, f := range q.Fragments {
		p := part{}
		for n := len(s.want([]string{f}).runs); n > 0 && k < len(m.parts); n-- {
			if r := m.parts[k]; r.from < r.to {
				if p.from == p.to {
					p.from = r.from
				}
				p.to = r.to
			}
			k++
		}
		if p.from < p.to {
			texts[i] = src.text[s.starts[p.from]:s.ends[p.to-1]]
		}
	}
	var out []textdiff.Segment
	for i, f := range q.Fragments {
		if i > 0 {
			out = append(out, textdiff.Segment{Text: between})
		}
		out = append(out, textdiff.Compare(asDisplayed(texts[i]), asDisplayed(f)).Readable().Segments...)
	}
	return out
}

const (
	minWork     = 1 << 16
	workPerWord = 1 << 12
)
