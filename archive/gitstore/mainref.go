package gitstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

const (
	nextFile     = "main.next"
	refLockWait  = 5 * time.Second
	refLockRetry = 20 * time.Millisecond
)

func (s *Store) nextPath() string    { return s.privatePath(nextFile) }
func (s *Store) refLockPath() string { return s.refPath() + ".lock" }

// moveMain sets main to a commit if it is still where it was, under the lock
// that stock git takes, and makes that durable. Unless tried is set, an error
// means that main was left alone. Only the holder of the writer lock may call it.
func (s *Store) moveMain(ctx context.Context, from, to ID) (tried bool, err error) {
	next := s.nextPath()
	// Never rewritten in place: the old file may be linked as the ref itself.
	if err := removeIfThere(next); err != nil {
		return false, err
	}
	if err := writeDurable(next, []byte(to.String()+"\n"), 0o666); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, removeIfThere(next)) }()
	if err := os.MkdirAll(filepath.Dir(s.refPath()), 0o777); err != nil {
		return false, err
	}
	if err := s.lockMain(ctx, next); err != nil {
		return false, err
	}
	have, err := s.Head()
	switch {
	case err != nil:
	case have == to: // an earlier attempt got this far
		tried, err = true, removeIfThere(s.refLockPath())
	case have != from:
		err = &MovedError{Want: from, Have: have}
	default:
		tried, err = true, os.Rename(s.refLockPath(), s.refPath())
	}
	if err != nil {
		return tried, errors.Join(err, removeIfThere(s.refLockPath()))
	}
	return true, syncFolder(filepath.Dir(s.refPath()))
}

// lockMain makes git's lock file out of the new value. A foreign lock is waited
// for: git holds it for milliseconds.
func (s *Store) lockMain(ctx context.Context, next string) error {
	ctx, cancel := context.WithTimeout(ctx, refLockWait)
	defer cancel()
	for {
		err := makeRefLock(next, s.refLockPath())
		if !errors.Is(err, os.ErrExist) {
			return err
		}
		select {
		case <-ctx.Done():
			return &RefLockedError{Path: s.refLockPath()}
		case <-time.After(refLockRetry):
		}
	}
}

// makeRefLock links the new value to the name of the lock, so that the lock is
// never there without its content. File systems without links get an exclusive
// new file, as git itself makes it.
func makeRefLock(next, lock string) error {
	err := os.Link(next, lock)
	if err == nil || errors.Is(err, os.ErrExist) {
		return err
	}
	content, err := os.ReadFile(next)
	if err != nil {
		return err
	}
	return writeDurable(lock, content, 0o666)
}

// unlockDead removes the branch's lock if a killed writer left it: such a lock
// has the content of main.next, which only a holder of the writer lock makes.
func (s *Store) unlockDead() error {
	next, err := readShort(s.nextPath(), maxRefSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lock, err := readShort(s.refLockPath(), maxRefSize)
	if err == nil && len(next) > 0 && bytes.Equal(lock, next) {
		err = removeIfThere(s.refLockPath())
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return removeIfThere(s.nextPath())
}
