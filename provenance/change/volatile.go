package change

import (
	"slices"
	"strings"
	"unicode"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

const (
	// lineWords is the most words of a line that may be a counter or volatile: a
	// longer one is likely to be a sentence, and no digit of a sentence is noise.
	lineWords = 8
	// lookBack is how many captures before the two are looked at.
	lookBack = 4
	// volatileChanges is how many of the changes between the last captures must
	// have touched a line.
	volatileChanges = 3
)

// tickWords are in lines that count readers or say how old something is.
var tickWords = pattern.New(`\b(?:views?|visits?|visitors?|hits|likes?|shares?|comments?|replies|retweets?|reposts?|followers?|subscribers?|readers?|reads|downloads?|votes?|ratings?|reviews?|online|` +
	`ago|min read|minute read|aufrufe|besucher|kommentare|vor \d+ (?:minuten|stunden|tagen)|vues|commentaires|il y a|visitas|comentarios|hace)\b`)

// tick reports whether an edit is a counter or an age that moved on, or the date
// of the day alone.
func (e edit) tick() bool {
	if e.whole || hasQuotationMark(e.texts[0]+e.texts[1]) || !isLine(e.texts[0]) || !isLine(e.texts[1]) || !lineKinds(e.kinds) {
		return false
	}
	if skeleton(e.texts[0]) != skeleton(e.texts[1]) {
		return false
	}
	folded := textdiff.FoldText(e.texts[1])
	return tickWords().MatchString(folded) || strings.Trim(skeleton(e.texts[1]), "# ,.:/-|") == ""
}

func isLine(text string) bool { return !hasWords(text, lineWords+1) }

// lineKinds reports whether the kinds may hold lines that say nothing.
func lineKinds(kinds []extract.Kind) bool {
	return !slices.ContainsFunc(kinds, func(k extract.Kind) bool {
		return k == extract.Quotation || k == extract.Headline || k == extract.NoticeText
	})
}

var ages = wordSet("second seconds minute minutes min mins hour hours day days week weeks month months year years")

// skeleton is a text in compare form with # for each number and each name of a
// day or a month.
func skeleton(text string) string {
	var b strings.Builder
	for i, word := range strings.FieldsFunc(textdiff.FoldText(text), unicode.IsSpace) {
		if i > 0 {
			b.WriteByte(' ')
		}
		bare := strings.Trim(word, ".,:;()")
		switch {
		case textdiff.MeaningOf(bare) == meansDate:
			b.WriteByte('#')
		case ages[bare]:
			b.WriteString("age") // an hour, two hours, three days
		case containsDigit(word):
			digits := false
			for _, r := range word {
				if isDigit := unicode.IsDigit(r); !isDigit {
					b.WriteRune(r)
				} else if !digits {
					b.WriteByte('#')
				}
				digits = unicode.IsDigit(r)
			}
		default:
			b.WriteString(word)
		}
	}
	return b.String()
}

// leaveOutVolatile takes out of the edits those of lines that change with each
// capture. The past is read only if there may be such lines.
func (c *comparison) leaveOutVolatile(lazy *lazyPast) error {
	if !slices.ContainsFunc(c.edits, edit.mayBeVolatile) {
		return nil
	}
	past, err := lazy.get()
	if err != nil || len(past.Captures) == 0 {
		return err
	}
	var captures []map[string]string // skeleton to line, oldest first
	for i := max(0, len(past.Captures)-lookBack); i < len(past.Captures); i++ {
		d, err := past.Read(i)
		if err != nil {
			return err
		}
		if d != nil {
			captures = append(captures, linesOf(d))
		}
	}
	captures = append(captures, linesOf(c.before), linesOf(c.after))
	c.edits = slices.DeleteFunc(c.edits, func(e edit) bool {
		if !e.mayBeVolatile() {
			return false
		}
		key := skeleton(e.texts[1])
		changes := 0
		for i := 1; i < len(captures); i++ {
			was, had := captures[i-1][key]
			is, has := captures[i][key]
			if had && has && was != is {
				changes++
			}
		}
		if changes < volatileChanges {
			return false
		}
		c.volatile = append(c.volatile, oneLine(key))
		return true
	})
	return nil
}

// mostVolatile bounds how many volatile lines are kept of a page.
const mostVolatile = 50

// StillVolatile returns those of the lines that a verdict left out as volatile,
// in the form of schemas.Change.Volatile, which a page has still: no more than
// fifty, in the order given.
func StillVolatile(d *extract.Document, lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	there := map[string]bool{}
	for line := range linesOf(d) {
		there[oneLine(line)] = true
	}
	var still []string
	for _, line := range lines {
		if there[line] && len(still) < mostVolatile {
			still = append(still, line)
		}
	}
	return still
}

func (e edit) mayBeVolatile() bool {
	return !e.whole && isLine(e.texts[0]) && isLine(e.texts[1]) && lineKinds(e.kinds) &&
		!hasQuotationMark(e.texts[0]+e.texts[1]) && skeleton(e.texts[0]) == skeleton(e.texts[1])
}

// linesOf returns the lines with digits by their skeletons; of two lines with
// one skeleton, both.
func linesOf(d *extract.Document) map[string]string {
	lines := map[string]string{}
	for _, b := range d.Blocks {
		if isLine(b.Text) {
			if key := skeleton(b.Text); strings.Contains(key, "#") {
				lines[key] += b.Text + "\n"
			}
		}
	}
	return lines
}
