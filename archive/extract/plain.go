package extract

import (
	"strings"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// readPlain fills the document from text without markup: paragraphs stand
// between blank lines, and web addresses in the text are links.
func (d *Document) readPlain(text string, in Input) error {
	var blocks []pageBlock
	for _, b := range paragraphs(text) {
		p := pageBlock{Block: b}
		for _, address := range textdiff.URLs(b.Text) {
			p.anchors = append(p.anchors, anchor{address, address})
		}
		blocks = append(blocks, p)
	}
	if len(blocks) == 0 {
		return ErrNoText
	}
	d.takeAll(blocks, newResolver(in.URL, ""), in.At)
	return nil
}

// paragraphs returns the paragraphs of a plain text. Lines that were broken to
// fit a width are joined; lines that are all short stay as they are (verse,
// addresses, data).
func paragraphs(text string) []Block {
	var out []Block
	var lines []string
	var at span
	end := func() {
		if len(lines) > 0 {
			sep := "\n"
			if isWrapped(lines) {
				sep = " "
			}
			out = append(out, Block{Text: strings.Join(lines, sep), Start: at.start, End: at.end})
		}
		lines, at = nil, span{}
	}
	for start := 0; start < len(text); {
		stop, next := lineEnd(text, start)
		if line := display(text[start:stop]); line != "" {
			lines = append(lines, line)
			at = at.cover(trimBlanks(text, span{start, stop}))
		} else {
			end()
		}
		if stop < len(text) && text[stop] == '\f' {
			end()
		}
		start = next
	}
	end()
	return out
}

// lineEnd returns where the line that starts at a place ends, and where the next
// one starts. A form feed ends a line too.
func lineEnd(text string, start int) (stop, next int) {
	n := strings.IndexAny(text[start:], "\r\n\f")
	if n < 0 {
		return len(text), len(text)
	}
	stop = start + n
	if strings.HasPrefix(text[stop:], "\r\n") {
		return stop, stop + 2
	}
	return stop, stop + 1
}

// isWrapped reports whether the lines of a paragraph were broken to fit a
// width: all but the last are of similar length.
func isWrapped(lines []string) bool {
	longest := 0
	for _, l := range lines {
		longest = max(longest, len(l))
	}
	if longest < 50 || longest > 120 {
		return false
	}
	for _, l := range lines[:len(lines)-1] {
		if len(l) < longest*2/3 {
			return false
		}
	}
	return true
}
