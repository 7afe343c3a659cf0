package index_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

func open(tb testing.TB, file string) *index.Index {
	tb.Helper()
	x, err := index.Open(tb.Context(), file, "urn:uuid:one")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { x.Close() })
	return x
}

func newFile(tb testing.TB) string { return filepath.Join(tb.TempDir(), "index.db") }

// touched is a capture of a page that says this; "" is a page that was missing.
func touched(url, says string) index.Touch {
	listed := schemas.ListedPage{
		Page: schemas.PageIDOf(url), URL: url, Title: "Title of " + url, Post: true, Tracked: true,
		Method: schemas.Fetched, Outcome: schemas.Served, CapturedAt: 1_700_000_000_123, Bytes: int64(len(says)),
	}
	if says == "" {
		listed.Outcome = schemas.Missing
		return index.Touch{Page: listed, Spoken: url, Captured: true, Text: func() ([]byte, error) { return nil, errors.New("not to be asked for") }}
	}
	return index.Touch{
		Page: listed, Spoken: url, Captured: true, Served: true, Content: schemas.DigestOf([]byte(says)),
		Text: func() ([]byte, error) { return []byte(says), nil },
	}
}

func first(t index.Touch) index.Touch {
	t.First = true
	return t
}

func idOf(sequence int64) index.CommitID {
	return index.CommitID{0: 0xc0, 19: byte(sequence), 18: byte(sequence >> 8)}
}

// add adds a commit of these touches after the newest and flushes.
func add(tb testing.TB, x *index.Index, commits ...[]index.Touch) {
	tb.Helper()
	w := writer(tb, x)
	defer closed(tb, w)
	for _, touches := range commits {
		sequence, _ := w.Newest()
		if err := w.Add(tb.Context(), index.Commit{Sequence: sequence + 1, ID: idOf(sequence + 1), Touched: touches}); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Flush(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

func writer(tb testing.TB, x *index.Index) *index.Writer {
	tb.Helper()
	w, err := x.Writer(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func closed(tb testing.TB, c interface{ Close() error }) {
	tb.Helper()
	if err := c.Close(); err != nil {
		tb.Error(err)
	}
}

// contents is all that an index says.
type contents struct {
	Sequence int64
	ID       index.CommitID
	Commits  []index.CommitID
	Pages    []schemas.ListedPage
	Due      []schemas.ListedPage
	Names    []string
	Spoken   []string // from each of several beginnings on
	Last     []string // of each of them, or none
	Captures map[string][]index.Capture
}

const none = "no name begins so"

func read(ctx context.Context, x *index.Index) (c contents, err error) {
	v, err := x.View(ctx)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	c.Sequence, c.ID = v.Newest()
	for s := range c.Sequence + 1 {
		id, err := v.Commit(ctx, s)
		if err != nil {
			return c, err
		}
		c.Commits = append(c.Commits, id)
	}
	for page, err := range v.Pages(ctx, false) {
		if err != nil {
			return c, err
		}
		c.Pages = append(c.Pages, page)
	}
	for page, err := range v.Due(ctx, math.MaxInt64, 0) {
		if err != nil {
			return c, err
		}
		c.Due = append(c.Due, page)
	}
	for name, err := range v.Names(ctx) {
		if err != nil {
			return c, err
		}
		c.Names = append(c.Names, name)
	}
	for _, from := range []string{"", "https://a.example/1", "https://b", "\xff"} {
		for name, err := range v.SpokenFrom(ctx, from) {
			if err != nil {
				return c, err
			}
			c.Spoken = append(c.Spoken, name)
		}
		name, ok, err := v.SpokenLast(ctx, from)
		if err != nil {
			return c, err
		}
		if !ok {
			name = none
		}
		c.Last = append(c.Last, name)
	}
	c.Captures = map[string][]index.Capture{}
	for _, page := range c.Pages {
		if c.Captures[page.URL], err = v.Captures(ctx, page.Page); err != nil {
			return c, err
		}
	}
	return c, nil
}

func hits(ctx context.Context, x *index.Index, words string) (found []string, err error) {
	q, err := index.ParseQuery(words)
	if err != nil {
		return nil, err
	}
	v, err := x.View(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	for hit, err := range v.Search(ctx, q) {
		if err != nil {
			return nil, err
		}
		found = append(found, fmt.Sprintf("%s@%d %.2x", hit.URL, hit.Sequence, hit.Content[:2]))
	}
	return found, nil
}

func mustHit(t *testing.T, x *index.Index, words string, want ...string) {
	t.Helper()
	got, err := hits(t.Context(), x, words)
	if err != nil {
		t.Errorf("%s: %v", words, err)
	} else if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", words, diff)
	}
}

func served(sequence int64, says string) index.Capture {
	return index.Capture{Sequence: sequence, Commit: idOf(sequence), CapturedAt: 1_700_000_000_123, Outcome: schemas.Served, Served: true, Content: schemas.DigestOf([]byte(says))}
}

func missing(sequence int64) index.Capture {
	return index.Capture{Sequence: sequence, Commit: idOf(sequence), CapturedAt: 1_700_000_000_123, Outcome: schemas.Missing}
}

// due is a page of a list of those that are due, so long after its last look.
func due(page schemas.ListedPage, after time.Duration) schemas.ListedPage {
	page.LookedAt, page.DueAt = page.CapturedAt, page.CapturedAt+schemas.Time(after.Milliseconds())
	return page
}

func hit(url string, sequence int64, says string) string {
	sum := schemas.DigestOf([]byte(says))
	return fmt.Sprintf("%s@%d %.2x", url, sequence, sum[:2])
}

const (
	twelve = "Twelve piles were hollow."

	urlA = "https://a.example/harbour"
	urlB = "https://b.example/港"
)

// story is a small archive's commits.
func story() [][]index.Touch {
	return [][]index.Touch{
		nil,
		{first(touched(urlA, twelve)), first(touched(urlB, "港口委员会知道"))},
		{touched(urlA, twelve)}, // captured anew, the text is the same
		{touched(urlA, "")},
		{touched(urlA, "Two piles were hollow."), touched(urlB, "")},
		nil,
		{touched(urlA, twelve)},
	}
}

func TestIndex(t *testing.T) {
	file := newFile(t)
	x := open(t, file)
	if got, err := read(t.Context(), x); err != nil || got.Sequence != -1 || len(got.Pages) != 0 {
		t.Errorf("an empty index says %+v, %v", got, err)
	}
	add(t, x, story()...)
	want := contents{
		Sequence: 6, ID: idOf(6),
		Commits: []index.CommitID{idOf(0), idOf(1), idOf(2), idOf(3), idOf(4), idOf(5), idOf(6)},
		Pages:   []schemas.ListedPage{touched(urlA, twelve).Page, touched(urlB, "").Page},
		Due:     []schemas.ListedPage{due(touched(urlA, twelve).Page, 15*time.Minute), due(touched(urlB, "").Page, time.Hour)},
		Names:   []string{urlA + "\n" + urlB + "\n"},
		Spoken:  []string{urlA, urlB, urlA, urlB, urlB},
		Last:    []string{urlB, none, urlB, none},
		Captures: map[string][]index.Capture{
			urlA: {served(1, twelve), served(2, twelve), missing(3), served(4, "Two piles were hollow."), served(6, twelve)},
			urlB: {served(1, "港口委员会知道"), missing(4)},
		},
	}
	check := func() {
		t.Helper()
		got, err := read(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		mustHit(t, x, "hollow", hit(urlA, 6, twelve), hit(urlA, 4, "Two piles were hollow."), hit(urlA, 1, twelve))
		mustHit(t, x, `"twelve piles"`, hit(urlA, 6, twelve), hit(urlA, 1, twelve))
		mustHit(t, x, "two twelve")
		mustHit(t, x, "委员", hit(urlB, 1, "港口委员会知道"))
		mustHit(t, x, "知道 港口", hit(urlB, 1, "港口委员会知道"))
		mustHit(t, x, "NOT")
	}
	check()
	closed(t, x)
	x = open(t, file)
	check()
}

// A discarded index is read on by those who have it; the next one is empty, and
// what the last reader of the former does at its end is no harm to it.
func TestDiscard(t *testing.T) {
	file := newFile(t)
	former := open(t, file)
	add(t, former, story()...)
	if err := former.Discard(); err != nil {
		t.Fatal(err)
	}
	if err := former.Discard(); err != nil {
		t.Errorf("again: %v", err)
	}
	x := open(t, file)
	if got, err := read(t.Context(), x); err != nil || got.Sequence != -1 {
		t.Errorf("the new one says %+v, %v", got, err)
	}
	add(t, x, story()[:3]...)
	if got, err := read(t.Context(), former); err != nil || got.Sequence != 6 {
		t.Errorf("the former says %+v, %v", got, err)
	}
	closed(t, former)
	again := open(t, file)
	for _, x := range []*index.Index{x, again} {
		if got, err := read(t.Context(), x); err != nil || got.Sequence != 2 {
			t.Errorf("the new one says %+v, %v", got, err)
		}
	}
}

// A page that the archive has and the index does not, or the reverse, is damage.
func TestPagesAmiss(t *testing.T) {
	x := open(t, newFile(t))
	add(t, x, story()...)
	v, err := x.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, v)
	var damaged *index.DamagedError
	if got, err := v.Captures(t.Context(), schemas.PageIDOf("https://c.example/")); !errors.As(err, &damaged) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, touch := range []index.Touch{first(touched(urlA, "x")), touched("https://c.example/", "x")} {
		w := writer(t, x)
		if err := w.Add(t.Context(), index.Commit{Sequence: 7, Touched: []index.Touch{touch}}); !errors.As(err, &damaged) {
			t.Errorf("%s: %v", touch.Page.URL, err)
		}
		closed(t, w)
	}
}

func TestOutOfOrder(t *testing.T) {
	x := open(t, newFile(t))
	add(t, x, story()...)
	w := writer(t, x)
	defer closed(t, w)
	for _, sequence := range []int64{6, 8, -1} {
		if err := w.Add(t.Context(), index.Commit{Sequence: sequence}); err == nil {
			t.Errorf("commit %d was added after 6", sequence)
		}
	}
}

// What was not flushed is not there, also when the text could not be read.
func TestNotFlushed(t *testing.T) {
	x := open(t, newFile(t))
	add(t, x, story()...)
	before, err := read(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	w := writer(t, x)
	lost := touched(urlA, "lost")
	if err := w.Add(t.Context(), index.Commit{Sequence: 7, Touched: []index.Touch{lost}}); err != nil {
		t.Fatal(err)
	}
	failing := touched(urlB, "x")
	failing.Text = func() ([]byte, error) { return nil, errors.New("no text today") }
	err = w.Add(t.Context(), index.Commit{Sequence: 8, Touched: []index.Touch{failing}})
	var damaged *index.DamagedError
	if err == nil || !strings.Contains(err.Error(), "no text today") || errors.As(err, &damaged) {
		t.Errorf("got %v", err)
	}
	closed(t, w)
	after, err := read(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	mustHit(t, x, "lost")
}

// A reader sees one moment; a second writer is turned away; the next reader
// sees what was flushed.
func TestReadersAndWriters(t *testing.T) {
	file := newFile(t)
	x, other := open(t, file), open(t, file)
	add(t, x, story()...)
	v, err := other.View(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := writer(t, x)
	if _, err := other.Writer(t.Context()); !errors.Is(err, index.ErrBusy) {
		t.Errorf("a second writer: %v", err)
	}
	if err := other.Discard(); !errors.Is(err, index.ErrBusy) {
		t.Errorf("discarded beside a writer: %v", err)
	}
	third, err := index.Open(t.Context(), file, "urn:uuid:one")
	if err != nil {
		t.Fatalf("opening beside a writer: %v", err)
	}
	closed(t, third)
	fourth, err := index.Open(t.Context(), file, "urn:uuid:two")
	if err != nil {
		t.Fatalf("opening for another identity beside a writer: %v", err)
	}
	if got, err := read(t.Context(), fourth); err != nil || got.Sequence != -1 {
		t.Errorf("the one of another identity says %+v, %v", got, err)
	}
	closed(t, fourth)
	for n := range int64(3) {
		if err := w.Add(t.Context(), index.Commit{Sequence: 7 + n, ID: idOf(7 + n), Touched: []index.Touch{touched(urlB, fmt.Sprint("fresh ", n))}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if newest, _ := v.Newest(); newest != 6 {
			t.Errorf("the view moved to %d", newest)
		}
		if _, err := v.Commit(t.Context(), 7); err == nil {
			t.Error("the view has a later commit")
		}
		if got, err := read(t.Context(), other); err != nil || got.Sequence != 7+n {
			t.Errorf("another process sees %d, %v, want %d", got.Sequence, err, 7+n)
		}
	}
	closed(t, w)
	closed(t, v)
	closed(t, writer(t, other))
}

// A file of another archive, of an older format, or that is no index at all is
// made anew; so are files whose names need escaping.
func TestForeignFiles(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "what? 100% #1 a&b")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "index.db")
	x := open(t, file)
	add(t, x, story()...)
	closed(t, x)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	older := append([]byte(nil), good...)
	older[63]++
	for name, content := range map[string][]byte{
		"empty": {}, "text": []byte("not a database"), "header only": good[:100], "older": older, "nothing but zeros": make([]byte, len(good)),
	} {
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		x := open(t, file)
		if got, err := read(t.Context(), x); err != nil || got.Sequence != -1 {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		add(t, x, story()...)
		closed(t, x)
	}
	other, err := index.Open(t.Context(), file, "urn:uuid:two")
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, other)
	if got, err := read(t.Context(), other); err != nil || got.Sequence != -1 {
		t.Errorf("for another archive: %+v, %v", got, err)
	}
	if matches, _ := filepath.Glob(filepath.Join(filepath.Dir(folder), "*")); len(matches) != 1 {
		t.Errorf("files elsewhere: %v", matches)
	}
}

// A journal that a killed process left beside a file that is made anew is not
// applied to the new one.
func TestStaleJournal(t *testing.T) {
	file := newFile(t)
	x := open(t, file)
	add(t, x, story()...)
	journal, err := os.ReadFile(file + "-wal")
	if err != nil || len(journal) == 0 {
		t.Fatalf("no journal: %v", err)
	}
	closed(t, x)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+"-wal", journal, 0o644); err != nil {
		t.Fatal(err)
	}
	x = open(t, file)
	if got, err := read(t.Context(), x); err != nil || got.Sequence != -1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestUnusableFolder(t *testing.T) {
	if _, err := index.Open(t.Context(), filepath.Join(t.TempDir(), "none", "index.db"), "x"); err == nil {
		t.Error("opened in a folder that is not there")
	}
	file := newFile(t)
	if err := os.MkdirAll(filepath.Join(file, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := index.Open(t.Context(), file, "x"); err == nil {
		t.Error("opened a folder")
	}
}
