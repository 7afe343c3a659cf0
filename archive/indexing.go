package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// touchesAtOnce is how many captures become visible in the index at a time: a
// killed process loses no more of its work, and memory holds no more of it.
const touchesAtOnce = 2000

// errOtherHistory says that the index holds commits that are not ancestors of
// head.
var errOtherHistory = errors.New("the index is of another history")

// touched is a page whose folder a commit touched, as the commit left it.
type touched struct {
	*Page
	first    bool             // the parent does not have the page
	mark     bool             // check passes it over
	quotes   []schemas.PageID // what it quotes, of a post
	recorded *recorded
}

// catchUp adds the commits between the newest one in the index and head, if
// they are not more than most.
func (a *Archive) catchUp(ctx context.Context, head *Snapshot, most int64) (err error) {
	var w *index.Writer
	err = whenFree(ctx, func() (err error) {
		w, err = a.indexed.index.Writer(ctx)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	sequence, newest := w.Newest()
	if newest == index.CommitID(head.Commit.ID) || sequence > head.Message.Sequence {
		return nil // another process has done it
	}
	if head.Message.Sequence-sequence > most {
		return errFarBehind
	}
	ids, err := a.after(ctx, head, sequence, gitstore.ID(newest))
	if err != nil {
		return err
	}
	return a.addSteps(ctx, w, gitstore.ID(newest), ids)
}

// readAhead bounds how many commits are read before they are indexed.
const readAhead = 16

// addSteps reads commits and adds them, at the same time.
func (a *Archive) addSteps(ctx context.Context, w *index.Writer, parent gitstore.ID, ids []gitstore.ID) error {
	group, ctx := errgroup.WithContext(ctx)
	steps := make(chan *step, readAhead)
	group.Go(func() error {
		defer close(steps)
		for s, err := range a.forward(ctx, parent, ids) {
			if err != nil {
				return err
			}
			select {
			case steps <- s:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	group.Go(func() error {
		done, touches := int64(0), 0
		for s := range steps {
			if err := w.Add(ctx, s.indexed()); err != nil {
				return err
			}
			done++
			if touches += 1 + len(s.touched); touches >= touchesAtOnce {
				touches = 0
				if err := w.Flush(ctx); err != nil {
					return err
				}
			}
			if a.indexed.options.Progress != nil {
				a.indexed.options.Progress(done, int64(len(ids)))
			}
		}
		if done < int64(len(ids)) {
			return nil // the reader says why
		}
		return w.Flush(ctx)
	})
	return group.Wait()
}

// after returns the commits from head back to the one after this one, newest
// first. It is errOtherHistory when this one is not an ancestor of head.
func (a *Archive) after(ctx context.Context, head *Snapshot, sequence int64, commit gitstore.ID) ([]gitstore.ID, error) {
	if sequence == head.Message.Sequence {
		return nil, errOtherHistory
	}
	var ids []gitstore.ID
	for c, err := range a.store.History(head.Commit.ID) {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c.ID == commit {
			break
		}
		if ids = append(ids, c.ID); int64(len(ids)) > head.Message.Sequence-sequence {
			return nil, errOtherHistory
		}
	}
	if int64(len(ids)) != head.Message.Sequence-sequence {
		return nil, fmt.Errorf("the newest commit says sequence %d, and %d commits lead to it from %d", head.Message.Sequence, len(ids), sequence)
	}
	return ids, nil
}

// step is a commit with what it did to pages.
type step struct {
	*Snapshot
	touched []touched
	checks  newChecks
	listed  []schemas.ListedPage // of the same pages
	looks   []index.Observation
}

// forward yields the commits with these ids, the last one first, each the
// child of the one before; parent is that of the first, zero for the root.
func (a *Archive) forward(ctx context.Context, parent gitstore.ID, ids []gitstore.ID) iter.Seq2[*step, error] {
	return func(yield func(*step, error) bool) {
		var before *Snapshot
		if !parent.IsZero() {
			var err error
			if before, err = a.snapshotOf(parent); err != nil {
				yield(nil, err)
				return
			}
		}
		for i := len(ids) - 1; i >= 0; i-- {
			s, err := a.step(ctx, before, ids[i])
			if !yield(s, err) || err != nil {
				return
			}
			before = s.Snapshot
		}
	}
}

func (a *Archive) snapshotOf(id gitstore.ID) (*Snapshot, error) {
	commit, err := a.store.Commit(id)
	if err != nil {
		return nil, err
	}
	return a.snapshot(commit)
}

func (a *Archive) step(ctx context.Context, before *Snapshot, id gitstore.ID) (*step, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	snapshot, err := a.snapshotOf(id)
	if err != nil {
		return nil, err
	}
	s := &step{Snapshot: snapshot}
	var parentTree gitstore.ID
	want := int64(0)
	if before != nil {
		parentTree, want = before.Commit.Tree, before.Message.Sequence+1
	}
	if snapshot.Message.Sequence != want {
		return nil, fmt.Errorf("commit %s says sequence %d in place of %d", id, snapshot.Message.Sequence, want)
	}
	last := ""
	for change, err := range a.store.Changes(parentTree, snapshot.Commit.Tree) {
		if err != nil {
			return nil, err
		}
		folder, _, ok := PageFolder(change.Path)
		switch {
		case change.Old.ID.IsZero() && strings.HasPrefix(change.Path, ChecksFolder+"/"):
			s.checks.add(change.Path, change.New.ID)
			continue
		case !ok && strings.HasPrefix(change.Path, PagesFolder+"/"):
			return nil, fmt.Errorf("commit %s: %s is not in a page's folder", id, change.Path)
		case !ok || folder == last: // changes come in the order of their paths
			continue
		}
		last = folder
		if err := s.touch(folder, parentTree); err != nil {
			return nil, err
		}
	}
	s.looks, err = s.checks.observed(snapshot)
	return s, err
}

// touch notes a page as the commit left it.
func (s *step) touch(folder string, parentTree gitstore.ID) error {
	store := s.archive.store
	entry, err := store.Lookup(s.Commit.Tree, folder)
	if err != nil {
		return err
	}
	page, err := s.readPage(folder, entry.ID)
	if err != nil {
		return err
	}
	listed, err := page.listed()
	if err != nil {
		return err
	}
	post, err := page.Post()
	if err != nil {
		return err
	}
	_, err = store.Lookup(parentTree, folder)
	if err != nil && !errors.Is(err, gitstore.ErrNotFound) {
		return err
	}
	first := err != nil
	recorded, err := s.checks.on(page)
	if err != nil {
		return err
	}
	mark := !listed.Tracked && !page.Given()
	s.touched = append(s.touched, touched{page, first, mark, slices.Collect(post.Relied()), recorded})
	s.listed = append(s.listed, listed)
	return nil
}

// indexed is the step as the index takes it.
func (s *step) indexed() index.Commit {
	commit := index.Commit{Sequence: s.Message.Sequence, ID: index.CommitID(s.Commit.ID), Observed: s.looks}
	for i, t := range s.touched {
		c := t.asCapture()
		commit.Touched = append(commit.Touched, index.Touch{
			Page: s.listed[i], Spoken: SpokenName(t.Name), First: t.first, Quotes: t.quotes,
			Captured: t.madeCapture(), Untracked: t.mark,
			Served: c.Served, Content: c.Content, Reader: c.Reader, Verdict: t.recorded.encode(), Text: t.Text,
		})
	}
	return commit
}
