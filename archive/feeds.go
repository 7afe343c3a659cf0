package archive

import (
	"errors"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// Novelty says what the entry of a feed is to a snapshot.
type Novelty int

// What an entry can be.
const (
	Known    Novelty = iota // a post that was served, and not updated since
	New                     // never captured as a post, or updated since
	Unserved                // captured as a post, and never served
)

// Novelty tells whether the entry of a feed has to be captured. updated is when
// the feed says that it was, zero when it says nothing; it counts when it lies after
// the archive last looked at the page. A time after now is not believed. So two
// copies of an archive agree on what is new, and nothing has to be kept beside it.
func (s *Snapshot) Novelty(ref PageRef, updated, now time.Time) (Novelty, error) {
	page, err := s.Page(ref)
	if errors.Is(err, gitstore.ErrNotFound) {
		return New, nil
	}
	if err != nil {
		return New, err
	}
	post, err := page.Post()
	if err != nil || post == nil {
		return New, err
	}
	if page.Capture.Access.Outcome != schemas.Served && page.Capture.LastServed == nil {
		return Unserved, nil
	}
	// A look that found all as before is on record in post.json only.
	looked := page.Capture.CapturedAt.Time()
	if at := post.CapturedAt.Time(); at.After(looked) {
		looked = at
	}
	if updated.After(looked) && !updated.After(now) {
		return New, nil
	}
	return Known, nil
}
