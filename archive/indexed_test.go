package archive_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	harbour = "http://notebook.example/harbour"
	news    = "http://post.example/news/pier-four"
	board   = "http://board.example/港口"
	gone    = "http://ledger.example/cranes"
)

// eventful is an archive in which pages are changed, restored, withdrawn,
// untracked, captured by a clock that goes wrong, and handed in as files.
func eventful(t *testing.T) *archivetest.Archive {
	t.Helper()
	web := archivetest.NewWeb(t)
	a := archivetest.NewArchive(t, web)
	twelve, two := "Twelve of the forty piles were hollow, said the engineer.", "Two of the forty piles were hollow, said the engineer."
	article(web, news, twelve)
	article(web, board, "港口委员会在三月十二日知道桩是空心的。")
	article(web, gone, "Cranes were bought, and piles left alone.")
	web.Serve(harbour, archivetest.Article("What the board knew",
		"The "+archivetest.Link(news, "engineer")+" said years ago that the piles of pier four are hollow, and nobody listened.",
		"The "+archivetest.Link(board, "board")+" says that it was never told, neither in writing nor in any other way.",
		"The "+archivetest.Link(gone, "ledger")+" shows what was bought in that year, and that it was not piles."))
	step := func(d time.Duration, do func()) {
		a.Clock.Advance(d)
		do()
	}
	a.Capture(harbour)
	step(time.Hour, func() { article(web, news, two); checkJudged(t, a, news, board) })
	step(time.Hour, func() { web.Serve(gone, archivetest.Page{Status: http.StatusGone}); checkJudged(t, a, gone, news) })
	step(-90*time.Minute, func() { article(web, news, "Forty of the forty piles were sound."); checkJudged(t, a, news) })
	step(3*time.Hour, func() { article(web, news, twelve); checkJudged(t, a, news, board) })
	step(time.Hour, func() { article(web, board, "港口委员会不知道。"); a.Capture(harbour, news) })
	run := a.NewRun()
	a.Commit(run, &archive.Draft{Kind: schemas.KindCheck, Subject: "untrack the board", Untracked: []*schemas.Untracked{{
		Schema: schemas.UntrackedSchema, Page: archivetest.At(t, board).ID, URL: archivetest.At(t, board).Name, At: schemas.TimeOf(run.Started),
	}}})
	// The index takes "x863511 y" for "forty piles", too.
	article(web, news, "X863511 y: piles, not forty, were hollow.")
	step(time.Hour, func() { checkJudged(t, a, news) })
	given, err := archive.PagePost("my note 1.txt")
	if err != nil {
		t.Fatal(err)
	}
	run = a.NewRun()
	draft, err := run.Capture(t.Context(), archive.PostRequest{Page: given, Given: &archive.Given{Content: []byte("A note about hollow piles.\n"), MediaType: "text/plain"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{news, board} {
		draft.Posts[0].Post.Quotes = append(draft.Posts[0].Post.Quotes, quoteFrom(t, a, address))
	}
	a.Commit(run, draft)
	return a
}

// quoteFrom is a quote that is bound to the newest capture of a page.
func quoteFrom(t *testing.T, a *archivetest.Archive, address string) schemas.Quote {
	t.Helper()
	page, err := a.Newest(archivetest.At(t, address))
	if err != nil {
		t.Fatal(err)
	}
	passage := schemas.Selection{
		Quote:    schemas.TextQuoteSelector{Type: "TextQuoteSelector", Exact: "hollow piles"},
		Position: schemas.TextPositionSelector{Type: "TextPositionSelector", Start: 13, End: 25},
	}
	state := page.State()
	return schemas.Quote{
		ID: page.ID.String(), Mark: schemas.MarkUnmarked, Passage: passage, State: schemas.QuoteVerbatim,
		Places: []schemas.QuotePlace{{
			Page: page.ID, URL: page.Name, CapturedAt: state.CapturedAt, Payload: state.Payload, Sequence: state.Sequence,
			Selections: []schemas.Selection{passage},
		}},
	}
}

func wantGist(verdict *schemas.Change) (gist archive.Gist) {
	if verdict == nil {
		return gist
	}
	if gist.Class = verdict.Class; len(verdict.Passages) > 0 {
		gist.Passage = &verdict.Passages[0]
	}
	if gist.Words = verdict.Words; gist.Words != nil {
		if gist.Against = verdict.Before.Sequence; verdict.Compared != nil {
			gist.Against = verdict.Compared.Sequence
		}
	}
	return gist
}

// checkJudged looks at pages again and records verdicts on them.
func checkJudged(t *testing.T, a *archivetest.Archive, addresses ...string) {
	t.Helper()
	run := a.NewRun()
	all := &archive.Draft{Kind: schemas.KindCheck, Subject: "look again"}
	for _, address := range addresses {
		draft, err := run.Check(t.Context(), archivetest.At(t, address))
		if err != nil {
			t.Fatal(err)
		}
		all.Pages = append(all.Pages, draft.Pages...)
	}
	if err := provenance.Judge(t.Context(), a.Archive, all); err != nil {
		t.Fatal(err)
	}
	a.Commit(run, all)
}

var secret = []byte("a secret of this user")

// reopen opens the archive as another process would.
func reopen(t *testing.T, dir string, indexed bool) *archive.Archive {
	t.Helper()
	a, err := archive.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() }) // for the case that the test ends early
	if indexed {
		a.UseIndex(archive.IndexOptions{Key: func() ([]byte, error) { return secret, nil }})
	}
	return a
}

// answers are all that the reading methods say, by question.
type answers map[string]any

func (r answers) put(question string, value any, err error) {
	if err != nil {
		var unknown *archive.UnknownPageError
		var ambiguous *archive.AmbiguousPageError
		value = err.Error()
		if errors.As(err, &unknown) {
			value = fmt.Sprint(err, unknown.Nearest)
		} else if errors.As(err, &ambiguous) {
			value = fmt.Sprint(err, ambiguous.Fits, ambiguous.Names)
		}
	}
	r[question] = value
}

// ask asks an archive everything; between is called between the questions.
func ask(t *testing.T, a *archive.Archive, between func()) answers {
	t.Helper()
	ctx := t.Context()
	r := answers{}
	top, err := a.Head()
	if err != nil {
		t.Fatal(err)
	}
	for sequence := int64(-1); sequence <= top.Message.Sequence+1; sequence++ {
		s, err := a.At(ctx, sequence)
		if err != nil {
			r.put(fmt.Sprint("at ", sequence), nil, err)
		} else {
			r.put(fmt.Sprint("at ", sequence), s.Ref(), nil)
		}
		between()
	}
	pages := []archive.PageRef{archivetest.At(t, "http://nobody.example/")}
	for _, at := range []int64{top.Message.Sequence, 3} {
		s, err := a.At(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		var list []schemas.ListedPage
		for page, err := range s.List(ctx, nil) {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, page)
			ref, err := archive.PageNamed(page.URL)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(pages, ref) {
				pages = append(pages, ref)
			}
		}
		r.put(fmt.Sprint("list at ", at), list, nil)
		between()
		noon := archivetest.NewClock().Now()
		for _, by := range []time.Time{noon, noon.Add(340 * time.Minute), noon.AddDate(1, 0, 0)} {
			var due []string
			for page, err := range s.Due(ctx, by, 0) {
				if err != nil {
					t.Fatal(err)
				}
				due = append(due, fmt.Sprintf("%+v", page))
			}
			for page, err := range s.Due(ctx, by, 1) {
				due = append(due, fmt.Sprintf("%+v %v", page, err))
			}
			r.put(fmt.Sprintf("due at %d by %s", at, by), due, nil)
			between()
		}
		for _, prefix := range []string{"", "http", "http://b", "http://post.example/", "my", "urn:", "zzz"} {
			names, err := s.Complete(ctx, prefix)
			r.put(fmt.Sprintf("complete %q at %d", prefix, at), names, err)
			between()
		}
		for _, spec := range []string{"pier", "example", "harbour", "my note", "note 1", "peir-four", "nothing at all", news, "", "0", archivetest.At(t, news).ID.String(), archivetest.At(t, news).ID.String()[:7]} {
			ref, err := s.Find(ctx, spec)
			r.put(fmt.Sprintf("find %q at %d", spec, at), ref, err)
			between()
		}
	}
	for _, ref := range pages {
		history, err := a.History(ctx, ref)
		var sequences []string
		for _, p := range history {
			sequences = append(sequences, fmt.Sprint(p.Snapshot.Message.Sequence, p.Capture.Sequence, p.Capture.Access.Outcome))
		}
		r.put("history "+ref.Name, sequences, err)
		between()
		posts, err := top.Citations().Of(ctx, ref.ID)
		r.put("posts that quote "+ref.Name, fmt.Sprint(posts), err)
		between()
		log, err := a.Log(ctx, ref)
		if err != nil {
			t.Fatal(err)
		}
		between()
		for i, p := range history {
			entry := log.Entries[i]
			said := fmt.Sprint(entry.Snapshot.Ref(), entry.Outcome, entry.CapturedAt, entry.Version, entry.Untracked)
			words, err := log.Words(ctx, i, func(before, after string) schemas.Words {
				return schemas.Words{Added: len(after), Deleted: len(before)}
			})
			r.put(fmt.Sprintf("log %s at %d", ref.Name, p.Snapshot.Message.Sequence), fmt.Sprint(said, words), err)
			between()
			if entry.Outcome == "" {
				continue
			}
			gist, err := log.Gist(ctx, i)
			r.put(fmt.Sprintf("gist %s at %d", ref.Name, p.Snapshot.Message.Sequence), fmt.Sprint(gist.Class, gist.Passage), err)
			between()
			verdict, err := p.Verdict(ctx)
			r.put(fmt.Sprintf("verdict %s at %d", ref.Name, p.Snapshot.Message.Sequence), verdict, err)
			if want := wantGist(verdict); !reflect.DeepEqual(gist, want) {
				t.Errorf("the gist of the verdict on %s in %d is %+v, want %+v", ref.Name, p.Capture.Sequence, gist, want)
			}
			between()
		}
		versions, err := a.Versions(ctx, ref)
		var numbers []string
		for _, v := range versions {
			page, err := v.Page(ctx)
			if err != nil || page.Capture.Sequence != v.Sequence || page.Capture.CapturedAt != v.CapturedAt {
				numbers = append(numbers, fmt.Sprint(v.Number, err))
				continue
			}
			numbers = append(numbers, fmt.Sprint(v.Number, page.Snapshot.Commit.ID, page.Capture.CapturedAt))
		}
		r.put("versions "+ref.Name, numbers, err)
		between()
	}
	for _, words := range []string{"hollow", "piles", `"forty piles"`, "twelve hollow", "知道", "board.example", "absent", `"unclosed`, `"piles forty"`, `"hollow piles" "forty"`, `"the piles of pier four are hollow"`, "sound", "paragraph enough"} {
		for _, options := range []archive.SearchOptions{{Limit: 20}, {Limit: 20, EveryVersion: true}, {Limit: 1}, {Limit: 1, Skip: 1}, {Limit: 2, Skip: 1, EveryVersion: true}, {Limit: 9, Skip: 9}} {
			found, more, err := a.Search(ctx, words, options)
			said := []string{fmt.Sprint("more: ", more)}
			for _, f := range found {
				said = append(said, fmt.Sprint(f.Page.Name, f.Number, f.Page.Snapshot.Message.Sequence, f.Snippet))
			}
			r.put(fmt.Sprintf("search %s %+v", words, options), said, err)
			between()
		}
	}
	return r
}

// compare asks an archive with its index, closes it, and tells where the answers
// differ. It returns why the index was given up, if it was.
func compare(t *testing.T, dir string, want answers, between func()) error {
	t.Helper()
	return asked(t, reopen(t, dir, true), want, between)
}

func asked(t *testing.T, a *archive.Archive, want answers, between func()) error {
	t.Helper()
	if diff := cmp.Diff(want, ask(t, a, between)); diff != "" {
		t.Errorf("without and with the index (-want +got):\n%s", diff)
	}
	failure := a.IndexFailure()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	return failure
}

func idle() {}

// used fails when the index was given up.
func used(t *testing.T, failure error) {
	t.Helper()
	if failure != nil {
		t.Errorf("the index is not used: %v", failure)
	}
}

// walked asks an archive that does not use its index.
func walked(t *testing.T, dir string) answers {
	t.Helper()
	a := reopen(t, dir, false)
	defer a.Close()
	return ask(t, a, idle)
}

func indexFile(dir string) string { return filepath.Join(dir, "walkback", "index.db") }

// TestIndexedReads holds every answer given from the index to the one given by
// walking the commits.
func TestIndexedReads(t *testing.T) {
	a := eventful(t)
	dir := a.Dir()
	want := walked(t, dir)
	if _, err := os.Stat(indexFile(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("an archive that does not use its index made one: %v", err)
	}
	if n := len(want[fmt.Sprintf("versions %s", news)].([]string)); n != 5 {
		t.Fatalf("%d versions of %s", n, news)
	}
	if found := want["search hollow {Skip:0 Limit:20 EveryVersion:true Within:0}"].([]string); len(found) < 6 {
		t.Fatalf("found %q", found)
	}
	due := map[string]int{}
	for question, answer := range want {
		if by, ok := strings.CutPrefix(question, "due at "); ok {
			due[by] = len(answer.([]string))
		}
	}
	if n := slices.Sorted(maps.Values(due)); !slices.Equal(n, []int{0, 0, 2, 3, 4, 5}) {
		t.Fatalf("pages are due: %v", due)
	}
	judged := 0
	for question, answer := range want {
		if change, ok := answer.(*schemas.Change); ok && change != nil && len(change.Passages) > 0 && strings.HasPrefix(question, "verdict") {
			judged++
		}
	}
	if judged < 4 {
		t.Fatalf("%d verdicts with passages", judged)
	}
	if posts := want["posts that quote "+news]; !strings.Contains(fmt.Sprint(posts), "my%20note%201.txt") {
		t.Fatalf("%s is quoted by %v", news, posts)
	}
	used(t, compare(t, dir, want, idle))
	good, err := os.ReadFile(indexFile(dir))
	if err != nil {
		t.Fatal(err)
	}

	t.Run("current", func(t *testing.T) {
		a := reopen(t, dir, false)
		a.UseIndex(archive.IndexOptions{
			Key:      func() ([]byte, error) { return secret, nil },
			Progress: func(done, total int64) { t.Errorf("indexed %d of %d commits again", done, total) },
		})
		used(t, asked(t, a, want, idle))
	})
	t.Run("deleted", func(t *testing.T) {
		if err := os.Remove(indexFile(dir)); err != nil {
			t.Fatal(err)
		}
		used(t, compare(t, dir, want, idle))
	})
	t.Run("deleted mid-run", func(t *testing.T) {
		used(t, compare(t, dir, want, func() {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				if err := os.Remove(indexFile(dir) + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
			}
		}))
		used(t, compare(t, dir, want, idle))
	})
	t.Run("half-written", func(t *testing.T) {
		for _, n := range []int{0, 50, 4096, 3 * 4096, len(good) / 2, len(good) - 4096} {
			if err := os.WriteFile(indexFile(dir), good[:n], 0o644); err != nil {
				t.Fatal(err)
			}
			compare(t, dir, want, idle)
		}
		used(t, compare(t, dir, want, idle))
	})
	t.Run("under another key", func(t *testing.T) {
		if err := os.WriteFile(indexFile(dir), good, 0o644); err != nil {
			t.Fatal(err)
		}
		other := reopen(t, dir, false)
		renewed := false
		other.UseIndex(archive.IndexOptions{
			Key:      func() ([]byte, error) { return []byte("of another user"), nil },
			Progress: func(int64, int64) { renewed = true },
		})
		if used(t, asked(t, other, want, idle)); !renewed {
			t.Error("the index of somebody else was trusted")
		}
		for _, key := range [][]byte{secret, []byte("of another user")} {
			again := reopen(t, dir, false)
			again.UseIndex(archive.IndexOptions{
				Key:      func() ([]byte, error) { return key, nil },
				Progress: func(int64, int64) { t.Errorf("%q: the index was made anew for the other user", key) },
			})
			used(t, asked(t, again, want, idle))
		}
	})
	t.Run("of another archive", func(t *testing.T) {
		article(a.Web, "http://other.example/", "Another archive about hollow piles.")
		b := archivetest.NewArchive(t, a.Web)
		b.Capture("http://other.example/")
		other := reopen(t, b.Dir(), true)
		if err := errors.Join(other.UpdateIndex(t.Context()), other.Close()); err != nil {
			t.Fatal(err)
		}
		foreign, err := os.ReadFile(indexFile(b.Dir()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(indexFile(dir), foreign, 0o644); err != nil {
			t.Fatal(err)
		}
		used(t, compare(t, dir, want, idle))
	})
	t.Run("no place for it", func(t *testing.T) {
		if err := os.Remove(indexFile(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(indexFile(dir), "full"), 0o755); err != nil {
			t.Fatal(err)
		}
		if compare(t, dir, want, idle) == nil {
			t.Error("an index was made where none can be")
		}
		if err := reopen(t, dir, true).UpdateIndex(t.Context()); err == nil {
			t.Error("an index was updated where none can be")
		}
		if err := os.RemoveAll(indexFile(dir)); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("no key", func(t *testing.T) {
		a := reopen(t, dir, false)
		a.UseIndex(archive.IndexOptions{Key: func() ([]byte, error) { return nil, io.ErrUnexpectedEOF }})
		if failure := asked(t, a, want, idle); !errors.Is(failure, io.ErrUnexpectedEOF) {
			t.Errorf("got %v", failure)
		}
	})
}

// TestDamagedIndex flips bytes. What a search finds is right, though it may miss
// what stands in a damaged list of words; all other answers are those of the
// walk, and the next process has a sound index again.
func TestDamagedIndex(t *testing.T) {
	a := eventful(t)
	dir := a.Dir()
	want := walked(t, dir)
	compare(t, dir, want, idle)
	good, err := os.ReadFile(indexFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 6))
	noticed := 0
	for range 40 {
		bad := slices.Clone(good)
		for range 1 + r.IntN(200) {
			bad[100+r.IntN(len(bad)-100)] ^= byte(1 << r.IntN(8))
		}
		if err := os.WriteFile(indexFile(dir), bad, 0o644); err != nil {
			t.Fatal(err)
		}
		renewed := false
		damaged := reopen(t, dir, false)
		damaged.UseIndex(archive.IndexOptions{
			Key:      func() ([]byte, error) { return secret, nil },
			Progress: func(int64, int64) { renewed = true },
		})
		got := ask(t, damaged, idle)
		for question, answer := range want {
			if !cmp.Equal(answer, got[question]) && !missesOnly(question, got[question], want) {
				t.Errorf("%s (-want +got):\n%s", question, cmp.Diff(answer, got[question]))
			}
		}
		failure := damaged.IndexFailure()
		if err := damaged.Close(); err != nil && failure == nil {
			t.Error(err)
		}
		if !renewed && failure == nil {
			continue // nothing that was asked for
		}
		noticed++
		used(t, compare(t, dir, want, idle))
	}
	if noticed < 10 {
		t.Errorf("damage was noticed %d times only", noticed)
	}
}

// missesOnly reports that a search found nothing that is not there, and that no
// page is due which is not.
func missesOnly(question string, got any, all answers) bool {
	found, ok := got.([]string)
	if ok && strings.HasPrefix(question, "due ") {
		every := fmt.Sprint(all[question])
		return !slices.ContainsFunc(found, func(page string) bool { return !strings.Contains(every, strings.TrimSuffix(page, " <nil>")) })
	}
	if !ok || !strings.HasPrefix(question, "search ") {
		return false
	}
	words := strings.TrimPrefix(question[:strings.Index(question, " {")], "search ")
	every := all["search "+words+" {Skip:0 Limit:20 EveryVersion:true Within:0}"].([]string)
	for _, f := range found[1:] {
		if !slices.Contains(every, f) {
			return false
		}
	}
	return true
}

// TestIndexGrows asks an archive that grows between questions, by this process
// and by another.
func TestIndexGrows(t *testing.T) {
	a := eventful(t)
	other := reopen(t, a.Dir(), true)
	for i := range 3 {
		article(a.Web, news, fmt.Sprintf("Now %d piles are hollow.", i))
		a.Clock.Advance(time.Hour)
		a.Check(news)
		want := walked(t, a.Dir())
		if diff := cmp.Diff(want, ask(t, other, idle)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		used(t, other.IndexFailure())
		compare(t, a.Dir(), want, idle)
	}
}

// TestIndexOfRolledBackArchive moves main back, and then to another future.
func TestIndexOfRolledBackArchive(t *testing.T) {
	a := eventful(t)
	dir := a.Dir()
	ref := filepath.Join(dir, "refs", "heads", "main")
	newest, err := os.ReadFile(ref)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, dir, walked(t, dir), idle)
	old, err := a.At(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ref, []byte(old.Commit.ID.String()+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	compare(t, dir, walked(t, dir), idle)
	a.Clock.Advance(time.Hour)
	for i := range 8 {
		article(a.Web, news, fmt.Sprintf("In another future %d piles are hollow.", i))
		a.Clock.Advance(time.Hour)
		a.Check(news)
	}
	used(t, compare(t, dir, walked(t, dir), idle))
	if err := os.WriteFile(ref, newest, 0o644); err != nil {
		t.Fatal(err)
	}
	used(t, compare(t, dir, walked(t, dir), idle))
}

// TestIndexBusy asks while another process is at work on the index: it walks,
// and is not told of it.
func TestIndexBusy(t *testing.T) {
	a := eventful(t)
	want := walked(t, a.Dir())
	if err := os.MkdirAll(filepath.Dir(indexFile(a.Dir())), 0o755); err != nil {
		t.Fatal(err)
	}
	other := flock.New(indexFile(a.Dir()) + ".lock")
	if got, err := other.TryLock(); !got || err != nil {
		t.Fatal(got, err)
	}
	defer other.Close()
	if err := reopen(t, a.Dir(), true).UpdateIndex(t.Context()); err != nil {
		t.Errorf("left to the other process: %v", err)
	}
	if failure := compare(t, a.Dir(), want, idle); !errors.Is(failure, index.ErrBusy) {
		t.Errorf("got %v", failure)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	used(t, compare(t, a.Dir(), want, idle))
}

func TestUpdateIndex(t *testing.T) {
	a := eventful(t)
	if err := a.UpdateIndex(t.Context()); !errors.Is(err, archive.ErrNotIndexed) {
		t.Errorf("got %v", err)
	}
	b := reopen(t, a.Dir(), true)
	for range 2 {
		if err := b.UpdateIndex(t.Context()); err != nil {
			t.Error(err)
		}
	}
	c := reopen(t, a.Dir(), false)
	c.UseIndex(archive.IndexOptions{
		Key:      func() ([]byte, error) { return secret, nil },
		Progress: func(int64, int64) { t.Error("the index was behind") },
	})
	if found, _, err := c.Search(t.Context(), "hollow", archive.SearchOptions{Limit: 5}); err != nil || len(found) == 0 {
		t.Errorf("found %v, %v", found, err)
	}
}

// TestLongList lists more pages than are held in memory at once.
func TestLongList(t *testing.T) {
	t.Cleanup(archive.HoldPages(64 << 10))
	a := archivetest.NewArchive(t, archivetest.NewWeb(t))
	run := a.NewRun()
	all := &archive.Draft{Kind: schemas.KindCapture, Subject: "notes"}
	const notes = 1500
	for n := range notes {
		ref, err := archive.PagePost(fmt.Sprintf("note %d", n*7919%notes))
		if err != nil {
			t.Fatal(err)
		}
		draft, err := run.Capture(t.Context(), archive.PostRequest{Page: ref, Given: &archive.Given{Content: fmt.Appendf(nil, "Number %d.", n), MediaType: "text/plain"}})
		if err != nil {
			t.Fatal(err)
		}
		all.Pages, all.Posts = append(all.Pages, draft.Pages...), append(all.Posts, draft.Posts...)
	}
	a.Commit(run, all)
	lists := map[bool][]string{}
	for _, indexed := range []bool{false, true} {
		b := reopen(t, a.Dir(), indexed)
		head, err := b.Head()
		if err != nil {
			t.Fatal(err)
		}
		for _, ends := range []string{"", "77"} {
			for page, err := range head.List(t.Context(), func(p *schemas.ListedPage) bool { return strings.HasSuffix(p.URL, ends) }) {
				if err != nil {
					t.Fatal(err)
				}
				lists[indexed] = append(lists[indexed], fmt.Sprintf("%+v", page))
			}
		}
		for _, prefix := range []string{"", "note", "note 1", "note 77"} {
			names, err := head.Complete(t.Context(), prefix)
			if err != nil {
				t.Fatal(err)
			}
			lists[indexed] = append(lists[indexed], names...)
		}
		_, err = head.Find(t.Context(), "note%201")
		lists[indexed] = append(lists[indexed], fmt.Sprint(err))
		used(t, b.IndexFailure())
	}
	if diff := cmp.Diff(lists[false], lists[true]); diff != "" {
		t.Errorf("without and with the index (-want +got):\n%s", diff)
	}
	if n := len(lists[true]); n < notes+15 {
		t.Errorf("%d lines", n)
	}
}
