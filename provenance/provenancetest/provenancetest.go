// Package provenancetest makes whole archives for tests: judged, signed by a key
// that [trust] knows, introduced to a memory, with pages of a fake web in them.
//
//	web := archivetest.NewWeb(t)
//	web.Serve("https://blog.example/post", archivetest.Article("Post", "…"))
//	a := provenancetest.New(t, web)
//	a.Capture("https://blog.example/post")
//	web.Edit("https://blog.example/post", "old", "new")
//	a.Check("https://blog.example/post")
//	report := a.Verify()
//
// It stands beside package provenance, because an archive knows nothing of
// judging and trust: package archivetest makes the archives that tests of the
// archive itself need. Only tests import it.
package provenancetest

import (
	"crypto/rand"
	"path/filepath"
	"slices"
	"testing"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// Archive is an archive in a temporary folder with all that is needed to write
// to it. Its methods end the test when something goes wrong.
type Archive struct {
	*provenance.Recorder
	archivetest.Visitor
	State string // the folder of Recorder.Memory

	tb testing.TB
}

// Name and Email are those of the key that signs.
const (
	Name  = "Olive Operator"
	Email = "olive@operator.example"
)

// New makes an archive that is closed when the test ends. A clock that stands
// still times its captures and commits.
func New(tb testing.TB, web *archivetest.Web) *Archive {
	tb.Helper()
	dir := tb.TempDir()
	key, err := trust.NewKey(filepath.Join(dir, "key"), Name, Email, nil, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	state := filepath.Join(dir, "state")
	memory := trust.NewMemory(state)
	visitor := archivetest.NewVisitor(tb, web)
	inner, err := provenance.Init(tb.Context(), filepath.Join(dir, "archive.git"), key, memory, visitor.Clock.Now)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := inner.Close(); err != nil {
			tb.Error(err)
		}
	})
	return &Archive{
		Recorder: &provenance.Recorder{
			Archive: inner, Key: key, Memory: memory, Command: "test", Now: visitor.Clock.Now, Warn: func(err error) { tb.Error(err) },
		},
		Visitor: visitor, State: state, tb: tb,
	}
}

// Dir returns the archive's folder.
func (a *Archive) Dir() string { return a.Archive.Dir() }

// NewRun begins a run.
func (a *Archive) NewRun() *archive.Run {
	a.tb.Helper()
	run, err := archive.NewRun(a.Archive, a.RunOptions())
	if err != nil {
		a.tb.Fatal(err)
	}
	a.tb.Cleanup(run.Close)
	return run
}

// Capture captures the posts at these addresses with all their sources and
// returns them in this order.
func (a *Archive) Capture(addresses ...string) []provenance.Recorded {
	a.tb.Helper()
	return a.Request(archivetest.Requests(a.tb, addresses...)...)
}

// Give captures a plain text as a post that was handed in under this name.
func (a *Archive) Give(name, text string, sources ...string) provenance.Recorded {
	a.tb.Helper()
	page, err := archive.PagePost(name)
	if err != nil {
		a.tb.Fatal(err)
	}
	request := archive.PostRequest{Page: page, Given: &archive.Given{Content: []byte(text), MediaType: "text/plain"}}
	for _, source := range sources {
		request.Sources = append(request.Sources, archivetest.At(a.tb, source))
	}
	return a.Request(request)[0]
}

// Request captures posts and returns them in the order of the requests.
func (a *Archive) Request(requests ...archive.PostRequest) []provenance.Recorded {
	a.tb.Helper()
	recorded := make([]provenance.Recorded, len(requests))
	err := a.Record(a.tb.Context(), a.NewRun(), slices.Values(requests), func(r provenance.Recorded) { recorded[r.Index] = r })
	if err != nil {
		a.tb.Fatal(err)
	}
	return recorded
}

// Check looks at pages again; at all that are tracked when none is named.
func (a *Archive) Check(addresses ...string) []provenance.Checked {
	a.tb.Helper()
	var pages []archive.PageRef
	for _, address := range addresses {
		pages = append(pages, archivetest.At(a.tb, address))
	}
	if len(addresses) == 0 {
		head, err := a.Archive.Head()
		if err == nil {
			pages, err = provenance.Tracked(a.tb.Context(), head)
		}
		if err != nil {
			a.tb.Fatal(err)
		}
	}
	var checked []provenance.Checked
	err := a.Recorder.Check(a.tb.Context(), a.NewRun(), slices.Values(pages), func(c provenance.Checked) { checked = append(checked, c) })
	if err != nil {
		a.tb.Fatal(err)
	}
	return checked
}

// Verify verifies the archive against its memory.
func (a *Archive) Verify() *schemas.VerifyReport {
	a.tb.Helper()
	report, err := provenance.Verify(a.tb.Context(), a.Dir(), provenance.VerifyOptions{Memory: a.Memory, Now: a.Clock.Now})
	if err != nil {
		a.tb.Fatal(err)
	}
	return report
}
