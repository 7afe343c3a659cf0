package change

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	// maxPassages bounds what a verdict quotes; the diff shows all.
	maxPassages = 20
	// maxPassage bounds each side of a passage, in bytes.
	maxPassage = 400
	// contextWords stand on either side of the words that changed.
	contextWords = 3
)

// passages quotes the changed places with a few words of their paragraphs
// around them, the gravest first.
func (c *comparison) passages() []schemas.Passage {
	lines := newLineFinder(c.after)
	var quoted []schemas.Passage
	edits := c.edits
	if len(edits) == 0 {
		edits = c.markup
	}
	for _, e := range edits {
		block := c.blockAfter(e)
		for _, p := range e.near() {
			quoted = append(quoted, schemas.Passage{
				Line: lines.at(block, p.after), Before: oneLine(p.before), After: oneLine(p.after), Meaning: p.meaning,
			})
		}
	}
	slices.SortStableFunc(quoted, func(a, b schemas.Passage) int { return gravest(a) - gravest(b) })
	return quoted[:min(len(quoted), maxPassages)]
}

func gravest(p schemas.Passage) int {
	if len(p.Meaning) == 0 {
		return len(gravity)
	}
	return slices.Index(gravity, p.Meaning[0])
}

// blockAfter returns the block of the document after in which an edit stands, or
// before which the paragraph stood that is gone.
func (c *comparison) blockAfter(e edit) int {
	i := e.row.After.From
	if e.row.Op == textdiff.Inserted {
		i = e.at
	}
	if i < len(c.blocks[1]) {
		return c.blocks[1][i]
	}
	return len(c.after.Blocks)
}

// near joins the places of an edit that stand closer together than their
// context, and adds the context.
func (e edit) near() []place {
	if e.whole {
		return e.places
	}
	var joined []place
	for _, p := range e.places {
		if n := len(joined); n > 0 {
			last := &joined[n-1]
			between := e.texts[1][last.to[1]:p.from[1]]
			if !hasWords(between, 2*contextWords+1) && !strings.Contains(between, "\n") {
				last.to = p.to
				for _, m := range p.meaning {
					if !slices.Contains(last.meaning, m) {
						last.meaning = append(slices.Clone(last.meaning), m)
					}
				}
				slices.SortFunc(last.meaning, graver)
				continue
			}
		}
		joined = append(joined, p)
	}
	for i := range joined {
		p := &joined[i]
		p.before, p.after = inContext(e.texts[0], p.from[0], p.to[0]), inContext(e.texts[1], p.from[1], p.to[1])
	}
	return joined
}

// inContext returns a range of a text with some words before and after it, all
// within its line.
func inContext(text string, from, to int) string {
	return lastWords(text[:from]) + text[from:to] + firstWords(text[to:])
}

// firstWords returns the beginning of the text that belongs to a change before
// it, at most to the end of its line.
func firstWords(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	at := 0
	for range contextWords {
		at += len(line[at:]) - len(strings.TrimLeft(line[at:], " "))
		end := strings.IndexByte(line[at:], ' ')
		if end < 0 {
			return line
		}
		at += end
	}
	return line[:at]
}

// lastWords returns the end of the text that belongs to a change after it.
func lastWords(s string) string {
	line := s[strings.LastIndexByte(s, '\n')+1:]
	end := len(line)
	for range contextWords {
		at := strings.LastIndexByte(strings.TrimRight(line[:end], " "), ' ')
		if at < 0 {
			return line
		}
		end = at
	}
	return line[end+1:]
}

func oneLine(s string) string {
	var line strings.Builder
	for word := range strings.FieldsSeq(s) {
		if line.Len() > maxPassage {
			break
		}
		if line.Len() > 0 {
			line.WriteByte(' ')
		}
		line.WriteString(word)
	}
	if s = line.String(); len(s) <= maxPassage {
		return s
	}
	cut := maxPassage
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// lineFinder finds blocks in text.md.
type lineFinder struct {
	text   []byte
	lines  []int32 // where each line starts; one more is the end
	starts []int   // line of each block, from 0; that of the next one where a block was not found
}

func newLineFinder(d *extract.Document) *lineFinder {
	f := &lineFinder{text: d.Markdown(), starts: make([]int, len(d.Blocks)+1)}
	f.lines = make([]int32, 1, bytes.Count(f.text, []byte{'\n'})+2)
	for i := range len(f.text) {
		if f.text[i] == '\n' {
			f.lines = append(f.lines, int32(i+1))
		}
	}
	f.lines = append(f.lines, int32(len(f.text)))
	at := 0
	for i, b := range d.Blocks {
		head, _, _ := strings.Cut(b.Text, "\n")
		head = head[:min(len(head), 24)]
		f.starts[i] = at
		for k := at; k < f.count() && head != ""; k++ {
			if bytes.Contains(f.line(k), []byte(head)) {
				f.starts[i], at = k, k+1
				break
			}
			if k-at > 200 {
				break // the title, or text that Markdown writes otherwise
			}
		}
	}
	f.starts[len(d.Blocks)] = min(at, f.count()-1)
	return f
}

func (f *lineFinder) count() int { return len(f.lines) - 1 }

func (f *lineFinder) line(k int) []byte { return f.text[f.lines[k]:f.lines[k+1]] }

// hasWords reports whether a text has at least n words.
func hasWords(text string, n int) bool {
	for range strings.FieldsSeq(text) {
		if n--; n <= 0 {
			return true
		}
	}
	return n <= 0
}

// at returns the number of the line, from 1, on which words of a block stand.
func (f *lineFinder) at(block int, words string) int {
	from := f.starts[block]
	to := f.count()
	if block+1 < len(f.starts) {
		to = max(from+1, f.starts[block+1])
	}
	words = oneLine(words)
	for k := from; k < min(to, f.count()) && words != ""; k++ {
		if bytes.Contains(f.line(k), []byte(words)) {
			return k + 1
		}
	}
	return from + 1
}

// sameOutside reports whether all that is around the article is as it was.
func sameOutside(before, after *extract.Document) bool {
	return slices.EqualFunc(before.Outside, after.Outside, func(a, b extract.Block) bool { return a.Text == b.Text })
}
