// Package change says what became of a page's content between two captures. It
// is asked only about served captures: whether a page was seen at all is
// decided before, by package access. It is pure.
//
// Both sides are documents of one extractor, so that a newer extractor never
// looks like an edit. The rules, of which the first that fits decides:
//
//	not-served       one side is not a served capture        not-compared
//	bytes-only       neither side has text                   changed
//	text-gone        the text could be read before, not now  changed (suspect)
//	text-appeared    the reverse                             changed (suspect)
//	same-text        text and links are equal                unchanged
//	text-differs     they are not                            changed
package change

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// Side is one of the two captures.
type Side struct {
	State    schemas.State
	Document *extract.Document // nil when the payload has no text
}

// Judge returns the content verdict. It fills Class, Rule, Confidence,
// Evidence, Extractor, Words and Passages, and leaves the rest to the caller.
func Judge(before, after Side) schemas.Change {
	switch {
	case before.State.Outcome != schemas.Served || after.State.Outcome != schemas.Served:
		return verdict(schemas.NotCompared, "not-served", schemas.Certain,
			fmt.Sprintf("%s before, %s after", before.State.Outcome, after.State.Outcome))
	case before.Document == nil && after.Document == nil:
		return verdict(schemas.Changed, "bytes-only", schemas.Certain, "the payloads differ and have no text to compare")
	case after.Document == nil:
		return verdict(schemas.Changed, "text-gone", schemas.Suspect, "the text could be read before and cannot be now")
	case before.Document == nil:
		return verdict(schemas.Changed, "text-appeared", schemas.Suspect, "the text could not be read before and can be now")
	}
	return compare(textdiff.Compare(string(before.Document.Markdown()), string(after.Document.Markdown())))
}

func compare(diff textdiff.Diff) schemas.Change {
	if diff.Equal() {
		c := verdict(schemas.Unchanged, "same-text", schemas.Certain, "the payloads differ, the text and its links do not")
		c.Extractor = extract.Name
		return c
	}
	stat := diff.Stat()
	c := verdict(schemas.Changed, "text-differs", schemas.Certain,
		fmt.Sprintf("%d words added, %d deleted, %d kept", stat.WordsAdded, stat.WordsDeleted, stat.WordsKept))
	c.Extractor = extract.Name
	c.Words = &schemas.Words{Added: stat.WordsAdded, Deleted: stat.WordsDeleted, Kept: stat.WordsKept}
	c.Passages = passages(diff)
	return c
}

func verdict(class schemas.ChangeClass, rule string, confidence schemas.Confidence, evidence string) schemas.Change {
	return schemas.Change{Class: class, Rule: rule, Confidence: confidence, Evidence: []string{evidence}}
}

const (
	// maxPassages bounds what a verdict quotes; the diff shows all.
	maxPassages = 20
	// maxPassage bounds each side of a passage, in bytes.
	maxPassage = 400
	// contextWords stand on either side of the words that changed.
	contextWords = 3
)

// passages quotes the changed words of each group of changed lines with a few
// words around them.
func passages(diff textdiff.Diff) []schemas.Passage {
	var quoted []schemas.Passage
	for _, hunk := range diff.Hunks(0) {
		if len(quoted) == maxPassages {
			break
		}
		var before, after strings.Builder
		for _, s := range trimContext(hunk.Segments) {
			if s.Op != textdiff.Insert {
				before.WriteString(s.Text)
			}
			if s.Op != textdiff.Delete {
				after.WriteString(s.Text)
			}
		}
		quoted = append(quoted, schemas.Passage{
			Line: max(hunk.AfterLine, 1), Before: oneLine(before.String()), After: oneLine(after.String()),
		})
	}
	return quoted
}

// trimContext shortens the equal runs at both ends of a hunk.
func trimContext(segments []textdiff.Segment) []textdiff.Segment {
	first, last := -1, -1
	for i, s := range segments {
		if s.Op != textdiff.Equal {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return nil
	}
	trimmed := append([]textdiff.Segment(nil), segments[max(first-1, 0):min(last+2, len(segments))]...)
	if first > 0 {
		trimmed[0].Text = lastWords(trimmed[0].Text)
	}
	if end := len(trimmed) - 1; last+1 < len(segments) {
		trimmed[end].Text = firstWords(trimmed[end].Text)
	}
	return trimmed
}

func firstWords(s string) string {
	at := 0
	for range contextWords {
		at += len(s[at:]) - len(strings.TrimLeft(s[at:], " "))
		end := strings.IndexAny(s[at:], " \n")
		if end < 0 {
			return s
		}
		at += end
	}
	return s[:at]
}

func lastWords(s string) string {
	end := len(s)
	for range contextWords {
		trimmed := strings.TrimRight(s[:end], " ")
		at := strings.LastIndexAny(trimmed, " \n")
		if at < 0 {
			return s
		}
		end = at
	}
	return s[end+1:]
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxPassage {
		return s
	}
	cut := maxPassage
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
