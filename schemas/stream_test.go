package schemas_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"testing"

	"github.com/walkback-dev/walkback/schemas"
)

func listed(url string) schemas.ListedPage {
	return schemas.ListedPage{
		Page: schemas.PageIDOf(url), URL: url, Title: "A \"title\"", Tracked: true, Method: schemas.Fetched, Outcome: schemas.Served, CapturedAt: 1_700_000_000_123, Bytes: 7,
	}
}

func each[E any](list []E, last error) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
		if last != nil {
			var none E
			yield(none, last)
		}
	}
}

func TestEncodeList(t *testing.T) {
	for n := range 4 {
		doc := schemas.PageList{Schema: schemas.PageListSchema, ArchiveID: "urn:uuid:4f8e6f0e-0c7c-4c5e-9b38-2d64f6f0a1b2"}
		var pages []schemas.ListedPage
		for i := range n {
			pages = append(pages, listed("https://a.example/"+string(rune('a'+i))))
		}
		var got bytes.Buffer
		if err := schemas.EncodeList(&got, &doc, each(pages, nil)); err != nil {
			t.Fatal(err)
		}
		doc.Pages = pages
		want, err := schemas.Encode(&doc)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%d pages: got %s, want %s", n, got.Bytes(), want)
		}
	}
}

func TestEncodeListRefuses(t *testing.T) {
	list := schemas.PageList{Schema: schemas.PageListSchema, ArchiveID: "urn:uuid:4f8e6f0e-0c7c-4c5e-9b38-2d64f6f0a1b2"}
	full := list
	full.Pages = []schemas.ListedPage{listed("https://a.example/")}
	wrong := listed("https://a.example/")
	wrong.URL = "https://b.example/"
	var refused *schemas.DecodeError
	for name, c := range map[string]struct {
		doc      any
		elements iter.Seq2[schemas.ListedPage, error]
		is       func(error) bool
	}{
		"a list that is full":      {&full, each[schemas.ListedPage](nil, nil), func(err error) bool { return err != nil }},
		"what has no list":         {&schemas.Archive{}, each[schemas.ListedPage](nil, nil), func(err error) bool { return err != nil }},
		"an element amiss":         {&list, each([]schemas.ListedPage{wrong}, nil), func(err error) bool { return errors.As(err, &refused) }},
		"elements that come to no": {&list, each(full.Pages, io.ErrUnexpectedEOF), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	} {
		if err := schemas.EncodeList(io.Discard, c.doc, c.elements); !c.is(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if refused == nil || refused.Field != "pages[0].page" {
		t.Errorf("got %+v", refused)
	}
}
