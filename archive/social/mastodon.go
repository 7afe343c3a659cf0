package social

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// mastodon reads statuses of Mastodon and of what speaks its API (Pleroma, Akkoma,
// Pixelfed …), on any host.
type mastodon struct{}

func (mastodon) Name() string { return "mastodon/1" }

// Request knows the shapes of addresses of statuses. Any host may have an address
// of such a shape, so an answer that is no status tells nothing about the page.
func (mastodon) Request(u *url.URL) string {
	parts := segments(u)
	if len(parts) > 0 && (parts[0] == "web" || parts[0] == "deck") {
		parts = parts[1:]
	}
	var id string
	switch {
	case len(parts) == 2 && isHandle(parts[0]) && onlyOf(parts[1], digits, 20):
		id = parts[1]
	case len(parts) == 3 && isHandle(parts[0]) && parts[1] == "statuses" && onlyOf(parts[2], digits+letters, 32):
		id = parts[2]
	case len(parts) == 4 && parts[0] == "users" && parts[2] == "statuses" && onlyOf(parts[3], digits+letters, 32):
		id = parts[3]
	case len(parts) == 2 && (parts[0] == "statuses" || parts[0] == "notice") && onlyOf(parts[1], digits+letters, 32):
		id = parts[1]
	default:
		return ""
	}
	return u.Scheme + "://" + u.Host + "/api/v1/statuses/" + id
}

// isHandle tells @ada and @ada@quay.example.
func isHandle(s string) bool {
	return len(s) > 1 && len(s) <= 300 && s[0] == '@' && onlyOf(s[1:], digits+letters+"_-.@", 300)
}

// mastodonStatus is the Status entity, as far as it is read:
// https://docs.joinmastodon.org/entities/Status/
type mastodonStatus struct {
	ID          string  `json:"id"`
	CreatedAt   string  `json:"created_at"`
	EditedAt    *string `json:"edited_at"`
	InReplyToID *string `json:"in_reply_to_id"`
	SpoilerText string  `json:"spoiler_text"`
	Language    *string `json:"language"`
	URL         *string `json:"url"`
	URI         string  `json:"uri"`
	Content     *string `json:"content"`
	Account     *struct {
		Acct        string `json:"acct"`
		DisplayName string `json:"display_name"`
		URL         string `json:"url"`
	} `json:"account"`
	InReplyToAccountID *string `json:"in_reply_to_account_id"`
	Mentions           []struct {
		ID   string `json:"id"`
		Acct string `json:"acct"`
		URL  string `json:"url"`
	} `json:"mentions"`
	Media []struct {
		Type        string  `json:"type"`
		URL         *string `json:"url"`
		RemoteURL   *string `json:"remote_url"`
		Description *string `json:"description"`
	} `json:"media_attachments"`
	Poll *struct {
		ExpiresAt *string `json:"expires_at"`
		Options   []struct {
			Title string `json:"title"`
		} `json:"options"`
	} `json:"poll"`
	Reblog *mastodonStatus `json:"reblog"`
	Quote  json.RawMessage `json:"quote"`
}

// mastodonQuote is the Quote entity of Mastodon 4.4 and later; forks put the
// status itself there.
type mastodonQuote struct {
	State  string          `json:"state"`
	Status *mastodonStatus `json:"quoted_status"`
}

func (m mastodon) Read(a Answer) (*Post, error) {
	var answer struct {
		mastodonStatus
		Error *string `json:"error"`
	}
	if err := json.Unmarshal(a.Payload, &answer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	s := &answer.mastodonStatus
	switch {
	case a.Status/100 == 2 && s.whole():
		return s.post(a.Address), nil
	case answer.Error == nil:
	case a.Status == 404:
		return nil, &AbsentError{NotFound, *answer.Error}
	case a.Status == 410:
		return nil, &AbsentError{Deleted, *answer.Error}
	}
	return nil, ErrForeign
}

// whole reports whether this is a status: other services answer JSON, too.
func (s *mastodonStatus) whole() bool {
	return s.ID != "" && s.Content != nil && s.Account != nil && s.CreatedAt != ""
}

func (s *mastodonStatus) post(address string) *Post {
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	p := &Post{
		Service: "mastodon", URL: firstOf(value(s.URL), s.URI),
		Author:  Author{Name: s.Account.DisplayName, Handle: fullHandle(s.Account.Acct, host), URL: s.Account.URL},
		Created: dateTime(s.CreatedAt), Edited: dateTime(value(s.EditedAt)), Language: value(s.Language),
		Warning: s.SpoilerText, HTML: withoutMentions(value(s.Content)),
	}
	if id := value(s.InReplyToID); id != "" {
		p.ReplyTo = s.replyTo(address, id, host)
	}
	for _, m := range s.Media {
		p.Media = append(p.Media, Media{
			Kind: mediaKind(m.Type), URL: firstOf(value(m.URL), value(m.RemoteURL)), Alt: value(m.Description),
		})
	}
	if s.Poll != nil {
		p.Poll = &Poll{Closes: dateTime(value(s.Poll.ExpiresAt))}
		for _, option := range s.Poll.Options {
			p.Poll.Options = append(p.Poll.Options, option.Title)
		}
	}
	if s.Reblog != nil && s.Reblog.whole() {
		p.Quoted, p.Passed = s.Reblog.quoted(address), true
	} else {
		s.addQuote(p, address)
	}
	return p
}

// replyTo makes the address of a status on the same host, which knows by its id
// also those of other hosts.
func (s *mastodonStatus) replyTo(address, id, host string) *Reply {
	reply := &Reply{}
	handle := s.Account.Acct // who replies to oneself mentions nobody
	for _, mention := range s.Mentions {
		if mention.ID == value(s.InReplyToAccountID) {
			handle = mention.Acct
		}
	}
	if !isHandle("@"+handle) || !onlyOf(id, digits+letters, 32) {
		return reply
	}
	reply.Handle = fullHandle(handle, host)
	if u, err := url.Parse(address); err == nil {
		reply.URL = u.Scheme + "://" + u.Host + "/@" + handle + "/" + id
	}
	return reply
}

func (s *mastodonStatus) addQuote(p *Post, address string) {
	if len(s.Quote) == 0 || string(s.Quote) == "null" {
		return
	}
	var quote mastodonQuote
	var status mastodonStatus
	switch {
	case json.Unmarshal(s.Quote, &quote) == nil && quote.Status != nil && quote.Status.whole():
		p.Quoted = quote.Status.quoted(address)
	case json.Unmarshal(s.Quote, &status) == nil && status.whole():
		p.Quoted = status.quoted(address)
	case quote.State != "":
		p.Unquoted = "it is not shown (" + quote.State + ")"
	}
}

// quoted is a post without what it quotes itself.
func (s *mastodonStatus) quoted(address string) *Post {
	inner := *s
	inner.Reblog, inner.Quote = nil, nil
	return inner.post(address)
}

// fullHandle adds the host to a handle of the same host, which has none.
func fullHandle(acct, host string) string {
	switch {
	case acct == "":
		return ""
	case strings.Contains(acct, "@") || host == "":
		return "@" + acct
	}
	return "@" + acct + "@" + host
}

func mediaKind(kind string) string {
	switch kind {
	case "image":
		return "Image"
	case "video", "gifv":
		return "Video"
	case "audio":
		return "Audio"
	}
	return "File"
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// dateTime reads a time of RFC 3339; zero when it is none.
func dateTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1990 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
