package browser

import (
	"time"

	"github.com/walkback-dev/walkback/archive/fetch"
)

// Request asks for one page.
type Request struct {
	URL string // http or https
	PDF bool   // also print the page
}

// Rendering is what came of one page.
type Rendering struct {
	Started  time.Time
	Duration time.Duration
	Browser  string // product and version: Chrome/156.0.8078.108

	// Hops are the requests for the page's own document, in order: redirects, and
	// what its scripts or a refresh sent the browser to. Heads are as the browser
	// reports them. It is empty when nothing was asked.
	Hops []fetch.Hop

	// Document is what the server answered the last hop with, content-coding
	// removed; nil when it had no body.
	Document *Body

	// DOM is the page as it stood in the end, serialised in UTF-8; nil with a
	// Failure.
	DOM          []byte
	DOMTruncated fetch.Truncation
	FinalURL     string // of the page as it stood in the end
	Title        string

	// Resources are the other requests of the page, in the order they were made.
	Resources []Resource

	Screenshot *Picture // nil when none could be taken
	PDF        []byte   // nil unless asked for

	// Settled says that the page came to rest before it was recorded; Limits names
	// what was cut short, each once.
	Settled bool
	Limits  []Limit

	// NotPage says that the address is that of something that is not rendered: no
	// HTML, a download, an answer without content. MediaType is its type.
	NotPage   bool
	MediaType string

	// Failure says why there is no page.
	Failure *fetch.Failure

	chain [][]byte // certificates of the server that the page came from, DER, leaf first
}

// Final returns the hop with the response that the page was made from, nil when
// there is a Failure.
func (r *Rendering) Final() *fetch.Hop {
	if r.Failure != nil || len(r.Hops) == 0 {
		return nil
	}
	return &r.Hops[len(r.Hops)-1]
}

// Body is the content of a response, content-coding removed.
type Body struct {
	Bytes     []byte
	Truncated fetch.Truncation
}

// Resource is one request of a page and its response.
type Resource struct {
	fetch.Hop
	Kind      string // in lower case, as DevTools has it: stylesheet, image, script, xhr, fetch, document …
	MediaType string
	Body      *Body  // nil when there was none, or none was kept
	Failure   string // as the browser names it: net::ERR_…; "" when there was none
}

// Picture is a PNG of the whole page.
type Picture struct {
	PNG           []byte
	Width, Height int // in pixels
}

// Limit names what was cut short.
type Limit string

// The limits.
const (
	LimitTime        Limit = "time"        // the page never came to rest
	LimitBytes       Limit = "bytes"       // it was sent more than it may be
	LimitRequests    Limit = "requests"    // it asked for more than maxRequests things
	LimitNavigations Limit = "navigations" // it went on to more than maxNavigations addresses
	LimitDialogs     Limit = "dialogs"     // more than maxDialogs were opened
	LimitTargets     Limit = "targets"     // it made more than maxTargets frames and workers
	LimitPopups      Limit = "popups"      // windows that it opened were closed
	LimitDownloads   Limit = "downloads"   // what it wanted to save was not
	LimitDOM         Limit = "dom"         // it is larger than is kept
	LimitHeight      Limit = "height"      // it is longer than the picture
	LimitScripts     Limit = "scripts"     // one that did not end was ended
)

const (
	maxRequests    = 2000
	maxResources   = 1000 // that are kept
	maxNavigations = 20
	maxDialogs     = 5
	maxTargets     = 50
	maxResource    = 10 << 20 // bytes of one resource
	maxDocument    = 32 << 20 // bytes of one document, as it came and as it stood in the end
	maxNodes       = 300_000  // of a page, beyond which it is recorded as it stands
	maxHeight      = 10_000   // pixels of a picture
	maxPDF         = 64 << 20
)
