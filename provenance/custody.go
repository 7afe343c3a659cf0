package provenance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// Custody yields what the history of an archive tells of who did what, newest
// first: of all of it, or of one page and of what vouches for its snapshots. Nothing
// is verified, and what left no trace in the history, such as a verification, is
// not in it.
func Custody(ctx context.Context, a *archive.Archive, page *archive.PageRef) iter.Seq2[schemas.CustodyEvent, error] {
	return func(yield func(schemas.CustodyEvent, error) bool) {
		c := &custody{archive: a, page: page}
		if err := c.run(ctx, func(e schemas.CustodyEvent) bool { return yield(e, nil) }); err != nil && !errors.Is(err, errEnough) {
			yield(schemas.CustodyEvent{}, err)
		}
	}
}

// errEnough says that nobody wants more.
var errEnough = errors.New("enough")

// custody is one walk through the history.
type custody struct {
	archive *archive.Archive
	page    *archive.PageRef
	of      map[schemas.Digest]bool // commits that touched the page
}

func (c *custody) run(ctx context.Context, yield func(schemas.CustodyEvent) bool) error {
	if c.page != nil {
		history, err := c.archive.History(ctx, *c.page)
		if err != nil {
			return err
		}
		c.of = map[schemas.Digest]bool{}
		for _, page := range history {
			c.of[page.Snapshot.Ref().SHA256] = true
		}
	}
	head, err := c.archive.Head()
	if err != nil {
		return err
	}
	var newer *archive.Snapshot
	tell := func(parent gitstore.ID) error {
		events, err := c.eventsOf(newer, parent)
		if err != nil {
			return fmt.Errorf("reading snapshot %d: %w", newer.Message.Sequence, err)
		}
		for _, event := range slices.Backward(events) {
			if !yield(event) {
				return errEnough
			}
		}
		return nil
	}
	for snapshot, err := range head.Snapshots(ctx) {
		if err == nil && newer != nil {
			err = tell(snapshot.Commit.Tree)
		}
		if err != nil {
			return err
		}
		newer = snapshot
	}
	return tell(gitstore.ID{})
}

// eventsOf returns what a commit tells, in the order in which it was.
func (c *custody) eventsOf(s *archive.Snapshot, parent gitstore.ID) ([]schemas.CustodyEvent, error) {
	kind := s.Message.Kind
	// A record may be of the page without a change in its folder.
	if c.page != nil && kind != schemas.KindEvidence && kind != schemas.KindWithhold && !c.of[s.Ref().SHA256] {
		return nil, nil
	}
	said := &told{custody: c, Snapshot: s}
	for change, err := range c.archive.Store().Changes(parent, s.Commit.Tree) {
		if err == nil && !change.New.ID.IsZero() {
			err = said.change(change)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(said.trust) > 0 && c.page == nil {
		said.add(schemas.CustodyEvent{Type: schemas.EventPolicy, Detail: "who may sign: " + strings.Join(said.trust, ", ")})
	}
	if c.page != nil && (kind == schemas.KindEvidence || len(said.events) == 0) {
		return said.events, nil
	}
	if said.captures > 0 {
		said.add(schemas.CustodyEvent{Type: schemas.EventIngestion, Detail: s.Message.Subject})
	}
	said.add(schemas.CustodyEvent{
		Type: schemas.EventDigest, Detail: "SHA-256", Objects: []schemas.CustodyObject{{File: archive.ManifestFile, SHA256: s.Message.Manifest}},
	})
	said.add(schemas.CustodyEvent{Type: schemas.EventSignature, Detail: string(kind) + ": " + s.Message.Subject})
	said.sign()
	return said.events, nil
}

// told is what one commit tells.
type told struct {
	*custody
	*archive.Snapshot
	events   []schemas.CustodyEvent
	captures int
	trust    []string // files of the trust folder
}

// add completes an event with what it shares with the others of the commit.
func (t *told) add(e schemas.CustodyEvent) {
	e.Sequence, e.Commit = t.Message.Sequence, t.Snapshot.Commit.ID.String()
	if e.At == 0 {
		e.At = schemas.TimeOf(t.Snapshot.Commit.Time)
	}
	if e.Agent == "" {
		e.Agent = t.Snapshot.Commit.Committer.String()
	}
	t.events = append(t.events, e)
}

// sign names the key of the commit with the events of its signer.
func (t *told) sign() {
	key, err := trust.Verify(t.Snapshot.Commit.Payload, []byte(t.Snapshot.Commit.Signature))
	if err != nil {
		return // verify tells
	}
	for i := range t.events {
		if e := &t.events[i]; e.Agent == t.Snapshot.Commit.Committer.String() {
			e.Key = trust.Fingerprint(key)
		}
	}
}

func (t *told) change(change gitstore.Change) error {
	folder, rest, inPage := archive.PageFolder(change.Path)
	switch {
	case inPage && (t.page == nil || folder == t.page.Folder):
		return t.pageChange(folder, rest)
	case inPage:
	case strings.HasPrefix(change.Path, archive.TrustFolder+"/"):
		t.trust = append(t.trust, strings.TrimPrefix(change.Path, archive.TrustFolder+"/"))
	case strings.HasPrefix(change.Path, archive.WithheldFolder+"/"):
		return t.withheld()
	case strings.HasPrefix(change.Path, archive.LogFolder+"/") && t.page == nil:
		t.add(schemas.CustodyEvent{Type: schemas.EventSignature, Detail: "checkpoint " + path.Base(change.Path)})
	default:
		if file, ok := archive.EvidencePath(change.Path); ok && (t.page == nil || t.of[file.Of]) {
			t.evidence(file)
		}
	}
	return nil
}

func (t *told) pageChange(folder, rest string) error {
	if rest != "capture.json" && rest != "untracked.json" {
		return nil
	}
	entry, err := t.archive.Store().Lookup(t.Snapshot.Commit.Tree, folder)
	if err != nil {
		return err
	}
	capture, err := archive.ReadFolder(t.archive.Store(), folder, entry.ID)
	if err != nil {
		return err
	}
	switch {
	case rest == "untracked.json":
		t.add(schemas.CustodyEvent{Type: schemas.EventPolicy, URL: capture.URL, Detail: "the page is not looked at any more"})
	case t.Message.Kind == schemas.KindRederive && capture.Text != nil:
		t.add(schemas.CustodyEvent{
			Type: schemas.EventExtraction, URL: capture.URL, Detail: "text read anew by " + capture.Text.Extractor,
			Objects: []schemas.CustodyObject{{File: capture.Text.File, Size: capture.Text.Size, SHA256: capture.Text.SHA256}},
		})
	case capture.Sequence == t.Message.Sequence:
		t.captures++
		t.add(captureEvent(capture))
	}
	return nil
}

func captureEvent(c *schemas.Capture) schemas.CustodyEvent {
	e := schemas.CustodyEvent{
		Type: schemas.EventCapture, At: c.CapturedAt, Tool: c.Tool, URL: c.URL, Outcome: string(c.Access.Outcome), Detail: string(c.Method),
	}
	if c.Status != 0 {
		e.Detail += fmt.Sprintf(", HTTP %d", c.Status)
	}
	if c.Operator != "" {
		e.Detail += ", for " + c.Operator
	}
	seen := map[string]bool{}
	for _, file := range c.Files() {
		// A text of an earlier capture that outlives a failure is not of this one.
		if seen[file.File] || c.Text != nil && file.File == c.Text.File && c.Text.Sequence != c.Sequence {
			continue
		}
		seen[file.File] = true
		e.Objects = append(e.Objects, schemas.CustodyObject(file))
	}
	return e
}

func (t *told) withheld() error {
	records, err := t.Snapshot.Withheld()
	if err != nil {
		return err
	}
	for _, record := range records {
		if record.Sequence != t.Message.Sequence {
			continue
		}
		for _, item := range record.Items {
			e := schemas.CustodyEvent{
				Type: schemas.EventDeaccession, At: record.At, URL: item.URL, Outcome: "withheld",
				Detail: fmt.Sprintf("of snapshot %d: %s", item.Sequence, record.Reason),
			}
			if record.Authority != "" {
				e.Detail += " (" + record.Authority + ")"
			}
			if t.page != nil && item.URL != t.page.Name {
				continue
			}
			for _, file := range item.Files {
				e.Objects = append(e.Objects, schemas.CustodyObject{File: file.File, Size: file.Size, SHA256: file.SHA256})
			}
			t.add(e)
		}
	}
	return nil
}

// evidence tells what a file of evidence is. Certificates and revocation lists are
// no events.
func (t *told) evidence(file archive.EvidenceFile) {
	e := schemas.CustodyEvent{Type: schemas.EventTimestamp, Of: file.Of}
	kind, authority, height := file.Kind()
	switch {
	case !archive.EvidenceName(file.Name):
		return // verify tells
	case kind == archive.TokenEvidence:
		e.Agent, e.Detail = authority, "RFC 3161, "+file.Name
	case kind == archive.PendingProof:
		e.Agent, e.Detail, e.Outcome = "OpenTimestamps", file.Name, "promised"
	case kind == archive.BlockProof:
		e.Agent, e.Detail = "Bitcoin", fmt.Sprintf("OpenTimestamps, block %d", height)
	case strings.HasPrefix(file.Name, archive.CosignPrefix):
		digits := strings.TrimSuffix(strings.TrimPrefix(file.Name, archive.CosignPrefix), ".sig")
		key := "SHA256:" + strings.NewReplacer("-", "+", "_", "/").Replace(digits)
		e.Type, e.Agent, e.Detail = schemas.EventSignature, "co-signer "+key, "co-signature"
		if len(digits) == 43 {
			e.Key = key
		}
	default:
		return
	}
	t.add(e)
}
