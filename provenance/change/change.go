// Package change says what became of a page's content between two captures. It
// is asked only about served captures: whether a page was seen at all is
// decided before, by package access. It is pure.
//
// Both sides are documents of one extractor, so that a newer extractor never
// looks like an edit. The rules, of which the first that fits decides:
//
//	not-served       one side is not a served capture        not-compared
//	cut-short        our limit cut one side, not the other   not-compared
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
	Cut      bool              // our own limit cut the payload short
}

// Judge returns the content verdict. It fills Class, Rule, Confidence,
// Evidence, Extractor, Words and Passages, and leaves the rest to the caller.
func Judge(before, after Side) schemas.Change {
	switch {
	case before.State.Outcome != schemas.Served || after.State.Outcome != schemas.Served:
		return verdict(schemas.NotCompared, "not-served", schemas.Certain,
			fmt.Sprintf("%s before, %s after", before.State.Outcome, after.State.Outcome))
	case before.Cut != after.Cut:
		return verdict(schemas.NotCompared, "cut-short", schemas.Certain, "one of the two payloads was cut short by a limit")
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

// passages quotes each changed place with a few words of its line around it.
// Changes that stand closer together than that are one place.
func passages(diff textdiff.Diff) []schemas.Passage {
	var quoted []schemas.Passage
	var place passage
	line := 1
	for _, s := range diff.Segments {
		if s.Op != textdiff.Equal {
			place.change(s, line)
		} else if near, ends := place.follow(s.Text); ends {
			if place.changed() {
				quoted = append(quoted, place.quote())
			}
			place = passage{before: near, after: near}
		}
		if len(quoted) == maxPassages {
			return quoted
		}
		if s.Op != textdiff.Delete {
			line += strings.Count(s.Text, "\n")
		}
	}
	if place.changed() {
		quoted = append(quoted, place.quote())
	}
	return quoted
}

// passage is a changed place in the making.
type passage struct {
	before, after string
	line          int // of the text after; 0 until something changed
}

func (p *passage) changed() bool { return p.line > 0 }

func (p *passage) change(s textdiff.Segment, line int) {
	if p.line == 0 {
		p.line = line
	}
	if s.Op == textdiff.Delete {
		p.before += s.Text
	} else {
		p.after += s.Text
	}
}

// follow adds the words after a change. The place ends when the next change is
// far away or on another line; then near is what stands before that one.
func (p *passage) follow(text string) (near string, ends bool) {
	first, last := firstWords(text), lastWords(text)
	if strings.HasSuffix(p.before, "\n") || strings.HasSuffix(p.after, "\n") {
		return last, true // a whole line changed
	}
	if !strings.Contains(text, "\n") && len(first)+len(last) >= len(text) {
		p.before += text
		p.after += text
		return "", false
	}
	p.before += first
	p.after += first
	return last, true
}

func (p *passage) quote() schemas.Passage {
	return schemas.Passage{Line: p.line, Before: oneLine(p.before), After: oneLine(p.after)}
}

// firstWords returns the beginning of the text that belongs to a change before
// it, at most to the end of its line.
func firstWords(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	at := 0
	for range contextWords {
		at += len(line[at:]) - len(strings.TrimLeft(line[at:], " "))
		end := strings.IndexByte(line[at:], ' ')
		if end < 0 {
			return line
		}
		at += end
	}
	return line[:at]
}

// lastWords returns the end of the text that belongs to a change after it.
func lastWords(s string) string {
	line := s[strings.LastIndexByte(s, '\n')+1:]
	end := len(line)
	for range contextWords {
		at := strings.LastIndexByte(strings.TrimRight(line[:end], " "), ' ')
		if at < 0 {
			return line
		}
		end = at
	}
	return line[end+1:]
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
