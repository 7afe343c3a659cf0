package gitstore

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// maxDepth is the deepest folder that a walk enters.
const maxDepth = 64

// trees gives the entries of a tree; walks do not care where they come from.
type trees func(ID) ([]Entry, error)

// Entries returns the entries of a tree in git's order. A tree with entries that
// are not canonical, ordered and unique is a *MalformedError.
func (s *Store) Entries(tree ID) ([]Entry, error) {
	entries, err := s.entries(tree)
	return slices.Clone(entries), err
}

// Lookup returns the entry at a path; "" is the tree itself. A path that is not
// there is ErrNotFound.
func (s *Store) Lookup(tree ID, path string) (Entry, error) {
	return trees(s.entries).lookup(tree, path)
}

// Files yields all files below a folder in bytewise order of their paths, which
// are given from the root of the tree; "" is the whole tree. A folder that is
// not there has no files. The sequence ends with the first error.
func (s *Store) Files(tree ID, folder string) iter.Seq2[File, error] {
	return trees(s.entries).files(tree, folder)
}

// Change is a file that two trees do not have in common. Old or New is zero
// when the file is not in that tree.
type Change struct {
	Path     string
	Old, New Entry
}

// Changes yields the files that differ between two trees in bytewise order of
// their paths, reading only what differs. A zero tree is an empty one. The
// sequence ends with the first error.
func (s *Store) Changes(old, new ID) iter.Seq2[Change, error] {
	return trees(s.entries).changes(old, new)
}

// History yields a commit and its ancestors, newest first. A zero id has none.
// The sequence ends with the first error.
func (s *Store) History(from ID) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		for id := from; !id.IsZero(); {
			c, err := s.Commit(id)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(c, nil) {
				return
			}
			id = c.Parent
		}
	}
}

func (t trees) lookup(tree ID, path string) (Entry, error) {
	at := Entry{Mode: ModeFolder, ID: tree}
	if path == "" {
		return at, nil
	}
	for name := range strings.SplitSeq(path, "/") {
		if !at.Mode.IsFolder() || at.ID.IsZero() {
			return Entry{}, fmt.Errorf("looking up %q: %w", path, ErrNotFound)
		}
		entries, err := t(at.ID)
		if err != nil {
			return Entry{}, fmt.Errorf("looking up %q: %w", path, err)
		}
		i, ok := findName(entries, name)
		if !ok {
			return Entry{}, fmt.Errorf("looking up %q: %w", path, ErrNotFound)
		}
		at = entries[i]
	}
	return at, nil
}

func (t trees) files(tree ID, folder string) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		at, err := t.lookup(tree, folder)
		switch {
		case isNotFound(err) || err == nil && !at.Mode.IsFolder():
		case err != nil:
			yield(File{}, err)
		default:
			t.walkFiles(at.ID, folder, 0, yield)
		}
	}
}

func (t trees) walkFiles(tree ID, folder string, depth int, yield func(File, error) bool) bool {
	entries, err := t.level(tree, folder, depth)
	if err != nil {
		yield(File{}, err)
		return false
	}
	for _, e := range entries {
		path := joinPath(folder, e.Name)
		if e.Mode.IsFolder() {
			if !t.walkFiles(e.ID, path, depth+1, yield) {
				return false
			}
		} else if !yield(File{Path: path, Mode: e.Mode, ID: e.ID}, nil) {
			return false
		}
	}
	return true
}

// level returns the entries of a tree on a walk.
func (t trees) level(tree ID, folder string, depth int) ([]Entry, error) {
	switch {
	case tree.IsZero():
		return nil, nil
	case depth > maxDepth:
		return nil, fmt.Errorf("folder %q: %w", folder,
			&MalformedError{ID: tree, Kind: KindTree, Reason: fmt.Sprintf("it lies more than %d folders deep", maxDepth)})
	}
	entries, err := t(tree)
	if err != nil {
		return nil, fmt.Errorf("folder %q: %w", folder, err)
	}
	return entries, nil
}

func (t trees) changes(old, new ID) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) { t.walkChanges(old, new, "", 0, yield) }
}

// walkChanges merges two trees. A file and a folder of the same name are two
// entries to it, which keeps the paths in order.
func (t trees) walkChanges(old, new ID, folder string, depth int, yield func(Change, error) bool) bool {
	if old == new {
		return true
	}
	a, errA := t.level(old, folder, depth)
	b, errB := t.level(new, folder, depth)
	if errA != nil || errB != nil {
		if errA == nil {
			errA = errB
		}
		yield(Change{}, errA)
		return false
	}
	for len(a) > 0 || len(b) > 0 {
		var before, after Entry
		switch c := compareHeads(a, b); {
		case c < 0:
			before, a = a[0], a[1:]
		case c > 0:
			after, b = b[0], b[1:]
		default:
			before, a, after, b = a[0], a[1:], b[0], b[1:]
		}
		if !t.walkChange(before, after, folder, depth, yield) {
			return false
		}
	}
	return true
}

// walkChange handles one entry; before or after is zero when it is missing.
func (t trees) walkChange(before, after Entry, folder string, depth int, yield func(Change, error) bool) bool {
	if before == after {
		return true
	}
	path := joinPath(folder, max(before.Name, after.Name)) // equal, or one is empty
	if before.Mode.IsFolder() || after.Mode.IsFolder() {
		return t.walkChanges(before.ID, after.ID, path, depth+1, yield)
	}
	return yield(Change{Path: path, Old: before, New: after}, nil)
}

func compareHeads(a, b []Entry) int {
	switch {
	case len(b) == 0:
		return -1
	case len(a) == 0:
		return 1
	}
	return compareEntries(a[0], b[0])
}

func joinPath(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}
