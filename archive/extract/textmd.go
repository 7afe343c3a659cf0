package extract

import (
	"bytes"
	"strings"
)

// Markdown returns the document in the text.md format that the package
// documentation specifies.
func (d *Document) Markdown() []byte {
	var b bytes.Buffer
	if d.Title != "" {
		b.WriteString("# " + d.Title + "\n")
	}
	for i, block := range d.Blocks {
		if block.Kind == Headline {
			continue // the title says it
		}
		if b.Len() > 0 && !(i > 0 && tight(d.Blocks[i-1], block)) {
			b.WriteByte('\n')
		}
		writeBlock(&b, block)
	}
	d.writeLinks(&b)
	return b.Bytes()
}

// writeLinks writes each link once.
func (d *Document) writeLinks(b *bytes.Buffer) {
	seen := make(map[string]bool, len(d.Links))
	for _, l := range d.Links {
		key, _, _ := strings.Cut(l.URL, "#")
		if l.Here || seen[key] {
			continue
		}
		if len(seen) == 0 {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString("* * *\n")
		}
		seen[key] = true
		b.WriteString("[" + l.Text + "](" + l.URL + ")\n")
	}
}

// tight reports whether two blocks stand on neighbouring lines: items of a
// list, rows of a table.
func tight(a, b Block) bool {
	return a.Kind == b.Kind && (a.Kind == Item || a.Kind == Row)
}

func writeBlock(b *bytes.Buffer, block Block) {
	first, rest := "", ""
	switch block.Kind {
	case Heading:
		first = strings.Repeat("#", min(max(block.Level, 2), 6)) + " "
		b.WriteString(first + strings.ReplaceAll(block.Text, "\n", " ") + "\n")
		return
	case Code:
		for line := range strings.SplitSeq(block.Text, "\n") {
			b.WriteString(strings.TrimRight("    "+line, " ") + "\n")
		}
		return
	case Row:
		b.WriteString(strings.ReplaceAll(block.Text, "\n", " ") + "\n")
		return
	case Item:
		indent := strings.Repeat("  ", min(max(block.Level, 1), 6)-1)
		first, rest = indent+"- ", indent+"  "
	case Quotation:
		first, rest = "> ", "> "
	default:
	}
	prefix := first
	for line := range strings.SplitSeq(block.Text, "\n") {
		for _, s := range sentencesOf(line) {
			b.WriteString(prefix + s + "\n")
			prefix = rest
		}
	}
}
