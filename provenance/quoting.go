package provenance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/provenance/quote"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	// mostQuotes bounds the quotes of a post, the first in reading order.
	mostQuotes = 1000
	// mostLookedUp bounds the quotes of a post that are looked for in all of the
	// archive, and mostHolders the pages that have the words of one.
	mostLookedUp = 50
	mostHolders  = 5
	// lookedUpWords is how many words in a row a quote must have to be looked for
	// in all of the archive: fewer stand in many texts. A phrase has mostPhrase at
	// most.
	lookedUpWords = 6
	mostPhrase    = 40
	// mostText bounds the texts that the quotes of a post are looked for in, in
	// bytes: those that come after are as if they had not been seen.
	mostText = 8 << 20
	// mostPost bounds how much of a post is looked through for quotes, in bytes of
	// its text, from its beginning.
	mostPost = 1 << 20
	// walkedForQuotes is the largest archive, in snapshots, that is read through
	// for a quote when there is no index.
	walkedForQuotes = 500
)

// bindQuotes finds the quotes of a post and binds them to its sources. What was
// bound in an earlier capture of the post stays bound to that: a source that was
// changed since must not lose what it once said.
func (j *judge) bindQuotes(ctx context.Context, post *archive.PostDraft) error {
	earlier, err := earlierQuotes(post.Page)
	if err != nil {
		return err
	}
	if post.Page.AsBefore && earlier.complete(post) {
		post.Post.Quotes = earlier.post.Quotes
		return nil
	}
	reading, err := post.Page.Reading(ctx, j.archive)
	if err != nil || reading == nil || reading.Document == nil {
		return err
	}
	if reading.State.Payload != post.Post.Payload {
		if earlier.post != nil { // the post was not served now
			post.Post.Quotes = earlier.post.Quotes
		}
		return nil
	}
	b := &binder{judge: j, post: post, text: passagesOf(reading.Document), library: quote.NewLibrary(), room: mostText, sources: map[string]*boundSource{}}
	if err := b.readSources(ctx); err != nil {
		return err
	}
	ids := map[string]int{}
	bound := b.library.BindPost(beginning(reading.Document), b.tiers)
	for _, found := range bound[:min(len(bound), mostQuotes)] {
		q, ok, err := b.quote(ctx, found, ids, earlier)
		if err != nil {
			return err
		}
		if ok {
			post.Post.Quotes = append(post.Post.Quotes, q)
		}
	}
	b.carry(earlier)
	b.addSources()
	return nil
}

// beginning returns the first blocks of a document, up to mostPost.
func beginning(document *extract.Document) *extract.Document {
	size := 0
	for i, block := range document.Blocks {
		if size += len(block.Text); size > mostPost {
			part := *document
			part.Blocks = document.Blocks[:i]
			return &part
		}
	}
	return document
}

// carry keeps what nothing marks as a quote, and was bound before, as long as the
// post has the words: the source may not have them any more.
func (b *binder) carry(earlier earlierBindings) {
	if earlier.post == nil {
		return
	}
	quotes := &b.post.Post.Quotes
	for _, q := range earlier.post.Quotes {
		known := func(other schemas.Quote) bool { return other.ID == q.ID }
		if q.Mark != schemas.MarkUnmarked || len(q.Places) != 1 || slices.ContainsFunc(*quotes, known) {
			continue
		}
		places := b.text.anchor(&q.Passage)
		if len(places) == 0 {
			continue
		}
		if passage, ok := b.text.selection(places[0], places[len(places)-1]); ok {
			q.Passage = passage
			*quotes = append(*quotes, q)
		}
	}
	slices.SortStableFunc(*quotes, func(a, b schemas.Quote) int {
		return cmp.Compare(a.Passage.Position.Start, b.Passage.Position.Start)
	})
}

// earlierBindings are the quotes of the capture of a post before.
type earlierBindings struct {
	post *schemas.Post
	byID map[string]*schemas.Quote
}

func earlierQuotes(page *archive.PageDraft) (earlierBindings, error) {
	if page.Before == nil {
		return earlierBindings{}, nil
	}
	post, err := page.Before.Post()
	if err != nil || post == nil {
		return earlierBindings{}, err
	}
	e := earlierBindings{post: post, byID: map[string]*schemas.Quote{}}
	for i := range post.Quotes {
		e.byID[post.Quotes[i].ID] = &post.Quotes[i]
	}
	return e, nil
}

// complete reports whether nothing can have come to the quotes of a post that is
// as before: each is bound, or no source has anything new.
func (e earlierBindings) complete(post *archive.PostDraft) bool {
	if e.post == nil || len(e.post.Sources) != len(post.Post.Sources) {
		return false
	}
	isNew := func(d *archive.PageDraft) bool { return !d.AsBefore }
	unbound := func(q schemas.Quote) bool { return len(q.Places) != 1 }
	return !slices.ContainsFunc(post.Sources, isNew) ||
		len(e.post.Quotes) > 0 && !slices.ContainsFunc(e.post.Quotes, unbound)
}

// binder binds the quotes of one post.
type binder struct {
	*judge
	post     *archive.PostDraft
	text     *passages
	library  *quote.Library
	sources  map[string]*boundSource // by their keys in the library
	room     int                     // bytes of texts that the library may still take
	lookedUp int
}

// boundSource is a version of a page that quotes may be bound to.
type boundSource struct {
	name    string
	reading *archive.Reading
	text    *passages // made when a quote is bound to it
}

// readSources reads what the sources of the post say.
func (b *binder) readSources(ctx context.Context) error {
	looked := map[schemas.PageID]*archive.PageDraft{}
	for _, draft := range b.post.Sources {
		looked[draft.ID] = draft
	}
	for _, source := range b.post.Post.Sources {
		var reading *archive.Reading
		var err error
		if draft := looked[source.Page]; draft != nil {
			reading, err = draft.Reading(ctx, b.archive)
		} else {
			reading, err = b.newest(ctx, source.URL)
		}
		if err != nil {
			return fmt.Errorf("reading source %s: %w", source.URL, err)
		}
		if err := b.add(source.URL, &boundSource{name: source.URL, reading: reading}); err != nil {
			return err
		}
	}
	return nil
}

// newest reads a page that was not looked at in this run.
func (b *binder) newest(ctx context.Context, name string) (*archive.Reading, error) {
	ref, err := archive.PageNamed(name)
	if err != nil {
		return nil, err
	}
	if b.archive == nil {
		return nil, nil
	}
	page, err := b.archive.Newest(ref)
	if err != nil || page == nil {
		return nil, err
	}
	return page.Reading(ctx)
}

// add puts a source into the library: its newest version under its name, others
// under keys of their own.
func (b *binder) add(key string, source *boundSource) error {
	b.sources[key] = source
	var document *extract.Document
	if source.reading != nil {
		document = source.reading.Document
	}
	if document != nil {
		if b.room -= len(document.Text()); b.room < 0 {
			document, source.reading = nil, nil
		}
	}
	err := b.library.Add(key, document)
	if errors.Is(err, quote.ErrFull) {
		return nil // like a source that was not seen
	}
	return err
}

// quote pins what a quotation was bound to. It reports false for one that has no
// place in the text of the post.
func (b *binder) quote(ctx context.Context, found quote.Bound, ids map[string]int, earlier earlierBindings) (schemas.Quote, bool, error) {
	q, binding := found.Quotation, found.Binding
	passage, ok := b.text.selection(q.Places[0], q.Places[len(q.Places)-1])
	if !ok {
		return schemas.Quote{}, false, nil
	}
	out := schemas.Quote{ID: quoteID(q.Text, ids), Mark: schemas.QuoteMark(q.Mark), Speaker: q.Speaker, Passage: passage}
	if before := earlier.byID[out.ID]; before != nil && len(before.Places) == 1 {
		out.State, out.Places, out.Segments, out.Meaning = before.State, before.Places, before.Segments, before.Meaning
		return out, true, nil
	}
	switch binding.State {
	case quote.NotFound, quote.Unseen, quote.Altered: // an earlier version may have said just this
		if err := b.lookUp(ctx, q); err != nil {
			return out, false, err
		}
		binding = b.library.Bind(q, b.tiers(q)...)
	default:
	}
	if newest := b.newestOf(binding.Candidates); newest != "" {
		binding = b.library.Bind(q, append([][]string{{newest}}, b.tiers(q)...)...)
	}
	out.State = schemas.QuoteState(binding.State)
	candidates := binding.Candidates
	if binding.Source != "" {
		candidates = []quote.Candidate{binding.Candidate}
	}
	for _, c := range candidates {
		if place, ok := b.place(c); ok {
			out.Places = append(out.Places, place)
		}
	}
	if len(candidates) > 0 && len(out.Places) == 0 {
		out.State = schemas.QuoteNotFound
		return out, true, nil
	}
	out.Segments, out.Meaning = segmentsOf(binding.Segments), binding.Meaning
	return out, true, nil
}

// newestOf returns the newest of the versions that several candidates stand in,
// if they are versions of one page.
func (b *binder) newestOf(candidates []quote.Candidate) string {
	newest := ""
	for i, c := range candidates {
		switch source := b.sources[c.Source]; {
		case i == 0:
			newest = c.Source
		case source.name != b.sources[newest].name:
			return ""
		case source.reading.State.CapturedAt > b.sources[newest].reading.State.CapturedAt:
			newest = c.Source
		}
	}
	return newest
}

// quoteID names a quote by its words.
func quoteID(text string, seen map[string]int) string {
	digest := schemas.DigestOf([]byte(textdiff.FoldText(text)))
	id := digest.Hex()[:16]
	if seen[id]++; seen[id] > 1 {
		id = fmt.Sprintf("%s-%d", id, seen[id])
	}
	return id
}

// tiers are the sources in the order in which a quotation is likely to be from
// them: those linked in its sentence, in its paragraph, in the post.
func (b *binder) tiers(q quote.Quotation) [][]string {
	tiers := [][]string{b.linked(q.Sentence), b.linked(q.Paragraph), nil}
	for _, source := range b.post.Post.Sources {
		tiers[2] = append(tiers[2], source.URL)
	}
	return tiers
}

func (b *binder) linked(links []int) []string {
	var names []string
	for _, i := range links {
		if ref, err := archive.PageAt(b.text.document.Links[i].URL); err == nil {
			if _, known := b.sources[ref.Name]; known {
				names = append(names, ref.Name)
			}
		}
	}
	return names
}

// lookUp adds the versions of pages of the archive that have the words of a
// quotation.
func (b *binder) lookUp(ctx context.Context, q quote.Quotation) error {
	phrase := phraseOf(q)
	if phrase == "" || b.archive == nil || b.lookedUp == mostLookedUp {
		return nil
	}
	b.lookedUp++
	found, _, err := b.archive.Search(ctx, phrase, archive.SearchOptions{Limit: mostHolders, EveryVersion: true, Within: walkedForQuotes})
	if err != nil {
		return fmt.Errorf("looking for a quote in the archive: %w", err)
	}
	for _, hit := range found {
		page := hit.Page
		if page.ID == b.post.Page.ID {
			continue
		}
		key := page.Name
		if known := b.sources[key]; known != nil && known.reading != nil && known.reading.Document != nil {
			key = fmt.Sprintf("%s as of snapshot %d", page.Name, page.Capture.Sequence)
		}
		if b.sources[key] != nil {
			continue
		}
		document, err := page.Document(ctx)
		if err != nil {
			return err
		}
		source := &boundSource{name: page.Name, reading: &archive.Reading{State: page.State(), Document: document}}
		if err := b.add(key, source); err != nil {
			return err
		}
	}
	return nil
}

// phraseOf returns a phrase to search for, "" for a quotation that has too few
// words in a row.
func phraseOf(q quote.Quotation) string {
	var words []string
	for _, fragment := range q.Fragments {
		for run := range strings.FieldsFuncSeq(fragment, func(r rune) bool { return r == '[' || r == ']' }) {
			if in := strings.Fields(strings.Map(unquoted, run)); len(in) > len(words) {
				words = in
			}
		}
	}
	if len(words) < lookedUpWords {
		return ""
	}
	return `"` + strings.Join(words[:min(len(words), mostPhrase)], " ") + `"`
}

// unquoted takes away what would end a phrase.
func unquoted(r rune) rune {
	if strings.ContainsRune(`"“”„`, r) {
		return ' '
	}
	return r
}

// place pins a candidate. It reports false for one that has no place in a text.md.
func (b *binder) place(c quote.Candidate) (schemas.QuotePlace, bool) {
	source := b.sources[c.Source]
	if source.text == nil {
		source.text = passagesOf(source.reading.Document)
	}
	state := source.reading.State
	place := schemas.QuotePlace{
		Page: schemas.PageIDOf(source.name), URL: source.name, CapturedAt: state.CapturedAt, Payload: state.Payload,
		Sequence: state.Sequence, Selections: source.text.selections(c.Places),
	}
	return place, len(place.Selections) > 0
}

// addSources makes sources of the pages that quotes were found in.
func (b *binder) addSources() {
	known := map[string]bool{}
	for _, source := range b.post.Post.Sources {
		known[source.URL] = true
	}
	for _, q := range b.post.Post.Quotes {
		for _, place := range q.Places {
			if !known[place.URL] {
				known[place.URL] = true
				b.post.Post.Sources = append(b.post.Post.Sources, schemas.Source{Page: place.Page, URL: place.URL, Relation: schemas.Quoted})
			}
		}
	}
}

// segmentsOf returns a word diff as a document has it.
func segmentsOf(segments []textdiff.Segment) []schemas.DiffSegment {
	ops := map[textdiff.Op]string{textdiff.Equal: "equal", textdiff.Delete: "delete", textdiff.Insert: "insert"}
	var out []schemas.DiffSegment
	for _, s := range segments {
		if s.Text != "" {
			out = append(out, schemas.DiffSegment{Op: ops[s.Op], Text: s.Text})
		}
	}
	return out
}
