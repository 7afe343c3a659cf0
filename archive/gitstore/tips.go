package gitstore

import (
	"errors"
	"fmt"
	"slices"
)

// Tips returns the commits that no other commit has as its parent. It looks at
// every object, so it is for a repository that has lost its branch: the newest
// snapshot is among them. What is not a commit in the accepted form is passed
// over; damage that hides what an object is, is an error.
func (s *Store) Tips() ([]*Commit, error) {
	commits, parents := map[ID]*Commit{}, map[ID]bool{}
	add := func(id ID) error {
		c, err := s.Commit(id)
		var other *MalformedError
		if errors.As(err, &other) {
			return nil
		}
		if err == nil {
			commits[id], parents[c.Parent] = c, true
		}
		return err
	}
	if err := s.packs.scan(); err != nil {
		return nil, fmt.Errorf("looking for commits: %w", err)
	}
	if err := s.packs.damage(); err != nil {
		return nil, fmt.Errorf("looking for commits: %w", err)
	}
	s.packs.mu.RLock()
	packs := slices.Clone(s.packs.order)
	s.packs.mu.RUnlock()
	for _, p := range packs {
		if err := p.eachCommit(add); err != nil {
			return nil, fmt.Errorf("looking for commits: %w", err)
		}
	}
	if err := s.eachLoose(func(id ID, _ string) error { return add(id) }); err != nil {
		return nil, fmt.Errorf("looking for commits: %w", err)
	}
	var tips []*Commit
	for id, c := range commits {
		if !parents[id] {
			tips = append(tips, c)
		}
	}
	return tips, nil
}

// eachCommit visits the commits of a pack. Of the other objects it reads no more
// than the heads.
func (p *pack) eachCommit(visit func(ID) error) error {
	if err := p.open(); err != nil {
		return err
	}
	list, err := p.index.all()
	if err != nil {
		return err
	}
	for _, line := range list {
		kind, err := p.kindAt(line.offset)
		if err != nil {
			return &CorruptError{ID: line.id, Where: p.path, Reason: err.Error()}
		}
		if kind != KindCommit {
			continue
		}
		if err := visit(line.id); err != nil {
			return err
		}
	}
	return nil
}

// kindAt follows a delta chain down to the kind of its base.
func (p *pack) kindAt(offset int64) (Kind, error) {
	for range maxChain {
		e, err := p.entryAt(offset)
		switch {
		case err != nil:
			return 0, err
		case e.kind <= KindTag:
			return e.kind, nil
		case e.kind == kindRef:
			found, ok, err := p.index.find(e.id)
			if err != nil || !ok {
				return 0, errors.Join(errors.New("its delta base is not in the pack"), err)
			}
			offset = found.offset
		default:
			offset = e.offset
		}
	}
	return 0, fmt.Errorf("its delta chain is deeper than %d", maxChain)
}
