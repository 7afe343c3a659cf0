package quote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/pattern"
)

var (
	// ellipsis is where words were left out.
	ellipsis = pattern.New(`\\?[\[(]\s*(?:…|\.\s?\.\s?\.(?:\s?\.)*)\s*\\?[\])]|…+|\.(?:\s?\.){2,}|\*\s\*\s\*`)
	// aside is what the writer added and says so.
	aside = pattern.New(`(?i)\s*\\?[\[(]\s*(?:sic|(?:my |our )?emphas[ie]s (?:added|mine|ours|in (?:the )?original|theirs)|(?:my|our) emphasis|italics (?:added|mine|in (?:the )?original)|footnotes? omitted|citations? (?:omitted|needed)|translated|my translation)[.!]?\s*\\?[\])]`)
	// note is the mark of a footnote: in brackets, raised, or figures that
	// stand directly behind the mark at the end of a sentence.
	note    = pattern.New(`\\?\[\d{1,3}\\?\]|[⁰¹²³⁴⁵⁶⁷⁸⁹]+`)
	figures = pattern.New(`(\pL[.,;:!?]?["'”’]|\pL\pL[.,;:!?])\d{1,3}(\s|$)`)
	// broken is where a word was cut at the end of a line.
	broken  = pattern.New(`\x{AD}\s+`)
	bracket = pattern.New(`\\?\[([^\[\]]{0,80}?)\\?\]`)
)

// fragments cuts the text of a quotation where words were left out. What stands
// between is returned without asides and notes.
func fragments(text string) []string {
	if strings.ContainsAny(text, "[(\\") {
		text = aside().ReplaceAllString(text, "")
	}
	if strings.ContainsAny(text, "[⁰¹²³⁴⁵⁶⁷⁸⁹") {
		text = note().ReplaceAllString(text, "")
	}
	if strings.ContainsAny(text, "0123456789") {
		text = figures().ReplaceAllString(text, "$1$2")
	}
	if strings.Contains(text, "\u00ad") {
		text = broken().ReplaceAllString(text, "")
	}
	var out []string
	for _, part := range ellipsis().Split(text, -1) {
		if part = strings.Trim(part, " \n"); countWords(part) > 0 || strings.Contains(part, "[") {
			out = append(out, part)
		}
	}
	return out
}

// A piece is a part of a fragment: words that the source must have, or a
// bracket that stands for some.
type piece struct {
	text string
	wild bool
}

// pieces cuts a fragment at its brackets. One that mends the first letters of a
// word ([T]he) is part of the word; one that mends the end (agree[d]) takes the
// place of the whole word.
func pieces(fragment string) []piece {
	if !strings.Contains(fragment, "[") {
		return []piece{{text: fragment}}
	}
	var out []piece
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, piece{text: text.String()})
			text.Reset()
		}
	}
	at := 0
	for _, m := range bracket().FindAllStringSubmatchIndex(fragment, -1) {
		text.WriteString(fragment[at:m[0]])
		at = m[1]
		inside := fragment[m[2]:m[3]]
		before, _ := utf8.DecodeLastRuneInString(text.String())
		after, _ := utf8.DecodeRuneInString(fragment[at:])
		switch {
		case isWordRune(before):
			stem := strings.TrimRightFunc(text.String(), isWordRune)
			text.Reset()
			text.WriteString(stem)
			for r, size := utf8.DecodeRuneInString(fragment[at:]); size > 0 && isWordRune(r); r, size = utf8.DecodeRuneInString(fragment[at:]) {
				at += size
			}
		case isWordRune(after) && !strings.ContainsFunc(inside, unicode.IsSpace):
			text.WriteString(inside)
			continue
		}
		flush()
		out = append(out, piece{wild: true})
	}
	text.WriteString(fragment[at:])
	flush()
	return out
}
