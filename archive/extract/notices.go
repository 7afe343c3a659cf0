package extract

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// A Notice is a passage in which a page tells its readers that it was changed:
// a correction, a clarification, an update, a retraction. That a page has one
// says nothing about when it was added, nor that the change was made.
type Notice struct {
	Kind  NoticeKind
	Label string // as the page writes it, "Correction"; "" where a sentence says it alone
	Text  string // as a reader sees it, with its label, blocks joined by a space
	Date  string // that the notice states: RFC 3339 or YYYY-MM-DD; "" if it states none
	Where Place

	// Block is the index of the first of its blocks, or -1 if it has none. Start
	// and End are the range of bytes that it was made from, as for a [Block]; of
	// a notice in JSON-LD that of the script.
	Block      int
	Start, End int
}

// A Place is where on a page a notice stands.
type Place string

// The places of notices.
const (
	InArticle    Place = "article"   // among the text
	InFooter     Place = "footer"    // of the article, or another part beside the text
	InContainer  Place = "container" // an element whose name says that it holds notices
	InLinkedData Place = "json-ld"   // not shown to readers
)

// A foundNotice is a notice among the blocks of a page.
type foundNotice struct {
	noticeMatch
	blocks []int  // of the page
	text   string // where it is less than that of its blocks
	where  Place
}

// A noticeFinder looks for notices among the blocks of a page.
type noticeFinder struct {
	blocks []pageBlock
	keep   []bool   // the blocks that are read; nil for all
	a      *article // nil for a page without a tree
	from   int32    // elements from:to are the article, with head and foot
	to     int32
	edges  []int // blocks at the beginning and at the end of the text
	found  []foundNotice
}

// notices finds the notices of a page that stand in or around its article, and
// adds them to the blocks that are kept.
func (a *article) notices(keep []bool) []foundNotice {
	f := noticeFinder{blocks: a.blocks, keep: keep, a: a}
	f.from = a.surroundings()
	f.to = a.elements[f.from].end
	found := f.find()
	for _, n := range found {
		for _, i := range n.blocks {
			keep[i] = true
		}
	}
	markNotices(a.blocks, found)
	return found
}

// markNotices gives blocks that are notices as a whole their kind.
func markNotices(blocks []pageBlock, found []foundNotice) {
	for _, n := range found {
		for _, i := range n.blocks {
			if n.text == "" && blocks[i].Kind != Heading {
				blocks[i].Kind, blocks[i].Level = NoticeText, 0
			}
		}
	}
}

// surroundings returns the element that is the article as a whole: the one that
// says so around the root, or else the root.
func (a *article) surroundings() int32 {
	for i := a.root; i > 0; i = a.elements[i].parent {
		if a.elements[i].hint&storyHint != 0 {
			return i
		}
	}
	return a.root
}

// find goes over the blocks once.
func (f *noticeFinder) find() []foundNotice {
	f.edges = f.edgesOfText()
	for i := 0; i < len(f.blocks); i++ {
		if n, ok := f.at(i); ok {
			f.found = append(f.found, n)
			i = n.blocks[len(n.blocks)-1]
		}
	}
	return f.found
}

// edgeBlocks is how many blocks at either end of a text may have a notice among
// their sentences.
const edgeBlocks = 3

func (f *noticeFinder) edgesOfText() []int {
	var text []int
	for i, b := range f.blocks {
		if (f.keep == nil || f.keep[i]) && b.Kind != Heading && b.Kind != Headline {
			text = append(text, i)
		}
	}
	if len(text) <= 2*edgeBlocks {
		return text
	}
	return append(slices.Clone(text[:edgeBlocks]), text[len(text)-edgeBlocks:]...)
}

// at returns the notice that starts in a block.
func (f *noticeFinder) at(i int) (foundNotice, bool) {
	b := &f.blocks[i]
	if !f.eligible(i) {
		return foundNotice{}, false
	}
	n := foundNotice{blocks: []int{i}, where: f.placeOf(i)}
	m, ok := matchNotice(b.Text)
	switch {
	case ok && m.alone:
		if !f.addBody(&n, m) {
			return n, false
		}
	case b.Kind == Heading || b.Kind == Headline:
		return n, false
	case ok && len(wordsOf(b.Text)) >= minNotice:
		n.noticeMatch = m
	case n.where == InContainer && f.saysChange(b.Text):
		n.kind = compiledNotices().kind(foldStart(b.Text))
	case slices.Contains(f.edges, i):
		m, text, ok := noticeAmongSentences(b.Text)
		n.noticeMatch, n.text = m, text
		return n, ok
	default:
		return n, false
	}
	return n, true
}

// eligible reports whether a block may be a notice: it is shown, it is not a
// link, and it belongs to the article or to a box for notices.
func (f *noticeFinder) eligible(i int) bool {
	b := &f.blocks[i]
	if b.hidden || b.Kind == Code || b.Kind == Row || 2*int(b.linked) > len(b.Text) {
		return false
	}
	if f.a == nil || f.keep[i] {
		return true
	}
	if f.a.inComments(b.in) {
		return false
	}
	return b.in >= f.from && b.in < f.to || f.inHead(i) || f.a.container(b.in) > 0
}

// inHead reports whether a block stands between the headline and the text.
func (f *noticeFinder) inHead(i int) bool {
	return f.a.headline > 0 && f.blocks[i].in > f.a.headline && len(f.edges) > 0 && i < f.edges[0]
}

// addBody adds what follows a label: a line with a date, and the next block, if
// it is text that says that something was changed, or stands close to a label
// that says so. A label that says it all, such as "Corrected", needs no more
// than the date.
func (f *noticeFinder) addBody(n *foundNotice, m noticeMatch) bool {
	words, label := compiledNotices(), n.blocks[0]
	firm := !m.weak && m.kind != UpdateNotice
	n.noticeMatch = m
	for i := label + 1; i < len(f.blocks) && i <= label+2; i++ {
		b := &f.blocks[i]
		if b.hidden {
			continue
		}
		if !f.eligible(i) || b.Kind == Heading || b.Kind == Headline {
			break
		}
		text := foldStart(b.Text)
		if words.timeOnly.MatchString(text) {
			n.blocks = append(n.blocks, i)
			continue
		}
		if len(wordsOf(text)) < minNotice || words.request.MatchString(text) || !words.change.MatchString(text) && !(firm && f.sameBox(label, i)) {
			break
		}
		n.blocks = append(n.blocks, i)
		if !firm {
			n.kind = words.kind(text)
		}
		return true
	}
	return words.complete.MatchString(foldStart(m.label)) && len(n.blocks) > 1
}

// sameBox reports whether two blocks stand close together: in one element or in
// neighbouring ones.
func (f *noticeFinder) sameBox(i, j int) bool {
	if f.a == nil {
		return true
	}
	a, b := f.blocks[i].in, f.blocks[j].in
	up := f.a.elements[a].parent
	return a == b || up == b || up == f.a.elements[b].parent
}

// saysChange reports whether a text in a box for notices is one.
func (f *noticeFinder) saysChange(text string) bool {
	words, start := compiledNotices(), foldStart(text)
	return len(wordsOf(start)) >= minNotice && words.change.MatchString(start) && !words.request.MatchString(start)
}

func foldStart(text string) string { return textdiff.FoldText(cut(text, maxNoticeStart)) }

// noticeAmongSentences finds a notice that begins after the first sentence of a
// block, and returns its text up to the end of the block.
func noticeAmongSentences(text string) (m noticeMatch, notice string, ok bool) {
	if len(text) > maxSentences || !hasChangeStem(text) || compiledNotices().request.MatchString(textdiff.FoldText(text)) {
		return m, "", false
	}
	at := 0
	for line := range strings.SplitSeq(text, "\n") {
		for i, s := range sentencesOf(line) {
			n := strings.Index(text[at:], s)
			if n < 0 {
				return m, "", false
			}
			at += n
			if i == 0 && at == 0 {
				continue
			}
			m, ok := matchNotice(s)
			switch {
			case !ok || m.alone:
			case len(wordsOf(s)) >= minNotice:
				return m, strings.ReplaceAll(text[at:], "\n", " "), true
			case len(text) <= maxRegretted && strings.Contains(s, "egret"):
				return m, "", true // what is regretted stands before it
			}
		}
	}
	return m, "", false
}

// maxRegretted is the length of the longest block, in bytes, that is taken for a
// notice as a whole because it ends in "We regret the error."
const maxRegretted = 600

// maxSentences is the length of the longest block whose sentences are looked at.
const maxSentences = 8192

// placeOf tells where a block stands.
func (f *noticeFinder) placeOf(i int) Place {
	if f.a == nil {
		return InArticle
	}
	in := f.blocks[i].in
	if f.a.container(in) > 0 {
		return InContainer
	}
	if f.a.furniture[in] || !f.a.inRoot(i) {
		return InFooter
	}
	for e := in; e > f.from; e = f.a.elements[e].parent {
		if f.a.elements[e].name == "footer" {
			return InFooter
		}
	}
	return InArticle
}

// container returns the element around another whose name says that it holds
// notices, or 0. It must be a box, not the whole text.
func (a *article) container(in int32) int32 {
	for range maxContainer {
		if in == 0 {
			return 0
		}
		if a.elements[in].hint&noticeHint != 0 && a.sums[in].weight < maxNoticeBox {
			return in
		}
		in = a.elements[in].parent
	}
	return 0
}

const (
	maxContainer = 4    // elements up to the one with the name
	maxNoticeBox = 3000 // weight of all text in it
)

// inComments reports whether an element is part of furniture that is firmly so,
// such as comments of readers and menus.
func (a *article) inComments(in int32) bool {
	for ; in > 0 && a.furniture[in]; in = a.elements[in].parent {
		if a.elements[in].hint&firmHint != 0 {
			return true
		}
	}
	return false
}

// addNotices makes the notices that were found those of the document, and adds
// those that only JSON-LD has. The blocks must have their places.
func (d *Document) addNotices(page []pageBlock, found []foundNotice, linked linkedArticle, at time.Time) {
	for _, f := range found {
		n := Notice{Kind: f.kind, Label: f.label, Text: f.text, Where: f.where, Block: -1}
		var parts []string
		for _, i := range f.blocks {
			b := page[i]
			if n.Block < 0 {
				n.Block = int(b.index)
			}
			parts = append(parts, strings.ReplaceAll(b.Text, "\n", " "))
			s := span{n.Start, n.End}.cover(span{b.Start, b.End})
			n.Start, n.End = s.start, s.end
		}
		if n.Text == "" {
			n.Text = strings.Join(parts, " ")
		}
		n.Date = statedDate(n.Text, at)
		d.Notices = append(d.Notices, n)
	}
	d.addLinkedNotices(linked, at)
}

// addLinkedNotices adds the corrections that JSON-LD states apart, and notices
// at the ends of the text that it repeats.
func (d *Document) addLinkedNotices(linked linkedArticle, at time.Time) {
	add := func(text, date string, m noticeMatch) {
		for i := range d.Notices {
			if sameNotice(d.Notices[i].Text, text) {
				if d.Notices[i].Date == "" {
					d.Notices[i].Date = date
				}
				return
			}
		}
		if date == "" {
			date = statedDate(text, at)
		}
		d.Notices = append(d.Notices, Notice{
			Kind: m.kind, Label: m.label, Text: text, Date: date, Where: InLinkedData, Block: -1, Start: linked.at.start, End: linked.at.end,
		})
	}
	for _, c := range linked.corrections {
		m, ok := matchNotice(c.text)
		if !ok {
			m = noticeMatch{kind: CorrectionNotice}
		}
		add(c.text, firstDate(at, []string{c.published}), m)
	}
	for _, p := range edgesOfBody(linked.body) {
		if m, ok := matchNotice(p); ok && !m.alone && len(wordsOf(p)) >= minNotice {
			add(p, "", m)
		} else if m, text, ok := noticeAmongSentences(p); ok {
			add(text, "", m)
		}
	}
}

// edgesOfBody returns the paragraphs at the ends of a text in JSON-LD.
func edgesOfBody(body string) []string {
	var paragraphs []string
	for line := range strings.Lines(html.UnescapeString(body)) {
		if line = display(line); line != "" {
			paragraphs = append(paragraphs, line)
		}
	}
	if n := len(paragraphs); n == 1 && len(body) > maxSentences {
		text := paragraphs[0]
		return []string{cut(text, maxSentences/2), text[len(text)-len(cut(text, maxSentences/2)):]}
	} else if n > 2*edgeBlocks {
		paragraphs = append(paragraphs[:edgeBlocks:edgeBlocks], paragraphs[n-edgeBlocks:]...)
	}
	return paragraphs
}

// sameNotice reports whether one text holds the other, or most of its beginning.
func sameNotice(a, b string) bool {
	x, y := strings.Join(wordsOf(a), " "), strings.Join(wordsOf(b), " ")
	if len(x) > len(y) {
		x, y = y, x
	}
	return strings.Contains(y, cut(x, maxSame))
}

// maxSame is how much of a notice is compared, in bytes.
const maxSame = 120

// statedDate returns the first date that a notice states.
func statedDate(text string, at time.Time) string {
	if t, _, ok := writtenDate(cut(text, maxNoticeStart)); ok && plausible(t, at) {
		return t.Format(time.DateOnly)
	}
	return ""
}
