package textdiff

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// show writes a diff in the manner of git: [-deleted-]{+inserted+}.
func show(segments []Segment) string {
	var b strings.Builder
	for _, s := range segments {
		switch s.Op {
		case Equal:
			b.WriteString(s.Text)
		case Delete:
			b.WriteString("[-" + s.Text + "-]")
		case Insert:
			b.WriteString("{+" + s.Text + "+}")
		}
	}
	return b.String()
}

func sides(segments []Segment) (before, after string) {
	var a, b strings.Builder
	for _, s := range segments {
		if s.Op != Insert {
			a.WriteString(s.Text)
		}
		if s.Op != Delete {
			b.WriteString(s.Text)
		}
	}
	return a.String(), b.String()
}

func TestCompare(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"nothing", "", "", ""},
		{"no change", "A b.\n", "A b.\n", "A b.\n"},
		{"from nothing", "", "A b.\n", "{+A b.\n+}"},
		{"to nothing", "A b.\n", "", "[-A b.\n-]"},
		{"one word", "It killed twelve people.\n", "It killed seventeen people.\n", "It killed [-twelve-]{+seventeen+} people.\n"},
		{"never inside a word", "the text\n", "the test\n", "the [-text-]{+test+}\n"},
		{"number with separators", "It cost 1,200.50 now.\n", "It cost 1,250.50 now.\n", "It cost [-1,200.50-]{+1,250.50+} now.\n"},
		{"time of day", "At 12:30 sharp\n", "At 12:40 sharp\n", "At [-12:30-]{+12:40+} sharp\n"},
		{"URL", "[a](https://x.org/a?b=1)\n", "[a](https://x.org/a?b=2)\n", "[a]([-https://x.org/a?b=1-]{+https://x.org/a?b=2+})\n"},
		{"Chinese by character", "他今天来了。\n", "他明天来了。\n", "他[-今-]{+明+}天来了。\n"},
		{"sentence inserted", "A one.\nB two.\n", "A one.\nX new.\nB two.\n", "A one.\n{+X new.\n+}B two.\n"},
		{"line slides to line start", "A b.\nA c.\n", "A b.\nA b.\nA c.\n", "A b.\n{+A b.\n+}A c.\n"},
		{"white space joins changes", "one two end\n", "three four end\n", "[-one two-]{+three four+} end\n"},
		{"stray word in a rewrite", "red green blue of white black grey\n", "iron copper tin of gold silver lead\n", "[-red green blue-]{+iron copper tin+} of [-white black grey-]{+gold silver lead+}\n"},
		{"insertion meets the change before it", "x the dog.\n", "y the cat the dog.\n", "[-x-]{+y the cat+} the dog.\n"},
		{"small word between small changes stays", "12 of 15\n", "13 of 16\n", "[-12-]{+13+} of [-15-]{+16+}\n"},
		{"across a blank line", "Alpha beta gamma.\n\nDelta epsilon zeta.\n", "Alpha beta gamma. Delta epsilon zeta.\n", "Alpha beta gamma.[-\n\n-]{+ +}Delta epsilon zeta.\n"},
		{"punctuation", "Yes, it is.\n", "Yes it is!\n", "Yes[-,-] it is[-.-]{+!+}\n"},
		{"no final line end", "a b", "a c", "a [-b-]{+c+}"},
		{"line end only", "a\r\nb\n", "a\nb\n", "a[-\r\n-]{+\n+}b\n"},
		{"not UTF-8", "a \xff b\n", "a \xfe b\n", "a [-\xff-]{+\xfe+} b\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Compare(c.before, c.after)
			if diff := cmp.Diff(c.want, show(d.Segments)); diff != "" {
				t.Errorf("segments (-want +got):\n%s", diff)
			}
			if got, want := d.Equal(), c.before == c.after; got != want {
				t.Errorf("Equal() = %v, want %v", got, want)
			}
		})
	}
}

func TestReadable(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"stray word in a rewrite", "red green blue of white black grey\n", "iron copper tin of gold silver lead\n", "[-red green blue of white black grey-]{+iron copper tin of gold silver lead+}\n"},
		{"three in a row", "a b c the d e f the g h i\n", "k l m the n o p the q r s\n", "[-a b c the d e f the g h i-]{+k l m the n o p the q r s+}\n"},
		{"a number", "red green blue 12 white black grey\n", "iron copper tin 12 gold silver lead\n", "[-red green blue-]{+iron copper tin+} 12 [-white black grey-]{+gold silver lead+}\n"},
		{"small changes", "12 of 15\n", "13 of 16\n", "[-12-]{+13+} of [-15-]{+16+}\n"},
		{"another line", "red green blue\nof\nwhite black grey\n", "iron copper tin\nof\ngold silver lead\n", "[-red green blue-]{+iron copper tin+}\nof\n[-white black grey-]{+gold silver lead+}\n"},
		{"no change", "a\n", "a\n", "a\n"},
	} {
		if diff := cmp.Diff(c.want, show(Compare(c.before, c.after).Readable().Segments)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// checkDiff tells whether a diff keeps the promises of its type.
func checkDiff(d Diff, before, after string) error {
	if a, b := sides(d.Segments); a != before || b != after {
		return fmt.Errorf("segments rebuild\n%q\n%q, want\n%q\n%q", a, b, before, after)
	}
	for i, s := range d.Segments {
		if s.Text == "" {
			return fmt.Errorf("segment %d is empty", i)
		}
		if i > 0 && (s.Op == d.Segments[i-1].Op || s.Op == Delete && d.Segments[i-1].Op == Insert) {
			return fmt.Errorf("segment %d: %v follows %v", i, s.Op, d.Segments[i-1].Op)
		}
	}
	for side, text := range [2]string{before, after} {
		if err := checkBoundaries(d.Segments, text, [2]Op{Insert, Delete}[side]); err != nil {
			return err
		}
	}
	if d.Equal() != (before == after) {
		return fmt.Errorf("Equal() = %v", d.Equal())
	}
	for _, context := range []int{0, 1, 3, 1 << 20} {
		if err := checkHunks(d.Hunks(context), before, after, context); err != nil {
			return fmt.Errorf("context %d: %w", context, err)
		}
	}
	return nil
}

// checkBoundaries tells whether a segment ends inside a token of the lines of a
// text. A line is cut without what stands in the next one.
func checkBoundaries(segments []Segment, text string, other Op) error {
	boundary := make(map[int]bool)
	all := lines(text)
	for i := range all.len() {
		c := tokens(all.piece(i))
		for _, at := range c.at {
			boundary[all.start(i)+int(at)] = true
		}
	}
	at := 0
	for _, s := range segments {
		if s.Op == other {
			continue
		}
		if at += len(s.Text); !boundary[at] {
			return fmt.Errorf("a segment ends at byte %d, inside a token: %q", at, s.Text)
		}
	}
	return nil
}

// checkHunks rebuilds the text after by replacing, in the text before, the
// lines of each hunk.
func checkHunks(hunks []Hunk, before, after string, context int) error {
	a := lines(before)
	at := 0
	var got strings.Builder
	line := 1
	for i, h := range hunks {
		start := h.BeforeLine - 1
		if h.BeforeLines == 0 {
			start++
		}
		if start < at || start+h.BeforeLines > a.len() {
			return fmt.Errorf("hunk %d covers lines %d+%d of %d", i, h.BeforeLine, h.BeforeLines, a.len())
		}
		line += start - at
		got.WriteString(a.join(at, start))
		old, now := sides(h.Segments)
		if old != a.join(start, start+h.BeforeLines) {
			return fmt.Errorf("hunk %d holds %q, want lines %d+%d", i, old, h.BeforeLine, h.BeforeLines)
		}
		wantLine := line
		if h.AfterLines == 0 {
			wantLine--
		}
		if h.AfterLine != wantLine || h.AfterLines != lines(now).len() {
			return fmt.Errorf("hunk %d says lines %d+%d after, want %d+%d", i, h.AfterLine, h.AfterLines, wantLine, lines(now).len())
		}
		got.WriteString(now)
		line += h.AfterLines
		at = start + h.BeforeLines
	}
	got.WriteString(a.join(at, a.len()))
	if got.String() != after {
		return fmt.Errorf("hunks make %q, want %q", got.String(), after)
	}
	if (len(hunks) == 0) != (before == after) {
		return fmt.Errorf("%d hunks", len(hunks))
	}
	return nil
}

// texts draws texts made of few words and lines, so that two of them have much
// in common.
func texts() *rapid.Generator[string] {
	word := rapid.SampledFrom([]string{"a", "the", "dog", "12", "1,5", "http://x.org/a", "他", "é", "e\u0301", "\u200d", "\xff", "-", ".", "“"})
	sep := rapid.SampledFrom([]string{" ", " ", " ", "\n", "\n\n", "\r\n", "", "\u00a0"})
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 40).Draw(t, "words") {
			b.WriteString(word.Draw(t, "word") + sep.Draw(t, "sep"))
		}
		return b.String()
	})
}

func TestCompareRebuilds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := texts().Draw(t, "before"), texts().Draw(t, "after")
		d := Compare(before, after)
		if err := checkDiff(d, before, after); err != nil {
			t.Fatal(err)
		}
		if err := checkDiff(d.Readable(), before, after); err != nil {
			t.Fatalf("readable: %v", err)
		}
	})
}

func TestCompareSameIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		d := Compare(text, text)
		if !d.Equal() || d.Hunks(3) != nil || d.Similarity() != 1 {
			t.Fatalf("Compare of a text with itself: %v", d)
		}
	})
}

func FuzzCompare(f *testing.F) {
	f.Add("A b c.\nD e.\n", "A b x.\n\nD e.\n")
	f.Add("$0", "0\xea\n1")
	f.Add("http://a.b/c). 1,2", "\xff\u2028\r\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		d := Compare(before, after)
		if err := checkDiff(d, before, after); err != nil {
			t.Fatal(err)
		}
		if err := checkDiff(d.Readable(), before, after); err != nil {
			t.Fatalf("readable: %v", err)
		}
	})
}

// pieces lists what a text was cut into.
func pieces(c cuts) []string {
	var out []string
	for i := range c.len() {
		out = append(out, c.piece(i))
	}
	return out
}

func FuzzTokens(f *testing.F) {
	f.Add("a.b a:b a,b 1,2 1;2 1.2 1'2 a'b a_1 _a 1_ a._b 1.a  x\r\n\n\t\x0b\x1f\"a\"b\" e\u0301 \u00e9.a a.\u00e9 \u0301a \u00a01 1\u00a02 \u05d0\"\u05d0 a\u200d")
	f.Add("See (https://x.org/a_(b)), 1,234.5 or 12:30://x 他们 don’t.")
	f.Fuzz(func(t *testing.T, text string) {
		plain, full := cuts{text: text, at: []int32{0}}, cuts{text: text, at: []int32{0}}
		plain.cutWords(0, len(text))
		full.cutUnicode(0, len(text))
		if diff := cmp.Diff(pieces(full), pieces(plain)); utf8.ValidString(text) && diff != "" {
			t.Fatalf("words of %q (-by all rules +got):\n%s", text, diff)
		}
		if got := strings.Join(pieces(tokens(text)), ""); got != text {
			t.Fatalf("tokens join to %q, want %q", got, text)
		}
	})
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"don’t stop", []string{"don’t", " ", "stop"}},
		{"1,234.5 12:30 1/2 1’000", []string{"1,234.5", " ", "12:30", " ", "1/2", " ", "1’000"}},
		{"1. a", []string{"1", ".", " ", "a"}},
		{"see (https://x.org/a_(b)).", []string{"see", " ", "(", "https://x.org/a_(b)", ")", "."}},
		{"HTTP://X.org/?q=1, no", []string{"HTTP://X.org/?q=1", ",", " ", "no"}},
		{"foo://bar", []string{"foo", ":", "/", "/", "bar"}},
		{"他们来", []string{"他", "们", "来"}},
		{"한국어 말", []string{"한국어", " ", "말"}},
		{"a  \n\nb", []string{"a", "  ", "\n", "\n", "b"}},
	} {
		if diff := cmp.Diff(c.want, pieces(tokens(c.text))); diff != "" {
			t.Errorf("tokens(%q) (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestURLs(t *testing.T) {
	got := URLs("From https://a.org/x, “http://b.org” and <ftp://c.org/>; not http:// nor mailto:x@y.org.")
	if diff := cmp.Diff([]string{"https://a.org/x", "http://b.org", "ftp://c.org/"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStat(t *testing.T) {
	got := Compare("One two, three four.\n", "One two three five six.\n").Stat()
	want := Stat{WordsAdded: 2, WordsDeleted: 1, WordsKept: 3}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := Compare("a b\n", "a  b\n").Similarity(); s != 1 {
		t.Errorf("similarity after a change of white space = %v, want 1", s)
	}
	if s := Compare("a b\n", "c d\n").Similarity(); s != 0 {
		t.Errorf("similarity of unlike texts = %v, want 0", s)
	}
}

func TestHunks(t *testing.T) {
	before := "1\n2\n3\n4\n5\n6\n7\n8\n9\n"
	after := "1\n2\nX\n4\n5\n6\n7\n9\nend\n"
	var got strings.Builder
	for _, h := range Compare(before, after).Hunks(1) {
		fmt.Fprintf(&got, "@@ -%d,%d +%d,%d @@\n%s", h.BeforeLine, h.BeforeLines, h.AfterLine, h.AfterLines, show(h.Segments))
	}
	want := "@@ -2,3 +2,3 @@\n2\n[-3-]{+X+}\n4\n" +
		"@@ -7,3 +7,3 @@\n7\n[-8\n-]9\n{+end\n+}"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	only := Compare("", "a\nb\n").Hunks(3)
	if len(only) != 1 || only[0].BeforeLine != 0 || only[0].BeforeLines != 0 || only[0].AfterLine != 1 || only[0].AfterLines != 2 {
		t.Errorf("hunks of a new text: %+v", only)
	}
}

// TestCompareBounded checks that the worst inputs end soon: long texts of the
// same few words in another order, and many lines with changes far apart.
func TestCompareBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r := rand.New(rand.NewPCG(1, 2))
	shuffled := func(n int, end string) string {
		var b strings.Builder
		for range n {
			fmt.Fprintf(&b, "w%d%s", r.IntN(50), end)
		}
		return b.String()
	}
	numbered := func(n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("Line number %d stands here.\n", i)
		}
		return out
	}
	long := numbered(100_000)
	changed := append([]string{"First.\n"}, long...)
	changed[50_000] = "Another line stands here.\n"
	for _, c := range []struct{ name, before, after string }{
		{"words", shuffled(14_000, " "), shuffled(14_000, " ")},
		{"beyond the block bound", shuffled(60_000, " "), shuffled(60_000, " ")},
		{"lines", shuffled(12_000, "\n"), shuffled(12_000, "\n")},
		{"lines beyond the bound", shuffled(200_000, "\n"), shuffled(200_000, "\n")},
		{"two changes in many lines", strings.Join(long, ""), strings.Join(changed, "")},
	} {
		start := time.Now()
		d := Compare(c.before, c.after)
		t.Logf("%s: %v, %d segments", c.name, time.Since(start).Round(time.Millisecond), len(d.Segments))
		if a, b := sides(d.Segments); a != c.before || b != c.after {
			t.Errorf("%s: segments do not rebuild the texts", c.name)
		}
		if c.name == "two changes in many lines" && d.Stat().WordsKept < 100_000*5-10 {
			t.Errorf("%s: kept %d words only", c.name, d.Stat().WordsKept)
		}
	}
}
