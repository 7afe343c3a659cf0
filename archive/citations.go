package archive

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/walkback-dev/walkback/schemas"
)

// Citations tell which posts quote a page. They are those of the snapshot that
// they were asked of.
type Citations struct {
	snapshot *Snapshot

	mu    sync.Mutex
	known map[schemas.PageID][]PageRef // nil: not read yet
}

// Citations returns the citations of the posts that the snapshot holds. Nothing
// is read before it is asked for.
func (s *Snapshot) Citations() *Citations { return &Citations{snapshot: s} }

// Of returns the posts with quotes that are bound to a page, by their names. The
// first call reads all posts of the archive.
func (c *Citations) Of(ctx context.Context, source schemas.PageID) ([]PageRef, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		known, err := c.snapshot.citations(ctx)
		if err != nil {
			return nil, err
		}
		c.known = known
	}
	return c.known[source], nil
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
