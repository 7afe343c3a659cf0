package change

import (
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// weight says whether an edit can change what a text says.
type weight int8

const (
	minor weight = iota
	substantive
)

// What changed words can be. Those that come first are named first.
const (
	meansNumber          = "number"
	meansNegation        = "negation"
	meansQuotation       = "quotation"
	meansName            = "name"
	meansDate            = "date"
	meansUnit            = "unit"
	meansModal           = "modal"
	meansSentenceRemoved = "sentence-removed"
	meansSentenceAdded   = "sentence-added"
	meansWords           = "words"
	meansSpelling        = "spelling"
	meansPunctuation     = "punctuation"
	meansTypography      = "typography" // quotation marks, dashes, case
	meansSpacing         = "spacing"
	meansMarkup          = "markup"
)

var gravity = []string{
	meansNumber, meansNegation, meansQuotation, meansName, meansDate, meansUnit, meansModal, meansSentenceRemoved, meansSentenceAdded,
	meansWords, meansSpelling, meansPunctuation, meansTypography, meansSpacing, meansMarkup,
}

// graver orders meanings.
func graver(a, b string) int { return slices.Index(gravity, a) - slices.Index(gravity, b) }

// edit is one paragraph that reads otherwise, came or went.
type edit struct {
	row    textdiff.Row
	at     int  // block of the diff: of the side after, but of one that went
	whole  bool // it came or went as a whole
	kinds  []extract.Kind
	texts  [2]string // of the paragraph
	places []place
}

// place is a run of changed words.
type place struct {
	before, after string // the words that went and came
	weight        weight
	meaning       []string
	from, to      [2]int // in the paragraph, of each side
}

func (e edit) weight() weight {
	for _, p := range e.places {
		if p.weight == substantive {
			return substantive
		}
	}
	return minor
}

// quote is the first place in a few words.
func (e edit) quote() string {
	p := e.places[0]
	switch {
	case p.before == "":
		return "+ " + p.after
	case p.after == "":
		return "- " + p.before
	}
	return p.before + " → " + p.after
}

func removed(text string, at int, row textdiff.Row, kinds []extract.Kind) edit {
	return edit{row: row, at: at, whole: true, kinds: kinds, texts: [2]string{text, ""}, places: []place{{
		before: text, weight: substantive, meaning: []string{meansSentenceRemoved}, to: [2]int{len(text), 0},
	}}}
}

func added(text string, at int, row textdiff.Row, kinds []extract.Kind) edit {
	return edit{row: row, at: at, whole: true, kinds: kinds, texts: [2]string{"", text}, places: []place{{
		after: text, weight: substantive, meaning: []string{meansSentenceAdded}, to: [2]int{0, len(text)},
	}}}
}

// editOf judges the changed words of a row.
func editOf(row textdiff.Row, kinds []extract.Kind, texts [2][]string, names *vocabulary) edit {
	e := edit{row: row, at: row.After.From, kinds: kinds, texts: [2]string{
		strings.Join(texts[0][row.Before.From:row.Before.To], "\n"), strings.Join(texts[1][row.After.From:row.After.To], "\n"),
	}}
	j := judgement{
		names: names, texts: e.texts, quoted: [2][]textdiff.Span{quotations(e.texts[0]), quotations(e.texts[1])},
		quotation: slices.Contains(kinds, extract.Quotation),
	}
	at := [2]int{}
	var p *place
	closePlace := func() {
		if p != nil {
			p.to = at
			j.judge(p)
			e.places = append(e.places, *p)
			p = nil
		}
	}
	for _, s := range row.Segments {
		if s.Op == textdiff.Equal {
			closePlace()
			at[0] += len(s.Text)
			at[1] += len(s.Text)
			continue
		}
		if p == nil {
			p = &place{from: at}
		}
		if s.Op == textdiff.Delete {
			p.before += s.Text
			at[0] += len(s.Text)
		} else {
			p.after += s.Text
			at[1] += len(s.Text)
		}
	}
	closePlace()
	return e
}

// judgement is what a run of changed words is judged by.
type judgement struct {
	names     *vocabulary
	texts     [2]string
	quoted    [2][]textdiff.Span
	quotation bool // the paragraph is one
}

func (j *judgement) judge(p *place) {
	p.before, p.after = strings.TrimSpace(p.before), strings.TrimSpace(p.after)
	was, is := wordsOf(p.before), wordsOf(p.after)
	set := func(w weight, meaning ...string) {
		p.weight = max(p.weight, w)
		for _, m := range meaning {
			if !slices.Contains(p.meaning, m) {
				p.meaning = append(p.meaning, m)
			}
		}
	}
	switch {
	case p.before == "" && p.after == "":
		set(minor, meansSpacing)
		return
	case len(was) == 0 && len(is) == 0:
		j.judgeMarks(p, set)
		return
	case strings.Join(was, "") == strings.Join(is, ""):
		set(minor, meansTypography) // co-operate, cooperate
		if slices.Contains(meaningsOf(was, is), meansNegation) {
			set(substantive, meansNegation) // nobody, no body
		}
		if containsDigit(p.before) && !sameNumbers(p.before, p.after) {
			set(substantive, meansNumber)
		}
		return
	}
	for side, words := range [2][]string{was, is} {
		others := [2][]string{is, was}[side]
		for _, m := range meaningsOf(words, others) {
			set(substantive, m)
		}
	}
	if j.names.changed(p, j.texts) {
		set(substantive, meansName)
	}
	if j.inQuotation(p) {
		set(substantive, meansQuotation)
	}
	if len(p.meaning) == 0 {
		if isSpelling(was, is) {
			set(minor, meansSpelling)
		} else {
			set(substantive, meansWords)
		}
	}
	if sentenceWent(p.before) {
		set(substantive, meansSentenceRemoved)
	}
	if sentenceWent(p.after) {
		set(substantive, meansSentenceAdded)
	}
	slices.SortFunc(p.meaning, graver)
}

// judgeMarks judges changes without a word: signs alone.
func (j *judgement) judgeMarks(p *place, set func(weight, ...string)) {
	same := textdiff.FoldText(p.before) == textdiff.FoldText(p.after)
	switch {
	case same:
		set(minor, meansTypography)
	case strings.ContainsAny(p.before+p.after, "%‰$€£¥°§"):
		set(substantive, meansUnit)
	case besideDigit(j.texts[0], p.from[0], p.to[0]) || besideDigit(j.texts[1], p.from[1], p.to[1]):
		set(substantive, meansNumber) // a sign before or within a number
	case hasQuotationMark(p.before) != hasQuotationMark(p.after):
		set(substantive, meansQuotation) // words are said to be someone's, or no longer
	default:
		set(minor, meansPunctuation)
	}
}

// inQuotation reports whether the words stand in quotation marks on either
// side, or in a quotation set off from the text.
func (j *judgement) inQuotation(p *place) bool {
	if j.quotation {
		return true
	}
	for side := range 2 {
		for _, q := range j.quoted[side] {
			if p.from[side] < q.End && p.to[side] > q.Start || p.from[side] == p.to[side] && p.from[side] > q.Start && p.from[side] < q.End {
				return true
			}
		}
	}
	return false
}

// sentenceWent reports whether changed words hold a sentence as a whole.
func sentenceWent(words string) bool {
	return hasWords(words, 4) && strings.ContainsAny(words[len(words)-min(4, len(words)):], ".!?。！？…")
}
