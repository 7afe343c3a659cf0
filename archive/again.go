package archive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// LookAgain looks a second time at a page that a look of this run showed
// otherwise than the capture before, whoever asks for it once. settle gets both
// looks and returns the one that the run stands by: from then on [Run.Look]
// returns that. It makes it with [PageDraft.After],
// [PageDraft.BorneOut] or [PageDraft.Alone], since others may be reading first.
func (r *Run) LookAgain(ctx context.Context, first *PageDraft, settle func(second *PageDraft) (*PageDraft, error)) (*PageDraft, error) {
	return r.onceIn(ctx, r.seconds, first.PageRef, func() (*PageDraft, error) {
		second, err := r.fetch(ctx, first.PageRef, first.Before)
		if err != nil {
			return nil, err
		}
		settled, err := settle(second)
		if err != nil {
			second.release()
			return nil, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		done := make(chan struct{})
		close(done)
		r.looks[first.ID] = &look{done: done, draft: settled}
		return settled, nil
	})
}

// After makes a look, the second one at its page in a run, that of the page: the
// first one was a passing fault, and is kept as one before it. It changes
// neither.
func (d *PageDraft) After(first *PageDraft, why string) *PageDraft {
	fault := first.copy()
	if c := fault.Capture; c.Access.Outcome == schemas.Served {
		seen := fmt.Sprintf("served by rule %s", c.Access.Rule)
		c.Access = schemas.Access{Outcome: schemas.ServerError, Rule: "passing-fault", Confidence: schemas.Suspect, Evidence: append([]string{seen}, c.Access.Evidence...)}
		if text := fault.files[textFile]; text != nil && text.blob != nil {
			_ = text.blob.Close() // a temporary file
		}
		delete(fault.files, textFile)
		c.Text, c.TextLimit, c.NoText = nil, 0, ""
		fault.keepLastServed()
	}
	fault.Capture.Access.Evidence = append(slices.Clone(fault.Capture.Access.Evidence), plain(why))
	fault.Document, fault.FormerDocument, fault.Verdict, fault.Quotes = nil, nil, nil, nil
	settled := d.copy()
	settled.First = fault
	return settled
}

// BorneOut makes a look, the first one at its page in a run, that of the page: a
// second one showed the same, and is kept after it. It changes neither; the
// caller sets the verdicts of what is returned, and of its Second.
func (d *PageDraft) BorneOut(second *PageDraft, why string) *PageDraft {
	settled, again := d.copy(), second.copy()
	settled.Capture.Access.Evidence = append(slices.Clone(settled.Capture.Access.Evidence), plain(why))
	again.bears, settled.Second = settled, again
	if again.AsBefore = sameAsBefore(again.Capture, settled.Capture); again.AsBefore {
		again.letGo()
		again.Document, again.FormerDocument = nil, nil
	}
	return settled
}

// Alone makes a look, the first one at its page in a run, that of the page: there
// can be no second one. It does not change it.
func (d *PageDraft) Alone() *PageDraft {
	settled := d.copy()
	settled.Unasked = true
	return settled
}

// copy returns a look that can be changed while others read this one. It takes
// over the files.
func (d *PageDraft) copy() *PageDraft {
	d.mu.Lock()
	defer d.mu.Unlock()
	capture := *d.Capture
	return &PageDraft{
		PageRef: d.PageRef, Capture: &capture, Document: d.Document, Before: d.Before, Former: d.Former,
		FormerDocument: d.FormerDocument, AsBefore: d.AsBefore, Verdict: d.Verdict, Quotes: d.Quotes,
		files: maps.Clone(d.files), links: d.links, unhold: d.unhold,
	}
}

// FirstLook is what lines and reports say of a passing fault before this look;
// nil when there was none.
func (d *PageDraft) FirstLook() *schemas.FirstLook {
	if d.First == nil {
		return nil
	}
	c := d.First.Capture
	first := &schemas.FirstLook{
		Sequence: d.First.sequence, CapturedAt: c.CapturedAt, Outcome: c.Access.Outcome, Rule: c.Access.Rule, Status: c.Status,
	}
	if c.Failure != nil {
		first.Detail = c.Failure.Detail
	}
	return first
}

// Later says how much later a look was than an earlier one.
func (d *PageDraft) Later(earlier *PageDraft) string {
	took := d.Capture.CapturedAt.Time().Sub(earlier.Capture.CapturedAt.Time())
	if took < time.Second {
		return fmt.Sprintf("%d ms later", took.Milliseconds())
	}
	return fmt.Sprintf("%d s later", int64(took.Round(time.Second)/time.Second))
}

// restore gives a page's folder back what it held before a passing fault.
func (w *writer) restore(page *PageDraft) error {
	if err := w.clear(page); err != nil {
		return err
	}
	for file, err := range w.archive.store.Files(page.Before.Snapshot.Commit.Tree, page.Folder) {
		if err != nil {
			return err
		}
		if outlives(strings.TrimPrefix(file.Path, page.Folder+"/")) {
			continue
		}
		if err := w.batch.PutStored(file.Path, file.ID); err != nil {
			return err
		}
	}
	return nil
}
