package archive

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// Citations tell which posts quote a page: those of the snapshot that they were
// asked of, or, where the index answers, of the newest one.
type Citations struct {
	snapshot *Snapshot

	mu    sync.Mutex
	known map[schemas.PageID][]PageRef // nil: not read yet
}

// Citations returns the citations of the posts that the snapshot holds. Nothing
// is read before it is asked for.
func (s *Snapshot) Citations() *Citations { return &Citations{snapshot: s} }

// Of returns the posts with quotes that are bound to a page, by their names.
// Without the index the first call reads all posts of the archive.
func (c *Citations) Of(ctx context.Context, source schemas.PageID) (posts []PageRef, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		if posts, ok := c.snapshot.indexedCitations(ctx, source); ok {
			return posts, nil
		}
		if c.known, err = c.snapshot.citations(ctx); err != nil {
			return nil, err
		}
	}
	return c.known[source], nil
}

// indexedCitations asks the index. It may have gone on since the snapshot: then it
// is asked for the newest one.
func (s *Snapshot) indexedCitations(ctx context.Context, source schemas.PageID) (posts []PageRef, ok bool) {
	head, err := s.archive.Head()
	if err != nil {
		return nil, false
	}
	ok = s.archive.fromIndex(ctx, head, func(view *index.View) error {
		names, err := view.Quoting(ctx, source)
		if err != nil {
			return err
		}
		for _, name := range names {
			ref, err := PageNamed(name)
			if err != nil {
				return err
			}
			posts = append(posts, ref)
		}
		return nil
	})
	slices.SortFunc(posts, func(a, b PageRef) int { return strings.Compare(a.Name, b.Name) })
	return posts, ok
}

func (s *Snapshot) citations(ctx context.Context) (map[schemas.PageID][]PageRef, error) {
	known := map[schemas.PageID][]PageRef{}
	for listed, err := range s.List(ctx, func(p *schemas.ListedPage) bool { return p.Post }) {
		if err != nil {
			return nil, err
		}
		ref, err := PageNamed(listed.URL)
		if err != nil {
			return nil, err
		}
		page, err := s.Page(ref)
		if err != nil {
			return nil, err
		}
		post, err := page.Post()
		if err != nil {
			return nil, err
		}
		for source := range post.Relied() {
			known[source] = append(known[source], ref)
		}
	}
	for _, posts := range known {
		slices.SortFunc(posts, func(a, b PageRef) int { return strings.Compare(a.Name, b.Name) })
	}
	return known, nil
}
