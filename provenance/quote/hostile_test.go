package quote

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// hostileTexts make a post of about n bytes that costs much if anything is
// looked at again and again.
var hostileTexts = []struct {
	name string
	text func(n int) string
}{
	{"opening marks", func(n int) string { return strings.Repeat("“", n/3) }},
	{"opening marks before words", func(n int) string { return strings.Repeat(" “ab", n/6) }},
	{"pairs", func(n int) string { return strings.Repeat("“”", n/6) }},
	{"nested pairs", func(n int) string { return strings.Repeat("“a ", n/10) + strings.Repeat("b” ", n/10) }},
	{"straight marks", func(n int) string { return strings.Repeat(`" a`, n/3) }},
	{"single marks", func(n int) string { return strings.Repeat("s' 'a b c d", n/11) }},
	{"short quotations", func(n int) string { return strings.Repeat("“a b c” ", n/12) }},
	{"ellipses", func(n int) string { return "“" + strings.Repeat("a … ", n/6) + "b”" }},
	{"brackets", func(n int) string { return "“" + strings.Repeat("a [b] ", n/6) + "b”" }},
	{"open brackets", func(n int) string { return "“" + strings.Repeat("[", n) + " a b c”" }},
	{"one word", func(n int) string { return strings.Repeat("a ", n/2) }},
	{"one quotation of one word", func(n int) string { return "“" + strings.Repeat("a ", n/2) + "”" }},
	{"two words", func(n int) string { return "“" + strings.Repeat("a b a a b ", n/10) + "”" }},
	{"one long word", func(n int) string { return strings.Repeat("a", n) }},
	{"spaces", func(n int) string { return "“a" + strings.Repeat(" ", n) + "b c”" }},
	{"attributions", func(n int) string { return strings.Repeat("“a b c d,” the the the the man said the ", n/44) }},
	{"sentences", func(n int) string { return strings.Repeat("“A b c d.” E f! ", n/20) }},
}

// bindHostile binds a post to sources that have its text, and other ones, and
// judges what is bound.
func bindHostile(t testing.TB, text string) []Bound {
	t.Helper()
	post := document(text)
	post.Links = []extract.Link{{URL: "https://a.example/", Text: "a"}}
	l := NewLibrary()
	sources := map[string]*extract.Document{"same": document("b " + text), "near": document(strings.Replace(text, "b", "c", 1) + " a b a b")}
	for _, key := range []string{"same", "near"} {
		if err := l.Add(key, sources[key]); err != nil {
			t.Fatal(err)
		}
	}
	return l.BindPost(post, func(Quotation) [][]string { return [][]string{{"same"}} })
}

// Places lie in the texts that they point into, whatever these are.
func checkPlaces(t *testing.T, blocks []extract.Block, places []textdiff.Place) {
	t.Helper()
	for _, p := range places {
		if p.Block < 0 || p.Block >= len(blocks) || p.Start < 0 || p.Start >= p.End || p.End > len(blocks[p.Block].Text) {
			t.Fatalf("no such place: %v", p)
		}
	}
}

func TestHostileTexts(t *testing.T) {
	for _, c := range hostileTexts {
		t.Run(c.name, func(t *testing.T) {
			text := c.text(8_000)
			bound := bindHostile(t, text)
			for _, b := range bound {
				checkPlaces(t, []extract.Block{{Text: text}}, b.Quotation.Places)
				if b.Quotation.Text != textAt([]extract.Block{{Text: text}}, b.Quotation.Places) {
					t.Fatalf("%q is not at its place", b.Quotation.Text)
				}
			}
			if !reflect.DeepEqual(bound, bindHostile(t, text)) {
				t.Error("not the same twice")
			}
		})
	}
}

// BenchmarkHostile shows that ten times the text takes about ten times the time.
func BenchmarkHostile(b *testing.B) {
	for _, c := range hostileTexts {
		for _, n := range []int{30_000, 300_000} {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(c.name, " ", "-"), n), func(b *testing.B) {
				text := c.text(n)
				b.SetBytes(int64(n))
				for b.Loop() {
					bindHostile(b, text)
				}
			})
		}
	}
}
