package textdiff

// A Stat counts what changed. A word is a token with a letter or a digit in it.
type Stat struct {
	WordsAdded   int
	WordsDeleted int
	WordsKept    int
}

// Stat counts the words of each operation.
func (d Diff) Stat() Stat {
	var s Stat
	for _, seg := range d.Segments {
		n := countWords(seg.Text)
		switch seg.Op {
		case Equal:
			s.WordsKept += n
		case Delete:
			s.WordsDeleted += n
		case Insert:
			s.WordsAdded += n
		}
	}
	return s
}

func (s *Stat) add(t Stat) {
	s.WordsAdded += t.WordsAdded
	s.WordsDeleted += t.WordsDeleted
	s.WordsKept += t.WordsKept
}

func countWords(text string) int {
	n := 0
	c := tokens(text)
	for i := range c.len() {
		if isWord(c.piece(i)) {
			n++
		}
	}
	return n
}
