package extract

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/walkback-dev/walkback/archive/pattern"
)

// PDF is the media type of documents that [ReadPrinted] reads.
const PDF = "application/pdf"

// PrintedName is what [Name] is for a printed document: the extractor, and the
// version of what joins its lines. Whoever finds the lines in another way, by
// another version of the library too, changes it.
const PrintedName = Name + " pdf/1"

// Extractor names the extractor that made the document, see [Name].
func (d *Document) Extractor() string {
	if d.MediaType == PDF {
		return PrintedName
	}
	return Name
}

// Printed is a document that is laid out as lines on pages, such as a PDF.
type Printed struct {
	Title, Author     string    // as its metadata have them
	Created, Modified time.Time // likewise; zero: not stated
	Pages             []PrintedPage
}

// PrintedPage is one page. Lines are in the order of the text.
type PrintedPage struct {
	Height float64 // in points
	Lines  []PrintedLine
}

// PrintedLine is a piece of text on one line. Places are in points from the left
// and the bottom of the page.
type PrintedLine struct {
	Text        string
	Left, Right float64
	Base        float64 // of the letters
	Size        float64 // of the font
}

// ReadPrinted makes a document of the lines of pages: lines become paragraphs, by
// their distance, indent and length, also over the end of a page; words that are
// hyphenated at the end of a line are joined; larger letters are headings; what
// stands alike at the head or the foot of many pages is outside of the text. The
// blocks have no place in the payload. It returns [ErrNoText] for pages without
// text, and a [*LimitError] for more than [MaxText] bytes of it.
func ReadPrinted(ctx context.Context, printed *Printed, in Input) (*Document, error) {
	p := newPrintedReader(printed)
	if p.bytes > MaxText {
		return nil, &LimitError{"text of the pages", MaxText}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	doc := &Document{MediaType: PDF, Root: "pages"}
	blocks := p.blocks()
	switch {
	case len(blocks) == 0:
		return nil, ErrNoText
	case len(blocks) > MaxBlocks:
		return nil, errBlocks()
	}
	doc.stateInfo(printed, in.At)
	if doc.Title == "" {
		doc.Title = p.title(blocks)
	}
	for i := range blocks {
		blocks[i].linkAddresses()
	}
	doc.takeAll(blocks, newResolver(in.URL, ""), in.At)
	for _, line := range p.outside {
		doc.Outside = append(doc.Outside, Block{Text: line})
	}
	return doc, nil
}

// stateInfo takes over what the metadata of a document state.
func (d *Document) stateInfo(printed *Printed, at time.Time) {
	if title := display(printed.Title); !namesFile(title) {
		d.Title = title
		state(&d.Meta.Headline, MetaTag, title)
	}
	if author := display(printed.Author); author != "" {
		d.Byline = strings.Join(people([]string{author}), ", ")
		state(&d.Meta.Byline, MetaTag, d.Byline)
	}
	day := func(t time.Time) string {
		if t.IsZero() || !plausible(t, at) {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	d.Published, d.Modified = day(printed.Created), day(printed.Modified)
	state(&d.Meta.Published, MetaTag, d.Published)
	state(&d.Meta.Modified, MetaTag, d.Modified)
}

// namesFile reports whether a title is none: a file's name, or what programs put
// there.
func namesFile(title string) bool {
	lower := strings.ToLower(title)
	if lower == "" || strings.HasPrefix(lower, "untitled") || strings.HasPrefix(lower, "microsoft word - ") || strings.Contains(lower, "://") {
		return true
	}
	return fileName().MatchString(lower) || !strings.ContainsFunc(lower, unicode.IsLetter)
}

var fileName = pattern.New(`^\S*\.(pdf|docx?|odt|rtf|tex|dvi|indd|pptx?|html?|qxd|pub)$`)

// printedReader turns lines into blocks.
type printedReader struct {
	lines   []printedLine
	outside []string // running heads and feet, each once
	body    float64  // the size that most letters have
	bytes   int
	words   map[string]bool // words with a hyphen inside a line
	levels  []float64       // sizes of headings, the largest first
}

type printedLine struct {
	PrintedLine
	page   int
	margin float64 // where the lines around it end
	edge   float64 // where they begin
}

func newPrintedReader(printed *Printed) *printedReader {
	p := &printedReader{words: map[string]bool{}}
	running := runningLines(printed.Pages)
	sizes := map[float64]int{}
	for i, page := range printed.Pages {
		first := len(p.lines)
		for _, line := range page.Lines {
			line.Text = display(line.Text)
			line.Size = math.Round(line.Size*2) / 2
			if line.Text == "" {
				continue
			}
			if p.bytes += len(line.Text) + 1; p.bytes > MaxText {
				return p
			}
			if atEdge(page, line) && running[numberless(line.Text)] {
				if !slices.Contains(p.outside, line.Text) && len(p.outside) < maxRunning {
					p.outside = append(p.outside, line.Text)
				}
				continue
			}
			sizes[line.Size] += len(line.Text)
			p.noteWords(line.Text)
			p.lines = append(p.lines, printedLine{PrintedLine: line, page: i})
		}
		findMargins(p.lines[first:])
	}
	most := 0
	for _, size := range sortedSizes(sizes) {
		if sizes[size] > most {
			p.body, most = size, sizes[size]
		}
	}
	for _, size := range sortedSizes(sizes) {
		if size >= p.body*headingSize {
			p.levels = append(p.levels, size)
		}
	}
	return p
}

// sortedSizes returns the sizes, the largest first.
func sortedSizes(sizes map[float64]int) []float64 {
	all := make([]float64, 0, len(sizes))
	for size := range sizes {
		all = append(all, size)
	}
	slices.SortFunc(all, func(a, b float64) int {
		if a > b {
			return -1
		}
		return 1
	})
	return all
}

const (
	headingSize = 1.15 // of the size of the text, from which on letters are a heading's
	maxHeading  = 240  // bytes of a heading
	maxRunning  = 64   // running heads that are kept
	edgeOfPage  = 0.1  // of its height, where running heads stand
)

// atEdge reports whether a line stands where pages have their running heads and
// numbers.
func atEdge(page PrintedPage, line PrintedLine) bool {
	return page.Height > 0 && (line.Base < page.Height*edgeOfPage || line.Base > page.Height*(1-edgeOfPage))
}

var digits = pattern.New(`\d+`)

// numberless is a line with its numbers as 0, so that page numbers are alike.
func numberless(text string) string { return digits().ReplaceAllString(text, "0") }

// runningLines returns the lines that stand at the edge of several pages: on three
// at least, and on a quarter of them.
func runningLines(pages []PrintedPage) map[string]bool {
	counts := map[string]int{}
	for _, page := range pages {
		seen := map[string]bool{}
		for _, line := range page.Lines {
			if !atEdge(page, line) {
				continue
			}
			if like := numberless(display(line.Text)); !seen[like] {
				seen[like] = true
				counts[like]++
			}
		}
	}
	running := map[string]bool{}
	for like, n := range counts {
		running[like] = n >= 3 && 4*n >= len(pages)
	}
	return running
}

// findMargins notes for each line of a page where lines of its column begin and
// end: those that overlap it.
func findMargins(lines []printedLine) {
	const near = 40 // lines that are looked at before and after
	for i := range lines {
		lines[i].edge, lines[i].margin = lines[i].Left, lines[i].Right
		for j := max(0, i-near); j < min(len(lines), i+near); j++ {
			if o := lines[j]; o.Left < lines[i].Right && o.Right > lines[i].Left && o.Size == lines[i].Size {
				lines[i].edge, lines[i].margin = min(lines[i].edge, o.Left), max(lines[i].margin, o.Right)
			}
		}
	}
}

// hyphenated finds words with a hyphen in them.
var hyphenated = pattern.New(`\pL+-\pL+`)

func (p *printedReader) noteWords(text string) {
	for _, word := range hyphenated().FindAllString(text, -1) {
		p.words[strings.ToLower(word)] = true
	}
}

// blocks joins the lines to blocks.
func (p *printedReader) blocks() []pageBlock {
	var blocks []pageBlock
	for i := 0; i < len(p.lines); {
		first := p.lines[i]
		block := Block{Kind: Paragraph, Text: first.Text}
		item := listMark().FindString(first.Text)
		if item != "" {
			block.Kind, block.Level, block.Text = Item, 1, strings.TrimSpace(first.Text[len(item):])
		}
		last := i
		for i++; i < len(p.lines) && p.goesOn(p.lines[last], p.lines[i], first); i++ {
			block.Text = p.join(block.Text, p.lines[i])
			last = i
		}
		if level := p.levelOf(first.Size); level > 0 && item == "" && len(block.Text) <= maxHeading {
			block.Kind, block.Level = Heading, level
		}
		if block.Text = display(block.Text); block.Text != "" {
			blocks = append(blocks, pageBlock{Block: block})
		}
	}
	return blocks
}

// listMark is the beginning of an item of a list.
var listMark = pattern.New(`^(?:[•‣▪●○◦∙·–—*-]|\(?(?:\d{1,2}|[a-z])[.)])\s+`)

// levelOf returns the level of a heading with letters of a size; 0: it is none.
func (p *printedReader) levelOf(size float64) uint8 {
	if i := slices.Index(p.levels, size); i >= 0 {
		return uint8(min(i+1, 6))
	}
	return 0
}

// goesOn reports whether a line goes on with the block that began with first and
// whose last line is before.
func (p *printedReader) goesOn(before, line, first printedLine) bool {
	if math.Abs(before.Size-line.Size) > 0.5 || listMark().MatchString(line.Text) && line.Left < before.Right {
		return before.Size == line.Size && sameLine(before, line)
	}
	unfinished := !endsText(before.Text)
	if before.page != line.page || line.Base > before.Base+line.Size {
		// The next page or column.
		return unfinished && p.levelOf(line.Size) == 0 && (isLower(line.Text) || fills(before))
	}
	if sameLine(before, line) {
		return true
	}
	if before.Base-line.Base > line.Size*wideLeading {
		return false
	}
	switch {
	case line.Left > line.edge+indent(line) && before.Left < before.edge+indent(before) && !unfinished:
		return false // an indent begins a paragraph
	case !unfinished && !fills(before) && startsText(line.Text):
		return false // the line before was its last one
	case p.levelOf(line.Size) == 0 && !fills(before) && len(before.Text) < shortText && startsText(line.Text):
		return false // lines that are short for their own reasons
	}
	return true
}

const (
	wideLeading = 1.75 // of the size of the letters, beyond which lines do not belong together
	shortText   = 60   // bytes
)

func indent(line printedLine) float64 { return line.Size * 0.9 }

func sameLine(a, b printedLine) bool {
	return a.page == b.page && math.Abs(a.Base-b.Base) < a.Size*0.4 && b.Left >= a.Left
}

// fills reports whether a line ends near the end of its column.
func fills(line printedLine) bool {
	return line.Right > line.edge+(line.margin-line.edge)*0.8
}

// endsText reports whether a line ends a sentence.
func endsText(text string) bool {
	text = strings.TrimRight(text, "\"'”’»)]0123456789") // of quotations and footnotes
	return text == "" || strings.ContainsAny(text[len(text)-1:], ".!?:;") || strings.HasSuffix(text, "…")
}

func isLower(text string) bool {
	for _, r := range text {
		return unicode.IsLower(r)
	}
	return false
}

// startsText reports whether a line may begin a sentence.
func startsText(text string) bool { return !isLower(text) }

// join adds a line to a text. A hyphen at the end of a line goes, unless the
// document has the word with its hyphen elsewhere, or what follows is no part of a
// word.
func (p *printedReader) join(text string, line printedLine) string {
	head, hyphen := strings.CutSuffix(text, "-")
	if !hyphen {
		return text + " " + line.Text
	}
	before, after := endingWord().FindString(head), startingWord().FindString(line.Text)
	switch {
	case before == "" || after == "":
		return text + " " + line.Text
	case !isLower(line.Text) || p.words[strings.ToLower(before+"-"+after)]:
		return text + line.Text
	}
	return head + line.Text
}

var endingWord, startingWord = pattern.New(`\pL+$`), pattern.New(`^\pL+`)

// title returns the first of the largest headings of the first page, else the
// first block if it is short.
func (p *printedReader) title(blocks []pageBlock) string {
	best := -1
	for i, b := range blocks[:min(len(blocks), 20)] {
		if b.Kind == Heading && (best < 0 || b.Level < blocks[best].Level) {
			best = i
		}
	}
	if best >= 0 {
		return blocks[best].Text
	}
	return ""
}
