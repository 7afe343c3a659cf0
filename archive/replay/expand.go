package replay

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/walkback-dev/walkback/archive/resource"
)

// expand writes text with resources in the place of their marks.
func (s *scene) expand(w *counted, text string, depth int) error {
	return s.expandInto(w, w, text, depth)
}

// expandInto writes to w, which writes into out.
func (s *scene) expandInto(w io.Writer, out *counted, text string, depth int) error {
	for {
		at := strings.Index(text, s.mark)
		if at < 0 {
			_, err := io.WriteString(w, text)
			return err
		}
		if _, err := io.WriteString(w, text[:at]); err != nil {
			return err
		}
		text = text[at+len(s.mark):]
		number, left, _ := strings.Cut(text, "~")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= len(s.stored) {
			continue // the page made it up
		}
		text = left
		if err := s.put(w, out, n, depth); err != nil {
			return err
		}
	}
}

// put writes a resource as a data: address.
func (s *scene) put(w io.Writer, out *counted, n, depth int) error {
	stored := s.stored[n]
	isStyle := stored.MediaType == "text/css"
	// Base64 takes four bytes for three. What has no room is left out whole.
	if stored.Size/3*4 >= out.left || isStyle && depth >= maxSheets {
		s.miss(stored.Address)
		_, err := io.WriteString(w, nothing)
		return err
	}
	mediaType := safeType(stored.MediaType)
	if isStyle {
		mediaType = "text/css;charset=utf-8"
	}
	if _, err := fmt.Fprintf(w, "data:%s;base64,", mediaType); err != nil {
		return err
	}
	encoder := base64.NewEncoder(base64.StdEncoding, w)
	var err error
	if isStyle {
		err = s.putStyle(encoder, out, n, depth)
	} else {
		err = copyBytes(encoder, out, stored)
	}
	if err != nil {
		return err
	}
	return encoder.Close()
}

func copyBytes(w io.Writer, out *counted, stored *Stored) error {
	r, err := stored.Open()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.LimitReader(r, max(out.left, 0)))
	return errors.Join(err, r.Close())
}

// putStyle writes a style sheet with what it asks for inside.
func (s *scene) putStyle(w io.Writer, out *counted, n, depth int) error {
	css, known := s.styled[n]
	if !known {
		stored := s.stored[n]
		text, err := stored.Text()
		if err != nil {
			return err
		}
		if len(text) > maxSheet {
			text = ""
		}
		css = s.rewrite(text, resource.BaseAt(stored.Address))
		s.styled[n] = css
	}
	return s.expandInto(w, out, css, depth+1)
}

// safeType returns a media type as it may stand in a data: address.
func safeType(mediaType string) string {
	ok := strings.Count(mediaType, "/") == 1
	for _, c := range []byte(mediaType) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("/+.-", c) >= 0)
	}
	if !ok || strings.Contains(mediaType, "html") || strings.Contains(mediaType, "script") {
		return "application/octet-stream"
	}
	return mediaType
}
