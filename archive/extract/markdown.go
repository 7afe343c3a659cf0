package extract

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// maxMarkdown is the size of Markdown that is parsed as such. Larger texts are
// read as plain text: the parser takes quadratic time on hostile ones.
const maxMarkdown = 2 << 20

// readMarkdown fills the document from CommonMark with tables and bare addresses,
// and from the title, author and date of a front matter.
func (d *Document) readMarkdown(text string, in Input) error {
	if len(text) > maxMarkdown || nested(text) {
		return d.readPlain(text, in)
	}
	start := d.readFrontMatter(text, in)
	source := []byte(text[start:])
	root := newMarkdownParser().Parse(gmtext.NewReader(source))
	w := markdownWalk{source: source, start: start}
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n)
	}
	blocks := w.out.finish()
	if d.Title == "" && len(blocks) > 0 && blocks[0].Kind == Heading && blocks[0].Level == 1 {
		d.Title = blocks[0].Text
	}
	for i := range blocks {
		linkBareAddresses(&blocks[i])
	}
	d.takeAll(blocks, newResolver(in.URL, ""), in.At)
	return nil
}

// linkBareAddresses makes links of the web addresses in the text of a block.
// The parser's own extension for this takes quadratic time on hostile text.
func linkBareAddresses(b *pageBlock) {
	if b.Kind == Code {
		return
	}
	for _, address := range textdiff.URLs(b.Text) {
		if !slices.ContainsFunc(b.anchors, func(a anchor) bool { return strings.Contains(a.text, address) }) {
			b.anchors = append(b.anchors, anchor{address, address})
		}
	}
}

const (
	// maxMarkers is how many characters of indentation, quotation and list
	// markers a line may start with.
	maxMarkers = 256
	// maxDelimiters is how many runs of emphasis, brackets, code and tags a
	// paragraph may have.
	maxDelimiters = 2000
	// maxCells is how many cells a table may have: the parser makes all rows
	// as long as the first.
	maxCells = 1 << 20
	// maxParts is how many lines, markers, delimiters and cells a text may have
	// together: the parser keeps some 600 bytes for each.
	maxParts = 150_000
)

// nested reports whether a text would make the parser recurse deeply or take
// quadratic time, or much memory: beyond these limits nothing sensible was meant.
func nested(text string) bool {
	delimiters, pipes, lines, parts := 0, 0, 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		bare := strings.TrimLeft(line, " \t>-*+")
		if len(line)-len(bare) > maxMarkers {
			return true
		}
		if parts++; bare != "" {
			parts += len(line) - len(bare) - strings.Count(line[:len(line)-len(bare)], " ") + strings.Count(bare, "|")
		}
		if startsBlock(line) {
			delimiters = 0
		}
		if strings.TrimSpace(line) == "" {
			pipes, lines = 0, 0
		}
		lines++
		pipes = max(pipes, strings.Count(line, "|"))
		for i := range len(line) {
			if strings.IndexByte("*_~[`<", line[i]) >= 0 && (i == 0 || line[i-1] != line[i] || line[i] == '[') {
				delimiters++
				parts++
			}
		}
		if parts > maxParts {
			return true
		}
		if delimiters > maxDelimiters || pipes > maxCells/lines {
			return true
		}
	}
	return false
}

// startsBlock reports whether a line ends the paragraph before it: a blank
// line, an item, a heading.
func startsBlock(line string) bool {
	line = strings.TrimLeft(line, " >")
	return strings.TrimSpace(line) == "" || line[0] == '#' || len(line) > 1 && strings.IndexByte("-*+", line[0]) >= 0 && line[1] == ' '
}

// readFrontMatter takes title, author and date from a block between lines of
// three dashes at the start of the text, and returns where the rest starts.
func (d *Document) readFrontMatter(text string, in Input) int {
	at := frontMatter().FindStringSubmatchIndex(text)
	if at == nil || !strings.Contains(text[at[2]:at[3]], ":") {
		return 0
	}
	for line := range strings.SplitSeq(text[at[2]:at[3]], "\n") {
		key, value, _ := strings.Cut(line, ":")
		value = display(strings.Trim(strings.TrimSpace(value), `"'`))
		switch strings.ToLower(key) {
		case "title":
			d.Title = value
		case "author":
			d.Byline = value
		case "date":
			d.Published = firstDate(in.At, []string{value})
		case "lang", "language":
			if languageTag().MatchString(value) {
				d.Language = value
			}
		}
	}
	return at[1]
}

// frontMatter is the head of a Markdown file between lines of three dashes.
var frontMatter = pattern.New(`^---\r?\n((?s:.*?))\r?\n---\r?\n`)

// A markdownWalk drives a blockWriter through a Markdown tree.
type markdownWalk struct {
	source []byte
	start  int // of the source in the text
	at     int // in the source, behind what was written last
	out    blockWriter
}

// write takes text that stands at bytes from:to of the source.
func (w *markdownWalk) write(text string, from, to int) {
	w.at = to
	w.out.write(text, 0, trimBlanks(string(w.source[from:to]), span{0, to - from}).plus(w.start+from))
}

func noAttributes(string) string { return "" }

// element opens and closes an HTML element of the same meaning.
func (w *markdownWalk) element(name string, children func()) {
	w.out.open(name, noAttributes)
	children()
	w.out.close(name)
}

func (w *markdownWalk) blocks(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.block(c)
	}
}

// block writes one block or inline node.
func (w *markdownWalk) block(n ast.Node) {
	all := func() { w.blocks(n) }
	switch n := n.(type) {
	case *ast.Heading:
		w.element("h"+string(rune('0'+min(max(n.Level, 1), 6))), all)
	case *ast.Paragraph, *ast.TextBlock:
		w.element("p", all)
	case *ast.Blockquote:
		w.element("blockquote", all)
	case *ast.List:
		w.element("ul", all)
	case *ast.ListItem:
		w.element("li", all)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		w.element("pre", func() { w.lines(n) })
	case *ast.HTMLBlock:
		w.html(n)
	case *tablePart:
		w.table(n, all)
	default:
		w.inline(n)
	}
}

// table writes a table or a part of one.
func (w *markdownWalk) table(n *tablePart, parts func()) {
	if n.element != "table" {
		w.element(n.element, parts)
		return
	}
	w.out.open("table", noAttributes)
	w.out.row++
	parts()
	w.out.flush()
	w.out.row--
	w.out.close("table")
}

func (w *markdownWalk) lines(n ast.Node) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		w.write(string(line.Value(w.source)), line.Start, line.Stop)
	}
}

// inline writes an inline node.
func (w *markdownWalk) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.write(unescape(n.Segment.Value(w.source)), n.Segment.Start, n.Segment.Stop)
		if n.HardLineBreak() {
			w.out.breakLine()
		} else if n.SoftLineBreak() {
			w.out.write(" ", 0, span{})
		}
	case *ast.String:
		w.out.write(string(n.Value), 0, span{})
	case *ast.Link:
		w.anchor(string(n.Destination), func() { w.blocks(n) })
	case *ast.AutoLink:
		label := string(n.Label(w.source))
		from := w.at
		if i := bytes.Index(w.source[from:], []byte(label)); i >= 0 {
			from += i
		}
		w.anchor(string(n.URL(w.source)), func() { w.write(label, from, min(from+len(label), len(w.source))) })
	case *ast.RawHTML:
		for i := range n.Segments.Len() {
			segment := n.Segments.At(i)
			if strings.HasPrefix(strings.ToLower(string(segment.Value(w.source))), "<br") {
				w.out.breakLine()
			}
		}
	case *ast.Image:
		// The alternative text stands for a picture, not for words of the text.
	default:
		w.blocks(n)
	}
}

func (w *markdownWalk) anchor(href string, children func()) {
	w.out.open("a", func(string) string { return href })
	children()
	w.out.close("a")
}

// html writes a block of raw HTML. Its blocks all have its place: the lines of
// HTML in a quotation do not follow one another.
func (w *markdownWalk) html(n *ast.HTMLBlock) {
	var b strings.Builder
	var at span
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(w.source))
		at = at.cover(span{line.Start, line.Stop}.plus(w.start))
	}
	blocks, _, err := walkTokens(context.Background(), b.String())
	if err != nil {
		return
	}
	w.out.flush()
	for i := range blocks {
		blocks[i].Start, blocks[i].End = at.start, at.end
	}
	w.out.blocks = append(w.out.blocks, blocks...)
}

// unescape resolves backslash escapes and entities, which the parser leaves to
// the renderer.
func unescape(text []byte) string {
	return string(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences(text))))
}
