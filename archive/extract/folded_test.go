package extract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
)

// long returns a paragraph of prose on a topic.
func long(topic string) string {
	return strings.Repeat("We speak here of "+topic+" at some length, so that nobody can say that we did not, and we mean what we say. ", 4)
}

// policy is a page with sections on the topics that ids of page furniture have
// too, and with such furniture.
func policy(sections string) string {
	return `<html><head><title>Privacy</title></head><body><nav><a href="/">Home</a></nav><main><h1>Privacy</h1>
<p>` + long("privacy") + `</p><p>` + long("data") + `</p><p>` + long("rights") + `</p>` + sections + `<p>` + long("the end") + `</p></main></body></html>`
}

// TestTopicsAndPanels: a section is read whatever its id says of it, and so is
// what is folded away; what is laid over or around the text is not.
func TestTopicsAndPanels(t *testing.T) {
	for _, c := range []struct {
		name, section string
		read          bool
	}{
		{"a section on cookies", `<section id="cookies"><h2>Cookies</h2><p>MARK ` + long("cookies") + `</p></section>`, true},
		{"a section on sharing", `<div id="sharing"><h2>Sharing</h2><p>MARK ` + long("others") + `</p></div>`, true},
		{"an item on advertising", `<ol><li id="advertisements"><b>Advertisements.</b> MARK ` + long("advertisements") + `</li></ol>`, true},
		{"an item on a disclaimer", `<ol><li id="disclaimer-of-warranties">MARK ` + long("warranties") + `</li></ol>`, true},
		{"a box for cookies", `<div id="cookie-consent"><p>MARK We use cookies, and you may say no to them here.</p></div>`, false},
		{"comments", `<div id="comments"><h2>Comments</h2><p>MARK ` + long("what readers say") + `</p></div>`, false},
		{"a newsletter", `<div id="newsletter" class="newsletter-box"><h3>Newsletter</h3><p>MARK ` + long("letters") + `</p></div>`, false},
		{"an accordion", `<h2>Questions</h2><div class="accordion-panel" style="display: none"><p>MARK ` + long("answers") + `</p></div>`, true},
		{"a tab", `<div role="tabpanel" hidden><p>MARK ` + long("tabs") + `</p></div>`, true},
		{"details", `<details><summary>More</summary><p>MARK ` + long("details") + `</p></details>`, true},
		{"a hidden dialog", `<div class="modal panel" hidden><p>MARK ` + long("dialogs") + `</p></div>`, false},
		{"hidden text", `<div style="display:none"><p>MARK ` + long("nothing") + `</p></div>`, false},
	} {
		d, err := extract.Read(t.Context(), extract.Input{Payload: []byte(policy(c.section)), ContentType: "text/html", URL: "https://policies.example/"})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(d.Text(), "MARK"); got != c.read {
			t.Errorf("%s: read %v, want %v", c.name, got, c.read)
		}
	}
}

// TestLinkedText: the text of a page that has a script write it is read from its
// JSON-LD, with a root of its own, but not where it is not for all.
func TestLinkedText(t *testing.T) {
	body := `Correction: An earlier version of this article misstated the length of the bridge.\n` + long("bridges") + `\n\n` + long("rivers")
	page := func(more, text string) string {
		return `<html><head><title>The bridge</title><script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge",` + more + `"articleBody":"` + body +
			`"}</script></head><body><div id="app"><p>Please wait while the page is loading, it will not take long.</p>` + text + `</div></body></html>`
	}
	for _, c := range []struct {
		name, page string
		linked     bool
	}{
		{"a page without text", page("", ""), true},
		{"a page with text", page("", "<p>"+long("bridges")+"</p><p>"+long("rivers")+"</p>"), false},
		{"a text to be paid for", page(`"isAccessibleForFree":false,`, ""), false},
	} {
		d, err := extract.Read(t.Context(), extract.Input{Payload: []byte(c.page), ContentType: "text/html", URL: "https://news.example/a", At: fetched})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Root == "json-ld articleBody"; got != c.linked {
			t.Errorf("%s: read from %q", c.name, d.Root)
		}
		if !c.linked {
			continue
		}
		var kinds []string
		for _, b := range d.Blocks {
			kinds = append(kinds, b.Kind.String())
			if b.Kind == extract.Paragraph && !strings.HasPrefix(c.page[b.Start:], `{"@type"`) {
				t.Errorf("%.20q is said to stand at %d", b.Text, b.Start)
			}
		}
		if want := "[notice paragraph paragraph]"; fmt.Sprint(kinds) != want {
			t.Errorf("%s: got %v, want %s", c.name, kinds, want)
		}
		if len(d.Notices) != 1 || d.Notices[0].Block != 0 {
			t.Errorf("got notices %+v", d.Notices)
		}
	}
}

// TestVeiled: addresses that are hidden from programs are noted, but only those of
// the text.
func TestVeiled(t *testing.T) {
	const hidden = `<a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="6d091d022d000c04014308150c001d0108">[email&#160;protected]</a>`
	for section, want := range map[string][]string{
		"<p>" + long("letters") + " Write to " + hidden + ".</p>": {"dpo@mail.example"},
		"<nav>" + hidden + "</nav>":                               nil,
		"<p>Write to dpo@mail.example.</p>":                       nil,
	} {
		d, err := extract.Read(t.Context(), extract.Input{Payload: []byte(policy(section)), ContentType: "text/html", URL: "https://policies.example/"})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(d.Veiled, want) {
			t.Errorf("got %v, want %v", d.Veiled, want)
		}
	}
}
