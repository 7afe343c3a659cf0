package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/walkback-dev/walkback/archive/pattern"
	"github.com/walkback-dev/walkback/schemas"
)

// Memory is what this user has seen of archives: receipts and introductions in
// a folder outside of all of them.
type Memory struct {
	folder string
}

// NewMemory returns the memory in this folder, which need not exist yet.
func NewMemory(folder string) *Memory { return &Memory{folder: folder} }

// archiveIDs are checked before they become file names: the id comes from a
// foreign archive.
var archiveID = pattern.New(`^urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

func (m *Memory) file(kind, id string) (string, error) {
	match := archiveID().FindStringSubmatch(id)
	if match == nil {
		return "", fmt.Errorf("%q is not an archive id", id)
	}
	return filepath.Join(m.folder, kind, match[1]+".json"), nil
}

// Receipt returns what was last seen of the archive, nil when nothing was.
func (m *Memory) Receipt(archiveID string) (*schemas.Receipt, error) {
	return recall[schemas.Receipt](m, "receipts", archiveID)
}

// Remember writes the receipt in place of the last one, unless that is of a
// later snapshot: what was seen stays seen. It is durable when Remember returns.
func (m *Memory) Remember(receipt schemas.Receipt) error {
	return m.write("receipts", receipt.ArchiveID, &receipt, func() (bool, error) {
		known, err := m.Receipt(receipt.ArchiveID)
		return known == nil || known.Sequence <= receipt.Sequence, err
	})
}

// Verified returns up to which snapshot the whole archive was verified last, nil
// when it never was.
func (m *Memory) Verified(archiveID string) (*schemas.Receipt, error) {
	return recall[schemas.Receipt](m, "verified", archiveID)
}

// RememberVerified writes down that the archive was verified up to this snapshot.
func (m *Memory) RememberVerified(receipt schemas.Receipt) error {
	return m.write("verified", receipt.ArchiveID, &receipt, func() (bool, error) { return true, nil })
}

// Introduction returns how the archive was introduced, nil when it was not.
func (m *Memory) Introduction(archiveID string) (*schemas.Introduction, error) {
	return recall[schemas.Introduction](m, "introductions", archiveID)
}

// Introduce pins the beginning of an archive.
func (m *Memory) Introduce(introduction schemas.Introduction) error {
	return m.write("introductions", introduction.ArchiveID, &introduction, func() (bool, error) { return true, nil })
}

func recall[T schemas.Document](m *Memory, kind, id string) (*T, error) {
	file, err := m.file(kind, id)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", kind, err)
	}
	doc, err := schemas.Decode[T](data)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return doc, nil
}

// write puts a document in place of the last one when wanted says so; nobody
// else writes while it is asked.
func (m *Memory) write(kind, id string, doc any, wanted func() (bool, error)) error {
	file, err := m.file(kind, id)
	if err != nil {
		return err
	}
	data, err := schemas.Encode(doc)
	if err != nil {
		return fmt.Errorf("writing %s: %w", kind, err)
	}
	if err := replace(file, data, wanted); err != nil {
		return fmt.Errorf("writing %s: %w", kind, err)
	}
	return nil
}

// replace puts a file in place of the last one, durably. The name it has until
// then is always the same, so that what a killed process left is written over
// by the next; the lock keeps two from writing it at once.
func replace(file string, data []byte, wanted func() (bool, error)) error {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	lock := flock.New(filepath.Join(folder, ".lock"))
	if err := lock.Lock(); err != nil {
		return err
	}
	defer lock.Close()
	if ok, err := wanted(); err != nil || !ok {
		return err
	}
	next := file + ".next"
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(next, file)
	}
	if err != nil {
		_ = os.Remove(next)
	}
	return err
}
