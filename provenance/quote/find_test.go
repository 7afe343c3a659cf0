package quote

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/walkback-dev/walkback/archive/extract"
)

// read reads a page as extract does.
func read(t testing.TB, mediaType, text string) *extract.Document {
	t.Helper()
	d, err := extract.Read(t.Context(), extract.Input{
		Payload: []byte(text), ContentType: mediaType + "; charset=utf-8", URL: "https://post.example/a", At: time.Unix(1.7e9, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFindMarks(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"curly", "He said “we will not go there again” and left.", "we will not go there again"},
		{"straight", `He said "we will not go there again" and left.`, "we will not go there again"},
		{"german", "Er sagte: „Wir gehen da nicht hin“, und ging.", "Wir gehen da nicht hin"},
		{"german guillemets", "Er sagte: »Wir gehen da nicht hin«, und ging.", "Wir gehen da nicht hin"},
		{"french", "Il a dit : « Nous n’irons pas là-bas », puis il est parti.", "Nous n’irons pas là-bas"},
		{"swedish", "Han sade ”vi går inte dit” och gick.", "vi går inte dit"},
		{"japanese", "彼は「もう二度と行かない」と言った。", "もう二度と行かない"},
		{"british", "He said ‘we won’t go to the dogs’ home again’ and left.", "we won’t go to the dogs’ home again"},
		{"straight single", "He said 'we will not go again' and left.", "we will not go again"},
		{"apostrophes", "The dogs' owner and the cats' owner aren't 'em or o' the '90s.", ""},
		{"nested", "She said “he told me ‘never again’ and left” today.", "he told me ‘never again’ and left"},
		{"nested british", "She said ‘he told me “never again” and left’ today.", "he told me “never again” and left"},
		{"two", "“One two three four,” she said, “five six seven.”", "One two three four, / five six seven."},
		{"scare", "The so-called “experts” and their “big plan” failed.", ""},
		{"scare with a link", "[He](https://a.example/) called it a “big plan” today.", "big plan"},
		{"inches", `A 12" screen and a 14" screen are not quotations.`, ""},
		{"stray opening", "A “ stray mark and “a quotation of words” here.", "a quotation of words"},
		{"stray closing", "A stray” mark and “a quotation of words” here.", "a quotation of words"},
		{"goes on", "“One two three four.\n\n“Five six seven.\n\n“Eight nine ten,” he said.", "One two three four.|Five six seven.|Eight nine ten,"},
		{"does not go on", "“One two three four.\n\nFive six “seven eight nine” ten.", "seven eight nine"},
		{"block", "He wrote:\n\n> One two three.\n>\n> Four five.\n\nAnd more.", "One two three.|Four five."},
		{"block with marks", "He wrote:\n\n> “One two three.”\n\nAnd more.", "One two three."},
		{"block with signature", "> One two three four five.\n>\n> — Jane Doe, minister\n\nText.", "One two three four five."},
		{"code", "    a := \"one two three four\"\n\nText.", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			doc := read(t, "text/markdown", "# Title\n\n"+c.text+"\n")
			for _, q := range Find(doc) {
				got = append(got, strings.ReplaceAll(q.Text, "\n", "|"))
				if at := textAt(doc.Blocks, q.Places); at != q.Text {
					t.Errorf("text %q stands at %q", q.Text, at)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " / ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindElements(t *testing.T) {
	doc := read(t, "text/html", `<article><h1>Title</h1><p>He said <q>we will not go there</q> and “<q>we never went</q>”, the <q>expert</q>.</p>
<p>He wrote:</p><blockquote><p>One two three four.</p><ul><li>Five six.</li></ul></blockquote><blockquote><p>Seven eight nine.</p></blockquote></article>`)
	var got []string
	for _, q := range Find(doc) {
		got = append(got, string(q.Mark)+" "+q.Text)
	}
	want := []string{"q we will not go there", "paired we never went", "blockquote One two three four.\nFive six.", "blockquote Seven eight nine."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFragments(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"one … two ... three . . . four. . . . Five", "one|two|three|four|Five"},
		{"one […] two [. . .] three (…) four", "one|two|three|four"},
		{"he was [sic] here (emphasis added).", "he was here."},
		{"the end.1", "the end."},
		{"it rose by 3.5", "it rose by 3.5"},
		{"the end.”12", "the end.”"},
		{"a note[3] here", "a note here"},
		{"… at the begin and the end …", "at the begin and the end"},
	} {
		if got := strings.Join(fragments(c.text), "|"); got != c.want {
			t.Errorf("fragments(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestSpeaker(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"“They did not discuss it at all,” Pence said in an interview.", "Pence"},
		{"“They did not discuss it at all,” said Mike Pence on Monday.", "Mike Pence"},
		{"“They did not discuss it at all,” the spokesman said.", "the spokesman"},
		{"“They did not discuss it at all,” he said.", ""},
		{"“They did not discuss it at all,” according to Jane Doe.", "Jane Doe"},
		{"According to the White House, “they did not discuss it at all.”", "the White House"},
		{"The spokesman said Flynn “had no recollection of discussing it.”", "The spokesman"},
		{"Mr. Smith said: “They did not discuss it.”", "Mr. Smith"},
		{"It backed away from the denial. The spokesman said Flynn “indicated that he had no recollection.”", "The spokesman"},
		{"There was no contact with Russia during the campaign. To suggest otherwise, he said, “is to give credence to rumours.”", ""},
		{"Nobody knows what “they did not discuss it” means.", ""},
		{"“They did not discuss it at all,” the U.S. attorney's office said.", "the U.S. attorney's office"},
		{"“They did not discuss it at all,” Taliban spokesman Zabihullah Mujahid said.", "Taliban spokesman Zabihullah Mujahid"},
		{"“They did not discuss it at all,” announced in October, was the line.", ""},
		{"“They did not discuss it at all,” said a WeWork spokesperson when contacted.", "a WeWork spokesperson"},
		{"According to the website the name of the bar is “they did not discuss it”.", "the website"},
		{"The UN High Commissioner for Human Rights said it did “not discuss it at all.”", "The UN High Commissioner for Human Rights"},
		{"Pompeo said that the ministry had concluded “they did not discuss it”.", "Pompeo"},
		{"“They did not discuss it at all,” which Pence said on Monday.", ""},
		{"“They did not discuss it at all,” Jane Doe, a minister, told reporters.", "Jane Doe"},
	} {
		found := Find(read(t, "text/markdown", "# Title\n\n"+c.text+"\n"))
		if len(found) != 1 {
			t.Errorf("%d quotations in %q", len(found), c.text)
			continue
		}
		if got := found[0].Speaker; got != c.want {
			t.Errorf("speaker of %q is %q, want %q", c.text, got, c.want)
		}
	}
}

func TestLinksAround(t *testing.T) {
	doc := read(t, "text/markdown", `# Title

As [Alpha](https://a.example/1) says. The [Beta](https://a.example/2) said “one two three four” today. And [Gamma](https://a.example/3).

The words of [four](https://a.example/4). These are [five](https://a.example/5):

> One two three four five.

Text.
`)
	found := Find(doc)
	if len(found) != 2 {
		t.Fatalf("%d quotations", len(found))
	}
	urls := func(links []int) string {
		var out []string
		for _, l := range links {
			out = append(out, strings.TrimPrefix(doc.Links[l].URL, "https://a.example/"))
		}
		return strings.Join(out, " ")
	}
	for i, want := range []string{"2; 1 2 3", "5; 4 5"} {
		if got := urls(found[i].Sentence) + "; " + urls(found[i].Paragraph); got != want {
			t.Errorf("links of %q are %s, want %s", found[i].Text, got, want)
		}
	}
}
