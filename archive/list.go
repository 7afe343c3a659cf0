package archive

import (
	"context"
	"iter"

	"github.com/walkback-dev/walkback/schemas"
)

// List yields every page with its newest capture as of this snapshot, in no
// particular order.
func (s *Snapshot) List(ctx context.Context) iter.Seq2[schemas.ListedPage, error] {
	return func(yield func(schemas.ListedPage, error) bool) {
		var pages []schemas.ListedPage
		if s.indexedPages(ctx, func(p schemas.ListedPage) { pages = append(pages, p) }) {
			for _, page := range pages {
				if !yield(page, nil) {
					return
				}
			}
			return
		}
		for page, err := range s.Pages(ctx) {
			var listed schemas.ListedPage
			if err == nil {
				listed, err = page.listed()
			}
			if !yield(listed, err) || err != nil {
				return
			}
		}
	}
}

// listed is the page as a list shows it.
func (p *Page) listed() (schemas.ListedPage, error) {
	post, err := p.Post()
	if err != nil {
		return schemas.ListedPage{}, err
	}
	mark, err := p.Untracked()
	if err != nil {
		return schemas.ListedPage{}, err
	}
	c := p.Capture
	listed := schemas.ListedPage{
		Page: p.ID, URL: p.Name, Post: post != nil, Tracked: mark == nil && !p.Given(), Method: c.Method,
		Outcome: c.Access.Outcome, CapturedAt: c.CapturedAt,
	}
	if c.Text != nil {
		listed.Title = c.Text.Title
	}
	if c.Body != nil {
		listed.Bytes = c.Body.Size
	}
	return listed, nil
}
