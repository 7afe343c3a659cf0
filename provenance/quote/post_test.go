package quote

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
)

// sharedData reads a file that lies beside the project.
func sharedData(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("no ../shared/%s beside the project", name)
	}
	return data
}

// A post whose long quotations carry no marks: what it took from two sources is
// bound to these, word by word, and nothing else is.
func TestBindPostWithoutMarks(t *testing.T) {
	seed := read(t, "text/plain", string(sharedData(t, "seeds/not-good.txt")))
	var passages []string // of eight words or more that are quoted
	for _, b := range seed.Blocks {
		if strings.HasPrefix(b.Text, "National security") || strings.HasPrefix(b.Text, "“They did not") || strings.HasPrefix(b.Text, "Neither of those") {
			passages = append(passages, b.Text)
		}
	}
	if len(passages) != 3 {
		t.Fatalf("the seed has %d of its passages", len(passages))
	}
	body, dots, _ := strings.Cut(passages[2], " . . . . ")
	const filler = "This paragraph of the source is not in the post, nor is anything like it said there."
	sources := map[string]*extract.Document{
		"post": document("Flynn spoke of sanctions with ambassador, officials tell the newspaper",
			"A lead in other words tells what the former and current officials had said about calls with the envoy.",
			passages[0], filler, body, filler, filler, strings.TrimLeft(dots, ". "), filler),
		"tape": document("What the vice president said", filler+" It is another one.", "The interview was shown on Sunday.", passages[1], filler),
	}
	l := NewLibrary()
	for key, d := range sources {
		if err := l.Add(key, d); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"post", "tape", "post"}
	bound := l.BindPost(seed, func(Quotation) [][]string { return [][]string{nil, nil, {"post", "tape"}} })
	for i, passage := range passages {
		block := -1
		for k, b := range seed.Blocks {
			if b.Text == passage {
				block = k
			}
		}
		has := make([]string, len(passage)) // key by byte
		for _, b := range bound {
			for _, p := range b.Quotation.Places {
				if p.Block == block {
					for at := p.Start; at < p.End; at++ {
						if has[at] != "" {
							t.Fatalf("%q is quoted twice", passage[at:])
						}
						has[at] = b.Binding.Source
					}
				}
			}
		}
		for _, w := range wordsOf(passage) {
			if has[w.start] != want[i] && has[w.start] != "" {
				t.Errorf("%q is bound to %q", passage[w.start:w.end], has[w.start])
			}
		}
		for _, s := range unbound(passage, has) {
			if countWords(s) >= minRun {
				t.Errorf("not bound: %q", s)
			}
		}
	}
	for _, b := range bound {
		t.Logf("%-8s %-10s %-5s %2d %.60q", b.Quotation.Mark, b.Binding.State, b.Binding.Source, countWords(b.Quotation.Text), b.Quotation.Text)
		if b.Binding.Source == "" && b.Quotation.Mark == Unmarked {
			t.Errorf("%q is bound to nothing", b.Quotation.Text)
		}
	}
}

func unbound(text string, has []string) []string {
	var out []string
	start := -1
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && has[i] == "" && start < 0:
			start = i
		case start >= 0 && (i == len(text) || has[i] != ""):
			out = append(out, text[start:i])
			start = -1
		}
	}
	return out
}

// The source's own words on both sides of a small difference are one passage.
func TestBindPostMerges(t *testing.T) {
	l := NewLibrary()
	if err := l.Add("river", document(river, "Another paragraph about the weather of the coming days and nights.")); err != nil {
		t.Fatal(err)
	}
	post := document("I read today that officials of the upper town said that nobody was hurt. “We were lucky,” the mayor told reporters, although two roads were closed. So much for the flood. It was a quiet week otherwise.")
	bound := l.BindPost(post, func(Quotation) [][]string { return [][]string{{"river"}} })
	var got []string
	for _, b := range bound {
		got = append(got, fmt.Sprint(b.Quotation.Mark, " ", b.Binding.State, " ", shown(b.Binding.Segments)))
	}
	want := []string{
		"unmarked altered officials of the upper town said that nobody [-had been-]{+was+} hurt",
		"paired verbatim ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
