package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// The limits of [Gather].
const (
	MaxLists    = 1000    // lists that are asked for
	MaxGathered = 500_000 // entries of all of them
	maxDepth    = 4       // lists that lead to one another
	listsAtOnce = 8
)

// Getter asks for the list at an address.
type Getter func(ctx context.Context, address string) (Input, error)

// Feed is a feed or a sitemap with all its parts, as it was found.
type Feed struct {
	Address string // of the feed, or of the index of a sitemap in parts
	Kind    Kind
	Title   string
	Entries []Entry
	Unfit   int      // entries without an address that can be captured
	Faults  []error  // of it and its parts; with entries all the same, where only parts have faults
	Others  []string // further feeds that the page at the address offers, which were not read
}

// Gather reads a list and all that it leads to: the feeds of an OPML file, each a
// Feed of its own; the sitemaps of an index, which are one Feed; the first feed
// that a page offers. Addresses that were asked for already, as in lists that go
// round in circles, are not asked for again. What cannot be read is a Feed with
// its fault. name is what to call the list itself; input is it, where it has been
// read already, else it is got. The error is that of ctx.
func Gather(ctx context.Context, name string, input *Input, get Getter) ([]Feed, error) {
	g := gathering{get: get, asked: map[string]bool{name: true}, lists: 1, room: MaxGathered}
	feeds := g.follow(ctx, name, input, 0)
	return feeds, ctx.Err()
}

// gathering is one Gather under way.
type gathering struct {
	get Getter

	mu    sync.Mutex
	asked map[string]bool
	lists int // asked for
	room  int // for entries
}

// errRepeated is the fault of a list that was read already, which is none.
var errRepeated = errors.New("read already")

// claim reserves the asking for an address.
func (g *gathering) claim(address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.asked[address]:
		return errRepeated
	case g.lists >= MaxLists:
		return &LimitError{"lists within it", MaxLists}
	}
	g.asked[address] = true
	g.lists++
	return nil
}

// take keeps of these entries what there is room for.
func (g *gathering) take(entries []Entry) ([]Entry, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(entries) > g.room {
		entries = entries[:g.room]
		g.room = 0
		return entries, &LimitError{"entries within it", MaxGathered}
	}
	g.room -= len(entries)
	return entries, nil
}

// follow reads the list at an address, and what it leads to.
func (g *gathering) follow(ctx context.Context, address string, input *Input, depth int) []Feed {
	whole := Feed{Address: address}
	if input == nil {
		got, err := g.get(ctx, address)
		if err != nil {
			whole.Faults = append(whole.Faults, err)
			return []Feed{whole}
		}
		input = &got
	}
	list, err := Read(*input)
	if err != nil {
		whole.Faults = append(whole.Faults, err)
		return []Feed{whole}
	}
	whole.Kind, whole.Title, whole.Unfit = list.Kind, list.Title, list.Unfit
	if list.Cut > 0 {
		whole.Faults = append(whole.Faults, &LimitError{"entries; the rest was left out", MaxEntries})
	}
	whole.Entries, err = g.take(list.Entries)
	if err != nil {
		whole.Faults = append(whole.Faults, err)
	}
	lists := list.Lists
	if list.Kind == Page {
		lists, whole.Others = lists[:1], lists[1:]
	}
	if len(lists) == 0 {
		return []Feed{whole}
	}
	if depth == maxDepth {
		whole.Faults = append(whole.Faults, fmt.Errorf("it leads to lists more than %d deep", maxDepth))
		return []Feed{whole}
	}
	found := g.followAll(ctx, lists, depth+1)
	switch list.Kind {
	case SitemapIndex:
		return []Feed{whole.join(found)}
	case Page:
		for i := range found {
			found[i].Others = append(found[i].Others, whole.Others...)
		}
		return found
	}
	if len(whole.Entries) > 0 || len(whole.Faults) > 0 { // an OPML file with pages of its own
		found = append([]Feed{whole}, found...)
	}
	return found
}

// followAll reads lists, few at a time, and keeps their order.
func (g *gathering) followAll(ctx context.Context, addresses []string, depth int) []Feed {
	results := make([][]Feed, len(addresses))
	var group errgroup.Group
	group.SetLimit(listsAtOnce)
	for i, address := range addresses {
		switch err := g.claim(address); {
		case errors.Is(err, errRepeated):
			continue
		case err != nil:
			results[i] = []Feed{{Address: address, Faults: []error{err}}}
		}
		if results[i] != nil {
			break // the rest is beyond the limit, too
		}
		group.Go(func() error {
			if ctx.Err() == nil {
				results[i] = g.follow(ctx, address, nil, depth)
			}
			return nil
		})
	}
	_ = group.Wait() // none returns an error
	var found []Feed
	for _, feeds := range results {
		found = append(found, feeds...)
	}
	return found
}

// join makes the parts of a sitemap one feed.
func (f Feed) join(parts []Feed) Feed {
	seen := map[string]bool{}
	for _, e := range f.Entries {
		seen[e.URL] = true
	}
	for _, part := range parts {
		for _, fault := range part.Faults {
			f.Faults = append(f.Faults, fmt.Errorf("its part %s: %w", part.Address, fault))
		}
		f.Unfit += part.Unfit
		for _, e := range part.Entries {
			if !seen[e.URL] {
				seen[e.URL] = true
				f.Entries = append(f.Entries, e)
			}
		}
	}
	return f
}
