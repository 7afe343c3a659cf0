package archive

import (
	"context"
	"slices"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// PageLog is what commits did to a page's folder, oldest first. From the index it
// has read no more than the commits; the rest is read when it is asked for.
type PageLog struct {
	Entries []LogEntry

	ref      PageRef
	versions [][]int // the entries of each version, see versionsAmong
	verdicts *Verdicts
}

// LogEntry is what one commit did to a page's folder.
type LogEntry struct {
	Snapshot   *Snapshot
	Outcome    schemas.Outcome // of the capture that the commit made; "" when it made none
	CapturedAt schemas.Time    // when that was
	Version    int             // that the capture begins, from 1; 0: none
	Untracked  bool            // check passed the page over then

	page     *Page     // nil until it is read
	recorded *recorded // what the index says of the verdict; nil without it
}

// Log returns what commits did to a page's folder.
func (a *Archive) Log(ctx context.Context, ref PageRef) (*PageLog, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	if log, ok := a.indexedLog(ctx, head, ref); ok {
		return log, nil
	}
	history, err := a.walkHistory(ctx, head, ref)
	if err != nil {
		return nil, err
	}
	entries, captures := make([]LogEntry, len(history)), make([]index.Capture, len(history))
	for i, page := range history {
		captures[i] = page.asCapture()
		mark, err := page.Untracked()
		if err != nil {
			return nil, err
		}
		entries[i] = LogEntry{Snapshot: page.Snapshot, Untracked: mark != nil, page: page}
		if page.madeCapture() {
			entries[i].Outcome, entries[i].CapturedAt = page.Capture.Access.Outcome, page.Capture.CapturedAt
		}
	}
	return newPageLog(ref, entries, captures), nil
}

func (a *Archive) indexedLog(ctx context.Context, head *Snapshot, ref PageRef) (log *PageLog, ok bool) {
	ok = a.fromIndex(ctx, head, func(view *index.View) error {
		captures, err := a.indexedCaptures(ctx, view, head, ref)
		if err != nil {
			return err
		}
		entries := make([]LogEntry, len(captures))
		for i, c := range captures {
			snapshot, err := a.indexedSnapshot(c.Sequence, c.Commit)
			if err != nil {
				return err
			}
			entries[i] = LogEntry{Snapshot: snapshot, Outcome: c.Outcome, Untracked: c.Untracked, recorded: decodeRecorded(c.Verdict)}
			if c.Outcome != "" {
				entries[i].CapturedAt = c.CapturedAt
			}
		}
		log = newPageLog(ref, entries, captures)
		return nil
	})
	return log, ok
}

func newPageLog(ref PageRef, entries []LogEntry, captures []index.Capture) *PageLog {
	log := &PageLog{Entries: entries, ref: ref, versions: versionsAmong(captures), verdicts: NewVerdicts()}
	for i, among := range log.versions {
		entries[among[0]].Version = i + 1
	}
	return log
}

// madeCapture reports whether the page's newest capture is of the snapshot that it
// was read from.
func (p *Page) madeCapture() bool { return p.Capture.Sequence == p.Snapshot.Message.Sequence }

// Page reads the page as an entry left it.
func (l *PageLog) Page(i int) (*Page, error) {
	e := &l.Entries[i]
	if e.page != nil {
		return e.page, nil
	}
	page, err := e.Snapshot.Page(l.ref)
	if err != nil {
		return nil, err
	}
	if page.madeCapture() != (e.Outcome != "") || e.Outcome != "" && page.Capture.Access.Outcome != e.Outcome {
		a := e.Snapshot.archive
		err := a.indexLies("snapshot %d has another capture of %s", e.Snapshot.Message.Sequence, l.ref.Name)
		a.giveUpIndex(err)
		return nil, err
	}
	e.page = page
	return page, nil
}

// Gist returns the gist of the verdict on the capture of an entry, which must have
// one.
func (l *PageLog) Gist(ctx context.Context, i int) (Gist, error) {
	if r := l.Entries[i].recorded; r != nil && r.known {
		return r.Gist, nil
	}
	page, err := l.Page(i)
	if err != nil {
		return Gist{}, err
	}
	change, err := l.verdicts.Of(ctx, page)
	return gistOf(change), err
}

// Words returns how many words a version that an entry begins changed in the one
// before: as the verdict on it says when it is against that, else by comparing the
// two texts. It is nil for a first version, and where a version has no text.
func (l *PageLog) Words(ctx context.Context, i int, compare func(before, after string) schemas.Words) (*schemas.Words, error) {
	number := l.Entries[i].Version
	if number < 2 {
		return nil, nil
	}
	gist, err := l.Gist(ctx, i)
	if err != nil {
		return nil, err
	}
	former := l.versions[number-2]
	if gist.Words != nil && slices.ContainsFunc(former, func(i int) bool { return l.Entries[i].Snapshot.Message.Sequence == gist.Against }) {
		return gist.Words, nil
	}
	said := former[0]
	for _, i := range former {
		if l.Entries[i].Outcome == "" { // it was read anew
			said = i
		}
	}
	before, err := l.text(said)
	if err != nil || before == nil {
		return nil, err
	}
	after, err := l.text(i)
	if err != nil || after == nil {
		return nil, err
	}
	words := compare(string(before), string(after))
	return &words, nil
}

func (l *PageLog) text(i int) ([]byte, error) {
	page, err := l.Page(i)
	if err != nil {
		return nil, err
	}
	return page.Text()
}

// indexedSnapshot reads the commit that the index gives for a sequence.
func (a *Archive) indexedSnapshot(sequence int64, id index.CommitID) (*Snapshot, error) {
	snapshot, err := a.snapshotOf(gitstore.ID(id))
	if err == nil && snapshot.Message.Sequence != sequence {
		err = a.indexLies("commit %s says sequence %d, and the index %d", snapshot.Commit.ID, snapshot.Message.Sequence, sequence)
	}
	return snapshot, err
}
