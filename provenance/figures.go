package provenance

import (
	"errors"
	"io"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
)

// mostFigure bounds a figure that is looked at, in bytes.
const mostFigure = 16 << 20

// figuresOf returns what reads the figures of a stored capture.
func figuresOf(page *archive.Page, document *extract.Document) func() ([]change.Figure, error) {
	return func() ([]change.Figure, error) {
		figures, err := page.Figures(document)
		return describeFigures(figures, document), err
	}
}

// figuresOfDraft is figuresOf for a look.
func figuresOfDraft(page *archive.PageDraft) func() ([]change.Figure, error) {
	return func() ([]change.Figure, error) {
		figures, err := page.Figures()
		return describeFigures(figures, page.Document), err
	}
}

// describeFigures puts figures among the paragraphs of their text.
func describeFigures(figures []archive.Figure, document *extract.Document) []change.Figure {
	var out []change.Figure
	for _, f := range figures {
		described := change.Figure{
			URL: f.URL, Words: f.Alt, Digest: f.Resource.File.SHA256, Size: f.Resource.File.Size,
			Content: func() ([]byte, error) { return contentOf(f) },
		}
		for _, b := range document.Blocks {
			switch {
			case b.Kind == extract.Caption && b.Start >= f.Start && b.End > b.Start && b.End <= f.End:
				described.Words = b.Text
			case b.End > b.Start && b.End <= f.Start:
				described.Before = b.Text
			}
		}
		out = append(out, described)
	}
	return out
}

func contentOf(f archive.Figure) ([]byte, error) {
	if f.Resource.File.Size > mostFigure {
		return nil, nil
	}
	file, err := f.Open()
	if err != nil || file == nil {
		return nil, err
	}
	content, err := io.ReadAll(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	decoded, err := extract.Decode(content, f.Resource.ContentEncoding)
	if err != nil {
		return nil, nil // what cannot be decoded cannot be looked at
	}
	return decoded, nil
}
