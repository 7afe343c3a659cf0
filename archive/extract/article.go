package extract

// An article is the choice of what to read of a page.
type article struct {
	*page
	weights   []weighed // of the blocks
	sums      []sums    // of the elements
	furniture []bool    // of the elements: not part of any article
	inBody    []bool    // of the elements: marked as the text of an article
	caption   []bool    // of the elements: marked as caption
	title     string
	firsts    []int32 // of the elements: the first block in them, -1 for none
	headline  int32   // element that says the title; 0 if none does
	root      int32   // element
}

// newArticle decides which part of a page is its article. Its time is linear in
// the number of blocks and elements.
//
// Each block of prose is worth its weight. The root of the article is the element
// that holds most of this worth and not much else.
func newArticle(p *page, title string) *article {
	a := &article{
		page: p, title: title,
		weights: make([]weighed, len(p.blocks)), sums: make([]sums, len(p.elements)),
		furniture: make([]bool, len(p.elements)), inBody: make([]bool, len(p.elements)), caption: make([]bool, len(p.elements)),
	}
	for i := range p.blocks {
		a.weights[i] = weigh(&p.blocks[i])
	}
	for _, b := range p.blocks {
		if b.Kind == Heading && b.Level <= 2 && !b.hidden && sameWords(b.Text, title) {
			a.headline = b.in
			break
		}
	}
	a.furnish(true)
	a.findRoot()
	if a.sums[0].gain == 0 {
		a.furnish(false) // the markup is not to be believed
		a.findRoot()
	}
	return a
}

// sumUp fills the sums but for the gain.
func (a *article) sumUp() {
	clear(a.sums)
	for i, w := range a.weights {
		s := &a.sums[a.blocks[i].in]
		s.weight += w.weight
		s.linked += w.linked
		if w.prose && !a.blocks[i].hidden {
			s.prose += w.weight - w.linked
		}
	}
	for i := len(a.elements) - 1; i > 0; i-- {
		p, s := &a.sums[a.elements[i].parent], a.sums[i]
		p.weight += s.weight
		p.linked += s.linked
		p.prose += s.prose
	}
}

// furnish decides which elements are furniture: those whose markup says so,
// unless they hold so much of the prose of the page that it must be wrong.
func (a *article) furnish(believe bool) {
	for i := 1; i < len(a.elements); i++ {
		e := a.elements[i]
		a.inBody[i] = a.inBody[e.parent] || e.hint&bodyHint != 0
		a.caption[i] = a.caption[e.parent] || e.hint&captionHint != 0
	}
	for i, b := range a.blocks {
		if a.caption[b.in] && b.Kind != Heading {
			a.blocks[i].Kind = Caption
		}
		a.weights[i].judge(b.Kind, a.inBody[b.in])
	}
	a.sumUp()
	marked := a.marked()
	a.findFirsts()
	within := make([]int32, len(a.elements)) // the innermost marked element around it
	for i := 1; i < len(a.elements); i++ {
		e := a.elements[i]
		prose, all := a.sums[i].prose, a.sums[within[e.parent]].prose
		within[i] = within[e.parent]
		if e.hint&goodHint != 0 && prose >= minMarked {
			within[i] = int32(i)
		}
		var furniture bool
		switch {
		case e.hint&badHint == 0 || !believe:
		case marked[i] > 0 && 2*marked[i] > marked[0]: // it holds what is marked
		case e.hint&goodHint != 0 && prose*4 > all:
		case e.hint&topicHint != 0 && a.isSection(i):
		case marked[0] > 0 && marked[i] == 0 && within[i] == 0: // the article is marked, and elsewhere
			furniture = true
		case e.hint&firmHint != 0:
			furniture = prose*10 < all*9
		default:
			furniture = prose*2 < all
		}
		a.furniture[i] = a.furniture[e.parent] || furniture
	}
	for i, b := range a.blocks {
		a.weights[i].aside = b.hidden || a.furniture[b.in]
	}
}

// minMarked is the weight of prose from which an element that says that it is
// the article may be believed.
const minMarked = 4 * minProse

// marked returns for each element how much prose in it stands in elements that
// say that they are an article or its text: in the innermost of these.
func (a *article) marked() []int32 {
	out := make([]int32, len(a.elements))
	for i := len(a.elements) - 1; i >= 0; i-- {
		e := a.elements[i]
		if out[i] == 0 && e.hint&goodHint != 0 && e.hint&firmHint == 0 && a.sums[i].prose >= minMarked {
			out[i] = a.sums[i].prose
		}
		if i > 0 {
			out[e.parent] += out[i]
		}
	}
	return out
}

// worth is what a block adds to the article: its weight for prose, less where
// it stands among links.
func (a *article) worth(i int) int32 {
	w := a.weights[i]
	switch {
	case w.aside:
		return 0
	case w.prose:
		return int32(int(w.weight-w.linked) * (100 - a.crowd(i)) / 100)
	case a.blocks[i].Kind == Row:
		return max(0, w.weight/4-w.linked)
	}
	return 0
}

// crowd returns how far a block is crowded by links, in percent: text among
// links is an extract of what they lead to. The text of an article that is
// marked as such may have as many links as it likes.
func (a *article) crowd(i int) int {
	worst := 0
	in := a.blocks[i].in
	for range 3 {
		s := a.sums[in]
		if s.weight > 4000 || a.inBody[in] {
			break
		}
		if s.weight > a.weights[i].weight {
			worst = max(worst, int(200*s.linked/s.weight)-60)
		}
		in = a.elements[in].parent
	}
	return min(worst, 100)
}

// findRoot chooses the root by a measure like F: of all that the blocks of the
// page are worth it should hold much, and not much else.
func (a *article) findRoot() {
	a.root = 0
	for i := range a.sums {
		a.sums[i].gain, a.sums[i].noise = 0, 0
	}
	for i, b := range a.blocks {
		s := &a.sums[b.in]
		worth := a.worth(i)
		s.gain += worth
		if !a.weights[i].aside {
			s.noise += max(0, a.weights[i].weight-worth)
		}
	}
	for i := len(a.elements) - 1; i > 0; i-- {
		p := &a.sums[a.elements[i].parent]
		p.gain += a.sums[i].gain
		p.noise += a.sums[i].noise
	}
	best := 0.0
	depth := a.depths()
	for i := range a.elements {
		s := a.sums[i]
		f := float64(s.gain) / (float64(s.gain) + missed*float64(a.sums[0].gain) + float64(s.noise))
		f *= 1 + deeper*float64(depth[i])
		switch hint := a.elements[i].hint; {
		case a.titled(i) && s.gain > 400:
			f *= 3.5
		case hint&bodyHint != 0:
			f *= 1.4
		case hint&storyHint != 0:
			f *= 1.1
		}
		if f > best || f == best && a.elements[i].parent == a.root {
			a.root, best = int32(i), f
		}
	}
}

// titled reports whether an element says that it is the article and has its
// headline.
func (a *article) titled(i int) bool {
	return a.elements[i].hint&goodHint != 0 && a.headline > int32(i) && a.headline < a.elements[i].end
}

// missed is how much worse it is to miss prose than to take in other text,
// which is told from prose afterwards. deeper is what a level of nesting is worth:
// it takes much prose, not just a box, to go up from where most of it is. Between
// half and twice these values the choices hardly differ.
const (
	missed = 1.25
	deeper = 0.05
)

// depths returns how many of the elements around each one hold more than it.
func (a *article) depths() []int32 {
	depth := make([]int32, len(a.elements))
	children := make([]int32, len(a.elements)) // that have text
	for i := len(a.elements) - 1; i > 0; i-- {
		if a.sums[i].weight > 0 {
			children[a.elements[i].parent]++
		}
	}
	for i := 1; i < len(depth); i++ {
		up := a.elements[i].parent
		depth[i] = depth[up]
		if children[up] > 1 {
			depth[i]++
		}
	}
	return depth
}

// inRoot reports whether a block stands in the root.
func (a *article) inRoot(i int) bool {
	in := a.blocks[i].in
	return in >= a.root && in < a.elements[a.root].end
}
