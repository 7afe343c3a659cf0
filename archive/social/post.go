package social

import (
	"context"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/extract"
)

// Post is a post as its service tells it.
type Post struct {
	Service  string // its reader without the version
	URL      string // as the service says; may be empty
	Title    string // of services whose posts have one
	Author   Author
	Created  time.Time // zero: unknown
	Edited   time.Time // zero: never, or unknown
	Language string    // as stated
	Warning  string    // put before the text
	HTML     string    // the text, or
	Text     string    // the text
	Links    []Link    // of Text
	Link     *Link     // what the post is about
	Media    []Media
	Poll     *Poll
	ReplyTo  *Reply
	Quoted   *Post  // the post that it quotes or passes on
	Passed   bool   // Quoted is passed on, not quoted
	Unquoted string // why the quoted post cannot be shown
}

// Author is who wrote a post.
type Author struct {
	Name   string // as displayed; may be empty
	Handle string // @ada@quay.example, u/ada
	URL    string
}

// String returns name and handle.
func (a Author) String() string {
	switch {
	case a.Name == "" || a.Name == a.Handle:
		return a.Handle
	case a.Handle == "":
		return a.Name
	}
	return a.Name + " (" + a.Handle + ")"
}

// Link is an address with its words.
type Link struct {
	URL, Text, Description string
}

// Media is a picture, film or sound of a post.
type Media struct {
	Kind string // Image, Video, Audio, File
	URL  string
	Alt  string // the words that describe it
}

// Poll is a poll without its votes.
type Poll struct {
	Options []string
	Closes  time.Time // zero: never, or unknown
}

// Reply says what a post replies to.
type Reply struct {
	URL    string // may be empty
	Handle string // of the author; may be empty
}

// The bounds of what is written of a post.
const (
	maxMedia   = 100
	maxOptions = 100
	maxLinks   = 200 // of plain text
)

// Document writes the post as a text. address is that of the page, and at when it
// was fetched. The errors are those of [extract.Composition.Document].
func (p *Post) Document(ctx context.Context, address string, at time.Time) (*extract.Document, error) {
	c := extract.Composition{
		Title: p.title(), Byline: p.Author.String(), Published: stamp(p.Created), Modified: stamp(p.Edited),
		Language: p.Language, Root: p.Service + " post", MediaType: "application/json", URL: address, At: at,
	}
	if line := p.Author.String(); line != "" {
		c.Pieces = append(c.Pieces, extract.Piece{Kind: extract.Byline, Text: line})
	}
	if line := p.times(); line != "" {
		c.Pieces = append(c.Pieces, extract.Piece{Kind: extract.Date, Text: line})
	}
	if r := p.ReplyTo; r != nil {
		c.Pieces = append(c.Pieces, linked("In reply to "+firstOf(r.Handle, r.URL, "another post"), r.URL))
	}
	if p.Warning != "" {
		c.Pieces = append(c.Pieces, extract.Piece{Text: "Content warning: " + p.Warning})
	}
	c.Pieces = append(c.Pieces, p.body(extract.Paragraph)...)
	c.Pieces = append(c.Pieces, p.quotedPieces()...)
	return c.Document(ctx)
}

// title is what to call a post that has none: the author by the handle, which
// stays when the name that is shown does not.
func (p *Post) title() string {
	if p.Title != "" {
		return p.Title
	}
	return "Post by " + firstOf(p.Author.Handle, p.Author.Name, "somebody")
}

func (p *Post) times() string {
	if p.Created.IsZero() {
		return ""
	}
	line := p.Created.UTC().Format("2006-01-02 15:04:05 UTC")
	if !p.Edited.IsZero() {
		line += ", edited " + p.Edited.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return line
}

// body writes the text and what is attached to it.
func (p *Post) body(kind extract.Kind) []extract.Piece {
	var pieces []extract.Piece
	if p.HTML != "" {
		pieces = append(pieces, extract.Piece{Kind: kind, HTML: p.HTML})
	} else if p.Text != "" {
		piece := extract.Piece{Kind: kind, Text: p.Text}
		for _, link := range p.Links {
			piece.Links = append(piece.Links, extract.Link{URL: link.URL, Text: link.Text})
		}
		pieces = append(pieces, piece)
	}
	if l := p.Link; l != nil {
		words := firstOf(l.Text, l.URL)
		piece := linked("Link: "+words, l.URL)
		if piece.Kind = kind; l.Description != "" {
			piece.Text += " — " + l.Description
		}
		pieces = append(pieces, piece)
	}
	if p.Poll != nil {
		pieces = append(pieces, p.Poll.pieces(kind)...)
	}
	for _, m := range p.Media[:min(len(p.Media), maxMedia)] {
		piece := linked(m.Kind+": "+firstOf(m.Alt, "without a description"), m.URL)
		piece.Kind = kind
		pieces = append(pieces, piece)
	}
	return pieces
}

func (p *Poll) pieces(kind extract.Kind) []extract.Piece {
	head := "Poll:"
	if !p.Closes.IsZero() {
		head = "Poll, open until " + p.Closes.UTC().Format("2006-01-02 15:04:05 UTC") + ":"
	}
	pieces := []extract.Piece{{Kind: kind, Text: head}}
	for _, option := range p.Options[:min(len(p.Options), maxOptions)] {
		item := extract.Item
		if kind == extract.Quotation {
			item = kind
		}
		pieces = append(pieces, extract.Piece{Kind: item, Text: option})
	}
	return pieces
}

// quotedPieces writes the post that is quoted; what that one quotes is left to it.
func (p *Post) quotedPieces() []extract.Piece {
	switch q := p.Quoted; {
	case q != nil:
		words := "Quoted post by "
		if p.Passed {
			words = "Passes on a post by "
		}
		head := linked(words+firstOf(q.Author.String(), "somebody")+":", q.URL)
		return append([]extract.Piece{head}, q.body(extract.Quotation)...)
	case p.Unquoted != "":
		return []extract.Piece{{Text: "Quoted post: " + p.Unquoted}}
	}
	return nil
}

// linked is a line that leads to an address.
func linked(line, address string) extract.Piece {
	piece := extract.Piece{Text: strings.Join(strings.Fields(line), " ")}
	if address != "" {
		piece.Links = []extract.Link{{URL: address, Text: piece.Text}}
	}
	return piece
}

func firstOf(words ...string) string {
	for _, w := range words {
		if strings.TrimSpace(w) != "" {
			return w
		}
	}
	return ""
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
