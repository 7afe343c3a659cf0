package quote

import (
	"slices"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Fate says what became of a quoted passage in a newer version of its source.
type Fate string

// The fates, from those that say least to the gravest.
const (
	Intact         Fate = "intact"          // it stands where it stood
	Moved          Fate = "moved"           // it stands elsewhere, word for word
	ContextChanged Fate = "context-changed" // it is the same, and words around it in its paragraph are not
	Changed        Fate = "altered"         // some of its words are gone, replaced or added
	Removed        Fate = "removed"         // it is not there
	NotSeen        Fate = "unseen"          // the newer version does not tell
)

// A Verdict is what became of a passage.
type Verdict struct {
	Fate Fate
	// Places are where it stands now; of a removed passage, where other words
	// took its place, if any did.
	Places []textdiff.Place
	Text   string // there, places joined by a line feed
	// Segments lead from the passage before to what stands there now, fragments
	// joined by " … ": set if altered, and if removed while other words took its
	// place.
	Segments []textdiff.Segment
	Meaning  []string // what the words that differ are, as for a [Binding]
}

// A Revision is two versions of a source. It may not be used by several
// goroutines at once.
type Revision struct {
	before, after *extract.Document
	diff          textdiff.BlockDiff
	texts         [2][]string
	library       *Library // of the version after; nil until it is searched
}

// Compare compares two versions of a source, both read by one extractor. Either
// is nil when it was not seen.
func Compare(before, after *extract.Document) *Revision {
	r := &Revision{before: before, after: after}
	if before == nil || after == nil {
		return r
	}
	for side, d := range [2]*extract.Document{before, after} {
		for _, b := range d.Blocks {
			r.texts[side] = append(r.texts[side], b.Text)
		}
	}
	r.diff = textdiff.Blocks(r.texts[0], r.texts[1])
	return r
}

// Judge follows a passage of the version before, given by its places as a
// [Candidate] has them, into the version after.
//
// Its words are read off the comparison. A passage of which less than half is
// left there is looked for elsewhere by the bar of [Library.Bind], and what is
// found counts if it is word for word, or if also at least 0.6 of the words
// around it agree. Where another part of the page was read and hardly anything
// of the text before is in it, a passage that is not found was not seen.
func (r *Revision) Judge(places []textdiff.Place) Verdict {
	if r.before == nil || r.after == nil {
		return Verdict{Fate: NotSeen}
	}
	var parts []Verdict
	for _, group := range r.fragments(places) {
		parts = append(parts, r.judge(group))
	}
	if len(parts) == 0 {
		return Verdict{Fate: NotSeen}
	}
	return r.join(parts)
}

// fragments puts places together that follow each other from block to block,
// and leaves out those that are not in the text.
func (r *Revision) fragments(places []textdiff.Place) [][]textdiff.Place {
	var out [][]textdiff.Place
	for i, p := range places {
		if p.Block < 0 || p.Block >= len(r.texts[0]) || p.Start < 0 || p.Start >= p.End || p.End > len(r.texts[0][p.Block]) {
			continue
		}
		if i > 0 && len(out) > 0 && p.Block == places[i-1].Block+1 && p.Start == 0 && places[i-1].End == len(r.texts[0][p.Block-1]) {
			out[len(out)-1] = append(out[len(out)-1], p)
			continue
		}
		out = append(out, []textdiff.Place{p})
	}
	return out
}

// judge follows one fragment.
func (r *Revision) judge(places []textdiff.Place) Verdict {
	v := Verdict{Fate: Intact}
	kept, words := 0, 0
	for i, p := range places {
		passage := r.texts[0][p.Block][p.Start:p.End]
		n := countWords(passage)
		words += n
		projection := r.diff.Project(p)
		if i > 0 {
			v.Segments = append(v.Segments, textdiff.Segment{Text: "\n"})
		}
		v.Places = append(v.Places, projection.Places...)
		switch projection.Fate {
		case textdiff.Kept:
			kept += n
			v.Segments = append(v.Segments, textdiff.Segment{Text: passage})
			v.Fate = worse(v.Fate, keptFate(projection))
		case textdiff.Altered:
			kept += keptWords(projection.Segments)
			v.Segments = append(v.Segments, projection.Segments...)
			v.Fate = Changed
		case textdiff.Gone:
			segments := projection.Segments
			if segments == nil {
				segments = []textdiff.Segment{{Op: textdiff.Delete, Text: passage}}
			}
			v.Segments = append(v.Segments, segments...)
			v.Fate = Changed
		}
	}
	if v.Fate != Changed {
		v.Segments, v.Text = nil, textAt(r.after.Blocks, v.Places)
		return v
	}
	if 2*kept >= words && kept > 0 {
		return r.changed(v)
	}
	if found, ok := r.search(places); ok {
		return found
	}
	v.Fate, v.Text = Removed, textAt(r.after.Blocks, v.Places)
	if r.otherText() {
		return Verdict{Fate: NotSeen}
	}
	if len(v.Places) == 0 {
		v.Segments = nil
	}
	return v
}

// changed fills the verdict on a passage that was altered in its place. One
// that differs in punctuation alone still says the same.
func (r *Revision) changed(v Verdict) Verdict {
	v.Text = textAt(r.after.Blocks, v.Places)
	v.Meaning = meaningsOf(v.Segments)
	if len(v.Meaning) == 0 {
		v.Fate, v.Segments = Intact, nil
	}
	return v
}

func keptFate(p textdiff.Projection) Fate {
	switch {
	case p.Moved:
		return Moved
	case p.Around:
		return ContextChanged
	}
	return Intact
}

var gravity = []Fate{Intact, Moved, ContextChanged, Changed, Removed, NotSeen}

func worse(a, b Fate) Fate {
	if slices.Index(gravity, a) < slices.Index(gravity, b) {
		return b
	}
	return a
}

func keptWords(segments []textdiff.Segment) int {
	n := 0
	for _, s := range segments {
		if s.Op == textdiff.Equal {
			n += countWords(s.Text)
		}
	}
	return n
}

// join puts the verdicts on the fragments of a passage together: it is removed
// if all of them are, and altered if some are.
func (r *Revision) join(parts []Verdict) Verdict {
	if len(parts) == 1 {
		return parts[0]
	}
	out := Verdict{Fate: Intact}
	removed := 0
	for i, p := range parts {
		if p.Fate == Removed {
			removed++
		}
		out.Fate = worse(out.Fate, p.Fate)
		out.Places = append(out.Places, p.Places...)
		if i > 0 {
			out.Segments = append(out.Segments, textdiff.Segment{Text: between})
		}
		segments := p.Segments
		if segments == nil {
			segments = []textdiff.Segment{{Text: p.Text}}
		}
		out.Segments = append(out.Segments, segments...)
	}
	if out.Fate == Removed && removed < len(parts) {
		out.Fate = Changed
	}
	out.Text = textAt(r.after.Blocks, out.Places)
	switch out.Fate {
	case Changed:
		out.Meaning = meaningsOf(out.Segments)
	case Removed:
	default:
		out.Segments = nil
	}
	return out
}

// minAround is the share of the words around a passage that must agree where
// it is found elsewhere with differences, in percent.
const minAround = 60

// search looks for a passage in the whole of the version after.
func (r *Revision) search(places []textdiff.Place) (Verdict, bool) {
	if r.library == nil {
		r.library = NewLibrary()
		if err := r.library.Add("", r.after); err != nil {
			return Verdict{}, false
		}
	}
	text := textAt(r.before.Blocks, places)
	q := Quotation{Text: text, Fragments: []string{text}}
	b := r.library.Bind(q)
	var found []Candidate
	switch b.State {
	case Verbatim, Normalised, Altered:
		found = []Candidate{b.Candidate}
	case Ambiguous:
		found = b.Candidates
	}
	around := r.around(r.before, places)
	best, agreement := Candidate{}, -1
	for _, c := range found {
		if a := agree(around, r.around(r.after, c.Places)); a > agreement {
			best, agreement = c, a
		}
	}
	exact := b.State == Verbatim || b.State == Normalised || b.State == Ambiguous && b.Errors == 0
	if agreement < 0 || agreement < minAround && (!exact || countWords(text) < minAligned) {
		return Verdict{}, false
	}
	v := Verdict{Fate: Moved, Places: best.Places, Text: textAt(r.after.Blocks, best.Places)}
	if b.State == Altered {
		v.Fate = Changed
		v.Segments = textdiff.Compare(asDisplayed(text), asDisplayed(v.Text)).Readable().Segments
		v.Meaning = meaningsOf(v.Segments)
	}
	return v, true
}

// aroundWords is how many words on each side of a passage are its context.
const aroundWords = 16

// around returns the words before and behind a passage, in its block or the
// next ones.
func (r *Revision) around(d *extract.Document, places []textdiff.Place) [2][]word {
	first, last := places[0], places[len(places)-1]
	before := wordsOf(tail(d.Blocks[first.Block].Text[:first.Start], maxAttribution))
	if first.Block > 0 && len(before) < aroundWords {
		before = append(wordsOf(tail(d.Blocks[first.Block-1].Text, maxAttribution)), before...)
	}
	after := wordsOf(head(d.Blocks[last.Block].Text[last.End:], maxAttribution))
	if last.Block+1 < len(d.Blocks) && len(after) < aroundWords {
		after = append(after, wordsOf(head(d.Blocks[last.Block+1].Text, maxAttribution))...)
	}
	return [2][]word{before[max(0, len(before)-aroundWords):], after[:min(len(after), aroundWords)]}
}

// agree returns which share of the words around two passages is the same, in
// percent, of the side that agrees more.
func agree(a, b [2][]word) int {
	most := 0
	for side := range a {
		count := map[string]int{}
		for _, w := range a[side] {
			count[w.text]++
		}
		same := 0
		for _, w := range b[side] {
			if count[w.text] > 0 {
				count[w.text]--
				same++
			}
		}
		if n := max(len(a[side]), len(b[side])); n >= minAligned {
			most = max(most, 100*same/n)
		}
	}
	return most
}

// otherText reports whether the version after is of another part of the page,
// which has hardly any of the text before.
func (r *Revision) otherText() bool {
	if r.before.Root == r.after.Root {
		return false
	}
	stat := r.diff.Stat()
	return stat.WordsKept < stat.WordsDeleted
}
