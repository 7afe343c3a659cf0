package provenance

import (
	"context"
	"fmt"
	"slices"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// QuotesOf returns the quotes of a post with what has become of each, as the
// archive has it now; those bound to one source only, if it is given. The page
// may be no post: then there are none.
func QuotesOf(ctx context.Context, a *archive.Archive, post archive.PageRef, source *archive.PageRef) (*schemas.PostQuotes, error) {
	page, err := a.Newest(post)
	if err != nil {
		return nil, err
	}
	said, err := page.Post()
	if err != nil || said == nil {
		return nil, err
	}
	out := &schemas.PostQuotes{Page: post.ID, URL: post.Name, CapturedAt: said.CapturedAt, Quotes: []schemas.QuoteStanding{}}
	if page.Capture.Text != nil {
		out.Title = page.Capture.Text.Title
	}
	sources := map[schemas.PageID]*quotedSource{}
	for _, q := range said.Quotes {
		if source != nil && !slices.ContainsFunc(q.Places, func(p schemas.QuotePlace) bool { return p.Page == source.ID }) {
			continue
		}
		standing := schemas.QuoteStanding{Quote: q}
		if len(q.Places) == 1 {
			known := sources[q.Places[0].Page]
			if known == nil {
				if known, err = readQuotedSource(ctx, a, q.Places[0].URL); err != nil {
					return nil, err
				}
				sources[q.Places[0].Page] = known
			}
			if err := known.stand(ctx, &standing); err != nil {
				return nil, fmt.Errorf("following a quote of %s: %w", post.Name, err)
			}
		}
		out.Quotes = append(out.Quotes, standing)
	}
	return out, nil
}

// quotedSource is a page that quotes are bound to, as the archive has it now.
type quotedSource struct {
	follower *follower
	newest   *archive.Page
	served   *archive.Page // nil: never
	versions []archive.Version
	read     map[int64]*version
}

func readQuotedSource(ctx context.Context, a *archive.Archive, name string) (*quotedSource, error) {
	ref, err := archive.PageNamed(name)
	if err != nil {
		return nil, err
	}
	s := &quotedSource{follower: newFollower(a, ref), read: map[int64]*version{}}
	if s.newest, err = a.Newest(ref); err != nil {
		return nil, err
	}
	if s.newest == nil {
		return nil, fmt.Errorf("a quote is bound to %s, which is not in the archive", name)
	}
	if s.served, err = s.newest.Served(ctx); err != nil {
		return nil, err
	}
	s.versions, err = a.Versions(ctx, ref)
	return s, err
}

// at reads a version.
func (s *quotedSource) at(ctx context.Context, page *archive.Page) (*version, error) {
	sequence := page.Capture.Sequence
	if v := s.read[sequence]; v != nil {
		return v, nil
	}
	document, err := page.Document(ctx)
	if err != nil {
		return nil, err
	}
	v := &version{state: page.State(), document: document}
	s.read[sequence] = v
	return v, nil
}

// stand says how a quote that is bound to one place stands now.
func (s *quotedSource) stand(ctx context.Context, q *schemas.QuoteStanding) error {
	place := &q.Quote.Places[0]
	bound, err := s.follower.bound(ctx, place)
	if err != nil {
		return err
	}
	if q.Bound, err = s.proof(ctx, bound.state); err != nil {
		return err
	}
	if s.served == nil {
		return fmt.Errorf("a quote is bound to %s, which was never served", s.newest.Name)
	}
	last, err := s.at(ctx, s.served)
	if err != nil {
		return err
	}
	now, err := s.follower.follow(ctx, place, last)
	if err != nil {
		return err
	}
	q.Context = now.context
	q.Fate, q.Now, q.NowContext, q.Segments, q.Meaning = now.fate, now.now, now.around, now.segments, now.meaning
	since, err := s.since(ctx, place, now)
	if err != nil {
		return err
	}
	if since != nil {
		if q.Since, err = s.proof(ctx, since.state); err != nil {
			return err
		}
	}
	if last.document != nil {
		q.Standing, q.Notice = Standing(last.document), noticeOf(last.document, &q.Quote)
	}
	if s.newest.Capture.Access.Outcome != schemas.Served {
		q.LastFate, q.Fate = now.fate, schemas.QuoteFateUnseen
		if q.LastSeen, err = s.proof(ctx, last.state); err != nil {
			return err
		}
		q.Since, err = s.proof(ctx, s.newest.State())
	}
	return err
}

// since returns the version from which on a quote has fared as it does now; nil
// when that is the one that it is bound to.
func (s *quotedSource) since(ctx context.Context, place *schemas.QuotePlace, now followed) (*version, error) {
	var since *version
	for _, v := range slices.Backward(s.versions) {
		if v.Sequence <= place.Sequence {
			break
		}
		page, err := v.Page(ctx)
		if err != nil {
			return nil, err
		}
		at, err := s.at(ctx, page)
		if err != nil {
			return nil, err
		}
		then, err := s.follower.follow(ctx, place, at)
		if err != nil {
			return nil, err
		}
		if then.fate != now.fate || then.now != now.now {
			break
		}
		since = at
	}
	if now.fate == schemas.QuoteIntact && since != nil && since.state.Sequence == s.firstAfter(place) {
		return nil, nil // all the time
	}
	return since, nil
}

// firstAfter is the sequence of the first version after the capture that a place
// is pinned to.
func (s *quotedSource) firstAfter(place *schemas.QuotePlace) int64 {
	for _, v := range s.versions {
		if v.Sequence > place.Sequence {
			return v.Sequence
		}
	}
	return 0
}

// proof names the commit of a capture of the source.
func (s *quotedSource) proof(ctx context.Context, state schemas.State) (*schemas.QuoteProof, error) {
	snapshot, err := s.follower.archive.At(ctx, state.Sequence)
	if err != nil {
		return nil, err
	}
	return &schemas.QuoteProof{State: state, Commit: snapshot.Commit.ID.String()}, nil
}
