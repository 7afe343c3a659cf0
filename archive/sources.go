package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/schemas"
)

// PostRequest asks for a post and its sources.
type PostRequest struct {
	Page       PageRef
	Given      *Given    // the post itself, when it was handed in as a file
	Sources    []PageRef // named by the person, beside what the post links to
	MaxSources int       // at most this many linked sources; 0: none
}

// sourcesAtOnce bounds how many sources of one post are fetched at a time. The
// fetch client asks each host one thing at a time, whatever this says.
const sourcesAtOnce = 8

// Capture looks at a post and its sources and returns the draft of their
// snapshot. Nothing is written. A source that fails is part of the draft.
func (r *Run) Capture(ctx context.Context, request PostRequest) (*Draft, error) {
	page, err := r.lookAtPost(ctx, request)
	if err != nil {
		return nil, err
	}
	post, err := r.draftPost(ctx, page, request)
	if err != nil {
		return nil, err
	}
	if err := r.lookAtSources(ctx, post, request.Sources); err != nil {
		return nil, err
	}
	draft := &Draft{
		Kind: schemas.KindCapture, Subject: request.Page.Name,
		Pages: append([]*PageDraft{page}, post.Sources...), Posts: []*PostDraft{post},
	}
	switch n := len(post.Sources); n {
	case 0:
	case 1:
		draft.Subject += " (+1 source)"
	default:
		draft.Subject += fmt.Sprintf(" (+%d sources)", n)
	}
	return draft, nil
}

func (r *Run) lookAtPost(ctx context.Context, request PostRequest) (*PageDraft, error) {
	if request.Given != nil {
		return r.Give(ctx, request.Page, *request.Given)
	}
	r.Ask(request.Page)
	return r.Look(ctx, request.Page)
}

// draftPost chooses the sources of a post: those named, then those linked in
// reading order, then those of earlier versions, each page once.
func (r *Run) draftPost(ctx context.Context, page *PageDraft, request PostRequest) (*PostDraft, error) {
	post := &schemas.Post{
		Schema: schemas.PostSchema, Page: page.ID, URL: page.Name, Run: r.ID, CapturedAt: page.Capture.CapturedAt,
		MaxSources: request.MaxSources,
	}
	seen := page.Capture
	if page.AsBefore {
		seen = page.Before.Capture
	}
	if seen.Body != nil {
		post.Payload = seen.Body.SHA256
	}
	chosen := sourceList{post: post, seen: map[schemas.PageID]bool{page.ID: true}}
	if page.FinalURL() != "" {
		if final, err := PageAt(page.FinalURL()); err == nil {
			chosen.seen[final.ID] = true
		}
	}
	for _, ref := range request.Sources {
		chosen.add(ref, schemas.Source{Relation: schemas.Named})
	}
	earlier, err := r.earlierPost(page)
	if err != nil {
		return nil, err
	}
	chosen.addNamed(earlier)
	links, err := page.linked(ctx, r.archive)
	if err != nil {
		return nil, err
	}
	if request.MaxSources > 0 {
		chosen.addLinks(links, request.MaxSources)
	}
	chosen.addEarlier(earlier)
	return &PostDraft{Page: page, Post: post}, nil
}

// sourceList collects the sources of one post.
type sourceList struct {
	post *schemas.Post
	seen map[schemas.PageID]bool
}

func (l *sourceList) add(ref PageRef, source schemas.Source) bool {
	if l.seen[ref.ID] {
		return false
	}
	l.seen[ref.ID] = true
	source.Page, source.URL = ref.ID, ref.Name
	l.post.Sources = append(l.post.Sources, source)
	return true
}

func (l *sourceList) addLinks(links []extract.Link, limit int) {
	for _, link := range links {
		if !link.IsReference() {
			continue
		}
		ref, err := PageAt(link.URL)
		if err != nil {
			l.omit(plain(link.URL), whyUnfit(err))
			continue
		}
		if l.seen[ref.ID] {
			continue
		}
		if limit == 0 {
			l.seen[ref.ID] = true
			l.omit(ref.Name, "max-sources")
			continue
		}
		source := schemas.Source{Relation: schemas.Linked, Anchor: plain(link.Text)}
		if link.URL != ref.Name {
			source.Link = plain(link.URL)
		}
		if l.add(ref, source) {
			limit--
		}
	}
}

// maxOmitted bounds what a post says of links that were not captured: a page can
// have any number of them.
const maxOmitted = 500

func (l *sourceList) omit(address, reason string) {
	if len(l.post.Omitted) < maxOmitted {
		l.post.Omitted = append(l.post.Omitted, schemas.Omitted{URL: address, Reason: reason})
	}
}

// whyUnfit is the word for why a link is no page.
func whyUnfit(err error) string {
	var scheme *UnsupportedSchemeError
	switch {
	case errors.Is(err, ErrUserInfo):
		return "user-info"
	case errors.As(err, &scheme):
		return "scheme"
	}
	return "no-address"
}

// addNamed takes over what a person named for an earlier version.
func (l *sourceList) addNamed(post *schemas.Post) {
	if post == nil {
		return
	}
	for _, source := range post.Sources {
		if ref, err := PageNamed(source.URL); err == nil && source.Relation == schemas.Named {
			l.add(ref, schemas.Source{Relation: schemas.Named, Anchor: source.Anchor, Link: source.Link})
		}
	}
}

// addEarlier keeps sources that the post no longer links to: they were relied
// on once, so they stay watched until someone says otherwise.
func (l *sourceList) addEarlier(post *schemas.Post) {
	if post == nil {
		return
	}
	for _, source := range post.Sources {
		ref, err := PageNamed(source.URL)
		if err != nil {
			continue
		}
		l.add(ref, schemas.Source{Relation: schemas.Earlier, Anchor: source.Anchor, Link: source.Link})
	}
}

// lookAtSources looks at the sources of a post. What check was told to pass over
// stays as it is, unless the person names it now.
func (r *Run) lookAtSources(ctx context.Context, post *PostDraft, named []PageRef) error {
	drafts := make([]*PageDraft, len(post.Post.Sources))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sourcesAtOnce)
	for i, source := range post.Post.Sources {
		ref, err := PageNamed(source.URL)
		if err != nil {
			return err
		}
		group.Go(func() error {
			if !slices.Contains(named, ref) {
				if untracked, err := r.untracked(ref); err != nil || untracked {
					return err
				}
			}
			draft, err := r.Look(ctx, ref)
			drafts[i] = draft
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, draft := range drafts {
		if draft != nil {
			post.Sources = append(post.Sources, draft)
		}
	}
	return nil
}

// Check looks at a page again. For a post that changed, the draft also holds
// the sources that it did not link to before. A given post cannot be looked at.
func (r *Run) Check(ctx context.Context, ref PageRef) (*Draft, error) {
	page, err := r.Look(ctx, ref)
	if err != nil {
		return nil, err
	}
	draft := &Draft{Kind: schemas.KindCheck, Pages: []*PageDraft{page}}
	if page.AsBefore || page.Before == nil || page.Capture.Access.Outcome != schemas.Served {
		return draft, nil
	}
	known, err := page.Before.Post()
	if err != nil || known == nil {
		return draft, err
	}
	post, err := r.draftPost(ctx, page, PostRequest{Page: ref, MaxSources: known.MaxSources})
	if err != nil {
		return nil, err
	}
	draft.Posts = []*PostDraft{post}
	for _, source := range post.Post.Sources {
		ref, err := PageNamed(source.URL)
		if err != nil {
			return nil, err
		}
		if before, err := r.before(ref); err != nil {
			return nil, err
		} else if before != nil {
			continue // looked at for itself, or untracked
		}
		fresh, err := r.Look(impatient(ctx), ref)
		if err != nil {
			return nil, err
		}
		post.Sources = append(post.Sources, fresh)
		draft.Pages = append(draft.Pages, fresh)
	}
	return draft, nil
}

// earlierPost returns the sources of the version before, nil when there is none.
func (r *Run) earlierPost(page *PageDraft) (*schemas.Post, error) {
	if page.Before == nil {
		return nil, nil
	}
	return page.Before.Post()
}

func (r *Run) untracked(ref PageRef) (bool, error) {
	page, err := r.before(ref)
	if err != nil || page == nil {
		return false, err
	}
	mark, err := page.Untracked()
	return mark != nil, err
}

// FinalURL returns the address that the page was served from.
func (d *PageDraft) FinalURL() string { return d.Capture.FinalURL }
