package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// UnknownPageError is returned when an archive has no such page.
type UnknownPageError struct {
	Spec    string
	Nearest []string // names that come closest, best first
}

func (e *UnknownPageError) Error() string { return fmt.Sprintf("the archive has no page %q", e.Spec) }

// AmbiguousPageError is returned when a fragment fits several pages.
type AmbiguousPageError struct {
	Spec  string
	Names []string
}

func (e *AmbiguousPageError) Error() string {
	return fmt.Sprintf("%q fits %d pages", e.Spec, len(e.Names))
}

// Find returns the page that a person means: by its address, its id, the name
// of a given post, or a fragment of one of these that only one page has.
func (s *Snapshot) Find(ctx context.Context, spec string) (PageRef, error) {
	if ref, ok := s.FindExact(spec); ok {
		return ref, nil
	}
	var found finding
	if !s.indexedNames(ctx, func(name string) { found.add(spec, name) }) {
		found = finding{}
		for page, err := range s.Pages(ctx) {
			if err != nil {
				return PageRef{}, err
			}
			found.add(spec, page.Name)
		}
	}
	return found.only(spec)
}

// finding gathers the pages that a person may mean.
type finding struct {
	fits, names []string
}

func (f *finding) add(spec, name string) {
	f.names = append(f.names, name)
	if strings.Contains(name, spec) || strings.Contains(unescapeURN(name), spec) {
		f.fits = append(f.fits, name)
	}
}

func (f *finding) only(spec string) (PageRef, error) {
	switch len(f.fits) {
	case 0:
		return PageRef{}, &UnknownPageError{Spec: spec, Nearest: nearest(spec, f.names)}
	case 1:
		return PageNamed(f.fits[0])
	}
	slices.Sort(f.fits)
	return PageRef{}, &AmbiguousPageError{Spec: spec, Names: f.fits}
}

// FindExact is Find for what is no fragment. It needs no search.
func (s *Snapshot) FindExact(spec string) (PageRef, bool) {
	var readings []PageRef
	if ref, err := PageNamed(spec); err == nil {
		readings = append(readings, ref)
	}
	if address, ok := CompleteAddress(spec); ok {
		if ref, err := PageAt(address); err == nil {
			readings = append(readings, ref)
		}
	}
	if ref, err := PagePost(spec); err == nil {
		readings = append(readings, ref)
	}
	for _, ref := range readings {
		if _, err := s.archive.store.Lookup(s.Commit.Tree, ref.Folder); err == nil {
			return ref, true
		} else if !errors.Is(err, gitstore.ErrNotFound) {
			return PageRef{}, false
		}
	}
	if id, err := schemas.ParsePageID(spec); err == nil {
		return s.byID(id)
	}
	return PageRef{}, false
}

func (s *Snapshot) byID(id schemas.PageID) (PageRef, bool) {
	entry, err := s.archive.store.Lookup(s.Commit.Tree, idFolder(id))
	if err != nil {
		return PageRef{}, false
	}
	entries, err := s.archive.store.Entries(entry.ID)
	if err != nil {
		return PageRef{}, false
	}
	for _, e := range entries {
		if found, ok := folderID(e.Name); ok && found == id {
			page, err := s.readPage(idFolder(id)+"/"+e.Name, e.ID)
			if err != nil {
				return PageRef{}, false
			}
			return page.PageRef, true
		}
	}
	return PageRef{}, false
}

// offered is how many near names an error lists.
const offered = 3

// nearest returns the names that share most three-letter pieces with spec, those
// that share as many by name.
func nearest(spec string, names []string) []string {
	pieces := map[string]int{} // in which name a piece was last seen, from 1
	for piece := range trigrams(spec) {
		pieces[piece] = 0
	}
	type scored struct {
		name  string
		score int
	}
	var near []scored
	for i, name := range names {
		n := 0
		for piece := range trigrams(name) {
			if last, wanted := pieces[piece]; wanted && last != i+1 {
				pieces[piece] = i + 1
				n++
			}
		}
		if n > 0 {
			near = append(near, scored{name, n})
		}
	}
	slices.SortFunc(near, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.name, b.name))
	})
	var best []string
	for _, n := range near[:min(len(near), offered)] {
		best = append(best, n.name)
	}
	return best
}

// trigrams yields the three-letter pieces of a name, without what most names
// begin with.
func trigrams(s string) iter.Seq[string] {
	s = strings.ToLower(s)
	for _, prefix := range []string{"https://", "http://", "www.", givenPrefix} {
		s = strings.TrimPrefix(s, prefix)
	}
	return func(yield func(string) bool) {
		for i := 0; i+3 <= len(s); i++ {
			if !yield(s[i : i+3]) {
				return
			}
		}
	}
}
