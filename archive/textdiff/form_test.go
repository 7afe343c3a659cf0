package textdiff

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestForms(t *testing.T) {
	for _, c := range []struct{ text, display, fold string }{
		{"", "", ""},
		{"  a \n\t b\u00a0 ", "a b", "a b"},
		{"e\u0301te\u0301", "été", "été"},
		{"soft\u00adhyphen zero\u200bwidth \ufeffmark", "softhyphen zerowidth mark", "softhyphen zerowidth mark"},
		{"“It’s” — he said…", "“It’s” — he said…", "\"it's\" - he said..."},
		{"e\u200b\u0301", "é", "é"},
		{"ﬁne Ａ１", "ﬁne Ａ１", "fine a1"},
		{"a\u202eb\x1b[31mc\x00", "ab[31mc", "ab[31mc"},
		{"\U0001F468\u200d\U0001F469", "\U0001F468\u200d\U0001F469", "\U0001F468\u200d\U0001F469"},
		{"a\xffb", "a\ufffdb", "a\ufffdb"},
		{"一　二", "一 二", "一 二"},
	} {
		if got := Display(c.text).Text; got != c.display {
			t.Errorf("Display(%q) = %q, want %q", c.text, got, c.display)
		}
		if got := Fold(c.text).Text; got != c.fold {
			t.Errorf("Fold(%q) = %q, want %q", c.text, got, c.fold)
		}
	}
}

func TestFormSource(t *testing.T) {
	text := "  Ein  “Cafe\u0301”\u00ad noir… "
	f := Fold(text)
	for _, c := range []struct{ part, want string }{
		{"ein", "Ein"},
		{"café", "Cafe\u0301"},
		{"\"café\"", "“Cafe\u0301”"},
		{"ein \"", "Ein  “"},
		{"noir...", "noir…"},
		{"r.", "r…"},
	} {
		i := strings.Index(f.Text, c.part)
		from, to := f.Source(i, i+len(c.part))
		if got := text[from:to]; i < 0 || got != c.want {
			t.Errorf("%q comes from %q, want %q", c.part, got, c.want)
		}
	}
	if from, to := f.Source(-5, 1000); text[from:to] != strings.TrimSpace(text) {
		t.Errorf("whole text comes from %q", text[from:to])
	}
}

// TestFormsHold checks what every text must have in these forms, and that the
// map never leaves the source and never runs backwards.
func TestFormsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), texts()).Draw(t, "text")
		checkForms(t, text)
	})
}

func FuzzForms(f *testing.F) {
	f.Add("“e\u0301” \u00ad\u200b x\xff…")
	f.Fuzz(func(t *testing.T, text string) { checkForms(t, text) })
}

func checkForms(t interface{ Fatalf(string, ...any) }, text string) {
	d := Display(text)
	if !norm.NFC.IsNormalString(d.Text) || !utf8.ValidString(d.Text) || strings.TrimSpace(d.Text) != d.Text ||
		strings.Contains(d.Text, "  ") || strings.ContainsFunc(d.Text, unicode.IsControl) {
		t.Fatalf("Display(%q) = %q", text, d.Text)
	}
	if again := Display(d.Text).Text; again != d.Text {
		t.Fatalf("Display(%q) = %q, and of that %q", text, d.Text, again)
	}
	for _, form := range []Form{d, Fold(text)} {
		last := 0
		for i := 0; i < len(form.Text); {
			_, size := utf8.DecodeRuneInString(form.Text[i:])
			from, to := form.Source(i, i+size)
			if from < last || to < from || to > len(text) {
				t.Fatalf("%q: bytes %d to %d come from %d to %d of %q", form.Text, i, i+size, from, to, text)
			}
			last, i = from, i+size
		}
	}
}

func TestLocate(t *testing.T) {
	text := "She said:\n“We don’t know\nwho did it”—and left. We don't know why. 我们不知道。"
	for _, c := range []struct {
		passage string
		want    []string
	}{
		{"we don't know who did it", []string{"We don’t know\nwho did it"}},
		{"WE DON’T KNOW", []string{"We don’t know", "We don't know"}},
		{"now", nil}, // only inside "know"
		{"did it\" - and", nil},
		{"did it\"-and", []string{"did it”—and"}},
		{"不知", []string{"不知"}},
		{"", nil},
		{" \u00ad ", nil},
	} {
		var got []string
		for _, s := range Locate(text, c.passage) {
			got = append(got, text[s.Start:s.End])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("Locate(%q) (-want +got):\n%s", c.passage, diff)
		}
	}
}

func TestLocateFindsWhatIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		ws := strings.Fields(text)
		if len(ws) == 0 {
			return
		}
		i := rapid.IntRange(0, len(ws)-1).Draw(t, "from")
		j := rapid.IntRange(i+1, len(ws)).Draw(t, "to")
		passage := strings.Join(ws[i:j], "\n")
		if Fold(passage).Text == "" {
			return
		}
		spans := Locate(text, passage)
		if len(spans) == 0 {
			t.Fatalf("%q is not found in %q", passage, text)
		}
		for _, s := range spans {
			if got, want := Fold(text[s.Start:s.End]).Text, Fold(passage).Text; got != want {
				t.Fatalf("found %q for %q", got, want)
			}
		}
	})
}
