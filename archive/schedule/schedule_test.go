package schedule

import (
	"testing"
	"time"

	"github.com/walkback-dev/walkback/schemas"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// look is a look at a page, so long after the one before.
type look struct {
	after   time.Duration
	outcome schemas.Outcome
	differs bool          // it is a capture, even if the outcome is that of the one before
	due     time.Duration // after this look
}

func TestDue(t *testing.T) {
	const min = time.Minute
	first := look{0, schemas.Served, true, 15 * min}
	for name, looks := range map[string][]look{
		"a page that stays as it is": {
			first,
			{15 * min, schemas.Served, false, 15 * min},
			{3*time.Hour - 15*min, schemas.Served, false, time.Hour},
			{21 * time.Hour, schemas.Served, false, 3 * time.Hour},
			{6 * day, schemas.Served, false, 3 * day},
			{23 * day, schemas.Served, false, 30 * day},
			{330 * day, schemas.Served, false, 90 * day},
		},
		"a page that changes late": {
			first,
			{100 * day, schemas.Served, false, 30 * day},
			{day, schemas.Served, true, 15 * min},
			{5 * time.Hour, schemas.Served, false, time.Hour},
		},
		"a fault that passes leaves the age": {
			first,
			{100 * day, schemas.ServerError, true, 15 * min},
			{5 * time.Hour, schemas.ServerError, false, time.Hour},
			{time.Hour, schemas.Unreachable, true, 15 * min},
			{time.Hour, schemas.Served, false, 30 * day},
		},
		"a page that was not found is asked again when that can be confirmed": {
			first,
			{100 * day, schemas.Missing, true, time.Hour},
			{time.Hour, schemas.Gone, true, day},
			{40 * day, schemas.Gone, false, 30 * day},
			{30 * day, schemas.Served, false, 15 * min},
		},
		"a wall is left alone": {
			first,
			{day, schemas.Blocked, true, 3 * time.Hour},
			{10 * day, schemas.Challenged, true, 3 * time.Hour},
			{10 * day, schemas.Challenged, false, 3 * day},
			{day, schemas.Served, true, 15 * min},
		},
		"a page that never was served": {
			{0, schemas.Unreachable, true, 15 * min},
			{2 * day, schemas.Unreachable, false, 3 * time.Hour},
			{day, schemas.Served, true, 15 * min},
		},
		"a clock that was set back": {
			first,
			{40 * day, schemas.Served, true, 15 * min},
			{-39 * day, schemas.Served, false, 15 * min},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var page Page
			var before schemas.Outcome
			at := noon
			for i, l := range looks {
				at = at.Add(l.after)
				if l.differs || l.outcome != before {
					page.Capture(Capture{At: schemas.TimeOf(at), Outcome: l.outcome, Before: before, Differs: l.differs && l.outcome == schemas.Served})
				} else {
					page.Observe(schemas.TimeOf(at))
				}
				before = l.outcome
				if got := page.Due(l.outcome).Time().Sub(at); got != l.due {
					t.Errorf("after look %d the page is due in %s, want %s", i, got, l.due)
				}
			}
		})
	}
}
