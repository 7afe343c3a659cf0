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

	"github.com/walkback-dev/walkback/archive/buffer"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/archive/social"
	"github.com/walkback-dev/walkback/schemas"
)

// Run is one run of a command that looks at pages. Each page is looked at once
// in a run, whoever asks for it, and once more where that look is doubted (see
// [Run.LookAgain]). Its methods may be called by several goroutines.
type Run struct {
	ID      string    // <UTC start>-<8 random hex digits>
	Started time.Time // in UTC

	archive *Archive // nil in a dry run without an archive
	options RunOptions
	buffers *buffer.Pool // of payloads and files on their way
	reader  *reader

	siblings  siblings
	resources resourceCache

	mu      sync.Mutex
	looks   map[schemas.PageID]*look
	asked   map[schemas.PageID]bool  // by a person
	seconds map[schemas.PageID]*look // second ones, see LookAgain

	// What earlier processes of a continued run have put on record; nil for a
	// run that begins.
	earlier func() (*Checked, error)
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
	// IgnoreRobots asks for pages that nobody asked for by name, such as the
	// sources of a post, whatever robots.txt says of them.
	IgnoreRobots bool
	// Operator, Vantage and Clock are recorded with what is captured: who runs
	// the program, from where it looks, and what the times rest on. Each may be
	// empty.
	Operator string
	Vantage  *schemas.Vantage
	Clock    func() *schemas.Clock
	// Leaked is told of each page whose payload holds a secret that was sent to
	// its host, see fetch.Exchange. It may be called by several goroutines; nil
	// is nobody.
	Leaked func(page string)
	// Probe allows asking a host once for a made-up address in the folder of a
	// page that looks like "not found" under a success.
	Probe bool
	// Resources says that pages are captured with what they are made of, and
	// how much of it; nil: they are not.
	Resources *ResourceOptions
	// Render says which pages are shown to a browser; without a Renderer none is.
	Render RenderOptions
	// Services are asked through their APIs for posts of theirs; without any, their
	// pages are asked for.
	Services []social.Service
	// DryRun is for drafts that are never committed: nothing is made ready for
	// that, and nothing is written to the archive's folder. So is a run
	// without an archive.
	DryRun bool
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

// NewRun begins a run, which the caller closes. The archive may be nil for a dry
// run that has none.
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
	r := &Run{ID: id, Started: started, archive: a, options: options, looks: map[schemas.PageID]*look{}, seconds: map[schemas.PageID]*look{}, asked: map[schemas.PageID]bool{}}
	if r.siblings.random = options.Random; options.Random == nil {
		r.siblings.random = rand.Reader
	}
	if a == nil {
		r.options.DryRun, r.reader = true, newReader()
	} else {
		r.reader = a.reader
	}
	if r.options.DryRun {
		r.buffers = buffer.NewPool("")
	} else {
		r.buffers = buffer.NewPool(a.private())
		_ = r.buffers.Clean() // what cannot be removed is in nobody's way
	}
	return r
}

// Full reports whether the drafts that are not committed yet hold so much that
// they should be.
func (r *Run) Full() bool { return r.buffers.Full() }

// Ready waits until there is room for more drafts, which committing makes. The
// error is that of ctx.
func (r *Run) Ready(ctx context.Context) error { return r.buffers.Wait(ctx) }

// Close lets go of what the drafts of the run hold. They cannot be committed any
// more.
func (r *Run) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.looks {
		l.release()
	}
	r.resources.close()
}

// release lets go of what a look holds once it is done.
func (l *look) release() {
	select {
	case <-l.done:
		if l.draft != nil {
			l.draft.release()
		}
	default: // whoever looks has failed to stop
	}
}

// Release lets go of what a draft holds that will not be committed. Its pages
// are not looked at again in this run.
func (r *Run) Release(draft *Draft) {
	for _, page := range draft.Pages {
		page.release()
	}
}

// once returns the run's look at a page, calling do for the first who asks. When
// that fails because its own ctx ended, those who wait try for themselves.
func (r *Run) once(ctx context.Context, ref PageRef, do func() (*PageDraft, error)) (*PageDraft, error) {
	return r.onceIn(ctx, r.looks, ref, do)
}

// onceIn is once for first looks or for second ones.
func (r *Run) onceIn(ctx context.Context, looks map[schemas.PageID]*look, ref PageRef, do func() (*PageDraft, error)) (*PageDraft, error) {
	r.mu.Lock()
	l, ok := looks[ref.ID]
	if !ok {
		l = &look{done: make(chan struct{})}
		looks[ref.ID] = l
	}
	r.mu.Unlock()
	if !ok {
		l.draft, l.err = do()
		if l.err != nil {
			r.mu.Lock()
			delete(looks, ref.ID) // the next who asks tries again
			r.mu.Unlock()
		}
		close(l.done)
	}
	select {
	case <-l.done:
		if ok && errors.Is(l.err, context.Canceled) && ctx.Err() == nil {
			return r.onceIn(ctx, looks, ref, do)
		}
		return l.draft, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Forget lets a page be looked at again in this run. Drafts with the former look
// are stale from now on.
func (r *Run) Forget(ref PageRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.looks[ref.ID]; l != nil {
		l.release()
	}
	delete(r.looks, ref.ID)
	delete(r.seconds, ref.ID)
}

// before returns the newest capture of a page, nil for a new page.
func (r *Run) before(ref PageRef) (*Page, error) {
	if r.archive == nil {
		return nil, nil
	}
	return r.archive.Newest(ref)
}
