package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// A pair is a passage between two quotation marks.
type pair struct {
	mark  rune // that opens it
	outer textdiff.Span
	inner textdiff.Span
}

// An opening is a mark that has not been closed.
type opening struct {
	mark, end rune
	at        int // of the mark
	inner     int // behind the mark
}

// marks matches the quotation marks of a text and returns the outermost pairs,
// and the first mark that opens and is not closed, if there is one outside of
// them. Each mark is looked at once: what closes nothing is text, and what is
// not closed before a mark around it is closed is, too.
func marks(text string) (pairs []pair, unclosed *opening) {
	var open []opening
	depth := map[rune]int{} // of open marks by the mark that closes them
	singles := closers(text)
	previous := rune(' ')
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		next, _ := utf8.DecodeRuneInString(text[i+size:])
		if i+size == len(text) {
			next = ' '
		}
		if end := closes(r, previous, next, depth, i, singles); end != 0 {
			for {
				top := open[len(open)-1]
				open = open[:len(open)-1]
				depth[top.end]--
				if top.end == end {
					pairs = outermost(pairs, pair{top.mark, textdiff.Span{Start: top.at, End: i + size}, textdiff.Span{Start: top.inner, End: i}})
					break
				}
			}
		} else if end := opens(r, previous, next); end != 0 {
			open = append(open, opening{r, end, i, i + size})
			depth[end]++
		}
		previous = r
		i += size
	}
	covered := 0
	for _, o := range open {
		for covered < len(pairs) && pairs[covered].outer.End <= o.at {
			covered++
		}
		if o.end != '\'' && o.end != '’' && (covered == len(pairs) || pairs[covered].outer.Start > o.at) {
			return pairs, &o
		}
	}
	return pairs, nil
}

// outermost adds a pair in the place of those that it holds. Straight single
// marks around others are more likely apostrophes.
func outermost(pairs []pair, p pair) []pair {
	if n := len(pairs); n > 0 && pairs[n-1].outer.Start > p.outer.Start && (p.mark == '\'' || p.mark == '`') {
		return pairs
	}
	for len(pairs) > 0 && pairs[len(pairs)-1].outer.Start > p.outer.Start {
		pairs = pairs[:len(pairs)-1]
	}
	return append(pairs, p)
}

// opens returns the mark that closes what r opens, 0 if it opens nothing.
func opens(r, previous, next rune) rune {
	begins := !isWordRune(previous) && !unicode.IsSpace(next)
	switch r {
	case '“', '„', '‟':
		return '”'
	case '”':
		if unicode.IsSpace(previous) && isWordRune(next) {
			return '”' // ”so in Swedish and Finnish”
		}
	case '«':
		return '»'
	case '»':
		if begins {
			return '«'
		}
	case '‹':
		return '›'
	case '›':
		if begins {
			return '‹'
		}
	case '「':
		return '」'
	case '『':
		return '』'
	case '"', '″':
		if begins && !strings.ContainsRune(".,;!?", previous) {
			return '"'
		}
	case '‘', '‚', '‛':
		if begins {
			return '’'
		}
	case '\'', '`':
		if begins && (unicode.IsSpace(previous) || strings.ContainsRune("([{\"“—–-:", previous)) && isWordRune(next) {
			return '\''
		}
	}
	return 0
}

// closes returns the mark under which what r closes is open, 0 if it closes
// nothing.
func closes(r, previous, next rune, depth map[rune]int, at int, singles map[int]bool) rune {
	switch r {
	case '”', '“':
		// “ closes what „ opened; where “ itself opens, it stands before a word.
		if depth['”'] > 0 && (r == '”' || !isWordRune(next) && !unicode.IsSpace(previous)) {
			return '”'
		}
	case '»', '«', '›', '‹', '」', '』':
		if depth[r] > 0 {
			return r
		}
	case '"', '″':
		if depth['"'] > 0 && (!unicode.IsSpace(previous) || !isWordRune(next)) {
			return '"'
		}
		if depth['”'] > 0 && !unicode.IsSpace(previous) && !isWordRune(next) {
			return '”' // a pair of which one mark is straight
		}
	case '’', '\'':
		for _, end := range [2]rune{r, '’'} {
			if depth[end] > 0 && singles[at] {
				return end
			}
		}
	}
	return 0
}

// closers tells single marks that close from apostrophes. One that may be the
// genitive of a plural (the dogs’ tails) closes only if no other mark does
// before the next one opens.
func closers(text string) map[int]bool {
	out := map[int]bool{}
	later := false // another one closes before the next one opens
	for i := len(text); i > 0; {
		r, size := utf8.DecodeLastRuneInString(text[:i])
		i -= size
		if r == '‘' || r == '‚' {
			later = false
		}
		if r != '’' && r != '\'' {
			continue
		}
		next, width := utf8.DecodeRuneInString(text[i+size:])
		previous, _ := utf8.DecodeLastRuneInString(text[:i])
		if width > 0 && isWordRune(next) || i == 0 || unicode.IsSpace(previous) {
			continue
		}
		if later && (previous == 's' || previous == 'S') && next == ' ' {
			continue
		}
		out[i], later = true, true
	}
	return out
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}
