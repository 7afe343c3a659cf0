package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/schemas"
)

// classWords are what people read for a class.
var classWords = map[schemas.ChangeClass]string{
	schemas.Changed:             "other bytes, no text to compare",
	schemas.BoilerplateOnly:     "only around the text",
	schemas.ExtractionUnstable:  "another part of the page was read",
	schemas.ReDerived:           "read by a newer extractor",
	schemas.MetadataOnly:        "metadata changed",
	schemas.MovedText:           "paragraphs moved",
	schemas.MinorEdit:           "minor edit",
	schemas.DateChange:          "date of publication changed",
	schemas.BylineChange:        "byline changed",
	schemas.LinkTarget:          "link changed",
	schemas.MediaChange:         "figure changed",
	schemas.HeadlineChange:      "headline changed",
	schemas.SubstantiveEdit:     "substantive edit",
	schemas.StealthEdit:         "substantive edit, no notice",
	schemas.UpdateNote:          "update note",
	schemas.Clarification:       "clarification",
	schemas.Correction:          "correction",
	schemas.NoticeEdited:        "notice edited",
	schemas.NoticeRemoved:       "notice removed",
	schemas.Restored:            "restored",
	schemas.Oscillating:         "goes back and forth",
	schemas.Reinstatement:       "reinstated",
	schemas.ExpressionOfConcern: "expression of concern",
	schemas.Removal:             "removed by its publisher",
	schemas.Withdrawal:          "withdrawn",
	schemas.Retraction:          "retracted",
}

// verdictWords says in one line what changed: the class and the words that show
// it best. It names no motive.
func verdictWords(change *schemas.Change) string {
	words := classWords[change.Class]
	if words == "" {
		words = string(change.Class)
	}
	if change.Class == schemas.SubstantiveEdit && slices.ContainsFunc(change.Notices, isNew) {
		words = "substantive edit with a notice"
	}
	if detail := verdictDetail(change); detail != "" {
		words += ": " + detail
	}
	if change.Confidence == schemas.Suspect {
		words += " (suspect)"
	}
	var also []string
	for _, class := range change.Also {
		if other := classWords[class]; other != "" {
			also = append(also, other)
		}
	}
	if len(also) > 0 {
		words += "; also: " + strings.Join(also, ", ")
	}
	return words
}

func isNew(n schemas.ChangedNotice) bool { return n.Change == "added" }

// verdictDetail quotes what the class is about.
func verdictDetail(change *schemas.Change) string {
	switch change.Class {
	case schemas.StealthEdit, schemas.SubstantiveEdit, schemas.MinorEdit:
		if len(change.Passages) > 0 {
			return passageWords(change.Passages[0], len(change.Passages)-1)
		}
	case schemas.Correction, schemas.Clarification, schemas.UpdateNote:
		if notice := noticeOf(change, "added"); notice != nil {
			detail := quoted(notice.After)
			if len(change.Passages) > 0 {
				detail += ", " + passageWords(change.Passages[0], len(change.Passages)-1)
			}
			return detail
		}
	case schemas.NoticeEdited:
		if notice := noticeOf(change, "edited"); notice != nil {
			return arrow(core(notice.Before, notice.After))
		}
	case schemas.NoticeRemoved:
		if notice := noticeOf(change, "removed"); notice != nil {
			return quoted(notice.Before)
		}
	case schemas.HeadlineChange, schemas.BylineChange, schemas.DateChange, schemas.MetadataOnly:
		if len(change.Fields) > 0 {
			return fieldWords(change)
		}
	case schemas.Unchanged:
		return ""
	}
	return strings.Join(change.Evidence[:min(len(change.Evidence), 1)], "")
}

// fieldWords quotes the first field of the class.
func fieldWords(change *schemas.Change) string {
	names := map[schemas.ChangeClass][]string{
		schemas.HeadlineChange: {"headline"}, schemas.BylineChange: {"byline"}, schemas.DateChange: {"published"},
		schemas.MetadataOnly: {"canonical", "section", "robots"},
	}
	for _, f := range change.Fields {
		if slices.Contains(names[change.Class], f.Field) {
			return arrow(f.Before, f.After)
		}
	}
	return ""
}

func noticeOf(change *schemas.Change, what string) *schemas.ChangedNotice {
	for i := range change.Notices {
		if change.Notices[i].Change == what {
			return &change.Notices[i]
		}
	}
	return nil
}

// passageWords quotes a passage with one word around it, and counts the others.
func passageWords(p schemas.Passage, more int) string {
	words := arrow(core(p.Before, p.After))
	if more > 0 {
		words += fmt.Sprintf(" and %s", count(more, "more place"))
	}
	return words
}

func arrow(before, after string) string {
	switch {
	case before == "":
		return "added " + quoted(after)
	case after == "":
		return "removed " + quoted(before)
	}
	return quoted(before) + " → " + quoted(after)
}

// mostQuoted bounds a quotation in a line, in characters.
const mostQuoted = 120

func quoted(s string) string {
	if runes := []rune(s); len(runes) > mostQuoted {
		s = strings.TrimSpace(string(runes[:mostQuoted])) + "…"
	}
	return "“" + s + "”"
}

// core leaves of two passages what differs, with one word on either side that
// they share; of words that only came or only went, these alone.
func core(before, after string) (string, string) {
	if before == "" || after == "" {
		return before, after
	}
	a, b := strings.Fields(before), strings.Fields(after)
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if added := len(b) - head - tail; len(a) == head+tail && added >= 3 {
		return "", strings.Join(b[head:len(b)-tail], " ")
	}
	if removed := len(a) - head - tail; len(b) == head+tail && removed >= 3 {
		return strings.Join(a[head:len(a)-tail], " "), ""
	}
	from, to := max(head-1, 0), max(tail-1, 0)
	if head > 0 && endsSentence(a[head-1]) {
		from = head
	}
	for _, words := range [][]string{a, b} {
		if last := len(words) - tail - 1; last >= head && endsSentence(words[last]) {
			to = tail
		}
	}
	return withoutOpenMark(strings.Join(a[from:len(a)-to], " "), strings.Join(b[from:len(b)-to], " "))
}

// endsSentence reports whether what follows a word is another sentence.
func endsSentence(word string) bool {
	word = strings.TrimRight(word, "\"'”’»)]")
	last, _ := utf8.DecodeLastRuneInString(word)
	return strings.ContainsRune(".!?…", last)
}

// withoutOpenMark takes off a quotation mark that both begin with and that is
// closed in neither.
func withoutOpenMark(before, after string) (string, string) {
	for open, end := range map[string]string{"“": "”", "‘": "’", "«": "»", "\"": "\""} {
		b, inBefore := strings.CutPrefix(before, open)
		a, inAfter := strings.CutPrefix(after, open)
		if inBefore && inAfter && !strings.Contains(b, end) && !strings.Contains(a, end) {
			return b, a
		}
	}
	return before, after
}

// isFault reports whether an outcome says more of the way to a page than of the
// page: it is there, for all that is known, and we did not see it.
func isFault(outcome schemas.Outcome) bool {
	switch outcome {
	case schemas.Challenged, schemas.Blocked, schemas.ServerError, schemas.Unreachable, schemas.Login, schemas.Consent,
		schemas.Paywalled, schemas.Refused:
		return true
	}
	return false
}

// outcomeNews reports whether a change of outcome is told. A fault is told when
// it begins and when it ends; that one fault took another's place is not news.
func outcomeNews(before, after schemas.Outcome) bool {
	return before != "" && before != after && !(isFault(before) && isFault(after))
}

// isDead reports whether an outcome says that a page is not there.
func isDead(page schemas.CapturedPage) bool {
	switch page.Outcome {
	case schemas.Missing, schemas.Gone, schemas.Legal, schemas.Redirected, schemas.Parked, schemas.WrongType:
		return true
	case schemas.Unreachable:
		return page.Rule == "failure-dns"
	}
	return false
}

// timeGate is where the largest web archive answers for all times of a page
// (RFC 7089): a person may find there what was gone before we came.
const timeGate = "https://web.archive.org/web/"
