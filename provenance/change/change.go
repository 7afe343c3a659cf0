// Package change says what became of a page's content between two captures. It
// is asked only about served captures: whether a page was seen at all is
// decided before, by package access. It is pure.
//
// Both sides are documents of one extractor, so that a newer extractor never
// looks like an edit. What a page says is judged in layers, each for itself:
// its text, its headline, byline and dates, the targets of its links, its notes
// on its own changes, its standing (retracted, withdrawn, …), and all that
// stands around the article. The gravest finding names the class, the others
// stand beside it. The order of gravity is that of the constants of
// [schemas.ChangeClass], but a note on a change is named before the change.
//
// # Text
//
// Paragraphs are paired first, then words. An edit is substantive when it
// touches a number, a negation, a name, a quotation, a date, a unit, an
// auxiliary of obligation or possibility, or when words come, go or are
// replaced; it is minor when only punctuation, case, spacing, markup or the
// spelling of one word changed (two letters at most, the first one kept). Minor
// is the exception: what no rule knows to be minor is substantive.
//
// Not an edit is: a paragraph in another place; one that went from the article
// to its surroundings or back (another choice of the extractor); a counter of
// views or an age ("2 hours ago") in a line of few words; and what changes
// with each capture (below). A digit in running text is never one of these.
//
// # What changes each time
//
// A line of at most eight words whose text but for digits and names of days and
// months stayed the same, and whose digits changed in at least three of the
// last five captures, is volatile: it is named, and not judged. Headlines,
// quotations and notes never are.
//
// # Figures
//
// Figures are paired by address, else by their captions, else by the paragraph
// before them. The same bytes are the same figure wherever they come from; images
// that look the same, in another size or encoding, are too. What cannot be
// decoded is judged by its bytes, and is less sure.
//
// # Rules
//
//	not-served        one side is not a served capture               not-compared
//	cut-short         our limit cut one side, not the other          not-compared
//	other-method      a browser showed one side, not the other       not-compared
//	bytes-only        neither side has text                          changed
//	text-gone         the text could be read before, not now         changed (suspect)
//	text-appeared     the reverse                                    changed (suspect)
//	same-text         all layers are equal                           unchanged
//	around-article    they are but for what is around the article    boilerplate-only
//	ticks, volatile   they are but for counters, ages, volatile text boilerplate-only
//	modified-alone    only the date of modification moved on         boilerplate-only
//	other-root        another element was read, with another text    extraction-unstable
//	other-reader      a service said one of them, its page the other extraction-unstable
//	text-moved        paragraphs changed places                      move
//	typography, spelling, markup                                     minor-edit
//	address-veiled, address-unveiled, contents-added, contents-removed  minor-edit
//	published, byline, headline, links, metadata                     their classes
//	figure-differs    an image, film or sound of the text has another in its place  media-change
//	words-differ      a substantive edit, no dates are stated        substantive-edit
//	no-notice-undated a substantive edit, no new note, and the date of modification is what it was, or absent   stealth-edit
//	no-notice-dated   the same, the date of modification moved on    stealth-edit
//	notice-added, notice-edited, notice-removed                      by the kind of the note
//	headline-corrected, -clarified, -refiled  the headline begins so now  correction and its like
//	standing-<kind>   the page says so of itself, and did not before retraction and its like
//	stated-<kind>     its metadata alone say so                      the same, suspect
//	standing-lifted   it said so before, and says that it no longer holds   reinstatement
//	returned          the text is that of an earlier capture         restored
//	returned-again    the page has gone back and forth at least twice   oscillating
package change

import (
	"fmt"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/schemas"
)

// OtherMethod is the rule by which a page that a browser showed is not compared
// with one that was fetched.
const OtherMethod = "other-method"

// Side is one of the two captures.
type Side struct {
	State    schemas.State
	Document *extract.Document // nil when the payload has no text
	Cut      bool              // our own limit cut the payload short
	Rendered bool              // the payload is a page as a browser showed it
	// Figures returns the figures of the text; nil when they are not known. It is
	// called once at most.
	Figures func() ([]Figure, error)
}

// Past is what is known of served captures before the two that are compared.
type Past struct {
	Captures []PastCapture // by capture time, oldest first
	// State reads which capture one of them is.
	State func(i int) (schemas.State, error)
	// Read reads what one of them said, by the extractor of this program; nil when it
	// has no text.
	Read func(i int) (*extract.Document, error)
}

// History returns the past; it is called once at most, and only when a verdict
// depends on it: few changes do.
type History func() (*Past, error)

// PastCapture is what is known of a served capture of the page before it is read.
type PastCapture struct {
	// Content is the digest of its text.md, which the extractor Reader made, or of
	// its payload where it has none; zero where that is not known.
	Content schemas.Digest
	Reader  string
}

// Judge returns the content verdict. It leaves Schema, Run, Page, URL, Before,
// After and Compared to the caller. The history may be nil; the only errors are
// those of reading it.
func Judge(before, after Side, history History) (schemas.Change, error) {
	switch {
	case before.State.Outcome != schemas.Served || after.State.Outcome != schemas.Served:
		return verdict(schemas.NotCompared, "not-served", schemas.Certain,
			fmt.Sprintf("%s before, %s after", before.State.Outcome, after.State.Outcome)), nil
	case before.Cut != after.Cut:
		return verdict(schemas.NotCompared, "cut-short", schemas.Certain, "one of the two payloads was cut short by a limit"), nil
	case before.Rendered != after.Rendered:
		return verdict(schemas.NotCompared, OtherMethod, schemas.Certain, "one of the two was shown by a browser, the other was fetched"), nil
	case before.State.Payload == after.State.Payload && after.State.Payload != schemas.Digest{}:
		return judgeFigures(before, after)
	}
	past := &lazyPast{history: history}
	if before.Document == nil || after.Document == nil {
		result := judgeBytes(before, after)
		err := tellReturn(&result, before, after, past)
		return result, err
	}
	if before.Document.Composed != after.Document.Composed {
		return verdict(schemas.ExtractionUnstable, "other-reader", schemas.Certain,
			"read from "+before.Document.Root, "now from "+after.Document.Root), nil
	}
	c := compare(before.Document, after.Document)
	if err := c.leaveOutVolatile(past); err != nil {
		return schemas.Change{}, err
	}
	if err := c.compareFigures(before, after); err != nil {
		return schemas.Change{}, err
	}
	result := c.verdict()
	result.Extractor = after.Document.Extractor()
	if err := tellReturn(&result, before, after, past); err != nil {
		return schemas.Change{}, err
	}
	return result, nil
}

// judgeFigures is the verdict where the payload is the same.
func judgeFigures(before, after Side) (schemas.Change, error) {
	result := verdict(schemas.Unchanged, "same-payload", schemas.Certain, "the payload is the one last served")
	c := &comparison{before: before.Document, after: after.Document}
	if err := c.compareFigures(before, after); err != nil || len(c.fields) == 0 {
		return result, err
	}
	return c.verdict(), nil
}

// judgeBytes is the verdict where a text is missing on one side or on both.
func judgeBytes(before, after Side) schemas.Change {
	switch {
	case before.Document != nil:
		return verdict(schemas.Changed, "text-gone", schemas.Suspect, "the text could be read before and cannot be now")
	case after.Document != nil:
		return verdict(schemas.Changed, "text-appeared", schemas.Suspect, "the text could not be read before and can be now")
	}
	return verdict(schemas.Changed, "bytes-only", schemas.Certain, "the payloads differ and have no text to compare")
}

// lazyPast asks for the history once.
type lazyPast struct {
	history History
	known   *Past
}

// get returns a past that may be empty.
func (l *lazyPast) get() (*Past, error) {
	if l.known == nil {
		l.known = &Past{}
		if l.history != nil {
			past, err := l.history()
			if err != nil {
				return nil, fmt.Errorf("reading earlier captures: %w", err)
			}
			if past != nil {
				l.known = past
			}
		}
	}
	return l.known, nil
}

func verdict(class schemas.ChangeClass, rule string, confidence schemas.Confidence, evidence ...string) schemas.Change {
	for i, piece := range evidence {
		evidence[i] = oneLine(piece)
	}
	return schemas.Change{Class: class, Rule: rule, Confidence: confidence, Evidence: evidence}
}
