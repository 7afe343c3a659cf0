package extract

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// selected goes over the blocks once the root is known and tells those that are
// read; nil when there is no article. It gives the lines around the headline
// their kinds.
func (a *article) selected() []bool {
	keep := make([]bool, len(a.blocks))
	for i := range a.blocks {
		keep[i] = a.inRoot(i) && a.weights[i].prose && a.worth(i) > 0
	}
	first, last := slices.Index(keep, true), lastIndex(keep)
	if first < 0 {
		return nil
	}
	for i := first; i < len(a.blocks) && (i <= last || a.inRoot(i) && a.follows(i, last)); i++ {
		keep[i] = keep[i] || a.inRoot(i) && a.fits(i)
	}
	a.keepHead(keep, first)
	a.keepCaptions(keep, first, last)
	a.keepHeadings(keep)
	a.dropCopies(keep)
	return keep
}

func lastIndex(keep []bool) int {
	for i := len(keep) - 1; i >= 0; i-- {
		if keep[i] {
			return i
		}
	}
	return -1
}

// fits reports whether a block that is not prose may stand among prose: the
// short lines, items and rows of an article.
func (a *article) fits(i int) bool {
	w, b := a.weights[i], a.blocks[i]
	if w.aside || isLabel(b.Text) {
		return false
	}
	switch b.Kind {
	case Row, Code:
		return 4*w.linked <= 3*w.weight
	case Item:
		return 2*w.linked <= w.weight || a.inBody[b.in] && w.weight >= w.linked+minRemark
	case Quotation, Paragraph:
		return 2*w.linked <= w.weight
	}
	return false
}

// minRemark is the weight of what must be said beside a link for an item of an
// article to be more than the link: "(The Journal)".
const minRemark = 8

// follows reports whether a block behind the last prose goes on with it.
func (a *article) follows(i, last int) bool {
	in, of := a.blocks[i].in, a.blocks[last].in
	return a.inBody[in] || in == of || a.elements[in].parent == a.elements[of].parent
}

// maxHead is the weight of the longest block that is taken for an introduction,
// maxByline that of the longest line of names or dates.
const (
	maxHead   = 600
	maxByline = 100
)

// keepHead adds what stands between the headline and the text: the headline
// itself, an introduction, and lines that say who wrote it and when it was
// changed. What stands before such a line is the introduction.
func (a *article) keepHead(keep []bool, first int) {
	headline := a.headlineBlock()
	if headline < 0 || headline > first {
		return
	}
	keep[headline], a.blocks[headline].Kind = true, Headline
	credit := false // a later line is one
	for i := min(first+headBlocks, len(a.blocks)) - 1; i > headline; i-- {
		w, b := a.weights[i], &a.blocks[i]
		switch {
		case b.hidden || b.Kind == Caption || b.Kind == Heading:
		case w.prose && i < first:
			if w.linked == 0 && !w.aside && w.weight < maxHead && a.crowd(i) == 0 {
				keep[i], b.Kind = true, Dek
			}
		case w.prose:
			if credit && keep[i] && b.Kind == Paragraph && w.weight < maxHead {
				b.Kind = Dek
			}
		case w.weight < maxByline:
			if kind, ok := creditOf(b.Text); ok && (i < first || keep[i]) {
				keep[i], b.Kind, credit = true, kind, true
			}
		}
	}
}

// headBlocks is how far behind the first prose, in blocks, a line that says who
// wrote a text may stand.
const headBlocks = 4

// headlineBlock returns the index of the block of the headline, or -1.
func (a *article) headlineBlock() int {
	if a.headline == 0 {
		return -1
	}
	return slices.IndexFunc(a.blocks, func(b pageBlock) bool { return b.in == a.headline })
}

// creditOf returns the kind of a line that says who wrote a text, or on which
// day it was changed. The plain day of publication is left to
// [Document.Published].
func creditOf(text string) (Kind, bool) {
	if _, start, ok := writtenDate(text); ok && saysChanged(text[:start]) {
		return Date, true
	}
	by, name, _ := strings.Cut(text, " ")
	r, _ := utf8.DecodeRuneInString(name)
	if bylineWords[strings.ToLower(strings.TrimSuffix(by, ":"))] && unicode.IsUpper(r) {
		return Byline, true
	}
	return Paragraph, false
}

// bylineWords begin lines that name authors.
var bylineWords = wordSet("by von par por di door av af autor author автор")

// keepHeadings adds the headings of what is kept.
func (a *article) keepHeadings(keep []bool) {
	next := false // the next block that is no heading is kept
	for i := len(a.blocks) - 1; i >= 0; i-- {
		switch a.blocks[i].Kind {
		case Headline:
			continue
		case Heading:
		default:
			next = keep[i]
			continue
		}
		keep[i] = next && a.inRoot(i) && !a.weights[i].aside
	}
}

// keepCaptions adds the captions that stand in the article and say
// something: those of tables, and those of figures that are sentences. The
// rest are credits and labels, which change with the advertisements.
func (a *article) keepCaptions(keep []bool, first, last int) {
	for i := first; i < last; i++ {
		b := a.blocks[i]
		if b.Kind == Caption && a.inRoot(i) && !a.weights[i].aside && (isSentence(b.Text) || a.elements[b.in].name == "caption") {
			keep[i] = true
		}
	}
}

func isSentence(text string) bool {
	text = strings.TrimRight(text, `"'”’)`)
	return strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?")
}

// nearCopy is how many blocks apart copies may stand.
const nearCopy = 12

// dropCopies drops blocks that repeat one shortly before: pages write captions
// for several screens, and pull quotes. Copies far apart are meant.
func (a *article) dropCopies(keep []bool) {
	seen := make(map[string]int)
	for i, b := range a.blocks {
		if !keep[i] || a.weights[i].weight < minProse || b.Kind == Code || b.Kind == Row {
			continue
		}
		if before, ok := seen[b.Text]; ok && (i-before <= nearCopy || b.Kind == Caption) {
			keep[i] = false
		}
		seen[b.Text] = i
	}
}

// isLabel reports whether a block is one of the words that pages put between
// the blocks of a text.
func isLabel(text string) bool {
	return utf8.RuneCountInString(text) < 48 && labels[strings.Join(wordsOf(text), " ")]
}

var labels = func() map[string]bool {
	out := make(map[string]bool)
	for line := range strings.Lines(labelLines) {
		for label := range strings.SplitSeq(strings.TrimSpace(line), ", ") {
			out[label] = true
		}
	}
	return out
}()

const labelLines = `advert, advertisement, advertising, ad, ads, sponsored, sponsored links, sponsored content, promoted
	story continues below advertisement, article continues below advertisement, continue reading below, story continues below
	advertisement continue reading below, scroll to continue, skip advertisement, continue reading the main story
	read more, read also, see also, more, share, share this, share this article, share this story, tweet, print, email, comment, comments
	close, caption, show caption, hide caption, next, previous, play, loading, search, menu, back to top, top, skip to main content
	sign up, log in, login, subscribe, follow us, don t miss, image, photo, video, watch, related, related articles, related stories
	this slideshow requires javascript, please enable javascript, enlarge this image, toggle caption, copy link, save
	anzeige, werbung, mehr lesen, weiterlesen, lesen sie auch, teilen, kommentare, publicité, lire aussi, partager
	publicidad, publicidade, leer más, leia também, leia mais, compartir, compartilhar, pubblicità, leggi anche, реклама, читайте также, 広告`
