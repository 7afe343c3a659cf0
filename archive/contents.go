package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"

	"golang.org/x/sync/semaphore"

	"github.com/walkback-dev/walkback/archive/buffer"
	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/pdf"
	"github.com/walkback-dev/walkback/archive/saved"
	"github.com/walkback-dev/walkback/schemas"
)

// content is a file of a draft: first its bytes, wherever they are, then the blob
// made of them.
type content struct {
	sum  schemas.Digest
	size int64
	from io.ReaderAt
	blob *gitstore.Blob
	free func() // lets go of a blob that other drafts hold too; nil: it is the draft's own
}

// put stages content under a path in the page's folder.
func (d *PageDraft) put(name string, content []byte) schemas.File {
	return d.putFrom(name, int64(len(content)), schemas.DigestOf(content), bytes.NewReader(content))
}

// putFrom stages what from holds until the blob is made. Names that are made of
// the first digits of a digest can be made to collide: other content gets the
// whole digest.
func (d *PageDraft) putFrom(name string, size int64, sum schemas.Digest, from io.ReaderAt) schemas.File {
	return d.putContent(name, &content{sum: sum, size: size, from: from})
}

// putContent stages content in any state, see putFrom. The draft lets go of it.
func (d *PageDraft) putContent(name string, c *content) schemas.File {
	taken := d.files[name]
	if taken != nil && taken.sum != c.sum {
		name = path.Join(path.Dir(name), c.sum.Hex()+path.Ext(name))
		taken = d.files[name]
	}
	if taken != nil && c.free != nil {
		c.free() // it is there
	} else {
		d.files[name] = c
	}
	return schemas.File{File: name, Size: c.size, SHA256: c.sum}
}

// pack makes the blobs of a draft that is to be committed, so that what they are
// made of can go. The error is gitstore.ErrCollision when one of them cannot be
// kept.
func (d *PageDraft) pack(ctx context.Context, buffers *buffer.Pool) error {
	for _, c := range d.files {
		if c.blob != nil {
			continue // made before
		}
		room := buffers.New()
		room.Grow(64 + c.size/3)
		blob, err := gitstore.ReadBlob(ctx, io.NewSectionReader(c.from, 0, c.size), c.size, room)
		if err != nil {
			d.letGo()
			return err
		}
		c.blob, c.from = blob, nil
	}
	return nil
}

// letGo lets go of the draft's files.
func (d *PageDraft) letGo() {
	for _, c := range d.files {
		switch {
		case c.free != nil:
			c.free()
		case c.blob != nil:
			_ = c.blob.Close() // a temporary file
		}
	}
	d.files = nil
}

// refuse makes a failure of a look whose files cannot be kept. Nothing of them
// stays, not even what was said of them.
func (d *PageDraft) refuse(reason, detail string) {
	c := d.Capture
	c.Failure = &schemas.Failure{Reason: reason, Detail: detail}
	c.Head, c.Body, c.Text, c.TextLimit, c.NoText, c.Truncated = nil, nil, nil, 0, "", ""
	c.Resources, c.ResourceHeads, c.ResourcesOmitted = nil, nil, 0
	for i := range c.Hops {
		hop := &c.Hops[i]
		hop.Request, hop.Response, hop.Body, hop.BodyTruncated = nil, nil, nil, ""
		if hop.TLS != nil {
			hop.TLS.Chain = nil
		}
	}
	d.Document, d.FormerDocument = nil, nil
	d.letGo()
}

// reader reads texts, few at a time: what a page is made of takes many times its
// size in memory.
type reader struct{ turn *semaphore.Weighted }

// readAtOnce is how many bytes of payloads are extracted at a time; a larger one
// is extracted alone.
const readAtOnce = 4 << 20

func newReader() *reader { return &reader{turn: semaphore.NewWeighted(readAtOnce)} }

// startSize is how much of a payload is read to see what it is.
const startSize = 80 << 10

// wait returns when it is the turn of a payload of this size, which done ends.
func (r *reader) wait(ctx context.Context, size int64) (done func(), err error) {
	weight := min(max(size, startSize), readAtOnce)
	if err := r.turn.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	return func() { r.turn.Release(weight) }, nil
}

// inputOf is what a payload is read as.
func inputOf(c *schemas.Capture, payload []byte) extract.Input {
	address, contentType := c.FinalURL, c.Body.ContentType
	if address == "" {
		address = c.ClaimedURL
	}
	if contentType == "" {
		contentType = c.Body.MediaType
	}
	return extract.Input{
		Payload: payload, ContentType: contentType, ContentEncoding: c.Body.ContentEncoding,
		URL: address, At: c.CapturedAt.Time(),
	}
}

// wasRead is what a payload says, or why it says nothing.
type wasRead struct {
	document *extract.Document // nil when there is no text
	limit    int64             // how many bytes are read, where the payload has more and was not
	noText   string            // why there is no text, a word of capture.json
}

// read extracts the text of a payload of this size. No more than the beginning is
// read of what is too long or has none.
func (r *reader) read(ctx context.Context, c *schemas.Capture, payload io.Reader, size int64) (wasRead, error) {
	done, err := r.wait(ctx, size)
	if err != nil {
		return wasRead{}, err
	}
	defer done()
	start := make([]byte, min(size, startSize))
	if _, err := io.ReadFull(payload, start); err != nil {
		return wasRead{}, err
	}
	in := inputOf(c, nil)
	limit, read := int64(extract.MaxText), extract.Read
	switch {
	case c.Reader != "":
		read = func(ctx context.Context, in extract.Input) (*extract.Document, error) {
			return readPost(ctx, c, in.Payload)
		}
	case saved.Reads(c.Body.MediaType):
		limit, read = saved.MaxMessage, readSaved
	case pdf.Is(extract.Beginning(start, in.ContentEncoding, startSize)):
		limit, read = pdf.MaxSize, readPDF
	case !extract.MayHaveText(start, in.ContentType, in.ContentEncoding, in.URL):
		return wasRead{}, nil
	}
	if size > limit {
		return wasRead{limit: limit}, nil
	}
	in.Payload = make([]byte, size)
	if _, err := io.ReadFull(payload, in.Payload[copy(in.Payload, start):]); err != nil {
		return wasRead{}, err
	}
	if n, err := payload.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		return wasRead{}, errors.Join(err, errors.New("the payload has not the size that its capture says"))
	}
	document, err := read(ctx, in)
	var over *extract.LimitError
	switch {
	case errors.Is(err, extract.ErrNoText):
		return wasRead{noText: pdf.Reason(err)}, nil
	case errors.As(err, &over) && (over.Limit == extract.MaxText || over.Limit == pdf.MaxSize || over.Limit == saved.MaxMessage):
		return wasRead{limit: over.Limit}, nil
	case over != nil && (over.Limit == extract.MaxBlocks || over.Limit == extract.MaxLines):
		return wasRead{noText: TooManyBlocks}, nil
	case over != nil:
		return wasRead{}, nil
	}
	return wasRead{document: document}, err
}

// readPDF is [extract.Read] for a PDF.
func readPDF(ctx context.Context, in extract.Input) (*extract.Document, error) {
	payload, err := extract.Decode(in.Payload, in.ContentEncoding)
	if err != nil {
		return nil, err
	}
	lines, err := pdf.Read(ctx, payload)
	if err != nil {
		return nil, err
	}
	return extract.ReadPrinted(ctx, lines, in)
}

// TooManyBlocks is said of what has text, but more than [extract.MaxBlocks] blocks or
// [extract.MaxLines] lines.
const TooManyBlocks = "too-many-blocks"

// noTextWords say why a payload has no text.
var noTextWords = map[string]string{
	"encrypted":   "the PDF needs a password",
	"damaged":     "the PDF is damaged, or none after all",
	"pictures":    "the pages of the PDF are pictures: was it scanned?",
	"too-complex": "the PDF takes too much time or memory to read",
	TooManyBlocks: "it has more than the 200,000 paragraphs or million lines that are read",
}

// NoTextWords puts the no_text of a capture in words; "" when there is none.
func NoTextWords(reason string) string { return noTextWords[reason] }

// WhyNoText says why the newest capture of the page has no text, in words; "" when
// it has, or is of no kind that has.
func (p *Page) WhyNoText() string { return NoTextWords(p.Capture.NoText) }
