package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// Run is one run of a command that looks at pages. Each page is looked at once
// in a run, whoever asks for it. Its methods may be called by several
// goroutines.
type Run struct {
	ID      string    // <UTC start>-<8 random hex digits>
	Started time.Time // in UTC

	archive *Archive // nil in a dry run without an archive
	options RunOptions

	mu    sync.Mutex
	looks map[schemas.PageID]*look
}

// RunOptions are the outside world of a run.
type RunOptions struct {
	Fetch  *fetch.Client
	Tool   schemas.Tool
	Now    func() time.Time // nil: time.Now
	Random io.Reader        // nil: crypto/rand
	// Whole asks for whole pages even where the server could answer that
	// nothing was modified.
	Whole bool
	// Expires is the age after which an unfinished run is not continued: its
	// looks are of another day. 0 means never.
	Expires time.Duration
}

// look is one page's look within a run; done is closed when draft or err is set.
type look struct {
	done  chan struct{}
	draft *PageDraft
	err   error
}

// NewRun begins a run. The archive may be nil for a dry run that has none.
func NewRun(a *Archive, options RunOptions) (*Run, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Random == nil {
		options.Random = rand.Reader
	}
	var random [4]byte
	if _, err := io.ReadFull(options.Random, random[:]); err != nil {
		return nil, fmt.Errorf("naming the run: %w", err)
	}
	started := options.Now().UTC()
	id := started.Format(runLayout) + "-" + hex.EncodeToString(random[:])
	return newRun(a, options, id, started), nil
}

const runLayout = "20060102T150405Z"

func newRun(a *Archive, options RunOptions, id string, started time.Time) *Run {
	return &Run{ID: id, Started: started, archive: a, options: options, looks: map[schemas.PageID]*look{}}
}

// once returns the run's look at a page, calling do for the first who asks. When
// that fails because its own ctx ended, those who wait try for themselves.
func (r *Run) once(ctx context.Context, ref PageRef, do func() (*PageDraft, error)) (*PageDraft, error) {
	r.mu.Lock()
	l, ok := r.looks[ref.ID]
	if !ok {
		l = &look{done: make(chan struct{})}
		r.looks[ref.ID] = l
	}
	r.mu.Unlock()
	if !ok {
		l.draft, l.err = do()
		if l.err != nil {
			r.Forget(ref) // the next who asks tries again
		}
		close(l.done)
	}
	select {
	case <-l.done:
		if ok && errors.Is(l.err, context.Canceled) && ctx.Err() == nil {
			return r.once(ctx, ref, do)
		}
		return l.draft, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Forget lets a page be looked at again in this run.
func (r *Run) Forget(ref PageRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.looks, ref.ID)
}

// before returns the newest capture of a page, nil for a new page.
func (r *Run) before(ref PageRef) (*Page, error) {
	if r.archive == nil {
		return nil, nil
	}
	return r.archive.Newest(ref)
}
