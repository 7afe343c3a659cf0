package social

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// reddit reads submissions and comments of Reddit.
type reddit struct{ api string }

func (reddit) Name() string { return "reddit/1" }

func (r reddit) Request(u *url.URL) string {
	host := u.Hostname()
	parts := segments(u)
	if host == "redd.it" && len(parts) == 1 && onlyOf(parts[0], digits+letters, 16) {
		return r.request(parts[0], "")
	}
	if host != "reddit.com" && !strings.HasSuffix(host, ".reddit.com") {
		return ""
	}
	if len(parts) > 2 && (parts[0] == "r" || parts[0] == "user" || parts[0] == "u") {
		parts = parts[2:]
	}
	if len(parts) < 2 || len(parts) > 4 || parts[0] != "comments" || !onlyOf(parts[1], digits+letters, 16) {
		return ""
	}
	comment := ""
	if len(parts) == 4 {
		if comment = parts[3]; !onlyOf(comment, digits+letters, 16) {
			return ""
		}
	}
	return r.request(parts[1], comment)
}

// request asks for no more than the post: comments are posts of their own. Without
// raw_json, Reddit escapes markup in its texts.
func (r reddit) request(post, comment string) string {
	if comment != "" {
		return r.api + "/comments/" + post + "/_/" + comment + ".json?raw_json=1&context=0&depth=1&limit=1"
	}
	return r.api + "/comments/" + post + ".json?raw_json=1&depth=1&limit=1"
}

// redditListing is a Listing of things (https://www.reddit.com/dev/api/#listings).
type redditListing struct {
	Data struct {
		Children []struct {
			Kind string      `json:"kind"` // t3: a submission, t1: a comment
			Data redditThing `json:"data"`
		} `json:"children"`
	} `json:"data"`
}

// redditThing is a submission or a comment, as far as it is read. The fields are
// documented at github.com/Pyprohly/reddit-api-doc-notes, docs/api-reference.
type redditThing struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Title      string          `json:"title"`
	Author     string          `json:"author"`
	Subreddit  string          `json:"subreddit_name_prefixed"`
	CreatedUTC float64         `json:"created_utc"`
	Edited     json.RawMessage `json:"edited"` // false, or a time
	Permalink  string          `json:"permalink"`

	IsSelf            bool    `json:"is_self"`
	URL               string  `json:"url"`
	Selftext          string  `json:"selftext"`
	SelftextHTML      *string `json:"selftext_html"`
	RemovedByCategory *string `json:"removed_by_category"`
	Over18            bool    `json:"over_18"`
	Spoiler           bool    `json:"spoiler"`
	Gallery           *struct {
		Items []struct {
			MediaID string `json:"media_id"`
			Caption string `json:"caption"`
		} `json:"items"`
	} `json:"gallery_data"`
	MediaMetadata map[string]struct {
		Source struct {
			URL string `json:"u"`
		} `json:"s"`
	} `json:"media_metadata"`
	Poll *struct {
		Options []struct {
			Text string `json:"text"`
		} `json:"options"`
		End float64 `json:"voting_end_timestamp"` // in milliseconds
	} `json:"poll_data"`
	Crossposts []redditThing `json:"crosspost_parent_list"`

	Body     *string `json:"body"` // of a comment
	BodyHTML *string `json:"body_html"`
	ParentID string  `json:"parent_id"`
	LinkID   string  `json:"link_id"`
}

func (reddit) Read(a Answer) (*Post, error) {
	if a.Status/100 != 2 {
		return nil, redditAbsence(a)
	}
	var listings []redditListing
	if err := json.Unmarshal(a.Payload, &listings); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	wanted, kind := 0, "t3"
	if u, err := url.Parse(a.Address); err == nil && isComment(segments(u)) {
		wanted, kind = 1, "t1"
	}
	if len(listings) <= wanted {
		return nil, ErrForeign
	}
	children := listings[wanted].Data.Children
	switch {
	case kind == "t1" && len(children) == 0:
		return nil, &AbsentError{NotFound, "no such comment"}
	case len(children) == 0 || children[0].Kind != kind:
		return nil, ErrForeign
	}
	thing := &children[0].Data
	if err := thing.absence(); err != nil {
		return nil, err
	}
	return thing.post(), nil
}

// isComment tells the address of a comment: …/comments/POST/TITLE/COMMENT.
func isComment(parts []string) bool {
	at := slices.Index(parts, "comments")
	return at >= 0 && len(parts)-at == 4
}

// redditAbsence reads an error of Reddit: {"message": "Not Found", "error": 404},
// with a reason for communities that are private or banned.
func redditAbsence(a Answer) error {
	var answer struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
		Error   int    `json:"error"`
	}
	if json.Unmarshal(a.Payload, &answer) != nil || answer.Error != a.Status {
		return ErrForeign
	}
	words := strings.TrimSpace(answer.Message + " " + answer.Reason)
	switch {
	case answer.Reason == "banned":
		return &AbsentError{Removed, words}
	case answer.Reason != "":
		return &AbsentError{Withheld, words}
	case a.Status == 404:
		return &AbsentError{NotFound, words}
	}
	return ErrForeign
}

// absence tells a post whose text its author or others took away. What is left of
// it, the title and the comments, is not the post.
func (t *redditThing) absence() error {
	text := t.Selftext
	if t.Body != nil {
		text = *t.Body
	}
	category := value(t.RemovedByCategory)
	switch {
	case category == "deleted" || category == "author":
		return &AbsentError{Deleted, `"removed_by_category": "` + category + `"`}
	case category != "":
		return &AbsentError{Removed, `"removed_by_category": "` + category + `"`}
	case text == "[deleted]":
		return &AbsentError{Deleted, text}
	case text == "[removed]" || text == "[ Removed by Reddit ]":
		return &AbsentError{Removed, text}
	}
	return nil
}

const redditHome = "https://www.reddit.com"

func (t *redditThing) post() *Post {
	p := &Post{
		Service: "reddit", Title: t.Title, Created: unix(t.CreatedUTC), Author: Author{Handle: "u/" + t.Author},
		HTML: value(t.SelftextHTML), Text: t.Selftext,
	}
	if strings.HasPrefix(t.Permalink, "/") {
		p.URL = redditHome + t.Permalink
	}
	var edited float64
	if json.Unmarshal(t.Edited, &edited) == nil {
		p.Edited = unix(edited)
	}
	if t.Body != nil {
		p.HTML, p.Text, p.Title = value(t.BodyHTML), *t.Body, "Comment by u/"+t.Author
		p.ReplyTo = t.replyTo()
	}
	p.Warning = strings.Join(t.marks(), ", ")
	t.addMedia(p)
	if t.Poll != nil {
		p.Poll = &Poll{Closes: unix(t.Poll.End / 1000)}
		for _, option := range t.Poll.Options {
			p.Poll.Options = append(p.Poll.Options, option.Text)
		}
	}
	if len(t.Crossposts) > 0 {
		inner := t.Crossposts[0]
		inner.Crossposts = nil
		p.Quoted, p.Passed, p.Link, p.Media = inner.post(), true, nil, nil
	}
	return p
}

func (t *redditThing) marks() []string {
	var marks []string
	if t.Over18 {
		marks = append(marks, "NSFW")
	}
	if t.Spoiler {
		marks = append(marks, "spoiler")
	}
	return marks
}

// addMedia adds the pictures of a gallery, the picture or film that a submission
// is, or the page that it is about.
func (t *redditThing) addMedia(p *Post) {
	if t.Gallery != nil {
		for _, item := range t.Gallery.Items {
			p.Media = append(p.Media, Media{Kind: "Image", URL: t.MediaMetadata[item.MediaID].Source.URL, Alt: item.Caption})
		}
		return
	}
	if t.IsSelf || t.URL == "" || t.Body != nil {
		return
	}
	address := t.URL
	if strings.HasPrefix(address, "/") {
		address = redditHome + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
	case u.Hostname() == "i.redd.it":
		p.Media = append(p.Media, Media{Kind: "Image", URL: address})
	case u.Hostname() == "v.redd.it":
		p.Media = append(p.Media, Media{Kind: "Video", URL: address})
	default:
		p.Link = &Link{URL: address}
	}
}

// replyTo makes the address of what a comment replies to: another one, or the
// submission.
func (t *redditThing) replyTo() *Reply {
	post, ok := strings.CutPrefix(t.LinkID, "t3_")
	if !ok || !onlyOf(post, digits+letters, 16) {
		return &Reply{}
	}
	base := redditHome + "/comments/" + post + "/"
	if comment, ok := strings.CutPrefix(t.ParentID, "t1_"); ok && onlyOf(comment, digits+letters, 16) {
		return &Reply{URL: base + "_/" + comment + "/"}
	}
	return &Reply{URL: base}
}

// unix reads seconds since 1970; zero when there are none.
func unix(seconds float64) time.Time {
	if seconds <= 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}
