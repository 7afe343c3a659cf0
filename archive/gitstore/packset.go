package gitstore

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// packSet is the packs of a repository. It is safe for concurrent use.
type packSet struct {
	folder string

	mu      sync.RWMutex
	packs   map[string]*pack     // by name without extension
	order   []*pack              // newest first
	damaged map[string]error     // indexes that cannot be used
	last    atomic.Pointer[pack] // had what was looked for last, and may have what is next
	bare    string               // path of a pack that has no index; empty: there is none
	changes int                  // packs that came and went so far
	passed  map[string]bool      // names of packs that are not looked into
	room    mapRoom              // for the indexes
}

// passOver closes packs and does not look into them until it is called again. It
// takes their paths without extension.
func (s *packSet) passOver(stems []string) {
	s.mu.Lock()
	s.passed = map[string]bool{}
	for _, stem := range stems {
		s.passed[filepath.Base(stem)] = true
	}
	s.mu.Unlock()
	_ = s.scan() // what it cannot read, the next one can or tells
}

// scan takes up packs that have come and closes those that have gone: who reads
// in one of the latter finds it closed and looks again. A .pack without .idx is
// not finished, a .idx without .pack is an orphan: both are passed over.
func (s *packSet) scan() error {
	names, err := readDirNames(s.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	present := map[string]bool{}
	for _, name := range names {
		present[name] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	damaged, bare := map[string]error{}, ""
	for _, name := range names {
		if stem, ok := strings.CutSuffix(name, ".pack"); ok && !present[stem+".idx"] {
			bare = filepath.Join(s.folder, name)
		}
	}
	for _, name := range names {
		stem, ok := strings.CutSuffix(name, ".idx")
		if !ok || !present[stem+".pack"] || s.packs[stem] != nil || s.passed[stem] {
			continue
		}
		if err := s.add(stem); errors.Is(err, os.ErrNotExist) {
			continue // gone since the folder was read
		} else if err != nil {
			damaged[stem] = err
		} else {
			s.changes++
		}
	}
	for stem, p := range s.packs {
		if !present[stem+".idx"] || !present[stem+".pack"] || s.passed[stem] {
			delete(s.packs, stem)
			s.changes++
			defer p.close() // when order is without it
		}
	}
	s.damaged, s.bare = damaged, bare
	s.order = s.order[:0:0]
	for _, p := range s.packs {
		s.order = append(s.order, p)
	}
	slices.SortFunc(s.order, func(a, b *pack) int {
		if c := b.at.Compare(a.at); c != 0 {
			return c
		}
		return strings.Compare(a.path, b.path)
	})
	return nil
}

func (s *packSet) add(stem string) error {
	path := filepath.Join(s.folder, stem+".idx")
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	index, err := openIndex(path)
	if err != nil {
		return err
	}
	index.room = &s.room
	s.packs[stem] = &pack{path: filepath.Join(s.folder, stem+".pack"), index: index, at: info.ModTime()}
	return nil
}

// seen returns a number that changes with the packs.
func (s *packSet) seen() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changes
}

// find returns a pack that has the object, or nil. It looks first into the one that
// had the object before, then into those made before and after that one: who reads
// a history goes from pack to pack.
func (s *packSet) find(id ID) (p *pack, at packed, err error) {
	for range maxLooks {
		if p, at, err = s.findNow(id); !errors.Is(err, os.ErrClosed) {
			break
		}
	}
	return p, at, err
}

func (s *packSet) findNow(id ID) (*pack, packed, error) {
	s.mu.RLock()
	order := s.order
	s.mu.RUnlock()
	for p := range outward(order, slices.Index(order, s.last.Load())) {
		at, ok, err := p.index.find(id)
		if err != nil {
			return nil, packed{}, withID(err, id)
		}
		if ok {
			s.last.Store(p)
			return p, at, nil
		}
	}
	return nil, packed{}, nil
}

// outward yields the elements from one of them outward, or from the first if that
// is not there.
func outward[E any](elements []E, from int) iter.Seq[E] {
	return func(yield func(E) bool) {
		from = max(from, 0)
		for step := range elements {
			if i := from - step; i >= 0 && !yield(elements[i]) {
				return
			}
			if i := from + step; step > 0 && i < len(elements) && !yield(elements[i]) {
				return
			}
		}
	}
}

// damage returns what keeps a whole pack from being used, if anything does.
func (s *packSet) damage() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	stems := make([]string, 0, len(s.damaged))
	for stem := range s.damaged {
		stems = append(stems, stem)
	}
	if len(stems) == 0 {
		return nil
	}
	return s.damaged[slices.Min(stems)]
}

// unindexed returns the path of a pack that has no index, empty when there is
// none.
func (s *packSet) unindexed() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.bare
}

func (s *packSet) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, p := range s.order {
		errs = append(errs, p.close())
	}
	s.packs, s.order = map[string]*pack{}, nil
	return errors.Join(errs...)
}
