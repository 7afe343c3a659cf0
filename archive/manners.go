package archive

import (
	"context"

	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// Ask says which pages a person asked for. They are asked for whatever robots.txt
// says, which speaks to those who follow links. It is called before the pages are
// looked at, since one may be a source of another.
func (r *Run) Ask(pages ...PageRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, page := range pages {
		r.asked[page.ID] = true
	}
}

// isAsked reports whether a person asked for a page: in this run, or for the post
// that it is.
func (r *Run) isAsked(ref PageRef, before *Page) (bool, error) {
	r.mu.Lock()
	asked := r.asked[ref.ID]
	r.mu.Unlock()
	if asked || before == nil {
		return asked, nil
	}
	post, err := before.Post()
	return post != nil, err
}

// Wake lets hosts that failed again and again be asked once more, see
// fetch.Client.Wake.
func (r *Run) Wake() { r.options.Fetch.Wake() }

// LeftAlone reports whether the page was not asked for because its host had
// failed again and again.
func (d *PageDraft) LeftAlone() bool {
	failure := d.Capture.Failure
	return !d.AsBefore && failure != nil && failure.Reason == string(fetch.HostFailing)
}

// LeftAlone returns the pages of the draft that were left alone.
func (d *Draft) LeftAlone() []PageRef {
	var pages []PageRef
	for _, page := range d.Pages {
		if page.LeftAlone() {
			pages = append(pages, page.PageRef)
		}
	}
	return pages
}

// followed says in a capture that robots.txt was asked for leave.
const followed = "followed"

type patientKey struct{}

// Patient returns a context in which looks wait for room before each payload.
// Only who holds no drafts may be so patient: they take up the room.
func Patient(ctx context.Context) context.Context { return context.WithValue(ctx, patientKey{}, true) }

// impatient undoes Patient, for who holds a draft by now.
func impatient(ctx context.Context) context.Context {
	return context.WithValue(ctx, patientKey{}, false)
}

// room is what a fetch waits for before it reads a payload.
func (r *Run) room(ctx context.Context) func(context.Context) error {
	if patient, _ := ctx.Value(patientKey{}).(bool); !patient {
		return nil
	}
	return r.buffers.Wait
}

func describeTry(t fetch.Try) schemas.Try {
	described := schemas.Try{
		StartedAt: schemas.TimeOf(t.Started), DurationMS: t.Duration.Milliseconds(),
		RemoteAddr: t.RemoteAddr, Status: t.Status, RetryAfter: plain(t.RetryAfter),
	}
	if t.Failure != nil {
		described.Failure = &schemas.Failure{Reason: string(t.Failure.Reason), Detail: plain(t.Failure.Detail)}
	}
	return described
}
