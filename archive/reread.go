package archive

import (
	"bytes"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// Rereading is what the extractor of this program reads in the payload that a
// page's text.md was made of by another one. It is committed by a draft of kind
// rederive, before a capture that is compared with that text: else stock git
// would show the upgrade as an edit.
type Rereading struct {
	Page  *Page // its newest capture
	Text  []byte
	Entry *schemas.Text // describes Text, and says of which capture it is
}

// Reread returns the rereading that has to come before this look is committed;
// nil when the text.md that it replaces was made by the extractor of this
// program, or is not replaced. standing tells what a document says of itself as a
// publication, see [PageDraft.Describe].
func (d *PageDraft) Reread(standing func(*extract.Document) schemas.ChangeClass) *Rereading {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Before == nil || d.sequence != 0 || d.Document == nil {
		return nil
	}
	was := d.Before.Capture.Text
	if was == nil {
		return nil
	}
	document := d.FormerDocument
	if was.Payload == d.Capture.Body.SHA256 {
		document = d.Document
	}
	if document == nil || was.Extractor == document.Extractor() {
		return nil // the same, or it cannot be read any more: the text of then is all there is
	}
	text := document.Markdown()
	entry := textEntry(document, text)
	entry.CapturedAt, entry.Payload, entry.Sequence = was.CapturedAt, was.Payload, was.Sequence
	entry.Say(standing(document))
	entry.Volatile = was.Volatile
	return &Rereading{Page: d.Before, Text: text, Entry: entry}
}

// stageReread writes the text anew, and the text entry of capture.json.
func (w *writer) stageReread(r *Rereading) error {
	capture := *r.Page.Capture
	capture.Text = r.Entry
	if err := w.batch.Put(r.Page.Folder+"/"+textFile, gitstore.NewBlob(r.Text)); err != nil {
		return err
	}
	return w.putDocument(r.Page.Folder+"/"+captureFile, &capture)
}

// textEntry describes a text.md that the extractor of this program made; whose
// text it is, is left to the caller.
func textEntry(document *extract.Document, text []byte) *schemas.Text {
	entry := &schemas.Text{
		File: textFile, Size: int64(len(text)), SHA256: schemas.DigestOf(text), Extractor: document.Extractor(),
		Charset: plain(document.Charset), CharsetSource: document.CharsetSource,
		Title: plain(document.Title), Byline: plain(document.Byline),
		Published: plain(document.Published), Modified: plain(document.Modified),
		Canonical: plain(document.Canonical), Language: plain(document.Language),
	}
	if len(document.Meta.DOI) > 0 {
		entry.DOI = plain(document.Meta.DOI[0].Value)
	}
	return entry
}

// MayRederive reports whether a newer extractor may change a file of a page's
// folder so: text.md as it likes, capture.json in its text entry only. The zero
// ID stands for no file.
func MayRederive(store *gitstore.Store, file string, before, after gitstore.ID) (bool, error) {
	switch {
	case after.IsZero():
		return false, nil
	case file == textFile:
		return true, nil
	case file != captureFile || before.IsZero():
		return false, nil
	}
	var rest [2][]byte
	for i, id := range []gitstore.ID{before, after} {
		_, data, err := store.Object(id)
		if err != nil {
			return false, err
		}
		capture, err := schemas.Decode[schemas.Capture](data)
		if err != nil {
			return false, err
		}
		capture.Text = nil
		if rest[i], err = schemas.Encode(capture); err != nil {
			return false, err
		}
	}
	return bytes.Equal(rest[0], rest[1]), nil
}
