package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"github.com/walkback-dev/walkback/archive/access"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/saved"
	"github.com/walkback-dev/walkback/schemas"
)

// Given is a post handed in as a file.
type Given struct {
	Content     []byte
	MediaType   string // text/plain, text/markdown, text/html, application/pdf, multipart/related, message/rfc822
	ClaimedURL  string // where the post is said to stand; empty: where the file says so
	ClaimedDate string // when it is said to be from; likewise
}

// ErrNoText is returned for a file that cannot be a post, since nothing in it
// can be read.
var ErrNoText = errors.New("the file holds no text")

// Give takes a post handed in as a file.
func (r *Run) Give(ctx context.Context, ref PageRef, given Given) (*PageDraft, error) {
	return r.once(ctx, ref, func() (*PageDraft, error) {
		before, err := r.before(ref)
		if err != nil {
			return nil, err
		}
		if recorded, err := r.recorded(before); recorded != nil || err != nil {
			return recorded, err
		}
		d := &PageDraft{PageRef: ref, Before: before, files: map[string]*content{}}
		c := r.newCapture(ref, schemas.Given, r.options.Now(), 0)
		d.Capture = c
		c.ClaimedURL, c.ClaimedDate = given.ClaimedURL, given.ClaimedDate
		c.Access = schemas.Access{
			Outcome: schemas.Served, Rule: "given", Confidence: schemas.Certain,
			Evidence: []string{fmt.Sprintf("handed in as a file of %d bytes", len(given.Content))},
		}
		if len(given.Content) == 0 {
			return nil, ErrNoText
		}
		d.addClaims(&given)
		payload := bytes.NewReader(given.Content)
		d.addBody(payload, payload.Size(), schemas.DigestOf(given.Content), given.Content, http.Header{"Content-Type": {given.MediaType}})
		if err := r.read(ctx, d, payload, &access.Answer{}); err != nil {
			return nil, err
		}
		if err := r.finish(ctx, d); err != nil {
			return nil, fmt.Errorf("keeping post: %w", err)
		}
		if !d.AsBefore && d.Document == nil {
			d.release()
			if c.TextLimit > 0 {
				return nil, fmt.Errorf("a post is read whole: %w", &extract.LimitError{What: "the file", Limit: c.TextLimit})
			}
			if why := noTextWords[c.NoText]; why != "" {
				return nil, fmt.Errorf("%w: %s", ErrNoText, why)
			}
			return nil, ErrNoText
		}
		return d, nil
	})
}

// addClaims fills in what the file says of itself and nobody else has said, and
// keeps the parts of a saved page as what the page is made of.
func (d *PageDraft) addClaims(given *Given) {
	c := d.Capture
	claims := saved.Claims{}
	if saved.Reads(given.MediaType) {
		message, err := saved.Read(given.Content)
		if err != nil {
			return // there is no text either
		}
		claims = message.Claims()
		for _, domain := range message.Signers {
			c.Access.Evidence = append(c.Access.Evidence, plain("it has a DKIM-Signature of "+domain+", which was not verified"))
		}
		d.addParts(message)
	} else {
		claims = saved.ClaimsOf(given.MediaType, given.Content)
	}
	if ref, err := PageAt(claims.URL); err == nil && c.ClaimedURL == "" {
		c.ClaimedURL = ref.Name
		c.Access.Evidence = append(c.Access.Evidence, "the file says that it was saved from "+ref.Name)
	}
	if claims.Date != "" && c.ClaimedDate == "" {
		c.ClaimedDate = claims.Date
		c.Access.Evidence = append(c.Access.Evidence, "the file says that it is from "+claims.Date)
	}
}

// addParts keeps the resources in a message under their addresses: the place on the
// web that a part gives, or cid: and its id (RFC 2392).
func (d *PageDraft) addParts(message *saved.Message) {
	c := d.Capture
	for i := range message.Resources {
		part := &message.Resources[i]
		address := partAddress(part)
		content := part.Content()
		switch {
		case address == "" || len(content) == 0:
		case len(c.Resources) == maxListed:
			c.ResourcesOmitted++
		default:
			file := d.put(resourceFile(schemas.DigestOf(content), part.MediaType), content)
			c.Resources = append(c.Resources, schemas.Resource{URL: address, Kind: partKind(part.MediaType), MediaType: plain(part.MediaType), File: &file})
		}
	}
}

func partAddress(part *saved.Part) string {
	if ref, err := PageAt(part.Location); err == nil {
		return ref.Name
	}
	// Browsers give style sheets a place that is an id.
	if address, err := whatwg.Parse(part.Location); err == nil && address.Scheme() == "cid" && len(part.Location) < 1000 {
		return address.Href(true)
	}
	if len(part.ID) > 0 && len(part.ID) < 1000 {
		return "cid:" + url.PathEscape(part.ID)
	}
	return ""
}

func partKind(mediaType string) schemas.ResourceKind {
	family, sub, _ := strings.Cut(mediaType, "/")
	switch {
	case sub == "css":
		return schemas.ResourceStyle
	case family == "image":
		return schemas.ResourceImage
	case family == "font" || strings.Contains(sub, "font"):
		return schemas.ResourceFont
	case family == "audio" || family == "video":
		return schemas.ResourceMedia
	case sub == "javascript" || sub == "x-javascript":
		return schemas.ResourceScript
	case sub == "html" || sub == "xhtml+xml":
		return schemas.ResourceDocument
	}
	return schemas.ResourceOther
}

// readSaved is [extract.Read] for a saved page and for mail.
func readSaved(ctx context.Context, in extract.Input) (*extract.Document, error) {
	payload, err := extract.Decode(in.Payload, in.ContentEncoding)
	if err != nil {
		return nil, err
	}
	message, err := saved.Read(payload)
	if err != nil {
		return nil, extract.ErrNoText
	}
	return message.Document(ctx, in.URL, in.At)
}
