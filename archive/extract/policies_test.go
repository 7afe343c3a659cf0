package extract_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/walkback-dev/walkback/archive/extract"
)

const (
	policiesDir  = "../../../shared/data/ota-demo.git"
	policiesList = "../../../shared/data/ota-demo-pairs.jsonl"
)

// A policyPair is two captures of a policy page.
type policyPair struct {
	Page, Before, After, URL string
	Changed                  int
	Doubt                    any
}

// blobs reads blobs of a repository through one git process.
func blobs(t *testing.T, repository string) func(id string) []byte {
	t.Helper()
	cmd := exec.Command("git", "--git-dir="+repository, "cat-file", "--batch")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("git is not here")
	}
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	r := bufio.NewReader(out)
	return func(id string) []byte {
		fmt.Fprintln(in, id)
		var name, kind string
		var size int
		if _, err := fmt.Fscanf(r, "%s %s %d\n", &name, &kind, &size); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size+1)
		if _, err := io.ReadFull(r, b); err != nil {
			t.Fatal(err)
		}
		return b[:size]
	}
}

// TestPolicyEditsAreReached: nearly all edits of real policy pages, those of link
// targets too, are differences of what is read, and nearly nothing else is.
func TestPolicyEditsAreReached(t *testing.T) {
	f, err := os.Open(policiesList)
	if err != nil {
		t.Skip("the policy pages are not here")
	}
	defer f.Close()
	read := blobs(t, policiesDir)
	seen := make(map[string]*extract.Document)
	document := func(id, url string) *extract.Document {
		if url == "" {
			url = "https://policies.example/policy" // what a capture always has
		}
		if seen[id] == nil {
			doc, err := extract.Read(t.Context(), extract.Input{Payload: read(id), ContentType: "text/html", URL: url})
			if err != nil {
				doc = &extract.Document{Root: err.Error()}
			}
			seen[id] = doc
		}
		return seen[id]
	}
	type score struct{ changed, reached, same, alarms int }
	scores := make(map[string]*score)
	for s := bufio.NewScanner(f); s.Scan(); {
		var p policyPair
		if err := json.Unmarshal(s.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Doubt != nil {
			continue
		}
		if scores[p.Page] == nil {
			scores[p.Page] = &score{}
		}
		before, after := document(p.Before, p.URL), document(p.After, p.URL)
		differs := !bytes.Equal(before.Markdown(), after.Markdown()) || !slices.Equal(shownBy(before), shownBy(after))
		c := scores[p.Page]
		switch {
		case p.Changed == 1 && differs:
			c.changed, c.reached = c.changed+1, c.reached+1
		case p.Changed == 1:
			c.changed++
			t.Logf("not reached: %s %.8s %.8s", p.Page, p.Before, p.After)
		case differs:
			c.same, c.alarms = c.same+1, c.alarms+1
			t.Logf("differs: %s %.8s %.8s, roots %q %q", p.Page, p.Before, p.After, before.Root, after.Root)
		default:
			c.same++
		}
	}
	var changed, reached, same, alarms int
	for _, c := range scores {
		changed, reached, same, alarms = changed+c.changed, reached+c.reached, same+c.same, alarms+c.alarms
	}
	t.Logf("%d of %d edits reached, %d of %d unchanged pairs differ, %s", reached, changed, alarms, same, filepath.Base(policiesDir))
	if reached*100 < changed*95 {
		t.Errorf("%d of %d edits reached, want 95 %%", reached, changed)
	}
}

// shownBy returns what of a document a change can be seen in, beside its text.
func shownBy(d *extract.Document) []string {
	var out []string
	for _, b := range d.Blocks {
		out = append(out, fmt.Sprint(b.Kind, b.Level))
	}
	for _, l := range d.Links {
		out = append(out, l.Text+" "+l.URL)
	}
	return out
}
