package change

import (
	"slices"
	"strconv"
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// comparison is what differs between two documents, layer by layer.
type comparison struct {
	before, after *extract.Document
	diff          textdiff.BlockDiff
	blocks        [2][]int // index in Document.Blocks of each block of diff

	edits    []edit
	moved    []textdiff.Row
	markup   []edit // the same words in another kind of block
	ticks    []string
	shifted  int // blocks that went from the article to its surroundings or back
	volatile []string

	notices  []schemas.ChangedNotice
	fields   []finding
	standing *finding
	unstable bool
}

// finding is a change of a class with what shows it.
type finding struct {
	class      schemas.ChangeClass
	rule       string
	confidence schemas.Confidence
	evidence   []string
	field      *schemas.ChangedField
	weak       bool // it may be owed to another part of the page having been read
}

// compare looks at all layers.
func compare(before, after *extract.Document) *comparison {
	c := &comparison{before: before, after: after}
	c.compareNotices()
	c.compareStanding()
	c.compareText()
	c.compareFields()
	c.compareLinks()
	c.comparePresentation()
	return c
}

// fields of the page, not text, are blocks of these kinds: they are judged by
// what the page states as a whole.
func isField(kind extract.Kind) bool {
	return kind == extract.Headline || kind == extract.Byline || kind == extract.Date || kind == extract.NoticeText
}

// text returns the blocks that are text, and where they stand.
func text(d *extract.Document) (texts []string, at []int) {
	title := textdiff.FoldText(d.Title)
	texts, at = make([]string, 0, len(d.Blocks)), make([]int, 0, len(d.Blocks))
	for i, b := range d.Blocks {
		if isField(b.Kind) || b.Kind == extract.Heading && textdiff.FoldText(b.Text) == title {
			continue
		}
		texts, at = append(texts, b.Text), append(at, i)
	}
	return texts, at
}

func (c *comparison) compareText() {
	texts, places := [2][]string{}, [2][]int{}
	texts[0], places[0] = text(c.before)
	texts[1], places[1] = text(c.after)
	c.blocks = places
	c.diff = textdiff.Blocks(texts[0], texts[1])
	surroundings := newSurroundings(c.before, c.after)
	names := newVocabulary(texts[0], texts[1])
	for _, row := range c.diff.Rows {
		switch row.Op {
		case textdiff.Same:
			c.compareKinds(row)
		case textdiff.Edited:
			c.take(editOf(row, c.kindsOf(row), texts, names))
		case textdiff.MovedAway:
			c.moved = append(c.moved, row)
			if row.Segments != nil {
				c.take(editOf(row, c.kindsOf(row), texts, names))
			}
		case textdiff.Deleted:
			for i := row.Before.From; i < row.Before.To; i++ {
				if surroundings.wentOut(texts[0][i]) {
					c.shifted++
				} else if !c.isOfNotice(texts[0][i]) {
					c.take(removed(texts[0][i], i, row, c.kindsOf(row)))
				}
			}
		case textdiff.Inserted:
			for i := row.After.From; i < row.After.To; i++ {
				if surroundings.cameIn(texts[1][i]) {
					c.shifted++
				} else if !c.isOfNotice(texts[1][i]) {
					c.take(added(texts[1][i], i, row, c.kindsOf(row)))
				}
			}
		}
	}
	c.dropSwappedTeasers()
	c.unstable = c.readsOtherRoot()
}

// kindsOf returns the kinds of the blocks of a row.
func (c *comparison) kindsOf(row textdiff.Row) []extract.Kind {
	var kinds []extract.Kind
	for i := row.Before.From; i < row.Before.To; i++ {
		kinds = append(kinds, c.before.Blocks[c.blocks[0][i]].Kind)
	}
	for i := row.After.From; i < row.After.To; i++ {
		kinds = append(kinds, c.after.Blocks[c.blocks[1][i]].Kind)
	}
	return kinds
}

// take files an edit; one that only says what a new note says is that note.
func (c *comparison) take(e edit) {
	e = c.withoutNotices(e)
	switch {
	case len(e.places) == 0:
	case e.tick():
		c.ticks = append(c.ticks, e.quote())
	default:
		c.edits = append(c.edits, e)
	}
}

// compareKinds notes words that are the same and stand in another kind of
// block: a heading or an item of another level, a paragraph that is an item now.
func (c *comparison) compareKinds(row textdiff.Row) {
	if c.before.Root != c.after.Root {
		return
	}
	for i := range row.Before.Len() {
		was := c.before.Blocks[c.blocks[0][row.Before.From+i]]
		is := c.after.Blocks[c.blocks[1][row.After.From+i]]
		if was.Kind != is.Kind || was.Level != is.Level {
			c.markup = append(c.markup, edit{
				row: row, at: row.After.From + i,
				places: []place{{before: kindWords(was), after: kindWords(is), weight: minor, meaning: []string{meansMarkup}}},
			})
		}
	}
}

func kindWords(b extract.Block) string {
	name := b.Kind.String()
	if b.Level > 0 {
		name += " " + strconv.Itoa(int(b.Level))
	}
	return name + ": " + b.Text
}

// surroundings counts the paragraphs around the article on each side.
type surroundings [2]map[string]int

func newSurroundings(before, after *extract.Document) surroundings {
	var s surroundings
	for side, d := range []*extract.Document{before, after} {
		s[side] = make(map[string]int, len(d.Outside))
		for _, b := range d.Outside {
			s[side][textdiff.FoldText(b.Text)]++
		}
	}
	return s
}

// wentOut reports whether a paragraph that is gone from the article stands
// beside it now, and did not before.
func (s surroundings) wentOut(text string) bool {
	key := textdiff.FoldText(text)
	return s[1][key] > s[0][key]
}

// cameIn is the reverse.
func (s surroundings) cameIn(text string) bool {
	key := textdiff.FoldText(text)
	return s[0][key] > s[1][key]
}

// readsOtherRoot reports whether the two texts are two parts of the page rather
// than two versions of one part.
func (c *comparison) readsOtherRoot() bool {
	if c.before.Root == c.after.Root {
		return false
	}
	stat := c.diff.Stat()
	most := max(stat.WordsKept+stat.WordsAdded, stat.WordsKept+stat.WordsDeleted)
	return 2*stat.WordsKept < most && len(c.edits) > 0
}

// dropSwappedTeasers takes lists of links to other pages that were exchanged for
// what they are: not the text of this page. One that only came or only went is
// kept.
func (c *comparison) dropSwappedTeasers() {
	var gone, come []int
	for i, e := range c.edits {
		if e.whole && c.isTeaser(e) {
			if e.row.Op == textdiff.Deleted {
				gone = append(gone, i)
			} else {
				come = append(come, i)
			}
		}
	}
	swapped := min(len(gone), len(come))
	if swapped == 0 {
		return
	}
	drop := append(slices.Clone(gone[:swapped]), come[:swapped]...)
	var kept []edit
	for i, e := range c.edits {
		if slices.Contains(drop, i) {
			c.ticks = append(c.ticks, e.quote())
		} else {
			kept = append(kept, e)
		}
	}
	c.edits = kept
}

// isTeaser reports whether a block is the headline of another page: words that
// are a link as a whole.
func (c *comparison) isTeaser(e edit) bool {
	d, side := c.before, 0
	if e.row.Op == textdiff.Inserted {
		d, side = c.after, 1
	}
	block := c.blocks[side][e.at]
	text := d.Blocks[block].Text
	if !hasWords(text, 4) {
		return false
	}
	return slices.ContainsFunc(d.Links, func(l extract.Link) bool {
		return l.Block == block && 10*len(l.Text) >= 9*len(text) && strings.HasPrefix(l.URL, "http")
	})
}
