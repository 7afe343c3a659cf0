package extract

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// An aligner finds for the text nodes of a tree where they stand in the page
// that the tree was parsed from. It takes them in document order, which nearly
// always is the order of the page; text that the parser moved, such as that
// between the rows of a table, is found by its words.
//
// The spans are kept in a list, and the place in the list in the DataAtom of
// the node, which only elements use.
type aligner struct {
	text  string
	parts []narrowSpan
	next  int          // of parts
	found []narrowSpan // by DataAtom; the first stands for none

	// Of pages with moved text only.
	taken   []bool           // of parts
	byWords map[string][]int // parts with this text, blanks around it removed
}

func newAligner(o *outline) *aligner {
	return &aligner{text: o.text, parts: o.parts, found: make([]narrowSpan, 1, len(o.parts)+1)}
}

// place notes where a text node stands. Where the page has its text as it is, the
// node shares the bytes of the page.
func (a *aligner) place(n *html.Node) {
	if n.DataAtom != 0 {
		return
	}
	next := a.next
	a.put(n, a.locate(n.Data))
	if next < a.next && a.part(a.next-1) == n.Data {
		n.Data = a.part(a.next - 1)
	}
}

// placed lets go of what finding places takes, once all are found.
func (a *aligner) placed() { a.parts, a.taken, a.byWords = nil, nil, nil }

func (a *aligner) put(n *html.Node, s span) {
	if s.start != s.end {
		n.DataAtom = atom.Atom(len(a.found))
		a.found = append(a.found, s.narrow())
	}
}

// of returns where a text node stands, from its first character that is not
// blank to the last.
func (a *aligner) of(n *html.Node) span { return a.found[n.DataAtom].wide() }

func (a *aligner) locate(data string) span {
	if i := a.next; i < len(a.parts) && a.part(i) == data && !a.isTaken(i) {
		a.take(i)
		return trimSpan(a.text, a.parts[i].wide())
	}
	words := strings.Trim(data, blankCharacters)
	if words == "" {
		return span{}
	}
	if s, ok := a.follow(words); ok {
		return s
	}
	return a.search(words)
}

const blankCharacters = " \n\r\t\f"

func (a *aligner) part(i int) string { return a.text[a.parts[i].start:a.parts[i].end] }

func (a *aligner) isTaken(i int) bool { return a.taken != nil && a.taken[i] }

func (a *aligner) take(i int) {
	a.next = i + 1
	if a.taken != nil {
		a.taken[i] = true
	}
}

// follow matches words with the next parts: the parser joins text around tags
// that it ignores, and drops blanks between elements.
func (a *aligner) follow(words string) (s span, ok bool) {
	for i := a.next; i < len(a.parts); i++ {
		part := a.words(i)
		if part == "" || a.isTaken(i) {
			continue
		}
		rest, ok := strings.CutPrefix(words, part)
		if !ok {
			return span{}, false
		}
		s = s.cover(trimSpan(a.text, a.parts[i].wide()))
		if words = strings.TrimLeft(rest, blankCharacters); words == "" {
			a.take(i)
			return s, true
		}
	}
	return span{}, false
}

// words returns the text of a part as it stands in a tree, without the blanks
// around it.
func (a *aligner) words(i int) string {
	part := strings.Trim(a.part(i), blankCharacters)
	if strings.IndexByte(part, '\r') >= 0 {
		part = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(part)
	}
	if strings.IndexByte(part, '&') >= 0 {
		part = strings.Trim(html.UnescapeString(part), blankCharacters)
	}
	return strings.ReplaceAll(part, "\x00", "")
}

// search finds words anywhere in the page, each part once.
func (a *aligner) search(words string) span {
	if a.taken == nil {
		a.taken = make([]bool, len(a.parts))
		a.byWords = make(map[string][]int)
		for i := range a.parts {
			a.taken[i] = i < a.next
			if part := a.words(i); part != "" && !a.taken[i] {
				a.byWords[part] = append(a.byWords[part], i)
			}
		}
	}
	for list := a.byWords[words]; len(list) > 0; list = a.byWords[words] {
		i := list[0]
		a.byWords[words] = list[1:]
		if !a.taken[i] {
			a.take(i)
			return trimSpan(a.text, a.parts[i].wide())
		}
	}
	return span{}
}

// trimSpan takes the blanks from both ends of a span of HTML, written as they
// are or as references.
func trimSpan(text string, s span) span {
	for {
		s = trimBlanks(text, s)
		if s.start == s.end {
			return s
		}
		part := text[s.start:s.end]
		before, after := leadingReference(part), trailingReference(part)
		if before == len(part) {
			return span{}
		}
		if before+after == 0 {
			return s
		}
		s.start, s.end = s.start+before, s.end-after
	}
}

// trimBlanks takes the white space from both ends of a span of text.
func trimBlanks(text string, s span) span {
	part := strings.TrimLeftFunc(text[s.start:s.end], unicode.IsSpace)
	s.start = s.end - len(part)
	s.end = s.start + len(strings.TrimRightFunc(part, unicode.IsSpace))
	if s.start == s.end {
		return span{}
	}
	return s
}

// maxReference is the length of the longest reference to a blank that is looked
// for, "&NonBreakingSpace;".
const maxReference = 18

// leadingReference returns the length of the reference to a blank that a text
// starts with, or 0.
func leadingReference(text string) int {
	if text[0] != '&' {
		return 0
	}
	n := strings.IndexByte(text[:min(len(text), maxReference)], ';') + 1
	if n > 0 && strings.TrimSpace(html.UnescapeString(text[:n])) == "" {
		return n
	}
	return 0
}

// trailingReference does so at the end of a text.
func trailingReference(text string) int {
	if text[len(text)-1] != ';' {
		return 0
	}
	tail := text[max(0, len(text)-maxReference):]
	i := strings.LastIndexByte(tail, '&')
	if i >= 0 && strings.TrimSpace(html.UnescapeString(tail[i:])) == "" {
		return len(tail) - i
	}
	return 0
}
