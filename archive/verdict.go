package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	holder := p.Snapshot
	if holder.Message.Sequence != p.Capture.Sequence {
		var err error
		if holder, err = holder.archive.At(ctx, p.Capture.Sequence); err != nil {
			return nil, err
		}
	}
	file, data, err := holder.lastChecks(p.Capture.Run)
	if err != nil || data == nil {
		return nil, err
	}
	for line := range bytes.Lines(data) {
		if !bytes.Contains(line, []byte(p.ID.String())) {
			continue // lines are long, and a file has hundreds
		}
		decoded, err := schemas.DecodeCheckLine(line)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		if change, ok := decoded.(*schemas.Change); ok && change.Page == p.ID && change.After.Sequence == p.Capture.Sequence {
			return change, nil
		}
	}
	return nil, nil
}

// lastChecks returns the newest checks file of a run as of the snapshot: the one
// that the snapshot wrote, if the run was that of its captures.
func (s *Snapshot) lastChecks(run string) (file string, data []byte, err error) {
	at, _, _ := strings.Cut(run, "-")
	started, err := time.Parse(runLayout, at)
	if err != nil {
		return "", nil, fmt.Errorf("reading the name of run %q: %w", run, err)
	}
	store := s.archive.store
	folder, err := store.Lookup(s.Commit.Tree, checksFolder(started))
	if errors.Is(err, gitstore.ErrNotFound) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	entries, err := store.Entries(folder.ID)
	if err != nil {
		return "", nil, err
	}
	newest, blob := 0, gitstore.ID{}
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(e.Name, ".jsonl"), run+"-"); ok {
			if n, err := strconv.Atoi(rest); err == nil && n > newest {
				newest, blob, file = n, e.ID, path.Join(checksFolder(started), e.Name)
			}
		}
	}
	if newest == 0 {
		return "", nil, nil
	}
	_, data, err = store.Object(blob)
	return file, data, err
}
