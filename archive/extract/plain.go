package extract

import (
	"strings"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// readPlain fills the document from text without markup: paragraphs stand
// between blank lines, and web addresses in the text are links.
func (d *Document) readPlain(text string, in Input) error {
	links := newLinkCollector(newResolver(in.URL, ""))
	for _, paragraph := range paragraphs(text) {
		d.Blocks = append(d.Blocks, Block{Text: paragraph})
		for _, address := range textdiff.URLs(paragraph) {
			links.add(anchor{address, address}, len(d.Blocks)-1, false)
		}
	}
	d.Links = links.links
	if len(d.Blocks) == 0 {
		return ErrNoText
	}
	return nil
}

// paragraphs returns the display form of the paragraphs of a plain text. Lines
// that were broken to fit a width are joined; lines that are all short stay as
// they are (verse, addresses, data).
func paragraphs(text string) []string {
	var out, lines []string
	end := func() {
		if len(lines) > 0 {
			sep := "\n"
			if isWrapped(lines) {
				sep = " "
			}
			out = append(out, strings.Join(lines, sep))
		}
		lines = nil
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n\n").Replace(text)
	for line := range strings.SplitSeq(text, "\n") {
		if line = display(line); line == "" {
			end()
			continue
		}
		lines = append(lines, line)
	}
	end()
	return out
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
