// # Archives
//
// [NewArchive] makes an archive in a temporary folder that captures pages of a
// web:
//
//	a := archivetest.NewArchive(t, w)
//	a.Capture("https://news.example/a")
//	w.Edit("https://news.example/a", "Ten", "Two")
//	a.Clock.Advance(24 * time.Hour)
//	a.Check("https://news.example/a")
//
// It imports package archive and nothing above it, so its commits hold no
// verdicts and no memory knows it. Tests of what stands above the archive use
// package provenance/provenancetest.
package archivetest

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/fetch"
	"github.com/walkback-dev/walkback/schemas"
)

// Archive is an archive in a temporary folder whose pages come from a fake web.
// Its methods end the test when something goes wrong.
type Archive struct {
	*archive.Archive
	Visitor
	Signer archive.Signer

	tb testing.TB
}

// NewArchive makes an archive that is closed when the test ends. It is signed
// by a key of its own. Commits hold no verdicts, since judging is not the
// archive's task: package provenancetest makes archives that have them.
func NewArchive(tb testing.TB, web *Web) *Archive {
	tb.Helper()
	signer := newSigner(tb)
	visitor := NewVisitor(tb, web)
	_, email := signer.Person()
	inner, err := archive.Init(tb.Context(), filepath.Join(tb.TempDir(), "archive.git"), archive.InitOptions{
		Signer: signer, AllowedSigners: fmt.Appendf(nil, "%s %s", email, ssh.MarshalAuthorizedKey(signer.key.PublicKey())), Now: visitor.Clock.Now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := inner.Close(); err != nil {
			tb.Error(err)
		}
	})
	return &Archive{Archive: inner, Visitor: visitor, Signer: signer, tb: tb}
}

// NewRun begins a run, which is closed when the test ends.
func (a *Archive) NewRun() *archive.Run {
	a.tb.Helper()
	run, err := archive.NewRun(a.Archive, a.RunOptions())
	if err != nil {
		a.tb.Fatal(err)
	}
	a.tb.Cleanup(run.Close)
	return run
}

// Capture captures posts with their sources in one run, one snapshot each.
func (a *Archive) Capture(addresses ...string) []*archive.Snapshot {
	a.tb.Helper()
	run := a.NewRun()
	var drafts []*archive.Draft
	for _, request := range Requests(a.tb, addresses...) {
		draft, err := run.Capture(a.tb.Context(), request)
		if err != nil {
			a.tb.Fatal(err)
		}
		drafts = append(drafts, draft)
	}
	return a.Commit(run, drafts...)
}

// Check looks at pages again, in one snapshot.
func (a *Archive) Check(addresses ...string) *archive.Snapshot {
	a.tb.Helper()
	run := a.NewRun()
	all := &archive.Draft{Kind: schemas.KindCheck, Subject: "look again"}
	for _, address := range addresses {
		draft, err := run.Check(a.tb.Context(), At(a.tb, address))
		if err != nil {
			a.tb.Fatal(err)
		}
		all.Pages = append(all.Pages, draft.Pages...)
		all.Posts = append(all.Posts, draft.Posts...)
	}
	return a.Commit(run, all)[0]
}

// Commit commits drafts, one snapshot each.
func (a *Archive) Commit(run *archive.Run, drafts ...*archive.Draft) []*archive.Snapshot {
	a.tb.Helper()
	snapshots, err := a.Archive.Commit(a.tb.Context(), run, archive.CommitOptions{Signer: a.Signer, Now: a.Clock.Now}, drafts...)
	if err != nil {
		a.tb.Fatal(err)
	}
	return snapshots
}

// Requests asks for the posts at these addresses with all their sources.
func Requests(tb testing.TB, addresses ...string) []archive.PostRequest {
	tb.Helper()
	const allSources = 1000
	requests := make([]archive.PostRequest, len(addresses))
	for i, address := range addresses {
		requests[i] = archive.PostRequest{Page: At(tb, address), MaxSources: allSources}
	}
	return requests
}

// At returns the page with this address.
func At(tb testing.TB, address string) archive.PageRef {
	tb.Helper()
	ref, err := archive.PageAt(address)
	if err != nil {
		tb.Fatal(err)
	}
	return ref
}

// Visitor goes to a fake web on behalf of an archive.
type Visitor struct {
	Web    *Web
	Client *fetch.Client
	Clock  *Clock
}

// NewVisitor returns a visitor whose client is closed when the test ends.
func NewVisitor(tb testing.TB, web *Web) Visitor {
	clock := NewClock()
	client := fetch.New(fetch.Options{DialContext: web.DialContext, RootCAs: web.RootCAs(), Now: clock.Now})
	tb.Cleanup(client.Close)
	return Visitor{Web: web, Client: client, Clock: clock}
}

// RunOptions are the outside world of a run of this visitor.
func (v Visitor) RunOptions() archive.RunOptions {
	return archive.RunOptions{Fetch: v.Client, Tool: schemas.Tool{Name: "archivetest", Version: "1"}, Now: v.Clock.Now}
}

// Clock stands still unless it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows noon on 23 November 2026, UTC.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock, backwards when d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// throwAway is a signer whose key is never written anywhere.
type throwAway struct{ key ssh.Signer }

func newSigner(tb testing.TB) throwAway {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return throwAway{key: key}
}

func (throwAway) Person() (name, email string) { return "Archive Test", "operator@archive.example" }

func (t throwAway) Sign(message io.Reader) ([]byte, error) {
	sig, err := sshsig.Sign(message, t.key, sshsig.HashSHA512, "git")
	if err != nil {
		return nil, err
	}
	return sshsig.Armor(sig), nil
}

// Article returns an HTML page with a title and paragraphs that are long enough
// to be read as an article. A paragraph may hold markup, such as links.
func Article(title string, paragraphs ...string) Page {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\"><head><title>%s</title></head>\n<body><main><article><h1>%s</h1>\n", title, title)
	for _, p := range paragraphs {
		fmt.Fprintf(&b, "<p>%s</p>\n", p)
	}
	b.WriteString("</article></main></body></html>\n")
	return Page{Body: b.String()}
}

// Link returns a link for a paragraph of an [Article].
func Link(address, words string) string { return fmt.Sprintf("<a href=%q>%s</a>", address, words) }
