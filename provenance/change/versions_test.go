package change_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
	"github.com/walkback-dev/walkback/provenance/change"
	"github.com/walkback-dev/walkback/schemas"
)

// mostOfText bounds how many versions of one text are judged.
const mostOfText = 60

// TestEvaluationOfReturns counts how many exact returns of real texts are named:
// all of which text.md is another than before. Where only bytes came back that
// nobody reads (addresses of pictures, spaces), the captures are of one version.
func TestEvaluationOfReturns(t *testing.T) {
	if testing.Short() || !testing.Verbose() {
		t.Skip("an evaluation takes minutes: -run Evaluation -v")
	}
	lines, err := os.ReadFile(data + "/versions/versions.jsonl")
	if err != nil {
		t.Skip("the versions are not here")
	}
	repository, err := filepath.Abs(data + "/versions/versions.git")
	if err != nil {
		t.Fatal(err)
	}
	blobs := openBlobs(t, repository)
	returned, named, one := 0, 0, 0
	for line := range bytes.Lines(lines) {
		var row struct {
			Ref, Path string
			Returns   int
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		if row.Returns == 0 {
			continue
		}
		ids := versionsOf(t, repository, row.Ref, row.Path)
		past, documents := &change.Past{}, map[string]*extract.Document{}
		read := func(id string) *extract.Document {
			d, known := documents[id]
			if !known {
				// A version may be empty: then it has no text.
				d, _ = extract.Read(t.Context(), extract.Input{Payload: blobs.read(t, id), ContentType: "text/markdown"})
				documents[id] = d
			}
			return d
		}
		past.Read = func(i int) (*extract.Document, error) { return read(ids[i]), nil }
		stateOf := func(i int) schemas.State {
			return schemas.State{Sequence: int64(i), Outcome: schemas.Served, Payload: schemas.DigestOf([]byte(ids[i]))}
		}
		past.State = func(i int) (schemas.State, error) { return stateOf(i), nil }
		seen := map[string]bool{}
		for i, id := range ids {
			if i > 0 && seen[id] && ids[i-1] != id {
				before := change.Side{State: stateOf(i - 1), Document: read(ids[i-1])}
				history := &change.Past{Captures: past.Captures[:i-1], State: past.State, Read: past.Read}
				got := judge(t, before, change.Side{State: stateOf(i), Document: read(id)}, func() (*change.Past, error) { return history, nil })
				switch {
				case got.Class == schemas.Restored || got.Class == schemas.Oscillating:
					named++
				case sameText(before.Document, read(id)):
					if one++; !got.Class.Quiet() {
						t.Errorf("%s %s: %s by %s %q, and the text is what it was", row.Path, id, got.Class, got.Rule, got.Evidence)
					}
				default:
					t.Errorf("%s %s: %s by %s %q", row.Path, id, got.Class, got.Rule, got.Evidence)
				}
				returned++
			}
			seen[id] = true
			past.Captures = append(past.Captures, change.PastCapture{})
		}
	}
	t.Logf("%d exact returns of bytes, %d of them within a version; of %d returns of a text %d are named restored or oscillating",
		returned, one, returned-one, named)
}

// sameText reports whether two documents have the same text.md.
func sameText(a, b *extract.Document) bool {
	return a != nil && b != nil && bytes.Equal(a.Markdown(), b.Markdown())
}

// versionsOf returns the blobs of a file, oldest first.
func versionsOf(t *testing.T, repository, ref, path string) []string {
	t.Helper()
	out, err := exec.Command("git", "--git-dir="+repository, "log", "--reverse", "--format=", "--raw", "--no-abbrev", "--diff-filter=AM", ref, "--", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 4 && len(ids) < mostOfText {
			ids = append(ids, fields[3])
		}
	}
	return ids
}
