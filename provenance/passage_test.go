package provenance

import (
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
)

var harbour = &extract.Document{Title: "Pier", Blocks: []extract.Block{
	{Kind: extract.Headline, Level: 1, Text: "Pier"},
	{Kind: extract.Paragraph, Text: "The pier is safe, they said. The pier is hollow.", Start: 10, End: 70},
	{Kind: extract.Quotation, Text: "“Über allem stand das Wasser.\nThe pier is safe.”", Start: 90, End: 150},
	{Kind: extract.Paragraph, Text: "The pier is safe. Nobody knew.", Start: 160, End: 200},
}}

// Each passage is found again by its selector, also where its words stand in
// several places, and its position points to its words in text.md.
func TestSelections(t *testing.T) {
	text := passagesOf(harbour)
	markdown := []rune(string(harbour.Markdown()))
	for block, b := range harbour.Blocks {
		for start := range b.Text {
			for end := start + 1; end <= len(b.Text); end++ {
				if end < len(b.Text) && b.Text[end]&0xC0 == 0x80 {
					continue
				}
				place := textdiff.Place{Block: block, Span: textdiff.Span{Start: start, End: end}}
				if strings.TrimSpace(b.Text[start:end]) == "" {
					continue
				}
				selections := text.selections([]textdiff.Place{place})
				if len(selections) != 1 {
					t.Fatalf("%q of block %d has %d selections", b.Text[start:end], block, len(selections))
				}
				s := selections[0]
				if got := text.anchor(&s); len(got) != 1 || got[0] != place {
					t.Fatalf("%q of block %d: anchored at %v, want %v", b.Text[start:end], block, got, place)
				}
				there := string(markdown[s.Position.Start:s.Position.End])
				if first := strings.Fields(s.Quote.Exact)[0]; !strings.HasPrefix(strings.TrimSpace(there), first) {
					t.Fatalf("text.md has %q at the place of %q", there, s.Quote.Exact)
				}
			}
		}
	}
}

// A passage over several blocks is one selection, with the bytes of all of them.
func TestSelectionOfBlocks(t *testing.T) {
	text := passagesOf(harbour)
	places := []textdiff.Place{
		{Block: 1, Span: textdiff.Span{Start: 29, End: len(harbour.Blocks[1].Text)}},
		{Block: 2, Span: textdiff.Span{Start: 0, End: len(harbour.Blocks[2].Text)}},
		{Block: 3, Span: textdiff.Span{Start: 18, End: 30}},
	}
	selections := text.selections(places)
	if len(selections) != 2 {
		t.Fatalf("%d selections", len(selections))
	}
	if want := "The pier is hollow.\n“Über allem"; !strings.HasPrefix(selections[0].Quote.Exact, want) {
		t.Errorf("got %q, want %q and more", selections[0].Quote.Exact, want)
	}
	if b := selections[0].Bytes; b == nil || b.Offset != 10 || b.Length != 140 {
		t.Errorf("bytes %+v", b)
	}
	var again []textdiff.Place
	for i := range selections {
		again = append(again, text.anchor(&selections[i])...)
	}
	if len(again) != len(places) {
		t.Fatalf("anchored at %v, want %v", again, places)
	}
	for i := range places {
		if again[i] != places[i] {
			t.Errorf("anchored at %v, want %v", again[i], places[i])
		}
	}
}

// Another extractor may cut a page into other blocks: a passage is found by its
// words and its neighbours.
func TestAnchorInOtherBlocks(t *testing.T) {
	s := passagesOf(harbour).selections([]textdiff.Place{{Block: 3, Span: textdiff.Span{Start: 0, End: 17}}})[0]
	other := &extract.Document{Blocks: []extract.Block{
		{Text: "The pier is safe. A box that was left out before."},
		{Text: "“Über allem stand das Wasser."},
		{Text: "The pier is safe.”"},
		{Text: "The pier is safe. Nobody knew."},
	}}
	want := textdiff.Place{Block: 3, Span: textdiff.Span{Start: 0, End: 17}}
	if got := passagesOf(other).anchor(&s); len(got) != 1 || got[0] != want {
		t.Errorf("got %v, want %v", got, want)
	}
	gone := &extract.Document{Blocks: []extract.Block{{Text: "The pier is closed."}}}
	if got := passagesOf(gone).anchor(&s); got != nil {
		t.Errorf("found at %v in a text that does not have it", got)
	}
}
