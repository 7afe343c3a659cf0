package extract

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// selected goes over the blocks once the root is known and returns those that
// are read, in the order of the page; none when there is no article.
func (a *article) selected() []pageBlock {
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
	a.keepNotices(keep)
	a.keepHeadings(keep)
	a.dropCopies(keep)
	var out []pageBlock
	for i, b := range a.blocks {
		if keep[i] {
			out = append(out, b)
		}
	}
	return out
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
	case Item, Quotation, Paragraph:
		return 2*w.linked <= w.weight
	}
	return false
}

// follows reports whether a block behind the last prose goes on with it.
func (a *article) follows(i, last int) bool {
	in, of := a.blocks[i].in, a.blocks[last].in
	return a.inBody[in] || in == of || a.elements[in].parent == a.elements[of].parent
}

// maxHead is the weight of the longest block that is taken for an introduction.
const maxHead = 600

// keepHead adds the introduction that stands between the headline and the root.
func (a *article) keepHead(keep []bool, first int) {
	if a.headline == 0 {
		return
	}
	for i := first - 1; i >= 0 && a.blocks[i].in != a.headline; i-- {
		w := a.weights[i]
		in := a.blocks[i].in
		if in < a.headline {
			return
		}
		if w.prose && w.linked == 0 && !w.aside && w.weight < maxHead && a.crowd(i) == 0 {
			keep[i] = true
		}
	}
}

// keepHeadings adds the headings of what is kept.
func (a *article) keepHeadings(keep []bool) {
	next := false // the next block that is no heading is kept
	for i := len(a.blocks) - 1; i >= 0; i-- {
		if a.blocks[i].Kind != Heading {
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
		if b.Kind == Caption && a.inRoot(i) && !a.weights[i].aside && (isSentence(b.Text) || a.elements[b.in].node.Data == "caption") {
			keep[i] = true
		}
	}
}

func isSentence(text string) bool {
	text = strings.TrimRight(text, `"'”’)`)
	return strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?")
}

// keepNotices adds correction and update notices that stand in the article but
// in its furniture: in footers and asides.
func (a *article) keepNotices(keep []bool) {
	root := a.root
	for i := root; i > 0; i = a.elements[i].parent {
		if a.elements[i].hint&storyHint != 0 {
			root = i
			break
		}
	}
	for i, b := range a.blocks {
		if !keep[i] && !b.hidden && b.in >= root && b.in < a.elements[root].end && isNotice(b.Text) {
			keep[i] = true
		}
	}
}

// dropCopies drops blocks that repeat an earlier one: pages carry galleries,
// teasers and pull quotes more than once.
func (a *article) dropCopies(keep []bool) {
	seen := make(map[string]bool)
	for i, b := range a.blocks {
		if !keep[i] || a.weights[i].weight < minProse || b.Kind == Code || b.Kind == Row {
			continue
		}
		if seen[b.Text] {
			keep[i] = false
		}
		seen[b.Text] = true
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
