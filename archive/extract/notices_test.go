package extract_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

const noticesDir = "../../../shared/data/notices"

// TestNoticesOfRealPages finds the notices of labelled pages, and none on pages
// that only look as if they had one. Each notice is in the text too.
func TestNoticesOfRealPages(t *testing.T) {
	f, err := os.Open(filepath.Join(noticesDir, "labels.jsonl"))
	if err != nil {
		t.Skip("the notice pages are not here")
	}
	defer f.Close()
	found, real, fired, pages := 0, 0, 0, 0
	for s := bufio.NewScanner(f); s.Scan(); {
		var row struct {
			File        string
			Notice      *bool
			Kind, Text  string
			VisibleText string `json:"visible_text"`
			URL         string
		}
		if err := json.Unmarshal(s.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		payload := gunzip(t, filepath.Join(noticesDir, row.File))
		doc, err := extract.Read(t.Context(), extract.Input{Payload: payload, ContentType: "text/html", URL: row.URL, At: fetched})
		if err != nil {
			t.Errorf("%s: %v", row.File, err)
			continue
		}
		if row.Notice == nil {
			continue // people do not agree on it
		}
		pages++
		if row.VisibleText != "" {
			row.Text = row.VisibleText
		}
		hit := false
		for _, n := range doc.Notices {
			switch {
			case *row.Notice && len(textdiff.Locate(n.Text, row.Text)) > 0:
				hit = true
			default:
				fired++
				t.Errorf("%s: fired for %.120q", row.File, n.Text)
			}
			if n.Block < 0 || n.Start >= n.End || n.End > len(payload) {
				t.Errorf("%s: block %d, bytes %d to %d", row.File, n.Block, n.Start, n.End)
			}
		}
		if !*row.Notice {
			continue
		}
		real++
		kept := len(textdiff.Locate(strings.ReplaceAll(doc.Text(), "\n", " "), row.Text)) > 0
		if hit && kept {
			found++
		} else {
			t.Errorf("%s: found %t, in the text %t: %.120q", row.File, hit, kept, row.Text)
		}
	}
	t.Logf("%d of %d notices found, %d others, %d pages", found, real, fired, pages)
}

// TestNoNoticeOnOtherPages looks at pages of which three have a notice.
func TestNoNoticeOnOtherPages(t *testing.T) {
	notices := 0
	for _, p := range realPages(t) {
		for _, n := range p.read(t, p.payload).Notices {
			notices++
			t.Logf("%s: %.120q", p.id, n.Text)
		}
	}
	if notices != 3 {
		t.Errorf("%d notices on the article pages, want 3", notices)
	}
}

// filler is text of an article in front of and behind what is tested.
const filler = "<p>The council met on Monday evening to speak about the new bridge, and about what it will cost the town.</p>\n"

// TestNoticePhrases tries phrases of real notices, and of what looks like one.
func TestNoticePhrases(t *testing.T) {
	for _, c := range []struct {
		piece, want, date string // want is "kind|label|place", or "" for no notice
	}{
		{"<p>Correction: June 5, 2018</p><p>Because of an editing error, an earlier version of a picture caption with this article misidentified the location.</p>", "correction|Correction|article", "2018-06-05"},
		{"<p>An earlier version of this article misstated the number of times the play was staged.</p>", "correction||article", ""},
		{"<footer><p>This article was amended on 29 December 2016 to remove a sentence in which it was asserted that he left.</p></footer>", "correction||footer", "2016-12-29"},
		{"<p>This story has been corrected to show that Tanzania’s president spoke in Dodoma, not Dar es Salaam.</p>", "correction||article", ""},
		{"<p>CORRECTION: A previous version of this story incorrectly described the vote.</p>", "correction|CORRECTION|article", ""},
		{"<p>The vote was close and the mayor was not there to see it. A previous version of this article incorrectly said that she was. The article has been corrected.</p>", "correction||article", ""},
		{"<p><b>Clarification, 2 January 2024, 12:45 p.m.:</b> This story has been updated to clarify what microbes can do.</p>", "clarification|Clarification|article", "2024-01-02"},
		{"<p>* An earlier version of this article misspelled the name of the investor.</p>", "correction||article", ""},
		{"<p><em>Editor’s note: This story was updated at 5:45 p.m. ET with a statement of the agency.</em></p>", "update|Editor’s note|article", ""},
		{"<p>(Corrects spelling of name in paragraph 3)</p>", "correction||article", ""},
		{"<p>(This Dec. 5 story has been refiled to fix the dateline)</p>", "update||article", ""},
		{"<h3>Corrections &amp; Amplifications</h3><p>The firm has 300 employees. This article wrongly said that it has 3,000.</p>", "correction|Corrections & Amplifications|article", ""},
		{"<p>UPDATE (May 5, 2024, 3 p.m.): The company said on Sunday that it will appeal against the ruling.</p>", "update|UPDATE|article", "2024-05-05"},
		{"<div class='story-correction'><p>The number of members is 12, which we had reported incorrectly as 21.</p></div>", "correction||container", ""},
		{"<p>This article has been retracted: please see the policy on article withdrawal of the publisher.</p>", "retraction||article", ""},
		{"<p>Editor’s Note: Readers are alerted that the conclusions of this paper are subject to criticisms that are being considered.</p>", "expression-of-concern|Editor’s Note|article", ""},
		{"<p>For the record: 3:05 p.m. May 5, 2024: This article originally said that the bridge was built in 1902.</p>", "correction|For the record|article", "2024-05-05"},
		{"<p>The story may have left the incorrect impression that the bridge was built by the county.</p>", "correction||article", ""},
		{"<p>An earlier story may have left the incorrect impression that the bridge was built by the county.</p>", "correction||article", ""},
		{"<p>The bridge is of 1902, not of 1903. We regret the error.</p>", "correction||article", ""},
		{"<p>We no longer stand by this story and have withdrawn it.</p>", "retraction||article", ""},
		{"<p>This story was published inadvertently and has been removed.</p>", "retraction||article", ""},
		{"<p>The article has been updated to correct the name of the mayor.</p>", "correction||article", ""},
		{"<p>Korrektur: In einer früheren Version dieses Artikels hieß es, die Brücke sei von 1902.</p>", "correction|Korrektur|article", ""},
		{"<p>Rectificatif : une version précédente de cet article indiquait que le pont datait de 1902.</p>", "correction|Rectificatif|article", ""},
		{"<p>Corrección: una versión anterior de este artículo decía que el puente es de 1902.</p>", "correction|Corrección|article", ""},

		{"<p><a href='/corrections'>Corrections and Clarifications</a></p>", "", ""},
		{"<style>.correction:before{content:'CORRECTION: An earlier version of this article'}</style>", "", ""},
		{"<p>Editor’s note: This continues a series in which we look at the bridges of the county.</p>", "", ""},
		{"<p>EDITORS NOTE: Graphic content. Men look at the ruins of the old bridge.</p>", "", ""},
		{"<p>Corrections Minister Jane Doe said on Monday that the bridge will be built after all.</p>", "", ""},
		{"<p>Correction officers were at the site on Monday to look at the ruins of the bridge.</p>", "", ""},
		{"<p>The report may have left the wrong impression on the council, which voted against the bridge in May.</p>", "", ""},
		{"<p>The mayor said on Monday: we regret the delay. The council will meet again in the summer.</p>", "", ""},
		{"<p>The study has been retracted by the journal, which said that its data cannot be trusted.</p>", "", ""},
		{"<p>The paper that was corrected five times and then retracted was deleted from the site of the journal.</p>", "", ""},
		{"<p>If you see an error in this article, please let us know. Corrections: send an e-mail to the desk.</p>", "", ""},
		{"<p>Corrections: If you find an error, please contact the desk by electronic mail or by telephone.</p>", "", ""},
		{"<p>A version of this article appears in print on May 5, Section A, Page 1 of the New York edition.</p>", "", ""},
		{"<p>Updated Nov 19, 6:55 AM; Posted Nov 19, 6:51 AM</p>", "", ""},
		{"<p>UPDATE 2-Council votes for a new bridge across the river after a long debate on Monday</p>", "", ""},
		{"<p>This interview has been edited and condensed for clarity and length by our reporters.</p>", "", ""},
		{"<p>This story originally appeared in the winter 2023 issue of the Coast Magazine of the county.</p>", "", ""},
		{"<p>This article has been adapted from its original source, and is published with leave.</p>", "", ""},
		{"<section class='comments'><p>Correction: the bridge was built in 1902 and not in 1903, as the article says.</p></section>", "", ""},
		{"<p>The previous version of the operating system had a correction for the error of the clock.</p>", "", ""},
		{"<p>He has already amended his testimony twice, and corrected an injustice that was done to her.</p>", "", ""},
	} {
		page := "<title>The bridge</title><body><article><h1>The bridge</h1>" + strings.Repeat(filler, 9) + c.piece + "</article></body>"
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(page), ContentType: "text/html", At: fetched})
		if err != nil {
			t.Fatal(err)
		}
		got, date := "", ""
		for _, n := range doc.Notices {
			got, date = got+string(n.Kind)+"|"+n.Label+"|"+string(n.Where), n.Date
		}
		if got != c.want || date != c.date {
			t.Errorf("%s: %q of %q, want %q of %q", c.piece, got, date, c.want, c.date)
		}
	}
}

// TestNoticesInLinkedData: notices that only programs see.
func TestNoticesInLinkedData(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{`"correction":{"@type":"CorrectionComment","text":"The bridge is of 1902.","datePublished":"2024-05-06"}`, "correction|The bridge is of 1902.|2024-05-06|json-ld"},
		{`"correction":["Clarification: The bridge is that in the upper town."]`, "clarification|Clarification: The bridge is that in the upper town.||json-ld"},
		{`"correction":"https://news.example/corrections"`, ""},
		{`"correctionsPolicy":"https://news.example/corrections"`, ""},
		{`"articleBody":"The council met.\nAn earlier version of this article misstated the age of the bridge."`, "correction|An earlier version of this article misstated the age of the bridge.||json-ld"},
		{`"articleBody":"The council met."`, ""},
	} {
		page := `<title>The bridge</title><script type="application/ld+json">{"@type":"NewsArticle","headline":"The bridge",` + c.data + `}</script><body><article><h1>The bridge</h1>` +
			strings.Repeat(filler, 9) + "</article>"
		doc, err := extract.Read(t.Context(), extract.Input{Payload: []byte(page), ContentType: "text/html", At: fetched})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, n := range doc.Notices {
			got += string(n.Kind) + "|" + n.Text + "|" + n.Date + "|" + string(n.Where)
			if script := page[n.Start:n.End]; !strings.HasPrefix(script, "{") || !strings.HasSuffix(script, "}") {
				t.Errorf("%s: stands at %q", c.data, script)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.data, got, c.want)
		}
	}
}
