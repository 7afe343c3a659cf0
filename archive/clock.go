package archive

import (
	"net/http"
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// What a system says of its clock.
const (
	clockSynchronised   = "synchronised"
	clockUnsynchronised = "unsynchronised"
	clockUnknown        = "system"
)

// SystemClock returns what the operating system says of its clock now. That it
// is synchronised is the kernel's word, with whatever disciplines it: the source
// behind it, NTP or another, is not known here.
func SystemClock() *schemas.Clock { return systemClock() }

// addServerClock notes how far the server's clock was from ours.
func addServerClock(clock *schemas.Clock, final *fetch.Hop) {
	date, err := http.ParseTime(final.Header.Get("Date"))
	if err != nil || clock == nil {
		return
	}
	clock.ServerOffsetMS = date.Sub(final.Started.Truncate(time.Second)).Milliseconds()
}
