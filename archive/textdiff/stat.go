package textdiff

// A Stat counts what changed. A word is a token with a letter or a digit in it.
type Stat struct {
	WordsAdded   int
	WordsDeleted int
	WordsKept    int
	// Similarity is 2·kept/(before+after) over all tokens but white space,
	// punctuation included: 1 when nothing visible changed, 0 when nothing
	// was kept. It is taken from the segments as shown, never from another
	// measure, and grows and falls continuously.
	Similarity float64
}

// Stat counts the words of each operation.
func (d Diff) Stat() Stat {
	var s Stat
	var kept, changed int
	for _, seg := range d.Segments {
		words, visible := 0, 0
		for _, t := range tokens(seg.Text) {
			if isWord(t) {
				words++
			}
			if !isSpace(t) {
				visible++
			}
		}
		switch seg.Op {
		case Equal:
			s.WordsKept += words
			kept += visible
		case Delete:
			s.WordsDeleted += words
			changed += visible
		case Insert:
			s.WordsAdded += words
			changed += visible
		}
	}
	s.Similarity = 1
	if changed > 0 {
		s.Similarity = 2 * float64(kept) / float64(2*kept+changed)
	}
	return s
}
