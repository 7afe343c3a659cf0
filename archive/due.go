package archive

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/archive/schedule"
	"github.com/walkback-dev/walkback/schemas"
)

// Due yields the pages that are to be looked at again by a moment, as package
// schedule says, each with the time of its last look and when it is due, those
// due first first, and no more than most of them; 0 is all. Pages that check
// passes over never are. Without the index it reads all snapshots.
func (s *Snapshot) Due(ctx context.Context, by time.Time, most int) iter.Seq2[schemas.ListedPage, error] {
	return func(yield func(schemas.ListedPage, error) bool) {
		if s.indexedDue(ctx, schemas.TimeOf(by), most, yield) {
			return
		}
		due, err := s.walkDue(ctx, schemas.TimeOf(by))
		if err != nil {
			yield(schemas.ListedPage{}, err)
			return
		}
		for i, page := range due {
			if most > 0 && i == most || !yield(page, nil) {
				return
			}
		}
	}
}

// indexedDue is Due from the index. It reports false, and has yielded nothing,
// when that gives no answer: so all are read before any is yielded, and once more
// when they are many.
func (s *Snapshot) indexedDue(ctx context.Context, by schemas.Time, most int, yield func(schemas.ListedPage, error) bool) bool {
	return s.archive.fromIndex(ctx, s, func(view *index.View) error {
		var few heldPages
		for page, err := range view.Due(ctx, by, most) {
			if err != nil {
				return err
			}
			few.add(&page)
		}
		if few.all() {
			for _, page := range few.pages {
				if !yield(page, nil) {
					return nil
				}
			}
			return nil
		}
		for page, err := range view.Due(ctx, by, most) {
			if !yield(page, err) || err != nil {
				return nil
			}
		}
		return nil
	})
}

// looked is a page and the looks at it, on a walk through all snapshots.
type looked struct {
	n       int // in the order of first captures
	listed  schemas.ListedPage
	content schemas.Digest
	looks   schedule.Page
}

// walkDue is Due without the index.
func (s *Snapshot) walkDue(ctx context.Context, by schemas.Time) ([]schemas.ListedPage, error) {
	var ids []gitstore.ID
	for commit, err := range s.archive.store.History(s.Commit.ID) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, commit.ID)
	}
	pages := map[schemas.PageID]*looked{}
	for step, err := range s.archive.forward(ctx, gitstore.ID{}, ids) {
		if err != nil {
			return nil, err
		}
		for _, touch := range step.indexed().Touched {
			page := pages[touch.Page.Page]
			if page == nil {
				page = &looked{n: len(pages)}
				pages[touch.Page.Page] = page
			}
			page.take(&touch)
		}
		for _, look := range step.looks {
			if page := pages[look.Page]; page != nil {
				page.looks.Observe(look.At)
			}
		}
	}
	return dueAmong(pages, by), nil
}

// take notes what a commit did to the page.
func (l *looked) take(t *index.Touch) {
	if t.Captured {
		l.looks.Capture(schedule.Capture{
			At: t.Page.CapturedAt, Outcome: t.Page.Outcome, Before: l.listed.Outcome, Differs: t.Served && t.Content != l.content,
		})
	}
	if !t.Content.IsZero() {
		l.content = t.Content
	}
	l.listed = t.Page
}

func dueAmong(pages map[schemas.PageID]*looked, by schemas.Time) (due []schemas.ListedPage) {
	var order []*looked
	for _, page := range pages {
		page.listed.LookedAt, page.listed.DueAt = page.looks.Looked, page.looks.Due(page.listed.Outcome)
		if page.listed.Tracked && page.listed.DueAt <= by {
			order = append(order, page)
		}
	}
	slices.SortFunc(order, func(a, b *looked) int {
		return cmp.Or(cmp.Compare(a.listed.DueAt, b.listed.DueAt), cmp.Compare(a.n, b.n))
	})
	for _, page := range order {
		due = append(due, page.listed)
	}
	return due
}
