package quote

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Sentences of policy pages as quotations of the version before, judged on the
// version after. What git's word diff says of their words is the oracle: there
// are they if they stand somewhere, altered if half of the words are kept.
func TestRecordedRevisions(t *testing.T) {
	if testing.Short() || !testing.Verbose() {
		t.Skip("an evaluation takes a minute: -run Recorded -v")
	}
	lines := sharedData(t, "data/ota-demo-pairs.jsonl")
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("git is the oracle and is not here")
		}
		t.Skip("git is the oracle and is not here")
	}
	judged, disagreed := 0, 0
	fates := map[Fate]int{}
	for line := range bytes.Lines(lines) {
		var pair struct {
			Page, Before, After, URL string
			Changed                  int
		}
		if err := json.Unmarshal(line, &pair); err != nil {
			t.Fatal(err)
		}
		if pair.Changed != 1 {
			continue
		}
		before, after := policy(t, pair.Before, pair.URL), policy(t, pair.After, pair.URL)
		if before == nil || after == nil {
			continue
		}
		r := Compare(before, after)
		oracle := newOracle(t, before, after)
		for i, b := range before.Blocks {
			for _, s := range extract.Sentences(b.Text) {
				if countWords(b.Text[s.Start:s.End]) < minAligned {
					continue
				}
				v := r.Judge([]textdiff.Place{{Block: i, Span: s}})
				want := oracle.fate(i, s)
				judged++
				fates[v.Fate]++
				got := v.Fate
				if got == Moved || got == ContextChanged {
					got = Intact
				}
				if got != want {
					disagreed++
					t.Logf("%s %.8s %.8s: %s, git says %s\n\twas %q\n\tis  %q\n\t%s", pair.Page, pair.Before, pair.After, v.Fate, want, b.Text[s.Start:s.End], v.Text, shown(v.Segments))
				}
			}
		}
	}
	t.Logf("%d sentences, %d disagreements (%.2f %%): %v", judged, disagreed, 100*float64(disagreed)/float64(judged), fates)
	if 100*disagreed > judged {
		t.Errorf("more than 1 %% disagree")
	}
}

func policy(t *testing.T, blob, url string) *extract.Document {
	t.Helper()
	payload, err := exec.Command("git", "--git-dir="+filepath.Join("..", "..", "..", "shared", "data", "ota-demo.git"), "cat-file", "blob", blob).Output()
	if err != nil {
		t.Fatal(err)
	}
	if url == "" {
		url = "https://policies.example/legal/terms"
	}
	d, err := extract.Read(t.Context(), extract.Input{Payload: payload, ContentType: "text/html", URL: url})
	if err != nil {
		return nil
	}
	return d
}

// An oracle tells what became of sentences by other means than ours.
type oracle struct {
	kept  [][]bool // letters and digits of each block before, in order: kept by git's word diff
	inner [][]bool // words were added before it
	texts []string // blocks before
	after string   // all words after
}

// letters returns what of a text is compared, in lower case.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

func plainWords(text string) string {
	return " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ") + " "
}

func newOracle(t *testing.T, before, after *extract.Document) oracle {
	t.Helper()
	var o oracle
	var files [2]string
	for side, d := range [2]*extract.Document{before, after} {
		var text strings.Builder
		for _, b := range d.Blocks {
			text.WriteString(b.Text + "\n\n")
			if side == 0 {
				o.texts = append(o.texts, b.Text)
				n := len([]rune(letters(b.Text)))
				o.kept, o.inner = append(o.kept, make([]bool, n)), append(o.inner, make([]bool, n))
			} else {
				o.after += strings.TrimRight(plainWords(b.Text), " ")
			}
		}
		o.after += " "
		files[side] = filepath.Join(t.TempDir(), "text")
		if err := os.WriteFile(files[side], []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("git", "diff", "--no-index", "--no-color", "--word-diff=porcelain", "--word-diff-regex=[[:alnum:]]+|[^[:space:]]", "-U1000000", files[0], files[1]).Output()
	if len(out) == 0 {
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range o.kept {
			for i := range k {
				k[i] = true
			}
		}
		return o
	}
	block, at, added := 0, 0, false
	_, body, _ := bytes.Cut(out, []byte("\n@@ "))
	_, body, _ = bytes.Cut(body, []byte("\n"))
	for line := range strings.Lines(string(body)) {
		text := strings.TrimSuffix(line, "\n")
		if text == "" || text[0] == '~' || text[0] == '\\' {
			continue
		}
		plain := letters(text[1:])
		if text[0] == '+' {
			added = added || plain != ""
			continue
		}
		for range plain {
			for at == len(o.kept[block]) {
				block, at = block+1, 0
			}
			o.kept[block][at], o.inner[block][at] = text[0] == ' ', added
			added = false
			at++
		}
	}
	return o
}

func (o oracle) fate(block int, s textdiff.Span) Fate {
	text := o.texts[block]
	if strings.Contains(o.after, plainWords(text[s.Start:s.End])) {
		return Intact
	}
	from, to := len([]rune(letters(text[:s.Start]))), len([]rune(letters(text[:s.End])))
	kept, words, whole := 0, 0, true
	at := from
	for _, w := range strings.Fields(plainWords(text[s.Start:s.End])) {
		words++
		all := true
		for range w {
			all = all && o.kept[block][at]
			at++
		}
		if all {
			kept++
		} else {
			whole = false
		}
	}
	for i := from + 1; i < to; i++ {
		whole = whole && !o.inner[block][i]
	}
	switch {
	case whole:
		return Intact
	case 2*kept >= words:
		return Changed
	}
	return Removed
}
