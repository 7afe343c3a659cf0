package provenance

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// withheldFiles are the files that records of the archive list. A record is worth
// what the commit is worth that made it, and that is checked like any other.
type withheldFiles struct {
	records []archive.WithheldRecord
	objects map[gitstore.ID][]withheldFile
	files   map[placedSum]int64 // the first commit that made a record of it
}

// withheldFile is a file of a record.
type withheldFile struct {
	by  int64 // sequence of the commit that made the record
	sum schemas.Digest
}

// placedSum is a content in the folder of a page.
type placedSum struct {
	folder, file string
	sum          schemas.Digest
}

func newWithheldFiles(records []archive.WithheldRecord) *withheldFiles {
	w := &withheldFiles{records: records, objects: map[gitstore.ID][]withheldFile{}, files: map[placedSum]int64{}}
	for _, record := range records {
		for _, item := range record.Items {
			ref, err := archive.PageNamed(item.URL)
			if err != nil {
				continue // checkRecord tells
			}
			for _, file := range item.Files {
				if id, err := gitstore.ParseID(file.Object); err == nil {
					w.objects[id] = append(w.objects[id], withheldFile{record.Sequence, file.SHA256})
				}
				key := placedSum{ref.Folder, file.File, file.SHA256}
				if by, ok := w.files[key]; !ok || record.Sequence < by {
					w.files[key] = record.Sequence
				}
			}
		}
	}
	return w
}

// takes reports whether the record of one commit lists an object.
func (w *withheldFiles) takes(id gitstore.ID, sequence int64) bool {
	for _, file := range w.objects[id] {
		if file.by == sequence {
			return true
		}
	}
	return false
}

// after returns the first commit after this one that made a record of an object, 0
// when there is none.
func (w *withheldFiles) after(id gitstore.ID, sequence int64) int64 {
	first := int64(0)
	for _, file := range w.objects[id] {
		if file.by > sequence && (first == 0 || file.by < first) {
			first = file.by
		}
	}
	return first
}

// lists reports whether a record that was made after a commit lists an object with
// this digest: what is captured again later is a file like any other.
func (w *withheldFiles) lists(id gitstore.ID, sum schemas.Digest, sequence int64) bool {
	for _, file := range w.objects[id] {
		if file.sum == sum && file.by > sequence {
			return true
		}
	}
	return false
}

// lacks reports whether a file that capture.json names may be absent from the
// folder of its page as of a commit.
func (w *withheldFiles) lacks(folder string, file schemas.File, sequence int64) bool {
	by, ok := w.files[placedSum{folder, file.File, file.SHA256}]
	return ok && by <= sequence
}

// readWithheld reads the records of the head. One that cannot be read is told by
// the check of the commit that made it.
func (v *verifier) readWithheld() {
	if len(v.chain) == 0 {
		return
	}
	records, _ := archive.WithheldRecords(v.store, v.head.tree)
	v.withheld = newWithheldFiles(records)
}

// isWithheld reports whether a file of a commit is lacking because it was taken out
// on record.
// What the record says of it must be what the manifest says.
func (v *verifier) isWithheld(l *link, file string, id gitstore.ID, sum schemas.Digest, err error) bool {
	_, _, inPage := archive.PageFolder(file)
	return inPage && errors.As(err, new(*gitstore.MissingError)) && v.withheld.lists(id, sum, l.sequence)
}

// checkRecord holds the record that a commit made to the captures that it is of:
// the commits that brought the files listed them in their manifests, with these
// digests, and their captures say that they have this size.
func (v *verifier) checkRecord(l *link, subject string) {
	v.report.looked(checkDocuments, 1)
	name := archive.WithheldFile(l.sequence)
	entry, err := v.store.Lookup(l.tree, name)
	if err != nil {
		if errors.Is(err, gitstore.ErrNotFound) {
			v.report.problem(checkRules, schemas.Tampered, subject, "it has no %s", name)
		} else {
			v.report.unreadable(subject, err)
		}
		return
	}
	_, data, err := v.store.Object(entry.ID)
	if err != nil {
		v.report.unreadable(name+" ("+subject+")", err)
		return
	}
	record, err := schemas.Decode[schemas.Withheld](data)
	if err != nil {
		v.badDocument(name+" ("+subject+")", err)
		return
	}
	if ref, err := archive.PageNamed(record.URL); err != nil || ref.ID != record.Page {
		v.report.problem(checkDocuments, schemas.Tampered, subject, "%s is of page %s, which is not that of %.200q", name, record.Page, record.URL)
	}
	for _, item := range record.Items {
		if err := v.checkItem(l, item); err != nil {
			v.badDocument(name+" ("+subject+")", err)
		}
	}
}

// checkItem holds one capture of a record to the archive.
func (v *verifier) checkItem(l *link, item schemas.WithheldItem) error {
	ref, err := archive.PageNamed(item.URL)
	if err != nil {
		return err
	}
	if item.Sequence >= l.sequence {
		return fmt.Errorf("it lists files of snapshot %d, which came later", item.Sequence)
	}
	of, err := v.commitWith(item.Sequence)
	if err != nil || of == nil {
		return err // a chain that ends before it is told as such
	}
	folder, err := v.store.Lookup(of.Tree, ref.Folder)
	if errors.Is(err, gitstore.ErrNotFound) {
		return fmt.Errorf("snapshot %d has no page %s", item.Sequence, item.URL)
	}
	if err != nil {
		return err
	}
	capture, err := archive.ReadFolder(v.store, ref.Folder, folder.ID)
	if err != nil {
		return err
	}
	manifest, err := v.manifestOf(of)
	if err != nil {
		return err
	}
	contents := map[string]schemas.File{}
	for _, file := range capture.Contents() {
		contents[file.File] = file
	}
	for _, file := range item.Files {
		where := path.Join(ref.Folder, file.File)
		entry, err := v.store.Lookup(of.Tree, where)
		if err != nil && !errors.Is(err, gitstore.ErrNotFound) {
			return err
		}
		said := contents[file.File]
		switch {
		case manifest[where] != file.SHA256 || said.SHA256 != file.SHA256:
			return fmt.Errorf("it says that %s of snapshot %d had %s, and the snapshot does not", where, item.Sequence, file.SHA256)
		case entry.ID.String() != file.Object:
			return fmt.Errorf("it says that %s of snapshot %d was object %s, and it was %s", where, item.Sequence, file.Object, entry.ID)
		case said.Size != file.Size:
			return fmt.Errorf("it says that %s of snapshot %d had %d bytes, and the capture %d", where, item.Sequence, file.Size, said.Size)
		}
	}
	return nil
}

// commitWith returns the commit with a sequence, nil when the chain does not reach
// so far.
func (v *verifier) commitWith(sequence int64) (*gitstore.Commit, error) {
	if place := sequence - v.root.sequence; v.root.sequence >= 0 && place >= 0 && place < int64(len(v.chain)) {
		return v.store.Commit(v.chain[place])
	}
	at := v.root.sequence
	for commit, err := range v.store.History(v.chain[0]) {
		if err != nil {
			return nil, err
		}
		if at == sequence {
			return commit, nil
		}
		at--
	}
	return nil, nil
}

// manifestOf reads the manifest of a commit, which is checked with that commit.
func (v *verifier) manifestOf(commit *gitstore.Commit) (map[string]schemas.Digest, error) {
	entry, err := v.store.Lookup(commit.Tree, archive.ManifestFile)
	if err != nil {
		return nil, err
	}
	_, data, err := v.store.Object(entry.ID)
	if err != nil {
		return nil, err
	}
	manifest, err := schemas.ParseManifest(data)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]schemas.Digest, len(manifest))
	for _, line := range manifest {
		sums[line.Path] = line.SHA256
	}
	return sums, nil
}

// reportWithheld lists the records, and what of them is there all the same.
func (v *verifier) reportWithheld() {
	for _, record := range v.withheld.records {
		v.report.Withheld = append(v.report.Withheld, seenOf(record, func(file schemas.WithheldFile) bool {
			id, err := gitstore.ParseID(file.Object)
			if err != nil {
				return false
			}
			here, err := v.store.Has(id)
			return here && err == nil
		}))
	}
}

// seenOf counts the files of a record, each content once.
func seenOf(record archive.WithheldRecord, present func(schemas.WithheldFile) bool) schemas.WithheldSeen {
	seen := schemas.WithheldSeen{
		Sequence: record.Sequence, At: record.At, Reason: record.Reason, Authority: record.Authority, URL: record.URL,
	}
	known := map[string]bool{}
	for _, item := range record.Items {
		for _, file := range item.Files {
			if known[file.Object] {
				continue
			}
			known[file.Object] = true
			seen.Files, seen.Bytes = seen.Files+1, seen.Bytes+file.Size
			if present(file) {
				seen.Present++
			}
		}
	}
	return seen
}

// withheldLimits says what a verification cannot know of what is withheld.
func withheldLimits(seen []schemas.WithheldSeen) []string {
	var gone int64
	for _, s := range seen {
		gone += s.Files - s.Present
	}
	if gone == 0 {
		return nil
	}
	return []string{fmt.Sprintf("what the files said that are withheld (%d): their digests and sizes are left, not their bytes", gone)}
}

// withheldIn tells the objects that an archive withholds: a repair does not bring
// them back. Where it is too damaged to tell what was captured again, all that a
// record lists is taken for withheld.
func withheldIn(ctx context.Context, dir string, store *gitstore.Store) func(gitstore.ID) bool {
	var withheld map[gitstore.ID]bool
	return func(id gitstore.ID) bool {
		if withheld == nil {
			withheld = objectsWithheld(ctx, dir, store)
		}
		return withheld[id]
	}
}

func objectsWithheld(ctx context.Context, dir string, store *gitstore.Store) map[gitstore.ID]bool {
	withheld := map[gitstore.ID]bool{}
	if a, err := archive.Open(dir); err == nil {
		ids, err := a.RecordedObjects(ctx)
		if err = errors.Join(err, a.Close()); err == nil {
			for _, id := range ids {
				withheld[id] = true
			}
			return withheld
		}
	}
	head, err := store.Head()
	if err != nil {
		return withheld
	}
	commit, err := store.Commit(head)
	if err != nil {
		return nil // not read yet: asked again
	}
	records, _ := archive.WithheldRecords(store, commit.Tree)
	for id := range newWithheldFiles(records).objects {
		withheld[id] = true
	}
	return withheld
}
