package archive

import (
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// Lacks reports whether the entry of a feed has to be captured: its page was
// never captured as a post, was never served, or was updated after the archive
// last looked at it. updated is what the feed says, zero when it says nothing; a
// time after now is not believed. So two copies of an archive agree on what is
// new, and nothing has to be kept beside it.
func (a *Archive) Lacks(ref PageRef, updated, now time.Time) (bool, error) {
	page, err := a.Newest(ref)
	if err != nil {
		return false, err
	}
	if page == nil {
		return true, nil
	}
	if page.Capture.Access.Outcome != schemas.Served && page.Capture.LastServed == nil {
		return true, nil
	}
	post, err := page.Post()
	if err != nil || post == nil {
		return true, err
	}
	// A look that found all as before is on record in post.json only.
	looked := page.Capture.CapturedAt.Time()
	if at := post.CapturedAt.Time(); at.After(looked) {
		looked = at
	}
	return updated.After(looked) && !updated.After(now), nil
}
