package gitstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const headFile = "HEAD"

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

// madeFolders are the folders of a new repository, those within others first.
var madeFolders = []string{"objects/info", "objects/pack", "objects", "refs/heads", "refs/tags", "refs", private}

// Init makes a new, empty repository. The folder may be absent, or empty, or
// hold what an Init that was killed has left, which is completed; anything else
// is ErrNotEmpty. While another process makes a repository there the error is a
// *LockedError. On failure nothing is left behind.
func Init(dir string) error {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = initIn(dir)
	}
	if err != nil {
		return fmt.Errorf("making repository %s: %w", dir, err)
	}
	return nil
}

// initIn makes the repository in its place, under the lock of its writers. HEAD
// comes last and by a rename: until then nobody takes the folder for a
// repository, and whoever is killed leaves what the next Init completes.
func initIn(dir string) error {
	if err := checkVacant(dir); err != nil {
		return err
	}
	undo := missingAncestor(dir)
	at := &Store{dir: dir}
	now, stop := context.WithCancel(context.Background())
	stop() // whoever makes it now will have made it: there is nothing to wait for
	lock, err := at.lockWriter(now, Owner{Command: "init"})
	var busy *LockedError
	switch {
	case errors.As(err, &busy):
		return err
	case err != nil:
		return errors.Join(err, unmake(dir, undo))
	}
	defer unlockWriter(lock)
	if err := checkVacant(dir); err != nil {
		return err // made by another process a moment ago
	}
	if err := populate(dir); err != nil {
		return errors.Join(err, unmake(dir, undo))
	}
	return syncFolder(filepath.Dir(dir))
}

// checkVacant returns ErrNotEmpty for a folder in which there is something that
// Init did not make.
func checkVacant(dir string) error {
	names, err := readDirNames(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(names) > 0 && !isUnfinished(dir):
		return ErrNotEmpty
	}
	return nil
}

// isUnfinished reports whether a folder holds nothing but what Init makes before
// HEAD. What has lost its HEAD later holds more.
func isUnfinished(dir string) bool {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(madeFolders, name):
			return nil
		case !entry.Type().IsRegular():
		case name == private+"/"+lockFile, name == headFile+".lock":
			return nil
		case name == "config":
			content, err := readShort(path, maxConfigSize)
			if err == nil && strings.HasPrefix(configText, string(content)) {
				return nil
			}
		}
		return ErrNotEmpty
	})
	return err == nil
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

// unmake undoes a making: undo is the topmost folder that was made for it, or ""
// when the repository's own was there before.
func unmake(dir, undo string) error {
	if undo != "" {
		return os.RemoveAll(undo)
	}
	names, err := readDirNames(dir)
	for _, name := range names {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	return err
}

// populate fills a folder, in which some of it may be already.
func populate(dir string) error {
	for _, folder := range madeFolders {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(folder)), 0o777); err != nil {
			return err
		}
	}
	if err := writeAgain(filepath.Join(dir, "config"), []byte(configText), 0o666); err != nil {
		return err
	}
	for _, folder := range append(slices.Clone(madeFolders), "") {
		if err := syncFolder(filepath.Join(dir, filepath.FromSlash(folder))); err != nil {
			return err
		}
	}
	head := filepath.Join(dir, headFile)
	if err := writeAgain(head+".lock", []byte("ref: "+branch+"\n"), 0o666); err != nil {
		return err
	}
	if err := os.Rename(head+".lock", head); err != nil {
		return err
	}
	return syncFolder(dir)
}
