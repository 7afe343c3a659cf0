package archive

import (
	"context"
	"errors"
	"fmt"
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
	Fits  int      // pages
	Names []string // the first of them by name, a few
}

func (e *AmbiguousPageError) Error() string {
	return fmt.Sprintf("%q fits %d pages", e.Spec, e.Fits)
}

// namesTold is how many names are told when a fragment fits more.
const namesTold = 20

// Find returns the page that a person means: by its address, its id, the name
// of a given post, or a fragment of one of these that only one page has.
func (s *Snapshot) Find(ctx context.Context, spec string) (PageRef, error) {
	if ref, ok := s.FindExact(spec); ok {
		return ref, nil
	}
	fitting := fitting{spec: spec}
	if err := s.eachName(ctx, fitting.clear, fitting.wanted, fitting.add); err != nil {
		return PageRef{}, err
	}
	switch fitting.count {
	case 0:
		near := newNearest(spec)
		if err := s.eachName(ctx, near.clear, func(string) bool { return true }, near.add); err != nil {
			return PageRef{}, err
		}
		return PageRef{}, &UnknownPageError{Spec: spec, Nearest: near.names()}
	case 1:
		return PageNamed(fitting.first[0])
	}
	return PageRef{}, &AmbiguousPageError{Spec: spec, Fits: fitting.count, Names: fitting.first}
}

// eachName calls take with the name of every page, in no particular order, but
// for those that stand together, each with an LF, where wanted says that they can
// be left out. It calls clear before it begins anew.
func (s *Snapshot) eachName(ctx context.Context, clear func(), wanted func(names string) bool, take func(string)) error {
	if s.indexedNames(ctx, wanted, take) {
		return nil
	}
	clear()
	for page, err := range s.Pages(ctx) {
		if err != nil {
			return err
		}
		take(page.Name)
	}
	return nil
}

// fitting gathers the pages that a person may mean.
type fitting struct {
	spec  string
	count int
	first firstNames
}

func (f *fitting) clear() { f.count, f.first = 0, nil }

// wanted reports whether one of these names may be added: most have not even
// the fragment between them.
func (f *fitting) wanted(names string) bool {
	return strings.Contains(names, f.spec) || strings.Contains(names, givenPrefix)
}

func (f *fitting) add(name string) {
	if strings.Contains(name, f.spec) || strings.HasPrefix(name, givenPrefix) && strings.Contains(unescapeURN(name), f.spec) {
		f.count++
		f.first.add(name, namesTold)
	}
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
