package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/saved"
	"github.com/walkback-dev/walkback/schemas"
)

// ErrNoMarkup is returned for a page that is not HTML.
var ErrNoMarkup = errors.New("it is no web page")

// Markup returns the payload of the newest capture as HTML in UTF-8, and the
// address that references in it are resolved against. Errors: ErrNoMarkup, perhaps
// wrapped, also when there is no payload; a [*extract.LimitError] for more than
// extract.MaxText bytes.
func (p *Page) Markup() (markup, address string, err error) {
	body := p.Capture.Body
	if body == nil {
		return "", "", fmt.Errorf("%w: there is no payload", ErrNoMarkup)
	}
	limit := int64(extract.MaxText)
	if saved.Reads(body.MediaType) {
		limit = saved.MaxMessage
	}
	if body.Size > limit {
		return "", "", &extract.LimitError{What: "page", Limit: limit}
	}
	stored, err := p.Payload()
	if err != nil {
		return "", "", err
	}
	payload, err := io.ReadAll(stored)
	if err = errors.Join(err, stored.Close()); err != nil {
		return "", "", err
	}
	in := inputOf(p.Capture, payload)
	if saved.Reads(body.MediaType) {
		if in, err = rootOf(in); err != nil {
			return "", "", err
		}
	}
	text, mediaType, err := extract.Characters(in)
	switch {
	case errors.Is(err, extract.ErrNoText), err == nil && !extract.IsPage(mediaType):
		return "", "", fmt.Errorf("%w: %s", ErrNoMarkup, body.MediaType)
	case err != nil:
		return "", "", err
	}
	return text, in.URL, nil
}

// rootOf returns the page that was saved in a message. Mail is none: it is shown by
// its text.
func rootOf(in extract.Input) (extract.Input, error) {
	payload, err := extract.Decode(in.Payload, in.ContentEncoding)
	if err != nil {
		return in, err
	}
	message, err := saved.Read(payload)
	if err != nil || !message.Page || len(message.Texts) == 0 {
		return in, fmt.Errorf("%w: it is a message", ErrNoMarkup)
	}
	root := &message.Texts[0]
	in.Payload, in.ContentType, in.ContentEncoding = root.Content(), root.ContentType, ""
	if root.Location != "" {
		in.URL = root.Location
	}
	return in, nil
}

// DecodedResource opens the payload of a resource without its content-codings, nil
// when none came. Coded ones are held in memory, up to extract.MaxDecoded bytes; what
// cannot be decoded is empty.
func (p *Page) DecodedResource(r *schemas.Resource) (io.ReadCloser, error) {
	stored, err := p.Resource(r)
	if err != nil || stored == nil || r.ContentEncoding == "" {
		return stored, err
	}
	decoded, err := p.decoded(r, stored)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(decoded)), nil
}

func (p *Page) decoded(r *schemas.Resource, stored io.ReadCloser) ([]byte, error) {
	defer stored.Close()
	if r.File.Size > extract.MaxDecoded {
		return nil, nil
	}
	payload, err := io.ReadAll(stored)
	if err != nil {
		return nil, err
	}
	decoded, err := extract.Decode(payload, r.ContentEncoding)
	if err != nil {
		return nil, nil // that is what the server sent
	}
	return decoded, nil
}

// StyleText returns a style sheet in UTF-8, "" when none came or it is no text.
func (p *Page) StyleText(r *schemas.Resource) (string, error) {
	if r.File == nil || r.File.Size > maxSheet {
		return "", nil
	}
	stored, err := p.Resource(r)
	if err != nil {
		return "", err
	}
	payload, err := io.ReadAll(stored)
	if err = errors.Join(err, stored.Close()); err != nil {
		return "", err
	}
	text, _, err := extract.Characters(extract.Input{Payload: payload, ContentType: p.contentType(r), ContentEncoding: r.ContentEncoding})
	if err != nil {
		return "", nil
	}
	return text, nil
}

// contentType returns the Content-Type of a resource with its charset, if the heads
// have it.
func (p *Page) contentType(r *schemas.Resource) string {
	if header := p.resourceHeader(r); header != nil {
		if declared := header.Get("Content-Type"); declared != "" {
			return declared
		}
	}
	return r.MediaType
}
