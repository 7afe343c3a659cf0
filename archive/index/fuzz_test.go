package index_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/index"
)

// FuzzSearch holds SQLite's search against Find: a text is found by the one
// when it is by the other, and no words make SQLite fail.
func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{"Twelve of the forty piles", `piles OR "forty`},
		{"Twelve of the forty piles", `"of the" twelve*`},
		{"a\x00b", "a b"},
		{"text : NEAR(a b, 2)", "NEAR(a b, 2)"},
		{"text", `text:"text" AND NOT ^x - {text}`},
		{"don't '); DROP TABLE words; --", `'); DROP TABLE words; --`},
		{"港口委员会", "口委"},
		{"ﷺ ͺ ½ Ⅻ ¨", "ﷺ ½ xii"},
		{"İstanbul ıI", "istanbul"},
		{strings.Repeat("x", 200), strings.Repeat("x", 64)},
		{"\xff\xfe", "\xff"},
		{"\u0301 e\u0301\u0327", "\u0301 é"},
		{"ก็ น้ำ", "น้ำ"},
		{"한국어 ｶﾞ", "한 ガ"},
	} {
		f.Add(seed[0], seed[1])
	}
	x := open(f, filepath.Join(f.TempDir(), "index.db"))
	w := writer(f, x)
	f.Cleanup(func() { w.Close() })
	f.Fuzz(func(t *testing.T, text, words string) {
		q, err := index.ParseQuery(words)
		if err != nil {
			return
		}
		parts, want := q.Find(text)
		var shown strings.Builder
		for _, p := range parts {
			shown.WriteString(p.Text)
		}
		if s := strings.Trim(shown.String(), "…"); want && (s == "" || !strings.Contains(strings.ReplaceAll(text, "\n", " "), s)) {
			t.Errorf("the snippet %q is not in %q", s, text)
		}
		newest, _ := w.Newest()
		touch := touched("https://a.example/", "?")
		touch.First = newest < 0
		touch.Content[0], touch.Content[1], touch.Content[2], touch.Content[3] = byte(newest), byte(newest>>8), byte(newest>>16), 1
		touch.Text = func() ([]byte, error) { return []byte(text), nil }
		if err := w.Add(t.Context(), index.Commit{Sequence: newest + 1, ID: idOf(newest + 1), Touched: []index.Touch{touch}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		v, err := x.View(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer closed(t, v)
		got := false
		for hit, err := range v.Search(t.Context(), q) {
			if err != nil {
				t.Fatalf("%q: %v", words, err)
			}
			got = hit.Sequence == newest+1
			break
		}
		if got != want {
			t.Errorf("%q in %q: SQLite says %t, Find %t", words, text, got, want)
		}
	})
}
