package provenance

import (
	"context"
	"iter"
	"net/url"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive"
)

// A host is asked one thing at a time, so many pages of one host that are begun
// at once only wait for each other; a few are enough for one to be read while the
// next one comes. Many hosts at once cost little while they let us wait: what
// their answers take up is bounded by the run's buffers, not here.
const (
	begunAHost = 4
	// maxParked bounds how far ahead of its turn work is taken, which lets other
	// hosts pass a slow one.
	maxParked = 4096
)

// inTurns does the work, atOnce at a time and of one host begunAHost. do may leave
// a part that only waits to the group. When stop is closed, nothing is begun any
// more.
func inTurns[W any](ctx context.Context, stop <-chan struct{}, atOnce int, work iter.Seq[W], hostOf func(W) string, do func(context.Context, *errgroup.Group, W) error) error {
	group, ctx := errgroup.WithContext(ctx)
	next, end := iter.Pull(work)
	defer end()
	var (
		done    = make(chan string, atOnce) // the hosts whose work is done
		begun   = map[string]int{}
		parked  = map[string][]W{}
		waiting = 0
		running = 0
		more    = true
	)
	begin := func(host string, w W) {
		begun[host]++
		running++
		group.Go(func() error {
			defer func() { done <- host }()
			return do(ctx, group, w)
		})
	}
	for {
		for more && running < atOnce && waiting < maxParked {
			w, ok := next()
			if more = ok; !ok {
				break
			}
			if host := hostOf(w); begun[host] < begunAHost || host == "" {
				begin(host, w)
			} else {
				parked[host] = append(parked[host], w)
				waiting++
			}
		}
		if running == 0 {
			return group.Wait()
		}
		select {
		case host := <-done:
			running--
			if begun[host]--; begun[host] == 0 {
				delete(begun, host)
			}
			if isClosed(stop) {
				more, waiting = false, 0
				clear(parked)
			}
			if queue := parked[host]; len(queue) > 0 {
				waiting--
				if parked[host] = queue[1:]; len(queue) == 1 {
					delete(parked, host)
				}
				begin(host, queue[0])
			}
		case <-ctx.Done():
			return group.Wait()
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func hostOf(page archive.PageRef) string {
	u, err := url.Parse(page.Name)
	if err != nil {
		return ""
	}
	return u.Host
}

// aside holds the drafts whose pages were left alone because their host failed
// again and again: they are drawn once more when all else is done.
type aside[W any] struct {
	mu     sync.Mutex
	drafts []asideDraft[W]
	bytes  int64
	closed bool
}

type asideDraft[W any] struct {
	work  W
	draft *archive.Draft
}

// put reports whether the draft is put aside. It is not when there is no page to
// ask for again, nor room.
func (a *aside[W]) put(w W, draft *archive.Draft) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(draft.LeftAlone()) == 0 || a.bytes+draft.Size() > batchBytes {
		return false
	}
	a.drafts, a.bytes = append(a.drafts, asideDraft[W]{w, draft}), a.bytes+draft.Size()
	return true
}

// again lets the hosts be asked once more, and gives the work that is to be done
// again. After stop it is handed on as it is.
func (a *aside[W]) again(run *archive.Run, stop <-chan struct{}, hand func(W, *archive.Draft) error) (work []W, err error) {
	a.closed = true
	if len(a.drafts) > 0 {
		run.Wake()
	}
	for _, each := range a.drafts {
		if isClosed(stop) {
			if err := hand(each.work, each.draft); err != nil {
				return nil, err
			}
			continue
		}
		for _, page := range each.draft.LeftAlone() {
			run.Forget(page)
		}
		work = append(work, each.work)
	}
	return work, nil
}
