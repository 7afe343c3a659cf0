package archive

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// indexedAt returns the snapshot with a sequence that is not higher than that
// of the view.
func (a *Archive) indexedAt(ctx context.Context, view *index.View, sequence int64) (*Snapshot, error) {
	id, err := view.Commit(ctx, sequence)
	if err != nil {
		return nil, err
	}
	return a.indexedSnapshot(sequence, id)
}

// indexLies is the error for what the index says and the commits do not.
func (a *Archive) indexLies(format string, args ...any) error {
	return &index.DamagedError{File: a.indexFile(), Err: fmt.Errorf(format, args...)}
}

func (a *Archive) indexFile() string { return a.private("index.db") }

// indexedHistory returns the page as of the snapshots that touched its folder.
func (a *Archive) indexedHistory(ctx context.Context, head *Snapshot, ref PageRef) (pages []*Page, ok bool) {
	ok = a.fromIndex(ctx, head, func(view *index.View) error {
		captures, err := a.indexedCaptures(ctx, view, head, ref)
		for _, c := range captures {
			page, err := a.indexedPage(ctx, view, ref, c.Sequence)
			if err != nil {
				return err
			}
			pages = append(pages, page)
		}
		return err
	})
	return pages, ok
}

func (a *Archive) indexedVersions(ctx context.Context, head *Snapshot, ref PageRef) (versions []Version, ok bool) {
	ok = a.fromIndex(ctx, head, func(view *index.View) error {
		captures, err := a.indexedCaptures(ctx, view, head, ref)
		versions = a.versionsOf(ref, captures)
		return err
	})
	return versions, ok
}

func (a *Archive) indexedCaptures(ctx context.Context, view *index.View, head *Snapshot, ref PageRef) ([]index.Capture, error) {
	if _, err := a.store.Lookup(head.Commit.Tree, ref.Folder); errors.Is(err, gitstore.ErrNotFound) {
		return nil, nil // folders are never deleted: it was never there
	}
	return view.Captures(ctx, ref.ID)
}

func (a *Archive) indexedPage(ctx context.Context, view *index.View, ref PageRef, sequence int64) (*Page, error) {
	snapshot, err := a.indexedAt(ctx, view, sequence)
	if err != nil {
		return nil, err
	}
	return snapshot.Page(ref)
}

// heldPages are the pages of a list, as long as there are few.
type heldPages struct {
	pages []schemas.ListedPage
	bytes int
}

// maxHeld is how many bytes of a list are held in memory, some thirty thousand
// pages: to read all once more takes as long as to find them. Only a test sets it.
var maxHeld = 8 << 20

// heldSize is about what a page takes beside its name and title, in bytes.
const heldSize = 160

// add holds a page, or lets go of all when they are too many.
func (h *heldPages) add(page *schemas.ListedPage) {
	if h.bytes += heldSize + len(page.URL) + len(page.Title); h.all() {
		h.pages = append(h.pages, *page)
	} else {
		h.pages = nil
	}
}

// all reports whether every page that was added is held.
func (h *heldPages) all() bool { return h.bytes <= maxHeld }

// indexedList is List from the index. It reports false, and has yielded nothing,
// when that gives no answer. What is damaged is found out before anything is
// yielded, and for that all pages are read: twice, when many of them match.
func (s *Snapshot) indexedList(ctx context.Context, match func(*schemas.ListedPage) bool, yield func(schemas.ListedPage, error) bool) bool {
	return s.archive.fromIndex(ctx, s, func(view *index.View) error {
		var few heldPages
		for page, err := range view.Pages(ctx, false) {
			if err != nil {
				return err
			}
			if few.all() && match(&page) {
				few.add(&page)
			}
		}
		if few.all() {
			yieldSorted(few.pages, yield)
			return nil
		}
		for page, err := range view.Pages(ctx, true) {
			if (err != nil || match(&page)) && !yield(page, err) || err != nil {
				return nil
			}
		}
		return nil
	})
}

// indexedNames calls take for the name of every page of the snapshot that may be
// wanted and reports whether these were all; else what was taken is of no use.
// Of names that stand together, each with an LF, wanted says whether one may be.
func (s *Snapshot) indexedNames(ctx context.Context, wanted func(names string) bool, take func(string)) bool {
	return s.archive.fromIndex(ctx, s, func(view *index.View) error {
		for names, err := range view.Names(ctx) {
			if err != nil {
				return err
			}
			if !wanted(names) {
				continue
			}
			for name := range strings.Lines(names) {
				take(name[:len(name)-1])
			}
		}
		return nil
	})
}

// indexedComplete is Complete from the index. It reports false when that gives
// no answer.
func (s *Snapshot) indexedComplete(ctx context.Context, prefix string) (names []string, ok bool) {
	ok = s.archive.fromIndex(ctx, s, func(view *index.View) (err error) {
		names, err = completeSorted(ctx, view, prefix)
		return err
	})
	return names, ok
}
