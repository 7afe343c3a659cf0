package provenance

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// Recorded is a post that is safely in the archive.
type Recorded struct {
	Index    int // of the request, from 0
	Draft    *archive.Draft
	Snapshot *archive.Snapshot // nil when the run had captured the post before and nothing was to add
}

const (
	// postsAtOnce bounds how many posts are looked at at a time: each of them
	// looks at several sources at once, and their files and connections count.
	postsAtOnce = 24
	// batchPosts bounds how many snapshots one pack holds: all are
	// acknowledged together.
	batchPosts = 128
	// batchBytes bounds the payloads that wait for one batch.
	batchBytes = 64 << 20
	// batchLinger is how long a draft waits for others.
	batchLinger = 100 * time.Millisecond
	// attempts bounds how often a page is looked at again because another
	// process captured it in the meantime.
	attempts = 5
)

// work is one request on its way to its snapshot.
type work struct {
	index   int
	request archive.PostRequest
	draft   *archive.Draft
}

// Record captures posts: each becomes one signed snapshot with its sources. It
// calls done, from one goroutine, for each post once it is durable. When
// requests ends early, what is in flight is still finished. Errors of single
// pages are part of the drafts; the error returned is one that stopped the run.
func (rec *Recorder) Record(ctx context.Context, run *archive.Run, requests iter.Seq[archive.PostRequest], done func(Recorded)) error {
	j, err := rec.begin(ctx)
	if err != nil {
		return err
	}
	doubts := rec.doubter(run, j)
	group, ctx := errgroup.WithContext(ctx)
	drafted := make(chan work, postsAtOnce)
	hand := func(w work, draft *archive.Draft) error {
		w.draft = draft
		return send(ctx, drafted, w)
	}
	var left aside[work]
	look := func(ctx context.Context, lookers *errgroup.Group, w work) error {
		draw := func() (*archive.Draft, error) { return run.Capture(ctx, w.request) }
		return doubts.draw(ctx, lookers, draw, func(draft *archive.Draft) error {
			if left.put(w, draft) {
				return nil
			}
			return hand(w, draft)
		})
	}
	inHostTurns := func(all iter.Seq[work]) error {
		return inTurns(ctx, rec.Stop, postsAtOnce, all, func(w work) string { return hostOf(w.request.Page) }, look)
	}
	group.Go(func() error {
		defer close(drafted)
		if err := inHostTurns(numbered(requests)); err != nil {
			return err
		}
		again, err := left.again(run, rec.Stop, hand)
		if err != nil {
			return err
		}
		return inHostTurns(slices.Values(again))
	})
	group.Go(func() error {
		for first := range drafted {
			if err := rec.commitPosts(ctx, run, gather(run, first, drafted), done); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// numbered gives requests their numbers.
func numbered(requests iter.Seq[archive.PostRequest]) iter.Seq[work] {
	return func(yield func(work) bool) {
		index := 0
		for request := range requests {
			if !yield(work{index: index, request: request}) {
				return
			}
			index++
		}
	}
}

// send hands a value on, unless ctx ends first.
func send[T any](ctx context.Context, to chan<- T, value T) error {
	select {
	case to <- value:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// gather waits a moment for more drafts: a batch costs the same few syncs of the
// disk whether it holds one snapshot or a hundred. The last draft of a run does
// not wait, since nothing can follow it, nor those that leave no room for others.
func gather(run *archive.Run, first work, drafted <-chan work) []work {
	batch, bytes := []work{first}, first.draft.Size()
	linger := time.NewTimer(batchLinger)
	defer linger.Stop()
	for len(batch) < batchPosts && bytes < batchBytes && !run.Full() {
		select {
		case w, ok := <-drafted:
			if !ok {
				return batch
			}
			batch, bytes = append(batch, w), bytes+w.draft.Size()
		case <-linger.C:
			return batch
		}
	}
	return batch
}

func (rec *Recorder) commitPosts(ctx context.Context, run *archive.Run, batch []work, done func(Recorded)) error {
	tries := retries{}
	for {
		drafts := make([]*archive.Draft, len(batch))
		for i, w := range batch {
			drafts[i] = w.draft
		}
		snapshots, err := rec.commit(ctx, run, drafts...)
		var stale *archive.StaleError
		switch {
		case err == nil:
			for i, w := range batch {
				done(Recorded{Index: w.index, Draft: w.draft, Snapshot: snapshots[i]})
			}
			return nil
		case !errors.As(err, &stale) || !tries.again(run, stale.Pages):
			return err
		}
		for i := range batch {
			if !holds(batch[i].draft, stale.Pages) {
				continue
			}
			if batch[i].draft, err = run.Capture(ctx, batch[i].request); err != nil {
				return err
			}
		}
	}
}

// retries counts how often pages were looked at again.
type retries map[archive.PageRef]int

// again lets the run look at stale pages again, or reports that one of them was
// looked at too often.
func (r retries) again(run *archive.Run, stale []archive.PageRef) bool {
	for _, page := range stale {
		if r[page]++; r[page] == attempts {
			return false
		}
		run.Forget(page)
	}
	return true
}

func holds(draft *archive.Draft, pages []archive.PageRef) bool {
	return slices.ContainsFunc(draft.Pages, func(p *archive.PageDraft) bool { return slices.Contains(pages, p.PageRef) })
}

// DryRun looks at a post and its sources and judges them, and writes nothing.
func DryRun(ctx context.Context, a *archive.Archive, run *archive.Run, request archive.PostRequest) (*archive.Draft, error) {
	draft, err := run.Capture(ctx, request)
	if err != nil {
		return nil, err
	}
	return draft, Judge(ctx, a, draft)
}

// Untrack records that check shall pass these pages over from now on.
func (rec *Recorder) Untrack(ctx context.Context, run *archive.Run, reason string, pages ...archive.PageRef) (*archive.Snapshot, error) {
	draft := &archive.Draft{Kind: schemas.KindCheck, Subject: "untrack " + pages[0].Name}
	for _, page := range pages {
		draft.Untracked = append(draft.Untracked, &schemas.Untracked{
			Schema: schemas.UntrackedSchema, Page: page.ID, URL: page.Name, At: schemas.TimeOf(run.Started), Reason: reason,
		})
	}
	snapshots, err := rec.commit(ctx, run, draft)
	if err != nil {
		return nil, err
	}
	return snapshots[0], nil
}
