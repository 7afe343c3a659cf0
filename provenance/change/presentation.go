package change

import (
	"fmt"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/archive/textdiff"
	"github.com/walkback-dev/walkback/schemas"
)

// leastContents is how many headings of a text a table of its contents repeats.
const leastContents = 4

// comparePresentation finds what a text is given with: a table of its contents,
// and mail addresses that only a script shows. They say nothing new, but who
// reads the page sees that they came or went.
func (c *comparison) comparePresentation() {
	if c.before.Root != c.after.Root {
		return
	}
	minor := func(rule, evidence string) {
		c.fields = append(c.fields, finding{class: schemas.MinorEdit, rule: rule, confidence: schemas.Certain, evidence: []string{evidence}})
	}
	if address := veiledSince(c.before, c.after); address != "" {
		minor("address-veiled", address+" is shown by a script only now")
	}
	if address := veiledSince(c.after, c.before); address != "" {
		minor("address-unveiled", address+" was shown by a script only before")
	}
	was, is := contents(c.before), contents(c.after)
	switch {
	case was == 0 && is > 0:
		minor("contents-added", fmt.Sprintf("a table of contents of %d lines now", is))
	case was > 0 && is == 0:
		minor("contents-removed", fmt.Sprintf("a table of contents of %d lines before", was))
	}
}

// veiledSince returns an address that one document hides from programs and that
// the other has in plain words.
func veiledSince(plain, veiled *extract.Document) string {
	for _, address := range veiled.Veiled {
		if slices.Contains(plain.Veiled, address) {
			continue
		}
		if slices.ContainsFunc(plain.Blocks, func(b extract.Block) bool { return strings.Contains(b.Text, address) }) {
			return address
		}
	}
	return ""
}

// contents returns how many headings of the text a table of contents beside it
// has, 0 for none: most of them, in their order, one after another.
func contents(d *extract.Document) int {
	var headings []string
	for _, b := range d.Blocks {
		if b.Kind == extract.Heading {
			headings = append(headings, textdiff.FoldText(b.Text))
		}
	}
	if len(headings) < leastContents {
		return 0
	}
	longest, run, next := 0, 0, 0
	for _, b := range d.Outside {
		at := slices.Index(headings[next:], textdiff.FoldText(b.Text))
		if at < 0 {
			run, next = 0, 0
			continue
		}
		run, next = run+1, next+at+1
		longest = max(longest, run)
	}
	if longest < leastContents || 2*longest < len(headings) {
		return 0
	}
	return longest
}
