package index

import (
	"strings"
	"unicode/utf8"
)

// Part is a piece of a snippet: words that were searched for, or what stands
// around them.
type Part struct {
	Text  string
	Match bool
}

// maxSnippet bounds a snippet, in characters.
const maxSnippet = 200

// Find reports whether a text has all that the query asks for, and the part of
// it to show: of the line that has the most of it. Concatenated, the parts are
// that line, or a piece of it with "…" where it was cut.
func (q Query) Find(text string) ([]Part, bool) {
	found := q.find(wordsOf(text))
	if found == nil {
		return nil, false
	}
	start, end := bestLine(text, found)
	var inside []occurrence
	for _, o := range found {
		if o.start >= start && o.start < end {
			inside = append(inside, o)
			end = max(end, o.end) // a phrase may go on in the next line
		}
	}
	from, to := clip(text, start, end, inside[0].start)
	return parts(text, from, to, from > start, to < end, inside), true
}

// bestLine returns the first of the lines that have the most different phrases.
func bestLine(text string, found []occurrence) (start, end int) {
	most := 0
	for i := 0; i < len(found); {
		lineStart := strings.LastIndexByte(text[:found[i].start], '\n') + 1
		lineEnd := len(text)
		if n := strings.IndexByte(text[found[i].start:], '\n'); n >= 0 {
			lineEnd = found[i].start + n
		}
		phrases := map[int]bool{}
		for ; i < len(found) && found[i].start < lineEnd; i++ {
			phrases[found[i].phrase] = true
		}
		if len(phrases) > most {
			most, start, end = len(phrases), lineStart, lineEnd
		}
	}
	return start, end
}

// clip returns the piece of a long line around its first match, a third of it
// before, cut between words where there are any.
func clip(text string, start, end, match int) (from, to int) {
	if utf8.RuneCountInString(text[start:end]) <= maxSnippet {
		return start, end
	}
	from = match
	for n := 0; n < maxSnippet/3 && from > start; n++ {
		_, size := utf8.DecodeLastRuneInString(text[start:from])
		from -= size
	}
	to = from
	for n := 0; n < maxSnippet && to < end; n++ {
		_, size := utf8.DecodeRuneInString(text[to:end])
		to += size
	}
	if space := strings.IndexByte(text[from:match], ' '); from > start && space >= 0 {
		from += space + 1
	}
	if space := strings.LastIndexByte(text[match:to], ' '); to < end && space > 0 {
		to = match + space
	}
	return from, to
}

func parts(text string, from, to int, cutBefore, cutAfter bool, inside []occurrence) []Part {
	var parts []Part
	add := func(s string, match bool) {
		if s = strings.ReplaceAll(s, "\n", " "); s != "" {
			parts = append(parts, Part{Text: s, Match: match})
		}
	}
	at := from
	if cutBefore {
		parts = append(parts, Part{Text: "…"})
	}
	for _, o := range inside {
		o.start, o.end = max(o.start, at), min(o.end, to)
		if o.end <= o.start {
			continue // inside another, or behind the cut
		}
		add(text[at:o.start], false)
		add(text[o.start:o.end], true)
		at = o.end
	}
	add(text[at:to], false)
	if cutAfter {
		parts = append(parts, Part{Text: "…"})
	}
	return parts
}
