package extract

import "golang.org/x/net/html"

// minSection is the weight of prose from which an element may be a section on
// what its id says.
const minSection = 5 * minProse

// isSection reports whether an element is a section of a text, whatever its id
// may mean for the layout of a page: a heading, and under it hardly anything but
// prose.
func (a *article) isSection(i int) bool {
	s, first := a.sums[i], a.firsts[i]
	return first >= 0 && a.blocks[first].Kind == Heading && s.prose >= minSection && 5*s.prose >= 3*s.weight && 4*s.linked <= s.weight
}

// findFirsts notes the first block of each element, in linear time.
func (a *article) findFirsts() {
	if a.firsts != nil {
		return
	}
	a.firsts = make([]int32, len(a.elements))
	for i := range a.firsts {
		a.firsts[i] = -1
	}
	for i, b := range a.blocks {
		for in := b.in; a.firsts[in] < 0; in = a.elements[in].parent {
			a.firsts[in] = int32(i)
		}
	}
}

// isPanel tells a part of the text that is folded away, which a reader opens,
// from what no reader sees: the answers of a list of questions, the sections of
// an accordion, tabs.
func isPanel(n *html.Node) bool {
	id, class := attribute(n, "id"), attribute(n, "class")
	if len(id)+len(class) > maxClass {
		return false
	}
	words := nameWords(class + " " + id)
	panel := attribute(n, "role") == "tabpanel"
	for _, w := range words {
		switch {
		case overlays[w] || wordHints[w]&firmHint != 0:
			return false
		case panels[w]:
			panel = true
		}
	}
	return panel
}

var (
	panels = wordSet(`accordion accordeon accordian collapse collapsed collapsible panel tabpanel tabpane pane tab tabs tabcontent faq faqs answer answers
		expandable expander spoiler toggle togglable details foldable akkordeon`)
	// overlays are laid over the page rather than folded into it.
	overlays = wordSet("modal overlay dropdown flyout offcanvas tooltip popover drawer dialog popup megamenu mobile player")
)
