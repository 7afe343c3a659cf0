package archive

import (
	"context"
	"errors"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// HasEvidence reports whether anything vouches for a snapshot up to this one.
func (s *Snapshot) HasEvidence() (bool, error) {
	_, err := s.archive.store.Lookup(s.Commit.Tree, EvidenceRoot)
	if errors.Is(err, gitstore.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// EvidenceFrom yields what vouches for the snapshots from a sequence on, as of
// this snapshot, those with the lowest sequence first; EvidenceBack what vouches
// for those up to a sequence, the highest first. Neither reads more than it
// yields.
func (s *Snapshot) EvidenceFrom(ctx context.Context, sequence int64) iter.Seq2[EvidenceFile, error] {
	return s.evidenceInOrder(ctx, sequence, false)
}

// EvidenceBack is EvidenceFrom the other way.
func (s *Snapshot) EvidenceBack(ctx context.Context, sequence int64) iter.Seq2[EvidenceFile, error] {
	return s.evidenceInOrder(ctx, sequence, true)
}

func (s *Snapshot) evidenceInOrder(ctx context.Context, sequence int64, back bool) iter.Seq2[EvidenceFile, error] {
	return func(yield func(EvidenceFile, error) bool) {
		root, err := s.archive.store.Lookup(s.Commit.Tree, EvidenceRoot)
		switch {
		case errors.Is(err, gitstore.ErrNotFound) || sequence < 0:
			return
		case err != nil:
			yield(EvidenceFile{}, err)
			return
		}
		from := strings.ReplaceAll(strings.TrimPrefix(path.Dir(EvidenceFolder(sequence, schemas.Digest{})), EvidenceRoot), "/", "")
		w := evidenceWalk{ctx: ctx, snapshot: s, from: from, back: back, yield: yield}
		w.folder(root.ID, "", true)
	}
}

// evidenceWalk goes through the folders of evidence in the order of sequences.
type evidenceWalk struct {
	ctx      context.Context
	snapshot *Snapshot
	from     string // six digits
	back     bool
	yield    func(EvidenceFile, error) bool
}

// folder walks below the digits read so far; edge says that they are those of
// from. It reports whether to go on.
func (w *evidenceWalk) folder(tree gitstore.ID, digits string, edge bool) bool {
	if len(digits) == evidenceDigits {
		return w.files(tree, digits)
	}
	entries, err := w.snapshot.archive.store.Entries(tree)
	if err == nil {
		err = w.ctx.Err()
	}
	if err != nil {
		return w.yield(EvidenceFile{}, err)
	}
	if w.back {
		slices.Reverse(entries)
	}
	for _, e := range entries {
		if len(e.Name) != 1 {
			continue // verify tells what does not belong here
		}
		at := edge && e.Name == w.from[len(digits):len(digits)+1]
		if edge && !at && (e.Name < w.from[len(digits):]) != w.back {
			continue
		}
		if !w.folder(e.ID, digits+e.Name, at) {
			return false
		}
	}
	return true
}

func (w *evidenceWalk) files(tree gitstore.ID, digits string) bool {
	prefix := path.Join(EvidenceRoot, strings.Join(strings.Split(digits, ""), "/"))
	for file, err := range w.snapshot.archive.store.Files(tree, "") {
		if err != nil {
			return w.yield(EvidenceFile{}, err)
		}
		found, ok := EvidencePath(prefix + "/" + file.Path)
		if !ok {
			continue
		}
		found.Blob = file.ID
		if !w.yield(found, nil) {
			return false
		}
	}
	return true
}
