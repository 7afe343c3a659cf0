package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/schemas"
)

// Sibling is what a host answers for an address in the folder of a page under a
// name that nobody can have given to anything: its way to say "not found".
type Sibling struct {
	Address string
	Status  int
	Reading *Reading // what it says, nil when it says nothing or is no success
}

// alike is how much of the words two answers of one template share at least.
const alike = 0.95

// WantsSibling reports whether the answer for a sibling would tell more than the
// outcome that Judge gave without it: a success that looks like "not found", or
// from which all that the page said is gone.
func WantsSibling(a Answer, before *Earlier, outcome schemas.Access) bool {
	if a.Service != nil || a.Status/100 != 2 || a.AsServed || a.Reading == nil || a.Reading.Noticed || a.Final == "" {
		return false
	}
	c := &look{Answer: a, before: before}
	switch {
	case strings.HasPrefix(outcome.Rule, "soft-404-"), outcome.Rule == "off-topic":
		return true
	}
	return outcome.Outcome == schemas.Served && c.former() != nil && c.lost()
}

// likeSibling tells a page that is not there by the host's answer for one that
// never was.
func likeSibling(c *look) *schemas.Access {
	if c.Sibling == nil || c.Sibling.Reading == nil || c.Reading == nil || c.former() != nil && !c.lost() {
		return nil
	}
	here, there := c.Reading.Text, c.Sibling.Reading.Text
	share := min(containment(here, there), containment(there, here))
	words := foldedWords(there)
	if share < alike || len(words) == 0 {
		return nil
	}
	if len(words) < manyWords && slices.Contains(words, "javascript") {
		return nil // a program that did not run looks the same everywhere
	}
	confidence := schemas.Likely
	if missingTitles().MatchString(c.Reading.Title) {
		confidence = schemas.Certain
	}
	return notFound(c, "soft-404-sibling", confidence, statusLine(c.Answer),
		fmt.Sprintf("%d %% the same as what the host answers for %s", int(100*share), c.Sibling.Address))
}

// saySibling keeps that the host was asked, where it did not decide.
func saySibling(a Answer, outcome *schemas.Access) {
	if a.Sibling != nil && !strings.HasPrefix(outcome.Rule, "soft-404-sibling-") {
		outcome.Evidence = append(outcome.Evidence, shorten(fmt.Sprintf("HTTP %d and another text for %s", a.Sibling.Status, a.Sibling.Address)))
	}
}
