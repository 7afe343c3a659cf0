package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/rss"
)

// readFeed reads an RSS, Atom or JSON feed.
func (r *reader) readFeed(kind Kind) error {
	if len(r.text) > MaxFeed {
		return &LimitError{"bytes, too many for a feed", MaxFeed}
	}
	if kind == JSON && !isJSONFeed(r.text) {
		return fmt.Errorf("%w: it is JSON, but no JSON Feed", ErrNoList)
	}
	parser := gofeed.NewParser()
	parser.KeepOriginalFeed = true
	parsed, err := parser.Parse(strings.NewReader(r.text))
	if errors.Is(err, gofeed.ErrFeedTypeNotDetected) {
		return ErrNoList
	}
	if err != nil {
		return fmt.Errorf("reading the feed: %w", err)
	}
	r.list.Kind, r.list.Title = kind, oneLine(parsed.Title)
	if r.base == nil {
		r.base = base(parsed.Link)
	}
	original, _ := parsed.OriginalFeed().(*rss.Feed)
	for i, item := range parsed.Items {
		entry := Entry{URL: itemLink(item), Title: item.Title, Published: dateOf(item.PublishedParsed), Updated: dateOf(item.UpdatedParsed)}
		if entry.URL == "" && original != nil && i < len(original.Items) {
			entry.URL = permalink(original.Items[i].GUID)
		}
		if entry.URL == "" && original == nil {
			entry.URL = absolute(item.GUID)
		}
		r.add(entry)
	}
	return nil
}

// isJSONFeed reports whether JSON says that it is a JSON Feed, as each must.
func isJSONFeed(text string) bool {
	var feed struct {
		Version string `json:"version"`
	}
	return json.Unmarshal([]byte(text), &feed) == nil && strings.Contains(feed.Version, "jsonfeed.org/version/")
}

// itemLink returns the address of an item as the feed writes it.
func itemLink(item *gofeed.Item) string {
	// What FeedBurner and its like put in place of the link leads there by way of
	// themselves.
	for _, link := range item.Extensions["feedburner"]["origLink"] {
		if absolute(link.Value) != "" {
			return link.Value
		}
	}
	if link := strings.TrimSpace(item.Link); link != "" {
		return link
	}
	for _, link := range item.Links {
		if link = strings.TrimSpace(link); link != "" {
			return link
		}
	}
	return ""
}

// permalink returns the address in a guid that is one: it is, unless it says that
// it is not (RSS 2.0 §guid).
func permalink(guid *rss.GUID) string {
	if guid == nil || strings.EqualFold(strings.TrimSpace(guid.IsPermalink), "false") {
		return ""
	}
	return absolute(guid.Value)
}

// absolute returns an address that has a scheme of ours, else "".
func absolute(address string) string {
	address = strings.TrimSpace(address)
	lower := strings.ToLower(address[:min(len(address), 8)])
	if strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") {
		return address
	}
	return ""
}

func dateOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
