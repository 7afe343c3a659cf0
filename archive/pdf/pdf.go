package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"github.com/walkback-dev/walkback/archive/extract"
)

// The reasons why a PDF has no text. All wrap [extract.ErrNoText].
var (
	ErrEncrypted  = noText("it needs a password")
	ErrDamaged    = noText("it is damaged, or no PDF after all")
	ErrPictures   = noText("no text: scanned?")
	ErrTooComplex = noText("it takes too much time or memory to read")
)

func noText(why string) error { return fmt.Errorf("PDF: %s: %w", why, extract.ErrNoText) }

// Reason returns the word of capture.json for why a PDF has no text, "" for an error
// that is none of this package.
func Reason(err error) string {
	switch {
	case errors.Is(err, ErrEncrypted):
		return "encrypted"
	case errors.Is(err, ErrDamaged):
		return "damaged"
	case errors.Is(err, ErrPictures):
		return "pictures"
	case errors.Is(err, ErrTooComplex):
		return "too-complex"
	}
	return ""
}

// The limits on a document.
const (
	maxTime  = time.Minute
	maxPages = 5000
	maxLines = 400_000
	// MaxSize is the size of the largest PDF that is read, in bytes.
	MaxSize = 64 << 20
)

// Is reports whether a payload that begins so is a PDF. Programs accept up to a
// kilobyte before the mark.
func Is(start []byte) bool { return bytes.Contains(start[:min(len(start), 1024)], []byte("%PDF-")) }

// Read returns the lines of a PDF. Errors: those of this package, a
// [*extract.LimitError] for a document that is too long, that of ctx, and what
// keeps the sandbox from starting.
func Read(ctx context.Context, payload []byte) (*extract.Printed, error) {
	if len(payload) > MaxSize {
		return nil, &extract.LimitError{What: "PDF", Limit: MaxSize}
	}
	var printed *extract.Printed
	late, err := sandboxed(ctx, maxTime, func(ctx context.Context, instance pdfium.Pdfium) (err error) {
		printed, err = read(ctx, instance, payload)
		return err
	})
	var over *extract.LimitError
	switch {
	case err == nil:
		return printed, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case late:
		return nil, ErrTooComplex
	case isFault(err):
		return nil, ErrTooComplex
	case errors.Is(err, extract.ErrNoText), errors.As(err, &over), errors.Is(err, errSandbox):
		return nil, err
	}
	return nil, fmt.Errorf("%w (%v)", ErrDamaged, err)
}

// isFault reports whether an error is that the sandboxed code gave up, which it does
// when its memory or its stack is full.
func isFault(err error) bool { return strings.Contains(err.Error(), "wasm error") }

// faultOnly leaves out what is wrong with one page of a document.
func faultOnly(err error) error {
	if isFault(err) {
		return err
	}
	return nil
}

func read(ctx context.Context, instance pdfium.Pdfium, payload []byte) (*extract.Printed, error) {
	opened, err := instance.FPDF_LoadMemDocument64(&requests.FPDF_LoadMemDocument64{Data: &payload})
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return nil, ErrEncrypted
	case errors.Is(err, pdfiumerrors.ErrFormat), errors.Is(err, pdfiumerrors.ErrFile):
		return nil, ErrDamaged
	case err != nil:
		return nil, err
	}
	f := file{instance: instance, document: opened.Document}
	count, err := instance.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: f.document})
	if err != nil {
		return nil, err
	}
	if count.PageCount > maxPages {
		return nil, &extract.LimitError{What: "number of pages", Limit: maxPages}
	}
	printed := &extract.Printed{
		Title: f.meta("Title"), Author: f.meta("Author"), Created: parseDate(f.meta("CreationDate")), Modified: parseDate(f.meta("ModDate")),
	}
	for i := range count.PageCount {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		page, err := f.page(i)
		if err != nil {
			return nil, err
		}
		printed.Pages = append(printed.Pages, page)
	}
	if f.lines == 0 {
		return nil, ErrPictures
	}
	return printed, nil
}

// file is an open document.
type file struct {
	instance pdfium.Pdfium
	document references.FPDF_DOCUMENT
	lines    int
	bytes    int64
}

// meta returns an entry of the document information dictionary, "" when there is
// none.
func (f *file) meta(tag string) string {
	found, err := f.instance.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: f.document, Tag: tag})
	if err != nil {
		return ""
	}
	return found.Value[:min(len(found.Value), maxMeta)]
}

// maxMeta is how many bytes of an entry are kept.
const maxMeta = 1000

// page reads the lines of one page. A page that cannot be loaded has none: what a
// reader sees of it is nothing either.
func (f *file) page(i int) (extract.PrintedPage, error) {
	var page extract.PrintedPage
	if size, err := f.instance.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: f.document, Index: i}); err == nil {
		page.Height = size.Height
	}
	loaded, err := f.instance.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: f.document, Index: i})
	if err != nil {
		return page, faultOnly(err)
	}
	defer f.instance.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
	text, err := f.instance.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByReference: &loaded.Page}})
	if err != nil {
		return page, faultOnly(err)
	}
	defer f.instance.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage})
	count, err := f.instance.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text.TextPage})
	if err != nil {
		return page, err
	}
	reader := lineReader{instance: f.instance, page: text.TextPage}
	if err := reader.read(count.Count); err != nil {
		return page, err
	}
	page.Lines = reader.lines
	f.lines += len(reader.lines)
	f.bytes += reader.bytes
	if f.lines > maxLines || f.bytes > extract.MaxText {
		return page, &extract.LimitError{What: "text of the pages", Limit: extract.MaxText}
	}
	return page, nil
}

// lineReader collects the characters of a page as lines.
type lineReader struct {
	instance pdfium.Pdfium
	page     references.FPDF_TEXTPAGE
	lines    []extract.PrintedLine
	bytes    int64

	text        strings.Builder
	first, last int  // characters that are not blank
	begun       bool // there is one
}

func (r *lineReader) read(count int) error {
	for i := range count {
		got, err := r.instance.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: r.page, Index: i})
		if err != nil {
			return err
		}
		switch c := rune(got.Unicode & 0x1fffff); c {
		case '\r', '\n':
			if err := r.end(); err != nil {
				return err
			}
		case 0, 0xfffe, 0xffff: // no character is known for it
		case 0xad: // where a hyphen could be
		case 2: // a hyphen at the end of a line, which is not marked otherwise
			r.put('-', i)
			if err := r.end(); err != nil {
				return err
			}
		default:
			r.put(c, i)
		}
		if int64(r.text.Len())+r.bytes > extract.MaxText {
			return &extract.LimitError{What: "text of the pages", Limit: extract.MaxText}
		}
	}
	return r.end()
}

func (r *lineReader) put(c rune, i int) {
	if c == ' ' || c == 0xa0 || c == '\t' {
		r.text.WriteByte(' ')
		return
	}
	if !r.begun {
		r.first, r.begun = i, true
	}
	r.last = i
	r.text.WriteRune(c)
}

// end makes a line of what was read.
func (r *lineReader) end() error {
	text, begun := r.text.String(), r.begun
	r.text.Reset()
	r.begun = false
	if !begun {
		return nil
	}
	line := extract.PrintedLine{Text: strings.TrimSpace(text)}
	from, err := r.instance.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: r.page, Index: r.first})
	if err != nil {
		return err
	}
	to, err := r.instance.FPDFText_GetCharBox(&requests.FPDFText_GetCharBox{TextPage: r.page, Index: r.last})
	if err != nil {
		return err
	}
	origin, err := r.instance.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: r.page, Index: r.first})
	if err != nil {
		return err
	}
	line.Left, line.Right, line.Base = from.Left, to.Right, origin.Y
	// The size is that before the text is scaled.
	size, err := r.instance.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: r.page, Index: r.first})
	if err != nil {
		return err
	}
	line.Size = size.FontSize
	if m, err := r.instance.FPDFText_GetMatrix(&requests.FPDFText_GetMatrix{TextPage: r.page, Index: r.first}); err == nil {
		if scale := math.Hypot(float64(m.Matrix.C), float64(m.Matrix.D)); scale > 0 {
			line.Size *= scale
		}
	}
	r.lines = append(r.lines, line)
	r.bytes += int64(len(line.Text))
	return nil
}

// parseDate reads a date of a PDF (ISO 32000-1, 7.9.4): D:YYYYMMDDHHmmSSOHH'mm'.
// It is zero when there is none.
func parseDate(s string) time.Time {
	s = strings.TrimPrefix(s, "D:")
	s = strings.ReplaceAll(strings.TrimSuffix(s, "'"), "'", "")
	for _, layout := range []string{"20060102150405Z0700", "20060102150405Z", "20060102150405-0700", "20060102150405", "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
