package archive

import (
	"errors"
	"io"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/resource"
	"github.com/walkback-dev/walkback/schemas"
)

// Figure is an image, a film or a sound of the text of a page, and what came when
// it was asked for.
type Figure struct {
	resource.Figure
	Resource *schemas.Resource             // has a File
	Open     func() (io.ReadCloser, error) // its payload, as received
}

// Figures returns the figures of the newest capture of the page, whose document
// this is.
func (p *Page) Figures(document *extract.Document) ([]Figure, error) {
	return figuresOf(p.Capture, document, p.Payload, p.Resource)
}

// Figures returns the figures of a look whose Document was read.
func (d *PageDraft) Figures() ([]Figure, error) {
	open := func(file string) (io.ReadCloser, error) {
		c := d.files[file]
		if c == nil || c.blob == nil {
			return nil, nil
		}
		return c.blob.Open()
	}
	return figuresOf(d.Capture, d.Document,
		func() (io.ReadCloser, error) { return open(d.Capture.Body.File) },
		func(r *schemas.Resource) (io.ReadCloser, error) { return open(r.File.File) })
}

func figuresOf(c *schemas.Capture, document *extract.Document, payload func() (io.ReadCloser, error), open func(*schemas.Resource) (io.ReadCloser, error)) ([]Figure, error) {
	came := map[string]*schemas.Resource{}
	for i := range c.Resources {
		r := &c.Resources[i]
		if r.File != nil && r.Truncated == "" && (r.Kind == schemas.ResourceImage || r.Kind == schemas.ResourceMedia) {
			came[r.URL] = r
		}
	}
	if len(came) == 0 || document == nil || c.Body == nil || !extract.IsPage(document.MediaType) {
		return nil, nil
	}
	body, err := payload()
	if err != nil || body == nil {
		return nil, err
	}
	page, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	if page, err = extract.Decode(page, c.Body.ContentEncoding); err != nil {
		return nil, nil // what cannot be decoded any more has no figures
	}
	var figures []Figure
	for _, f := range resource.FiguresOf(page, c.FinalURL, rangesOf(document.Blocks), rangesOf(document.Outside)) {
		if r := came[f.URL]; r != nil {
			figures = append(figures, Figure{Figure: f, Resource: r, Open: func() (io.ReadCloser, error) { return open(r) }})
		}
	}
	return figures, nil
}

// rangesOf returns where blocks were made from.
func rangesOf(blocks []extract.Block) []resource.Range {
	var ranges []resource.Range
	for _, b := range blocks {
		if b.End > b.Start {
			ranges = append(ranges, resource.Range{Start: b.Start, End: b.End})
		}
	}
	return ranges
}
