package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Name identifies the extractor, its version and its options. Two texts may be
// compared only if they were made under one name: any change that can alter
// the output of [Read], [Document.Markdown] or [Document.Text] for some input
// changes the name. So does a change of packages social and saved that alters the
// documents which they make of payloads.
const Name = "extract/5"

// ErrNoText is returned for a payload that has no readable text: an image, a
// PDF, an archive, an empty body, or bytes that only claim to be text.
var ErrNoText = errors.New("payload has no readable text")

// A LimitError says that a payload is beyond a limit that protects the reader.
type LimitError struct {
	What  string // what is too large, "decoded payload"
	Limit int64  // the limit, in bytes unless What says otherwise
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s is beyond the limit of %d", e.What, e.Limit)
}

// An Input is a payload as it was received, with what is known about it.
type Input struct {
	Payload         []byte    // transfer-coding removed, content-coding kept
	ContentType     string    // value of the Content-Type field, or a media type, or empty
	ContentEncoding string    // value of the Content-Encoding field, or empty
	URL             string    // final address, which relative links are resolved against; may be empty
	At              time.Time // when the payload was fetched: no date of the page is later
}

// A Document is what a reader sees of a payload. All strings are NFC, without
// control characters, in the display form of textdiff.
type Document struct {
	MediaType     string // what the payload was read as, such as "text/html"
	Charset       string // WHATWG name, such as "utf-8"
	CharsetSource string // who said so: "bom", "http", "meta" or "sniff"

	Title     string
	Byline    string // names, joined by ", "
	Published string // RFC 3339 with the zone as stated, or YYYY-MM-DD where no time or no zone was stated
	Modified  string
	Canonical string // absolute address, as stated by the page
	Language  string // BCP 47, as stated by the page
	Meta      Meta   // all that the page states of these, and who states it

	Blocks  []Block  // of the article, in reading order
	Outside []Block  // what a reader sees around the article: menus, boxes, comments, footers
	Links   []Link   // of the article, in reading order
	Quoted  []Quoted // what elements of the article say is quoted, in reading order
	Notices []Notice // in which the page tells its readers that it was changed, in reading order

	// Veiled are the mail addresses of the text that the page hides from programs
	// and has a script show to readers; the blocks have them as readers see them.
	Veiled []string

	// Root names the element that was read as the article, by the names of the
	// elements around it; "" where there is no element. Edits of the text leave
	// it as it is; texts of two roots are no two versions of one text. It is
	// "json-ld articleBody" where the page itself has no text.
	Root string

	// Composed says that the document was made of parts that are known, as what the
	// API of a service says of a post: it and the page are no two versions of one text.
	Composed bool
}

// A Kind says what a block is.
type Kind uint8

// The kinds of block.
const (
	Paragraph Kind = iota
	Heading
	Item       // of a list
	Quotation  // a paragraph of a quotation set off from the text
	Code       // preformatted text; line ends and spaces are kept
	Row        // of a table; cells are joined by " | "
	Caption    // of a figure or table
	Headline   // the heading that says the title
	Dek        // an introduction between the headline and the text
	Byline     // a line that says who wrote the text
	Date       // a line that says when the text was changed
	NoticeText // a paragraph in which the page tells its readers that it was changed
)

// String returns the name of the kind in lower case.
func (k Kind) String() string {
	names := [...]string{
		"paragraph", "heading", "item", "quotation", "code", "row", "caption",
		"headline", "dek", "byline", "date", "notice",
	}
	if int(k) >= len(names) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return names[k]
}

// A Block is a paragraph or its like. A line feed in its text is a line break
// that the page makes.
type Block struct {
	Kind  Kind
	Level uint8 // of a heading or headline, 1 to 6; of an item, 1 for the outermost list; else 0
	Text  string

	// Start and End are the range of bytes of the decoded payload (see [Decode])
	// that the text was made from, from its first character to its last, markup
	// in between included. Both are 0 where it could not be found.
	Start, End int
}

// A Link is a reference from the text, mostly to another resource.
type Link struct {
	URL   string // absolute, WHATWG serialisation; http, https or mailto
	Text  string // the words that carry it, or the alternative text of an image
	Block int    // index of the block in which it stands
	Here  bool   // it leads to a place on the page itself
}

// IsReference reports whether the link leads to another page.
func (l Link) IsReference() bool { return !l.Here && !strings.HasPrefix(l.URL, "mailto:") }

// Read extracts the readable text of a payload. It returns [ErrNoText] (perhaps
// wrapped) when there is none, a [*LimitError] when the decoded payload has more
// than [MaxText] bytes, or the text more than [MaxBlocks] blocks or [MaxLines] lines,
// and the error of ctx when that ends. A fault inside a third-party parser is returned as an error.
func Read(ctx context.Context, in Input) (doc *Document, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("reading payload: parser fault: %v", p)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	body, err := decodeUpTo(MaxText, in.Payload, in.ContentEncoding)
	if err != nil {
		return nil, fmt.Errorf("removing content-coding %q: %w", in.ContentEncoding, err)
	}
	mediaType, declared, err := readAs(body, in.ContentType, in.URL)
	if err != nil {
		return nil, err
	}
	decoded, err := decodeText(body, mediaType, declared)
	if err != nil {
		return nil, err
	}
	if len(decoded.text) > MaxText {
		return nil, &LimitError{"text in UTF-8", MaxText} // up to three times the payload
	}
	in.Payload = nil // the text takes as much, and what is made of it many times that
	text := decoded.text
	doc = &Document{MediaType: mediaType, Charset: decoded.charset, CharsetSource: decoded.source}
	switch {
	case isHTML(mediaType):
		err = doc.readHTML(ctx, text, in)
	case isMarkdown(mediaType):
		err = doc.readMarkdown(text, in)
	default:
		err = doc.readPlain(text, in)
	}
	if err != nil {
		return nil, err
	}
	if len(doc.Blocks) == 0 && doc.Title == "" {
		return nil, ErrNoText
	}
	if doc.lines() > MaxLines {
		return nil, &LimitError{What: "number of lines of text", Limit: MaxLines}
	}
	doc.pointInto(decoded)
	return doc, nil
}

// lines returns how many lines the blocks have.
func (d *Document) lines() (n int) {
	for _, blocks := range [][]Block{d.Blocks, d.Outside} {
		for _, b := range blocks {
			n += 1 + strings.Count(b.Text, "\n")
		}
	}
	return n
}

// Text returns the text of the blocks, one block a paragraph, without headline,
// markers and links: what a search index or a word count needs.
func (d *Document) Text() string {
	parts := make([]string, 0, len(d.Blocks))
	for _, b := range d.Blocks {
		if b.Kind != Headline {
			parts = append(parts, b.Text)
		}
	}
	return strings.Join(parts, "\n\n")
}

// display returns the display form of a line of text.
func display(s string) string { return textdiff.DisplayText(s) }
