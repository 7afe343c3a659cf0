package archive

import (
	"context"
	"iter"
	"slices"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// SearchOptions say which of the versions found are wanted.
type SearchOptions struct {
	Skip, Limit  int
	EveryVersion bool // not only the newest version of a page that has the words
	// Within is the largest archive, in snapshots, that is read through when there
	// is no index; 0: any. In a larger one nothing is found then.
	Within int64
}

// Found is a version that has the words of a search.
type Found struct {
	Number  int           // of the version, from 1
	Page    *Page         // as of the version
	Snippet []SnippetPart // the line of the text that has most of the words
}

// SnippetPart is a piece of a snippet: words that were searched for, or what
// stands around them.
type SnippetPart = index.Part

// QueryError is returned for words that cannot be searched for.
type QueryError = index.QueryError

// Search finds the versions whose text has all of these words, and phrases
// between double quotes, those recorded last first, and says whether there are
// more than the limit. Without the index it reads every version.
func (a *Archive) Search(ctx context.Context, words string, options SearchOptions) (found []Found, more bool, err error) {
	query, err := index.ParseQuery(words)
	if err != nil {
		return nil, false, err
	}
	head, err := a.Head()
	if err != nil {
		return nil, false, err
	}
	s := &search{archive: a, query: query, options: options}
	ok := a.fromIndex(ctx, head, func(view *index.View) error {
		s.at = func(sequence int64) (*Snapshot, error) { return a.indexedAt(ctx, view, sequence) }
		s.captures = func(ref PageRef) ([]index.Capture, error) { return view.Captures(ctx, ref.ID) }
		return s.run(view.Search(ctx, query))
	})
	if ok {
		return s.found, s.more, nil
	}
	if options.Within > 0 && head.Message.Sequence > options.Within {
		return nil, false, ctx.Err()
	}
	s = &search{archive: a, query: query, options: options}
	err = s.readAll(ctx, head)
	return s.found, s.more, err
}

// search is one search on its way through the hits.
type search struct {
	archive  *Archive
	query    index.Query
	options  SearchOptions
	at       func(sequence int64) (*Snapshot, error)
	captures func(PageRef) ([]index.Capture, error) // of a page, in the order of their commits

	taken   map[versionKey]bool
	skipped int
	found   []Found
	more    bool
}

// versionKey names a version of a page by its number.
type versionKey struct {
	page   schemas.PageID
	number int
}

// run takes hits, newest first, until it has found enough.
func (s *search) run(hits iter.Seq2[index.Hit, error]) error {
	seen := map[index.Hit]bool{}
	s.taken = map[versionKey]bool{}
	for hit, err := range hits {
		if err != nil {
			return err
		}
		// What says the same is one hit; so is a page, unless every version counts.
		once := index.Hit{URL: hit.URL}
		if s.options.EveryVersion {
			once.Content = hit.Content
		}
		if seen[once] {
			continue
		}
		real, err := s.take(hit)
		if err != nil {
			return err
		}
		if real {
			seen[once] = true
		}
		if s.more {
			return nil
		}
	}
	return nil
}

// take finds the versions of a page that say what the hit says. It reports false
// for a hit that does not have a phrase after all: nothing may count it.
func (s *search) take(hit index.Hit) (real bool, err error) {
	ref, err := PageNamed(hit.URL)
	if err != nil {
		return false, err
	}
	if !s.query.Exact() {
		if has, err := s.has(ref, hit.Sequence); err != nil || !has {
			return false, err
		}
	}
	captures, err := s.captures(ref)
	if err != nil {
		return false, err
	}
	versions := versionsAmong(captures)
	taken := 0
	for number := len(versions); number > 0; number-- {
		among := versions[number-1]
		says := slices.IndexFunc(among, func(i int) bool { return captures[i].Content == hit.Content })
		if says < 0 || taken > 0 && !s.options.EveryVersion {
			continue
		}
		taken++
		// A version that was read anew may be found by both of its texts.
		key := versionKey{ref.ID, number}
		if s.taken[key] {
			continue
		}
		s.taken[key] = true
		if s.skipped < s.options.Skip {
			s.skipped++
			continue
		}
		if s.more = len(s.found) >= s.options.Limit; s.more {
			return true, nil
		}
		if err := s.add(ref, number, captures[among[0]].Sequence, captures[among[says]].Sequence); err != nil {
			return false, err
		}
	}
	if taken == 0 {
		return false, s.archive.indexLies("no version of %s says what was found", ref.Name)
	}
	return true, nil
}

// has reports whether the text of a capture has what is searched for.
func (s *search) has(ref PageRef, sequence int64) (bool, error) {
	_, text, err := s.read(ref, sequence)
	if err != nil {
		return false, err
	}
	_, ok := s.query.Find(text)
	return ok, nil
}

func (s *search) read(ref PageRef, sequence int64) (*Page, string, error) {
	snapshot, err := s.at(sequence)
	if err != nil {
		return nil, "", err
	}
	page, err := snapshot.Page(ref)
	if err != nil {
		return nil, "", err
	}
	text, err := page.Text()
	return page, string(text), err
}

// add holds a version, which begins with one snapshot, against its text as
// another one stores it.
func (s *search) add(ref PageRef, number int, begins, says int64) error {
	page, text, err := s.read(ref, says)
	if err != nil {
		return err
	}
	snippet, ok := s.query.Find(text)
	if !ok {
		return s.archive.indexLies("%s in snapshot %d does not have the words that were found in it", ref.Name, says)
	}
	if begins != says {
		if page, _, err = s.read(ref, begins); err != nil {
			return err
		}
	}
	s.found = append(s.found, Found{Number: number, Page: page, Snippet: snippet})
	return nil
}

// readAll searches the text of every version.
func (s *search) readAll(ctx context.Context, head *Snapshot) error {
	a := s.archive
	ids, err := a.after(ctx, head, -1, gitstore.ID{})
	if err != nil {
		return err
	}
	var hits []index.Hit
	captures := map[schemas.PageID][]index.Capture{}
	last := map[schemas.PageID]schemas.Digest{}
	for step, err := range a.forward(ctx, gitstore.ID{}, ids) {
		if err != nil {
			return err
		}
		for _, t := range step.touched {
			c := t.asCapture()
			captures[t.ID] = append(captures[t.ID], c)
			if c.Content.IsZero() || c.Content == last[t.ID] {
				continue
			}
			last[t.ID] = c.Content
			text, err := t.Text()
			if err != nil {
				return err
			}
			if _, ok := s.query.Find(string(text)); ok {
				hits = append(hits, index.Hit{URL: t.Name, Sequence: c.Sequence, Content: c.Content})
			}
		}
	}
	s.at = func(sequence int64) (*Snapshot, error) { return a.snapshotOf(ids[int64(len(ids))-1-sequence]) }
	s.captures = func(ref PageRef) ([]index.Capture, error) { return captures[ref.ID], nil }
	return s.run(func(yield func(index.Hit, error) bool) {
		for _, hit := range slices.Backward(hits) {
			if !yield(hit, nil) {
				return
			}
		}
	})
}
