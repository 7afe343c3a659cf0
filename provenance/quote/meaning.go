package quote

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// meaningsOf names what the words that differ are, those that change most of
// what is said first.
func meaningsOf(segments []textdiff.Segment) []string {
	var found []string
	before, after := [2]string{}, ""
	for i := 0; i < len(segments); {
		if segments[i].Op == textdiff.Equal {
			before[0], before[1] = before[0]+segments[i].Text, before[1]+segments[i].Text
			i++
			continue
		}
		texts := [2]string{}
		for ; i < len(segments) && segments[i].Op != textdiff.Equal; i++ {
			if segments[i].Op == textdiff.Delete {
				texts[0] += segments[i].Text
			} else {
				texts[1] += segments[i].Text
			}
		}
		if after = ""; i < len(segments) {
			after = segments[i].Text
		}
		found = append(found, meaningsAt(texts, before, after)...)
		for side := range texts {
			before[side] = tail(before[side]+texts[side], maxAttribution)
		}
	}
	var out []string
	for _, m := range []string{"number", "negation", "name", "date", "unit", "modal", "words"} {
		if slices.Contains(found, m) {
			out = append(out, m)
		}
	}
	return out
}

// meaningsAt names what the words of one place are on both sides, given the
// text before it and behind it.
func meaningsAt(texts, before [2]string, after string) []string {
	var out []string
	var words [2][]word
	count := [2]map[string]int{{}, {}}
	for side, text := range texts {
		words[side] = wordsOf(text)
		for _, w := range words[side] {
			count[side][w.text]++
		}
	}
	for side, text := range texts {
		for _, w := range words[side] {
			if count[1-side][w.text] > 0 {
				count[1-side][w.text]--
				continue
			}
			written := text[w.start:w.end]
			first, _ := utf8.DecodeRuneInString(w.text)
			switch meaning := textdiff.MeaningOf(w.text); {
			case meaning != "":
				out = append(out, meaning)
			case isSign(first):
				out = append(out, "unit")
			case first == '-' || first == '+':
				out = append(out, "number")
			case isName(written) && !beginsSentence(before[side]+text[:w.start]):
				out = append(out, "name")
			default:
				out = append(out, "words")
			}
		}
	}
	if len(out) == 0 && !sameWords(words[0], words[1]) {
		out = append(out, "words") // the same words in another order
	}
	return out
}

func sameWords(a, b []word) bool {
	return slices.EqualFunc(a, b, func(a, b word) bool { return a.text == b.text })
}

// isName reports whether a word is written with a capital.
func isName(written string) bool {
	first, size := utf8.DecodeRuneInString(written)
	return unicode.IsUpper(first) && len(written) > size
}

// beginsSentence reports whether what follows a text is the first word of a
// sentence, whose capital says nothing.
func beginsSentence(text string) bool {
	text = strings.TrimRight(text, " \n\"'“”‘’„«»([")
	last, _ := utf8.DecodeLastRuneInString(text)
	return text == "" || strings.ContainsRune(".!?:…。", last)
}
