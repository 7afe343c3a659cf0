package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/schemas"
)

// Given is a post handed in as a file.
type Given struct {
	Content     []byte
	MediaType   string // text/plain, text/markdown, text/html, application/pdf
	ClaimedURL  string // where the post is said to stand
	ClaimedDate string // when it is said to be from
}

// ErrNoText is returned for a file that cannot be a post, since nothing in it
// can be read.
var ErrNoText = errors.New("the file holds no text")

// Give takes a post handed in as a file.
func (r *Run) Give(ctx context.Context, ref PageRef, given Given) (*PageDraft, error) {
	return r.once(ctx, ref, func() (*PageDraft, error) {
		before, err := r.before(ref)
		if err != nil {
			return nil, err
		}
		if recorded, err := r.recorded(before); recorded != nil || err != nil {
			return recorded, err
		}
		d := &PageDraft{PageRef: ref, Before: before, files: map[string]*content{}}
		c := r.newCapture(ref, schemas.Given, r.options.Now(), 0)
		d.Capture = c
		c.ClaimedURL, c.ClaimedDate = given.ClaimedURL, given.ClaimedDate
		c.Access = schemas.Access{
			Outcome: schemas.Served, Rule: "given", Confidence: schemas.Certain,
			Evidence: []string{fmt.Sprintf("handed in as a file of %d bytes", len(given.Content))},
		}
		if len(given.Content) == 0 {
			return nil, ErrNoText
		}
		payload := bytes.NewReader(given.Content)
		d.addBody(payload, payload.Size(), schemas.DigestOf(given.Content), given.Content, http.Header{"Content-Type": {given.MediaType}})
		if err := r.read(ctx, d, payload, &access.Answer{}); err != nil {
			return nil, err
		}
		if err := r.finish(ctx, d); err != nil {
			return nil, fmt.Errorf("keeping post: %w", err)
		}
		if !d.AsBefore && d.Document == nil {
			d.release()
			if c.TextLimit > 0 {
				return nil, fmt.Errorf("a post is read whole: %w", &extract.LimitError{What: "the file", Limit: c.TextLimit})
			}
			if why := noTextWords[c.NoText]; why != "" {
				return nil, fmt.Errorf("%w: %s", ErrNoText, why)
			}
			return nil, ErrNoText
		}
		return d, nil
	})
}
