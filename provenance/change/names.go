package change

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// vocabulary knows which words both texts use in lower case: such a word with a
// capital at the beginning of a sentence is no name.
type vocabulary struct {
	texts [2][]string
	small map[string]bool // made when it is first asked for
}

func newVocabulary(before, after []string) *vocabulary {
	return &vocabulary{texts: [2][]string{before, after}}
}

func (v *vocabulary) isCommon(word string) bool {
	if v.small == nil {
		v.small = map[string]bool{}
		for _, texts := range v.texts {
			for _, text := range texts {
				for _, word := range strings.FieldsFunc(text, notOfWord) {
					if first, _ := utf8.DecodeRuneInString(word); unicode.IsLower(first) {
						v.small[word] = true
					}
				}
			}
		}
	}
	return v.small[strings.ToLower(word)] || startWords[strings.ToLower(word)]
}

// startWords begin sentences so often that a text may not have them in small
// letters.
var startWords = wordSet(`the this that these those there then they their it its he his she her we our you your i in on at as an a and but or
	if when while after before since for from with by to of what who why how where which here now so yet however although though because
	das der die ein eine es er sie wir ihr und aber oder wenn als nach vor für mit von zu was wer wie wo le la les un une il elle ils nous vous et mais ou
	el los las una en de que y pero o si cuando`)

func notOfWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' && r != '-'
}

// changed reports whether a name is among the changed words: a word with a
// capital, unless that is owed to its place at the beginning of a sentence. Words
// that differ in case alone are no other name.
func (v *vocabulary) changed(p *place, texts [2]string) bool {
	folded := [2]map[string]int{}
	for side, words := range [2]string{p.before, p.after} {
		folded[side] = map[string]int{}
		for _, word := range strings.FieldsFunc(words, notOfWord) {
			folded[side][strings.ToLower(word)]++
		}
	}
	for side := range 2 {
		text, from, to := texts[side], p.from[side], p.to[side]
		for at := from; at < to; {
			start := at + strings.IndexFunc(text[at:to], func(r rune) bool { return !notOfWord(r) })
			if start < at {
				break
			}
			end := to
			if n := strings.IndexFunc(text[start:to], notOfWord); n >= 0 {
				end = start + n
			}
			at = end
			word := text[start:end]
			if folded[1-side][strings.ToLower(word)] > 0 || !isCapitalised(word) {
				continue
			}
			if !beginsSentence(text, start) || !v.isCommon(word) {
				return true
			}
		}
	}
	return false
}

func isCapitalised(word string) bool {
	first, size := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(first) && (len(word) > size || unicode.IsUpper(first) && word != "I" && word != "A")
}

// beginsSentence reports whether the word at a place is the first of its
// sentence.
func beginsSentence(text string, at int) bool {
	head := strings.TrimRight(text[:at], " \"'“”‘’„«»([")
	if head == "" || strings.HasSuffix(head, "\n") {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(head)
	return strings.ContainsRune(".!?:;•–—…。", last)
}

// quotations returns the spans between quotation marks, the marks left out. One
// that is not closed goes on to the end: the next paragraph may close it.
func quotations(text string) []textdiff.Span {
	var spans []textdiff.Span
	open, closing := -1, rune(0)
	previous := ' '
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		next, _ := utf8.DecodeRuneInString(text[i+size:])
		switch {
		case open >= 0 && isClosing(closing, r, next):
			spans = append(spans, textdiff.Span{Start: open, End: i})
			open = -1
		case open < 0:
			if end := closingOf(r, previous, next); end != 0 {
				open, closing = i+size, end
			}
		}
		previous = r
		i += size
	}
	if open >= 0 && closing != '\'' && closing != '’' {
		spans = append(spans, textdiff.Span{Start: open, End: len(text)})
	}
	return spans
}

// closingOf returns the mark that closes what r opens, 0 when it opens nothing.
func closingOf(r, previous, next rune) rune {
	switch r {
	case '“', '„', '”':
		return '”'
	case '«':
		return '»'
	case '»':
		return '«'
	case '「':
		return '」'
	case '『':
		return '』'
	case '"':
		return '"'
	case '‘':
		return '’'
	case '\'':
		if !unicode.IsLetter(previous) && !unicode.IsDigit(previous) && unicode.IsLetter(next) {
			return '\''
		}
	}
	return 0
}

// isClosing tells a closing mark from an apostrophe. “ closes what „ opened.
func isClosing(want, r, next rune) bool {
	switch want {
	case '”':
		return r == '”' || r == '“'
	case '\'', '’':
		return (r == want) && !unicode.IsLetter(next)
	}
	return r == want
}
