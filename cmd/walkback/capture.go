package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

// defaultMaxSources is how many linked sources of a post are captured unless
// told otherwise.
const defaultMaxSources = 50

func (p *program) captureCommand() *cli.Command {
	return &cli.Command{
		Name: "capture", Usage: "snapshot posts and the sources they link to",
		UsageText: "walkback capture URL|FILE... [--list FILE|-]",
		Description: `Each post becomes one signed snapshot together with the pages that its text
links to. A FILE (text, Markdown or HTML) is a post of its own; --source names
what it rests on. An address without a scheme means https. The archive and a
signing key are made on first use. A page that was captured before is captured
again and compared. The same command continues a run that was cut short.

Exit codes: 0 done; 1 could not run; 2 usage; 4 partly: a page that is new or
was served before is not served now; 11 the archive does not verify;
130 interrupted (what was in flight is kept).`,
		CustomHelpTemplate: commandHelp,
		OnUsageError:       usageError,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "list", Usage: "also capture the posts named in `FILE`, one a line (- for standard input, # begins a comment)"},
			&cli.StringSliceFlag{Name: "source", Usage: "`URL` of a source that the post does not link to; may be repeated"},
			&cli.IntFlag{Name: "max-sources", Value: defaultMaxSources, Usage: "capture at most `N` linked sources of a post"},
			&cli.BoolFlag{Name: "no-sources", Usage: "capture no linked sources"},
			&cli.StringFlag{Name: "name", Usage: "keep a FILE under this `NAME`; the same name again is its next capture"},
			&cli.StringFlag{Name: "date", Usage: "`DATE` that a FILE claims to be from (YYYY-MM-DD)"},
			&cli.StringFlag{Name: "url", Usage: "`URL` where a FILE claims to stand; stored as a claim, never compared"},
			&cli.BoolFlag{Name: "dry-run", Usage: "look, but write nothing"},
			&cli.BoolFlag{Name: "fresh", Usage: "do not continue an unfinished run"},
			&cli.BoolFlag{Name: "json", Usage: "print a capture-report/1 document"},
			waitFlag,
			keyFlag,
		}, fetchFlags()...),
		Action: p.capture,
	}
}

var waitFlag = &cli.DurationFlag{Name: "wait", Value: 30 * time.Second, Usage: "wait this `TIME` for another process that writes to the archive"}

// fetchFlags are those of every command that goes out to the network.
func fetchFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "allow-private", Usage: "allow loopback and private addresses", EnvVars: []string{"WALKBACK_ALLOW_PRIVATE"}},
		&cli.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "give up on a page after this `TIME`"},
		&cli.StringFlag{Name: "max-bytes", Value: "64M", Usage: "keep at most this `SIZE` of a page (k, M, G)"},
		&cli.StringFlag{Name: "user-agent", Usage: "call ourselves `NAME`"},
	}
}

// fetcher makes the client that the flags describe. The caller closes it.
func (p *program) fetcher(c *cli.Context) (*fetch.Client, error) {
	limit, err := parseSize(c.String("max-bytes"))
	if err != nil {
		return nil, &usage{message: "--max-bytes: " + err.Error(), hint: "for example --max-bytes 100M"}
	}
	settings := p.settings()
	agent := c.String("user-agent")
	if agent == "" {
		agent = settings.UserAgent
	}
	return fetch.New(fetch.Options{
		UserAgent: agent, AllowPrivate: c.Bool("allow-private") || settings.AllowPrivate,
		MaxBytes: limit, Timeout: c.Duration("timeout"),
	}), nil
}

func parseSize(s string) (int64, error) {
	number, unit := s, int64(1)
	for suffix, factor := range map[string]int64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = rest, factor
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return n * unit, nil
}

func (p *program) capture(c *cli.Context) error {
	if _, err := p.loadSettings(); err != nil {
		return err
	}
	requests, err := p.postRequests(c)
	if err != nil {
		return err
	}
	client, err := p.fetcher(c)
	if err != nil {
		return err
	}
	defer client.Close()
	options := archive.RunOptions{Fetch: client, Tool: tool()}
	if err := readable(c.Context, requests, options); err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return p.captureDry(c, requests, options)
	}
	return p.captureInto(c, requests, options)
}

// readable refuses files without text before anything is made for them, and
// before a long run ends at one of them.
func readable(ctx context.Context, requests []archive.PostRequest, options archive.RunOptions) error {
	run, err := archive.NewRun(nil, options)
	if err != nil {
		return err
	}
	for _, r := range requests {
		if r.Given == nil {
			continue
		}
		if _, err := run.Give(ctx, r.Page, *r.Given); err != nil {
			return fmt.Errorf("reading post %s: %w", archive.SpokenName(r.Page.Name), err)
		}
	}
	return nil
}

// captureInto captures posts into the archive, which it makes when there is
// none.
func (p *program) captureInto(c *cli.Context, requests []archive.PostRequest, options archive.RunOptions) error {
	recorder, release, err := p.recorder(c, true)
	if err != nil {
		return err
	}
	defer release()
	journal, err := recorder.Archive.Begin(journalKey(c, requests), c.Bool("fresh"), options)
	if err != nil {
		return err
	}
	capture := &captureRun{program: p, journal: journal, requests: requests, progress: p.progress()}
	err = capture.run(c.Context, recorder)
	capture.progress.clear()
	report := capture.report(recorder.Archive)
	return p.end(journal, err, len(report.Posts), func() error { return p.reportCapture(c, report) })
}

// end closes the journal of a run and reports what the run did. A run that was
// cut short after it had done something can be continued.
func (p *program) end(journal *archive.Journal, err error, did int, report func() error) error {
	if err == nil && p.stop.Err() == nil {
		return errors.Join(journal.Finish(), report())
	}
	if did == 0 && !journal.Resumed {
		return errors.Join(err, journal.Finish())
	}
	p.say("hint", "the same command continues this run")
	// What the report would say by its exit code gives way to the reason.
	if reportErr := report(); err == nil {
		err = reportErr
	}
	return errors.Join(err, journal.Leave())
}

// journalKey says what a command was asked to do: the same again continues.
func journalKey(c *cli.Context, requests []archive.PostRequest) []string {
	key := []string{c.Command.Name}
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
		page, done, err := r.journal.Run.CapturedPost(request.Page)
		if err != nil {
			return err
		}
		if done {
			r.posts[i] = alreadyCaptured(page)
			continue
		}
		todo = append(todo, i)
	}
	if r.journal.Resumed {
		r.say("note", "continuing run %s: %d of %d posts were captured before", r.journal.Run.ID, len(r.requests)-len(todo), len(r.requests))
	}
	finished := int64(len(r.requests) - len(todo))
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
func (p *program) captureDry(c *cli.Context, requests []archive.PostRequest, options archive.RunOptions) error {
	a, err := p.open(c)
	var none *noArchive
	if err != nil && !errors.As(err, &none) {
		return err
	}
	if a != nil {
		defer a.Close()
	}
	run, err := archive.NewRun(a, options)
	if err != nil {
		return err
	}
	report := &schemas.CaptureReport{Schema: schemas.CaptureReportSchema, Run: run.ID, DryRun: true}
	if a != nil {
		report.ArchiveID = a.ID()
	}
	for _, request := range requests {
		if p.stop.Err() != nil {
			break
		}
		draft, err := provenance.DryRun(c.Context, run, request)
		if err != nil {
			return err
		}
		report.Posts = append(report.Posts, *capturedPost(draft, nil))
	}
	return p.reportCapture(c, report)
}

// recorder opens the archive and the key for writing. With create, it makes
// what does not exist.
func (p *program) recorder(c *cli.Context, create bool) (*provenance.Recorder, func(), error) {
	a, err := p.open(c)
	var none *noArchive
	missing := errors.As(err, &none)
	if err != nil && !(create && (missing || errors.Is(err, archive.ErrUnborn))) {
		return nil, nil, err
	}
	if missing {
		if err := holds(none.dir); err != nil {
			return nil, nil, err
		}
	}
	key, release, err := p.signingKey(c.Context, c, a)
	if err != nil {
		if a != nil {
			err = errors.Join(err, a.Close())
		}
		return nil, nil, err
	}
	if a == nil {
		dir, err := p.place(c)
		if err == nil {
			a, err = p.makeArchive(c, dir, key)
		}
		if err != nil {
			release()
			return nil, nil, err
		}
	}
	close := func() {
		release()
		if err := a.Close(); err != nil {
			p.warn(err)
		}
	}
	recorder := &provenance.Recorder{
		Archive: a, Key: key, Memory: p.memory(), Command: "walkback " + c.Command.FullName(), Wait: c.Duration(waitFlag.Name), Warn: p.warn,
	}
	if err := recorder.Ready(c.Context); err != nil {
		close()
		return nil, nil, err
	}
	return recorder, close, nil
}

// postRequests reads the posts that a command line asks for.
func (p *program) postRequests(c *cli.Context) ([]archive.PostRequest, error) {
	targets := c.Args().Slice()
	if list := c.String("list"); list != "" {
		listed, err := p.readList(list)
		if err != nil {
			return nil, err
		}
		targets = append(targets, listed...)
	}
	if len(targets) == 0 {
		return nil, &usage{message: "nothing to capture", hint: "name a URL or a file: walkback capture https://example.com/post"}
	}
	if err := checkSingle(c, targets); err != nil {
		return nil, err
	}
	sources, err := sourceRefs(c.StringSlice("source"))
	if err != nil {
		return nil, err
	}
	limit := c.Int("max-sources")
	if configured := p.settings().MaxSources; configured != nil && !c.IsSet("max-sources") {
		limit = *configured
	}
	if limit < 0 {
		return nil, &usage{message: "--max-sources must not be negative", hint: "--no-sources captures none"}
	}
	if c.Bool("no-sources") {
		limit = 0
	}
	var requests []archive.PostRequest
	for _, target := range targets {
		request, err := p.postRequest(c, target)
		if err != nil {
			return nil, err
		}
		request.Sources, request.MaxSources = sources, limit
		again := func(r archive.PostRequest) bool { return r.Page == request.Page }
		if !slices.ContainsFunc(requests, again) {
			requests = append(requests, request)
		}
	}
	return requests, nil
}

// checkSingle refuses options that speak of one file when there are several
// posts, since they would be true of one at most.
func checkSingle(c *cli.Context, targets []string) error {
	for _, name := range []string{"name", "date", "url", "source"} {
		if c.IsSet(name) && len(targets) > 1 {
			return &usage{message: fmt.Sprintf("--%s speaks of one post, but there are %d", name, len(targets)), hint: "capture them one by one"}
		}
	}
	return nil
}

func sourceRefs(addresses []string) ([]archive.PageRef, error) {
	var refs []archive.PageRef
	for _, address := range addresses {
		ref, err := addressed(address)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// addressed reads an address that a person typed.
func addressed(s string) (archive.PageRef, error) {
	complete, ok := archive.CompleteAddress(s)
	if !ok {
		return archive.PageRef{}, &usage{message: fmt.Sprintf("%q is not an address", s), hint: "for example https://example.com/page"}
	}
	ref, err := archive.PageAt(complete)
	var scheme *archive.UnsupportedSchemeError
	if errors.As(err, &scheme) {
		return ref, &usage{message: err.Error(), hint: "save the page to a file and capture that: walkback capture FILE --url " + shellWord(s)}
	}
	if err != nil {
		return ref, &usage{message: err.Error(), hint: hintFor(err)}
	}
	return ref, nil
}

// postRequest tells files from addresses: what exists here is a file.
func (p *program) postRequest(c *cli.Context, target string) (archive.PostRequest, error) {
	if !strings.Contains(target, "://") {
		info, err := os.Stat(target)
		switch {
		case err == nil && info.IsDir():
			return archive.PostRequest{}, &usage{message: target + " is a folder", hint: "name the files in it: walkback capture " + shellWord(target) + "/*"}
		case err == nil:
			return givenPost(c, target)
		case !errors.Is(err, fs.ErrNotExist):
			return archive.PostRequest{}, fmt.Errorf("reading post: %w", err)
		}
		if _, ok := archive.CompleteAddress(target); !ok {
			return archive.PostRequest{}, &usage{
				message: fmt.Sprintf("there is no file %q, and it is not an address either", target),
				hint:    "an address looks like https://example.com/post",
			}
		}
	}
	for _, name := range []string{"name", "date", "url"} {
		if c.IsSet(name) {
			return archive.PostRequest{}, &usage{message: fmt.Sprintf("--%s is for a post handed in as a file, and %s is an address", name, target), hint: "leave it out"}
		}
	}
	ref, err := addressed(target)
	return archive.PostRequest{Page: ref}, err
}

// maxPost bounds a post handed in as a file.
const maxPost = 64 << 20

func givenPost(c *cli.Context, file string) (archive.PostRequest, error) {
	content, err := readFile(file, maxPost)
	if err != nil {
		return archive.PostRequest{}, fmt.Errorf("reading post: %w", err)
	}
	name := c.String("name")
	if name == "" {
		name = archive.GivenName(file)
	}
	ref, err := archive.PagePost(name)
	if err != nil {
		return archive.PostRequest{}, err
	}
	given := &archive.Given{Content: content, MediaType: postType(file), ClaimedDate: c.String("date")}
	if date := given.ClaimedDate; date != "" {
		_, dayErr := time.Parse(time.DateOnly, date)
		_, timeErr := time.Parse(time.RFC3339, date)
		if dayErr != nil && timeErr != nil {
			return archive.PostRequest{}, &usage{message: fmt.Sprintf("--date %q is not a date", date), hint: "for example --date 2017-02-10"}
		}
	}
	if claimed := c.String("url"); claimed != "" {
		ref, err := addressed(claimed)
		if err != nil {
			return archive.PostRequest{}, err
		}
		given.ClaimedURL = ref.Name
	}
	return archive.PostRequest{Page: ref, Given: given}, nil
}

func readFile(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %s", file, size(limit))
	}
	return content, err
}

// postType goes by the file's name alone, so that the same file is the same
// post on every machine.
func postType(file string) string {
	switch lower := strings.ToLower(file); {
	case strings.HasSuffix(lower, ".html"), strings.HasSuffix(lower, ".htm"):
		return "text/html"
	case strings.HasSuffix(lower, ".xhtml"):
		return "application/xhtml+xml"
	case strings.HasSuffix(lower, ".md"), strings.HasSuffix(lower, ".markdown"):
		return "text/markdown"
	}
	return "text/plain"
}

// readList reads one post a line.
func (p *program) readList(name string) ([]string, error) {
	var in io.Reader = p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading list: %w", err)
		}
		defer f.Close()
		in = f
	}
	var targets []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line != "" && !strings.HasPrefix(line, "#") {
			targets = append(targets, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading list %s: %w", name, err)
	}
	if len(targets) == 0 {
		return nil, &usage{message: "the list " + name + " names no post", hint: "write one URL or file a line"}
	}
	return targets, nil
}
