package social

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// bluesky reads posts of Bluesky through the AppView, which needs no account.
type bluesky struct{ api string }

func (bluesky) Name() string { return "bluesky/1" }

func (b bluesky) Request(u *url.URL) string {
	parts := segments(u)
	if u.Hostname() != "bsky.app" || len(parts) != 4 || parts[0] != "profile" || parts[2] != "post" ||
		!onlyOf(parts[1], digits+letters+".:-_%", 300) || !onlyOf(parts[3], digits+letters+"-_.~:", 512) {
		return ""
	}
	// The post alone, and the one it replies to.
	query := url.Values{"uri": {"at://" + parts[1] + "/app.bsky.feed.post/" + parts[3]}, "depth": {"0"}, "parentHeight": {"1"}}
	return b.api + "/xrpc/app.bsky.feed.getPostThread?" + query.Encode()
}

// The types below are those of app.bsky.feed.defs, app.bsky.feed.post,
// app.bsky.embed.* and app.bsky.richtext.facet, as far as they are read.
type (
	blueskyThread struct {
		Type     string          `json:"$type"`
		Post     *blueskyPost    `json:"post"`
		Parent   json.RawMessage `json:"parent"`
		NotFound bool            `json:"notFound"`
		Blocked  bool            `json:"blocked"`
	}
	blueskyPost struct {
		URI    string         `json:"uri"`
		Author blueskyAuthor  `json:"author"`
		Record blueskyRecord  `json:"record"`
		Embed  *blueskyEmbed  `json:"embed"`
		Value  *blueskyRecord `json:"value"`  // in place of record, where it is embedded
		Embeds []blueskyEmbed `json:"embeds"` // likewise
	}
	blueskyAuthor struct {
		DID         string `json:"did"`
		Handle      string `json:"handle"`
		DisplayName string `json:"displayName"`
	}
	blueskyRecord struct {
		Text      *string        `json:"text"`
		CreatedAt string         `json:"createdAt"`
		Langs     []string       `json:"langs"`
		Facets    []blueskyFacet `json:"facets"`
		Reply     *struct {
			Parent struct {
				URI string `json:"uri"`
			} `json:"parent"`
		} `json:"reply"`
		Labels *struct {
			Values []struct {
				Val string `json:"val"`
			} `json:"values"`
		} `json:"labels"`
	}
	blueskyFacet struct {
		Index struct {
			Start int `json:"byteStart"`
			End   int `json:"byteEnd"`
		} `json:"index"`
		Features []struct {
			Type string `json:"$type"`
			URI  string `json:"uri"`
		} `json:"features"`
	}
	blueskyEmbed struct {
		Type   string `json:"$type"`
		Images []struct {
			Fullsize string `json:"fullsize"`
			Alt      string `json:"alt"`
		} `json:"images"`
		Playlist string `json:"playlist"` // of a film
		Alt      string `json:"alt"`
		External *struct {
			URI         string `json:"uri"`
			Title       string `json:"title"`
			Description string `json:"description"`
		} `json:"external"`
		Record json.RawMessage `json:"record"` // a post, or a record that holds one
		Media  *blueskyEmbed   `json:"media"`
	}
)

func (bluesky) Read(a Answer) (*Post, error) {
	var answer struct {
		Thread  *blueskyThread `json:"thread"`
		Error   string         `json:"error"`
		Message string         `json:"message"`
	}
	if err := json.Unmarshal(a.Payload, &answer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if a.Status/100 != 2 {
		return nil, blueskyAbsence(a.Status, answer.Error, answer.Message)
	}
	t := answer.Thread
	switch {
	case t == nil:
		return nil, ErrForeign
	case t.NotFound:
		return nil, &AbsentError{NotFound, "notFoundPost"}
	case t.Blocked:
		return nil, &AbsentError{Withheld, "blockedPost"}
	case t.Post == nil || t.Post.URI == "" || t.Post.Record.Text == nil:
		return nil, ErrForeign
	}
	p := t.Post.post()
	if p.ReplyTo != nil && len(t.Parent) > 0 {
		var parent blueskyThread
		if json.Unmarshal(t.Parent, &parent) == nil && parent.Post != nil {
			p.ReplyTo.Handle = at(parent.Post.Author.Handle)
		}
	}
	return p, nil
}

// blueskyAbsence reads an error of XRPC (https://atproto.com/specs/xrpc).
func blueskyAbsence(status int, name, message string) error {
	words := strings.TrimSpace(name + ": " + message)
	lower := strings.ToLower(message)
	switch {
	case status != 400 && status != 404 || name == "":
		return ErrForeign
	case name == "NotFound":
		return &AbsentError{NotFound, words}
	case name == "AccountTakedown" || name == "AccountDeactivated" || strings.Contains(lower, "deactivated") || strings.Contains(lower, "suspended"):
		return &AbsentError{Removed, words}
	case strings.Contains(lower, "not found") || strings.Contains(lower, "could not resolve") || strings.Contains(lower, "unable to resolve"):
		return &AbsentError{NotFound, words}
	}
	return ErrForeign
}

func (b *blueskyPost) post() *Post {
	record := &b.Record
	if b.Value != nil {
		record = b.Value
	}
	p := &Post{
		Service: "bluesky", URL: blueskyAddress(b.URI, b.Author.Handle), Created: dateTime(record.CreatedAt), Text: value(record.Text),
		Author: Author{Name: b.Author.DisplayName, Handle: at(b.Author.Handle), URL: "https://bsky.app/profile/" + b.Author.DID},
	}
	if len(record.Langs) > 0 {
		p.Language = record.Langs[0]
	}
	if record.Labels != nil {
		var labels []string // that the author has put on it
		for _, label := range record.Labels.Values {
			labels = append(labels, label.Val)
		}
		p.Warning = strings.Join(labels, ", ")
	}
	if record.Reply != nil {
		p.ReplyTo = &Reply{URL: blueskyAddress(record.Reply.Parent.URI, "")}
	}
	p.Links = facetLinks(p.Text, record.Facets)
	if b.Embed != nil {
		b.Embed.addTo(p, true)
	}
	for i := range b.Embeds {
		b.Embeds[i].addTo(p, false)
	}
	return p
}

// facetLinks returns the links of a text. Facets count bytes of UTF-8.
func facetLinks(text string, facets []blueskyFacet) []Link {
	var links []Link
	for _, f := range facets {
		for _, feature := range f.Features {
			if feature.Type != "app.bsky.richtext.facet#link" || feature.URI == "" {
				continue
			}
			if len(links) == maxLinks {
				return links
			}
			link := Link{URL: feature.URI}
			if from, to := f.Index.Start, f.Index.End; 0 <= from && from < to && to <= len(text) {
				link.Text = strings.ToValidUTF8(text[from:to], "")
			}
			links = append(links, link)
		}
	}
	return links
}

// addTo adds to a post what is embedded in it; a post within it only where deep.
func (e *blueskyEmbed) addTo(p *Post, deep bool) {
	for _, image := range e.Images {
		p.Media = append(p.Media, Media{Kind: "Image", URL: image.Fullsize, Alt: image.Alt})
	}
	if e.Playlist != "" {
		p.Media = append(p.Media, Media{Kind: "Video", URL: e.Playlist, Alt: e.Alt})
	}
	if x := e.External; x != nil && x.URI != "" {
		p.Link = &Link{URL: x.URI, Text: x.Title, Description: x.Description}
	}
	if e.Media != nil && deep {
		e.Media.addTo(p, false)
	}
	if len(e.Record) == 0 || !deep {
		return
	}
	record := readEmbedded(e.Record)
	if record.Type == "app.bsky.embed.record#view" || record.Type == "" { // of a post with media
		record = readEmbedded(record.Record)
	}
	switch kind := strings.TrimPrefix(record.Type, "app.bsky.embed.record#"); kind {
	case "viewRecord":
		if record.Value != nil && record.Value.Text != nil {
			p.Quoted = record.blueskyPost.post()
		}
	case "viewNotFound":
		p.Unquoted = "it is not found"
	case "viewBlocked":
		p.Unquoted = "it is not shown (blocked)"
	case "viewDetached":
		p.Unquoted = "its author has detached it"
	}
}

// blueskyEmbedded is a post within a post, or why it is not shown.
type blueskyEmbedded struct {
	blueskyPost
	Type   string          `json:"$type"`
	Record json.RawMessage `json:"record"` // of a view that holds it
}

func readEmbedded(raw json.RawMessage) (record blueskyEmbedded) {
	if len(raw) == 0 || json.Unmarshal(raw, &record) != nil {
		return blueskyEmbedded{}
	}
	return record
}

// blueskyAddress returns the page of the post that an at: address names, by the
// handle where that is known.
func blueskyAddress(uri, handle string) string {
	parts := strings.Split(strings.TrimPrefix(uri, "at://"), "/")
	if len(parts) != 3 || parts[1] != "app.bsky.feed.post" || parts[0] == "" || !onlyOf(parts[2], digits+letters+"-_.~:", 512) {
		return ""
	}
	who := parts[0]
	if handle != "" && handle != "handle.invalid" {
		who = handle
	}
	return "https://bsky.app/profile/" + url.PathEscape(who) + "/post/" + parts[2]
}

func at(handle string) string {
	if handle == "" {
		return ""
	}
	return "@" + handle
}
