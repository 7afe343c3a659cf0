package quote

// chunkWords is how many words of a long passage are aligned at once.
const chunkWords = 256

// A chunk is a range of the tokens of a long passage.
type chunk struct {
	from, to int
}

// chunked is aligned for passages that are too long to be aligned as a whole:
// the first part that is found within the bar says where the passage stands,
// and the parts on both sides are aligned with what stands next to it there.
func (s *search) chunked() []match {
	if s.count <= maxAligned {
		return nil
	}
	var chunks []chunk
	for from := 0; from < len(s.tokens); from += chunkWords {
		chunks = append(chunks, chunk{from, min(from+chunkWords, len(s.tokens))})
	}
	const attempts = 8
	for i := 0; i < len(chunks); i += max(1, len(chunks)/attempts) {
		part := s.part(chunks[i])
		found := part.aligned()
		s.work = part.work
		if len(found) == 0 || len(found) > 1 && found[1].errors == found[0].errors {
			continue
		}
		if m, ok := s.extend(chunks, i, found[0]); ok {
			return []match{m}
		}
	}
	return nil
}

// part returns the search for a chunk.
func (s *search) part(c chunk) *search {
	from := c.from
	for from < c.to && s.tokens[from].kind != wordToken {
		from++
	}
	return &search{Library: s.Library, wanted: wantTokens(s.tokens[from:c.to:c.to]), ranks: s.ranks, work: s.work}
}

// extend aligns the chunks before and behind one that was found.
func (s *search) extend(chunks []chunk, home int, found match) (match, bool) {
	m := match{source: found.source, errors: found.errors, left: found.left, parts: make([]part, len(s.runs))}
	src := &s.sources[m.source]
	s.take(&m, chunks[home], found)
	from, to := found.extent()
	allowed := s.count / maxErrors
	add := func(c chunk, reach func(n uint32) window) (match, bool) {
		p := s.part(c)
		if p.count == 0 {
			return match{}, false
		}
		next, ok := p.align(reach(uint32(p.count)), p.count/2)
		if s.work = p.work; !ok {
			m.errors += p.count
			return next, false
		}
		m.errors += next.errors
		m.left += next.left
		s.take(&m, c, next)
		return next, true
	}
	room := uint32(0)
	if len(s.runs) > 1 {
		room = gapWords
	}
	for i := home + 1; i < len(chunks) && m.errors <= allowed; i++ {
		if next, ok := add(chunks[i], func(n uint32) window {
			return window{source: m.source, from: to, to: min(src.end, to+n+n/2+room)}
		}); ok {
			_, to = next.extent()
		}
	}
	for i := home - 1; i >= 0 && m.errors <= allowed; i-- {
		if next, ok := add(chunks[i], func(n uint32) window {
			return window{source: m.source, from: max(src.first, from-min(from, n+n/2+room)), to: from}
		}); ok {
			from, _ = next.extent()
		}
	}
	return m, m.errors <= allowed
}

// take notes where the runs of a chunk stand as parts of the whole.
func (s *search) take(m *match, c chunk, found match) {
	k := 0
	for _, p := range found.parts {
		for k < len(s.runs) && s.runs[k].to <= c.from {
			k++
		}
		if k == len(s.runs) {
			return
		}
		if whole := &m.parts[k]; p.from < p.to {
			if whole.from == whole.to {
				*whole = p
			}
			whole.from, whole.to = min(whole.from, p.from), max(whole.to, p.to)
		}
		c.from = s.runs[k].to
	}
}
