package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// Verdict returns what was recorded with the page's newest capture about its
// content; nil for a first capture, and where nothing was recorded.
func (p *Page) Verdict(ctx context.Context) (*schemas.Change, error) {
	if change, ok := p.indexedVerdict(ctx); ok {
		return change, nil
	}
	return NewVerdicts().Of(ctx, p)
}

// Verdicts reads the verdicts on many captures of one page, each checks file
// once.
type Verdicts struct {
	files map[gitstore.ID][]*schemas.Change // of the page, by the file's blob
}

// NewVerdicts makes a reader for the captures of one page.
func NewVerdicts() *Verdicts { return &Verdicts{files: map[gitstore.ID][]*schemas.Change{}} }

// Of returns what was recorded with the newest capture of p, like
// [Page.Verdict].
func (v *Verdicts) Of(ctx context.Context, p *Page) (*schemas.Change, error) {
	holder := p.Snapshot
	if holder.Message.Sequence != p.Capture.Sequence {
		var err error
		if holder, err = holder.archive.At(ctx, p.Capture.Sequence); err != nil {
			return nil, err
		}
	}
	file, blob, err := holder.lastChecks(p.Capture.Run)
	if err != nil || blob.IsZero() {
		return nil, err
	}
	changes, ok := v.files[blob]
	if !ok {
		if changes, err = p.changesIn(blob); err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		v.files[blob] = changes
	}
	return verdictOn(p.Capture, changes), nil
}

// changesIn returns the verdicts on the page in a checks file.
func (p *Page) changesIn(blob gitstore.ID) ([]*schemas.Change, error) {
	_, data, err := p.Snapshot.archive.store.Object(blob)
	if err != nil {
		return nil, err
	}
	var changes []*schemas.Change
	for change, err := range changesAmong(data, []byte(p.ID.String())) {
		if err != nil {
			return nil, err
		}
		if change.Page == p.ID {
			changes = append(changes, change)
		}
	}
	return changes, nil
}

// changesAmong yields the verdicts among the lines of a checks file that hold
// some bytes: lines are long, and a file has hundreds. It ends with the first line
// that this program cannot read.
func changesAmong(data, holding []byte) iter.Seq2[*schemas.Change, error] {
	return func(yield func(*schemas.Change, error) bool) {
		for line := range bytes.Lines(data) {
			if !bytes.Contains(line, holding) {
				continue
			}
			decoded, err := schemas.DecodeCheckLine(line)
			if err != nil {
				yield(nil, err)
				return
			}
			if change, ok := decoded.(*schemas.Change); ok && !yield(change, nil) {
				return
			}
		}
	}
}

// verdictOn returns the verdict on a capture among those on its page; nil when
// there is none.
func verdictOn(capture *schemas.Capture, changes []*schemas.Change) *schemas.Change {
	for _, change := range changes {
		if change.After.Sequence == capture.Sequence {
			return change
		}
	}
	return nil
}

// runStarted reads the time from the name of a run.
func runStarted(run string) (time.Time, error) {
	at, _, _ := strings.Cut(run, "-")
	started, err := time.Parse(runLayout, at)
	if err != nil {
		return started, fmt.Errorf("reading the name of run %q: %w", run, err)
	}
	return started, nil
}

// lastChecks returns the name of the newest checks file of a run as of the snapshot: the one
// that the snapshot wrote, if the run was that of its captures.
// Where there is none, the blob is zero.
func (s *Snapshot) lastChecks(run string) (file string, blob gitstore.ID, err error) {
	started, err := runStarted(run)
	if err != nil {
		return "", blob, err
	}
	store := s.archive.store
	folder, err := store.Lookup(s.Commit.Tree, checksFolder(started))
	if errors.Is(err, gitstore.ErrNotFound) {
		return "", blob, nil
	}
	if err != nil {
		return "", blob, err
	}
	entries, err := store.Entries(folder.ID)
	if err != nil {
		return "", blob, err
	}
	newest := 0
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(e.Name, ".jsonl"), run+"-"); ok {
			if n, err := strconv.Atoi(rest); err == nil && n > newest {
				newest, blob, file = n, e.ID, path.Join(checksFolder(started), e.Name)
			}
		}
	}
	return file, blob, nil
}
