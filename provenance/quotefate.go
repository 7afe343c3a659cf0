package provenance

import (
	"context"
	"fmt"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/provenance/quote"
	"github.com/walkback-dev/walkback/schemas"
)

// followed is what became of one quoted passage in another version of its source.
type followed struct {
	fate     schemas.QuoteFate
	passage  string // what was quoted, as the source had it
	context  string // the paragraphs that held it
	now      string // what stands there now, where that differs
	around   string // the paragraphs that hold that
	places   []schemas.Selection
	segments []schemas.DiffSegment
	meaning  []string
}

// follower follows the quoted passages of one source. A comparison of two
// versions is made once, for all quotes.
type follower struct {
	archive  *archive.Archive
	source   archive.PageRef
	pinned   map[int64]*pinnedText
	compared map[[2]int64]*quote.Revision
}

type pinnedText struct {
	state schemas.State
	text  *passages // nil when the capture has no text now
}

func newFollower(a *archive.Archive, source archive.PageRef) *follower {
	return &follower{archive: a, source: source, pinned: map[int64]*pinnedText{}, compared: map[[2]int64]*quote.Revision{}}
}

// version is one version that passages are followed to.
type version struct {
	state    schemas.State
	document *extract.Document // nil when it was not served or has no text
	text     *passages         // made when it is needed
}

func (v *version) passages() *passages {
	if v.text == nil {
		v.text = passagesOf(v.document)
	}
	return v.text
}

// bound returns the capture that a place is pinned to.
func (f *follower) bound(ctx context.Context, place *schemas.QuotePlace) (*pinnedText, error) {
	if p := f.pinned[place.Sequence]; p != nil {
		return p, nil
	}
	snapshot, err := f.archive.At(ctx, place.Sequence)
	if err != nil {
		return nil, err
	}
	page, err := snapshot.Page(f.source)
	if err != nil {
		return nil, err
	}
	p := &pinnedText{state: page.State()}
	if p.state.Payload != place.Payload {
		return nil, fmt.Errorf("a quote is bound to %s as of snapshot %d, which has another payload", f.source.Name, place.Sequence)
	}
	document, err := page.Document(ctx)
	if err != nil {
		return nil, err
	}
	if document != nil {
		p.text = passagesOf(document)
	}
	f.pinned[place.Sequence] = p
	return p, nil
}

// follow tells what became of a quoted passage in a version.
func (f *follower) follow(ctx context.Context, place *schemas.QuotePlace, to *version) (followed, error) {
	from, err := f.bound(ctx, place)
	if err != nil {
		return followed{}, err
	}
	unseen := followed{fate: schemas.QuoteFateUnseen, passage: exactOf(place)}
	if from.text == nil {
		return unseen, nil
	}
	places := anchorAll(from.text, place)
	if len(places) == 0 {
		return unseen, nil // read otherwise by now, and not to be found again
	}
	out := followed{passage: from.text.words(places), context: from.text.context(places)}
	switch {
	case to.document == nil:
		out.fate = schemas.QuoteFateUnseen
		return out, nil
	case to.state.Payload == from.state.Payload:
		out.fate, out.places = schemas.QuoteIntact, place.Selections
		return out, nil
	}
	key := [2]int64{place.Sequence, to.state.Sequence}
	revision := f.compared[key]
	if revision == nil {
		revision = quote.Compare(from.text.document, to.document)
		f.compared[key] = revision
	}
	verdict := revision.Judge(places)
	out.fate = schemas.QuoteFate(verdict.Fate)
	text := to.passages()
	out.places = text.selections(verdict.Places)
	if len(verdict.Places) > 0 {
		out.around = text.context(verdict.Places)
		if now := text.words(verdict.Places); now != out.passage {
			out.now = now
		}
	}
	out.segments, out.meaning = segmentsOf(verdict.Segments), verdict.Meaning
	return out, nil
}

// exactOf is the passage as it was stored.
func exactOf(place *schemas.QuotePlace) string {
	var s string
	for i, selection := range place.Selections {
		if i > 0 {
			s += " … "
		}
		s += selection.Quote.Exact
	}
	return s
}

// anchorAll finds all parts of a place; nil when one of them is not there.
func anchorAll(text *passages, place *schemas.QuotePlace) []textdiff.Place {
	var all []textdiff.Place
	for i := range place.Selections {
		part := text.anchor(&place.Selections[i])
		if len(part) == 0 {
			return nil
		}
		all = append(all, part...)
	}
	return all
}

// judgeQuotes tells what became of the passages of a page that posts quote, where
// that is not what it was with the capture before.
func (j *judge) judgeQuotes(ctx context.Context, page *archive.PageDraft, verdict *schemas.Change) ([]*schemas.QuoteVerdict, error) {
	if verdict.Rule == change.OtherMethod {
		return nil, nil // what a browser shows is never held against what was fetched
	}
	posts, err := j.citing(ctx, page.ID)
	if err != nil || len(posts) == 0 {
		return nil, err
	}
	f := newFollower(j.archive, page.PageRef)
	after := &version{state: page.State()}
	if after.state.Outcome == schemas.Served {
		after.document = page.Document
	}
	last, err := j.before(ctx, page)
	if err != nil || last == nil {
		return nil, err
	}
	var lines []*schemas.QuoteVerdict
	for _, post := range posts {
		for i := range post.Quotes {
			q := &post.Quotes[i]
			if len(q.Places) != 1 || q.Places[0].Page != page.ID {
				continue
			}
			line, err := f.judge(ctx, q, page.Before.State(), last, after)
			if err != nil {
				return nil, fmt.Errorf("following a quote of %s: %w", post.URL, err)
			}
			if line == nil {
				continue
			}
			line.Schema, line.Run = schemas.QuoteVerdictSchema, page.Capture.Run
			line.Page, line.URL, line.Post, line.PostURL = page.ID, page.Name, post.Page, post.URL
			if verdict != nil && !verdict.Class.Quiet() {
				line.Change = verdict.Class
			}
			if after.document != nil {
				line.Notice = noticeOf(after.document, q)
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// before is the newest served capture before a look: what a passage is compared
// with is what was last seen.
func (j *judge) before(ctx context.Context, page *archive.PageDraft) (*version, error) {
	served, err := page.Before.Served(ctx)
	if err != nil || served == nil {
		return nil, err
	}
	v := &version{state: served.State(), document: page.FormerDocument}
	if v.document == nil || page.Former == nil || page.Former.Capture.Sequence != served.Capture.Sequence {
		v.document, err = served.Document(ctx)
	}
	return v, err
}

// judge returns nil for a quote that fares as before. last is the version that
// was last seen.
func (f *follower) judge(ctx context.Context, q *schemas.Quote, before schemas.State, last, after *version) (*schemas.QuoteVerdict, error) {
	place := &q.Places[0]
	is, err := f.follow(ctx, place, after)
	if err != nil {
		return nil, err
	}
	was, err := f.follow(ctx, place, last)
	if err != nil {
		return nil, err
	}
	v := &schemas.QuoteVerdict{
		Quote: q.ID, Exact: q.Passage.Quote.Exact,
		Bound: f.pinned[place.Sequence].state, Before: before, After: after.state,
		Was: was.fate, Fate: is.fate, Passage: is.passage, Now: is.now, Selections: is.places,
		Segments: is.segments, Meaning: is.meaning,
	}
	if before.Outcome != schemas.Served {
		v.Was, v.Last = schemas.QuoteFateUnseen, was.fate
	}
	if v.Was == v.Fate && (v.Fate == schemas.QuoteFateUnseen || is.now == was.now) {
		return nil, nil
	}
	return v, nil
}

// noticeOf returns a note of a page on its own changes that has words of a quote.
func noticeOf(document *extract.Document, q *schemas.Quote) string {
	for _, notice := range document.Notices {
		if quote.Mentions(notice.Text, q.Passage.Quote.Exact) {
			return notice.Text
		}
	}
	return ""
}
