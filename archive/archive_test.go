package archive_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/schemas"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// article serves an article and returns its address.
func article(web *archivetest.Web, address string, paragraphs ...string) string {
	web.Serve(address, archivetest.Article("A title", append(paragraphs, "This paragraph is here so that there is enough to read.")...))
	return address
}

func head(t *testing.T, a *archivetest.Archive) *archive.Snapshot {
	t.Helper()
	snapshot, err := a.Head()
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

func page(t *testing.T, a *archivetest.Archive, address string) *archive.Page {
	t.Helper()
	p, err := a.Newest(archivetest.At(t, address))
	if err != nil || p == nil {
		t.Fatalf("%s: %v, %v", address, p, err)
	}
	return p
}

func TestInit(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	options := archive.InitOptions{Signer: a.Signer, AllowedSigners: []byte("x\n")}
	if _, err := archive.Init(t.Context(), a.Dir(), options); !errors.Is(err, archive.ErrExists) {
		t.Errorf("on top of an archive: %v", err)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Init(t.Context(), full, options); err == nil {
		t.Error("a folder with a file becomes an archive")
	}
	if _, err := archive.Open(full); !errors.Is(err, archive.ErrNotArchive) {
		t.Errorf("opening a folder: %v", err)
	}
	again, err := archive.Open(a.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.ID() != a.ID() || !strings.HasPrefix(a.ID(), "urn:uuid:") || a.ID()[23] != '4' {
		t.Errorf("ids %s and %s", again.ID(), a.ID())
	}
}

func TestFind(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	harbour := article(web, "https://news.example/2026/harbour-fire.html")
	council := article(web, "https://news.example/2026/council-meets.html")
	www := article(web, "https://www.paper.com/a")
	a.Capture(harbour, council, www)
	given, err := archive.PagePost("Not Good.txt")
	if err != nil {
		t.Fatal(err)
	}
	run := a.NewRun()
	draft, err := run.Capture(t.Context(), archive.PostRequest{Page: given, Given: &archive.Given{Content: []byte("It is not good.\n"), MediaType: "text/plain"}})
	if err != nil {
		t.Fatal(err)
	}
	a.Commit(run, draft)
	snapshot := head(t, a)
	for spec, want := range map[string]string{
		harbour:               harbour,
		harbour + "#fragment": harbour,
		"HTTPS://NEWS.example/2026/harbour-fire.html": harbour,
		"harbour":                          harbour,
		"council-meets":                    council,
		"www.paper.com/a":                  www,
		archivetest.At(t, www).ID.String(): www,
		"Not Good.txt":                     given.Name,
		"Not Good":                         given.Name,
		given.Name:                         given.Name,
		given.ID.String():                  given.Name,
	} {
		if got, err := snapshot.Find(t.Context(), spec); err != nil || got.Name != want {
			t.Errorf("Find(%q) = %q, %v, want %q", spec, got.Name, err, want)
		}
	}
	var unknown *archive.UnknownPageError
	if _, err := snapshot.Find(t.Context(), "https://news.example/2026/harbor-fire.html"); !errors.As(err, &unknown) || len(unknown.Nearest) == 0 || unknown.Nearest[0] != harbour {
		t.Errorf("a slip: %v, nearest %v", err, unknown)
	}
	if _, err := snapshot.Find(t.Context(), "zzz"); !errors.As(err, &unknown) || len(unknown.Nearest) > 0 {
		t.Errorf("nonsense: %v, nearest %v", err, unknown)
	}
	var ambiguous *archive.AmbiguousPageError
	if _, err := snapshot.Find(t.Context(), "news.example/2026"); !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Names, []string{council, harbour}) {
		t.Errorf("two pages: %v", err)
	}
}

// TestVersions: a version is a served capture with another text; failures and
// other bytes with the same text are none.
func TestVersions(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	address := article(web, "https://news.example/a", "Ten people came.")
	check := func() { a.Clock.Advance(24 * time.Hour); a.Check(address) }
	a.Capture(address) // snapshot 1, on the 23rd
	check()            // 2: as before
	web.Edit(address, "Ten", "Two")
	check() // 3, on the 25th
	web.Replace(address, archivetest.Page{Status: 503, Body: "later"})
	check() // 4
	web.Restore(address)
	check() // 5: as in 3
	web.Edit(address, "</body>", "<!-- x --></body>")
	check() // 6: same text
	web.Edit(address, "Two", "Ten")
	check() // 7, on the 29th: as the first
	ref := archivetest.At(t, address)
	versions, err := a.Versions(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	var sequences []int64
	for i, v := range versions {
		sequences = append(sequences, v.Sequence)
		if v.Number != i+1 {
			t.Errorf("version %d has number %d", i+1, v.Number)
		}
	}
	if !slices.Equal(sequences, []int64{1, 3, 7}) {
		t.Fatalf("versions came with snapshots %v, want 1, 3, 7", sequences)
	}
	for spec, want := range map[string]int{
		"latest": 3, "latest~0": 3, "latest~1": 2, "latest~2": 1, "latest~3": 0, "latest~-1": 0, "latest~": 0, "latest~x": 0, "latestx": 0, "latest1": 0,
		"0": 0, "1": 1, "2": 1, "3": 2, "6": 2, "7": 3, "1000": 3, "-1": 0, "99999999999999999999": 0,
		"2026-11-22": 0, "2026-11-23": 1, "2026-11-24": 1, "2026-11-25": 2, "2026-11-28": 2, "2026-11-29": 3, "2030-01-01": 3, "2026-02-30": 0,
		"2026-11-23T11:59:59Z": 0, "2026-11-23T12:00:00Z": 1, "2026-11-25T12:00:00+01:00": 1, "2026-11-25T13:00:00+01:00": 2,
		"": 0, "yesterday": 0,
	} {
		got, err := archive.Resolve(ref, versions, spec)
		var refused *archive.VersionError
		if got.Number != want || (want == 0) != errors.As(err, &refused) {
			t.Errorf("Resolve(%q) = %d, %v, want %d", spec, got.Number, err, want)
		}
	}
	if _, err := archive.Resolve(ref, nil, "latest"); err == nil {
		t.Error("a page without versions has a latest one")
	}
	if n := len(mustHistory(t, a, ref)); n != 6 {
		t.Errorf("%d snapshots touched the page's folder, want 6", n)
	}
}

func mustHistory(t *testing.T, a *archivetest.Archive, ref archive.PageRef) []*archive.Page {
	t.Helper()
	history, err := a.History(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return history
}

// TestSources: which links of a post become its sources.
func TestSources(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	const post = "https://blog.example/post"
	for _, host := range []string{"a", "b", "c", "named"} {
		article(web, "https://"+host+".example/")
	}
	link := archivetest.Link
	web.Redirect("https://blog.example/old", post)
	article(web, post,
		"First "+link("https://a.example/", "a")+" and again "+link("https://a.example", "a, again")+" and "+link("https://a.example/#part", "a part of it")+".",
		"Then "+link("#below", "below")+", "+link(post+"#x", "this very post")+" and "+link("/post", "this post once more")+".",
		"Then "+link("https://b.example/#notes", "b with notes")+", "+link("ftp://files.example/x", "a file")+", "+link("mailto:olive@blog.example", "mail")+" and "+link("https://c.example/", "c")+".")
	named := archivetest.At(t, "https://named.example/")
	capture := func(address string, limit int, names ...archive.PageRef) *schemas.Post {
		t.Helper()
		draft, err := a.NewRun().Capture(t.Context(), archive.PostRequest{Page: archivetest.At(t, address), MaxSources: limit, Sources: names})
		if err != nil {
			t.Fatal(err)
		}
		return draft.Posts[0].Post
	}
	type source struct {
		URL, Link, Anchor string
		Relation          schemas.Relation
	}
	list := func(p *schemas.Post) (sources []source) {
		for _, s := range p.Sources {
			sources = append(sources, source{s.URL, s.Link, s.Anchor, s.Relation})
		}
		return sources
	}
	want := []source{
		{"https://a.example/", "", "a", schemas.Linked},
		{"https://b.example/", "https://b.example/#notes", "b with notes", schemas.Linked},
		{"https://c.example/", "", "c", schemas.Linked},
	}
	if diff := cmp.Diff(want, list(capture(post, 50))); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, list(capture("https://blog.example/old", 50))); diff != "" {
		t.Errorf("sources of the address that redirects to it (-want +got):\n%s", diff)
	}
	limited := capture(post, 2, named, named)
	if diff := cmp.Diff(append([]source{{named.Name, "", "", schemas.Named}}, want[:2]...), list(limited)); diff != "" {
		t.Errorf("two linked sources and one named (-want +got):\n%s", diff)
	}
	if !slices.Contains(limited.Omitted, schemas.Omitted{URL: "https://c.example/", Reason: "max-sources"}) {
		t.Errorf("omitted %v", limited.Omitted)
	}
	if got := list(capture(post, 0, named)); len(got) != 1 || got[0].URL != named.Name {
		t.Errorf("with no linked source: %v", got)
	}

	// What a post relied on once stays a source until somebody untracks it.
	a.Capture(post)
	web.Edit(post, `href="https://c.example/"`, `href="https://a.example/"`)
	now := capture(post, 50)
	last := list(now)[2]
	if len(now.Sources) != 3 || last.URL != "https://c.example/" || last.Relation != schemas.Earlier {
		t.Errorf("after a link went: %v", list(now))
	}
}

// TestObservation: what is as before is an observation, anything else a capture.
func TestObservation(t *testing.T) {
	const address = "https://news.example/a"
	text := archivetest.Article("A title", "Ten people came.").Body
	page200 := archivetest.Page{Body: text}
	for _, test := range []struct {
		name          string
		first, second func(*archivetest.Web)
		asBefore      bool
	}{
		{"same", serve(address, page200), nothing, true},
		{"other bytes", serve(address, page200), serve(address, archivetest.Page{Body: text + "<!-- -->"}), false},
		{"other header", serve(address, page200), serve(address, archivetest.Page{Body: text, Header: []string{"X-Served-By: b"}}), true},
		{"not modified", serve(address, archivetest.Page{Body: text, ETag: `"1"`}), nothing, true},
		{"other coding", serve(address, page200), serve(address, archivetest.Page{Body: text, Coding: "gzip"}), false},
		{"chunked", serve(address, page200), serve(address, archivetest.Page{Body: text, Chunked: true}), true},
		{"missing twice", serve(address, archivetest.Page{Status: 404, Body: "none"}), nothing, true},
		{"served, then missing", serve(address, page200), serve(address, archivetest.Page{Status: 404, Body: text}), false},
		{"missing, then served", serve(address, archivetest.Page{Status: 404, Body: text}), serve(address, page200), false},
		{"gone twice", serve(address, archivetest.Page{Status: 410}), nothing, true},
		{"error page that changes", serve(address, archivetest.Page{Status: 404, Body: "a"}), serve(address, archivetest.Page{Status: 404, Body: "b"}), false},
		{"redirected elsewhere", redirect(address, "https://news.example/b", page200), redirect(address, "https://news.example/c", page200), false},
		{"redirected as before", redirect(address, "https://news.example/b", page200), nothing, true},
		{"reset twice", broken(address, archivetest.Reset(archivetest.BeforeHead)), nothing, true},
		{"no such host, twice", nothing, nothing, true},
		{"no such host, then refused", nothing, func(w *archivetest.Web) { w.Down("news.example", archivetest.Refusing) }, false},
		{"cut off, then whole", broken(address, archivetest.HangUp(archivetest.InBody)), func(w *archivetest.Web) { w.Restore(address) }, false},
		{"cut off twice", broken(address, archivetest.HangUp(archivetest.InBody)), nothing, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			web := archivetest.NewWeb(t)
			a := archivetest.NewArchive(t, web)
			test.first(web)
			a.Capture(address)
			test.second(web)
			a.Clock.Advance(time.Minute)
			draft, err := a.NewRun().Look(t.Context(), archivetest.At(t, address))
			if err != nil {
				t.Fatal(err)
			}
			if draft.AsBefore != test.asBefore {
				t.Errorf("as before: %v, want %v (%+v after %+v)", draft.AsBefore, test.asBefore, draft.Capture.Access, draft.Before.Capture.Access)
			}
		})
	}
}

func nothing(*archivetest.Web) {}

func serve(address string, page archivetest.Page) func(*archivetest.Web) {
	return func(w *archivetest.Web) { w.Serve(address, page) }
}

func redirect(address, to string, page archivetest.Page) func(*archivetest.Web) {
	return func(w *archivetest.Web) { w.Serve(to, page); w.Redirect(address, to) }
}

func broken(address string, fault archivetest.Fault) func(*archivetest.Web) {
	return func(w *archivetest.Web) {
		w.Serve(address, archivetest.Article("A title", "Ten people came."))
		w.Break(address, fault)
	}
}

// TestLastServed: a failure keeps the text of the newest served capture, and the
// way back to it.
func TestLastServed(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	address := article(web, "https://news.example/a", "Ten people came.")
	a.Capture(address)
	served := page(t, a, address)
	text, err := served.Text()
	if err != nil || !strings.Contains(string(text), "Ten people came.") {
		t.Fatalf("text %q, %v", text, err)
	}
	for _, status := range []int{404, 503, 410} {
		web.Replace(address, archivetest.Page{Status: status, Body: fmt.Sprint("status ", status)})
		a.Clock.Advance(time.Hour)
		a.Check(address)
		now := page(t, a, address)
		if kept, err := now.Text(); err != nil || string(kept) != string(text) {
			t.Errorf("%d: the text is %q, %v", status, kept, err)
		}
		back, err := now.Served(t.Context())
		if err != nil || back == nil || back.Capture.Sequence != served.Capture.Sequence {
			t.Errorf("%d: last served %+v, %v", status, back, err)
		}
		if payload, err := readPayload(now); err != nil || payload != fmt.Sprint("status ", status) {
			t.Errorf("%d: the payload is %q, %v", status, payload, err)
		}
	}
}

func TestUntrack(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	address := article(web, "https://news.example/a", "Ten people came.")
	a.Capture(address)
	ref := archivetest.At(t, address)
	mark := &schemas.Untracked{Schema: schemas.UntrackedSchema, Page: ref.ID, URL: ref.Name, At: schemas.TimeOf(a.Clock.Now()), Reason: "enough"}
	a.Commit(a.NewRun(), &archive.Draft{Kind: schemas.KindCheck, Subject: "untrack " + address, Untracked: []*schemas.Untracked{mark}})
	untracked := func() *schemas.Untracked {
		t.Helper()
		mark, err := page(t, a, address).Untracked()
		if err != nil {
			t.Fatal(err)
		}
		return mark
	}
	if got := untracked(); got == nil || *got != *mark {
		t.Errorf("the page is untracked by %+v", got)
	}
	web.Edit(address, "Ten", "Two")
	a.Check(address)
	if untracked() == nil {
		t.Error("a check tracks the page again")
	}
	if versions, err := a.Versions(t.Context(), ref); err != nil || len(versions) != 2 {
		t.Errorf("%d versions, %v", len(versions), err)
	}
	a.Capture(address)
	if got := untracked(); got != nil {
		t.Errorf("after a capture the page is untracked by %+v", got)
	}
}

func TestJournal(t *testing.T) {
	a := archivetest.NewArchive(t, archivetest.NewWeb(t))
	begin := func(fresh bool, key ...string) (*archive.Journal, error) { return a.Begin(key, fresh, a.RunOptions()) }
	must := func(j *archive.Journal, err error) *archive.Journal {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	first := must(begin(false, "capture", "x"))
	if first.Resumed || first.Run.ID == "" {
		t.Errorf("the first run: %+v", first)
	}
	var busy *archive.BusyError
	if _, err := begin(false, "capture", "x"); !errors.As(err, &busy) || busy.Run != first.Run.ID || busy.PID != os.Getpid() || !busy.Since.Equal(a.Clock.Now()) {
		t.Errorf("the same command while it runs: %v", err)
	}
	if _, err := begin(true, "capture", "x"); !errors.As(err, &busy) {
		t.Errorf("a fresh one while it runs: %v", err)
	}
	other := must(begin(false, "capture", "x", ""))
	if other.Resumed || other.Run.ID == first.Run.ID {
		t.Error("another command continues the run")
	}
	if err := errors.Join(other.Finish(), first.Leave()); err != nil {
		t.Fatal(err)
	}
	a.Clock.Advance(time.Hour)
	second := must(begin(false, "capture", "x"))
	if !second.Resumed || second.Run.ID != first.Run.ID || !second.Run.Started.Equal(first.Run.Started) {
		t.Errorf("the same command gives %+v, want run %s of %s", second.Run.ID, first.Run.ID, first.Run.Started)
	}
	if err := second.Leave(); err != nil {
		t.Fatal(err)
	}
	third := must(begin(true, "capture", "x"))
	if third.Resumed || third.Run.ID == first.Run.ID {
		t.Error("a fresh run continues the last one")
	}
	if err := third.Finish(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(a.Dir(), "walkback", "journal", "*"))
	if err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
	for _, damaged := range []string{"", "{", `{"run":"20200101T000000Z-00000000","started":"2026-11-23T12:00:00.000Z"}`} {
		j := must(begin(false, "capture", "x"))
		if j.Resumed {
			t.Errorf("a run is continued from a journal of %q", damaged)
		}
		if err := j.Leave(); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(a.Dir(), "walkback", "journal", "*.json"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := os.WriteFile(files[0], []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestResume: a run that continues knows what it has done from the archive.
func TestResume(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	one, two := article(web, "https://news.example/1"), article(web, "https://news.example/2")
	key := []string{"capture"}
	j, err := a.Begin(key, false, a.RunOptions())
	if err != nil {
		t.Fatal(err)
	}
	draft, err := j.Run.Capture(t.Context(), archivetest.Requests(t, one)[0])
	if err != nil {
		t.Fatal(err)
	}
	a.Commit(j.Run, draft)
	if err := j.Leave(); err != nil {
		t.Fatal(err)
	}
	if j, err = a.Begin(key, false, a.RunOptions()); err != nil || !j.Resumed {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{one: true, two: false} {
		if _, got, err := j.Run.CapturedPost(archivetest.At(t, address)); (got != nil) != want || err != nil {
			t.Errorf("%s was captured: %v, %v", address, got, err)
		}
	}
	again, err := j.Run.Look(t.Context(), archivetest.At(t, one))
	if err != nil || !again.AsBefore || len(web.Requests(one)) != 1 {
		t.Errorf("the run looks again: %v, %d requests", err, len(web.Requests(one)))
	}
	web.Edit(two, "enough", "plenty")
	a.Check(one, two)
	if err := j.Finish(); err != nil {
		t.Error(err)
	}
}

// TestStale: pages that somebody else captured after a draft had looked at them
// are named, all of them, and nothing is written.
func TestStale(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	var addresses []string
	for i := range 3 {
		addresses = append(addresses, article(web, fmt.Sprintf("https://news.example/%d", i)))
	}
	run := a.NewRun()
	var drafts []*archive.Draft
	for _, request := range archivetest.Requests(t, addresses...) {
		draft, err := run.Capture(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		drafts = append(drafts, draft)
	}
	a.Capture(addresses[1], addresses[2])
	before := head(t, a).Commit.ID
	_, err := a.Archive.Commit(t.Context(), run, archive.CommitOptions{Signer: a.Signer, Now: a.Clock.Now}, drafts...)
	var stale *archive.StaleError
	if want := []archive.PageRef{archivetest.At(t, addresses[1]), archivetest.At(t, addresses[2])}; !errors.As(err, &stale) || !slices.Equal(stale.Pages, want) {
		t.Errorf("got %v, want a StaleError with pages 1 and 2", err)
	}
	if now := head(t, a).Commit.ID; now != before {
		t.Errorf("main moved from %s to %s", before, now)
	}
	for i, request := range archivetest.Requests(t, addresses...) {
		run.Forget(request.Page)
		if drafts[i], err = run.Capture(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	if snapshots := a.Commit(run, drafts...); len(snapshots) != 3 {
		t.Errorf("%d snapshots", len(snapshots))
	}
}

// TestCancelled: a context that ends stops a look, and writes nothing.
func TestCancelled(t *testing.T) {
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	address := article(web, "https://news.example/a")
	web.Break(address, archivetest.Stall(archivetest.InHead))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { web.Await(address, 1); cancel() }()
	if _, err := a.NewRun().Capture(ctx, archivetest.Requests(t, address)[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	if n := head(t, a).Message.Sequence; n != 0 {
		t.Errorf("the newest snapshot is %d", n)
	}
}

// readPayload returns the payload of a page.
func readPayload(page *archive.Page) (string, error) {
	payload, err := page.Payload()
	if err != nil || payload == nil {
		return "", err
	}
	b, err := io.ReadAll(payload)
	return string(b), errors.Join(err, payload.Close())
}
