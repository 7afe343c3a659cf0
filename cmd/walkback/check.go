package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

func (p *program) checkCommand() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "look at captured pages again and tell what changed",
		UsageText: "walkback check [PAGE...]",
		Description: `Looks again at the PAGEs (for a post: at it and its sources), or at every page
that is not untracked. First it decides whether the page was served at all: a
block, a challenge or a fault is never called a removal; it is told when it begins
and when it ends. Then it compares: text, headline, byline, links, notes on
corrections, retractions. What is around the article or changes each time is no
news. Quotes that a source does not say any more are told first. What it saw is
signed and kept. A page that was last seen through a browser is again; without one it
is left as it stands. A PAGE is a URL, a part of one that no other page has, or the
name of a post. The same command continues a run that was cut short.

With --due it looks at those pages only whose time has come: soon after a page
changed or failed, and the less often the longer it stays as it is, from every 15
minutes in the first 3 hours to every 90 days after a year. Run it as often as you
like; "walkback list --due" tells when each page is due.

Exit codes: 0 all is as before; 1 could not run; 2 usage; 3 an outcome, what a
page says, or a passage that is quoted changed; 4 partly: a page that was served
before, or is new, is not served now, or --deadline was over before all was done
(3 beats 4); 11 the archive does not verify; 130 interrupted (what was in flight
is kept).`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "look at every page that is not untracked (as without a PAGE)"},
			&cli.BoolFlag{Name: "due", Usage: "look at the pages that are due, and no others"},
			&cli.BoolFlag{Name: "whole", Usage: "ask for whole pages, not only for what the server says is modified"},
			&cli.BoolFlag{Name: "verbose", Usage: "also list the pages that are as before, and quote all that changed", Aliases: []string{"v"}},
			&cli.BoolFlag{Name: "fresh", Usage: "do not continue an unfinished run"},
			&cli.BoolFlag{Name: "json", Usage: "print a check-report/1 document"},
			reportFlag,
			quietFlag,
			waitFlag,
			keyFlag,
			signerFlag,
		}, fetchFlags()...),
		Action: writing(p.check),
	}
}

func (p *program) check(c *cli.Context) error {
	if _, err := p.loadSettings(); err != nil {
		return err
	}
	if err := p.beReported(c); err != nil {
		return err
	}
	if c.Bool("all") && c.Args().Present() {
		return &usage{message: "--all looks at every page, but pages are named too", hint: "leave out one of them"}
	}
	if c.Bool("due") && (c.Bool("all") || c.Args().Present()) {
		return &usage{message: "--due says itself which pages are looked at", hint: "leave out --all and the pages, or --due"}
	}
	recorder, release, err := p.recorder(c, false)
	if err != nil {
		return err
	}
	defer release()
	pages, err := p.pagesToCheck(c, recorder.Archive)
	if err != nil {
		return err
	}
	client, err := p.fetcher(c)
	if err != nil {
		return err
	}
	defer client.Close()
	resources, err := p.resourceOptions(c)
	if err != nil {
		return err
	}
	services, err := p.services(c)
	if err != nil {
		return err
	}
	key := append([]string{"check", strconv.FormatBool(c.Bool("whole")), strconv.FormatBool(c.Bool("due"))}, c.Args().Slice()...)
	key = append(key, p.manner(c)...)
	endDeadline, err := p.keepDeadline(c)
	if err != nil {
		return err
	}
	defer endDeadline()
	recorder.Stop = p.stop.Done()
	if recorder.SecondLooks, err = p.secondLooks(c); err != nil {
		return err
	}
	render, closeBrowser, err := p.renderOptions(c)
	if err != nil {
		return err
	}
	defer closeBrowser()
	options := archive.RunOptions{
		Render: render,
		Fetch:  client, Tool: tool(), Now: p.now, Whole: c.Bool("whole"), Probe: !c.Bool("no-probe"), Expires: checkExpires,
		Resources: resources, Services: services,
	}
	if err := p.beMannered(c, &options); err != nil {
		return err
	}
	journal, err := recorder.Archive.Begin(key, c.Bool("fresh"), options)
	if err != nil {
		return err
	}
	defer journal.Run.Close()
	run := &checkRun{program: p, journal: journal, progress: p.progress()}
	err = run.run(c.Context, recorder, pages)
	run.progress.clear()
	p.stampRun(c, recorder)
	report := run.report(recorder.Archive)
	report.CutShort, report.Left = p.cutShort(err, run.asked-len(report.Pages))
	saveErr := saveReport(c, report)
	if c.Bool("due") && err == nil && len(report.Pages) == 0 {
		p.noteNextDue(c.Context, recorder.Archive)
	}
	err = p.end(journal, err, len(report.Pages), run.asked, func() error { return p.reportCheck(c, report) })
	return p.afterReport(err, saveErr)
}

// noteNextDue says when a page will be due, where none is.
func (p *program) noteNextDue(ctx context.Context, a *archive.Archive) {
	head, err := a.Head()
	if err != nil {
		return // nothing was to be done, whenever the next page is due
	}
	for page, err := range head.Due(ctx, farAway, 1) {
		if err == nil {
			p.say("note", "no page is due before %s", minute(page.DueAt))
		}
		return
	}
}

// farAway is after all times at which a page is due.
var farAway = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// pagesToCheck returns the pages that the command line means.
func (p *program) pagesToCheck(c *cli.Context, a *archive.Archive) ([]archive.PageRef, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	switch {
	case c.Bool("due"):
		return provenance.Due(c.Context, head, p.now())
	case !c.Args().Present():
		return provenance.Tracked(c.Context, head)
	}
	named, err := findPages(c.Context, head, c.Args().Slice())
	if err != nil {
		return nil, err
	}
	pages, err := provenance.WithSources(head, named)
	if err == nil && len(pages) == 0 {
		err = &usage{message: "nothing to look at: a post handed in as a file has no address, and it has no sources", hint: "capture the file again to record a new version"}
	}
	return pages, err
}

func findPages(ctx context.Context, head *archive.Snapshot, specs []string) ([]archive.PageRef, error) {
	var refs []archive.PageRef
	for _, spec := range specs {
		ref, err := head.Find(ctx, spec)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// checkExpires is how long a check that was cut short can be continued.
const checkExpires = 24 * time.Hour

// checkRun is the state of one check run.
type checkRun struct {
	*program
	journal  *archive.Journal
	progress *progress
	pages    []schemas.CapturedPage
	quotes   []schemas.QuoteVerdict
	commits  []schemas.CommitRef
	asked    int // pages that the run looks at, with those that it has looked at before
}

func (r *checkRun) run(ctx context.Context, recorder *provenance.Recorder, pages []archive.PageRef) error {
	r.asked = len(pages)
	if r.journal.Resumed {
		done, err := r.journal.Run.Checked(ctx)
		if err != nil {
			return err
		}
		if r.pages, err = r.foundBefore(ctx, recorder.Archive, done.Pages); err != nil {
			return err
		}
		for _, quote := range done.Quotes {
			r.quotes = append(r.quotes, *quote)
		}
		pages = slices.DeleteFunc(slices.Clone(pages), func(ref archive.PageRef) bool { return done.Pages[ref.ID] != nil })
		r.asked = max(r.asked, len(pages)+len(r.pages)) // what was due then is not due any more
		r.say("note", "continuing run %s: %d of %d pages were looked at before", r.journal.Run.ID, r.asked-len(pages), r.asked)
	}
	total := int64(r.asked)
	recorder.Reread = func(s *archive.Snapshot, pages int) {
		r.commits = append(r.commits, s.Ref())
		r.noteReread(s, pages)
	}
	finished := total - int64(len(pages))
	r.progress.show("pages", finished, total)
	return recorder.Check(ctx, r.journal.Run, r.pending(pages), func(checked provenance.Checked) {
		r.pages = append(r.pages, capturedPage(checked.Page))
		for _, quote := range checked.Page.Quotes {
			r.quotes = append(r.quotes, *quote)
		}
		if s := checked.Snapshot; s != nil && (len(r.commits) == 0 || r.commits[len(r.commits)-1] != s.Ref()) {
			r.commits = append(r.commits, s.Ref())
		}
		finished++
		r.progress.show("pages", finished, total)
	})
}

// foundBefore describes what earlier processes of this run found, so that the
// report is of the whole run.
func (r *checkRun) foundBefore(ctx context.Context, a *archive.Archive, done map[schemas.PageID]schemas.CheckLine) ([]schemas.CapturedPage, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	var found []schemas.CapturedPage
	for page, err := range head.Pages(ctx) {
		if err != nil {
			return nil, err
		}
		switch line := done[page.ID].(type) {
		case *schemas.Observation:
			found = append(found, observedPage(page, line))
		case *schemas.Change:
			found = append(found, changedPage(page, line))
		case nil:
			if page.Capture.Run == r.journal.Run.ID {
				found = append(found, storedPage(page, schemas.ResultNew))
			}
		}
	}
	return found, nil
}

// pending yields the pages, hosts taking turns, until the first interrupt.
func (r *checkRun) pending(pages []archive.PageRef) iter.Seq[archive.PageRef] {
	return func(yield func(archive.PageRef) bool) {
		for page := range provenance.ByHost(pages) {
			if r.stop.Err() != nil || !yield(page) {
				return
			}
		}
	}
}

func (r *checkRun) report(a *archive.Archive) *schemas.CheckReport {
	slices.SortStableFunc(r.pages, byUrgency)
	slices.SortStableFunc(r.quotes, byBreach)
	return &schemas.CheckReport{
		Schema: schemas.CheckReportSchema, ArchiveID: a.ID(), Run: r.journal.Run.ID,
		Resumed: r.journal.Resumed, Pages: r.pages, Commits: r.commits, Quotes: r.quotes,
	}
}

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
	var fresh, asBefore, failing, other, passed int
	news := map[string]int{}
	for _, page := range report.Pages {
		switch urgency(page) {
		case 0:
			news[newsWords(page)]++
			p.printChanged(page, verbose)
		case 1:
			fresh++
			if !p.quiet || failedNow(page) {
				p.printf("%-12s %s: %s\n", "new", page.URL, newSource(page))
			}
		case 2:
			failing++
			if verbose || p.quiet && failedNow(page) {
				p.printf("%-12s %s: %s\n", page.Outcome, page.URL, describe(page))
			}
		case 3:
			if page.First != nil {
				passed++
			}
			if page.Result == schemas.ResultCaptured {
				other++
			} else {
				asBefore++
			}
			if verbose {
				p.printf("%-12s %s%s%s\n", "as before", page.URL, quietWords(page), passingWords(page))
			}
		}
	}
	if p.quiet {
		return
	}
	line := count(len(report.Pages), "page") + " looked at"
	for _, part := range []struct {
		n     int
		words string
	}{
		{news[newsChanged], newsChanged},
		{news[newsBack], newsBack},
		{news[newsLost], newsLost},
		{news[newsNowSo], newsNowSo},
		{news[newsUnseen], newsUnseen},
		{fresh, "new"},
		{asBefore, "as before"},
		{other, "with other bytes and no news"},
		{failing, "still not served"},
		{passed, "after a passing fault"},
	} {
		if part.n > 0 {
			line += fmt.Sprintf(", %d %s", part.n, part.words)
		}
	}
	broken := 0
	for i := range report.Quotes {
		if report.Quotes[i].Breaks() {
			broken++
		}
	}
	if broken > 0 {
		line += fmt.Sprintf("; %s broken", count(broken, "quote"))
	}
	p.printf("%s\n", line)
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
