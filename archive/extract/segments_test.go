package extract

import (
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// tokenised returns where the tokenizer of the parser finds text, and where it
// finds that of unread elements.
func tokenised(text string) (parts, unread []span) {
	z := html.NewTokenizer(strings.NewReader(text))
	at, name := span{}, ""
	for {
		kind := z.Next()
		at = span{at.end, at.end + len(z.Raw())}
		switch kind {
		case html.ErrorToken:
			return parts, unread
		case html.TextToken:
			switch n := len(parts); {
			case unreadElements[name]:
				unread = append(unread, at)
			case n > 0 && parts[n-1].end == at.start: // cut at "</" before the end
				parts[n-1].end = at.end
			default:
				parts = append(parts, at)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			tag, _ := z.TagName()
			name = string(tag)
		case html.EndTagToken:
			name = ""
		}
	}
}

var markupCases = []string{
	"", "a", "0</", "a<b>c</b>d", "a < b <3 c <", "<", "</", "</>", "a</>b", "</ p>x", "<p", "<p a", "<p a=", "<p a='x", "x<p a=\"<b>\">y",
	"<p a = \"1\" b=2/>z", "<p/a/b>z", "<p a=b'c\">z", "<p \"'>z", "<p =x>z", "<br/>z",
	"<!-- a -->b<!-->c<!--->d<!-- - -- --!>e<!--", "<!-- a --", "<!doctype html>x", "<![CDATA[a]]>b", "<?php a ?>b", "<!x", "<!-",
	"<script>a<b></script>c", "<script>a</scripty>b</script >c", "<SCRIPT>a</ScRiPt\n>b", "<script>a", "<script>a</script", "<script/>a</script>b",
	"<script><!-- <script>a</script> --></script>b", "<script><!-- a</script>b", "<script><!-- --> <script>a</script>b",
	"<script><!--<script></script></script>b", "<script><!-- </script><script> --></script>b",
	"<title>a<b></title>c", "<textarea><p></textarea>x", "<plaintext>a</plaintext>b", "<xmp><p></xmp>b", "<noscript><p>a</p></noscript>b",
	"<style>a</style><style>b</style>c", "<iframe>a</iframe", "<a\x00b>c", "<é>c", "<p\xff>c",
}

// TestOutlineCutsAsTheTokenizer compares the cheap cut of a page with that of
// the tokenizer, of which it must not differ.
func TestOutlineCutsAsTheTokenizer(t *testing.T) {
	for _, text := range markupCases {
		checkOutline(t, text)
	}
}

func FuzzOutline(f *testing.F) {
	for _, text := range markupCases {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkOutline(t, text)
		root, err := html.Parse(newOutline(text).reader())
		if err != nil {
			t.Skip()
		}
		places := newAligner(newOutline(text))
		prepare(root, places)
		for _, s := range places.found[1:] {
			if s.start < 0 || s.start >= s.end || int(s.end) > len(text) {
				t.Fatalf("%q: text at %v", text, s)
			}
		}
	})
}

// A page that is read token by token has its blocks where they stand in the page,
// although neither comments nor most attributes are parsed.
func TestTokensHavePlaces(t *testing.T) {
	page := strings.Repeat("<p x=y data-z='>'>Pier four <!-- not -->carries <b data-x>no</b> cranes.<!--\n--> <script>var p</script>\n", 50)
	blocks, _, err := walkTokens(t.Context(), page)
	if err != nil || len(blocks) != 50 {
		t.Fatalf("%d blocks, %v", len(blocks), err)
	}
	for i, b := range blocks {
		if got, want := page[b.Start:b.End], "Pier four <!-- not -->carries <b data-x>no</b> cranes."; got != want || b.Text != "Pier four carries no cranes." {
			t.Fatalf("block %d is %q at %q", i, b.Text, got)
		}
	}
}

// The tree of a page is no larger than is told from its tags.
func TestTreeSize(t *testing.T) {
	for _, page := range []string{
		strings.Repeat("<p>a", 1000), strings.Repeat("</p>a", 1000), strings.Repeat("<table><td>a</table>", 1000),
		strings.Repeat("<p id=a class=b>a</p>\n", 1000), strings.Repeat("<br>", 1000), strings.Repeat("a<!---->b<!---->", 1000),
		"<p><font size=1><font size=2><b><i>" + strings.Repeat("</p><p>x", 1000), "<p>" + strings.Repeat("<font size=1>", 100) + strings.Repeat("<p>x", 1000),
	} {
		lines := newOutline(page)
		root, err := html.Parse(lines.reader())
		if err != nil {
			t.Fatal(err)
		}
		nodes := 0
		for range root.Descendants() {
			nodes++
		}
		if size := lines.treeSize(); size < nodes*nodeSize-8*nodeSize {
			t.Errorf("%.40q: %d nodes in %d bytes", page, nodes, size)
		}
	}
}

func checkOutline(t *testing.T, text string) {
	t.Helper()
	o := newOutline(text)
	want, unread := tokenised(text)
	if !slices.EqualFunc(o.parts, want, func(a narrowSpan, b span) bool { return a.wide() == b }) {
		t.Errorf("%q: text at %v, the tokenizer has it at %v", text, o.parts, want)
	}
	worth, err := io.ReadAll(o.reader())
	if err != nil {
		t.Fatal(err)
	}
	if got := textTokens(string(worth)); got != textAt(text, want) {
		t.Errorf("%q: what is worth parsing is %q with text %q, want %q", text, worth, got, textAt(text, want))
	}
	for _, s := range unread {
		if s.start != s.end && len(o.worth) == 1 && o.worth[0].wide() == (span{0, len(text)}) {
			t.Errorf("%q: all is worth parsing", text)
		}
	}
}

func textTokens(text string) string {
	parts, _ := tokenised(text)
	return textAt(text, parts)
}

func textAt(text string, parts []span) string {
	var b strings.Builder
	for _, s := range parts {
		b.WriteString(text[s.start:s.end])
	}
	return b.String()
}
