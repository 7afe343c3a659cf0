package archive

import (
	"context"
	"sync"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/schemas"
)

// Draft is what will become one snapshot. Nothing of it is written yet.
type Draft struct {
	Kind    schemas.CommitKind
	Subject string // of the commit, after the kind
	Pages   []*PageDraft
	Posts   []*PostDraft
	// Rereadings are all of a draft of kind rederive, and absent in others.
	Rereadings []*Rereading
	// Untracked marks pages that check shall pass over from now on.
	Untracked []*schemas.Untracked
	// Retractions marks pages with what a list of retractions says of them.
	Retractions []*schemas.Retractions
	// Evidence and Log are all of a draft of kind evidence, Trust of one of kind
	// trust.
	Evidence []*Evidence
	Log      []*LogFile
	Trust    []*TrustFile
	// Withheld is all of a draft of kind withhold.
	Withheld *schemas.Withheld
}

// Size returns the number of payload bytes of the draft.
func (d *Draft) Size() int64 {
	var size int64
	for _, page := range d.Pages {
		size += page.Size()
	}
	return size
}

// PageDraft is one look at a page: a new capture, or the observation that all
// is as before. Posts of one run that share a source share its PageDraft.
type PageDraft struct {
	PageRef
	Capture  *schemas.Capture
	Document *extract.Document // what the payload says; nil when it has no text or was not served
	Before   *Page             // the newest capture in the archive when this look began, nil for a new page
	Former   *Page             // the newest served one; nil when there is none, or nothing was read for this look
	// FormerDocument is what Former says, read by the extractor of this program;
	// nil when it has no text or its payload is the same as now.
	FormerDocument *extract.Document
	AsBefore       bool            // same outcome, final address and payload as Before; of a Second, as the first look
	Verdict        *schemas.Change // set by Judge; nil for a first capture or an observation
	// Quotes are what became of the passages that posts quote; set by Judge.
	Quotes []*schemas.QuoteVerdict

	// First is the first look of the run at the page, where this is the second and
	// did not bear it out: a passing fault, committed before this one.
	First *PageDraft
	// Second is the second look, where this is the first and it was borne out. It
	// is committed after this one.
	Second *PageDraft

	// Unasked says that a second look was wanted, and that nobody was asked for it,
	// since the host is left alone by now: the first look stands as it is.
	Unasked bool

	bears    *PageDraft          // of a Second: the first look
	scripted bool                // the payload begins as a page that runs scripts
	mu       sync.Mutex          // guards Document, Verdict and Quotes while drafts share the look
	files    map[string]*content // by path in the page's folder
	links    []extract.Link      // of a Document that a dry run let go of
	unhold   func()              // ends the counting of what the documents take; may be nil
	sequence int64               // of the commit that recorded it; 0: not yet
	released bool                // files and documents are gone
}

// PostDraft is a post of a draft: its page and where its sources come from.
type PostDraft struct {
	Page    *PageDraft
	Post    *schemas.Post // pins of the sources are set when the draft is committed
	Sources []*PageDraft  // those looked at in this run
	judged  bool
}

// Judge lets judge set the quotes of the post, unless that has been done.
func (d *PostDraft) Judge(judge func(*PostDraft) error) error {
	if d.judged {
		return nil
	}
	d.judged = true
	return judge(d)
}

// Judge sets the verdicts on a capture of a page that was captured before,
// unless another draft that holds this look has done so. judge sees Document.
func (d *PageDraft) Judge(judge func(*PageDraft) (*schemas.Change, []*schemas.QuoteVerdict, error)) (err error) {
	if d.Before == nil || d.AsBefore {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Verdict == nil {
		d.Verdict, d.Quotes, err = judge(d)
	}
	return err
}

// Describe keeps with a new capture what its page says of itself as a
// publication, unless another draft that holds this look has done so.
func (d *PageDraft) Describe(standing func(*extract.Document) schemas.ChangeClass) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Document == nil || d.Capture.Text == nil {
		return
	}
	if _, known := d.Capture.Text.Says(); !known {
		d.Capture.Text.Say(standing(d.Document))
	}
}

// linked returns the links of the page, also when it was as before, and when the
// look is in the archive already.
func (d *PageDraft) linked(ctx context.Context, a *Archive) ([]extract.Link, error) {
	d.mu.Lock()
	document, links, released := d.Document, d.links, d.released
	d.mu.Unlock()
	page := d.Before
	switch {
	case document != nil:
		return document.Links, nil
	case links != nil:
		return links, nil
	case d.AsBefore && d.Before.Capture.Access.Outcome == schemas.Served:
	case released && d.sequence != 0 && d.Capture.Access.Outcome == schemas.Served:
		newest, err := a.Newest(d.PageRef)
		if err != nil || newest == nil {
			return nil, err
		}
		page = newest
	default:
		return nil, nil
	}
	document, err := page.Document(ctx)
	if err != nil || document == nil {
		return nil, err
	}
	return document.Links, nil
}

// release lets go of all that the look holds but what other posts of its run may
// still ask for: a run may look at many pages.
func (d *PageDraft) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Document != nil && d.sequence == 0 {
		d.links = d.Document.Links
	}
	d.letGo()
	if d.unhold != nil {
		d.unhold()
	}
	d.Document, d.FormerDocument, d.released = nil, nil, true
	for _, other := range []*PageDraft{d.First, d.Second} {
		if other != nil && other.sequence == 0 {
			other.release()
		}
	}
}

// Title returns what to call the page in a list.
func (d *PageDraft) Title() string {
	c := d.Capture
	if d.AsBefore {
		c = d.Before.Capture
	}
	if c.Text == nil || c.Access.Outcome != schemas.Served {
		return ""
	}
	return c.Text.Title
}

// Size returns the number of payload bytes.
func (d *PageDraft) Size() int64 {
	body := d.Capture.Body
	if d.Capture.Access.Outcome == schemas.NotModified {
		body = d.Before.Capture.Body
	}
	if body == nil {
		return 0
	}
	return body.Size
}

// Sequence returns the sequence of the snapshot that holds the capture: of the
// commit that recorded it, or of the one before when all was as before. 0 means
// that it is not recorded yet.
func (d *PageDraft) Sequence() int64 {
	if d.AsBefore {
		return d.Before.Capture.Sequence
	}
	return d.sequence
}

// State returns what a change says of this look.
func (d *PageDraft) State() schemas.State { return stateOf(d.Capture) }

// Reading is what a served capture says.
type Reading struct {
	State    schemas.State     // Sequence is 0 for a capture that is not in the archive yet
	Document *extract.Document // nil when it has no text
}

// Reading returns what the newest served capture says: this look, or an earlier
// one; nil when the page was never served.
func (d *PageDraft) Reading(ctx context.Context, a *Archive) (*Reading, error) {
	if d.AsBefore || d.Capture.Access.Outcome != schemas.Served {
		if d.Before == nil {
			return nil, nil
		}
		return d.Before.Reading(ctx)
	}
	d.mu.Lock()
	document, released, sequence := d.Document, d.released, d.sequence
	d.mu.Unlock()
	if !released {
		state := d.State()
		state.Sequence = sequence
		return &Reading{State: state, Document: document}, nil
	}
	newest, err := a.Newest(d.PageRef)
	if err != nil || newest == nil {
		return nil, err
	}
	return newest.Reading(ctx)
}

// Reading returns what the newest served capture of the page says, as of its
// snapshot; nil when the page was never served.
func (p *Page) Reading(ctx context.Context) (*Reading, error) {
	served, err := p.Served(ctx)
	if err != nil || served == nil {
		return nil, err
	}
	document, err := served.Document(ctx)
	return &Reading{State: served.State(), Document: document}, err
}
