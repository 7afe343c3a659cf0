package change

import (
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// Standing is what a page says of itself as a publication: that it is
// retracted, withdrawn, removed, reinstated or doubted by its publisher.
type Standing struct {
	Class      schemas.ChangeClass // Retraction, Withdrawal, Removal, ExpressionOfConcern or Reinstatement
	Rule       string              // title-retracted, text-withdrawn …
	Confidence schemas.Confidence
	Evidence   string // the words
}

// A prefix of a title counts as publishers write it, in capitals and before a
// colon: an article on retractions has the bare word.
var standingTitles = []struct {
	prefix pattern.Pattern
	class  schemas.ChangeClass
	rule   string
}{
	{pattern.New(`^(?:\[(?:RETRACTED|Retracted)[^\]]{0,30}\]|(?:RETRACTED|Retracted)(?: ARTICLE| Article| PAPER| CHAPTER)?:)\s*\S`), schemas.Retraction, "title-retracted"},
	{pattern.New(`^(?:\[(?:WITHDRAWN|Withdrawn)\]|WITHDRAWN(?: ARTICLE| PAPER)?:|WITHDRAWAL ?[-–—:]|Withdrawn:)\s*\S`), schemas.Withdrawal, "title-withdrawn"},
	{pattern.New(`^(?:TEMPORARY REMOVAL|REMOVED|Removed):\s*\S`), schemas.Removal, "title-removed"},
	{pattern.New(`^(?:EXPRESSION OF CONCERN|(?:Editorial )?Expression of Concern):\s*\S`), schemas.ExpressionOfConcern, "title-concern"},
}

// noticeTitle is that of a note on another publication: what it says is not the
// standing of the page.
var noticeTitle = pattern.New(`^(?:(?:Partial )?Retraction(?: Note| Notice)?(?: to)?:|Retraction (?:Note|Notice) (?:to|of|for)\b|Notice of (?:Retraction|Withdrawal)|(?:Retraction|Correction|Erratum|Corrigendum|Addendum) (?:to|of|for)\b|Statement of Retraction)`)

// standingTexts are sentences, in compare form, that stand at the beginning of
// a sentence of the first or last paragraphs or of a note.
var standingTexts = []struct {
	words pattern.Pattern
	class schemas.ChangeClass
	rule  string
}{
	{pattern.New(`^` + aboutThis + ` (?:has been |was |is )?(?:now )?reinstated\b`), schemas.Reinstatement, "text-reinstated"},
	{pattern.New(`^(?:the )?retraction of ` + aboutThis + ` (?:has been|was|is) (?:withdrawn|rescinded|reversed|lifted)\b`), schemas.Reinstatement, "text-reinstated"},
	{pattern.New(`^` + aboutThis + ` (?:has (?:now )?been|was|is(?: now| being)?|are) retracted\b`), schemas.Retraction, "text-retracted"},
	{pattern.New(`^(?:we|the (?:authors?|editors?|publisher|journal|newspaper|editor-in-chief|editors-in-chief)) (?:\w+ ){0,6}?(?:have |has |are |is |hereby |wish(?:es)? to )*retract(?:s|ed|ing)? ` + aboutThis), schemas.Retraction, "text-retracted"},
	{pattern.New(`^` + aboutThis + ` (?:has been|was|is) withdrawn\b`), schemas.Withdrawal, "text-withdrawn"},
	{pattern.New(`^` + aboutThis + ` (?:has been|was) (?:(?:temporarily |permanently )?removed|taken down|unpublished)\b`), schemas.Removal, "text-removed"},
	{pattern.New(`^(?:editor's note: |editors' note: )?readers are alerted that\b`), schemas.ExpressionOfConcern, "text-concern"},
	{pattern.New(`^(?:the (?:editors?|publisher|journal)|we) (?:\w+ ){0,6}?(?:express(?:es)?|issu(?:es?|ing)|publish(?:es|ing)?) (?:an?|this) (?:editorial )?expression of concern\b`), schemas.ExpressionOfConcern, "text-concern"},
}

// aboutThis is the publication itself, never another one.
const aboutThis = `(?:(?:this|our|the above|the following) (?:\w+ )?(?:article|paper|story|report|post|chapter|publication|manuscript|study|preprint|piece|column|essay|book)|the (?:article|paper|story) (?:on|at) this page)`

// partly weakens a sentence to less than the whole publication.
var partly = pattern.New(`\b(?:in part|partial(?:ly)?|portions?|parts? of|section|figures?|table|paragraph|sentence)\b`)

// StandingOf returns what a page says of itself, nil when it says nothing. Of
// several statements the gravest counts, but a reinstatement is said last.
func StandingOf(d *extract.Document) *Standing {
	if d == nil {
		return nil
	}
	var best *Standing
	take := func(s *Standing) {
		if s != nil && (best == nil || s.Class == schemas.Reinstatement || best.Class != schemas.Reinstatement && rank(s.Class) > rank(best.Class)) {
			best = s
		}
	}
	headlines := []string{d.Title}
	for _, s := range d.Meta.Headline {
		headlines = append(headlines, s.Value)
	}
	for _, title := range headlines {
		if noticeTitle().MatchString(title) {
			return nil
		}
	}
	stated := statusOf(d)
	if stated != nil && stated.Class == "" { // a note on another publication
		if titled := standingOfTitles(headlines); titled != nil {
			titled.Confidence = schemas.Suspect
			return titled
		}
		return nil
	}
	take(standingOfTitles(headlines))
	for _, n := range d.Notices {
		take(standingOfText(n.Text))
	}
	for _, i := range edges(len(d.Blocks)) {
		if b := d.Blocks[i]; b.Kind != extract.Quotation && b.Kind != extract.Caption {
			take(standingOfText(b.Text))
		}
	}
	switch {
	case stated == nil:
	case best == nil:
		return stated
	case best.Class == stated.Class:
		best.Confidence = schemas.Certain // said to readers and to machines
	}
	return best
}

// statuses are what metadata say of a publication that does not stand any more.
var statuses = map[string]schemas.ChangeClass{
	"retracted": schemas.Retraction, "retracted article": schemas.Retraction, "retracted publication": schemas.Retraction, "retracted paper": schemas.Retraction,
	"withdrawn": schemas.Withdrawal, "withdrawn article": schemas.Withdrawal, "withdrawn publication": schemas.Withdrawal,
	"removed": schemas.Removal, "removed article": schemas.Removal, "reinstated": schemas.Reinstatement,
}

// noticeTypes are the types of notes on other publications.
var noticeTypes = wordSet("retraction retraction-note retraction-notice retraction-of-publication notice-of-retraction partial-retraction withdrawal-notice " +
	"correction erratum published-erratum corrigendum addendum expression-of-concern editorial-expression-of-concern reinstatement-notice")

// statusOf returns what metadata alone say: a suspicion, since they are often
// wrong. Its class is "" for a note on another publication.
func statusOf(d *extract.Document) *Standing {
	var note *Standing
	for _, s := range d.Meta.Status {
		value := strings.ToLower(strings.Join(strings.FieldsFunc(s.Value, func(r rune) bool { return r == ' ' || r == '-' || r == '_' }), " "))
		evidence := string(s.Source) + ": " + s.Value
		if class := statuses[value]; class != "" {
			return &Standing{Class: class, Rule: "stated-" + string(class), Confidence: schemas.Suspect, Evidence: evidence}
		}
		if noticeTypes[strings.ReplaceAll(value, " ", "-")] {
			note = &Standing{Evidence: evidence}
		}
	}
	return note
}

// edgeBlocks is how many paragraphs at either end of a text may say how it
// stands.
const edgeBlocks = 4

func edges(n int) []int {
	var at []int
	for i := range n {
		if i < edgeBlocks || i >= n-edgeBlocks {
			at = append(at, i)
		}
	}
	return at
}

func standingOfTitles(titles []string) *Standing {
	for _, t := range standingTitles {
		said := map[string]int{}
		for _, title := range titles {
			if t.prefix().MatchString(title) {
				said[title]++
			}
		}
		for _, title := range titles {
			if n := said[title]; n > 0 {
				s := &Standing{Class: t.class, Rule: t.rule, Confidence: schemas.Likely, Evidence: title}
				if n > 1 {
					s.Confidence = schemas.Certain
				}
				return s
			}
		}
	}
	return nil
}

func standingOfText(text string) *Standing {
	if len(text) > 4<<10 {
		text = strings.ToValidUTF8(text[:4<<10], "")
	}
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '.' || r == '!' || r == '?' }) {
		folded := strings.TrimLeft(textdiff.FoldText(line), " *[(-–:'\"")
		_, label, found := strings.Cut(folded, ": ")
		for _, t := range standingTexts {
			words := ""
			if t.words().MatchString(folded) {
				words = folded
			} else if found && t.words().MatchString(label) {
				words = label
			}
			if words == "" || partly().MatchString(words[:min(len(words), 80)]) {
				continue
			}
			return &Standing{Class: t.class, Rule: t.rule, Confidence: schemas.Likely, Evidence: strings.TrimSpace(line)}
		}
	}
	return nil
}

// compareStanding tells a standing that is new. One that the page had at the
// earlier capture is none that it came to have since.
func (c *comparison) compareStanding() {
	was, is := StandingOf(c.before), StandingOf(c.after)
	switch {
	case is == nil && was != nil && was.Class != schemas.Reinstatement:
		c.standing = &finding{class: schemas.NoticeRemoved, rule: "standing-unsaid", confidence: schemas.Likely, evidence: []string{was.Evidence}}
	case is == nil || was != nil && was.Class == is.Class:
	case is.Class == schemas.Reinstatement:
		c.standing = &finding{class: is.Class, rule: "standing-lifted", confidence: is.Confidence, evidence: []string{is.Evidence}}
	default:
		c.standing = &finding{class: is.Class, rule: "standing-" + string(is.Class), confidence: is.Confidence, evidence: []string{is.Evidence}}
		if strings.HasPrefix(is.Rule, "stated-") {
			c.standing.rule = is.Rule
		}
	}
}
