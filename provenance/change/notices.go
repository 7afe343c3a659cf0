package change

import (
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// mostNotices is how many notes that came, and that went, are compared with each
// other and looked for on the page. No page is known that has as many.
const mostNotices = 100

// compareNotices pairs the notes of a page on its own changes. One whose words
// still stand somewhere on the page was not removed, and one whose words stood
// there before was not added: then only its recognition differs.
func (c *comparison) compareNotices() {
	before, after := unmatched(c.before.Notices, c.after.Notices)
	if len(before) == 0 && len(after) == 0 {
		return
	}
	var left []extract.Notice
	for _, was := range before {
		best, share := -1, 0.5
		for i, is := range after {
			if s := textdiff.Similarity(was.Text, is.Text); s >= share {
				best, share = i, s
			}
		}
		if best < 0 {
			left = append(left, was)
			continue
		}
		is := after[best]
		after = slices.Delete(after, best, best+1)
		c.notices = append(c.notices, schemas.ChangedNotice{
			Change: "edited", Kind: string(is.Kind), Date: is.Date, Where: string(is.Where), Before: oneLine(was.Text), After: oneLine(is.Text),
		})
	}
	if len(left) > 0 {
		page := newPageText(c.after)
		for _, n := range left {
			if !page.has(n.Text) {
				c.notices = append(c.notices, schemas.ChangedNotice{
					Change: "removed", Kind: string(n.Kind), Date: n.Date, Where: string(n.Where), Before: oneLine(n.Text),
				})
			}
		}
	}
	if len(after) > 0 {
		page := newPageText(c.before)
		for _, n := range after {
			if !page.has(n.Text) {
				c.notices = append(c.notices, schemas.ChangedNotice{
					Change: "added", Kind: string(n.Kind), Date: n.Date, Where: string(n.Where), After: oneLine(n.Text),
				})
			}
		}
	}
}

// unmatched leaves out the notes that both sides have, and what is beyond
// mostNotices of the others.
func unmatched(before, after []extract.Notice) (gone, come []extract.Notice) {
	common := map[string]int{} // how many of the notes after are to be left out
	for _, is := range after {
		common[textdiff.FoldText(is.Text)]++
	}
	left := map[string]int{}
	for _, was := range before {
		key := textdiff.FoldText(was.Text)
		if common[key] > left[key] {
			left[key]++
		} else if len(gone) < mostNotices {
			gone = append(gone, was)
		}
	}
	for _, is := range after {
		key := textdiff.FoldText(is.Text)
		if left[key] > 0 {
			left[key]--
		} else if len(come) < mostNotices {
			come = append(come, is)
		}
	}
	return gone, come
}

// pageText is all that a page says, in compare form.
type pageText string

func newPageText(d *extract.Document) pageText {
	var all strings.Builder
	for _, blocks := range [][]extract.Block{d.Blocks, d.Outside} {
		for _, b := range blocks {
			all.WriteString(textdiff.FoldText(b.Text))
			all.WriteByte(' ')
		}
	}
	return pageText(all.String())
}

func (p pageText) has(text string) bool { return strings.Contains(string(p), textdiff.FoldText(text)) }

// isOfNotice reports whether a paragraph that came or went belongs to a note
// that did: its label, or its text.
func (c *comparison) isOfNotice(text string) bool {
	key := textdiff.FoldText(text)
	return slices.ContainsFunc(c.notices, func(n schemas.ChangedNotice) bool {
		return strings.Contains(textdiff.FoldText(n.After), key) || strings.Contains(textdiff.FoldText(n.Before), key)
	})
}

// withoutNotices takes out of an edit what is a note: some pages put it at the
// end of a paragraph.
func (c *comparison) withoutNotices(e edit) edit {
	if len(c.notices) == 0 || e.whole {
		return e
	}
	e.places = slices.DeleteFunc(e.places, func(p place) bool {
		return (p.before == "" || p.after == "") && len(wordsOf(p.before+p.after)) >= 4 && c.isOfNotice(p.before+p.after)
	})
	return e
}

// noticeFinding is the gravest of the changed notes: its class, or "" for none.
// A note of retraction is judged as the standing of the page.
func (c *comparison) noticeFinding() *finding {
	var best *finding
	for _, n := range c.notices {
		f := finding{rule: "notice-" + n.Change, confidence: schemas.Likely, evidence: []string{n.After}}
		if n.Where == string(extract.InLinkedData) || n.Where == string(extract.InContainer) {
			f.confidence = schemas.Certain // the page itself calls it a note
		}
		switch n.Change {
		case "removed":
			f.class, f.evidence = schemas.NoticeRemoved, []string{n.Before}
		case "edited":
			f.class, f.evidence = schemas.NoticeEdited, []string{n.Before, n.After}
		default:
			f.class = classOfNotice[extract.NoticeKind(n.Kind)]
		}
		if f.class != "" && (best == nil || rank(f.class) > rank(best.class)) {
			best = &f
		}
	}
	return best
}

// correctedHeadline is how agencies begin the headline of a story that they send
// again: "CORRECTED-UPDATE 2-", "CORRECTION:", "CLARIFIED:".
var correctedHeadline = pattern.New(`^(?:(CORRECTED|CORRECTION|CLARIFIED|CLARIFICATION|REFILE)(?:[- ](?:UPDATE|WRAPUP) \d+)? ?[-–—:])\s*\S`)

// headlineNote is a note that the headline has now and had not before.
func (c *comparison) headlineNote() *finding {
	m := correctedHeadline().FindStringSubmatch(c.after.Title)
	if m == nil || correctedHeadline().MatchString(c.before.Title) {
		return nil
	}
	f := &finding{class: schemas.Correction, rule: "headline-corrected", confidence: schemas.Likely, evidence: []string{c.after.Title}}
	switch m[1] {
	case "CLARIFIED", "CLARIFICATION":
		f.class, f.rule = schemas.Clarification, "headline-clarified"
	case "REFILE":
		f.class, f.rule = schemas.UpdateNote, "headline-refiled"
	}
	return f
}

var classOfNotice = map[extract.NoticeKind]schemas.ChangeClass{
	extract.CorrectionNotice:    schemas.Correction,
	extract.ClarificationNotice: schemas.Clarification,
	extract.UpdateNotice:        schemas.UpdateNote,
	extract.RetractionNotice:    schemas.Correction, // where the standing does not say more
	extract.ConcernNotice:       schemas.Clarification,
}
