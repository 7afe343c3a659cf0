package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// CommitOptions say who commits and on what.
type CommitOptions struct {
	Signer  Signer
	Command string                     // shown to another process that waits
	Wait    time.Duration              // how long to wait for another writer; 0: as long as it takes
	Guard   func(head *Snapshot) error // called before anything is built on a head; nil allows all
	Now     func() time.Time           // nil: time.Now
}

// StaleError is returned when pages were captured by someone else after drafts
// had looked at them. Nothing was written; look at these pages again.
type StaleError struct{ Pages []PageRef }

func (e *StaleError) Error() string {
	if n := len(e.Pages) - 1; n > 0 {
		return fmt.Sprintf("%s and %d more pages were captured by another process in the meantime", e.Pages[0].Name, n)
	}
	return e.Pages[0].Name + " was captured by another process in the meantime"
}

// Commit writes the drafts, one signed snapshot each, and moves the branch
// once. When it returns nil, all of them are durable; otherwise none is there.
// A draft that has nothing new to say makes no snapshot: its place in the
// result is nil.
func (a *Archive) Commit(ctx context.Context, r *Run, options CommitOptions, drafts ...*Draft) ([]*Snapshot, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	batch, err := a.begin(ctx, options)
	if err != nil {
		return nil, err
	}
	defer batch.Close()
	parent, err := a.guardedHead(batch, options.Guard)
	if err != nil {
		return nil, err
	}
	writer := &writer{archive: a, run: r, batch: batch, options: options, parent: parent}
	if err := writer.checkFresh(drafts); err != nil {
		return nil, err
	}
	snapshots := make([]*Snapshot, len(drafts))
	for i, draft := range drafts {
		if snapshots[i], err = writer.commit(draft); err != nil {
			writer.forget()
			return nil, err
		}
	}
	if writer.parent == parent {
		return snapshots, nil
	}
	if err := batch.Publish(ctx); err != nil {
		writer.forget()
		return nil, err
	}
	for _, page := range writer.recorded {
		page.release()
	}
	return snapshots, nil
}

func (a *Archive) begin(ctx context.Context, options CommitOptions) (*gitstore.Batch, error) {
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if options.Wait > 0 {
		waiting, cancel = context.WithTimeout(ctx, options.Wait)
	}
	defer cancel()
	batch, err := a.store.Begin(waiting, gitstore.Owner{Command: options.Command})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return batch, err
}

func (a *Archive) guardedHead(batch *gitstore.Batch, guard func(*Snapshot) error) (*Snapshot, error) {
	commit := batch.Head()
	if commit == nil {
		return nil, ErrUnborn
	}
	head, err := a.snapshot(commit)
	if err != nil {
		return nil, err
	}
	if head.Message.ArchiveID != a.about.ID {
		return nil, fmt.Errorf("the newest commit belongs to archive %s, not %s", head.Message.ArchiveID, a.about.ID)
	}
	if guard != nil {
		if err := guard(head); err != nil {
			return nil, err
		}
	}
	return head, nil
}

// writer stages drafts into a batch.
type writer struct {
	archive  *Archive
	run      *Run
	batch    *gitstore.Batch
	options  CommitOptions
	parent   *Snapshot
	recorded []*PageDraft
	pinned   []*schemas.QuotePlace
}

// forget undoes what commit noted on drafts whose commits are gone.
func (w *writer) forget() {
	for _, page := range w.recorded {
		page.sequence = 0
	}
	for _, place := range w.pinned {
		place.Sequence = 0
	}
}

func (w *writer) commit(draft *Draft) (*Snapshot, error) {
	sequence := w.parent.Message.Sequence + 1
	var lines []any
	for _, page := range draft.Pages {
		if page.sequence != 0 {
			continue // recorded by an earlier snapshot of this run
		}
		said, err := w.stagePage(page, draft.Kind, sequence)
		if err != nil {
			return nil, err
		}
		lines = append(lines, said...)
	}
	for _, reread := range draft.Rereadings {
		if err := w.stageReread(reread); err != nil {
			return nil, err
		}
	}
	for _, post := range draft.Posts {
		if err := w.stagePost(post); err != nil {
			return nil, err
		}
	}
	for _, mark := range draft.Untracked {
		if err := w.stageUntracked(mark); err != nil {
			return nil, err
		}
	}
	for _, mark := range draft.Retractions {
		if err := w.stageRetractions(mark); err != nil {
			return nil, err
		}
	}
	if draft.Withheld != nil {
		if err := w.stageWithheld(draft.Withheld, sequence); err != nil {
			return nil, err
		}
	}
	if err := w.stageVouching(draft); err != nil {
		return nil, err
	}
	if err := w.stageLines(lines); err != nil {
		return nil, err
	}
	message := schemas.Message{
		Kind: draft.Kind, Subject: draft.Subject, ArchiveID: w.archive.about.ID,
		Sequence: sequence, Parent: schemas.Digest(w.parent.Commit.SHA256),
	}
	commit, err := seal(w.batch, message, w.options.Now(), w.options.Signer)
	if err != nil || commit == nil {
		return nil, err
	}
	snapshot, err := w.archive.snapshot(commit)
	if err != nil {
		return nil, err
	}
	w.parent = snapshot
	return snapshot, nil
}

// stagePage writes a capture into the page's folder, or returns the line of an
// observation. The lines of verdicts come with the capture they judge.
func (w *writer) stagePage(page *PageDraft, kind schemas.CommitKind, sequence int64) (lines []any, err error) {
	if kind == schemas.KindCapture {
		if err := w.remove(page.Folder + "/" + untrackedFile); err != nil {
			return nil, err
		}
	}
	w.recorded = append(w.recorded, page)
	page.sequence = sequence
	if page.AsBefore {
		if page.First != nil {
			err = w.restore(page)
		}
		return []any{w.run.observation(page)}, err
	}
	page.Capture.Sequence = sequence
	if page.files[textFile] != nil {
		page.Capture.Text.Sequence = sequence
	}
	if err := w.clear(page); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(page.files)) {
		if err := w.batch.Put(page.Folder+"/"+name, page.files[name].blob); err != nil {
			return nil, err
		}
	}
	if err := w.putDocument(page.Folder+"/"+captureFile, page.Capture); err != nil {
		return nil, err
	}
	if page.Verdict == nil {
		return nil, nil
	}
	page.Verdict.After, page.Verdict.First = page.State(), page.FirstLook()
	if page.bears != nil {
		page.Verdict.Before = page.bears.State()
	}
	lines = append(lines, page.Verdict)
	for _, quote := range page.Quotes {
		quote.After = page.State()
		lines = append(lines, quote)
	}
	return lines, nil
}

// checkFresh refuses drafts that were judged against captures which are no
// longer the newest.
func (w *writer) checkFresh(drafts []*Draft) error {
	var stale []PageRef
	for _, draft := range drafts {
		for _, page := range draft.Pages {
			fresh, err := w.isFresh(page)
			if err != nil {
				return err
			}
			if !fresh && !slices.Contains(stale, page.PageRef) {
				stale = append(stale, page.PageRef)
			}
		}
	}
	if len(stale) > 0 {
		return &StaleError{Pages: stale}
	}
	return nil
}

func (w *writer) isFresh(page *PageDraft) (bool, error) {
	if page.sequence != 0 {
		return true, nil // recorded by an earlier snapshot of this run
	}
	if page.released {
		return false, nil // the run has forgotten it
	}
	entry, err := w.batch.Lookup(page.Folder + "/" + captureFile)
	if err != nil && !errors.Is(err, gitstore.ErrNotFound) {
		return false, err
	}
	var looked gitstore.ID
	if page.Before != nil {
		looked = page.Before.blob
	}
	return entry.ID == looked, nil
}

// clear removes the files of the capture before, but not what outlives it.
func (w *writer) clear(page *PageDraft) error {
	var old []string
	for file, err := range w.batch.Files(page.Folder) {
		if err != nil {
			return err
		}
		rest := strings.TrimPrefix(file.Path, page.Folder+"/")
		keepText := rest == textFile && page.Capture.Text != nil
		if outlives(rest) || keepText {
			continue
		}
		old = append(old, file.Path)
	}
	for _, file := range old {
		if err := w.batch.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// outlives reports whether a file of a page's folder is not of its newest capture.
func outlives(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == PastFolder || name == postFile || name == untrackedFile || name == retractionsFile
}

func (w *writer) remove(file string) error {
	_, err := w.batch.Lookup(file)
	if errors.Is(err, gitstore.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.batch.Remove(file)
}

// stagePost pins the sources to the captures that the tree now holds, and the
// quotes that were bound to a capture of this run to its commit.
func (w *writer) stagePost(post *PostDraft) error {
	for i := range post.Post.Sources {
		source := &post.Post.Sources[i]
		state, err := w.stagedState(source.URL)
		if err != nil {
			return err
		}
		source.Outcome, source.CapturedAt, source.Payload, source.Sequence = state.Outcome, state.CapturedAt, state.Payload, state.Sequence
	}
	for i := range post.Post.Quotes {
		places := post.Post.Quotes[i].Places
		for j := range places {
			if err := w.pin(&places[j]); err != nil {
				return err
			}
		}
	}
	return w.putDocument(post.Page.Folder+"/"+postFile, post.Post)
}

// pin names the commit of the capture that a quote was bound to, if it was not in
// the archive then.
func (w *writer) pin(place *schemas.QuotePlace) error {
	if place.Sequence != 0 {
		return nil
	}
	state, err := w.stagedState(place.URL)
	if err != nil {
		return err
	}
	if state.Payload != place.Payload || state.CapturedAt != place.CapturedAt {
		return fmt.Errorf("pinning a quote from %s: it was bound to a capture of %s, and the newest is of %s", place.URL, place.CapturedAt, state.CapturedAt)
	}
	place.Sequence = state.Sequence
	w.pinned = append(w.pinned, place)
	return nil
}

// stagedState is the newest capture of a page that the tree now holds.
func (w *writer) stagedState(name string) (schemas.State, error) {
	ref, err := PageNamed(name)
	if err != nil {
		return schemas.State{}, err
	}
	capture, err := w.stagedCapture(ref)
	if err != nil {
		return schemas.State{}, err
	}
	return stateOf(capture), nil
}

func (w *writer) stagedCapture(ref PageRef) (*schemas.Capture, error) {
	file := ref.Folder + "/" + captureFile
	entry, err := w.batch.Lookup(file)
	if err != nil {
		return nil, fmt.Errorf("pinning source %s: %w", ref.Name, err)
	}
	_, data, err := w.batch.Object(entry.ID)
	if err != nil {
		return nil, fmt.Errorf("pinning source %s: %w", ref.Name, err)
	}
	capture, err := schemas.Decode[schemas.Capture](data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return capture, nil
}

func (w *writer) stageUntracked(mark *schemas.Untracked) error {
	ref, err := PageNamed(mark.URL)
	if err != nil {
		return err
	}
	return w.putDocument(ref.Folder+"/"+untrackedFile, mark)
}

func (w *writer) stageRetractions(mark *schemas.Retractions) error {
	ref, err := PageNamed(mark.URL)
	if err != nil {
		return err
	}
	return w.putDocument(ref.Folder+"/"+retractionsFile, mark)
}

// stageLines writes the observations and verdicts of one snapshot as the run's
// next checks file.
func (w *writer) stageLines(lines []any) error {
	if len(lines) == 0 {
		return nil
	}
	var content []byte
	for _, line := range lines {
		encoded, err := schemas.EncodeLine(line)
		if err != nil {
			return err
		}
		content = append(content, encoded...)
	}
	for n := 1; ; n++ {
		file := checksFile(w.run.Started, w.run.ID, n)
		_, err := w.batch.Lookup(file)
		if errors.Is(err, gitstore.ErrNotFound) {
			return w.batch.Put(file, gitstore.NewBlob(content))
		}
		if err != nil {
			return err
		}
	}
}

func (w *writer) putDocument(file string, doc any) error {
	data, err := schemas.Encode(doc)
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return w.batch.Put(file, gitstore.NewBlob(data))
}

// observation is the line that says a page was as before.
func (r *Run) observation(d *PageDraft) *schemas.Observation {
	c := d.Capture
	o := &schemas.Observation{
		Schema: schemas.ObservationSchema, Run: r.ID, Page: d.ID, URL: d.Name, Method: c.Method,
		ObservedAt: c.CapturedAt, DurationMS: c.DurationMS, Access: c.Access,
		FinalURL: c.FinalURL, Status: c.Status, As: d.Before.Capture.Sequence, First: d.FirstLook(),
		Robots: c.Robots, Vantage: c.Vantage,
	}
	if d.bears != nil {
		o.As = d.bears.sequence
	}
	if c.Body != nil {
		o.Payload = c.Body.SHA256
	}
	return o
}
