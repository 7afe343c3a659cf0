package archive

import (
	"context"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// IndexFailure returns why the archive gave its index up, nil when it did not.
func (a *Archive) IndexFailure() error { return a.indexed.failed }

// HoldPages has lists hold this many bytes of pages in memory until restore is
// called.
func HoldPages(bytes int) (restore func()) {
	was := maxHeld
	maxHeld = bytes
	return func() { maxHeld = was }
}

// Record is Look without the network: what came of it is given. A page that is
// new need not be looked up.
func (r *Run) Record(ctx context.Context, ref PageRef, fresh bool, x *fetch.Exchange) (*PageDraft, error) {
	var before *Page
	if !fresh {
		var err error
		if before, err = r.before(ref); err != nil {
			return nil, err
		}
	}
	return r.record(ctx, ref, before, fetch.Request{URL: ref.Name}, x, nil)
}
