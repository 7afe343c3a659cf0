package gitstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Owner is what a writer tells the others that wait for it. It need not say
// since when.
type Owner struct {
	Command string
	Since   time.Time
}

const (
	lockFile     = "writer.lock"
	lockRetry    = 25 * time.Millisecond
	maxOwnerSize = 8 << 10
)

// ownerRecord is the content of the lock file while it is held. It only informs:
// the lock itself is the operating system's and ends with the process.
type ownerRecord struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// lockWriter waits for the writer lock until ctx is done; then the error is a
// *LockedError. The lock file is never removed, since a waiter may hold it open.
func (s *Store) lockWriter(ctx context.Context, owner Owner) (*flock.Flock, error) {
	folder, path := filepath.Join(s.dir, private), s.privatePath(lockFile)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	if err := checkOwnPlace(folder, path); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		locked, err = lock.TryLockContext(ctx, lockRetry)
	}
	switch {
	case locked:
	case err == nil || ctx.Err() != nil:
		return nil, readOwner(path)
	default:
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	writeOwner(path, owner)
	return lock, nil
}

// lockWithin waits for the writer lock at most so long, or as long as it takes when
// wait is 0. The error is that of ctx as well when ctx ended the wait.
func (s *Store) lockWithin(ctx context.Context, wait time.Duration, owner Owner) (*flock.Flock, error) {
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if wait > 0 {
		waiting, cancel = context.WithTimeout(ctx, wait)
	}
	defer cancel()
	lock, err := s.lockWriter(waiting, owner)
	if err != nil {
		return nil, errors.Join(ctx.Err(), err)
	}
	return lock, nil
}

// checkOwnPlace refuses links in the place of the private folder or its lock: a
// foreign archive could have any file overwritten through them.
func checkOwnPlace(folder, path string) error {
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() {
		return errors.Join(err, &CorruptError{Where: folder, Reason: "it is not a folder"})
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		err = &CorruptError{Where: path, Reason: "it is not a regular file"}
	}
	return err
}

// writeOwner says who holds the lock. A full disk, or a system that locks the
// content too, only makes the message to those who wait poorer.
func writeOwner(path string, owner Owner) {
	host, _ := os.Hostname()
	record, err := json.Marshal(ownerRecord{os.Getpid(), host, owner.Command, owner.Since})
	if err == nil {
		_ = os.WriteFile(path, append(record, '\n'), 0o666)
	}
}

// readOwner tells who holds the lock, as far as can be known.
func readOwner(path string) *LockedError {
	var r ownerRecord
	content, err := readShort(path, maxOwnerSize)
	if err != nil || json.Unmarshal(content, &r) != nil {
		return &LockedError{}
	}
	return &LockedError{PID: r.PID, Host: r.Host, Command: r.Command, Since: r.Since}
}

// unlockWriter lets the next writer in.
func unlockWriter(lock *flock.Flock) error {
	_ = os.Truncate(lock.Path(), 0) // see writeOwner
	return lock.Unlock()
}
