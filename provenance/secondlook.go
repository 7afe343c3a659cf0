package provenance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

// SecondLooks say when a page is looked at a second time in a run: when the first
// look shows that much of its text is gone, that passages of it which posts quote
// are gone, or that it is not served any more. One bad answer shows the same.
type SecondLooks struct {
	// After is how long after the first look; 0: there are none.
	After time.Duration
	// Hurry is closed when nobody should wait any longer: what is due then is
	// looked at at once. May be nil.
	Hurry <-chan struct{}
}

// doubter looks again at what one run has doubts about.
type doubter struct {
	SecondLooks
	run   *archive.Run
	judge *judge
	turn  chan struct{} // bounds how many second looks there are at a time
}

const secondLooksAtOnce = 16

func (rec *Recorder) doubter(run *archive.Run, j *judge) *doubter {
	return &doubter{SecondLooks: rec.SecondLooks, run: run, judge: j, turn: make(chan struct{}, secondLooksAtOnce)}
}

// draw makes a judged draft and hands it on. Where it is doubted, that is when the
// doubted pages have been looked at again, and the caller need not wait for it:
// that is left to the group.
func (d *doubter) draw(ctx context.Context, group *errgroup.Group, draw func() (*archive.Draft, error), hand func(*archive.Draft) error) error {
	if err := d.run.Ready(ctx); err != nil {
		return err
	}
	judged := func() (*archive.Draft, error) {
		draft, err := draw()
		if err != nil {
			return nil, err
		}
		return draft, d.judge.draft(ctx, draft)
	}
	draft, err := judged()
	if err != nil {
		return err
	}
	pages := d.doubted(draft)
	if len(pages) == 0 {
		return hand(draft)
	}
	group.Go(func() error {
		for ; len(pages) > 0; pages = d.doubted(draft) {
			if err := d.lookAgain(ctx, pages); err != nil {
				return err
			}
			// What the run stands by now may lead to other sources.
			if draft, err = judged(); err != nil {
				return err
			}
		}
		return hand(draft)
	})
	return nil
}

// doubted returns the pages of a judged draft that have to be looked at again.
func (d *doubter) doubted(draft *archive.Draft) []*archive.PageDraft {
	if d.After <= 0 {
		return nil
	}
	var pages []*archive.PageDraft
	for _, page := range draft.Pages {
		if doubtful(page) {
			pages = append(pages, page)
		}
	}
	return pages
}

// doubtful reports whether a look may have shown a passing fault.
func doubtful(page *archive.PageDraft) bool {
	if page.LeftAlone() || page.Unasked || page.Before == nil || page.AsBefore || page.First != nil || page.Second != nil || page.Verdict == nil {
		return false
	}
	switch page.Capture.Access.Outcome {
	case schemas.Served:
		vanished := func(q *schemas.QuoteVerdict) bool {
			return q.Fate == schemas.QuoteRemoved && q.Was != schemas.QuoteRemoved
		}
		return muchIsGone(page.Verdict) || slices.ContainsFunc(page.Quotes, vanished)
	case schemas.Refused, schemas.NotModified:
		return false // nobody was asked; nothing is gone
	default:
		return page.Before.Capture.Access.Outcome == schemas.Served
	}
}

// muchIsGone reports whether more than half of the words of a page went, or a
// quarter of them with hardly any in their place: a page that broke off.
func muchIsGone(verdict *schemas.Change) bool {
	if verdict.Class.Quiet() {
		return false
	}
	if w := verdict.Words; w != nil {
		return w.Deleted > w.Kept || 3*w.Deleted > w.Kept && 10*w.Added < w.Deleted
	}
	return verdict.Rule == "text-gone"
}

// lookAgain waits until the pages are due, looks at them, and settles which of
// their two looks the run stands by.
func (d *doubter) lookAgain(ctx context.Context, pages []*archive.PageDraft) error {
	if err := d.wait(ctx); err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, len(pages))
	for i, page := range pages {
		all.Go(func() {
			select {
			case d.turn <- struct{}{}:
				defer func() { <-d.turn }()
			case <-ctx.Done():
				errs[i] = ctx.Err()
				return
			}
			_, errs[i] = d.run.LookAgain(ctx, page, func(second *archive.PageDraft) (*archive.PageDraft, error) {
				return d.settle(ctx, page, second)
			})
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			return fmt.Errorf("looking again at %s: %w", pages[i].Name, err)
		}
	}
	return nil
}

// wait ends when second looks are due. When the drafts that wait already fill the
// room there is for drafts, that is now.
func (d *doubter) wait(ctx context.Context) error {
	if d.run.Full() {
		return ctx.Err()
	}
	due := time.NewTimer(d.After)
	defer due.Stop()
	select {
	case <-due.C:
	case <-d.Hurry:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// settle judges by both looks. The first stands when the second shows the same.
// Else it was a passing fault, and the second stands, whatever it shows: as
// before, another fault, or an edit. Where nobody was asked, the first stands as it
// is.
func (d *doubter) settle(ctx context.Context, first, second *archive.PageDraft) (*archive.PageDraft, error) {
	if second.LeftAlone() {
		return first.Alone(), nil
	}
	same, err := d.bearsOut(first, second)
	if err != nil {
		return nil, err
	}
	if !same {
		settled := second.After(first, fmt.Sprintf("passing: %s it was %s", second.Later(first), outcomeOf(second)))
		settled.First.Verdict, err = judgePage(ctx, settled.First)
		return settled, err
	}
	settled := first.BorneOut(second, second.Later(first)+" it was the same")
	verdict := *first.Verdict
	verdict.Evidence = append(slices.Clone(verdict.Evidence), second.Later(first)+" a second look showed the same")
	verdict.Confidence = surer(verdict.Confidence)
	settled.Verdict = &verdict
	settled.Capture.Access.Confidence = surer(settled.Capture.Access.Confidence)
	if again := settled.Second; !again.AsBefore {
		again.Describe(Standing)
		again.Verdict, err = compareLooks(first, second)
	}
	return settled, err
}

func outcomeOf(page *archive.PageDraft) string {
	if page.AsBefore {
		return "as before"
	}
	return string(page.Capture.Access.Outcome)
}

// bearsOut reports whether a second look shows what the first one did.
func (d *doubter) bearsOut(first, second *archive.PageDraft) (bool, error) {
	if second.AsBefore || first.Capture.Access.Outcome != second.Capture.Access.Outcome {
		return false, nil
	}
	if first.Capture.Access.Outcome != schemas.Served {
		return true, nil
	}
	verdict, err := compareLooks(first, second)
	return err == nil && verdict.Class.Quiet() && verdict.Class != schemas.ExtractionUnstable, err
}

// compareLooks judges two looks of one run at a page.
func compareLooks(first, second *archive.PageDraft) (*schemas.Change, error) {
	verdict, err := change.Judge(sideOf(first), sideOf(second), nil)
	verdict.Schema, verdict.Run = schemas.ChangeSchema, second.Capture.Run
	verdict.Page, verdict.URL = second.ID, second.Name
	verdict.Before, verdict.After = first.State(), second.State()
	return &verdict, err
}

func sideOf(page *archive.PageDraft) change.Side {
	return change.Side{State: page.State(), Document: page.Document, Cut: page.Capture.Truncated != "", Rendered: page.Capture.Method == schemas.Rendered}
}

func surer(c schemas.Confidence) schemas.Confidence {
	if c == schemas.Suspect {
		return schemas.Likely
	}
	return schemas.Certain
}

// withSecondLooks adds the drafts of the looks that those of drafts rest on: the
// passing faults before them, the second looks that bore out the first ones after
// them. It returns where the given drafts begin in the result.
func withSecondLooks(run *archive.Run, drafts []*archive.Draft) (all []*archive.Draft, at int) {
	firsts, seconds := &archive.Draft{Kind: schemas.KindCheck}, &archive.Draft{Kind: schemas.KindCheck}
	seen := map[schemas.PageID]bool{}
	for _, draft := range drafts {
		for _, page := range draft.Pages {
			if seen[page.ID] {
				continue
			}
			seen[page.ID] = true
			if page.First != nil {
				firsts.Pages = append(firsts.Pages, page.First)
			}
			if page.Second != nil {
				seconds.Pages = append(seconds.Pages, page.Second)
			}
		}
	}
	if len(firsts.Pages) > 0 {
		firsts.Subject = fmt.Sprintf("%s, passing faults (run %s)", pageCount(len(firsts.Pages)), run.ID)
		all = append(all, firsts)
	}
	at = len(all)
	all = append(all, drafts...)
	if len(seconds.Pages) > 0 {
		seconds.Subject = fmt.Sprintf("%s, second looks (run %s)", pageCount(len(seconds.Pages)), run.ID)
		all = append(all, seconds)
	}
	return all, at
}
