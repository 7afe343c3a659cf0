package change_test

import (
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

// TestOtherReader: what a service said of a post and what its page shows are no two
// versions of one text, whatever else differs.
func TestOtherReader(t *testing.T) {
	said := extract.Composition{Title: "Post by @ada", Byline: "Ada", Root: "mastodon post", Pieces: []extract.Piece{{Text: "The board was told twice."}}}
	post, err := said.Document(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	page, err := extract.Read(t.Context(), extract.Input{Payload: []byte("<title>Ada on a server</title><p>The board was told once."), ContentType: "text/html"})
	if err != nil {
		t.Fatal(err)
	}
	side := func(payload string, document *extract.Document) change.Side {
		return change.Side{State: schemas.State{Outcome: schemas.Served, Payload: schemas.DigestOf([]byte(payload))}, Document: document}
	}
	got, err := change.Judge(side("a", post), side("b", page), nil)
	if err != nil || got.Class != schemas.ExtractionUnstable || got.Rule != "other-reader" || !got.Class.Quiet() {
		t.Errorf("%s (%s), %v", got.Class, got.Rule, err)
	}
}
