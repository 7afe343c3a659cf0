package change_test

import (
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/schemas"
)

// headed is a document of sections, with lines of a menu or a table of contents
// beside it.
func headed(beside ...string) *extract.Document {
	d := document()
	for _, heading := range []string{"Who we are", "What we keep", "How long", "Your rights", "Changes"} {
		d.Blocks = append(d.Blocks, extract.Block{Kind: extract.Heading, Level: 2, Text: heading}, extract.Block{Text: "We say what we have to say on this."})
	}
	for _, line := range beside {
		d.Outside = append(d.Outside, extract.Block{Kind: extract.Item, Text: line})
	}
	return d
}

// TestPresentation: what a text is given with may change without the text, and
// that is a small edit.
func TestPresentation(t *testing.T) {
	contents := []string{"Home", "Who we are", "What we keep", "How long", "Your rights", "Changes", "Imprint"}
	plain, veiled := document("Write to us at office@northport.example."), document("Write to us at office@northport.example.")
	veiled.Veiled = []string{"office@northport.example"}
	other := document("Write to us at post@northport.example.")
	other.Veiled = []string{"post@northport.example"}
	rewritten := headed(contents...)
	rewritten.Blocks[1].Text = "We say a little more than we did on this."
	for name, test := range map[string]struct {
		before, after *extract.Document
		class         schemas.ChangeClass
		rule          string
	}{
		"contents came":            {headed("Home", "Imprint"), headed(contents...), schemas.MinorEdit, "contents-added"},
		"contents went":            {headed(contents...), headed("Home", "Imprint"), schemas.MinorEdit, "contents-removed"},
		"contents stayed":          {headed(contents...), headed(append([]string{"News"}, contents...)...), schemas.BoilerplateOnly, "around-article"},
		"a menu with two of them":  {headed("Home"), headed("Home", "Who we are", "Imprint", "Changes"), schemas.BoilerplateOnly, "around-article"},
		"contents and an edit":     {headed(), rewritten, schemas.SubstantiveEdit, "words-differ"},
		"address hidden":           {plain, veiled, schemas.MinorEdit, "address-veiled"},
		"address shown":            {veiled, plain, schemas.MinorEdit, "address-unveiled"},
		"address hidden as before": {veiled, veiled, schemas.Unchanged, "same-text"},
		"another address":          {plain, other, schemas.SubstantiveEdit, "words-differ"},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(t, side(schemas.Served, test.before), side(schemas.Served, test.after), nil)
			if got.Class != test.class || got.Rule != test.rule {
				t.Errorf("%s by %s %q, want %s by %s", got.Class, got.Rule, got.Evidence, test.class, test.rule)
			}
		})
	}
}
