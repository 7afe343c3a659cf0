package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/feed"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// feedFlags are those that speak of feeds.
func feedFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "feed", Category: groupFeeds, Usage: "capture the new entries of a feed, sitemap or OPML list at `ADDRESS|FILE`"},
		&cli.IntFlag{Name: "limit", Category: groupFeeds, Usage: "capture at most `N` new entries of each feed, the others next time", DefaultText: "all"},
		&cli.StringFlag{Name: "since", Category: groupFeeds, Usage: "capture only entries dated `DATE` or later (YYYY-MM-DD)"},
	}
}

// feedChoice is what the flags say of the entries that are wanted.
type feedChoice struct {
	limit int       // of each feed; 0: all
	since time.Time // zero: of any age
}

func feedChoiceOf(c *cli.Context) (feedChoice, error) {
	var choice feedChoice
	for _, name := range []string{"limit", "since"} {
		if c.IsSet(name) && len(c.StringSlice("feed")) == 0 {
			return choice, &usage{message: "--" + name + " speaks of feeds, and there is none", hint: "name one: --feed ADDRESS"}
		}
	}
	if choice.limit = c.Int("limit"); c.IsSet("limit") && choice.limit < 1 {
		return choice, &usage{message: "--limit must be at least 1", hint: "for example --limit 20"}
	}
	if since := c.String("since"); since != "" {
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if at, err := time.Parse(layout, since); err == nil {
				choice.since = at
				return choice, nil
			}
		}
		return choice, &usage{message: fmt.Sprintf("--since %q is not a date", since), hint: "for example --since 2026-03-01"}
	}
	return choice, nil
}

// addFeeds adds the new entries of the feeds that the command line names.
func (p *program) addFeeds(c *cli.Context, client *fetch.Client, choice feedChoice, work *captureWork) error {
	names := c.StringSlice("feed")
	if len(names) == 0 {
		return nil
	}
	limit, err := p.sourceLimit(c)
	if err != nil {
		return err
	}
	a, err := p.open(c)
	if none := (*noArchive)(nil); errors.As(err, &none) || errors.Is(err, archive.ErrUnborn) {
		a, err = nil, nil // all is new
	}
	if err != nil {
		return err
	}
	var head *archive.Snapshot
	if a != nil {
		defer a.Close()
		if head, err = a.Head(); err != nil {
			return err
		}
	}
	reading := &feedReading{program: p, client: client, head: head, choice: choice, asked: map[schemas.PageID]bool{}}
	for _, request := range work.requests {
		reading.asked[request.Page.ID] = true
	}
	fresh, err := reading.read(p.stop, names) // nothing is lost by stopping here
	if err != nil {
		return err
	}
	for _, ref := range fresh {
		work.requests = append(work.requests, archive.PostRequest{Page: ref, MaxSources: limit})
	}
	work.feeds = reading.reads
	return nil
}

// nothingNew reports a run that had nothing to capture. It leaves no trace.
func (p *program) nothingNew(c *cli.Context, work captureWork, options archive.RunOptions) error {
	run, err := archive.NewRun(nil, options)
	if err != nil {
		return err
	}
	defer run.Close()
	report := &schemas.CaptureReport{Schema: schemas.CaptureReportSchema, Run: run.ID, Feeds: work.feeds}
	return p.afterReport(p.reportCapture(c, report), saveReport(c, report))
}

// feedReading is the reading of the feeds of one command.
type feedReading struct {
	*program
	client *fetch.Client
	head   *archive.Snapshot // nil: there is no archive yet, and all is new
	choice feedChoice
	asked  map[schemas.PageID]bool // posts of this command
	reads  []schemas.FeedRead
}

// read reads the feeds named and returns their new entries. Feeds that cannot be
// read are told, and keep nothing else from being done.
func (r *feedReading) read(ctx context.Context, names []string) ([]archive.PageRef, error) {
	var fresh []archive.PageRef
	for _, name := range names {
		address, input, err := r.named(name)
		if err != nil {
			return nil, err
		}
		feeds, err := feed.Gather(ctx, address, input, r.get)
		if err != nil {
			return nil, err
		}
		for _, f := range feeds {
			refs, err := r.choose(f)
			if err != nil {
				return nil, err
			}
			fresh = append(fresh, refs...)
		}
	}
	return fresh, nil
}

// named tells a file from an address: what exists here is a file.
func (r *feedReading) named(name string) (string, *feed.Input, error) {
	if !strings.Contains(name, "://") {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			content, err := readFile(name, feed.MaxBytes)
			if err != nil {
				return "", nil, fmt.Errorf("reading feed: %w", err)
			}
			return name, &feed.Input{Content: content}, nil
		}
		if _, ok := archive.CompleteAddress(name); !ok {
			return "", nil, &usage{
				message: fmt.Sprintf("there is no file %q, and it is not an address either", name),
				hint:    "--feed takes an address such as https://example.com/feed.xml, or a file",
			}
		}
	}
	ref, err := addressed(name)
	return ref.Name, nil, err
}

// get asks for a list the way pages are asked for.
func (r *feedReading) get(ctx context.Context, address string) (feed.Input, error) {
	exchange, err := r.client.Fetch(ctx, fetch.Request{URL: address})
	if err != nil {
		return feed.Input{}, err
	}
	defer exchange.Close()
	final := exchange.Final()
	switch {
	case exchange.Failure != nil && exchange.Failure.Reason == fetch.PrivateAddress:
		return feed.Input{}, &privateFeed{exchange.Failure.Detail}
	case exchange.Failure != nil:
		return feed.Input{}, errors.New(exchange.Failure.Detail)
	case final.Status/100 != 2:
		return feed.Input{}, fmt.Errorf("HTTP %d", final.Status)
	case exchange.Truncated != "":
		return feed.Input{}, fmt.Errorf("it was cut short (%s)", exchange.Truncated)
	case exchange.Payload == nil:
		return feed.Input{}, fmt.Errorf("HTTP %d without a body", final.Status)
	}
	size := exchange.Payload.Size()
	if size > feed.MaxBytes {
		return feed.Input{}, &feed.LimitError{What: "bytes", Limit: feed.MaxBytes}
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(exchange.Payload.Reader(), content); err != nil {
		return feed.Input{}, fmt.Errorf("reading what was sent: %w", err)
	}
	return feed.Input{Content: content, ContentType: final.Header.Get("Content-Type"), URL: final.URL}, nil
}

// privateFeed is a feed at an address that is not asked without leave.
type privateFeed struct{ detail string }

func (e *privateFeed) Error() string { return e.detail }

// choose returns the entries of a feed that are wanted and new, and notes what it
// made of the feed.
func (r *feedReading) choose(f feed.Feed) ([]archive.PageRef, error) {
	read := schemas.FeedRead{
		Feed: cleanLine(f.Address), Kind: string(f.Kind), Title: cleanLine(f.Title), Entries: int64(len(f.Entries)), Unfit: int64(f.Unfit),
	}
	for _, fault := range f.Faults {
		r.say("error", "feed %s: %v", f.Address, fault)
		if refused := (*privateFeed)(nil); errors.As(fault, &refused) {
			r.say("hint", "loopback and private addresses are asked with --allow-private only")
		}
		if errors.Is(fault, feed.ErrNoList) {
			r.say("hint", "a page is captured by its address: walkback capture %s", shellWord(f.Address))
		}
		read.Faults = append(read.Faults, cleanLine(fault.Error()))
	}
	for _, other := range f.Others {
		r.say("note", "%s was taken of several feeds; another one is %s", f.Address, other)
	}
	fresh, err := r.fresh(f.Entries, &read)
	if err != nil {
		return nil, err
	}
	if limit := r.choice.limit; limit > 0 && len(fresh) > limit {
		read.Left = int64(len(fresh) - limit)
		fresh = fresh[:limit]
	}
	for _, ref := range fresh {
		r.asked[ref.ID] = true
	}
	read.New = int64(len(fresh))
	r.reads = append(r.reads, read)
	return fresh, nil
}

// fresh returns the entries that are to be captured: in the order of the feed, but
// for those that were never served, which come last so that they keep no others
// from being captured.
func (r *feedReading) fresh(entries []feed.Entry, read *schemas.FeedRead) ([]archive.PageRef, error) {
	var fresh, again []archive.PageRef
	seen, now := map[schemas.PageID]bool{}, r.now()
	for _, entry := range entries {
		ref, err := archive.PageAt(entry.URL)
		if err != nil {
			read.Entries, read.Unfit = read.Entries-1, read.Unfit+1
			continue
		}
		switch date := entry.Date(); {
		case r.asked[ref.ID] || seen[ref.ID]:
			continue
		case r.choice.since.IsZero():
		case date.IsZero():
			read.Undated++
			continue
		case date.Before(r.choice.since):
			read.Passed++
			continue
		}
		seen[ref.ID] = true
		novelty := archive.New
		if r.head != nil {
			if novelty, err = r.head.Novelty(ref, entry.Updated, now); err != nil {
				return nil, err
			}
		}
		switch novelty {
		case archive.New:
			fresh = append(fresh, ref)
		case archive.Unserved:
			again = append(again, ref)
		}
	}
	return append(fresh, again...), nil
}

// printFeeds prints a line for each feed that could be read.
func (p *program) printFeeds(reads []schemas.FeedRead) {
	for _, read := range reads {
		if read.Kind == "" {
			continue
		}
		line := fmt.Sprintf("%s: %s, %d new", read.Feed, countEntries(read.Entries), read.New)
		for _, part := range []struct {
			n     int64
			words string
		}{
			{read.Left, "left for the next time"},
			{read.Passed, "too old"},
			{read.Undated, "without a date left out"},
			{read.Unfit, "without an address that can be captured"},
		} {
			if part.n > 0 {
				line += fmt.Sprintf(", %d %s", part.n, part.words)
			}
		}
		p.printf("%s\n", line)
	}
}

func countEntries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}
