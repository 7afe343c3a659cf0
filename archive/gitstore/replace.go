package gitstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// replacedFile says which packs are about to be removed because others hold all
// of their objects: lines of "new NAME" and "old NAME", a name being that of a
// pack without extension. A writer that is killed meanwhile leaves the rest to
// the next.
const (
	replacedFile    = "packs.replaced"
	maxReplacedSize = 1 << 20
)

// replacePacks removes packs all of whose objects are in the new ones, which are
// durable, in place and kept, and then lets git repack those. The next writer
// goes on after an error. Only the holder of the writer lock may call it.
func (s *Store) replacePacks(new, old []string) error {
	if err := s.noteReplaced(new, old); err != nil {
		return errors.Join(err, releaseAll(new)) // objects that are there twice do no harm
	}
	if _, err := s.finishReplacing(); err != nil {
		return err
	}
	return releaseAll(new)
}

// noteReplaced makes the record.
func (s *Store) noteReplaced(new, old []string) error {
	if err := syncFolder(s.packs.folder); err != nil {
		return err
	}
	var record strings.Builder
	for _, stem := range new {
		fmt.Fprintf(&record, "new %s\n", filepath.Base(stem))
	}
	for _, stem := range old {
		fmt.Fprintf(&record, "old %s\n", filepath.Base(stem))
	}
	return writeAgain(s.privatePath(replacedFile), []byte(record.String()), 0o666)
}

// releaseAll lets git repack packs of ours.
func releaseAll(stems []string) error {
	var errs []error
	for _, stem := range stems {
		errs = append(errs, releaseDead(stem))
	}
	return errors.Join(errs...)
}

// finishReplacing does what the record says, if there is one. It does not take
// its word for anything: the record may come with an archive from elsewhere. With
// an error it returns the packs that have to stay kept until all is done.
func (s *Store) finishReplacing() (new []string, err error) {
	path := s.privatePath(replacedFile)
	content, err := readShort(path, maxReplacedSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	new, old := parseReplaced(string(content), s.packs.folder)
	if err := s.removeReplaced(new, old); err != nil {
		return new, err
	}
	if err := s.packs.scan(); err != nil {
		return new, err
	}
	return nil, removeIfThere(path)
}

// parseReplaced returns the packs of a record. A line that is not one of ours,
// such as the last of a record that was cut off, is passed over.
func parseReplaced(record, folder string) (new, old []string) {
	for line := range strings.Lines(record) {
		word, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !isPackName(name) {
			continue
		}
		switch word {
		case "new":
			new = append(new, filepath.Join(folder, name))
		case "old":
			old = append(old, filepath.Join(folder, name))
		}
	}
	return new, old
}

// isPackName reports whether a name without extension is one that git gives.
func isPackName(name string) bool {
	digits, ok := strings.CutPrefix(name, packPrefix)
	_, err := ParseID(digits)
	return ok && err == nil
}

// removeReplaced removes old packs that the new ones stand for. The new ones must
// have been kept ever since they came: a git repack that found one without its
// .keep may be about to remove it, in the belief that the old ones hold it all.
func (s *Store) removeReplaced(new, old []string) error {
	var indexes []*packIndex
	defer func() {
		for _, x := range indexes {
			_ = x.close()
		}
	}()
	for _, stem := range new {
		if _, err := os.Lstat(stem + ".pack"); err != nil || !keptByUs(stem) {
			return nil // the old ones do no harm
		}
		x, err := openMapped(stem + ".idx")
		if err != nil {
			return nil // damage is no reason to remove anything
		}
		indexes = append(indexes, x)
	}
	// It lists packs that go; without it git looks into each.
	if err := removeIfThere(filepath.Join(s.packs.folder, "multi-pack-index")); err != nil {
		return err
	}
	for _, stem := range old {
		if slices.Contains(new, stem) {
			continue
		}
		if err := removePackIn(stem, indexes); err != nil {
			return err
		}
	}
	return syncFolder(s.packs.folder)
}

// removePackIn removes a pack whose objects are all in these indexes. The index
// goes last: it is what a second attempt needs.
func removePackIn(stem string, indexes []*packIndex) error {
	x, err := openMapped(stem + ".idx")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := x.heldBy(indexes)
	if err = errors.Join(err, x.close()); err != nil {
		return err
	}
	if _, err := os.Lstat(stem + ".pack"); !held && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return removePackFiles(stem)
}

// removePackFiles removes a pack, its index last.
func removePackFiles(stem string) error {
	for _, extension := range []string{".bitmap", ".rev", ".pack", ".idx"} {
		if err := removeIfThere(stem + extension); err != nil {
			return err
		}
	}
	return nil
}

// heldBy reports whether each object of the index is in one of the others.
func (x *packIndex) heldBy(others []*packIndex) (bool, error) {
	for i := range x.count {
		id, _, err := x.line(i)
		if err != nil {
			return false, err
		}
		if held, err := heldByOne(id, others); err != nil || !held {
			return false, err
		}
	}
	return true, nil
}

// heldByOne reports whether an object is in one of these.
func heldByOne(id ID, indexes []*packIndex) (bool, error) {
	for _, x := range indexes {
		if _, ok, err := x.find(id); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
