package provenance

import (
	"context"
	"fmt"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// judge gives the verdicts on what one run sees.
type judge struct {
	archive   *archive.Archive
	citations *archive.Citations // of the snapshot that the run began with
}

// newJudge returns a judge for an archive; nil for one that is yet to be made.
func newJudge(a *archive.Archive) (*judge, error) {
	if a == nil {
		return &judge{}, nil
	}
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	return &judge{archive: a, citations: head.Citations()}, nil
}

// Judge notes what each page of a draft says of itself as a publication, and
// sets the verdict of those that were captured before, what became of the
// passages of them that posts quote, and the quotes of each post. The archive is
// nil where it is yet to be made. Nothing is written.
func Judge(ctx context.Context, a *archive.Archive, draft *archive.Draft) error {
	j, err := newJudge(a)
	if err != nil {
		return err
	}
	return j.draft(ctx, draft)
}

func (j *judge) draft(ctx context.Context, draft *archive.Draft) error {
	for _, page := range draft.Pages {
		page.Describe(Standing)
		err := page.Judge(func(page *archive.PageDraft) (*schemas.Change, []*schemas.QuoteVerdict, error) {
			verdict, err := judgePage(ctx, page)
			if err != nil {
				return nil, nil, err
			}
			quotes, err := j.judgeQuotes(ctx, page, verdict)
			return verdict, quotes, err
		})
		if err != nil {
			return fmt.Errorf("judging %s: %w", page.Name, err)
		}
	}
	for _, post := range draft.Posts {
		err := post.Judge(func(post *archive.PostDraft) error { return j.bindQuotes(ctx, post) })
		if err != nil {
			return fmt.Errorf("binding the quotes of %s: %w", post.Page.Name, err)
		}
	}
	return nil
}

// citing returns the posts that quote a page.
func (j *judge) citing(ctx context.Context, source schemas.PageID) ([]*schemas.Post, error) {
	if j.citations == nil {
		return nil, nil
	}
	refs, err := j.citations.Of(ctx, source)
	if err != nil {
		return nil, err
	}
	var posts []*schemas.Post
	for _, ref := range refs {
		page, err := j.archive.Newest(ref)
		if err != nil {
			return nil, err
		}
		post, err := page.Post()
		if err != nil {
			return nil, err
		}
		if post != nil {
			posts = append(posts, post)
		}
	}
	return posts, nil
}
