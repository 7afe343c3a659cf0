package gitstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The places in a repository. private is the folder git does not know.
const (
	branch  = "refs/heads/main"
	private = "walkback"
)

const (
	baseBudget = 8 << 20 // bytes of delta bases kept for the next object
	treeBudget = 8 << 20 // bytes of trees kept for the next walk
)

// Store is an open repository. Its reading methods are safe for concurrent use;
// the writing ones are those of a Batch.
type Store struct {
	dir        string
	packs      packSet
	packReader packReader
	trees      *lru[ID, []Entry]
	unmerged   map[string]bool // packs that cannot be merged; for the holder of the writer lock
}

func (s *Store) privatePath(name string) string { return filepath.Join(s.dir, private, name) }

// Open opens a repository for reading and, through Begin, for writing. It
// changes nothing on disk and executes nothing. Errors: ErrNotRepository,
// ErrUnfinished, *UnsupportedError, *RefError when only HEAD is missing. The
// Store must be closed.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := checkRepository(dir); err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	s := &Store{
		dir: dir,
		packs: packSet{
			folder: filepath.Join(dir, "objects", "pack"),
			packs:  map[string]*pack{},
		},
		packReader: packReader{bases: newLRU[base, object](baseBudget)},
		trees:      newLRU[ID, []Entry](treeBudget),
		unmerged:   map[string]bool{},
	}
	if err := s.packs.scan(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: reading the pack folder: %w", dir, err), s.packs.close())
	}
	return s, nil
}

// checkRepository applies git's own test (setup.c) and its rules for versions
// and extensions (gitrepository-layout).
func checkRepository(dir string) error {
	for _, folder := range []string{"objects", "refs"} {
		info, err := os.Stat(filepath.Join(dir, folder))
		if err != nil || !info.IsDir() {
			return notMade(dir, err)
		}
	}
	head, err := os.Lstat(filepath.Join(dir, headFile))
	if err != nil || head.IsDir() {
		return notMade(dir, err)
	}
	cfg, err := readConfig(dir)
	if err != nil {
		return err
	}
	return cfg.checkSupported()
}

// notMade says what a folder is that has not all of a repository: one that Init
// did not finish, one that lost its HEAD, or none at all. It keeps a refused
// permission apart from a thing that is not there.
func notMade(dir string, err error) error {
	if errors.Is(err, os.ErrPermission) {
		return err
	}
	if names, err := readDirNames(dir); err == nil && len(names) > 0 && isUnfinished(dir) {
		return ErrUnfinished
	}
	if info, err := os.Stat(filepath.Join(dir, "objects", "pack")); err == nil && info.IsDir() {
		head := filepath.Join(dir, headFile)
		if _, err := os.Lstat(head); errors.Is(err, os.ErrNotExist) {
			return &RefError{Path: head, Reason: "it is missing"}
		}
	}
	return ErrNotRepository
}

// Close releases the repository's files. No other method may be running.
func (s *Store) Close() error { return s.packs.close() }
