// Package schedule says when a page is to be looked at again: soon after it
// changed, and the less often the longer it stays as it is. It is pure.
//
// The age of a page is the time from its last change to its last look. As long
// as it is served, the next look is due after
//
//	age below    3 hours   15 minutes
//	             1 day      1 hour
//	             7 days     3 hours
//	            30 days     3 days
//	           360 days    30 days
//	above                  90 days
//
// (the steps of newsdiffs, but for the last). A page that is not served goes by
// the time since it began to fail so, not by its own age: sooner than if nothing
// had happened, and no sooner than makes sense for what came in its place. A page
// that was not found is due after an hour, when a second look can tell that it is
// gone; one behind a wall, whose owner counts our visits, after three hours at
// least; one of which the answer says that it is not there any more, or that we
// do not ask for, after a day at least.
//
// A fault that passes leaves the age as it was; a page that comes back after it
// was gone has changed.
package schedule

import (
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

// Page is what is known of the looks at a page, in the order in which they were
// recorded. The zero Page was never looked at.
type Page struct {
	Looked  schemas.Time // the last look
	Changed schemas.Time // the first look that found what it says now
	Failing schemas.Time // the first look that found the outcome it has now; zero: it is served
}

// Capture is a capture of a page: a look that found something else than before.
type Capture struct {
	At      schemas.Time
	Outcome schemas.Outcome
	Before  schemas.Outcome // of the capture before; "" for the first one
	Differs bool            // served, it says something else than when it was last served
}

// Capture notes a capture.
func (p *Page) Capture(c Capture) {
	p.Looked = c.At
	switch {
	case c.Outcome != schemas.Served:
		if c.Outcome != c.Before {
			p.Failing = c.At
		}
		if c.Before == "" {
			p.Changed = c.At
		}
		return
	case c.Differs || kindOf(c.Before) == lost:
		p.Changed = c.At
	}
	p.Failing = 0
}

// Observe notes a look that found all as before.
func (p *Page) Observe(at schemas.Time) { p.Looked = at }

const day = 24 * time.Hour

// steps are how often a page is looked at by its age. The index of an archive
// keeps what follows from them: its format changes with them.
var steps = []struct{ below, every time.Duration }{
	{3 * time.Hour, 15 * time.Minute},
	{day, time.Hour},
	{7 * day, 3 * time.Hour},
	{30 * day, 3 * day},
	{360 * day, 30 * day},
}

const seldom = 90 * day

// kind is what an outcome says of the page.
type kind int

const (
	seen    kind = iota // it was served
	unsure              // it was not found, for the first time
	fault               // nothing: the way to it failed
	wall                // nothing: something stands before it
	lost                // it is not there
	unasked             // nothing: we did not ask
)

func kindOf(outcome schemas.Outcome) kind {
	switch outcome {
	case schemas.Missing:
		return unsure
	case schemas.ServerError, schemas.Unreachable:
		return fault
	case schemas.Challenged, schemas.Blocked, schemas.Login, schemas.Consent, schemas.Paywalled:
		return wall
	case schemas.Gone, schemas.Legal, schemas.Redirected, schemas.WrongType, schemas.Parked:
		return lost
	case schemas.Refused:
		return unasked
	}
	return seen
}

// Due returns when a page with this outcome at its newest capture is to be looked
// at again.
func (p *Page) Due(outcome schemas.Outcome) schemas.Time {
	since, least := p.Changed, time.Duration(0)
	if p.Failing != 0 {
		since = p.Failing
	}
	switch kindOf(outcome) {
	case unsure:
		least = time.Hour
	case wall:
		least = 3 * time.Hour
	case lost, unasked:
		least = day
	}
	return schemas.TimeOf(p.Looked.Time().Add(max(least, every(p.Looked.Time().Sub(since.Time())))))
}

// every returns how often a page of an age is looked at. A clock that was set
// back makes no page old.
func every(age time.Duration) time.Duration {
	for _, step := range steps {
		if age < step.below {
			return step.every
		}
	}
	return seldom
}
