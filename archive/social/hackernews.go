package social

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// hackerNews reads items of Hacker News. Comments are items of their own: of an
// item only itself is asked for.
type hackerNews struct{ api string }

func (hackerNews) Name() string { return "hackernews/1" }

const hackerNewsItem = "https://news.ycombinator.com/item?id="

func (h hackerNews) Request(u *url.URL) string {
	id := u.Query().Get("id")
	if u.Hostname() != "news.ycombinator.com" || u.Path != "/item" || !onlyOf(id, digits, 15) {
		return ""
	}
	return h.api + "/v0/item/" + id + ".json"
}

// hackerNewsEntry is an item: https://github.com/HackerNews/API#items
type hackerNewsEntry struct {
	ID      int64   `json:"id"`
	Type    string  `json:"type"` // job, story, comment, poll, pollopt
	Deleted bool    `json:"deleted"`
	Dead    bool    `json:"dead"`
	By      string  `json:"by"`
	Time    int64   `json:"time"`
	Text    string  `json:"text"` // HTML
	Parent  int64   `json:"parent"`
	Poll    int64   `json:"poll"` // of a pollopt
	URL     string  `json:"url"`
	Title   string  `json:"title"`
	Parts   []int64 `json:"parts"` // of a poll
}

func (hackerNews) Read(a Answer) (*Post, error) {
	if a.Status/100 != 2 {
		return nil, ErrForeign
	}
	var item *hackerNewsEntry
	if err := json.Unmarshal(a.Payload, &item); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	switch {
	case item == nil:
		return nil, &AbsentError{NotFound, "null"} // what it says of an item that never was
	case item.ID == 0 || item.Type == "":
		return nil, ErrForeign
	case item.Deleted:
		return nil, &AbsentError{Deleted, `"deleted": true`}
	case item.Dead:
		return nil, &AbsentError{Removed, `"dead": true`}
	}
	p := &Post{
		Service: "hackernews", URL: hackerNewsItem + strconv.FormatInt(item.ID, 10), Title: item.Title,
		Author: Author{Handle: item.By, URL: "https://news.ycombinator.com/user?id=" + url.QueryEscape(item.By)}, HTML: item.Text,
	}
	if p.Title == "" {
		p.Title = "Comment by " + firstOf(item.By, "somebody")
	}
	if item.Time > 0 && item.Time < 1<<40 {
		p.Created = time.Unix(item.Time, 0)
	}
	if item.URL != "" {
		p.Link = &Link{URL: item.URL}
	}
	if parent := max(item.Parent, item.Poll); parent > 0 {
		p.ReplyTo = &Reply{URL: hackerNewsItem + strconv.FormatInt(parent, 10)}
	}
	if len(item.Parts) > 0 {
		// The words of the options are items of their own.
		p.Poll = &Poll{}
		for _, part := range item.Parts {
			p.Poll.Options = append(p.Poll.Options, hackerNewsItem+strconv.FormatInt(part, 10))
		}
	}
	return p, nil
}
