package main

import (
	"context"
	"iter"
	"slices"
	"strconv"
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
	options, closeRun, err := p.runOptions(c)
	if err != nil {
		return err
	}
	defer closeRun()
	options.Whole, options.Expires = c.Bool("whole"), checkExpires
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
