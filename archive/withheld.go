package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/index"
	"github.com/walkback-dev/walkback/schemas"
)

// WithheldRecord is a record of the archive of what was taken out of it.
type WithheldRecord struct {
	Sequence int64 // of the commit that made it
	*schemas.Withheld
}

// WithheldError is returned for a file that was taken out on record.
type WithheldError struct {
	Path   string
	Record WithheldRecord
}

func (e *WithheldError) Error() string {
	return fmt.Sprintf("%s is WITHHELD since %s, by snapshot %d: %s", e.Path, e.Record.At, e.Record.Sequence, e.Record.Reason)
}

// unlessWithheld makes nothing of what was withheld.
func unlessWithheld[T any](content T, err error) (T, error) {
	if errors.As(err, new(*WithheldError)) {
		var none T
		return none, nil
	}
	return content, err
}

// WithheldRecords returns the records in a tree, oldest first. Errors are those of
// the store and of decoding; who verifies reads on with the records that are good.
func WithheldRecords(store *gitstore.Store, tree gitstore.ID) (records []WithheldRecord, err error) {
	for file, fileErr := range store.Files(tree, WithheldFolder) {
		if fileErr != nil {
			return records, errors.Join(err, fileErr)
		}
		record, readErr := readWithheld(store, file)
		if readErr != nil {
			err = errors.Join(err, readErr)
			continue
		}
		records = append(records, record)
	}
	slices.SortFunc(records, func(a, b WithheldRecord) int { return int(a.Sequence - b.Sequence) })
	return records, err
}

func readWithheld(store *gitstore.Store, file gitstore.File) (WithheldRecord, error) {
	sequence, ok := WithheldPath(file.Path)
	if !ok {
		return WithheldRecord{}, fmt.Errorf("%s is no record of what is withheld", file.Path)
	}
	_, data, err := store.Object(file.ID)
	if err != nil {
		return WithheldRecord{}, fmt.Errorf("reading %s: %w", file.Path, err)
	}
	record, err := schemas.Decode[schemas.Withheld](data)
	if err != nil {
		return WithheldRecord{}, fmt.Errorf("reading %s: %w", file.Path, err)
	}
	return WithheldRecord{Sequence: sequence, Withheld: record}, nil
}

// Withheld returns the records that the archive holds as of this snapshot, oldest
// first.
func (s *Snapshot) Withheld() ([]WithheldRecord, error) {
	return WithheldRecords(s.archive.store, s.Commit.Tree)
}

// withheldFiles are the files that the records list of the newest snapshot that was
// asked for: every file that is read is looked up here.
type withheldFiles struct {
	mu    sync.Mutex
	head  gitstore.ID // tree of that snapshot
	known gitstore.ID // tree that files are of
	files map[schemas.Digest][]WithheldRecord
}

// sawHead notes the newest snapshot.
func (w *withheldFiles) sawHead(tree gitstore.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.head = tree
}

// recordsOf returns the records of the newest snapshot that list a file of this
// digest. Where they cannot be read there are none: what is lacking is then damage.
func (a *Archive) recordsOf(sum schemas.Digest) []WithheldRecord {
	w := &a.withheld
	w.mu.Lock()
	head := w.head
	w.mu.Unlock()
	if head.IsZero() {
		if _, err := a.Head(); err != nil {
			return nil
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known != w.head {
		records, _ := WithheldRecords(a.store, w.head)
		w.known, w.files = w.head, map[schemas.Digest][]WithheldRecord{}
		for _, record := range records {
			for _, item := range record.Items {
				for _, file := range item.Files {
					w.files[file.SHA256] = append(w.files[file.SHA256], record)
				}
			}
		}
	}
	return w.files[sum]
}

// ifWithheld returns a *WithheldError for a file of the folder that a record lists:
// in any snapshot before the record, whether the bytes are gone by now or not, and
// after it where the file is not in the folder. Captured again it is a file like
// any other.
func (p *Page) ifWithheld(name string, sum schemas.Digest) error {
	records := p.Snapshot.archive.recordsOf(sum)
	for _, record := range slices.Backward(records) {
		if p.Snapshot.Message.Sequence >= record.Sequence {
			if _, err := p.Snapshot.archive.store.Lookup(p.tree, name); !errors.Is(err, gitstore.ErrNotFound) {
				continue
			}
		}
		return &WithheldError{Path: p.Folder + "/" + name, Record: record}
	}
	return nil
}

// Withheld returns the record by which something that the page's capture holds was
// taken out, nil when nothing was.
func (p *Page) Withheld() *WithheldRecord {
	var withheld *WithheldError
	for _, file := range p.Capture.Contents() {
		if errors.As(p.ifWithheld(file.File, file.SHA256), &withheld) {
			return &withheld.Record
		}
	}
	return nil
}

// stageWithheld writes a record and deletes the files that it lists from the folders
// of pages as they are now.
func (w *writer) stageWithheld(record *schemas.Withheld, sequence int64) error {
	objects, folders := map[gitstore.ID]bool{}, map[string]bool{}
	for _, item := range record.Items {
		ref, err := PageNamed(item.URL)
		if err != nil {
			return err
		}
		folders[ref.Folder] = true
		for _, file := range item.Files {
			id, err := gitstore.ParseID(file.Object)
			if err != nil {
				return err
			}
			objects[id] = true
		}
	}
	var gone []string
	for folder := range folders {
		for file, err := range w.batch.Files(folder) {
			if err != nil {
				return err
			}
			if objects[file.ID] {
				gone = append(gone, file.Path)
			}
		}
	}
	for _, file := range gone {
		if err := w.batch.Remove(file); err != nil {
			return err
		}
	}
	return w.putDocument(WithheldFile(sequence), record)
}

// Withholding is what would have to be withheld for a version of a page to be gone.
type Withholding struct {
	Page   PageRef
	Items  []schemas.WithheldItem // the files of the version, by capture
	Shared []schemas.WithheldItem // where other versions and pages hold the same bytes
	Before []WithheldRecord       // of files of the version that are withheld already
}

// Objects returns the names of what goes when these items are withheld, with what
// is on record already: a run that was cut short goes on. What somebody else holds
// and is not among the items stays.
func (w *Withholding) Objects(items []schemas.WithheldItem) []gitstore.ID {
	chosen, shared := objectsOf(items), objectsOf(w.Shared)
	for _, record := range w.Before {
		for id := range objectsOf(record.Items) {
			if !shared[id] {
				chosen[id] = true
			}
		}
	}
	return sortedIDs(chosen)
}

func objectsOf(items []schemas.WithheldItem) map[gitstore.ID]bool {
	ids := map[gitstore.ID]bool{}
	for _, item := range items {
		for _, file := range item.Files {
			if id, err := gitstore.ParseID(file.Object); err == nil {
				ids[id] = true
			}
		}
	}
	return ids
}

// WithoutShared returns the files of the version that nothing else holds.
func (w *Withholding) WithoutShared() []schemas.WithheldItem {
	shared := objectsOf(w.Shared)
	var own []schemas.WithheldItem
	for _, item := range w.Items {
		var files []schemas.WithheldFile
		for _, file := range item.Files {
			if id, err := gitstore.ParseID(file.Object); err == nil && !shared[id] {
				files = append(files, file)
			}
		}
		if item.Files = files; len(files) > 0 {
			own = append(own, item)
		}
	}
	return own
}

// NeededError is returned for a file that cannot be withheld: the archive holds the
// same bytes as a file of its own.
type NeededError struct{ File, Path string }

func (e *NeededError) Error() string {
	return fmt.Sprintf("%s cannot be withheld: the archive needs the same bytes as %s", e.File, e.Path)
}

// AllVersions asks [Archive.Withholding] for every capture of a page.
const AllVersions = 0

// Withholding finds the files of a version of a page, by its number, or of all
// captures of the page, and who else holds the same bytes. It reads the history.
func (a *Archive) Withholding(ctx context.Context, ref PageRef, number int) (*Withholding, error) {
	history, err := a.History(ctx, ref)
	if err != nil {
		return nil, err
	}
	chosen, err := chosenOf(history, ref, number)
	if err != nil {
		return nil, err
	}
	w := &Withholding{Page: ref}
	sought := map[gitstore.ID]string{}
	var others []*Page
	for i, page := range history {
		if !chosen[i] {
			others = append(others, page)
			continue
		}
		item, err := page.withheldItem()
		if err != nil {
			return nil, err
		}
		for _, file := range item.Files {
			id, _ := gitstore.ParseID(file.Object) // it was made from one
			sought[id] = page.Folder + "/" + file.File
		}
		item.Files = slices.DeleteFunc(item.Files, func(file schemas.WithheldFile) bool { return w.noteBefore(page, file) })
		if len(item.Files) > 0 {
			w.Items = append(w.Items, item)
		}
	}
	for _, page := range others {
		if err := w.share(page, sought); err != nil {
			return nil, err
		}
	}
	return w, a.findElsewhere(ctx, w, sought)
}

// chosenOf returns which captures of a history are of a version.
func chosenOf(history []*Page, ref PageRef, number int) (map[int]bool, error) {
	chosen, captures := map[int]bool{}, make([]index.Capture, len(history))
	for i, page := range history {
		captures[i] = page.asCapture()
		if number == AllVersions {
			chosen[i] = true
		}
	}
	if number == AllVersions {
		return chosen, nil
	}
	versions := versionsAmong(captures)
	if number > len(versions) {
		return nil, &VersionError{Page: ref, Version: fmt.Sprint(number), Reason: fmt.Sprintf("the page has %d", len(versions))}
	}
	for _, i := range versions[number-1] {
		chosen[i] = true
	}
	return chosen, nil
}

// noteBefore reports whether a file of a capture is withheld already.
func (w *Withholding) noteBefore(page *Page, file schemas.WithheldFile) bool {
	var withheld *WithheldError
	if !errors.As(page.ifWithheld(file.File, file.SHA256), &withheld) {
		return false
	}
	if !slices.ContainsFunc(w.Before, func(r WithheldRecord) bool { return r.Sequence == withheld.Record.Sequence }) {
		w.Before = append(w.Before, withheld.Record)
	}
	return true
}

// withheldItem lists the files that the page's snapshot brought and that hold what
// the page said or showed. Empty ones hold nothing.
func (p *Page) withheldItem() (schemas.WithheldItem, error) {
	item := schemas.WithheldItem{URL: p.Name, Sequence: p.Snapshot.Message.Sequence, CapturedAt: p.Capture.CapturedAt}
	rederived := p.Snapshot.Message.Kind == schemas.KindRederive
	if !p.madeCapture() && !rederived {
		return item, nil
	}
	for _, file := range p.Capture.Contents() {
		isText := file.File == textFile
		if file.Size == 0 || rederived && !isText || isText && !rederived && p.Capture.Text.Sequence != p.Capture.Sequence {
			continue
		}
		entry, err := p.Snapshot.archive.store.Lookup(p.tree, file.File)
		if errors.Is(err, gitstore.ErrNotFound) {
			continue // it is gone from here by an earlier record
		}
		if err != nil {
			return item, fmt.Errorf("reading %s/%s: %w", p.Folder, file.File, err)
		}
		item.Files = append(item.Files, schemas.WithheldFile{File: file.File, Size: file.Size, SHA256: file.SHA256, Object: entry.ID.String()})
	}
	return item, nil
}

// share notes which of the files that are sought another capture holds, too, and
// no record lists there.
func (w *Withholding) share(page *Page, sought map[gitstore.ID]string) error {
	item, err := page.withheldItem()
	if err != nil {
		return err
	}
	item.Files = slices.DeleteFunc(item.Files, func(file schemas.WithheldFile) bool {
		id, _ := gitstore.ParseID(file.Object)
		return sought[id] == "" || page.ifWithheld(file.File, file.SHA256) != nil
	})
	if len(item.Files) > 0 {
		w.Shared = append(w.Shared, item)
	}
	return nil
}

// findElsewhere looks through the history for the same bytes in other places.
func (a *Archive) findElsewhere(ctx context.Context, w *Withholding, sought map[gitstore.ID]string) error {
	if len(sought) == 0 {
		return nil
	}
	head, err := a.Head()
	if err != nil {
		return err
	}
	var newer *Snapshot
	look := func(s *Snapshot, parent gitstore.ID) error {
		seen := map[string]bool{}
		for change, err := range a.store.Changes(parent, s.Commit.Tree) {
			if err != nil {
				return err
			}
			file := sought[change.New.ID]
			if file == "" {
				continue
			}
			folder, rest, inPage := PageFolder(change.Path)
			if !inPage || isRecord(rest) {
				return &NeededError{File: file, Path: change.Path}
			}
			if folder == w.Page.Folder || seen[folder] {
				continue
			}
			seen[folder] = true
			if err := w.shareFolder(s, folder, sought); err != nil {
				return err
			}
		}
		return nil
	}
	for snapshot, err := range head.Snapshots(ctx) {
		if err != nil {
			return err
		}
		if newer != nil {
			if err := look(newer, snapshot.Commit.Tree); err != nil {
				return err
			}
		}
		newer = snapshot
	}
	if err := look(newer, gitstore.ID{}); err != nil {
		return err
	}
	slices.SortStableFunc(w.Shared, func(x, y schemas.WithheldItem) int { return strings.Compare(x.URL, y.URL) })
	return nil
}

// isRecord reports whether a file of a page's folder says how it was captured, not
// what it said.
func isRecord(rest string) bool {
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case captureFile, headFile, resourceHeads, postFile, untrackedFile, retractionsFile, tlsFolder:
		return true
	}
	return false
}

// shareFolder notes what the folder of another page holds of the files that are
// sought.
func (w *Withholding) shareFolder(s *Snapshot, folder string, sought map[gitstore.ID]string) error {
	entry, err := s.archive.store.Lookup(s.Commit.Tree, folder)
	if err != nil {
		return err
	}
	page, err := s.readPage(folder, entry.ID)
	if err != nil {
		return err
	}
	return w.share(page, sought)
}

// RecordedObjects returns the files that the records of the archive list and that
// nothing needs which was captured since. It reads the history once for each page
// that they are of.
func (a *Archive) RecordedObjects(ctx context.Context) ([]gitstore.ID, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	records, err := head.Withheld()
	if err != nil {
		return nil, err
	}
	listed, pages := map[gitstore.ID]bool{}, map[string]bool{}
	for _, record := range records {
		maps.Copy(listed, objectsOf(record.Items))
		for _, item := range record.Items {
			pages[item.URL] = true
		}
	}
	for url := range pages {
		ref, err := PageNamed(url)
		if err != nil {
			return nil, err
		}
		plan, err := a.Withholding(ctx, ref, AllVersions)
		if err != nil {
			return nil, err
		}
		for _, items := range [][]schemas.WithheldItem{plan.Items, plan.Shared} {
			for id := range objectsOf(items) {
				delete(listed, id)
			}
		}
	}
	return sortedIDs(listed), nil
}

func sortedIDs(ids map[gitstore.ID]bool) []gitstore.ID {
	return slices.SortedFunc(maps.Keys(ids), func(a, b gitstore.ID) int { return slices.Compare(a[:], b[:]) })
}
