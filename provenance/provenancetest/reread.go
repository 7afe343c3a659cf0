package provenancetest

import (
	"context"
	"fmt"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// OtherExtractor is the name of an extractor that this program does not have.
const OtherExtractor = "extract/0"

// ReadByOther gives the page at an address the text that another extractor made
// of its newest capture, by a commit of kind rederive.
func (a *Archive) ReadByOther(address, text string) {
	a.tb.Helper()
	if err := ReadByOther(a.tb.Context(), a.Archive, a.Key, address, text); err != nil {
		a.tb.Fatal(err)
	}
}

// ReadByOther is [Archive.ReadByOther] for any archive and the key that signs in
// it. The memory of its owner is not told.
func ReadByOther(ctx context.Context, a *archive.Archive, key *trust.Key, address, text string) error {
	ref, err := archive.PageAt(address)
	if err != nil {
		return err
	}
	page, err := a.Newest(ref)
	if err != nil {
		return err
	}
	if page == nil || page.Capture.Text == nil {
		return fmt.Errorf("%s has no text", address)
	}
	run, err := archive.NewRun(a, archive.RunOptions{})
	if err != nil {
		return err
	}
	defer run.Close()
	entry := *page.Capture.Text
	entry.Extractor, entry.Size, entry.SHA256 = OtherExtractor, int64(len(text)), schemas.DigestOf([]byte(text))
	entry.Standing = ""
	reread := &archive.Rereading{Page: page, Text: []byte(text), Entry: &entry}
	draft := &archive.Draft{Kind: schemas.KindRederive, Subject: "1 page by " + OtherExtractor, Rereadings: []*archive.Rereading{reread}}
	_, err = a.Commit(ctx, run, archive.CommitOptions{Signer: key}, draft)
	return err
}
