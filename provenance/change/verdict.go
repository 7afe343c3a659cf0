package change

import (
	"fmt"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/schemas"
)

// order lists the classes from the least to the gravest. A new note on a change
// outranks the change that it tells of, but not one that hides it.
var order = []schemas.ChangeClass{
	schemas.Unchanged, schemas.ReDerived, schemas.BoilerplateOnly, schemas.ExtractionUnstable, schemas.Changed, schemas.MetadataOnly, schemas.MovedText,
	schemas.MinorEdit, schemas.DateChange, schemas.BylineChange, schemas.LinkTarget, schemas.MediaChange, schemas.HeadlineChange, schemas.SubstantiveEdit,
	schemas.StealthEdit, schemas.UpdateNote, schemas.Clarification, schemas.Correction, schemas.NoticeEdited, schemas.NoticeRemoved,
	schemas.Reinstatement, schemas.ExpressionOfConcern, schemas.Removal, schemas.Withdrawal, schemas.Retraction,
}

func rank(class schemas.ChangeClass) int { return slices.Index(order, class) }

// withClass adds a class, once, gravest first.
func withClass(classes []schemas.ChangeClass, class schemas.ChangeClass) []schemas.ChangeClass {
	if !slices.Contains(classes, class) {
		classes = append(classes, class)
	}
	slices.SortFunc(classes, func(a, b schemas.ChangeClass) int { return rank(b) - rank(a) })
	return classes
}

// verdict joins the findings of all layers.
func (c *comparison) verdict() schemas.Change {
	findings := c.findings()
	if len(findings) == 0 {
		return c.nothing()
	}
	slices.SortStableFunc(findings, func(a, b finding) int { return rank(b.class) - rank(a.class) })
	best := findings[0]
	result := verdict(best.class, best.rule, best.confidence, best.evidence...)
	for _, f := range findings[1:] {
		if f.class != best.class {
			result.Also = withClass(result.Also, f.class)
		}
	}
	c.describe(&result)
	return result
}

// findings returns what each layer found, without what is nothing.
func (c *comparison) findings() []finding {
	var all []finding
	if c.standing != nil {
		all = append(all, *c.standing)
	}
	notice := c.noticeFinding()
	if notice == nil {
		notice = c.headlineNote()
	}
	if notice != nil {
		all = append(all, *notice)
	}
	for _, f := range c.fields {
		if f.class != "" && !(c.unstable && f.weak) {
			all = append(all, f)
		}
	}
	switch {
	case c.unstable:
		all = append(all, finding{
			class: schemas.ExtractionUnstable, rule: "other-root", confidence: schemas.Suspect,
			evidence: []string{"read from " + c.before.Root, "now from " + c.after.Root},
		})
	case len(c.edits) > 0:
		all = append(all, c.edit(notice))
	case len(c.markup) > 0:
		all = append(all, finding{class: schemas.MinorEdit, rule: meansMarkup, confidence: schemas.Certain, evidence: []string{c.markup[0].quote()}})
	}
	if len(c.moved) > 0 && !c.unstable {
		all = append(all, finding{
			class: schemas.MovedText, rule: "text-moved", confidence: schemas.Certain, evidence: []string{fmt.Sprintf("%d paragraphs changed places", len(c.moved))},
		})
	}
	return all
}

// edit is the finding on the text.
func (c *comparison) edit(notice *finding) finding {
	meanings, worst := c.meaning()
	if worst == minor {
		rule := "typography"
		if slices.Contains(meanings, meansSpelling) {
			rule = "spelling"
		}
		return finding{class: schemas.MinorEdit, rule: rule, confidence: schemas.Likely, evidence: []string{strings.Join(meanings, ", ")}}
	}
	f := finding{class: schemas.SubstantiveEdit, rule: "words-differ", confidence: schemas.Certain, evidence: []string{strings.Join(meanings, ", ")}}
	if onlyWords(meanings) {
		f.confidence = schemas.Likely // other words may say the same
	}
	noted := notice != nil && notice.class != schemas.NoticeEdited && notice.class != schemas.NoticeRemoved
	if noted || !c.dated() {
		return f
	}
	moved, _ := c.modified()
	f.class, f.rule = schemas.StealthEdit, "no-notice-undated"
	if moved {
		f.rule = "no-notice-dated"
		f.evidence = append(f.evidence, "no note on it was found; the stated date of modification moved on")
	} else {
		f.evidence = append(f.evidence, "no note on it was found, nor another date of modification")
	}
	return f
}

func onlyWords(meanings []string) bool {
	return !slices.ContainsFunc(meanings, func(m string) bool { return m != meansWords && graver(m, meansWords) < 0 || m == meansName })
}

// meaning joins what all edits touched, gravest first.
func (c *comparison) meaning() (meanings []string, worst weight) {
	for _, e := range c.edits {
		worst = max(worst, e.weight())
		for _, p := range e.places {
			for _, m := range p.meaning {
				if !slices.Contains(meanings, m) {
					meanings = append(meanings, m)
				}
			}
		}
	}
	slices.SortFunc(meanings, graver)
	return meanings, worst
}

// nothing is the verdict when no layer found anything that a reader would call
// a change.
func (c *comparison) nothing() schemas.Change {
	moved, _ := c.modified()
	result := verdict(schemas.Unchanged, "same-text", schemas.Certain, "the payloads differ, the text and its links do not")
	switch {
	case len(c.volatile) > 0:
		result = verdict(schemas.BoilerplateOnly, "volatile", schemas.Likely, "only lines that change each time")
	case len(c.ticks) > 0:
		result = verdict(schemas.BoilerplateOnly, "ticks", schemas.Likely, c.ticks[:min(len(c.ticks), 3)]...)
	case moved:
		result = verdict(schemas.BoilerplateOnly, "modified-alone", schemas.Certain, "only the stated date of modification moved on")
	case c.shifted > 0 || !sameOutside(c.before, c.after):
		result = verdict(schemas.BoilerplateOnly, "around-article", schemas.Certain, "only what is around the article differs")
	}
	c.describe(&result)
	return result
}

// describe adds the counts and quotations.
func (c *comparison) describe(result *schemas.Change) {
	result.Volatile = c.volatile
	result.Notices = c.notices
	for _, f := range c.fields {
		if f.field != nil && len(result.Fields) < maxPassages {
			result.Fields = append(result.Fields, *f.field)
		}
	}
	if len(c.edits) == 0 && len(c.markup) == 0 && len(c.moved) == 0 {
		return
	}
	stat := c.diff.Stat()
	result.Words = &schemas.Words{Added: stat.WordsAdded, Deleted: stat.WordsDeleted, Kept: stat.WordsKept}
	if c.unstable {
		return
	}
	result.Meaning, _ = c.meaning()
	result.Passages = c.passages()
}
