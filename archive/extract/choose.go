package extract

import (
	"iter"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// The engine answers with a rebuilt tree: it drops inline elements such as
// <time> with their words, glues others, loses links, and leaves out notices.
// So it is asked for its opinion only. The text is taken from the page itself:
// those of its blocks whose words the engine kept.

// shingle is the number of words by which longer blocks are recognised.
const shingle = 3

// minCoverage is the share of a block's shingles that the engine must have
// kept for the block to belong to the article.
const minCoverage = 0.6

// choose returns the blocks of the page, in its order, that make up the
// article in the opinion of the engine. It returns nil when no block of the
// page can be recognised.
func choose(page, engine []pageBlock) []pageBlock {
	opinion := newOpinion(engine)
	words := make([][]string, len(page))
	var candidates []int
	for i, b := range page {
		words[i] = wordsOf(b.Text)
		if len(words[i]) >= shingle && opinion.covers(words[i]) {
			candidates = append(candidates, i)
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	keep := make([]bool, len(page))
	for _, i := range byStanding(page, candidates) {
		if opinion.covers(words[i]) { // not used up by a better copy
			opinion.use(words[i])
			keep[i] = true
		}
	}
	first, last := slices.Index(keep, true), lastIndex(keep)
	for i := max(0, first-nearby); i < min(len(page), last+1+nearby); i++ {
		if key := strings.Join(words[i], " "); !keep[i] && len(words[i]) < shingle && opinion.short[key] > 0 {
			opinion.short[key]--
			keep[i] = true
		}
	}
	keepCaptions(page, keep)
	keepNotices(page, keep)
	var out []pageBlock
	for i, b := range page {
		if keep[i] {
			out = append(out, b)
		}
	}
	return out
}

// nearby is how far outside the recognised blocks a short one may stand.
const nearby = 2

// byStanding orders candidates so that of several copies of a text the one in
// the article comes first: pages repeat headlines, teasers, captions, and some
// the whole text. It is the one that readers see and that has most candidates
// beside it.
func byStanding(page []pageBlock, candidates []int) []int {
	beside := make(map[*html.Node]int)
	for _, i := range candidates {
		beside[parent(page[i].node)]++
	}
	out := slices.Clone(candidates)
	slices.SortStableFunc(out, func(i, j int) int {
		if page[i].hidden != page[j].hidden {
			if page[i].hidden {
				return 1
			}
			return -1
		}
		return beside[parent(page[j].node)] - beside[parent(page[i].node)]
	})
	return out
}

func parent(n *html.Node) *html.Node {
	if n == nil {
		return nil
	}
	return n.Parent
}

func lastIndex(keep []bool) int {
	for i := len(keep) - 1; i >= 0; i-- {
		if keep[i] {
			return i
		}
	}
	return -1
}

// An opinion is the text that the engine kept, as counts of what can still be
// found in the page.
type opinion struct {
	shingles map[string]int
	short    map[string]int // lines too short for shingles
}

func newOpinion(engine []pageBlock) opinion {
	o := opinion{make(map[string]int), make(map[string]int)}
	var all []string
	for _, b := range engine {
		for line := range strings.SplitSeq(b.Text, "\n") {
			words := wordsOf(line)
			if len(words) < shingle {
				o.short[strings.Join(words, " ")]++
			}
			all = append(all, words...)
		}
	}
	for s := range shinglesOf(all) {
		o.shingles[s]++
	}
	return o
}

// covers reports whether the engine kept most of a text.
func (o opinion) covers(words []string) bool {
	kept, all := 0, 0
	for s := range shinglesOf(words) {
		all++
		if o.shingles[s] > 0 {
			kept++
		}
	}
	return float64(kept) >= minCoverage*float64(all)
}

// use takes the shingles of a text out of the counts.
func (o opinion) use(words []string) {
	for s := range shinglesOf(words) {
		if o.shingles[s] > 0 {
			o.shingles[s]--
		}
	}
}

// shinglesOf yields the runs of shingle words.
func shinglesOf(words []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i+shingle <= len(words); i++ {
			if !yield(strings.Join(words[i:i+shingle], " ")) {
				return
			}
		}
	}
}

// keepNotices adds correction and update notices that stand in the article but
// that the engine left out, as it does with footers and asides.
func keepNotices(page []pageBlock, keep []bool) {
	root := container(page, keep)
	for n := root; n != nil; n = n.Parent {
		if n.Data == "article" || n.Data == "main" {
			root = n
			break
		}
	}
	for i, b := range page {
		if !keep[i] && !b.hidden && isNotice(b.Text) && isBelow(b.node, root) {
			keep[i] = true
		}
	}
}

// keepCaptions adds the captions that stand between kept blocks and say
// something: those of tables, and those of figures that are sentences. The
// rest are credits and labels, which change with the advertisements.
func keepCaptions(page []pageBlock, keep []bool) {
	root := container(page, keep)
	first, last := slices.Index(keep, true), lastIndex(keep)
	for i := first; i < last; i++ {
		b := page[i]
		if b.Kind == Caption && !b.hidden && isBelow(b.node, root) && (isSentence(b.Text) || inside(b.node, named("table"))) {
			keep[i] = true
		}
	}
}

func isSentence(text string) bool {
	text = strings.TrimRight(text, `"'”’)`)
	return strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, "?")
}

// container returns the innermost element around all kept blocks, or around
// most of them when only the body holds all.
func container(page []pageBlock, keep []bool) *html.Node {
	counts := make(map[*html.Node]int)
	all := 0
	for i, b := range page {
		if !keep[i] {
			continue
		}
		all += len(b.Text)
		for n := b.node; n != nil; n = n.Parent {
			counts[n] += len(b.Text)
		}
	}
	var best *html.Node
	for i, b := range page {
		if !keep[i] {
			continue
		}
		for n := b.node; n != nil; n = n.Parent {
			if counts[n]*10 >= all*9 {
				if best == nil || isBelow(n, best) {
					best = n
				}
				break
			}
		}
	}
	return best
}

func isBelow(n, root *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == root {
			return true
		}
	}
	return false
}
