package provenance

import (
	"context"
	"fmt"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// WithholdOptions say how something is withheld.
type WithholdOptions struct {
	Reason    string
	Authority string // who ordered it; "": nobody is named
	Untrack   bool   // check shall pass the page over, so that it is not captured again
	Objects   []gitstore.ID
	Progress  Progress
}

// WithholdResult says what was done.
type WithholdResult struct {
	Snapshot  *archive.Snapshot // with the record; nil when all was on record already
	Record    *schemas.Withheld
	Untracked bool
	Removed   int // objects that were here
	Packs     int // packs that were made anew without them
}

// Withhold puts on record what is withheld of the items, if any, by a commit of
// kind withhold, and then removes the objects for good. What is on record is
// published before anything goes; when that is cut short, Withhold without items
// goes on. The index is removed, too: it holds the words.
func (rec *Recorder) Withhold(ctx context.Context, page archive.PageRef, items []schemas.WithheldItem, o WithholdOptions) (*WithholdResult, error) {
	result := &WithholdResult{}
	if err := rec.recordWithheld(ctx, page, items, o, result); err != nil {
		return nil, fmt.Errorf("withholding: %w", err)
	}
	if err := rec.Archive.DropIndex(ctx); err != nil {
		return result, err
	}
	report, err := rec.Archive.Store().Withhold(ctx, gitstore.WithholdOptions{
		Objects: o.Objects, Owner: gitstore.Owner{Command: rec.Command}, Wait: rec.Wait, Progress: o.Progress,
	})
	if err != nil {
		return result, err
	}
	result.Removed, result.Packs = len(report.Removed), report.Packs
	return result, nil
}

// recordWithheld makes the record, and the mark that the page is not looked at.
func (rec *Recorder) recordWithheld(ctx context.Context, page archive.PageRef, items []schemas.WithheldItem, o WithholdOptions, result *WithholdResult) error {
	var drafts []*archive.Draft
	at := schemas.TimeOf(rec.now())
	if o.Untrack {
		newest, err := rec.Archive.Newest(page)
		if err != nil {
			return err
		}
		mark, err := newest.Untracked()
		if err != nil {
			return err
		}
		if result.Untracked = mark == nil; result.Untracked {
			drafts = append(drafts, &archive.Draft{Kind: schemas.KindCheck, Subject: "untrack " + page.Name, Untracked: []*schemas.Untracked{
				{Schema: schemas.UntrackedSchema, Page: page.ID, URL: page.Name, At: at, Reason: "withheld: " + o.Reason},
			}})
		}
	}
	if len(items) > 0 {
		result.Record = &schemas.Withheld{
			Schema: schemas.WithheldSchema, At: at, Reason: o.Reason, Authority: o.Authority, Page: page.ID, URL: page.Name, Items: items,
		}
		drafts = append(drafts, &archive.Draft{Kind: schemas.KindWithhold, Subject: page.Name, Withheld: result.Record})
	}
	if len(drafts) == 0 {
		return nil
	}
	snapshots, err := rec.commitOnHead(ctx, nil, drafts)
	if err != nil {
		return err
	}
	rec.rememberNewest(snapshots)
	if len(items) > 0 {
		result.Snapshot = snapshots[len(snapshots)-1]
	}
	return nil
}

// WithholdRecorded removes from a copy of an archive what its records list, and
// needs no key: the snapshots say what goes. Nothing is removed from an archive that
// does not verify; the error is an *[UnverifiedHeadError] then.
func WithholdRecorded(ctx context.Context, a *archive.Archive, verify VerifyOptions, o gitstore.WithholdOptions) (*gitstore.WithholdReport, error) {
	report, err := Verify(ctx, a.Dir(), verify)
	if err != nil {
		return nil, err
	}
	if report.Verdict != schemas.Verified {
		return nil, unverified(report)
	}
	if o.Objects, err = a.RecordedObjects(ctx); err != nil {
		return nil, err
	}
	if err := a.DropIndex(ctx); err != nil {
		return nil, err
	}
	return a.Store().Withhold(ctx, o)
}
