package extract

import (
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/textdiff"
)

// Each sentence of each block is found in text.md where the places say.
func TestTextPlaces(t *testing.T) {
	d := &Document{Title: "Élan and “others”", Blocks: []Block{
		{Kind: Headline, Level: 1, Text: "Élan and “others”"},
		{Kind: Dek, Text: "Où est-il? Ici."},
		{Kind: Paragraph, Text: "The same. The same. The same."},
		{Kind: Heading, Level: 2, Text: "Two\nlines"},
		{Kind: Quotation, Text: "“One sentence. And one more.\nA third — there.”"},
		{Kind: Code, Text: "a  \n\n  b"},
		{Kind: Item, Level: 2, Text: "First. Second."},
		{Kind: Item, Level: 1, Text: "水曜日。木曜日。"},
		{Kind: Row, Text: "1 | 2"},
	}}
	text := []rune(string(d.Markdown()))
	places := d.TextPlaces()
	words := func(s string) string {
		return strings.Join(strings.Fields(strings.NewReplacer("> ", "", "\n", " ").Replace(s)), " ")
	}
	checked := 0
	for i, block := range d.Blocks {
		for start := range block.Text {
			for end := start + 1; end <= len(block.Text); end++ {
				if end < len(block.Text) && block.Text[end]&0xC0 == 0x80 {
					continue
				}
				passage := block.Text[start:end]
				if strings.TrimSpace(passage) == "" {
					continue
				}
				from, to, ok := places.Of(i, start, end)
				got := ""
				if ok {
					got = words(string(text[from:to]))
				}
				if want := words(passage); got != want && textdiff.FoldText(strings.ReplaceAll(got, " ", "")) != textdiff.FoldText(strings.ReplaceAll(want, " ", "")) {
					t.Fatalf("block %d, bytes %d to %d: got %q (%v), want %q", i, start, end, got, ok, want)
				}
				checked++
			}
		}
	}
	other := &Document{Title: "The title", Blocks: []Block{{Kind: Headline, Text: "Another headline"}}}
	if from, to, ok := other.TextPlaces().Of(0, 0, 7); ok {
		t.Errorf("a headline that is not the title has a place: %d to %d", from, to)
	}
	if checked < 1000 {
		t.Errorf("only %d passages", checked)
	}
}
