package saved

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/extract"
)

// Document returns what a reader sees of the message. address is where relative
// links of a page are resolved against, when the message does not say that itself;
// at is when it was taken in. Errors: those of [extract.Read].
func (m *Message) Document(ctx context.Context, address string, at time.Time) (*extract.Document, error) {
	if m.Page {
		return m.page(ctx, address, at)
	}
	return m.mail(ctx, at)
}

// page reads the root of a saved page as the page that it is.
func (m *Message) page(ctx context.Context, address string, at time.Time) (*extract.Document, error) {
	if len(m.Texts) == 0 {
		return nil, extract.ErrNoText
	}
	if m.URL != "" {
		address = m.URL
	}
	root := &m.Texts[0]
	document, err := extract.Read(ctx, extract.Input{Payload: root.Content(), ContentType: root.ContentType, URL: address, At: at})
	if err != nil {
		return nil, err
	}
	if document.Title == "" {
		document.Title = m.Subject
	}
	document.Displace()
	return document, nil
}

// mail writes the mail as a text.
func (m *Message) mail(ctx context.Context, at time.Time) (*extract.Document, error) {
	from := m.head.people("From")
	c := extract.Composition{Title: m.Subject, Byline: from, Root: "mail", MediaType: "message/rfc822", At: at}
	line := func(kind extract.Kind, label, value string) {
		if value != "" {
			c.Pieces = append(c.Pieces, extract.Piece{Kind: kind, Text: label + ": " + value})
		}
	}
	line(extract.Byline, "From", from)
	line(extract.Paragraph, "To", m.head.people("To"))
	line(extract.Paragraph, "Cc", m.head.people("Cc"))
	if !m.Date.IsZero() {
		c.Published = m.Date.Format(time.RFC3339)
		line(extract.Date, "Date", m.Date.Format("2006-01-02 15:04:05 -0700"))
	}
	heads, size := len(c.Pieces), 0
	for i := range m.Texts {
		part := &m.Texts[i]
		if size += len(part.raw); size > extract.MaxText {
			return nil, &extract.LimitError{What: "text of the mail", Limit: extract.MaxText}
		}
		text, mediaType, err := extract.Characters(extract.Input{Payload: part.Content(), ContentType: part.ContentType})
		switch {
		case err != nil: // nothing of it can be shown
		case extract.IsPage(mediaType):
			c.Pieces = append(c.Pieces, extract.Piece{HTML: text})
		default:
			c.Pieces = append(c.Pieces, extract.Piece{Text: text, Wrapped: true})
		}
	}
	if len(m.Attachments) > 0 {
		c.Pieces = append(c.Pieces, extract.Piece{Text: "Attachments:"})
	}
	for i := range m.Attachments[:min(len(m.Attachments), maxListed)] {
		c.Pieces = append(c.Pieces, extract.Piece{Kind: extract.Item, Text: m.Attachments[i].describe()})
	}
	if len(c.Pieces) == heads && m.Subject == "" {
		return nil, extract.ErrNoText
	}
	return c.Document(ctx)
}

// maxListed is how many attachments are described.
const maxListed = 500

// describe names an attachment, so that a file can be known as it.
func (p *Part) describe() string {
	content := p.Content()
	name := p.Name
	if name == "" {
		name = "without a name"
	}
	return fmt.Sprintf("%s (%s, %d bytes, sha256:%x)", strings.Join(strings.Fields(name), " "), p.MediaType, len(content), sha256.Sum256(content))
}
