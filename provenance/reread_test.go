package provenance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/archivetest"
	"github.com/walkback-dev/walkback/archive/extract"

	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	townURL   = "https://town.example/piers"
	otherText = "# Piers\n\nWhat an older extractor made of it, zymurgy and all.\n"
)

// newReread is an archive of a few pages whose texts were made by another
// extractor.
func newReread(t *testing.T, pages ...string) (*provenancetest.Archive, *archivetest.Web) {
	t.Helper()
	web := archivetest.NewWeb(t)
	a := provenancetest.New(t, web)
	for _, address := range pages {
		page := archivetest.Article("Piers", "The harbour board counted forty piers before the storm came in.", "Two of them were hollow, as everybody knew.")
		page.Body = strings.Replace(page.Body, "</main>", "</main><footer><p>Edition one</p></footer>", 1)
		web.Serve(address, page)
	}
	a.Capture(pages...)
	for _, address := range pages {
		a.ReadByOther(address, otherText)
	}
	a.Clock.Advance(2 * time.Hour)
	return a, web
}

// kinds returns the kinds of all commits, oldest first.
func kinds(t *testing.T, a *provenancetest.Archive) []string {
	t.Helper()
	head, err := a.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for s, err := range head.Snapshots(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, string(s.Message.Kind))
	}
	slices.Reverse(kinds)
	return kinds
}

// TestRereadBeforeChange: an upgrade of the extractor is a commit of its own, so
// that an edit is all that stock git shows as one.
func TestRereadBeforeChange(t *testing.T) {
	needTool(t, "git")
	a, web := newReread(t, townURL)
	var told []string
	a.Reread = func(s *archive.Snapshot, pages int) {
		told = append(told, fmt.Sprintf("%d pages in snapshot %d", pages, s.Message.Sequence))
	}
	web.Edit(townURL, "Two of them", "Twelve of them")
	checked := a.Check()
	if got := checked[0].Page.Verdict; got.Class != schemas.SubstantiveEdit || got.Before.Sequence != 1 || got.After.Sequence != 4 {
		t.Errorf("verdict %s between snapshots %d and %d", got.Class, got.Before.Sequence, got.After.Sequence)
	}
	if diff := cmp.Diff([]string{"init", "capture", "rederive", "rederive", "check"}, kinds(t, a)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1 pages in snapshot 3"}, told); diff != "" {
		t.Error(diff)
	}
	v := &victim{t: t, dir: a.Dir(), id: a.Archive.ID(), key: a.Key, memory: a.Memory, clock: a.Clock}
	page := folder(t, townURL)
	if got, want := v.git("diff", "--name-only", "main~2", "main~1"), "manifest-sha256.txt\n"+page+"/capture.json\n"+page+"/text.md\n"; got != want {
		t.Errorf("the rederive commit changed\n%swant\n%s", got, want)
	}
	words := v.git("diff", "--word-diff=porcelain", "--unified=0", "main~1", "main", "--", page+"/text.md")
	if changed := changedWords(words); changed != "-Two +Twelve" {
		t.Errorf("stock git shows %q:\n%s", changed, words)
	}
	if got := v.git("cat-file", "blob", "main~1:"+page+"/capture.json"); !strings.Contains(got, `"extractor": "`+extract.Name+`"`) || !strings.Contains(got, `"standing": "none"`) {
		t.Errorf("capture.json was not described anew:\n%s", got)
	}
	if report := a.Verify(); report.ExitCode != 0 {
		t.Errorf("verify: %s", problems(report))
	}
}

// changedWords are the words that git's porcelain word diff marks.
func changedWords(diff string) string {
	var words []string
	for line := range strings.Lines(diff) {
		marked := strings.HasPrefix(line, "-") || strings.HasPrefix(line, "+")
		if marked && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "+++") {
			words = append(words, strings.TrimSpace(line))
		}
	}
	return strings.Join(words, " ")
}

// TestRereadIsNoVersion: reading a text anew makes no version, nor does the next
// capture that says the same; with the index and without.
func TestRereadIsNoVersion(t *testing.T) {
	a, web := newReread(t, townURL)
	a.Archive.UseIndex(archive.IndexOptions{Key: func() ([]byte, error) { return []byte("a secret of thirty-two bytes ...."), nil }})
	ref := archivetest.At(t, townURL)
	sequences := func() (sequences []int64) {
		t.Helper()
		versions, err := a.Archive.Versions(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		history, err := a.Archive.History(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range archive.VersionsOf(history) {
			if i >= len(versions) || versions[i].Sequence != v.Sequence {
				t.Errorf("the index and the history do not give the same versions")
			}
			sequences = append(sequences, v.Sequence)
		}
		return sequences
	}
	web.Edit(townURL, "Edition one", "Edition two")
	if got := a.Check()[0].Page.Verdict.Class; got != schemas.BoilerplateOnly {
		t.Errorf("verdict %s", got)
	}
	if diff := cmp.Diff([]int64{1}, sequences()); diff != "" {
		t.Errorf("versions after noise: %s", diff)
	}
	a.Clock.Advance(2 * time.Hour)
	web.Edit(townURL, "Two of them", "Twelve of them")
	a.Check()
	if diff := cmp.Diff([]int64{1, 5}, sequences()); diff != "" {
		t.Errorf("versions after an edit: %s", diff)
	}
	if diff := cmp.Diff([]string{"init", "capture", "rederive", "rederive", "check", "check"}, kinds(t, a)); diff != "" {
		t.Error(diff)
	}
	// Words of each reading find the version that was read.
	for words, want := range map[string][]int{"zymurgy": {1}, "harbour board": {2, 1}, "hollow": {2, 1}, "Twelve": {2}} {
		found, _, err := a.Archive.Search(t.Context(), words, archive.SearchOptions{Limit: 9, EveryVersion: true})
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, f := range found {
			got = append(got, f.Number)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("search for %q: %s", words, diff)
		}
	}
}

// TestRereadLeavesOthersAlone: what is as before, and what is not served, is not
// compared, so its text is left as it is; the pin of a post is, too.
func TestRereadLeavesOthersAlone(t *testing.T) {
	const still, gone = "https://town.example/still", "https://town.example/gone"
	a, web := newReread(t, townURL, still, gone)
	web.Serve("https://blog.example/post", archivetest.Article("Post", "As was told of "+archivetest.Link(townURL, "the piers")+" and much besides, on the day."))
	a.Capture("https://blog.example/post")
	a.Clock.Advance(2 * time.Hour)
	web.Remove(gone)
	web.Edit(townURL, "Two of them", "Twelve of them")
	a.Check()
	head, err := a.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		townURL: extract.Name, still: provenancetest.OtherExtractor, gone: provenancetest.OtherExtractor,
	} {
		page, err := head.Page(archivetest.At(t, address))
		if err != nil {
			t.Fatal(err)
		}
		if got := page.Capture.Text.Extractor; got != want {
			t.Errorf("the text of %s is by %s, want %s", address, got, want)
		}
	}
	post, err := head.Page(archivetest.At(t, "https://blog.example/post"))
	if err != nil {
		t.Fatal(err)
	}
	pins, err := post.Post()
	if err != nil {
		t.Fatal(err)
	}
	if pin := pins.Sources[0]; pin.Sequence < 1 || pin.Sequence > 3 {
		t.Errorf("the source is pinned to snapshot %d, which did not capture it", pin.Sequence)
	}
	if report := a.Verify(); report.ExitCode != 0 {
		t.Errorf("verify: %s", problems(report))
	}
	if newest := kinds(t, a); newest[len(newest)-1] != "check" || newest[len(newest)-2] != "rederive" {
		t.Errorf("commits %v", newest)
	}
}

// TestRereadByCapture: captures compare, too, and a batch of them is read anew by
// one commit.
func TestRereadByCapture(t *testing.T) {
	pages := []string{townURL, "https://town.example/b", "https://town.example/c"}
	a, web := newReread(t, pages...)
	for _, page := range pages {
		web.Edit(page, "Two of them", "Twelve of them")
	}
	for _, r := range a.Capture(pages...) {
		if got := r.Draft.Pages[0].Verdict.Class; got != schemas.SubstantiveEdit {
			t.Errorf("verdict %s", got)
		}
	}
	reread := 0
	head, err := a.Archive.Head()
	if err != nil {
		t.Fatal(err)
	}
	for s, err := range head.Snapshots(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(s.Message.Subject, " by "+extract.Name) {
			reread++
		}
	}
	if reread < 1 || reread > 3 {
		t.Errorf("%d commits read pages anew", reread)
	}
	if report := a.Verify(); report.ExitCode != 0 {
		t.Errorf("verify: %s", problems(report))
	}
}
