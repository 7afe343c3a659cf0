package provenance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// Recorder writes to one archive with one key. It is for one run at a time.
type Recorder struct {
	Archive *archive.Archive
	Key     *trust.Key
	Memory  *trust.Memory
	Command string           // shown to another process that waits for the archive
	Wait    time.Duration    // how long to wait for another process; 0: as long as it takes
	Now     func() time.Time // nil: time.Now
	Stop    <-chan struct{}  // closed when nothing shall be begun any more; may be nil
	Warn    func(error)      // told what is wrong but does not stop the run
	// Reread is told of each commit that read the texts of so many pages anew,
	// because another extractor had made them; may be nil.
	Reread func(snapshot *archive.Snapshot, pages int)
	// SecondLooks say when a run looks again at pages that it was surprised by.
	SecondLooks SecondLooks

	guarded gitstore.ID // the newest head that was found good
	judging *judge      // of the run in hand
}

// UnverifiedHeadError is returned when an archive's newest commit does not
// verify, so that nothing may be built on it.
type UnverifiedHeadError struct {
	Verdict  schemas.Verdict
	Problems []schemas.Problem
	Cause    error // what kept the archive from being opened at all, if that is so
}

func (e *UnverifiedHeadError) Unwrap() error { return e.Cause }

func (e *UnverifiedHeadError) Error() string {
	if len(e.Problems) == 0 {
		return "the newest commit does not verify: " + string(e.Verdict)
	}
	p := e.Problems[0]
	return fmt.Sprintf("the newest commit does not verify: %s: %s", p.Subject, p.Detail)
}

// Init makes an archive in dir, signed by key, and introduces it to this user's
// memory. The caller closes it.
func Init(ctx context.Context, dir string, key *trust.Key, memory *trust.Memory, now func() time.Time) (*archive.Archive, error) {
	_, email := key.Person()
	if err := lettable(key.Public()); err != nil {
		return nil, err
	}
	a, err := archive.Init(ctx, dir, archive.InitOptions{
		Signer: key, AllowedSigners: []byte(trust.SignerLine(email, key.PublicKey())), Now: now,
	})
	if err != nil {
		return nil, err
	}
	head, err := a.Head()
	if err == nil {
		err = memory.Introduce(schemas.Introduction{
			Schema: schemas.IntroductionSchema, ArchiveID: a.ID(), RootSHA256: head.Ref().SHA256,
			RootKey: key.Fingerprint(), At: schemas.TimeOf(head.Commit.Time),
		})
	}
	if err == nil {
		err = remember(memory, head, now)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func remember(memory *trust.Memory, head *archive.Snapshot, now func() time.Time) error {
	return memory.Remember(receiptFor(head.Message.ArchiveID, head.Ref(), head.Commit.Raw, now))
}

// begin makes what judges a run: it knows who quotes whom as of now. A head that
// does not verify is refused before anything is asked for or judged by it.
func (rec *Recorder) begin(ctx context.Context) (*judge, error) {
	head, err := rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	if err := rec.guard(ctx, head); err != nil {
		return nil, err
	}
	rec.judging, err = newJudge(rec.Archive)
	return rec.judging, err
}

// receiptFor returns the receipt for a head. Its raw bytes are kept when they are
// text, as those of every commit that we write are.
func receiptFor(archiveID string, head schemas.CommitRef, raw []byte, now func() time.Time) schemas.Receipt {
	if now == nil {
		now = time.Now
	}
	receipt := schemas.Receipt{
		Schema: schemas.ReceiptSchema, ArchiveID: archiveID,
		Sequence: head.Sequence, HeadSHA256: head.SHA256, SeenAt: schemas.TimeOf(now()),
	}
	if utf8.Valid(raw) {
		receipt.Head = string(raw)
	}
	return receipt
}

func judgePage(ctx context.Context, page *archive.PageDraft) (*schemas.Change, error) {
	served, err := page.Before.Served(ctx)
	if err != nil {
		return nil, err
	}
	before := change.Side{State: page.Before.State()}
	after := change.Side{State: page.State(), Document: page.Document, Cut: page.Capture.Truncated != "", Rendered: page.Capture.Method == schemas.Rendered}
	before.Rendered = after.Rendered
	if served != nil && after.State.Outcome == schemas.Served {
		before.State, before.Cut = served.State(), served.Capture.Truncated != ""
		before.Rendered = served.Capture.Method == schemas.Rendered
		if before.State.Payload == after.State.Payload {
			before.Document = page.Document
		} else if page.FormerDocument != nil {
			before.Document = page.FormerDocument
		} else if before.Document, err = served.Document(ctx); err != nil {
			return nil, err
		}
		before.Figures, after.Figures = figuresOf(served, before.Document), figuresOfDraft(page)
	}
	verdict, err := change.Judge(before, after, func() (*change.Past, error) { return pastOf(ctx, served) })
	if err != nil {
		return nil, err
	}
	if muchIsGone(&verdict) && verdict.Confidence == schemas.Certain {
		verdict.Confidence = schemas.Likely // one answer may be a bad one
	}
	verdict.Schema, verdict.Run = schemas.ChangeSchema, page.Capture.Run
	verdict.Page, verdict.URL = page.ID, page.Name
	verdict.Before, verdict.After = page.Before.State(), after.State
	if verdict.Before != before.State {
		verdict.Compared = &before.State
	}
	learnVolatile(page, verdict.Volatile)
	return &verdict, nil
}

// learnVolatile keeps with a new capture which lines change each time: those
// that were left out now, and those known before that are there still.
func learnVolatile(page *archive.PageDraft, leftOut []string) {
	text, was := page.Capture.Text, page.Before.Capture.Text
	if page.Document == nil || text == nil {
		return
	}
	known := slices.Clone(leftOut)
	if was != nil {
		for _, line := range was.Volatile {
			if !slices.Contains(known, line) {
				known = append(known, line)
			}
		}
	}
	text.Volatile = change.StillVolatile(page.Document, known)
}

// Compare returns the verdict on two versions of a page, as check would have
// given it. Both are extracted anew. Nothing is written.
func Compare(ctx context.Context, before, after *archive.Page) (*schemas.Change, error) {
	sides := [2]change.Side{}
	for i, page := range []*archive.Page{before, after} {
		document, err := page.Document(ctx)
		if err != nil {
			return nil, err
		}
		sides[i] = change.Side{
			State: page.State(), Document: document, Cut: page.Capture.Truncated != "", Figures: figuresOf(page, document),
			Rendered: page.Capture.Method == schemas.Rendered,
		}
	}
	verdict, err := change.Judge(sides[0], sides[1], func() (*change.Past, error) { return pastOf(ctx, before) })
	if err != nil {
		return nil, fmt.Errorf("judging %s: %w", before.Name, err)
	}
	verdict.Schema, verdict.Run = schemas.ChangeSchema, after.Capture.Run
	verdict.Page, verdict.URL = before.ID, before.Name
	verdict.Before, verdict.After = sides[0].State, sides[1].State
	return &verdict, nil
}

// Standing returns what a document says of itself as a publication, such as
// schemas.Retraction; "" when it says nothing.
func Standing(document *extract.Document) schemas.ChangeClass {
	if standing := change.StandingOf(document); standing != nil {
		return standing.Class
	}
	return ""
}

// pastOf returns the versions of a page before a capture.
func pastOf(ctx context.Context, newest *archive.Page) (*change.Past, error) {
	versions, err := newest.Versions(ctx)
	if err != nil {
		return nil, err
	}
	versions = slices.DeleteFunc(versions, func(v archive.Version) bool { return v.Sequence >= newest.Capture.Sequence })
	past := &change.Past{}
	for _, version := range versions {
		past.Captures = append(past.Captures, change.PastCapture{Content: version.Content, Reader: version.Reader})
	}
	past.State = func(i int) (schemas.State, error) {
		page, err := versions[i].Page(ctx)
		if err != nil {
			return schemas.State{}, err
		}
		return page.State(), nil
	}
	past.Read = func(i int) (*extract.Document, error) {
		page, err := versions[i].Page(ctx)
		if err != nil {
			return nil, err
		}
		return page.Document(ctx)
	}
	return past, nil
}

// commit judges and commits drafts, and remembers the new head.
func (rec *Recorder) commit(ctx context.Context, run *archive.Run, drafts ...*archive.Draft) ([]*archive.Snapshot, error) {
	for _, draft := range drafts {
		if err := rec.judging.draft(ctx, draft); err != nil {
			return nil, err
		}
	}
	rereading := rereadingBefore(drafts)
	all, at := withSecondLooks(run, drafts)
	if rereading != nil {
		all, at = append([]*archive.Draft{rereading}, all...), at+1
	}
	snapshots, err := rec.commitOnHead(ctx, run, all)
	if err != nil {
		return nil, err
	}
	if rereading != nil && rec.Reread != nil {
		rec.Reread(snapshots[0], len(rereading.Rereadings))
	}
	rec.rememberNewest(snapshots)
	return snapshots[at : at+len(drafts)], nil
}

// rememberNewest keeps a receipt for the last of what was committed, if anything
// was.
func (rec *Recorder) rememberNewest(snapshots []*archive.Snapshot) {
	var newest *archive.Snapshot
	for _, snapshot := range snapshots {
		if snapshot != nil {
			newest = snapshot
		}
	}
	if newest == nil {
		return
	}
	rec.guarded = newest.Commit.ID
	if err := remember(rec.Memory, newest, rec.Now); err != nil && rec.Warn != nil {
		rec.Warn(fmt.Errorf("the snapshot is kept, but not the receipt for it: %w", err))
	}
}

// rereadingBefore returns the draft that has to be committed before these, with
// the pages whose texts were made by another extractor; nil when there are none.
func rereadingBefore(drafts []*archive.Draft) *archive.Draft {
	rereading := &archive.Draft{Kind: schemas.KindRederive}
	seen := map[schemas.PageID]bool{}
	for _, draft := range drafts {
		for _, page := range draft.Pages {
			if seen[page.ID] {
				continue
			}
			seen[page.ID] = true
			if r := page.Reread(Standing); r != nil {
				rereading.Rereadings = append(rereading.Rereadings, r)
			}
		}
	}
	if len(rereading.Rereadings) == 0 {
		return nil
	}
	rereading.Subject = fmt.Sprintf("%s by %s", pageCount(len(rereading.Rereadings)), extract.Name)
	return rereading
}

func pageCount(n int) string {
	if n == 1 {
		return "1 page"
	}
	return fmt.Sprintf("%d pages", n)
}

// commitOnHead commits, and once more when somebody moved the branch with git in
// the meantime: the new head is guarded like any other.
func (rec *Recorder) commitOnHead(ctx context.Context, run *archive.Run, drafts []*archive.Draft) ([]*archive.Snapshot, error) {
	for attempt := 1; ; attempt++ {
		snapshots, err := rec.Archive.Commit(ctx, run, archive.CommitOptions{
			Signer: rec.Key, Command: rec.Command, Wait: rec.Wait, Now: rec.Now,
			Guard: func(head *archive.Snapshot) error { return rec.guard(ctx, head) },
		}, drafts...)
		var moved *gitstore.MovedError
		if !errors.As(err, &moved) || attempt == attempts {
			return snapshots, err
		}
	}
}

// guard refuses a head that does not verify, and a key that the head does not
// allow. A head that this recorder made or has checked passes at once; of the
// others, only what came after the receipt is checked.
func (rec *Recorder) guard(ctx context.Context, head *archive.Snapshot) error {
	if head.Commit.ID == rec.guarded {
		return nil
	}
	receipt, err := rec.Memory.Receipt(rec.Archive.ID())
	if err != nil {
		return err
	}
	v := newVerifier(rec.Archive.Store(), VerifyOptions{Memory: rec.Memory, Now: rec.Now, since: receipt})
	report := v.run(ctx, sinceReceipt)
	if err := ctx.Err(); err != nil {
		return err
	}
	if report.Verdict != schemas.Verified {
		return unverified(report)
	}
	if err := rec.maySignAfter(head); err != nil {
		return err
	}
	if err := rec.introduceOwn(v); err != nil {
		return err
	}
	rec.guarded = head.Commit.ID
	return nil
}

func unverified(report *schemas.VerifyReport) *UnverifiedHeadError {
	e := &UnverifiedHeadError{Verdict: report.Verdict}
	for _, check := range report.Checks {
		for _, p := range check.Problems {
			if p.Verdict == report.Verdict {
				e.Problems = append(e.Problems, p)
			}
		}
	}
	return e
}
