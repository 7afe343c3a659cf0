package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// capturedPost describes a post of a run; snapshot is nil in a dry run, and for
// a post to which nothing was to add.
func capturedPost(draft *archive.Draft, snapshot *archive.Snapshot) *schemas.CapturedPost {
	post := &schemas.CapturedPost{CapturedPage: capturedPage(draft.Pages[0]), Omitted: draft.Posts[0].Post.Omitted}
	if snapshot != nil {
		post.Commit, post.Sequence = snapshot.Commit.ID.String(), snapshot.Message.Sequence
	}
	post.Quotes = draft.Posts[0].Post.Quotes
	for _, source := range draft.Posts[0].Sources {
		post.Sources = append(post.Sources, capturedPage(source))
	}
	return post
}

// capturedPage describes one look at a page.
func capturedPage(d *archive.PageDraft) schemas.CapturedPage {
	page := describedPage(d)
	page.Sum()
	return page
}

func describedPage(d *archive.PageDraft) schemas.CapturedPage {
	c := d.Capture
	page := schemas.CapturedPage{
		Page: d.ID, URL: d.Name, Title: d.Title(), Outcome: c.Access.Outcome, Rule: c.Access.Rule,
		Status: c.Status, Bytes: d.Size(), Truncated: c.Truncated, TextLimit: c.TextLimit, NoText: c.NoText, Change: d.Verdict, Result: schemas.ResultNew,
	}
	if c.Failure != nil {
		page.Detail = c.Failure.Detail
	}
	if !d.AsBefore {
		page.Resources = c.TallyResources()
	}
	if d.Before == nil {
		if c.Text != nil {
			page.Standing, _ = c.Text.Says()
		}
		if isDead(page) {
			page.OlderCopies = timeGate + page.URL
		}
		return page
	}
	page.Before = d.Before.Capture.Access.Outcome
	switch {
	case d.Before.Capture == c:
		page.Result = schemas.ResultInRun
		page.Before = ""
	case d.AsBefore:
		page.Result = schemas.ResultAsBefore
	default:
		page.Result = schemas.ResultCaptured
	}
	page.First = d.FirstLook()
	if page.Result == schemas.ResultCaptured {
		page.Within = &schemas.TimeBracket{After: d.Before.Capture.CapturedAt, Before: c.CapturedAt}
	}
	return page
}

// storedPage describes a page by its newest capture.
func storedPage(page *archive.Page, result schemas.ResultKind) schemas.CapturedPage {
	c := page.Capture
	stored := schemas.CapturedPage{
		Page: page.ID, URL: page.Name, Result: result, Outcome: c.Access.Outcome, Rule: c.Access.Rule,
		Status: c.Status, Truncated: c.Truncated, TextLimit: c.TextLimit, NoText: c.NoText,
	}
	if c.Body != nil {
		stored.Bytes = c.Body.Size
	}
	if c.Text != nil && c.Access.Outcome == schemas.Served {
		stored.Title = c.Text.Title
	}
	if c.Failure != nil {
		stored.Detail = c.Failure.Detail
	}
	if result != schemas.ResultAsBefore {
		stored.Resources = c.TallyResources()
	}
	stored.Sum()
	return stored
}

// observedPage and changedPage describe a look that an earlier process of the
// run has written down.
func observedPage(page *archive.Page, line *schemas.Observation) schemas.CapturedPage {
	observed := storedPage(page, schemas.ResultAsBefore)
	observed.Before = observed.Outcome
	observed.Outcome, observed.Rule, observed.Status = line.Access.Outcome, line.Access.Rule, line.Status
	observed.First = line.First
	observed.Sum()
	return observed
}

func changedPage(page *archive.Page, line *schemas.Change) schemas.CapturedPage {
	changed := storedPage(page, schemas.ResultCaptured)
	changed.Before, changed.Outcome, changed.Change = line.Before.Outcome, line.After.Outcome, line
	changed.First = line.First
	changed.Within = &schemas.TimeBracket{After: line.Before.CapturedAt, Before: line.After.CapturedAt}
	changed.Sum()
	return changed
}

// alreadyCaptured describes a post that an earlier process of this run
// captured.
func alreadyCaptured(page *archive.Page, post *schemas.Post) *schemas.CapturedPost {
	captured := &schemas.CapturedPost{
		CapturedPage: storedPage(page, schemas.ResultInRun), Sequence: page.Capture.Sequence, Omitted: post.Omitted,
		Quotes: post.Quotes,
	}
	for _, source := range post.Sources {
		said := schemas.CapturedPage{Page: source.Page, URL: source.URL, Result: schemas.ResultInRun, Outcome: source.Outcome}
		said.Sum()
		captured.Sources = append(captured.Sources, said)
	}
	return captured
}

// failedNow reports whether a page's failure is news: it was served before or
// is new. A known, unchanged failure is not.
func failedNow(page schemas.CapturedPage) bool {
	if page.Outcome == schemas.Served || page.Outcome == schemas.NotModified {
		return false
	}
	return page.Before == "" || page.Before == schemas.Served
}

// cutNow reports whether what was captured of a page is not whole.
func cutNow(page schemas.CapturedPage) bool {
	return page.Truncated != "" && (page.Result == schemas.ResultNew || page.Result == schemas.ResultCaptured)
}

// stillMissing reports whether a page was asked for because it was missing, and is.
func (p *program) stillMissing(page schemas.CapturedPage) bool {
	return p.onlyMissing && page.Outcome != schemas.Served && page.Outcome != schemas.NotModified
}

func (p *program) reportCapture(c *cli.Context, report *schemas.CaptureReport) error {
	partly := slices.ContainsFunc(report.Feeds, func(read schemas.FeedRead) bool { return len(read.Faults) > 0 })
	for _, post := range report.Posts {
		for _, page := range append([]schemas.CapturedPage{post.CapturedPage}, post.Sources...) {
			partly = partly || failedNow(page) || cutNow(page) || p.stillMissing(page)
		}
	}
	switch {
	case c.Bool("json"):
		if err := p.printJSON(report); err != nil {
			return err
		}
	case p.quiet:
		p.printFaults(report)
	default:
		p.printCapture(report)
	}
	for _, post := range report.Posts {
		p.hintPrivate(append(post.Sources, post.CapturedPage))
		p.hintBrowser(append(post.Sources, post.CapturedPage))
	}
	if partly {
		return exit(exitPartly)
	}
	return nil
}

// hintPrivate names the option that some pages would have needed.
func (p *program) hintPrivate(pages []schemas.CapturedPage) {
	refused := func(page schemas.CapturedPage) bool { return page.Rule == "refused-"+string(fetch.PrivateAddress) }
	if slices.ContainsFunc(pages, refused) {
		p.say("hint", "loopback and private addresses are asked with --allow-private only")
	}
}

// printCapture prints the closing table: page, outcome, bytes, snapshot, title;
// then where it all went.
func (p *program) printCapture(report *schemas.CaptureReport) {
	var rows [][]string
	var tooMany, unfit int
	var dead []schemas.CapturedPage
	var quotes []schemas.Quote
	for _, post := range report.Posts {
		quotes = append(quotes, post.Quotes...)
		rows = append(rows, captureRow("", post.Sequence, post.CapturedPage))
		for _, source := range post.Sources {
			rows = append(rows, captureRow("  ", 0, source))
			if source.OlderCopies != "" {
				dead = append(dead, source)
			}
		}
		for _, link := range post.Omitted {
			if link.Reason == "max-sources" {
				tooMany++
			} else {
				unfit++
			}
		}
	}
	p.columns(rows)
	for _, source := range dead {
		p.printf("%s was dead already; an older copy may be at %s\n", archive.SpokenName(source.URL), source.OlderCopies)
	}
	if len(quotes) > 0 {
		p.printf("%s\n", countQuotes(quotes))
	}
	if tooMany > 0 {
		p.printf("%s left out (--max-sources)\n", count(tooMany, "more link"))
	}
	if unfit > 0 {
		p.printf("%s left out that cannot be captured\n", count(unfit, "link"))
	}
	p.printFeeds(report.Feeds)
	p.printf("%s\n", whereKept(report))
}

// printFaults prints the pages of a capture that a person has to look at.
func (p *program) printFaults(report *schemas.CaptureReport) {
	var rows [][]string
	for _, post := range report.Posts {
		for i, page := range append([]schemas.CapturedPage{post.CapturedPage}, post.Sources...) {
			switch {
			case !failedNow(page) && !cutNow(page) && !p.stillMissing(page):
			case i == 0:
				rows = append(rows, captureRow("", post.Sequence, page))
			default:
				rows = append(rows, captureRow("", 0, page))
			}
		}
	}
	p.columns(rows)
}

func captureRow(indent string, sequence int64, page schemas.CapturedPage) []string {
	snapshot := ""
	if sequence > 0 {
		snapshot = "#" + strconv.FormatInt(sequence, 10)
	}
	return []string{indent + archive.SpokenName(page.URL), outcomeWords(page), size(page.Bytes), snapshot, describe(page)}
}

// whereKept names the snapshots of a run and the newest commit.
func whereKept(report *schemas.CaptureReport) string {
	if report.DryRun {
		return "dry run: nothing was kept"
	}
	var newest *schemas.CapturedPost
	kept := 0
	for i, post := range report.Posts {
		if post.Commit == "" {
			continue
		}
		kept++
		if newest == nil || post.Sequence > newest.Sequence {
			newest = &report.Posts[i]
		}
	}
	switch {
	case newest == nil:
		return "there was nothing to add"
	case kept == 1:
		return fmt.Sprintf("snapshot %d, commit %.12s", newest.Sequence, newest.Commit)
	}
	return fmt.Sprintf("%d snapshots, the newest is %d, commit %.12s", kept, newest.Sequence, newest.Commit)
}

// outcomeWords says what became of a page in a run.
func outcomeWords(page schemas.CapturedPage) string {
	words := string(page.Outcome)
	if page.Outcome == schemas.NotModified {
		words = string(schemas.Served)
	}
	if page.Result == schemas.ResultCaptured && page.Before != page.Outcome {
		words += ", was " + string(page.Before)
	}
	if page.Truncated != "" && page.Outcome == schemas.Served {
		words += ", cut short (" + string(page.Truncated) + ")"
	}
	if page.TextLimit > 0 && page.Outcome == schemas.Served {
		words += ", its text not read (longer than " + size(page.TextLimit) + ")"
	}
	if page.NoText == archive.TooManyBlocks && page.Outcome == schemas.Served {
		words += ", its text not read (" + archive.NoTextWords(page.NoText) + ")"
	}
	if page.Resources != nil && page.Resources.Missing > 0 {
		words += ", " + count(page.Resources.Missing, "resource") + " missing"
	}
	switch page.Result {
	case schemas.ResultAsBefore:
		words += ", as before"
	case schemas.ResultInRun:
		words += ", in this run"
	case schemas.ResultCaptured:
		if page.Change != nil && page.Change.Class != schemas.NotCompared {
			words += ", " + string(page.Change.Class)
		}
	case schemas.ResultNew:
		words += standingWords(page)
	}
	return words + passingWords(page)
}

// passingWords tells of a first look that a second one did not bear out.
func passingWords(page schemas.CapturedPage) string {
	first := page.First
	if first == nil {
		return ""
	}
	what := string(first.Outcome)
	switch {
	case first.Rule == "passing-fault":
		what = "much of it was not there at first"
	case first.Detail != "":
		what += ": " + first.Detail
	case first.Status != 0:
		what += fmt.Sprintf(": HTTP %d", first.Status)
	}
	return fmt.Sprintf(" (after a passing fault at %s, %s)", minute(first.CapturedAt), what)
}

// standingWords says how a page stood when it was first captured: it did not
// come to be so since.
func standingWords(page schemas.CapturedPage) string {
	if page.Standing == "" {
		return ""
	}
	return ", already " + classWords[page.Standing]
}

// olderCopies names where a page may be found that was dead when it was first
// captured.
func olderCopies(page schemas.CapturedPage) string {
	if page.OlderCopies == "" {
		return ""
	}
	return "; an older copy may be at " + page.OlderCopies
}

// serviceWords say by the rule what the API of a service said of a post.
var serviceWords = map[string]string{
	"api-not-found-first": "its service says that there is no such post",
	"api-not-found-again": "its service says that there is no such post",
	"api-deleted":         "its service says that the author deleted it",
	"api-removed":         "its service says that it was taken down",
	"api-withheld":        "its service does not show it to everyone",
	"api-foreign":         "what came is no answer of its service",
}

// describe gives a page's title, or why there is none.
func describe(page schemas.CapturedPage) string {
	switch {
	case page.Outcome == schemas.Served, page.Outcome == schemas.NotModified:
		return page.Title
	case page.Detail != "":
		return page.Detail
	case page.Rule == "redirect-home":
		return "sent to a home page"
	case serviceWords[page.Rule] != "":
		return serviceWords[page.Rule]
	case strings.HasPrefix(page.Rule, "soft-404"):
		return fmt.Sprintf("HTTP %d, but it says that there is no such page", page.Status)
	case page.Rule == "http-empty":
		return fmt.Sprintf("HTTP %d without a body", page.Status)
	case page.Status != 0:
		return fmt.Sprintf("HTTP %d", page.Status)
	}
	return page.Rule
}
