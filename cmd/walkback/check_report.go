package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/schemas"
)

// changed reports whether a page is news by the rule of exit code 3: its
// outcome changed from or to one that is told, or its content did.
func changed(page schemas.CapturedPage) bool {
	if page.Result != schemas.ResultCaptured {
		return false
	}
	return outcomeNews(page.Before, page.Outcome) || page.Change != nil && !page.Change.Class.Quiet()
}

// urgency orders a report: changes first, then failures, then the rest.
func urgency(page schemas.CapturedPage) int {
	switch {
	case changed(page):
		return 0
	case page.Result == schemas.ResultNew:
		return 1
	case page.Outcome != schemas.Served && page.Outcome != schemas.NotModified:
		return 2
	}
	return 3
}

func byUrgency(a, b schemas.CapturedPage) int {
	return cmp.Or(cmp.Compare(urgency(a), urgency(b)), strings.Compare(a.URL, b.URL))
}

// byBreach orders what became of quotes: the removed, the altered, then the rest.
func byBreach(a, b schemas.QuoteVerdict) int {
	rank := func(q *schemas.QuoteVerdict) int {
		switch {
		case q.Breaks() && q.Fate == schemas.QuoteRemoved:
			return 0
		case q.Breaks():
			return 1
		case q.Mends():
			return 2
		}
		return 3
	}
	return cmp.Or(cmp.Compare(rank(&a), rank(&b)), strings.Compare(a.PostURL, b.PostURL), strings.Compare(a.URL, b.URL))
}

func (p *program) reportCheck(c *cli.Context, report *schemas.CheckReport) error {
	code := exitDone
	for _, page := range report.Pages {
		switch {
		case changed(page):
			code = exitChanged
		case failedNow(page) && code == exitDone:
			code = exitPartly
		}
	}
	for i := range report.Quotes {
		if report.Quotes[i].Breaks() {
			code = exitChanged
		}
	}
	if c.Bool("json") {
		if err := p.printJSON(report); err != nil {
			return err
		}
	} else {
		p.printCheck(report, c.Bool("verbose") && !p.quiet)
	}
	p.hintPrivate(report.Pages)
	p.hintBrowser(report.Pages)
	if code != exitDone {
		return exit(code)
	}
	return nil
}

// printCheck prints one line a page that is news, its changed passages below
// it, and a count of the rest.
func (p *program) printCheck(report *schemas.CheckReport, verbose bool) {
	p.printQuoteNews(report.Quotes, verbose)
	var n tally
	n.news = map[string]int{}
	for _, page := range report.Pages {
		switch urgency(page) {
		case 0:
			n.news[newsWords(page)]++
			p.printChanged(page, verbose)
		case 1:
			n.fresh++
			if !p.quiet || failedNow(page) {
				p.printf("%-12s %s: %s\n", "new", page.URL, newSource(page))
			}
		case 2:
			n.failing++
			if verbose || p.quiet && failedNow(page) {
				p.printf("%-12s %s: %s\n", page.Outcome, page.URL, describe(page))
			}
		case 3:
			if page.First != nil {
				n.passed++
			}
			if page.Result == schemas.ResultCaptured {
				n.other++
			} else {
				n.asBefore++
			}
			if verbose {
				p.printf("%-12s %s%s%s\n", "as before", page.URL, quietWords(page), passingWords(page))
			}
		}
	}
	for i := range report.Quotes {
		if report.Quotes[i].Breaks() {
			n.broken++
		}
	}
	if !p.quiet {
		p.printf("%s looked at%s\n", count(len(report.Pages), "page"), n.words())
	}
}

// tally counts the pages of a report by what became of them.
type tally struct {
	news                                            map[string]int
	fresh, asBefore, failing, other, passed, broken int
}

// words says how many pages there are of each kind that there is.
func (n *tally) words() string {
	var line strings.Builder
	for _, part := range []struct {
		n     int
		words string
	}{
		{n.news[newsChanged], newsChanged},
		{n.news[newsBack], newsBack},
		{n.news[newsLost], newsLost},
		{n.news[newsNowSo], newsNowSo},
		{n.news[newsUnseen], newsUnseen},
		{n.fresh, "new"},
		{n.asBefore, "as before"},
		{n.other, "with other bytes and no news"},
		{n.failing, "still not served"},
		{n.passed, "after a passing fault"},
	} {
		if part.n > 0 {
			fmt.Fprintf(&line, ", %d %s", part.n, part.words)
		}
	}
	if n.broken > 0 {
		fmt.Fprintf(&line, "; %s broken", count(n.broken, "quote"))
	}
	return line.String()
}

func newSource(page schemas.CapturedPage) string {
	words := "newly linked, captured"
	if page.Outcome != schemas.Served {
		words = "newly linked, " + string(page.Outcome) + " (" + describe(page) + ")"
	}
	return words + standingWords(page) + olderCopies(page)
}

// quietWords says of what kind a change is that is no news.
func quietWords(page schemas.CapturedPage) string {
	if page.Change == nil || page.Change.Class == schemas.Unchanged || page.Change.Class == schemas.NotCompared {
		return ""
	}
	return ": " + verdictWords(page.Change)
}

// What is news of a page, as the last line of a report counts it. A wall before a
// page says nothing of the page: it has neither changed nor gone.
const (
	newsChanged = "changed"
	newsBack    = "served again"
	newsLost    = "no longer served"
	newsNowSo   = "not served in another way"
	newsUnseen  = "not to be seen"
)

func newsWords(page schemas.CapturedPage) string {
	switch {
	case page.Change != nil && !page.Change.Class.Quiet():
		return newsChanged
	case page.Outcome == schemas.Served, page.Outcome == schemas.NotModified:
		return newsBack
	case isFault(page.Outcome):
		return newsUnseen
	}
	if page.Before != schemas.Served && page.Before != schemas.NotModified {
		return newsNowSo
	}
	return newsLost
}

// printChanged says in one line what is news about a page and between when and
// when it came to be. It gives the interval, never a motive.
func (p *program) printChanged(page schemas.CapturedPage, verbose bool) {
	var news []string
	label := "changed"
	if page.Before != page.Outcome {
		label = string(page.Outcome)
		news = append(news, fmt.Sprintf("%s before, now %s%s", page.Before, page.Outcome, aboutOutcome(page)))
	}
	change := page.Change
	if change != nil && !change.Class.Quiet() {
		label = "changed"
		news = append(news, verdictWords(change))
	}
	within := ""
	if page.Within != nil {
		within = fmt.Sprintf(", between %s and %s", minute(page.Within.After), minute(page.Within.Before))
	}
	p.printf("%-12s %s: %s%s%s\n", label, page.URL, strings.Join(news, "; "), within, passingWords(page))
	if verbose && change != nil {
		p.printDetails(change)
	}
}

const passageIndent = "             " // below the page's address

// printDetails quotes all that a verdict rests on.
func (p *program) printDetails(change *schemas.Change) {
	p.printf(passageIndent+"%s by rule %s, %s (%s)\n", change.Class, change.Rule, change.Confidence, strings.Join(change.Evidence, "; "))
	if change.Words != nil {
		p.printf(passageIndent+"%s added, %d deleted\n", count(change.Words.Added, "word"), change.Words.Deleted)
	}
	for _, notice := range change.Notices {
		p.printf(passageIndent+"notice %s (%s, %s): %s\n", notice.Change, notice.Kind, notice.Where, arrow(notice.Before, notice.After))
	}
	for _, field := range change.Fields {
		p.printf(passageIndent+"%s: %s\n", field.Field, arrow(field.Before, field.After))
	}
	for _, passage := range change.Passages {
		p.printPassage(passage)
	}
	for _, line := range change.Volatile {
		p.printf(passageIndent+"left out, it changes each time: “%s”\n", line)
	}
}

func (p *program) printPassage(passage schemas.Passage) {
	switch {
	case passage.Before == "":
		p.printf(passageIndent+"+ “%s”\n", passage.After)
	case passage.After == "":
		p.printf(passageIndent+"- “%s”\n", passage.Before)
	default:
		p.printf(passageIndent+"“%s” → “%s”\n", passage.Before, passage.After)
	}
}

// aboutOutcome gives what there is to say of an outcome, in brackets.
func aboutOutcome(page schemas.CapturedPage) string {
	if page.Outcome == schemas.Served {
		return ""
	}
	return " (" + describe(page) + ")"
}

// minute prints a time for a person, in UTC.
func minute(t schemas.Time) string { return t.Time().Format("2006-01-02 15:04:05 UTC") }
