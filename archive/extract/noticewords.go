package extract

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// A NoticeKind says what a notice calls itself or says that was done.
type NoticeKind string

// The kinds of notice.
const (
	CorrectionNotice    NoticeKind = "correction"
	ClarificationNotice NoticeKind = "clarification"
	UpdateNotice        NoticeKind = "update"
	RetractionNotice    NoticeKind = "retraction" // retracted, withdrawn or removed
	ConcernNotice       NoticeKind = "expression-of-concern"
)

// The words of notices, as regular expressions over text in compare form. They
// are narrow: a notice is news, and a wrong one is a slander. All but changeWords
// match at the beginning of a block or sentence.
const (
	// subjects are what notices are about.
	subjects = `(?:article|story|stories|post|report|piece|page|item|column|headline|sub-?heading|caption|blog|entry|` +
		`review|interview|obituary|essay|editorial|leader|op-ed|feature|analysis|list|guide|graphic|chart|map|table|` +
		`newsletter|podcast|episode|transcript|video|photo|webpage|dispatch|explainer)\b`

	// dateToken may stand between a label and what it introduces.
	dateToken = `[\s,.()\[\]/|:-]|\d+(?:st|nd|rd|th)?|jan(?:uary)?\b|feb(?:ruary)?\b|mar(?:ch)?\b|apr(?:il)?\b|may\b|june?\b|july?\b|` +
		`aug(?:ust)?\b|sept?(?:ember)?\b|oct(?:ober)?\b|nov(?:ember)?\b|dec(?:ember)?\b|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b|` +
		`[ap]\.?\s?m\b|on\b|at\b|to\b|as\b|of\b|and\b|added\b|appended\b|issued\b|posted\b|made\b|published\b|notice\b|note\b|[ecmpb][sd]?t\b|gmt\b|utc\b|noon\b|midnight\b|today\b|` +
		`januar|februar|märz|mai|juni|juli|oktober|dezember|uhr|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|` +
		`enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|de\b|du\b|del\b|le\b|el\b|am\b|vom\b`
	datesAndTimes = `(?:` + dateToken + `)*`

	firmLabels = `corrections?(?: and clarifications?| & clarifications?)?|clarifications?(?: and corrections?)?|corrections? & amplifications?|corrigend(?:um|a)|errat(?:um|a)|` +
		`corrected|clarified|amended|editor'?s'? correction|for the record|retraction|retraction (?:notice|note)|expression of concern|editorial expression of concern|` +
		`korrekturhinweis|korrektur|berichtigung|richtigstellung|rectificatif|correctif|rectification|fe de err(?:atas|ores)|corrección|rectificación|` +
		`aclaración|errata corrige|rettifica|precisazione|correção|rectificatie|correctie|rättelse|rettelse|sprostowanie`
	updateLabels = `update[sd]?|mise à jour|actualización|atualização|aggiornamento|aktualisierung|actualisé|actualizado`
	noteLabels   = `editors?'?s?'? ?note|editorial note|note from the editors?|author'?s'? note|publisher'?s'? note|notes? to (?:our )?readers|note|anm(?:erkung|\.)? d(?:er|\.) red(?:aktion|\.)?|` +
		`ndlr|note de la rédaction|nota del editor|nota de (?:la )?redacción|nota da redação|redaktionens anmärkning`

	// changeWords are in the text of a notice, whatever its label.
	changeWords = `\b(?:updated?|correct(?:ed|s|ion|ions)|amended|amends|revised|clarif(?:y|ied|ies|ication)|misstated|misspelled|misspelt|mis-?identified|misattributed|mischaracteri[sz]ed|misquoted|misreported|misled|` +
		`incorrect(?:ly)?|inaccurate(?:ly)?|inaccurac(?:y|ies)|erroneous(?:ly)?|mistaken(?:ly)?|wrongly|in error|(?:an|the|this) error|errors|retract(?:ed|ion)|withdrawn|unpublished|` +
		`(?:earlier|previous|prior|original|initial) (?:version|headline)|readers are alerted|` +
		`korrigiert|aktualisiert|berichtigt|präzisiert|corrigée?|modifiée?|rectifiée?|corregid[oa]|actualizad[oa]|rectificad[oa]|corretto|corrigid[oa])\b`

	lead = `^[\s*†‡#•\[("'_>|-]*`

	// about is what a notice speaks of: the text in which it stands. An article on
	// "the report" or "this study" speaks of another one.
	about = `(?:(?:this|our|the following|the above)(?: \w+\.? \d{1,2}(?:, \d{4})?,?| \w+){0,2}? ` + subjects + `(?:(?:,? and|'s) (?:its |the )?(?:title|headline|caption|url))?` +
		`|the (?:headline|sub-?heading|caption|original (?:article|story|headline|post|version))(?: (?:on|of|for|to|in|with|accompanying) (?:this|the) ` + subjects + `)?)`
	itself = `(?:(?:this|our)(?: \w+){0,2}? ` + subjects + `|the (?:article|story|post|headline|caption))`
	done   = `(?:updated|corrected|amended|revised|clarified|modified|refiled|retracted|withdrawn|unpublished|appended)`
)

// noticeWords are the compiled expressions. They are made when they are first
// needed: few commands read pages.
type noticeWords struct {
	label, labelOnly, statement, change, request, timeOnly, complete *regexp.Regexp
	concern, retraction, correction, clarification                   *regexp.Regexp // of the kinds
}

var compiledNotices = sync.OnceValue(func() *noticeWords {
	statements := []string{
		// "An earlier version of this article misstated ..."
		`(?:[^.]{0,80}, |in |as )?(?:an|a|the|our|this) (?:earlier|previous|prior|original|initial)(?: online)? (?:ver(?:s|is)ions?|edition|draft|iteration)s? of ` + itself + `.{0,120}?(?:` + changeWords + `|` +
			`\b(?:said|stated|gave|referred|described|listed|included|contained|named|credited|omitted|implied|suggested|reported|used|had|indicated|attributed|quoted|failed|claimed|identified|put|did not|was unclear|conflated|confused|overstated|understated|placed|cited|showed)\b)`,
		// "This article was amended on 5 May ..."
		about + ` (?:has|have|had|was|were|is)(?: (?:now|also|since|later|subsequently|been))* (?:` + done + `|edited to|changed to|changed on|removed (?:because|after|following|due)|edited (?:on|since))\b`,
		about + ` (?:was )?(?:originally|first|initially) (?:published|posted|appeared|ran)\b.{0,120}?\b` + done + `\b`,
		about + ` (?:incorrectly|mistakenly|wrongly|erroneously|previously|originally|initially|inadvertently) (?:mis\w+|stated|said|reported|identified|named|gave|listed|described|referred|attributed|included|omitted|claimed|suggested|implied|credited|indicated|quoted|used|had|was published in error)\b`,
		about + ` (?:misstated|misspelled|misspelt|misidentified|misattributed|mischaracteri[sz]ed|misquoted)\b`,
		about + ` (?:contains|includes|carries) (?:a )?corrections?\b`,
		`(?:corrected|amended|clarified)(?: on)? (?:\d{1,2} )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)`,
		`updated? (?:to (?:add|include|reflect|correct|clarify|remove|note|show|say|fix|provide|incorporate)|with (?:additional|more|new|further|comments?|details?|statements?|response|corrected|information|quotes?))\b`,
		`(?:corrects|clarifies|corrected to|corrects and clarifies|refiles|recasts|fixes|removes|deletes|changes)\b.{1,120}?\b(?:paragraphs?|paras?|pars?|headline|deckhead|dateline|byline|spelling|figures?|throughout|to (?:show|read|say|fix|correct|clarify|remove|reflect)|in story|story)\b`,
		`(?:updates|adds)\b.{1,120}?\b(?:paragraphs?|paras?|pars?|throughout)\b`,
		`we (?:regret|apologi[sz]e for) (?:the|this|any|these) (?:error|mistake|confusion|inaccurac|misunderstanding|omission)`,
		`\w+ (?:\w+ ){0,4}?(?:regrets?|apologi[sz]es for) the (?:error|mistake|confusion|inaccurac|omission)`,
		`(?:\w+ ){1,6}?no longer stands? by ` + itself,
		about + ` was published (?:inadvertently|in error|by mistake|prematurely)`,
		`the (?:article|story|post|headline|caption) has(?: (?:now|since|also))? been (?:updated|corrected|amended|revised|clarified)\b`,
		`(?:(?:an|the|our) (?:earlier|previous|prior|original|initial) (?:version of ` + itself + `|` + subjects + `)|` + itself + `) may have (?:left|given|created) (?:the|an|a) (?:incorrect|wrong|false|mistaken|misleading) impression\b`,
		`in einer (?:früheren|vorherigen|ersten|älteren|ursprünglichen) (?:version|fassung)`,
		`(?:dieser|der) (?:artikel|beitrag|text) wurde\b.{0,80}?\b(?:aktualisiert|korrigiert|geändert|ergänzt|überarbeitet)`,
		`(?:une|la) (?:version )?(?:précédente|première|antérieure)(?: version)? (?:de cet|du présent) article`,
		`(?:cet|l')\s?article a été (?:modifié|corrigé|mis à jour|actualisé|amendé|rectifié)`,
		`(?:en )?una (?:versión|edición) (?:anterior|previa|original) de est[ea]`,
		`est[ea] (?:artículo|texto|noticia|nota|información) (?:ha sido|fue) (?:corregid|actualizad|modificad|rectificad)`,
	}
	return &noticeWords{
		label: regexp.MustCompile(lead + `(?:(` + firmLabels + `)\b` + datesAndTimes + `[:\]|)-]` +
			`|(?:(` + updateLabels + `)|(` + noteLabels + `))\b` + datesAndTimes + `(?:[:\]|)]| -))`),
		labelOnly: regexp.MustCompile(lead + `(?:(` + firmLabels + `)|(` + updateLabels + `)|(` + noteLabels + `))\b` + datesAndTimes + `$`),
		statement: regexp.MustCompile(lead + `(?:` + strings.Join(statements, `|`) + `)`),
		change:    regexp.MustCompile(changeWords),
		request: regexp.MustCompile(`\b(?:if (?:you|we)\b|please (?:contact|email|e-mail|report|let us|send|click)|let us know|(?:suggest|submit|request|report) (?:a|an|any) (?:correction|error|clarification)|` +
			`corrections? (?:policy|page|team|desk)|do you have|have you spotted|spotted an error|see an error|found an error|to report an error)`),
		timeOnly: regexp.MustCompile(`^(?:` + dateToken + `|;|(?:` + updateLabels + `|aktualisiert|modified|revised|changed|posted|published|original(?:ly)?|first|last|since)\b)*(?:by\b.*)?$`),
		complete: regexp.MustCompile(`^(?:corrected|clarified|amended)$`), // labels that a date alone may follow

		concern:    regexp.MustCompile(`expression of concern|readers are alerted`),
		retraction: regexp.MustCompile(`\bretract(?:ed|ion)|\bwithdrawn\b|unpublished|no longer stands? by|been removed\b`),
		correction: regexp.MustCompile(`correct|corrig|errat|korrektur|korrigiert|berichtig|richtigstell|rectif|correc|correz|rettific|rättelse|rettelse|` +
			`misst|impression|misspel|mis-?ident|misattrib|mischar|misquot|misrep|erroneous|mistake|wrongly|in error|inaccura|amended|` +
			`(?:earlier|previous|prior|original|initial) ver(?:s|is)ion|früheren|(?:regret|apologi[sz]e)`),
		clarification: regexp.MustCompile(`clarif|aclaraci|precisazione|präzisier`),
	}
})

// labelStarts are the words that labels start with.
var labelStarts = wordSet(`correction corrections corrected corrects clarification clarifications clarified clarifies corrigendum corrigenda
	erratum errata amended editor editors editorial for retraction expression korrekturhinweis korrektur berichtigung richtigstellung
	rectificatif correctif rectification fe corrección rectificación aclaración rettifica precisazione correção rectificatie
	correctie rättelse rettelse sprostowanie update updates updated mise actualización atualização aggiornamento aktualisierung
	actualisé actualizado note notes author authors publisher publishers anm anmerkung ndlr nota redaktionens refiles recasts fixes`)

// A noticeMatch is what the beginning of a text says.
type noticeMatch struct {
	label string // as it is written, without the signs around it
	kind  NoticeKind
	alone bool // there is nothing but the label
	weak  bool // others use the label too: what follows must speak of a change
}

// matchNotice reports whether a text starts as a notice does.
func matchNotice(text string) (noticeMatch, bool) {
	if !startsLikeNotice(text) {
		return noticeMatch{}, false
	}
	words, form := compiledNotices(), textdiff.Fold(cut(text, maxNoticeStart))
	if words.timeOnly.MatchString(form.Text) {
		return noticeMatch{}, false
	}
	if at := words.labelOnly.FindStringSubmatchIndex(form.Text); at != nil {
		m := words.labelled(text, form, at)
		m.alone = true
		return m, true
	}
	if at := words.label.FindStringSubmatchIndex(form.Text); at != nil {
		m, rest := words.labelled(text, form, at), form.Text[at[1]:]
		return m, len(wordsOf(rest)) >= minNotice-1 && !words.request.MatchString(rest) && (!m.weak || words.change.MatchString(rest))
	}
	if words.statement.MatchString(form.Text) && !words.request.MatchString(form.Text) {
		return noticeMatch{kind: words.kind(form.Text)}, true
	}
	return noticeMatch{}, false
}

// minNotice is the least number of words of a notice: the word "Correction"
// alone is a heading or a link.
const minNotice = 6

// labelled returns the match of a label, by the groups of the expression.
func (n *noticeWords) labelled(text string, form textdiff.Form, at []int) noticeMatch {
	const firm, update, note = 2, 4, 6
	group := firm
	for _, g := range []int{update, note} {
		if at[g] >= 0 {
			group = g
		}
	}
	from, to := form.Source(at[group], at[group+1])
	m := noticeMatch{label: text[from:to], weak: group == note}
	if m.kind = n.kind(form.Text); group == firm {
		if m.kind = n.kind(form.Text[at[group]:at[group+1]]); m.kind == UpdateNotice {
			m.kind = CorrectionNotice // "For the record"
		}
	}
	return m
}

// kind tells the kind of a notice from its words in compare form.
func (n *noticeWords) kind(text string) NoticeKind {
	switch {
	case n.concern.MatchString(text):
		return ConcernNotice
	case n.retraction.MatchString(text):
		return RetractionNotice
	case n.clarification.MatchString(text) && !n.correction.MatchString(text):
		return ClarificationNotice
	case n.correction.MatchString(text):
		return CorrectionNotice
	}
	return UpdateNotice
}

// cut returns at most n bytes of the beginning of a text.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// maxNoticeStart is how much of a block is looked at to tell a notice, in bytes.
const maxNoticeStart = 400

// startsLikeNotice saves trying most texts: it looks at the first word, and for
// the stem of a word for a change where that word begins many other texts too.
func startsLikeNotice(text string) bool {
	start := strings.IndexFunc(text, unicode.IsLetter)
	if start < 0 || start > maxLead {
		return false
	}
	word := text[start:min(len(text), start+maxLabel)]
	if end := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }); end >= 0 {
		word = word[:end]
	}
	return labelStarts[strings.ToLower(word)] || hasChangeStem(cut(text, maxNoticeStart))
}

const (
	maxLead  = 8  // bytes before the first letter of a notice
	maxLabel = 24 // bytes of the first word of a label
)

// hasChangeStem reports whether a text has one of changeStems.
func hasChangeStem(text string) bool {
	for _, stem := range changeStems {
		if strings.Contains(text, stem) {
			return true
		}
	}
	return false
}

// changeStems are in nearly all words for a change to a text, without their
// first letter: it may be a capital.
var changeStems = strings.Fields(`orrect orrig pdat mend larif refile ersion rror egret polog sstate sspel dentif attrib naccura
	mpression etract ithdrawn evised aktualisi ergänzt ubarbeitet odifi modific ublished`)
