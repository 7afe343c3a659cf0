package quote

import (
	"unicode/utf8"
)

// A match is a passage of a source that stands for what is wanted.
type match struct {
	source int
	parts  []part // one for each run, in order
	left   int    // words of the source in the room of ellipses and brackets
	errors int    // words replaced, missing or added
}

// A part is a range of words of the library. It may be empty, where an
// alignment found nothing of a run.
type part struct {
	from, to uint32
}

// A search looks for one passage. Its work is bounded, so that no text makes it
// slow; what it has found when that is spent is the answer.
type search struct {
	*Library
	wanted
	ranks
	hint func(match) bool // whether the words around the quotation stand around a match, too; may be nil
	work int
}

const (
	maxWork    = 1 << 22 // steps of one search
	maxMatches = 16      // passages that one search returns
)

// exact returns the passages that have all words in order, those in sources of
// the earliest tier that has any.
func (s *search) exact() []match {
	if s.count == 0 {
		return nil
	}
	seed, at := s.rarest()
	if len(seed) == 0 {
		return nil
	}
	home := 0
	for s.runs[home].to <= at {
		home++
	}
	var out []match
	best := s.last
	for _, p := range seed {
		if s.work--; s.work < 0 {
			break
		}
		tier := s.tier(s.sourceAt(p))
		if tier > best || len(out) == maxMatches && tier == best && s.hint == nil {
			continue
		}
		m, ok := s.grow(home, int(p)-(at-s.runs[home].from))
		switch {
		case !ok || !s.counts(m, tier):
		case tier < best:
			best, out = tier, append(out[:0], m)
		case len(out) < maxMatches:
			out = append(out, m)
		case s.hint != nil && s.hint(m):
			out[maxMatches-1] = m
		}
	}
	return out
}

// counts reports whether a passage of few words may be taken from a source:
// one that the post names, if it names any, or where the words around it are.
func (s *search) counts(m match, tier int) bool {
	return s.count >= minWords || tier < s.last || len(s.of) == 0 || s.hint != nil && s.hint(m)
}

// rarest returns the positions of the rarest sequence of the wanted words, and
// the token that it begins at.
func (s *search) rarest() (positions []uint32, at int) {
	const enough = 4 // positions that are few enough to stop looking for fewer
	best := -1
	for _, r := range s.runs {
		for i := r.from; i == r.from || i+shingle <= r.to; i += shingle {
			found := s.find(s.numbers(i, min(i+shingle, r.to)))
			if best < 0 || len(found) < best {
				best, positions, at = len(found), found, i
			}
			if best <= enough {
				return positions, at
			}
		}
	}
	return positions, at
}

// grow finds the other runs around one that may stand at a position.
func (s *search) grow(home, start int) (match, bool) {
	m := match{parts: make([]part, len(s.runs))}
	if start < 0 || !s.stands(home, start) {
		return m, false
	}
	m.source = s.sourceAt(uint32(start))
	m.parts[home] = s.partOf(home, start)
	for k := home + 1; k < len(s.runs); k++ {
		at, ok := s.behind(k, m.parts[k-1].to, m.source)
		if !ok {
			return m, false
		}
		m.parts[k] = s.partOf(k, at)
		m.left += at - int(m.parts[k-1].to)
	}
	for k := home - 1; k >= 0; k-- {
		at, ok := s.before(k, m.parts[k+1].from, m.source)
		if !ok {
			return m, false
		}
		m.parts[k] = s.partOf(k, at)
		m.left += int(m.parts[k+1].from) - int(m.parts[k].to)
	}
	return m, true
}

func (s *search) partOf(k, start int) part {
	return part{uint32(start), uint32(start + s.runs[k].to - s.runs[k].from)}
}

// stands reports whether the words of a run stand at a position.
func (s *search) stands(k, start int) bool {
	r := s.runs[k]
	if start+r.to-r.from > len(s.words) {
		return false
	}
	for i, t := range s.tokens[r.from:r.to] {
		s.work--
		if s.words[start+i] != t.id {
			return false
		}
	}
	return true
}

// behind returns the first place of a run behind the one before it.
func (s *search) behind(k int, from uint32, source int) (int, bool) {
	kind := s.tokens[s.runs[k].from-1].kind
	for at := int(from); s.work > 0 && s.within(kind, from, uint32(at), source); at++ {
		if s.work--; s.stands(k, at) {
			return at, true
		}
	}
	return 0, false
}

// before returns the last place of a run before the one behind it.
func (s *search) before(k int, to uint32, source int) (int, bool) {
	kind := s.tokens[s.runs[k].to].kind
	length := s.runs[k].to - s.runs[k].from
	for at := int(to) - length; at >= 0 && s.work > 0 && s.within(kind, uint32(at+length), to, source); at-- {
		if s.work--; s.stands(k, at) {
			return at, true
		}
	}
	return 0, false
}

// within reports whether the words between two positions have room in a token.
func (s *search) within(kind tokenKind, from, to uint32, source int) bool {
	src := &s.sources[source]
	if from <= src.first || from > src.end || to < src.first || to > src.end {
		return from == to
	}
	if kind == wildToken {
		return to-from <= maxWild
	}
	return from >= to || s.between(src, from, to) <= maxGap
}

// between returns how many characters stand between the end of the word before
// a position and the begin of the word at another; more than maxGap where that
// is clear without counting.
func (s *search) between(src *source, from, to uint32) int {
	if to == src.end {
		return utf8.RuneCountInString(src.text[min(int(s.ends[from-1]), len(src.text)):])
	}
	start, end := s.ends[from-1], s.starts[to]
	if start >= end {
		return 0
	}
	if end-start <= maxGap || end-start > maxGap*utf8.UTFMax {
		return int(end - start)
	}
	return utf8.RuneCountInString(src.text[start:end])
}
