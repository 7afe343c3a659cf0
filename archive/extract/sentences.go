package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Sentences returns the sentences of a text of one block, white space around them
// left out: those that text.md has a line for.
func Sentences(text string) []textdiff.Span {
	var out []textdiff.Span
	at := 0
	for line := range strings.SplitSeq(text, "\n") {
		for _, s := range sentencesOf(line) {
			if i := strings.Index(text[at:], s); i >= 0 {
				out = append(out, textdiff.Span{Start: at + i, End: at + i + len(s)})
				at += i + len(s)
			}
		}
	}
	return out
}

// sentencesOf cuts one line of text into sentences, by UAX #29 with the
// corrections that news text needs. Joining them with spaces gives the line
// back, except in scripts that write none between sentences.
func sentencesOf(line string) []string {
	var out []string
	for _, part := range splitAfterNotes(line) {
		first := len(out)
		it := sentences.FromString(part)
		for it.Next() {
			for _, s := range splitBeforeDigits(it.Value()) {
				if n := len(out); n > first && !ends(out[n-1], s) {
					out[n-1] += s
				} else {
					out = append(out, s)
				}
			}
		}
	}
	n := 0
	for _, s := range out {
		if s = strings.TrimSpace(s); s != "" {
			out[n] = s
			n++
		}
	}
	return out[:n]
}

// noteMark matches the marks of footnotes at the end of a sentence.
var noteMark = pattern.New(`[.!?]["'”’)]*(?:\[[^\[\]\s]{1,12}\])+\s+`)

// splitAfterNotes cuts after footnote marks ("more.[1] Then"), where UAX #29
// sees no end.
func splitAfterNotes(line string) []string {
	var out []string
	start := 0
	for _, m := range noteMark().FindAllStringIndex(line, -1) {
		if r, _ := utf8.DecodeRuneInString(line[m[1]:]); !unicode.IsLower(r) {
			out = append(out, line[start:m[1]])
			start = m[1]
		}
	}
	return append(out, line[start:])
}

// splitBeforeDigits cuts where a full stop is followed by a number. UAX #29
// does not when a small letter comes after the number ("It ended. 5 people
// died.").
func splitBeforeDigits(s string) []string {
	var out []string
	start := 0
	for i := 0; i+2 < len(s); i++ {
		if s[i] != ' ' || i == 0 || s[i+1] < '0' || s[i+1] > '9' {
			continue
		}
		before := strings.TrimRight(s[start:i], `"'”’)]`)
		if !strings.HasSuffix(before, ".") && !strings.HasSuffix(before, "!") && !strings.HasSuffix(before, "?") {
			continue
		}
		word := lastWord(before)
		if kind := abbreviations[strings.ToLower(word)]; kind != 0 || dotted(word) || utf8.RuneCountInString(word) < 2 {
			continue
		}
		out = append(out, s[start:i+1])
		start = i + 1
	}
	return append(out, s[start:])
}

// ends reports whether a sentence ends between two pieces of text.
func ends(piece, next string) bool {
	r, _ := utf8.DecodeRuneInString(next)
	if unicode.IsLower(r) || !strings.ContainsFunc(next, isAlphanumeric) {
		return false // "Who?" he asked; a piece of punctuation only
	}
	trimmed := strings.TrimRightFunc(piece, unicode.IsSpace)
	if last, _ := utf8.DecodeLastRuneInString(trimmed); trimmed == piece && unicode.In(last, unicode.Ps, unicode.Pi) {
		return false // an opening bracket, as of a footnote: "more.[1]"
	}
	if strings.HasSuffix(trimmed, "\n") || !strings.HasSuffix(trimmed, ".") {
		return true // a closing quotation mark after the full stop ends it, too
	}
	word := lastWord(trimmed)
	switch abbreviations[strings.ToLower(word)] {
	case beforeName:
		return false
	case beforeNumber:
		return !unicode.IsDigit(r)
	case maybeLast:
		return startsSentence(next)
	}
	if dotted(word) || isInitial(word) {
		return startsSentence(next)
	}
	return true
}

// lastWord returns the last word of a text that ends with a full stop, without
// that stop but with those inside it, and without an opening bracket or mark.
func lastWord(s string) string {
	s = strings.TrimSuffix(s, ".")
	if i := strings.LastIndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '—' || r == '–' }); i >= 0 {
		_, size := utf8.DecodeRuneInString(s[i:])
		s = s[i+size:]
	}
	return strings.TrimLeft(s, `"'“‘([-`)
}

// dotted reports whether a word is letters with full stops between: U.S, a.m.
func dotted(word string) bool {
	letters := 0
	for part := range strings.SplitSeq(word, ".") {
		n := utf8.RuneCountInString(part)
		if n == 0 || n > 2 || strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) }) {
			return false
		}
		letters++
	}
	return letters > 1
}

// isInitial reports whether a word is a single capital, as in "George W. Bush".
func isInitial(word string) bool {
	r, size := utf8.DecodeRuneInString(word)
	return size > 0 && size == len(word) && unicode.IsUpper(r)
}

// startsSentence reports whether a text begins with a word that seldom follows
// an abbreviation inside a sentence.
func startsSentence(next string) bool {
	next = strings.TrimLeft(next, `"'“‘([`)
	end := strings.IndexFunc(next, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' })
	if end < 0 {
		end = len(next)
	}
	word := next[:end]
	if i := strings.IndexAny(word, "'’"); i > 0 {
		word = word[:i] // It's, We're
	}
	return starters[word]
}

func isAlphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// How a word with a full stop behaves.
const (
	beforeName   = 1 + iota // a name follows: never the end of a sentence
	beforeNumber            // the end unless a number follows
	maybeLast               // the end if the next word looks like a beginning
)

// abbreviations in small letters. Those with full stops inside are recognised
// by their shape.
var abbreviations = map[string]int{
	"mr": beforeName, "mrs": beforeName, "ms": beforeName, "mx": beforeName, "dr": beforeName, "prof": beforeName,
	"sen": beforeName, "sens": beforeName, "rep": beforeName, "reps": beforeName, "gov": beforeName, "govs": beforeName,
	"gen": beforeName, "lt": beforeName, "col": beforeName, "sgt": beforeName, "capt": beforeName, "cmdr": beforeName,
	"adm": beforeName, "maj": beforeName, "cpl": beforeName, "pvt": beforeName, "brig": beforeName, "rev": beforeName,
	"hon": beforeName, "st": maybeLast, "ste": beforeName, "pres": beforeName, "supt": beforeName, "insp": beforeName,
	"messrs": beforeName, "mme": beforeName, "mlle": beforeName, "sr": maybeLast, "jr": maybeLast, "vs": beforeName,
	"e.g": beforeName, "i.e": beforeName, "cf": beforeName, "viz": beforeName, "approx": beforeName, "ca": beforeName,
	"no": beforeNumber, "nos": beforeNumber, "nr": beforeNumber, "vol": beforeNumber, "vols": beforeNumber,
	"fig": beforeNumber, "figs": beforeNumber, "p": beforeNumber, "pp": beforeNumber, "ch": beforeNumber,
	"sec": beforeNumber, "art": beforeNumber, "par": beforeNumber, "eq": beforeNumber, "ver": beforeNumber,
	"jan": beforeNumber, "feb": beforeNumber, "mar": beforeNumber, "apr": beforeNumber, "jun": beforeNumber,
	"jul": beforeNumber, "aug": beforeNumber, "sep": beforeNumber, "sept": beforeNumber, "oct": beforeNumber,
	"nov": beforeNumber, "dec": beforeNumber,
	"inc": maybeLast, "corp": maybeLast, "ltd": maybeLast, "co": maybeLast, "cos": maybeLast, "bros": maybeLast,
	"llc": maybeLast, "plc": maybeLast, "al": maybeLast, "etc": maybeLast, "dept": maybeLast, "univ": maybeLast,
	"ave": maybeLast, "blvd": maybeLast, "rd": maybeLast, "ft": maybeLast, "mt": maybeLast, "est": maybeLast,
	"assn": maybeLast, "ed": maybeLast, "eds": maybeLast, "esq": maybeLast, "v": maybeLast,
	"ala": maybeLast, "ariz": maybeLast, "ark": maybeLast, "calif": maybeLast, "colo": maybeLast, "conn": maybeLast,
	"del": maybeLast, "fla": maybeLast, "ill": maybeLast, "ind": maybeLast, "kan": maybeLast, "ky": maybeLast,
	"md": maybeLast, "mass": maybeLast, "mich": maybeLast, "minn": maybeLast, "mo": maybeLast, "mont": maybeLast,
	"neb": maybeLast, "nev": maybeLast, "okla": maybeLast, "ore": maybeLast, "pa": maybeLast, "tenn": maybeLast,
	"tex": maybeLast, "va": maybeLast, "vt": maybeLast, "wis": maybeLast, "wyo": maybeLast,
}

// starters are capitalised words that begin an English sentence.
var starters = wordSet(`
	A About According After Again All Also Although Among An And Another Any Are As At Because Before Both But By
	Can Could Despite Did Do Does During Each Earlier Even Every Few For Former From Had Has Have He Her Here His How
	However I If In Indeed Instead Is It Its Just Last Later Many Maybe Meanwhile Moreover More Most Much My Nearly Never Next No
	Nor Not Nothing Now Of On Once One Only Or Other Others Our Over Perhaps Several She Since So Some Still Such
	Than That The Their Then There These They This Those Though Through Thus To Today Under Until Up Was We Were What
	When Where Whether Which While Who Why Will With Without Would Yes Yet You Your`)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}
