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
	baseBudget = 16 << 20 // bytes of delta bases kept for the next object
	treeBudget = 16 << 20 // bytes of trees kept for the next walk
)

// configText is the config of a new repository; the package documentation says
// why. Keys that a git does not know it ignores.
const configText = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	fsync = all
[gc]
	auto = 0
	pruneExpire = never
[maintenance]
	auto = false
[receive]
	autogc = false
	denyDeletes = true
	denyNonFastForwards = true
[transfer]
	unpackLimit = 1
`

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

// Init makes a new, empty repository. The folder may exist if it is empty, else
// the error is ErrNotEmpty. On failure nothing is left behind.
func Init(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	names, err := readDirNames(dir)
	switch {
	case err == nil && len(names) > 0:
		return fmt.Errorf("making repository %s: %w", dir, ErrNotEmpty)
	case err == nil:
		err = populate(dir)
		if err != nil {
			err = errors.Join(err, depopulate(dir))
		}
	case errors.Is(err, os.ErrNotExist):
		err = initNew(dir)
	}
	if err != nil {
		return fmt.Errorf("making repository %s: %w", dir, err)
	}
	return nil
}

// initNew builds the repository under another name first, so that a killed
// process leaves no half-made one where the next would find it.
func initNew(dir string) (err error) {
	parent := filepath.Dir(dir)
	undo := missingAncestor(parent)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return errors.Join(err, removeMade(undo))
	}
	temp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".new-")
	if err != nil {
		return errors.Join(err, removeMade(undo))
	}
	made := filepath.Join(temp, "git") // MkdirTemp's own folder ignores the umask
	if err = os.Mkdir(made, 0o777); err == nil {
		err = populate(made)
	}
	if err == nil {
		err = os.Rename(made, dir)
	}
	err = errors.Join(err, os.RemoveAll(temp))
	if err != nil {
		return errors.Join(err, removeMade(undo))
	}
	return syncFolder(parent)
}

// missingAncestor returns the topmost folder that does not exist yet, or "".
func missingAncestor(dir string) string {
	missing := ""
	for {
		if _, err := os.Lstat(dir); err == nil || !errors.Is(err, os.ErrNotExist) {
			return missing
		}
		missing = dir
		if dir = filepath.Dir(dir); dir == missing {
			return missing
		}
	}
}

func removeMade(dir string) error {
	if dir == "" {
		return nil
	}
	return os.RemoveAll(dir)
}

// populate fills an empty folder. HEAD comes last: without it git sees no
// repository.
func populate(dir string) error {
	folders := []string{"objects/info", "objects/pack", "objects", "refs/heads", "refs/tags", "refs", private}
	for _, folder := range folders {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(folder)), 0o777); err != nil {
			return err
		}
	}
	if err := writeDurable(filepath.Join(dir, "config"), []byte(configText), 0o666); err != nil {
		return err
	}
	if err := writeDurable(filepath.Join(dir, "HEAD"), []byte("ref: "+branch+"\n"), 0o666); err != nil {
		return err
	}
	for _, folder := range append(folders, "") {
		if err := syncFolder(filepath.Join(dir, filepath.FromSlash(folder))); err != nil {
			return err
		}
	}
	return nil
}

// depopulate empties a folder that was empty before.
func depopulate(dir string) error {
	names, err := readDirNames(dir)
	for _, name := range names {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	return err
}

// Open opens a repository for reading and, through Begin, for writing. It
// changes nothing on disk and executes nothing. Errors: ErrNotRepository,
// *UnsupportedError. The Store must be closed.
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
	head, err := os.Lstat(filepath.Join(dir, "HEAD"))
	if err != nil || head.IsDir() {
		return notRepository(err)
	}
	for _, folder := range []string{"objects", "refs"} {
		info, err := os.Stat(filepath.Join(dir, folder))
		if err != nil || !info.IsDir() {
			return notRepository(err)
		}
	}
	cfg, err := readConfig(dir)
	if err != nil {
		return err
	}
	return cfg.checkSupported()
}

// notRepository keeps a refused permission apart from a thing that is not there.
func notRepository(err error) error {
	if errors.Is(err, os.ErrPermission) {
		return err
	}
	return ErrNotRepository
}

// Close releases the repository's files. No other method may be running.
func (s *Store) Close() error { return s.packs.close() }
