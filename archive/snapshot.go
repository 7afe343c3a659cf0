package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// Snapshot is one commit of an archive: the whole archive as it stood then.
type Snapshot struct {
	archive *Archive
	Commit  *gitstore.Commit
	Message *schemas.Message
}

// ErrNoSnapshot is returned for a sequence that the archive does not have.
var ErrNoSnapshot = errors.New("the archive has no such snapshot")

// Ref returns the names of the snapshot's commit.
func (s *Snapshot) Ref() schemas.CommitRef {
	return schemas.CommitRef{Commit: s.Commit.ID.String(), Sequence: s.Message.Sequence, SHA256: schemas.Digest(s.Commit.SHA256)}
}

func (a *Archive) snapshot(commit *gitstore.Commit) (*Snapshot, error) {
	message, err := schemas.ParseMessage(commit.Message)
	if err != nil {
		return nil, fmt.Errorf("reading commit %s: %w", commit.ID, err)
	}
	return &Snapshot{archive: a, Commit: commit, Message: message}, nil
}

// Head returns the newest snapshot.
func (a *Archive) Head() (*Snapshot, error) {
	id, err := a.store.Head()
	if err != nil {
		return nil, err
	}
	if id.IsZero() {
		return nil, ErrUnborn
	}
	commit, err := a.store.Commit(id)
	if err != nil {
		return nil, err
	}
	a.withheld.sawHead(commit.Tree)
	return a.snapshot(commit)
}

// At returns the snapshot with this sequence. Without the index, the first call
// in a process walks the chain; later ones do not.
func (a *Archive) At(ctx context.Context, sequence int64) (*Snapshot, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	if sequence < 0 || sequence > head.Message.Sequence {
		return nil, fmt.Errorf("%w: %d (the newest is %d)", ErrNoSnapshot, sequence, head.Message.Sequence)
	}
	var snapshot *Snapshot
	ok := a.fromIndex(ctx, head, func(view *index.View) (err error) {
		snapshot, err = a.indexedAt(ctx, view, sequence)
		return err
	})
	if ok {
		return snapshot, nil
	}
	chain, err := a.sequences(ctx)
	if err != nil {
		return nil, err
	}
	if sequence >= int64(len(chain)) {
		return nil, fmt.Errorf("%w: %d (the newest is %d)", ErrNoSnapshot, sequence, len(chain)-1)
	}
	return a.snapshotOf(chain[sequence])
}

// sequences returns the commits of main, root first. The slice is never
// written to again.
func (a *Archive) sequences(ctx context.Context) ([]gitstore.ID, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.chain
	var newer []gitstore.ID // newest first
	for commit, err := range a.store.History(head.Commit.ID) {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := head.Message.Sequence - int64(len(newer))
		if at < int64(len(known)) && at >= 0 && known[at] == commit.ID {
			known = known[:at+1]
			break
		}
		newer = append(newer, commit.ID)
		if int64(len(newer)) > head.Message.Sequence+1 {
			return nil, fmt.Errorf("the newest commit says sequence %d, but the chain is longer", head.Message.Sequence)
		}
		if commit.Parent.IsZero() {
			known = nil
		}
	}
	chain := make([]gitstore.ID, len(known), len(known)+len(newer))
	copy(chain, known)
	for i := len(newer) - 1; i >= 0; i-- {
		chain = append(chain, newer[i])
	}
	if int64(len(chain)) != head.Message.Sequence+1 {
		return nil, fmt.Errorf("the newest commit says sequence %d, but the chain has %d commits", head.Message.Sequence, len(chain))
	}
	a.chain = chain
	return chain, nil
}

// Snapshots yields the snapshots from this one back to the root.
func (s *Snapshot) Snapshots(ctx context.Context) iter.Seq2[*Snapshot, error] {
	return func(yield func(*Snapshot, error) bool) {
		for commit, err := range s.archive.store.History(s.Commit.ID) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			snapshot, err := s.archive.snapshot(commit)
			if !yield(snapshot, err) || err != nil {
				return
			}
		}
	}
}

// Page returns a page as of this snapshot, or gitstore.ErrNotFound.
func (s *Snapshot) Page(ref PageRef) (*Page, error) {
	entry, err := s.archive.store.Lookup(s.Commit.Tree, ref.Folder)
	if err != nil {
		return nil, err
	}
	return s.readPage(ref.Folder, entry.ID)
}

// Pages yields every page as of this snapshot, in the order of their ids.
func (s *Snapshot) Pages(ctx context.Context) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		for folder, err := range s.pageFolders(ctx) {
			var page *Page
			if err == nil {
				page, err = s.readPage(folder.Path, folder.ID)
			}
			if !yield(page, err) || err != nil {
				return
			}
		}
	}
}

// pageFolders yields the folders of all pages without opening them.
func (s *Snapshot) pageFolders(ctx context.Context) iter.Seq2[gitstore.File, error] {
	return func(yield func(gitstore.File, error) bool) {
		root, err := s.archive.store.Lookup(s.Commit.Tree, PagesFolder)
		if errors.Is(err, gitstore.ErrNotFound) {
			return
		}
		if err != nil {
			yield(gitstore.File{}, err)
			return
		}
		const levels = 5 // four of hex digits, then the page's folder
		s.folders(ctx, PagesFolder, root.ID, levels, yield)
	}
}

// folders yields the folders this many levels below; it reports whether to go on.
func (s *Snapshot) folders(ctx context.Context, at string, tree gitstore.ID, levels int, yield func(gitstore.File, error) bool) bool {
	entries, err := s.archive.store.Entries(tree)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		yield(gitstore.File{}, err)
		return false
	}
	for _, e := range entries {
		below := path.Join(at, e.Name)
		if levels > 1 {
			if !s.folders(ctx, below, e.ID, levels-1, yield) {
				return false
			}
		} else if !yield(gitstore.File{Path: below, Mode: e.Mode, ID: e.ID}, nil) {
			return false
		}
	}
	return true
}
