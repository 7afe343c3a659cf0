package extract_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

// withoutMarkup returns the letters and digits of the text of a piece of HTML.
func withoutMarkup(t *testing.T, piece string) string {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(piece))
	silent := ""
	var b strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return squeeze(b.String())
		case html.TextToken:
			if silent == "" {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			if name, _ := z.TagName(); strings.Contains(" script style noscript svg iframe textarea select ", " "+string(name)+" ") && silent == "" {
				silent = string(name)
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == silent {
				silent = ""
			}
		}
	}
}

func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '|' {
			return -1
		}
		return r
	}, textdiff.FoldText(text))
}

// TestPlacesHoldTheText: the bytes that a block says it was made from are those
// of its text, on real pages.
func TestPlacesHoldTheText(t *testing.T) {
	blocks, placed, exact := 0, 0, 0
	for _, p := range realPages(t) {
		doc := p.read(t, p.payload)
		for _, b := range append(doc.Blocks, doc.Outside...) {
			blocks++
			if b.Start == b.End {
				continue
			}
			placed++
			if doc.Charset != "utf-8" {
				exact++
				continue
			}
			if withoutMarkup(t, string(p.payload[b.Start:b.End])) == squeeze(b.Text) {
				exact++
			} else if placed-exact <= 10 {
				t.Logf("%s: %s %.80q is at %.200q", p.id, b.Kind, b.Text, p.payload[b.Start:b.End])
			}
		}
	}
	t.Logf("%d blocks, %d placed, %d exact", blocks, placed, exact)
	if placed < blocks*999/1000 || exact < blocks*99/100 {
		t.Errorf("%d of %d blocks placed, %d exact", placed, blocks, exact)
	}
}

// TestPlacesInOtherCharsets: places are those of the payload, not of its text.
func TestPlacesInOtherCharsets(t *testing.T) {
	const page = "<html><body><p>Première — «день» 日本語 &amp; ½ “so”.</p>\n<p>&nbsp; zwei <b>drei</b>&#32;</p></body></html>"
	for _, c := range []struct {
		name    string
		charset encoding.Encoding
		text    string
		mark    string
	}{
		{"utf-8", unicode.UTF8, page, ""},
		{"utf-8", unicode.UTF8, page, "\xef\xbb\xbf"},
		{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), page, ""},
		{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), page, ""},
		{"windows-1251", charmap.Windows1251, strings.NewReplacer("Première", "Первый", "日本語", "", "½", "").Replace(page), ""},
		{"windows-1252", charmap.Windows1252, strings.NewReplacer("день", "jour", "日本語", "").Replace(page), ""},
		{"gb18030", simplifiedchinese.GB18030, page, ""},
		{"shift_jis", japanese.ShiftJIS, strings.NewReplacer("è", "e", "—", "", "½", "", "«", "", "»", "").Replace(page), ""},
		{"iso-2022-jp", japanese.ISO2022JP, strings.NewReplacer("è", "e", "—", "", "½", "", "«", "", "»", "").Replace(page), ""},
	} {
		payload, err := c.charset.NewEncoder().String(c.text)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		payload = c.mark + payload
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(payload), ContentType: "text/html; charset=" + c.name})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if len(doc.Blocks) != 2 {
			t.Fatalf("%s: %d blocks, want 2: %q", c.name, len(doc.Blocks), doc.Text())
		}
		for i, want := range []string{c.text[strings.Index(c.text, "<p>")+3 : strings.Index(c.text, "</p>")], "zwei <b>drei"} {
			b := doc.Blocks[i]
			piece := payload[b.Start:b.End]
			if c.name == "iso-2022-jp" && i == 0 { // a piece of it starts in the wrong state
				continue
			}
			if strings.HasPrefix(c.name, "utf-16") {
				mark, _ := c.charset.NewEncoder().String("")
				piece = mark[:min(len(mark), 2)] + piece
				if mark == "" {
					piece = map[string]string{"utf-16le": "\xff\xfe", "utf-16be": "\xfe\xff"}[c.name] + piece
				}
			}
			got, err := c.charset.NewDecoder().String(piece)
			if err != nil || got != want {
				t.Errorf("%s: block %d is at %q (%v), want %q", c.name, i, got, err, want)
			}
		}
	}
}

// TestPlacesOfMovedText: a parser moves text out of tables, and mends pages.
func TestPlacesOfMovedText(t *testing.T) {
	for _, c := range []struct{ page, want string }{
		{"<table><tr><td>one<td>two</tr>moved</table>after", "moved|one<td>two|after"},
		{"<p>a</b>b&amp;<!-- x -->c</p><p>d", "a</b>b&amp;<!-- x -->c|d"},
		{"<p>same</p><p>same</p><p>other</p>", "same|same|other"},
		{"<select><option>no</select><p>yes\r\nand &#110;o</p>", "yes\r\nand &#110;o"},
		{`<p>write to <a href="/cdn-cgi/l/email-protection" data-cfemail="2a4b446a4b5e044f524b475a464f">[email&#160;protected]</a></p>`, `write to <a href="/cdn-cgi/l/email-protection" data-cfemail="2a4b446a4b5e044f524b475a464f">[email&#160;protected]`},
		{"<p><i>a<p>b</i>c", "a|b</i>c"},
	} {
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(c.page), ContentType: "text/html"})
		if err != nil {
			t.Fatalf("%q: %v", c.page, err)
		}
		var got []string
		for _, b := range doc.Blocks {
			got = append(got, c.page[b.Start:b.End])
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q: blocks at %q, want %q", c.page, got, c.want)
		}
	}
}

// TestPlacesWithoutMarkup covers Markdown, plain text and pages without a tree.
func TestPlacesWithoutMarkup(t *testing.T) {
	long := strings.Repeat("<div>", 600)
	for _, c := range []struct{ mediaType, text, want string }{
		{"text/plain", "one\r\ntwo\r\n\r\n  three \f four", "one\r\ntwo|three|four"},
		{"text/markdown", "---\r\ntitle: A\r\n---\r\n# A\r\n\r\nb *c* [d](https://e.example/)\r\n\r\n- f\n- <https://g.example/>\n\n    code\n", "A|b *c* [d|f|https://g.example/|code"},
		{"text/markdown", "> q & r\n\n| a | b |\n|---|---|\n| c | d |\n\n<div>x</div>\n", "q & r|a | b|c | d|<div>x</div>\n"},
		{"text/html", long + "<p>a &amp; <b>b</b></p>c", "a &amp; <b>b|c"},
	} {
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(c.text), ContentType: c.mediaType})
		if err != nil {
			t.Fatalf("%q: %v", c.text, err)
		}
		var got []string
		for _, b := range doc.Blocks {
			got = append(got, c.text[b.Start:b.End])
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%.80q: blocks at %q, want %q", c.text, got, c.want)
		}
	}
}
