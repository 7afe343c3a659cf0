package provenance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// Checked is the look at one page once it is durable.
type Checked struct {
	Page     *archive.PageDraft
	Snapshot *archive.Snapshot
}

const (
	// pagesAtOnce bounds how many pages are looked at at a time.
	pagesAtOnce = 128
	// A check run commits when either of these is reached.
	batchPages = 256
	batchTime  = 30 * time.Second
)

// Tracked returns the pages of an archive that check looks at: all but given
// posts and those untracked.
func Tracked(ctx context.Context, head *archive.Snapshot) ([]archive.PageRef, error) {
	tracked := func(p *schemas.ListedPage) bool { return p.Tracked }
	return refsOf(head.List(ctx, tracked))
}

// Due returns those of them that are to be looked at again by now: see
// [archive.Snapshot.Due].
func Due(ctx context.Context, head *archive.Snapshot, now time.Time) ([]archive.PageRef, error) {
	return refsOf(head.Due(ctx, now, 0))
}

func refsOf(list iter.Seq2[schemas.ListedPage, error]) ([]archive.PageRef, error) {
	var pages []archive.PageRef
	for listed, err := range list {
		if err != nil {
			return nil, err
		}
		page, err := archive.PageNamed(listed.URL)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	slices.SortFunc(pages, func(a, b archive.PageRef) int { return strings.Compare(a.Folder, b.Folder) })
	return pages, nil
}

// WithSources returns the pages and, for those that are posts, their sources:
// what a person means by checking a post. Given posts themselves are left out.
func WithSources(head *archive.Snapshot, refs []archive.PageRef) ([]archive.PageRef, error) {
	var pages []archive.PageRef
	seen := map[schemas.PageID]bool{}
	add := func(ref archive.PageRef) {
		if !seen[ref.ID] && !ref.Given() {
			pages = append(pages, ref)
		}
		seen[ref.ID] = true
	}
	for _, ref := range refs {
		add(ref)
		page, err := head.Page(ref)
		if err != nil {
			return nil, err
		}
		post, err := page.Post()
		if err != nil {
			return nil, err
		}
		if post == nil {
			continue
		}
		for _, source := range post.Sources {
			ref, err := archive.PageNamed(source.URL)
			if err != nil {
				return nil, err
			}
			page, err := head.Page(ref)
			if err != nil {
				return nil, fmt.Errorf("reading source %s: %w", ref.Name, err)
			}
			if mark, err := page.Untracked(); err != nil {
				return nil, err
			} else if mark == nil {
				add(ref)
			}
		}
	}
	return pages, nil
}

// ByHost orders pages so that hosts take turns: each is asked one thing at a
// time, and a slow one must not hold up the others.
func ByHost(pages []archive.PageRef) iter.Seq[archive.PageRef] {
	queues := map[string][]archive.PageRef{}
	var hosts []string
	for _, page := range pages {
		host := hostOf(page)
		if queues[host] == nil {
			hosts = append(hosts, host)
		}
		queues[host] = append(queues[host], page)
	}
	return func(yield func(archive.PageRef) bool) {
		for round := 0; len(hosts) > 0; round++ {
			var left []string
			for _, host := range hosts {
				if !yield(queues[host][round]) {
					return
				}
				if round+1 < len(queues[host]) {
					left = append(left, host)
				}
			}
			hosts = left
		}
	}
}

// Check looks at pages again and records what it sees: observations for what is
// as before, captures with their verdicts for what is not. It calls done, from
// one goroutine, for each page once it is durable. When pages ends early, what
// is in flight is still finished.
func (rec *Recorder) Check(ctx context.Context, run *archive.Run, pages iter.Seq[archive.PageRef], done func(Checked)) error {
	j, err := rec.begin(ctx)
	if err != nil {
		return err
	}
	doubts := rec.doubter(run, j)
	group, ctx := errgroup.WithContext(ctx)
	drafted := make(chan *archive.Draft, pagesAtOnce)
	hand := func(_ archive.PageRef, draft *archive.Draft) error { return send(ctx, drafted, draft) }
	var left aside[archive.PageRef]
	look := func(ctx context.Context, lookers *errgroup.Group, page archive.PageRef) error {
		draw := func() (*archive.Draft, error) { return run.Check(archive.Patient(ctx), page) }
		return doubts.draw(ctx, lookers, draw, func(draft *archive.Draft) error {
			if left.put(page, draft) {
				return nil
			}
			return hand(page, draft)
		})
	}
	group.Go(func() error {
		defer close(drafted)
		if err := inTurns(ctx, rec.Stop, pagesAtOnce, pages, hostOf, look); err != nil {
			return err
		}
		again, err := left.again(run, rec.Stop, hand)
		if err != nil {
			return err
		}
		return inTurns(ctx, rec.Stop, pagesAtOnce, slices.Values(again), hostOf, look)
	})
	group.Go(func() error { return rec.commitChecks(ctx, run, drafted, done) })
	return group.Wait()
}

// commitChecks gathers looks into commits.
func (rec *Recorder) commitChecks(ctx context.Context, run *archive.Run, drafted <-chan *archive.Draft, done func(Checked)) error {
	var (
		batch  []*archive.Draft
		bytes  int64
		timer  = time.NewTimer(batchTime)
		commit = func() error {
			timer.Reset(batchTime)
			if len(batch) == 0 {
				return nil
			}
			err := rec.commitBatch(ctx, run, batch, done)
			batch, bytes = nil, 0
			return err
		}
	)
	defer timer.Stop()
	for {
		select {
		case draft, ok := <-drafted:
			if !ok {
				return commit()
			}
			batch, bytes = append(batch, draft), bytes+draft.Size()
			if len(batch) < batchPages && bytes < batchBytes && !run.Full() {
				continue
			}
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := commit(); err != nil {
			return err
		}
	}
}

// commitBatch makes one commit of many looks.
func (rec *Recorder) commitBatch(ctx context.Context, run *archive.Run, batch []*archive.Draft, done func(Checked)) error {
	tries := retries{}
	for {
		merged := merge(run, batch)
		snapshots, err := rec.commit(ctx, run, merged)
		var stale *archive.StaleError
		switch {
		case err == nil:
			for _, page := range merged.Pages {
				done(Checked{Page: page, Snapshot: snapshots[0]})
			}
			return nil
		case !errors.As(err, &stale) || !tries.again(run, stale.Pages):
			return err
		}
		for i, draft := range batch {
			if !holds(draft, stale.Pages) {
				continue
			}
			if batch[i], err = run.Check(ctx, draft.Pages[0].PageRef); err != nil {
				return err
			}
		}
	}
}

// merge joins drafts into one; a page that several of them hold is in it once.
func merge(run *archive.Run, batch []*archive.Draft) *archive.Draft {
	merged := &archive.Draft{Kind: schemas.KindCheck}
	seen := map[schemas.PageID]bool{}
	for _, draft := range batch {
		for _, page := range draft.Pages {
			if !seen[page.ID] {
				merged.Pages = append(merged.Pages, page)
			}
			seen[page.ID] = true
		}
		merged.Posts = append(merged.Posts, draft.Posts...)
	}
	merged.Subject = fmt.Sprintf("%s (run %s)", pageCount(len(merged.Pages)), run.ID)
	return merged
}
