package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// Page is a page as one snapshot has it: its newest capture then.
type Page struct {
	PageRef
	Snapshot *Snapshot
	Capture  *schemas.Capture
	tree     gitstore.ID // the page's folder
	blob     gitstore.ID // capture.json
}

// DigestError is returned for stored bytes that are not those that
// capture.json vouches for. They are never returned with it.
type DigestError struct {
	Path      string
	Got, Want schemas.Digest
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s has %s, but its capture.json says %s", e.Path, e.Got, e.Want)
}

func (s *Snapshot) readPage(folder string, tree gitstore.ID) (*Page, error) {
	capture, ref, blob, err := readFolder(s.archive.store, folder, tree)
	if err != nil {
		return nil, err
	}
	return &Page{PageRef: ref, Snapshot: s, Capture: capture, tree: tree, blob: blob}, nil
}

// ReadFolder returns the capture of a page's folder. A capture that belongs in
// another folder is an error.
func ReadFolder(store *gitstore.Store, folder string, tree gitstore.ID) (*schemas.Capture, error) {
	capture, _, _, err := readFolder(store, folder, tree)
	return capture, err
}

func readFolder(store *gitstore.Store, folder string, tree gitstore.ID) (*schemas.Capture, PageRef, gitstore.ID, error) {
	wrap := func(err error) (*schemas.Capture, PageRef, gitstore.ID, error) {
		return nil, PageRef{}, gitstore.ID{}, fmt.Errorf("reading %s/%s: %w", folder, captureFile, err)
	}
	entry, err := store.Lookup(tree, captureFile)
	if err != nil {
		return wrap(err)
	}
	_, data, err := store.Object(entry.ID)
	if err != nil {
		return wrap(err)
	}
	capture, err := schemas.Decode[schemas.Capture](data)
	if err != nil {
		return wrap(err)
	}
	ref, err := PageNamed(capture.URL)
	if err != nil {
		return wrap(err)
	}
	if ref.Folder != folder {
		return wrap(fmt.Errorf("it is a capture of another page: %s", capture.URL))
	}
	return capture, ref, entry.ID, nil
}

// file reads one file of the page's folder.
func (p *Page) file(name string) ([]byte, error) {
	store := p.Snapshot.archive.store
	entry, err := store.Lookup(p.tree, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", p.Folder, name, err)
	}
	_, data, err := store.Object(entry.ID)
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", p.Folder, name, err)
	}
	return data, nil
}

// checked reads one file and holds it to the digest that capture.json gives.
// The error is a *[WithheldError] for a file that was taken out on record.
func (p *Page) checked(name string, want schemas.Digest) ([]byte, error) {
	if err := p.ifWithheld(name, want); err != nil {
		return nil, err
	}
	data, err := p.file(name)
	if err != nil {
		return nil, err
	}
	if got := schemas.DigestOf(data); got != want {
		return nil, &DigestError{Path: p.Folder + "/" + name, Got: got, Want: want}
	}
	return data, nil
}

// optional decodes a document of the folder; nil when it is not there.
func optional[T schemas.Document](p *Page, name string) (*T, error) {
	data, err := p.file(name)
	if errors.Is(err, gitstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := schemas.Decode[T](data)
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", p.Folder, name, err)
	}
	return doc, nil
}

// Post returns the page's sources, nil when it was never captured as a post.
func (p *Page) Post() (*schemas.Post, error) { return optional[schemas.Post](p, postFile) }

// Untracked says since when check passes the page over, nil when it does not.
func (p *Page) Untracked() (*schemas.Untracked, error) {
	return optional[schemas.Untracked](p, untrackedFile)
}

// Retractions returns what a list of retractions says of the page's
// publication, nil when nothing was imported about it.
func (p *Page) Retractions() (*schemas.Retractions, error) {
	return optional[schemas.Retractions](p, retractionsFile)
}

// Text returns text.md, nil when the newest served capture has none, or it was
// withheld.
func (p *Page) Text() ([]byte, error) {
	if p.Capture.Text == nil {
		return nil, nil
	}
	return unlessWithheld(p.checked(textFile, p.Capture.Text.SHA256))
}

// Payload opens the payload of the newest capture as received, nil when nothing
// came back. The error is a *[WithheldError] when it was taken out on record. Reading it ends with an error in place of io.EOF when it is not what
// capture.json vouches for; its last bytes are not returned then. The caller
// closes it.
func (p *Page) Payload() (io.ReadCloser, error) {
	body := p.Capture.Body
	if body == nil {
		return nil, nil
	}
	return p.open(schemas.File{File: body.File, Size: body.Size, SHA256: body.SHA256})
}

// Resource opens the payload of a resource of the newest capture as received, nil
// when none came. It is read and closed as [Page.Payload] is.
func (p *Page) Resource(r *schemas.Resource) (io.ReadCloser, error) {
	if r.File == nil {
		return nil, nil
	}
	return p.open(*r.File)
}

func (p *Page) open(f schemas.File) (io.ReadCloser, error) {
	if err := p.ifWithheld(f.File, f.SHA256); err != nil {
		return nil, err
	}
	store, file := p.Snapshot.archive.store, p.Folder+"/"+f.File
	entry, err := store.Lookup(p.tree, f.File)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	object, err := store.Open(entry.ID)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return &payload{ObjectReader: object, file: file, left: f.Size, sum: sha256.New(), want: f.SHA256}, nil
}

// payload reads a stored payload.
type payload struct {
	*gitstore.ObjectReader
	file string
	left int64
	sum  hash.Hash
	want schemas.Digest
}

func (p *payload) Read(b []byte) (int, error) {
	n, err := p.ObjectReader.Read(b)
	p.sum.Write(b[:n])
	p.left -= int64(n)
	if p.left <= 0 && (n > 0 || err == io.EOF) {
		if got := schemas.Digest(p.sum.Sum(nil)); got != p.want || p.left < 0 {
			return 0, &DigestError{Path: p.file, Got: got, Want: p.want}
		}
	}
	switch {
	case err == io.EOF && p.left > 0:
		return n, &DigestError{Path: p.file, Got: schemas.Digest(p.sum.Sum(nil)), Want: p.want}
	case err != nil && err != io.EOF:
		return n, fmt.Errorf("reading %s: %w", p.file, err)
	}
	return n, err
}

// Heads returns head.http: the heads of every hop, nil for a given post.
func (p *Page) Heads() ([]byte, error) {
	if p.Capture.Head == nil {
		return nil, nil
	}
	return p.checked(headFile, p.Capture.Head.SHA256)
}

// Picture returns the picture of a page that a browser showed, in PNG; nil when
// there is none.
func (p *Page) Picture() ([]byte, error) {
	if len(p.Capture.Screenshots) == 0 {
		return nil, nil
	}
	return p.checked(p.Capture.Screenshots[0].File, p.Capture.Screenshots[0].SHA256)
}

// State returns what a change says of the page's newest capture.
func (p *Page) State() schemas.State { return stateOf(p.Capture) }

func stateOf(c *schemas.Capture) schemas.State {
	state := schemas.State{Sequence: c.Sequence, CapturedAt: c.CapturedAt, Outcome: c.Access.Outcome, FinalURL: c.FinalURL}
	if c.Body != nil {
		state.Payload = c.Body.SHA256
	}
	return state
}

// Served returns the page at its newest served capture: itself, or an earlier
// snapshot's; nil when it was never served.
func (p *Page) Served(ctx context.Context) (*Page, error) {
	if p.Capture.Access.Outcome == schemas.Served {
		return p, nil
	}
	if p.Capture.LastServed == nil {
		return nil, nil
	}
	snapshot, err := p.Snapshot.archive.At(ctx, p.Capture.LastServed.Sequence)
	if err != nil {
		return nil, err
	}
	page, err := snapshot.Page(p.PageRef)
	if err != nil {
		return nil, err
	}
	// It says so itself, and no index has to be trusted for it.
	if page.State() != *p.Capture.LastServed {
		return nil, fmt.Errorf("%s says it was last served in snapshot %d, which has another capture (%s)",
			p.Folder, p.Capture.LastServed.Sequence, page.Capture.Access.Outcome)
	}
	return page, nil
}

// Document extracts the payload again with the extractor of this program, so
// that two versions are never compared across extractors. It is nil when the
// payload has no text, or was withheld.
func (p *Page) Document(ctx context.Context) (*extract.Document, error) {
	payload, err := unlessWithheld(p.Payload())
	if err != nil || payload == nil {
		return nil, err
	}
	was, err := p.Snapshot.archive.reader.read(ctx, p.Capture, payload, p.Capture.Body.Size)
	return was.document, errors.Join(err, payload.Close())
}
