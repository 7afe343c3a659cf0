package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

// defaultMaxSources is how many linked sources of a post are captured unless
// told otherwise.
const defaultMaxSources = 50

func (p *program) captureCommand() *cli.Command {
	return &cli.Command{
		Name: "capture", Usage: "snapshot posts and the sources they link to",
		UsageText: "walkback capture URL|FILE... [--list FILE|-] [--feed ADDRESS|FILE]",
		Description: `Each post becomes one signed snapshot together with the pages that its text
links to. A FILE (text, Markdown, HTML, PDF, a page saved as MHTML, mail as .eml) is
a post of its own; --source names what it rests on. Where and when a saved file says
that it is from is kept as a claim. Pages are kept with their images, style sheets, fonts and
media; no script is run, unless --browser lets a browser show them: what it shows
is then what is kept and compared. An address without a scheme means https. The archive and a
signing key are made on first use. A page that was captured before is captured
again and compared. The same command continues a run that was cut short. With
--missing, posts that the archive has are passed over.

--list names posts one a line; exported bookmarks, a sitemap and OPML are known
by what they say. --feed reads RSS, Atom, JSON Feed, sitemaps, OPML lists of
feeds, or the feed that a page offers, and captures the entries that the archive
has no capture of, or none since the feed says that they were updated.

A post on Mastodon, Bluesky, Hacker News or Reddit is asked for through the public
API of its service, under its own address; --no-api asks for its page.

robots.txt is asked about sources, not about the posts that you name. What is
sent with --cookies and --header is in no stored head; a page that says it back
is kept as it is, with a warning.

Exit codes: 0 done; 1 could not run; 2 usage; 4 partly: a page that is new or
was served before is not served now, or was cut short (--max-bytes), or is still
missing with --missing, a feed could not be read, or --deadline was over before all was done; 11 the archive does not
verify; 130 interrupted (what was in flight is kept).`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "list", Usage: "also capture the posts named in `FILE`, one a line (- for standard input, # begins a comment)"},
		}, feedFlags(), []cli.Flag{
			&cli.StringSliceFlag{Name: "source", Usage: "`URL` of a source that the post does not link to"},
			&cli.IntFlag{Name: "max-sources", Value: defaultMaxSources, Usage: "capture at most `N` linked sources of a post"},
			&cli.BoolFlag{Name: "no-sources", Usage: "capture no linked sources"},
			&cli.StringFlag{Name: "name", Category: groupFiles, Usage: "keep a FILE under this `NAME`; the same name again is its next capture"},
			&cli.StringFlag{Name: "date", Category: groupFiles, Usage: "`DATE` that a FILE claims to be from (YYYY-MM-DD)"},
			&cli.StringFlag{Name: "url", Category: groupFiles, Usage: "`URL` where a FILE claims to stand; stored as a claim, never compared"},
			&cli.BoolFlag{Name: "dry-run", Usage: "look, but write nothing"},
			&cli.BoolFlag{Name: "fresh", Usage: "do not continue an unfinished run"},
			&cli.BoolFlag{Name: "missing", Usage: "pass over posts that the archive has; what was captured and never served is asked for again"},
			&cli.BoolFlag{Name: "json", Usage: "print a capture-report/1 document"},
			reportFlag,
			quietFlag,
			waitFlag,
			keyFlag,
			signerFlag,
		}, browserFlags(), fetchFlags()),
		Action: writing(p.capture),
	}
}

func (p *program) capture(c *cli.Context) error {
	if _, err := p.loadSettings(); err != nil {
		return err
	}
	if err := p.beReported(c); err != nil {
		return err
	}
	requests, err := p.postRequests(c)
	if err != nil {
		return err
	}
	choice, err := feedChoiceOf(c)
	if err != nil {
		return err
	}
	options, closeRun, err := p.runOptions(c)
	if err != nil {
		return err
	}
	defer closeRun()
	release, err := p.keepDeadline(c)
	if err != nil {
		return err
	}
	defer release()
	if err := readable(c.Context, requests, options); err != nil {
		return err
	}
	work := captureWork{requests: requests, key: journalKey(c, requests)}
	if err := p.addFeeds(c, options.Fetch, choice, &work); err != nil {
		return err
	}
	if p.onlyMissing = c.Bool("missing"); p.onlyMissing {
		if err := p.keepMissing(c, &work); err != nil {
			return err
		}
	}
	switch {
	case c.Bool("dry-run"):
		return p.captureDry(c, work, options)
	case len(work.requests) == 0:
		return p.nothingNew(c, work, options)
	}
	return p.captureInto(c, work, options)
}

// captureWork is what a command line asks to capture.
type captureWork struct {
	requests []archive.PostRequest
	key      []string // of the journal
	feeds    []schemas.FeedRead
}

// readable refuses files without text before anything is made for them, and
// before a long run ends at one of them.
func readable(ctx context.Context, requests []archive.PostRequest, options archive.RunOptions) error {
	run, err := archive.NewRun(nil, options)
	if err != nil {
		return err
	}
	defer run.Close()
	for _, r := range requests {
		if r.Given == nil {
			continue
		}
		if _, err := run.Give(ctx, r.Page, *r.Given); err != nil {
			return fmt.Errorf("reading post %s: %w", archive.SpokenName(r.Page.Name), err)
		}
		run.Forget(r.Page)
	}
	return nil
}

// captureInto captures posts into the archive, which it makes when there is
// none.
func (p *program) captureInto(c *cli.Context, work captureWork, options archive.RunOptions) error {
	recorder, release, err := p.recorder(c, true)
	if err != nil {
		return err
	}
	defer release()
	recorder.Stop = p.stop.Done()
	if recorder.SecondLooks, err = p.secondLooks(c); err != nil {
		return err
	}
	journal, err := recorder.Archive.Begin(append(work.key, p.manner(c)...), c.Bool("fresh"), options)
	if err != nil {
		return err
	}
	defer journal.Run.Close()
	capture := &captureRun{program: p, journal: journal, requests: work.requests, progress: p.progress()}
	err = capture.run(c.Context, recorder)
	capture.progress.clear()
	p.stampRun(c, recorder)
	report := capture.report(recorder.Archive)
	report.Feeds = work.feeds
	report.CutShort, report.Left = p.cutShort(err, len(work.requests)-len(report.Posts))
	saveErr := saveReport(c, report)
	err = p.end(journal, err, len(report.Posts), len(work.requests), func() error { return p.reportCapture(c, report) })
	return p.afterReport(err, saveErr)
}

// keepMissing leaves those posts of a capture that the archive has never seen
// served.
func (p *program) keepMissing(c *cli.Context, work *captureWork) error {
	a, err := p.open(c)
	if none := (*noArchive)(nil); errors.As(err, &none) || errors.Is(err, archive.ErrUnborn) {
		return nil // all is missing
	}
	if err != nil {
		return err
	}
	defer a.Close()
	head, err := a.Head()
	if err != nil {
		return err
	}
	var missing []archive.PostRequest
	for _, request := range work.requests {
		novelty, err := head.Novelty(request.Page, time.Time{}, p.now())
		if err != nil {
			return err
		}
		if novelty != archive.Known {
			missing = append(missing, request)
		}
	}
	if passed := len(work.requests) - len(missing); passed > 0 {
		p.say("note", "%d of %s are in the archive already", passed, count(len(work.requests), "post"))
	}
	work.requests = missing
	return nil
}

// end closes the journal of a run and reports what the run did. A run that was
// cut short after it had done something, but not all, can be continued.
func (p *program) end(journal *archive.Journal, err error, did, asked int, report func() error) error {
	if err == nil && (p.stop.Err() == nil || did >= asked) {
		return p.afterReport(report(), journal.Finish())
	}
	if p.late() {
		p.say("note", "%v: %d of %d done", errDeadline, did, asked)
	}
	if did == 0 && !journal.Resumed {
		if err == nil && p.late() {
			err = exit(exitPartly)
		}
		return p.afterReport(err, journal.Finish())
	}
	p.say("hint", "the same command continues this run")
	// What the report would say by its exit code gives way to the reason.
	if reportErr := report(); err == nil {
		err = reportErr
	}
	if err == nil && p.late() {
		err = exit(exitPartly)
	}
	return p.afterReport(err, journal.Leave())
}

// afterReport tells what went wrong with the journal, which an exit code or an
// interrupt would hide. The code of what came before beats its own.
func (p *program) afterReport(err, journalErr error) error {
	if journalErr == nil {
		return err
	}
	code := p.complain(journalErr)
	if err == nil {
		return exit(code)
	}
	return err
}

// journalKey says what a command was asked to do: the same again continues. Of a
// feed it is the feed, since its entries that are captured are not new any more.
func journalKey(c *cli.Context, requests []archive.PostRequest) []string {
	key := append([]string{c.Command.Name}, c.StringSlice("feed")...)
	if c.Bool("missing") {
		key = append(key, "--missing") // those captured by this run are in the archive, and the rest is the same run
	}
	for _, name := range []string{"limit", "since", "max-sources", "no-sources"} {
		if c.IsSet("feed") {
			key = append(key, fmt.Sprint(c.Value(name)))
		}
	}
	for _, r := range requests {
		key = append(key, r.Page.Name, strconv.Itoa(r.MaxSources))
		for _, s := range r.Sources {
			key = append(key, "+"+s.Name)
		}
		if r.Given != nil {
			key = append(key, schemas.DigestOf(r.Given.Content).Hex(), r.Given.ClaimedURL, r.Given.ClaimedDate)
		}
	}
	return key
}

// manner is the part of a journal's key that says how pages are looked at and who
// signs: done in another manner, the rest of a run would be another run.
func (p *program) manner(c *cli.Context) []string {
	settings := p.settings()
	key := []string{settings.UserAgent, settings.Via, settings.Vantage, strconv.FormatBool(settings.IgnoreRobots), settings.Key, strconv.FormatBool(settings.AllowPrivate), settings.MaxResourceBytes}
	key = append(key, settings.BlueskyAPI, settings.HackerNewsAPI, settings.RedditAPI)
	if settings.Resources != nil {
		key = append(key, strconv.FormatBool(*settings.Resources))
	}
	key = append(key, settings.Render)
	for _, flag := range slices.Concat(fetchFlags(), browserFlags(), []cli.Flag{keyFlag}) {
		name := flag.Names()[0]
		if name == deadlineName {
			continue // what is cut short by one goes on under another
		}
		key = append(key, fmt.Sprintf("--%s=%v", name, c.Value(name)))
	}
	return key
}

// captureRun is the state of one capture run.
type captureRun struct {
	*program
	journal  *archive.Journal
	requests []archive.PostRequest
	posts    []*schemas.CapturedPost // by request
	progress *progress
}

func (r *captureRun) run(ctx context.Context, recorder *provenance.Recorder) error {
	r.posts = make([]*schemas.CapturedPost, len(r.requests))
	var todo []int
	for i, request := range r.requests {
		r.journal.Run.Ask(request.Page)
		page, post, err := r.journal.Run.CapturedPost(request.Page)
		if err != nil {
			return err
		}
		if post != nil {
			r.posts[i] = alreadyCaptured(page, post)
			continue
		}
		todo = append(todo, i)
	}
	if r.journal.Resumed {
		r.say("note", "continuing run %s: %d of %d posts were captured before", r.journal.Run.ID, len(r.requests)-len(todo), len(r.requests))
	}
	finished := int64(len(r.requests) - len(todo))
	r.progress.show("posts", finished, int64(len(r.requests)))
	return recorder.Record(ctx, r.journal.Run, r.pending(todo), func(recorded provenance.Recorded) {
		r.posts[todo[recorded.Index]] = capturedPost(recorded.Draft, recorded.Snapshot)
		finished++
		r.progress.show("posts", finished, int64(len(r.requests)))
	})
}

// pending yields the requests until the first interrupt.
func (r *captureRun) pending(todo []int) iter.Seq[archive.PostRequest] {
	return func(yield func(archive.PostRequest) bool) {
		for _, i := range todo {
			if r.stop.Err() != nil || !yield(r.requests[i]) {
				return
			}
		}
	}
}

func (r *captureRun) report(a *archive.Archive) *schemas.CaptureReport {
	report := &schemas.CaptureReport{
		Schema: schemas.CaptureReportSchema, ArchiveID: a.ID(), Run: r.journal.Run.ID, Resumed: r.journal.Resumed,
	}
	for _, post := range r.posts {
		if post != nil {
			report.Posts = append(report.Posts, *post)
		}
	}
	return report
}

// captureDry looks at the posts and writes nothing, not even an archive.
func (p *program) captureDry(c *cli.Context, work captureWork, options archive.RunOptions) error {
	a, err := p.open(c)
	var none *noArchive
	if err != nil && !errors.As(err, &none) {
		return err
	}
	if a != nil {
		defer a.Close()
	}
	options.DryRun = true
	run, err := archive.NewRun(a, options)
	if err != nil {
		return err
	}
	defer run.Close()
	report := &schemas.CaptureReport{Schema: schemas.CaptureReportSchema, Run: run.ID, DryRun: true, Feeds: work.feeds}
	if a != nil {
		report.ArchiveID = a.ID()
	}
	for _, request := range work.requests {
		if p.stop.Err() != nil {
			break
		}
		draft, err := provenance.DryRun(c.Context, a, run, request)
		if err != nil {
			return err
		}
		report.Posts = append(report.Posts, *capturedPost(draft, nil))
		run.Release(draft)
	}
	return p.afterReport(p.reportCapture(c, report), saveReport(c, report))
}
