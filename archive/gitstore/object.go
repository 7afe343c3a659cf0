package gitstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

const reasonCollision = "it bears the marks of a SHA-1 collision attack"

// maxLooks bounds how often an object is looked for while packs come and go.
const maxLooks = 8

// Object returns an object, from a pack or loose, after hashing it again. The
// content is the caller's. Errors: *MissingError, *CorruptError,
// *TruncatedError. It is safe for concurrent use.
func (s *Store) Object(id ID) (Kind, []byte, error) {
	o, shared, err := s.object(id)
	if err != nil {
		return 0, nil, err
	}
	if shared {
		o.content = bytes.Clone(o.content)
	}
	return o.kind, o.content, nil
}

// object is Object, but a shared content must not be changed.
func (s *Store) object(id ID) (o object, shared bool, err error) {
	where := ""
	for attempt := 0; ; attempt++ {
		seen := s.packs.seen()
		o, where, shared, err = s.locate(id)
		if err == nil {
			break
		}
		// A repack may have moved the object since the folder was read: git's
		// own rule is to look once more. Ours is to do so as long as packs move.
		if attempt == maxLooks || !isGone(err) {
			return object{}, false, err
		}
		if err := s.packs.scan(); err != nil {
			return object{}, false, fmt.Errorf("reading the pack folder: %w", err)
		}
		if attempt > 0 && s.packs.seen() == seen {
			return object{}, false, err
		}
	}
	got, attack := foreignID(o.kind, o.content)
	switch {
	case got != id:
		return object{}, false, &CorruptError{ID: id, Where: where, Reason: "its content is that of " + got.String()}
	case attack:
		return object{}, false, &CorruptError{ID: id, Where: where, Reason: reasonCollision}
	}
	return o, shared, nil
}

// locate returns what is stored under the name, not yet hashed.
func (s *Store) locate(id ID) (o object, where string, shared bool, err error) {
	p, at, err := s.packs.find(id)
	if err != nil {
		return object{}, "", false, err
	}
	if p != nil {
		o, shared, err = s.packReader.read(p, id, at)
		return o, fmt.Sprintf("%s at %d", p.path, at.offset), shared, err
	}
	o, err = s.readLoose(id)
	if !errors.Is(err, os.ErrNotExist) {
		return o, s.loosePath(id), false, err
	}
	if err := s.packs.damage(); err != nil {
		return object{}, "", false, withID(err, id)
	}
	return object{}, "", false, &MissingError{ID: id, Unindexed: s.packs.unindexed()}
}

// isGone reports errors that looking again may cure.
func isGone(err error) bool {
	var missing *MissingError
	return errors.As(err, &missing) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrClosed)
}

// Commit returns a commit. A commit that is intact but not in the accepted form
// is a *MalformedError, and so is an object of another kind; other errors are
// those of Object.
func (s *Store) Commit(id ID) (*Commit, error) {
	o, _, err := s.object(id)
	if err != nil {
		return nil, err
	}
	if o.kind != KindCommit {
		return nil, &MalformedError{ID: id, Kind: o.kind, Reason: "it is not a commit"}
	}
	c, err := parseCommit(o.content)
	if err != nil {
		return nil, &MalformedError{ID: id, Kind: KindCommit, Reason: err.Error()}
	}
	c.ID = id
	return c, nil
}

// entries returns a tree's entries, which are shared and must not be changed.
func (s *Store) entries(id ID) ([]Entry, error) {
	if entries, ok := s.trees.get(id); ok {
		return entries, nil
	}
	o, _, err := s.object(id)
	if err != nil {
		return nil, err
	}
	entries, err := treeOf(id, o)
	if err == nil {
		s.keepTree(id, entries)
	}
	return entries, err
}

// treeOf decodes a tree and names it in errors.
func treeOf(id ID, o object) ([]Entry, error) {
	if o.kind != KindTree {
		return nil, &MalformedError{ID: id, Kind: o.kind, Reason: "it is not a tree"}
	}
	entries, err := parseTree(o.content)
	var malformed *MalformedError
	if errors.As(err, &malformed) {
		malformed.ID = id
	}
	return entries, err
}

// keepTree remembers a tree. Its cost is about that of its memory.
func (s *Store) keepTree(id ID, entries []Entry) {
	s.trees.put(id, entries, 64+96*cap(entries))
}
