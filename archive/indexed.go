package archive

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/archive/index"
)

// IndexOptions say how an archive uses its index.
type IndexOptions struct {
	// Key returns a secret of this user, asked for when the index is first
	// needed. An index that was made without it is made anew: who sends an
	// archive must not say what is in it by an index that he made up.
	Key func() ([]byte, error)
	// Progress is told how many of the commits that were not indexed are now;
	// nil for nobody.
	Progress func(done, total int64)
}

// ErrNotIndexed is returned by UpdateIndex for an archive that does not use its
// index.
var ErrNotIndexed = errors.New("the archive does not use its index")

// indexed is the use that an archive makes of its index.
type indexed struct {
	mu      sync.Mutex
	options *IndexOptions // nil: none
	index   *index.Index  // nil: not open
	failed  error         // why it is not used any more by this process
}

// UseIndex lets At, History, Versions, List, Find and Search answer from the
// index in the archive's private folder. They give the same answers as without
// it: an index that is missing, damaged, not of this archive, or behind is made
// anew or completed first, and where that cannot be done they walk the commits.
// What vouches for an archive must not use it.
func (a *Archive) UseIndex(options IndexOptions) {
	a.indexed.mu.Lock()
	defer a.indexed.mu.Unlock()
	a.indexed.options = &options
}

// indexBusyWait is how long a reader waits for another process that is at work
// on the index, before it walks.
const indexBusyWait = 2 * time.Second

// maxUpdate is the number of commits that UpdateIndex adds at most.
const maxUpdate = 5000

// UpdateIndex adds the newest commits to the index, so that those who read next
// need not. When they are more than a few thousand it leaves them to those who
// read. An error means only that the index stays behind.
func (a *Archive) UpdateIndex(ctx context.Context) error {
	head, err := a.Head()
	if err != nil {
		return err
	}
	x := &a.indexed
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.options == nil:
		return ErrNotIndexed
	case x.failed != nil:
		return fmt.Errorf("updating the index: %w", x.failed)
	}
	view, err := a.currentView(ctx, head, maxUpdate)
	if errors.Is(err, errFarBehind) || errors.Is(err, errMoved) || errors.Is(err, index.ErrBusy) {
		return nil // others do it, or have done it
	}
	if err != nil {
		return fmt.Errorf("updating the index: %w", err)
	}
	return view.Close()
}

// fromIndex calls read with a view of the index that stands at head. It reports
// whether that gave an answer; when it did not, the caller walks, and finds out
// for itself what is wrong, if anything is.
func (a *Archive) fromIndex(ctx context.Context, head *Snapshot, read func(*index.View) error) bool {
	view := a.view(ctx, head)
	if view == nil {
		return false
	}
	err := errors.Join(read(view), view.Close())
	if err != nil {
		a.giveUpIndex(err)
	}
	return err == nil
}

// giveUpIndex makes this process read the commits from now on.
func (a *Archive) giveUpIndex(err error) {
	a.indexed.mu.Lock()
	defer a.indexed.mu.Unlock()
	a.indexed.fail(err)
}

// view returns nil when there is no index to be had.
func (a *Archive) view(ctx context.Context, head *Snapshot) *index.View {
	x := &a.indexed
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.options == nil || x.failed != nil {
		return nil
	}
	view, err := a.currentView(ctx, head, head.Message.Sequence+1)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errMoved) {
		x.fail(err)
	}
	return view
}

// fail gives the index up for this process. A damaged one is removed for the
// next; one that cannot be removed stays, and fails again.
func (x *indexed) fail(err error) {
	var damaged *index.DamagedError
	if errors.As(err, &damaged) && x.index != nil {
		_ = x.index.Discard()
	}
	x.failed = err
}

func (x *indexed) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.index == nil {
		return nil
	}
	closing := x.index
	x.index, x.failed = nil, os.ErrClosed
	return closing.Close()
}

// errMoved says that the index stands at a commit after head, which somebody
// else made meanwhile.
var errMoved = errors.New("the index has moved on")

// errFarBehind says that more commits would have to be added than was allowed.
var errFarBehind = errors.New("the index is far behind")

// currentView opens the index, adds up to most commits if it does not stand at
// head, and returns a view that does.
func (a *Archive) currentView(ctx context.Context, head *Snapshot, most int64) (*index.View, error) {
	x := &a.indexed
	if err := a.openIndex(ctx); err != nil {
		return nil, err
	}
	const attempts = 3 // the index may be of another history, and then empty
	for range attempts {
		view, err := x.index.View(ctx)
		if err != nil {
			return nil, err
		}
		sequence, newest := view.Newest()
		if newest == index.CommitID(head.Commit.ID) {
			return view, nil
		}
		if err := view.Close(); err != nil {
			return nil, err
		}
		if sequence > head.Message.Sequence {
			err = a.whyAhead(head)
		} else {
			err = a.catchUp(ctx, head, most)
		}
		if errors.Is(err, errOtherHistory) {
			err = a.renewIndex(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, errMoved
}

// whyAhead tells an archive that has grown from one that was rolled back.
func (a *Archive) whyAhead(head *Snapshot) error {
	current, err := a.store.Head()
	switch {
	case err != nil:
		return err
	case current != head.Commit.ID:
		return errMoved
	}
	return errOtherHistory
}

// openIndex opens the index, unless it is open.
func (a *Archive) openIndex(ctx context.Context) error {
	x := &a.indexed
	if x.index != nil {
		return nil
	}
	key, err := x.options.Key()
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("walkback index\n" + a.ID())) // a Hash takes all
	identity := fmt.Sprintf("%s %x", a.ID(), mac.Sum(nil))
	if err := os.MkdirAll(a.private(), 0o755); err != nil {
		return fmt.Errorf("opening index: %w", err)
	}
	return whenFree(ctx, func() (err error) {
		x.index, err = index.Open(ctx, a.indexFile(), identity)
		return err
	})
}

// renewIndex begins an index of another history anew.
func (a *Archive) renewIndex(ctx context.Context) error {
	x := &a.indexed
	if err := whenFree(ctx, x.index.Discard); err != nil {
		return err
	}
	former := x.index
	x.index = nil
	return errors.Join(former.Close(), a.openIndex(ctx))
}

// whenFree tries again, for a while, what another process is in the way of.
func whenFree(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, indexBusyWait)
	defer cancel()
	for {
		err := try()
		if !errors.Is(err, index.ErrBusy) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// DropIndex removes the index with all that it holds of texts, so that the next who
// asks makes it anew. Processes that have it open go on with it until they close
// it.
func (a *Archive) DropIndex(ctx context.Context) error {
	x := &a.indexed
	x.mu.Lock()
	defer x.mu.Unlock()
	var errs []error
	if x.index != nil {
		errs = append(errs, whenFree(ctx, x.index.Discard), x.index.Close())
		x.index = nil
	}
	// With what a process left that was killed while it made one.
	files, err := filepath.Glob(a.private("index*.db*"))
	errs = append(errs, err)
	for _, file := range files {
		if strings.HasSuffix(file, ".lock") {
			continue
		}
		if err := os.Remove(file); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("removing the index: %w", err)
	}
	return nil
}
