package quote

import (
	"cmp"
	"slices"
	"sort"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Bound is a quotation with its source.
type Bound struct {
	Quotation Quotation
	Binding   Binding
}

// BindPost finds the quotations of a post and binds them, in the order of the
// post: those that marks tell, and the passages that nothing but a source tells,
// as far as no bound quotation has them. tiers returns the tiers of sources for
// a quotation, as for [Library.Bind]; its links are known, and in the first call
// for a passage without marks its words too.
//
// A short quotation that stands in a longer passage of the post that a source
// has, too, is bound by that passage.
func (l *Library) BindPost(post *extract.Document, tiers func(Quotation) [][]string) []Bound {
	l.seal()
	p := newPostText(l, post)
	marked := Find(post)
	everywhere := l.rank(tiers(Quotation{Mark: Unmarked}))
	runs := p.runs(everywhere)
	var out []Bound
	for _, q := range marked {
		b := l.bind(q, l.rank(tiers(q)), p.near(q, runs))
		if b.State != NotFound && b.State != Unseen {
			p.cover(q.Places)
		}
		out = append(out, Bound{q, b})
	}
	finder := finder{post: post, links: placeLinks(post)}
	for _, r := range runs {
		for _, places := range p.uncovered(r) {
			q := finder.quotation(Unmarked, places)
			b := l.bind(q, l.rank(tiers(q)), p.near(q, runs))
			if b.State != NotFound && b.State != Unseen {
				out = append(out, Bound{q, b})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Bound) int { return comparePlaces(a.Quotation.Places, b.Quotation.Places) })
	return out
}

func comparePlaces(a, b []textdiff.Place) int {
	return cmp.Or(cmp.Compare(a[0].Block, b[0].Block), cmp.Compare(a[0].Start, b[0].Start))
}

// A postText is the words of a post by their numbers in a library.
type postText struct {
	*Library
	post    *extract.Document
	numbers []uint32
	spans   []textdiff.Place
	first   []int  // word of each block
	covered []bool // words of bound quotations
}

func newPostText(l *Library, post *extract.Document) *postText {
	p := &postText{Library: l, post: post}
	for i, b := range post.Blocks {
		p.first = append(p.first, len(p.numbers))
		if b.Kind == extract.Byline || b.Kind == extract.Date || b.Kind == extract.Code {
			continue
		}
		for _, w := range wordsOf(b.Text) {
			p.numbers = append(p.numbers, l.number(w.text))
			p.spans = append(p.spans, textdiff.Place{Block: i, Span: textdiff.Span{Start: w.start, End: w.end}})
		}
	}
	p.first = append(p.first, len(p.numbers))
	p.covered = make([]bool, len(p.numbers))
	return p
}

// minRun is the fewest words that make a passage without marks a quotation.
const minRun = 8

// A sharedRun is a passage that the post has and a source has, too.
type sharedRun struct {
	from, to int // words of the post
	steps    []sharedStep
}

// A sharedStep is consecutive words of a passage that are the same on both
// sides.
type sharedStep struct {
	from, to int
	source   uint32 // the first of them in the library
}

// runs returns the shared passages of at least minRun words that are the same,
// from left to right, the longest at each place; each extended over small
// differences.
func (p *postText) runs(r ranks) []sharedRun {
	var out []sharedRun
	for i := 0; i+minRun <= len(p.numbers); {
		best := p.longest(i, r)
		if best.to-best.from < minRun {
			i++
			continue
		}
		run := sharedRun{from: best.from, to: best.to, steps: []sharedStep{best}}
		if n := len(out); n > 0 {
			run = p.merge(&out, n, run)
		}
		out = append(out, run)
		i = run.to
	}
	for i := range out {
		end := len(p.numbers)
		if i+1 < len(out) {
			end = out[i+1].from
		}
		p.extend(&out[i], end)
	}
	return out
}

// longest returns the longest sequence of words that stands at a place of the
// post and in a source; of equal ones that of the earliest tier.
func (p *postText) longest(i int, r ranks) sharedStep {
	const most = 64 // places of four words that are looked at
	best, tier := sharedStep{}, 0
	hits := p.find(p.numbers[i : i+shingle])
	if len(hits) > most {
		if rarer := p.find(p.numbers[i+shingle : i+2*shingle]); len(rarer) < len(hits) {
			hits = make([]uint32, 0, len(rarer))
			for _, h := range rarer {
				if h >= shingle {
					hits = append(hits, h-shingle)
				}
			}
		}
	}
	for _, h := range hits[:min(len(hits), most)] {
		n := 0
		for i+n < len(p.numbers) && int(h)+n < len(p.words) && p.numbers[i+n] == p.words[int(h)+n] {
			n++
		}
		t := r.tier(p.sourceAt(h))
		if n > best.to-best.from || n == best.to-best.from && t < tier {
			best, tier = sharedStep{i, i + n, h}, t
		}
	}
	return best
}

// maxBridge is how many words of either side may differ between two sequences
// of one passage.
const maxBridge = 4

// merge joins a passage with the one before it, where both go on in the source
// as in the post, but for a few words or for what an ellipsis leaves out.
func (p *postText) merge(out *[]sharedRun, n int, run sharedRun) sharedRun {
	last := (*out)[n-1]
	a, b := last.steps[len(last.steps)-1], run.steps[0]
	end := a.source + uint32(a.to-a.from)
	if b.source < end || p.sourceAt(a.source) != p.sourceAt(b.source) {
		return run
	}
	apart, skipped := b.from-a.to, int(b.source-end)
	bridged := apart <= maxBridge && skipped <= maxBridge
	if !bridged && (apart > 0 || !p.elided(a.to, b.from) || skipped > gapWords) {
		return run
	}
	*out = (*out)[:n-1]
	last.to = run.to
	last.steps = append(last.steps, b)
	return last
}

// elided reports whether an ellipsis stands between two words of the post.
func (p *postText) elided(from, to int) bool {
	a, b := p.spans[from-1], p.spans[to]
	text := ""
	if a.Block == b.Block {
		text = p.post.Blocks[a.Block].Text[a.End:b.Start]
	} else {
		text = p.post.Blocks[a.Block].Text[a.End:] + " " + p.post.Blocks[b.Block].Text[:b.Start]
	}
	return ellipsis().MatchString(text)
}

// extend takes words at both ends of a passage that go on behind a small
// difference: at least three for each word that differs.
func (p *postText) extend(r *sharedRun, end int) {
	for {
		last := r.steps[len(r.steps)-1]
		next, ok := p.resume(last, end)
		if !ok {
			return
		}
		r.steps = append(r.steps, next)
		r.to = next.to
	}
}

// resume finds the sequence that goes on behind another one, a few words later.
func (p *postText) resume(last sharedStep, end int) (sharedStep, bool) {
	behind := int(last.source) + last.to - last.from
	for differ := 1; differ <= maxBridge; differ++ {
		for a := 0; a <= differ; a++ {
			for _, step := range [2][2]int{{a, differ}, {differ, a}} {
				from, at := last.to+step[0], behind+step[1]
				n := 0
				for from+n < end && at+n < len(p.words) && p.numbers[from+n] == p.words[at+n] {
					n++
				}
				if n >= 3*differ+1 && p.sourceAt(last.source) == p.sourceAt(uint32(at)) {
					return sharedStep{from, from + n, uint32(at)}, true
				}
			}
		}
	}
	return sharedStep{}, false
}

// wordsIn returns the range of the words of a place.
func (p *postText) wordsIn(place textdiff.Place) (from, to int) {
	lo, hi := p.first[place.Block], p.first[place.Block+1]
	from = lo + sort.Search(hi-lo, func(i int) bool { return p.spans[lo+i].End > place.Start })
	to = lo + sort.Search(hi-lo, func(i int) bool { return p.spans[lo+i].Start >= place.End })
	return from, max(from, to)
}

// cover notes that a bound quotation has the words at some places.
func (p *postText) cover(places []textdiff.Place) {
	for _, place := range places {
		from, to := p.wordsIn(place)
		for i := from; i < to; i++ {
			p.covered[i] = true
		}
	}
}

// uncovered returns the parts of a passage of at least minRun words that no
// bound quotation has, as places of the post.
func (p *postText) uncovered(r sharedRun) [][]textdiff.Place {
	var out [][]textdiff.Place
	for i := r.from; i < r.to; {
		n := 0
		for i+n < r.to && !p.covered[i+n] {
			n++
		}
		if n >= minRun {
			out = append(out, p.placesOf(i, i+n))
		}
		i += n + 1
	}
	return out
}

// placesOf returns the places of a range of words, one for each block.
func (p *postText) placesOf(from, to int) []textdiff.Place {
	var out []textdiff.Place
	for i := from; i < to; {
		block := p.spans[i].Block
		last := min(to, p.first[block+1]) - 1
		out = append(out, textdiff.Place{Block: block, Span: textdiff.Span{Start: p.spans[i].Start, End: p.spans[last].End}})
		i = last + 1
	}
	return out
}

// near returns whether a match of a quotation stands in a source where the
// passage of the post around it stands; nil if the post shares none.
func (p *postText) near(q Quotation, runs []sharedRun) func(match) bool {
	from, to := p.wordsIn(q.Places[0])
	i := sort.Search(len(runs), func(i int) bool { return runs[i].to > from })
	if i == len(runs) || runs[i].from >= to || from == to {
		return nil
	}
	r := runs[i]
	k := max(0, sort.Search(len(r.steps), func(k int) bool { return r.steps[k].from > from })-1)
	expected := int(r.steps[k].source) + from - r.steps[k].from
	return func(m match) bool {
		first, _ := m.extent()
		return abs(int(first)-expected) <= maxBridge
	}
}

func abs(n int) int { return max(n, -n) }
