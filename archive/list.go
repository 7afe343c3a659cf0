package archive

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/schemas"
)

// List yields the pages that match, as this snapshot has them, by their names;
// a nil match is of all. From the index, memory does not grow with the pages.
func (s *Snapshot) List(ctx context.Context, match func(*schemas.ListedPage) bool) iter.Seq2[schemas.ListedPage, error] {
	if match == nil {
		match = func(*schemas.ListedPage) bool { return true }
	}
	return func(yield func(schemas.ListedPage, error) bool) {
		if s.indexedList(ctx, match, yield) {
			return
		}
		var pages []schemas.ListedPage
		for page, err := range s.Pages(ctx) {
			var listed schemas.ListedPage
			if err == nil {
				listed, err = page.listed()
			}
			if err != nil {
				yield(listed, err)
				return
			}
			if match(&listed) {
				pages = append(pages, listed)
			}
		}
		yieldSorted(pages, yield)
	}
}

func yieldSorted(pages []schemas.ListedPage, yield func(schemas.ListedPage, error) bool) {
	slices.SortFunc(pages, func(a, b schemas.ListedPage) int { return strings.Compare(a.URL, b.URL) })
	for _, page := range pages {
		if !yield(page, nil) {
			return
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
