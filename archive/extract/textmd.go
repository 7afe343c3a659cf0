package extract

import (
	"bytes"
	"strings"
)

// Markdown returns the document in the text.md format that the package
// documentation specifies.
func (d *Document) Markdown() []byte {
	var w textWriter
	d.writeText(&w)
	return w.Bytes()
}

func (d *Document) writeText(w *textWriter) {
	size := len(d.Title)
	for _, block := range d.Blocks {
		size += len(block.Text) + len("## \n\n")
		if block.Kind == Code {
			size += len("    ") * strings.Count(block.Text, "\n")
		}
	}
	for _, l := range d.Links {
		size += len(l.Text) + len(l.URL) + len("[]()\n")
	}
	w.Grow(size)
	if d.Title != "" {
		w.WriteString("# " + d.Title + "\n")
	}
	for i, block := range d.Blocks {
		if block.Kind == Headline {
			continue // the title says it
		}
		if w.Len() > 0 && !(i > 0 && tight(d.Blocks[i-1], block)) {
			w.WriteByte('\n')
		}
		w.block = i
		w.writeBlock(block)
	}
	d.writeLinks(&w.Buffer)
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

// textWriter writes text.md. It notes which piece of a block it writes where, if
// it is to note.
type textWriter struct {
	bytes.Buffer
	block int // that is being written
	note  func(piece textPiece)
}

// textPiece is a piece of a block as it stands in text.md.
type textPiece struct {
	block      int32
	start, end int32 // bytes of the block's text
	at         int32 // bytes of text.md
}

// write writes block.Text[start:end], where line ends may stand as spaces.
func (w *textWriter) write(text string, start int) {
	if w.note != nil {
		w.note(textPiece{block: int32(w.block), start: int32(start), end: int32(start + len(text)), at: int32(w.Len())})
	}
	w.WriteString(text)
}

func (w *textWriter) writeBlock(block Block) {
	first, rest := "", ""
	switch block.Kind {
	case Heading:
		w.WriteString(strings.Repeat("#", int(min(max(block.Level, 2), 6))) + " ")
		w.write(strings.ReplaceAll(block.Text, "\n", " "), 0)
		w.WriteByte('\n')
		return
	case Code:
		start := 0
		for line := range strings.SplitSeq(block.Text, "\n") {
			if kept := strings.TrimRight(line, " "); kept != "" {
				w.WriteString("    ")
				w.write(kept, start)
			}
			w.WriteByte('\n')
			start += len(line) + 1
		}
		return
	case Row:
		w.write(strings.ReplaceAll(block.Text, "\n", " "), 0)
		w.WriteByte('\n')
		return
	case Item:
		indent := strings.Repeat("  ", int(min(max(block.Level, 1), 6))-1)
		first, rest = indent+"- ", indent+"  "
	case Quotation:
		first, rest = "> ", "> "
	default:
	}
	prefix, start := first, 0
	for line := range strings.SplitSeq(block.Text, "\n") {
		at := start
		for _, s := range sentencesOf(line) {
			at += strings.Index(block.Text[at:], s) // it is cut from there
			w.WriteString(prefix)
			w.write(s, at)
			w.WriteByte('\n')
			prefix, at = rest, at+len(s)
		}
		start += len(line) + 1
	}
}
