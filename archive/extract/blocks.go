package extract

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A pageBlock is a block with what is needed to choose between blocks.
//
// A page has up to MaxBlocks of them, so they are small: no text is so long that
// 32 bits are too few, and what few blocks have is kept apart.
type pageBlock struct {
	Block
	anchors []anchor
	rare    *rareMarkup // nil if it has none
	in      int32       // index in the outline of the innermost block element around its text; 0 without an outline
	linked  int32       // bytes of text that are links
	quote   int32       // the outermost <blockquote> around it, counted from 1; 0 if there is none
	index   int32       // in the blocks of the document, once it is made; -1 if it is none of them
	hidden  bool        // the page says that readers do not see it
}

// rareMarkup is what few blocks have.
type rareMarkup struct {
	quoted []string // words in <q> elements
	date   string   // of the first <time> in it, for machines
}

// quoted returns the words in <q> elements.
func (b *pageBlock) quoted() []string {
	if b.rare == nil {
		return nil
	}
	return b.rare.quoted
}

// date returns what the first <time> in it says for machines.
func (b *pageBlock) date() string {
	if b.rare == nil {
		return ""
	}
	return b.rare.date
}

// An anchor is a link as the page writes it.
type anchor struct {
	href, text string
}

// A blockWriter turns elements and text, in document order, into blocks. A
// tree walk and a token walk drive it alike.
type blockWriter struct {
	blocks  []pageBlock
	frames  []frame
	text    strings.Builder // of the block being written
	anchors []anchor        // of that block
	link    *openLink
	linked  int    // bytes of the text that are links
	date    string // of the first <time> of the block, for machines
	at      span   // of the text in the page
	in      int    // block element that the text began in
	begun   bool   // it has text
	row     int    // depth of open table rows: blocks inside cells do not end the row
	pre     int
	hidden  int
	quotes  quoteWriter
}

// A frame is an open element that decides the kind of the blocks in it.
type frame struct {
	name string
	used bool // an item that has given its first block
}

// An openLink is an <a> that has not ended.
type openLink struct {
	href    string
	start   int    // where in the text it began
	alt     string // alternative text of an image in it
	written bool
}

const (
	lineBreak = '\u2028' // stands for <br> until the block is done
	cellBreak = '\x1e'   // stands between the cells of a row
)

// maxFrames bounds the nesting that a token walk keeps track of.
const maxFrames = 512

// open takes the start of an element. attr returns its attributes by name.
func (w *blockWriter) open(name string, attr func(string) string) {
	switch {
	case name == "br":
		w.breakLine()
	case name == "a":
		w.closeLink()
		if href := attr("href"); href != "" {
			w.link = &openLink{href: href, start: w.text.Len()}
		}
	case name == "img":
		if w.link != nil && w.link.alt == "" {
			w.link.alt = attr("alt")
		}
	case name == "time":
		if w.date == "" {
			w.date = attr("datetime")
		}
	case name == "q":
		w.quotes.open(w.text.Len())
	case name == "wbr" || inlineElements[name]:
	case w.row > 0 && name == "tr":
		w.flush()
	case w.row > 0 && (name == "td" || name == "th"):
		if w.text.Len() > 0 {
			w.text.WriteRune(cellBreak)
		}
	default:
		w.boundary()
	}
	if frameElements[name] && len(w.frames) < maxFrames {
		if name == "blockquote" && !w.inside("blockquote") {
			w.quotes.blocks++
		}
		w.frames = append(w.frames, frame{name: name})
		if name == "pre" {
			w.pre++
		}
	}
}

// close takes the end of an element.
func (w *blockWriter) close(name string) {
	switch {
	case name == "br" || name == "wbr":
	case name == "a":
		w.closeLink()
	case name == "q":
		w.quotes.close(w.text.Len())
	case inlineElements[name] || name == "td" || name == "th":
		if !inlineElements[name] && w.row == 0 {
			w.boundary()
		}
	case name == "tr" || name == "pre" || name == "caption":
		w.flush()
	default:
		w.boundary()
	}
	if !frameElements[name] {
		return
	}
	for i := len(w.frames) - 1; i >= 0; i-- {
		if w.frames[i].name == name {
			for _, f := range w.frames[i:] {
				if f.name == "pre" {
					w.pre--
				}
			}
			w.frames = w.frames[:i]
			return
		}
	}
}

// write takes text, which stands in the page at a span. in is the index of the
// block element around it.
func (w *blockWriter) write(text string, in int, at span) {
	w.at = w.at.cover(at)
	if !w.begun && strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) }) {
		w.in, w.begun = in, true
	}
	w.text.WriteString(strings.ReplaceAll(text, string(cellBreak), " "))
}

// boundary ends the block, or writes a space where a row goes on.
func (w *blockWriter) boundary() {
	switch {
	case w.row > 0:
		w.text.WriteByte(' ')
	case w.pre > 0:
		if s := w.text.String(); s != "" && !strings.HasSuffix(s, "\n") {
			w.text.WriteByte('\n')
		}
	default:
		w.flush()
	}
}

// breakLine writes a line break; a second one in a row ends the block.
func (w *blockWriter) breakLine() {
	if w.pre > 0 {
		w.text.WriteByte('\n')
		return
	}
	if w.row == 0 && strings.HasSuffix(strings.TrimRight(w.text.String(), " \t\r\n\u00a0"), string(lineBreak)) {
		w.flush()
		return
	}
	w.text.WriteRune(lineBreak)
}

// closeLink ends the open link, if any.
func (w *blockWriter) closeLink() {
	w.noteLink()
	w.countLink()
	if l := w.link; l != nil && !l.written && l.alt != "" {
		w.anchors = append(w.anchors, anchor{l.href, l.alt})
	}
	w.link = nil
}

// noteLink records the open link as soon as the block has words of it.
func (w *blockWriter) noteLink() {
	if w.link == nil || w.link.written {
		return
	}
	if text := w.text.String()[w.link.start:]; strings.TrimSpace(text) != "" {
		w.anchors = append(w.anchors, anchor{w.link.href, text})
		w.link.written = true
	}
}

// countLink adds the text of the open link to what is linked in the block. A
// link to a place in the page, such as a note, leads nobody away.
func (w *blockWriter) countLink() {
	if w.link != nil && !strings.HasPrefix(w.link.href, "#") {
		w.linked += len(strings.TrimSpace(w.text.String()[w.link.start:]))
	}
}

// flush ends the block that is being written. Links without a block of text
// wait for the next one.
func (w *blockWriter) flush() {
	w.noteLink()
	w.countLink()
	if w.link != nil {
		w.link.start = 0
	}
	raw, linked, at := w.text.String(), w.linked, w.at
	quoted := w.quotes.take(raw)
	w.text.Reset()
	w.linked, w.at = 0, span{}
	if strings.TrimFunc(raw, func(r rune) bool { return unicode.IsSpace(r) || r == cellBreak }) == "" {
		return
	}
	b := pageBlock{Block: w.block(raw), anchors: w.anchors, in: int32(w.in), linked: int32(linked), hidden: w.hidden > 0}
	if len(quoted) > 0 || w.date != "" {
		b.rare = &rareMarkup{quoted, w.date}
	}
	if w.inside("blockquote") {
		b.quote = int32(w.quotes.blocks)
	}
	b.Start, b.End = at.start, at.end
	w.in, w.begun, w.date = 0, false, ""
	if b.Text == "" {
		return
	}
	w.anchors = nil
	w.blocks = append(w.blocks, b)
}

// finish ends the walk and returns the blocks.
func (w *blockWriter) finish() []pageBlock {
	w.closeLink()
	w.flush()
	if n := len(w.blocks); n > 0 {
		w.blocks[n-1].anchors = append(w.blocks[n-1].anchors, w.anchors...)
	}
	return w.blocks
}

// block gives raw text its kind by the innermost element that has one.
func (w *blockWriter) block(raw string) Block {
	if w.row > 0 && (len(w.frames) == 0 || w.frames[len(w.frames)-1].name != "caption") {
		return Block{Kind: Row, Text: cells(raw)}
	}
	for i := len(w.frames) - 1; i >= 0; i-- {
		switch f := &w.frames[i]; f.name {
		case "h1", "h2", "h3", "h4", "h5", "h6":
			return Block{Kind: Heading, Level: f.name[1] - '0', Text: display(strings.ReplaceAll(raw, string(lineBreak), " "))}
		case "pre":
			return Block{Kind: Code, Text: preformatted(raw)}
		case "figcaption", "caption":
			return Block{Kind: Caption, Text: brokenLines(raw)}
		case "blockquote":
			return Block{Kind: Quotation, Text: brokenLines(raw)}
		case "li", "dd", "dt":
			if f.used {
				return Block{Text: brokenLines(raw)}
			}
			f.used = true
			return Block{Kind: Item, Level: w.listDepth(), Text: brokenLines(raw)}
		}
	}
	return Block{Text: brokenLines(raw)}
}

// inside reports whether an element that decides the kind of blocks is open.
func (w *blockWriter) inside(name string) bool {
	return slices.ContainsFunc(w.frames, func(f frame) bool { return f.name == name })
}

func (w *blockWriter) listDepth() uint8 {
	n := 0
	for _, f := range w.frames {
		if f.name == "ul" || f.name == "ol" || f.name == "dl" {
			n++
		}
	}
	return uint8(min(max(n, 1), math.MaxUint8))
}

// brokenLines returns the display form of text, line by line.
func brokenLines(raw string) string {
	var out []string
	for line := range strings.SplitSeq(raw, string(lineBreak)) {
		if line = display(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// cells returns the display form of a table row.
func cells(raw string) string {
	var out []string
	for cell := range strings.SplitSeq(raw, string(cellBreak)) {
		out = append(out, display(cell))
	}
	return strings.TrimSpace(strings.TrimRight(strings.Join(out, " | "), " |"))
}

// preformatted keeps lines and spaces, without control characters.
func preformatted(raw string) string {
	var out strings.Builder
	out.Grow(len(raw))
	blank := 0 // lines since the last that is not
	for line := range strings.SplitSeq(strings.ReplaceAll(raw, "\r\n", "\n"), "\n") {
		line = strings.ReplaceAll(line, "\t", "    ")
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		line = strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return ' '
			}
			if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff' {
				return -1
			}
			return r
		}, strings.TrimSpace(line))
		if line = strings.TrimRight(indent+norm.NFC.String(line), " "); line == "" {
			blank++
			continue
		}
		if out.Len() > 0 {
			out.WriteString(strings.Repeat("\n", blank+1))
		}
		out.WriteString(line)
		blank = 0
	}
	return out.String()
}

// frameElements decide the kind of the blocks inside them.
var frameElements = wordSet("h1 h2 h3 h4 h5 h6 pre figcaption caption blockquote li dd dt ul ol dl")

// inlineElements do not end a block.
var inlineElements = wordSet(`a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark
	nobr q rb rp rt ruby s samp small span strike strong sub sup time tt u var img button`)

// silentElements have no text of the page in them.
var silentElements = wordSet(`script style noscript template svg math canvas iframe object embed audio video
	select textarea datalist head title meta link noembed noframes frameset map`)
