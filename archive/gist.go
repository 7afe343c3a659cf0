package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// Gist is what a list of captures tells of a verdict. The zero Gist is that of
// none.
type Gist struct {
	Class   schemas.ChangeClass `json:"class,omitempty"`
	Passage *schemas.Passage    `json:"passage,omitempty"` // the gravest
	Words   *schemas.Words      `json:"words,omitempty"`
	Against int64               `json:"against,omitempty"` // sequence of the capture that the words changed in
}

func gistOf(change *schemas.Change) Gist {
	if change == nil {
		return Gist{}
	}
	gist := Gist{Class: change.Class}
	if len(change.Passages) > 0 {
		gist.Passage = &change.Passages[0]
	}
	if gist.Words = change.Words; gist.Words != nil {
		compared := &change.Before
		if change.Compared != nil {
			compared = change.Compared
		}
		gist.Against = compared.Sequence
	}
	return gist
}

// recorded is what the index keeps of the verdict that a commit recorded on its
// capture of a page: "" for none, a single "?" when the checks file cannot be
// read by this program, else the file's blob and the gist as JSON.
type recorded struct {
	known bool
	blob  gitstore.ID // the checks file; zero: there is no verdict
	Gist
}

const unknownVerdict = "?"

func (r *recorded) encode() string {
	if r.known && r.blob.IsZero() {
		return ""
	}
	gist, err := json.Marshal(r.Gist)
	if err != nil || !r.known {
		return unknownVerdict
	}
	return string(r.blob[:]) + string(gist)
}

// decodeRecorded is the reverse of encode. What it cannot decode is not known.
func decodeRecorded(s string) *recorded {
	r := &recorded{known: s == ""}
	if n := copy(r.blob[:], s); n == len(r.blob) {
		r.known = json.Unmarshal([]byte(s[n:]), &r.Gist) == nil
	}
	return r
}

// indexedVerdict is Verdict from the index. It reports false when that gives no
// answer.
func (p *Page) indexedVerdict(ctx context.Context) (change *schemas.Change, ok bool) {
	a := p.Snapshot.archive
	head, err := a.Head()
	if err != nil {
		return nil, false
	}
	var r *recorded
	ok = a.fromIndex(ctx, head, func(view *index.View) error {
		capture, err := view.Capture(ctx, p.ID, p.Capture.Sequence)
		r = decodeRecorded(capture.Verdict)
		return err
	})
	if !ok || !r.known || r.blob.IsZero() {
		return nil, ok && r.known
	}
	changes, err := p.changesIn(r.blob)
	change = verdictOn(p.Capture, changes)
	return change, err == nil && change != nil
}

// newChecks are the checks files that a commit added.
type newChecks struct {
	files map[string]numbered // by run: the newest
	lines map[string]*newLines
}

// newLines are what a checks file says that a commit added.
type newLines struct {
	// judged are the verdicts on captures of the commit, the first for each page;
	// nil when this program cannot read all of the file's lines.
	judged   map[schemas.PageID]*schemas.Change
	observed []index.Observation
}

type numbered struct {
	n    int
	blob gitstore.ID
}

// add takes a file of the commit.
func (c *newChecks) add(file string, blob gitstore.ID) {
	folder, name := path.Split(file)
	stem, ok := strings.CutSuffix(name, ".jsonl")
	at := strings.LastIndexByte(stem, '-')
	if !ok || at < 0 {
		return
	}
	run := stem[:at]
	n, err := strconv.Atoi(stem[at+1:])
	started, runErr := runStarted(run)
	if err != nil || runErr != nil || folder != checksFolder(started)+"/" || n <= c.files[run].n {
		return
	}
	if c.files == nil {
		c.files = map[string]numbered{}
	}
	c.files[run] = numbered{n, blob}
}

// on returns what was recorded in the files on a capture that the commit made.
func (c *newChecks) on(p *Page) (*recorded, error) {
	if p.Capture.Sequence != p.Snapshot.Message.Sequence {
		return &recorded{}, nil // of another commit
	}
	run := p.Capture.Run
	file, ok := c.files[run]
	if !ok {
		return &recorded{known: true}, nil
	}
	lines, err := c.read(p.Snapshot, run)
	if err != nil {
		return nil, err
	}
	change := lines.judged[p.ID]
	switch {
	case lines.judged == nil:
		return &recorded{}, nil
	case change == nil:
		return &recorded{known: true}, nil
	}
	return &recorded{known: true, blob: file.blob, Gist: gistOf(change)}, nil
}

// observed returns the looks that the files tell of which found all as before.
func (c *newChecks) observed(s *Snapshot) (observed []index.Observation, err error) {
	for _, run := range slices.Sorted(maps.Keys(c.files)) {
		lines, err := c.read(s, run)
		if err != nil {
			return nil, err
		}
		observed = append(observed, lines.observed...)
	}
	return observed, nil
}

// read reads the file of a run, once.
func (c *newChecks) read(s *Snapshot, run string) (*newLines, error) {
	if lines := c.lines[run]; lines != nil {
		return lines, nil
	}
	file := c.files[run]
	_, data, err := s.archive.store.Object(file.blob)
	if err != nil {
		return nil, fmt.Errorf("reading checks file %d of run %s: %w", file.n, run, err)
	}
	lines := &newLines{judged: map[schemas.PageID]*schemas.Change{}}
	for line := range bytes.Lines(data) {
		switch decoded, err := schemas.DecodeCheckLine(line); line := decoded.(type) {
		case nil:
			if err != nil {
				lines.judged = nil // who asks for a verdict is told
			}
		case *schemas.Observation:
			lines.observed = append(lines.observed, index.Observation{Page: line.Page, At: line.ObservedAt})
		case *schemas.Change:
			if lines.judged != nil && line.After.Sequence == s.Message.Sequence && lines.judged[line.Page] == nil {
				lines.judged[line.Page] = line
			}
		}
	}
	if c.lines == nil {
		c.lines = map[string]*newLines{}
	}
	c.lines[run] = lines
	return lines, nil
}
