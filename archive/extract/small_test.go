package extract_test

import (
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
)

// TestSmallPagesAreReadWhole: where there is little text nothing tells an
// article from what stands around it.
func TestSmallPagesAreReadWhole(t *testing.T) {
	page := `<title>Links</title><body><nav><a href="/">Home</a></nav><h1>Links</h1><p>See <a href="https://a.example/">a</a>.
		<ul><li><a href="https://b.example/">b</a><li><a href="https://c.example/">c</a></ul><div class="related">And more.</div>`
	for _, c := range []struct {
		name, page, want string
	}{
		{"small", page, "See a.\n\nb\n\nc\n\nAnd more."},
		{"with an article", page + "<article>" + strings.Repeat("<p>This is a sentence of an article, and it is long enough, as all of them are.", 10) + "</article>", ""},
	} {
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(c.page), ContentType: "text/html", At: fetched})
		if err != nil {
			t.Fatal(err)
		}
		if got := doc.Text(); c.want != "" && got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		} else if c.want == "" && strings.Contains(got, "more") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
