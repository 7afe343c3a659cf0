package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// Newest returns a page as of the newest snapshot, nil when it was never
// captured.
func (a *Archive) Newest(ref PageRef) (*Page, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	page, err := head.Page(ref)
	if errors.Is(err, gitstore.ErrNotFound) {
		return nil, nil
	}
	return page, err
}

// History returns the page as of every snapshot that touched its folder,
// oldest first.
func (a *Archive) History(ctx context.Context, ref PageRef) ([]*Page, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	if pages, ok := a.indexedHistory(ctx, head, ref); ok {
		return pages, nil
	}
	return a.walkHistory(ctx, head, ref)
}

// walkHistory is History without the index.
func (a *Archive) walkHistory(ctx context.Context, head *Snapshot, ref PageRef) ([]*Page, error) {
	var (
		pages []*Page
		after *Snapshot // the child of the snapshot in hand
		tree  gitstore.ID
	)
	// A snapshot touched the folder when its parent has another one.
	keep := func() error {
		if after == nil || tree.IsZero() {
			return nil
		}
		page, err := after.readPage(ref.Folder, tree)
		pages = append(pages, page)
		return err
	}
	for snapshot, err := range head.Snapshots(ctx) {
		if err != nil {
			return nil, err
		}
		entry, err := a.store.Lookup(snapshot.Commit.Tree, ref.Folder)
		if err != nil && !errors.Is(err, gitstore.ErrNotFound) {
			return nil, err
		}
		if entry.ID != tree {
			if err := keep(); err != nil {
				return nil, err
			}
		}
		after, tree = snapshot, entry.ID
	}
	if err := keep(); err != nil {
		return nil, err
	}
	slices.Reverse(pages)
	return pages, nil
}

// Version is one version of a page: a served capture whose text or links, or
// whose bytes where it has no text, differ from the version before.
type Version struct {
	Number     int   // from 1
	Sequence   int64 // of the snapshot that captured it
	CapturedAt schemas.Time
	// Content is the digest of its text.md, read anew or not, or of its payload where
	// it has none. Reader is the extractor that made the text.
	Content schemas.Digest
	Reader  string

	archive *Archive
	ref     PageRef
	commit  index.CommitID
	page    *Page // nil until it is read
}

// Page reads the page as of the version. Errors: those of [Archive.At] and
// [Snapshot.Page].
func (v Version) Page(ctx context.Context) (*Page, error) {
	if v.page != nil {
		return v.page, nil
	}
	snapshot, err := v.archive.indexedSnapshot(v.Sequence, v.commit)
	if err != nil {
		if snapshot, err = v.archive.At(ctx, v.Sequence); err != nil {
			return nil, err
		}
	}
	page, err := snapshot.Page(v.ref)
	if err == nil && page.Capture.Sequence != v.Sequence {
		err = v.archive.indexLies("snapshot %d has no capture of %s", v.Sequence, v.ref.Name)
		v.archive.giveUpIndex(err)
	}
	return page, err
}

// Versions returns the versions of a page by capture time, oldest first. With the
// index none of them is read yet.
func (a *Archive) Versions(ctx context.Context, ref PageRef) ([]Version, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	if versions, ok := a.indexedVersions(ctx, head, ref); ok {
		return versions, nil
	}
	history, err := a.walkHistory(ctx, head, ref)
	if err != nil {
		return nil, err
	}
	return VersionsOf(history), nil
}

// versionsOf returns the versions among captures in the order of their commits.
func (a *Archive) versionsOf(ref PageRef, captures []index.Capture) (versions []Version) {
	for i, among := range versionsAmong(captures) {
		version := versionAmong(captures, i+1, among)
		version.archive, version.ref, version.commit = a, ref, captures[among[0]].Commit
		versions = append(versions, version)
	}
	return versions
}

// VersionsOf returns the versions in the history of a page, as [Archive.History]
// gives it, by capture time, oldest first.
func VersionsOf(history []*Page) []Version {
	captures := make([]index.Capture, len(history))
	for i, page := range history {
		captures[i] = page.asCapture()
	}
	var versions []Version
	for i, among := range versionsAmong(captures) {
		version := versionAmong(captures, i+1, among)
		version.page = history[among[0]]
		versions = append(versions, version)
	}
	return versions
}

func versionAmong(captures []index.Capture, number int, among []int) Version {
	begins := captures[among[0]]
	version := Version{Number: number, Sequence: begins.Sequence, CapturedAt: begins.CapturedAt, Content: begins.Content, Reader: begins.Reader}
	for _, i := range among {
		if c := captures[i]; !c.Served {
			version.Content, version.Reader = c.Content, c.Reader // it was read anew
		}
	}
	return version
}

// Versions returns the versions of the page that its archive holds now.
func (p *Page) Versions(ctx context.Context) ([]Version, error) {
	return p.Snapshot.archive.Versions(ctx, p.PageRef)
}

// asCapture is what versions are told apart by.
func (p *Page) asCapture() index.Capture {
	c := index.Capture{Sequence: p.Snapshot.Message.Sequence, CapturedAt: p.Capture.CapturedAt}
	text := p.Capture.Text
	switch {
	case p.Snapshot.Message.Kind == schemas.KindRederive && text != nil:
		c.Content, c.Reader = text.SHA256, text.Extractor // no capture, and what the one before says by now
	case p.Capture.Access.Outcome != schemas.Served || p.Capture.Sequence != c.Sequence:
		// A failure, or a commit that made no capture.
	case text != nil:
		c.Served, c.Content, c.Reader = true, text.SHA256, text.Extractor
	default:
		c.Served, c.Content = true, p.State().Payload
	}
	return c
}

// versionsAmong returns, for each version of a page, which of its captures, given
// in the order of their commits, belong to it: first the one that begins it, then
// those that say the same, and where its text was read anew by another extractor.
// Versions are ordered by capture time: commit order says only when a capture was
// recorded.
func versionsAmong(captures []index.Capture) [][]int {
	order := make([]int, len(captures))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(captures[a].CapturedAt, captures[b].CapturedAt) })
	var versions [][]int
	var last schemas.Digest
	for _, i := range order {
		switch c := captures[i]; {
		case !c.Served && c.Content.IsZero():
			continue
		case c.Served && c.Content != last:
			versions = append(versions, []int{i})
		case len(versions) > 0:
			n := len(versions) - 1
			versions[n] = append(versions[n], i)
		}
		last = captures[i].Content
	}
	return versions
}

// VersionError is returned for a version that a page does not have.
type VersionError struct {
	Page    PageRef
	Version string
	Reason  string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("version %q of %s: %s", e.Version, SpokenName(e.Page.Name), e.Reason)
}

// Resolve finds the version in force at a sequence, at a date (YYYY-MM-DD means
// the end of that day, UTC) or RFC 3339 time, "latest", or "latest~N", counting
// versions.
func Resolve(ref PageRef, versions []Version, spec string) (Version, error) {
	refuse := func(format string, args ...any) (Version, error) {
		return Version{}, &VersionError{Page: ref, Version: spec, Reason: fmt.Sprintf(format, args...)}
	}
	if len(versions) == 0 {
		return refuse("the page was never served")
	}
	if back, ok := strings.CutPrefix(spec, "latest"); ok {
		n := 0
		if back != "" {
			var err error
			if n, err = strconv.Atoi(strings.TrimPrefix(back, "~")); err != nil || n < 0 || back[0] != '~' {
				return refuse("want latest or latest~N")
			}
		}
		if n >= len(versions) {
			if len(versions) == 1 {
				return refuse("the page has one version")
			}
			return refuse("the page has %d versions", len(versions))
		}
		return versions[len(versions)-1-n], nil
	}
	if sequence, err := strconv.ParseInt(spec, 10, 64); err == nil {
		return inForce(versions, func(v Version) bool { return v.Sequence <= sequence },
			func() (Version, error) {
				return refuse("the first version came with snapshot %d", versions[0].Sequence)
			})
	}
	at, err := parseMoment(spec)
	if err != nil {
		return refuse("want a snapshot's number, a date such as 2026-11-23, or latest~N")
	}
	return inForce(versions, func(v Version) bool { return !v.CapturedAt.Time().After(at) },
		func() (Version, error) {
			return refuse("the first version was captured at %s", versions[0].CapturedAt)
		})
}

func inForce(versions []Version, reached func(Version) bool, none func() (Version, error)) (Version, error) {
	for _, v := range slices.Backward(versions) {
		if reached(v) {
			return v, nil
		}
	}
	return none()
}

func parseMoment(s string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Nanosecond), nil
	}
	return time.Parse(time.RFC3339, s)
}
