package change

import (
	"fmt"
	"slices"

	"github.com/walkback-dev/walkback/schemas"
)

// mostReread bounds how many earlier captures are read anew to be compared,
// newest first: those whose text was made by another extractor.
const mostReread = 50

// tellReturn names a change that leads back to what an earlier capture said.
func tellReturn(result *schemas.Change, before, after Side, lazy *lazyPast) error {
	if result.Class.Quiet() {
		return nil
	}
	past, err := lazy.get()
	if err != nil || len(past.Captures) == 0 {
		return err
	}
	contents := make([]string, len(past.Captures)+2)
	payloads := map[schemas.Digest]string{
		before.State.Payload: contentOf(before), after.State.Payload: contentOf(after),
	}
	reread := 0
	for i, capture := range slices.Backward(past.Captures) {
		if capture.known(before, after) {
			contents[i] = capture.Content.String()
			continue
		}
		state, err := past.State(i)
		if err != nil {
			return err
		}
		said, ok := payloads[state.Payload]
		if !ok && reread < mostReread {
			reread++
			d, err := past.Read(i)
			if err != nil {
				return err
			}
			said = contentOf(Side{State: state, Document: d})
		}
		contents[i] = said
	}
	contents[len(contents)-2], contents[len(contents)-1] = contentOf(before), contentOf(after)
	return nameReturn(result, contents, past)
}

// known reports whether a capture need not be read to tell whether it says what
// one of two others says: texts by one extractor differ when their digests do, and
// so do payloads that nobody has read.
func (c PastCapture) known(before, after Side) bool {
	switch {
	case c.Content.IsZero():
		return false
	case after.Document != nil:
		return c.Reader == after.Document.Extractor()
	case before.Document != nil:
		return c.Reader == before.Document.Extractor()
	}
	return c.Reader == ""
}

// contentOf identifies what a capture says: the digest of its text.md, or of
// its payload where it has no text.
func contentOf(s Side) string {
	if s.Document == nil {
		return s.State.Payload.String()
	}
	return schemas.DigestOf(s.Document.Markdown()).String()
}

// nameReturn looks for the newest content among the earlier ones. contents ends
// with those of the two captures that are compared.
func nameReturn(result *schemas.Change, contents []string, past *Past) error {
	n := len(contents)
	was, is := contents[n-2], contents[n-1]
	if is == "" || is == was {
		return nil
	}
	restores := -1
	for i := n - 3; i >= 0 && restores < 0; i-- {
		if contents[i] == is {
			restores = i
		}
	}
	if restores < 0 {
		return nil
	}
	state, err := past.State(restores)
	if err != nil {
		return err
	}
	result.Restores, result.Returns = &state, returns(contents, was, is)
	result.Also = withClass(result.Also, result.Class)
	result.Class, result.Rule, result.Confidence = schemas.Restored, "returned", schemas.Certain
	evidence := fmt.Sprintf("the text is that of the capture of %s (snapshot %d)", state.CapturedAt, state.Sequence)
	if result.Returns > 1 {
		result.Class, result.Rule = schemas.Oscillating, "returned-again"
		evidence += fmt.Sprintf("; the page has gone back to one of these two texts %d times", result.Returns)
	}
	result.Evidence = append([]string{evidence}, result.Evidence...)
	return nil
}

// returns counts how often one of two contents came back after another.
func returns(contents []string, a, b string) int {
	seen := map[string]bool{}
	count, last := 0, ""
	for _, content := range contents {
		if content == "" || content == last {
			continue
		}
		if seen[content] && (content == a || content == b) {
			count++
		}
		seen[content], last = true, content
	}
	return count
}
