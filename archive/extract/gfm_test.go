package extract_test

import (
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
)

// TestGitHubMarkdown reads what GitHub's Markdown adds to CommonMark.
func TestGitHubMarkdown(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"table", "|a|b c|\n|-|:-:|\n|d|e|\n|f|g|h|\n|i|\n", "a | b c\nd | e\nf | g\ni\n"},
		{"no outer pipes", "a|b\n---|---\nc *d*|`e`\n", "a | b\nc d | e\n"},
		{"after a paragraph", "Words first.\na|b\n-|-\nc|d\n", "Words first.\n\na | b\nc | d\n"},
		{"ended by a blank line", "a|b\n-|-\nc|d\n\ne|f\n", "a | b\nc | d\n\ne|f\n"},
		{"escaped pipe", "a|b\n-|-\nc\\|d|`e\\|f`\n", "a | b\nc|d | e|f\n"},
		{"in a quotation", "> a|b\n> -|-\n> c|d\n", "a | b\nc | d\n"},
		{"too few headings", "a\n-|-\nb|c\n", "a -|- b|c\n"},
		{"too many headings", "a|b|c\n-|-\nd|e\n", "a|b|c -|- d|e\n"},
		{"not a delimiter row", "a|b\n-|x\n", "a|b -|x\n"},
		{"strikethrough", "Of ~~old~~ and ~new~ words.\n", "Of old and new words.\n"},
		{"no strikethrough", "Some ~~~three~~~ and ~ one.\n", "Some ~~~three~~~ and ~ one.\n"},
		{"tasks", "- [ ] Open.\n- [x] Done.\n- [y] Other.\n", "- Open.\n- Done.\n- [y] Other.\n"},
	} {
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(test.text), ContentType: "text/markdown; charset=utf-8", At: fetched})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := string(doc.Markdown()); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
