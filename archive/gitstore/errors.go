package gitstore

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrNotRepository is returned by Open for a folder that is no bare git
	// repository.
	ErrNotRepository = errors.New("not a bare git repository")
	// ErrUnfinished is returned by Open for a repository whose making was cut
	// short. Init completes it.
	ErrUnfinished = errors.New("the making of the repository was interrupted")
	// ErrNotEmpty is returned by Init for a folder that has something in it.
	ErrNotEmpty = errors.New("the folder is not empty")
	// ErrNotFound is returned for a path that a tree does not have.
	ErrNotFound = errors.New("no such file")
	// ErrClosed is returned by a Batch that has been closed.
	ErrClosed = errors.New("the batch is closed")
)

// UnsupportedError is returned by Open for a repository that uses something
// this package cannot read, such as SHA-256 object names.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return "unsupported repository: " + e.What }

// MissingError is returned for an object that the repository does not have.
type MissingError struct {
	ID ID
	// Unindexed is the path of a pack whose index is gone, empty when there is none:
	// the object may be in it. git index-pack makes the index anew.
	Unindexed string
}

func (e *MissingError) Error() string {
	if e.Unindexed == "" {
		return fmt.Sprintf("object %s is missing", e.ID)
	}
	return fmt.Sprintf("object %s is missing, and %s has no index", e.ID, e.Unindexed)
}

// CorruptError is returned for an object whose stored bytes are not what its
// name says, or that cannot be decoded, and for a pack or index that
// contradicts itself. ID is zero when the damage is not that of one object.
type CorruptError struct {
	ID     ID
	Where  string // the file, with the offset for a pack
	Reason string
}

func (e *CorruptError) Error() string {
	if e.ID.IsZero() {
		return fmt.Sprintf("%s is corrupt: %s", e.Where, e.Reason)
	}
	return fmt.Sprintf("object %s is corrupt in %s: %s", e.ID, e.Where, e.Reason)
}

// TruncatedError is returned when a pack, or its index, is shorter than the
// index says.
type TruncatedError struct {
	ID    ID // zero when the whole file is concerned
	Where string
	Size  int64 // bytes that are there
	Need  int64 // bytes that must at least be there
}

func (e *TruncatedError) Error() string {
	if e.ID.IsZero() {
		return fmt.Sprintf("%s is cut off: it has %d bytes of at least %d", e.Where, e.Size, e.Need)
	}
	return fmt.Sprintf("object %s: %s is cut off: it has %d bytes of at least %d", e.ID, e.Where, e.Size, e.Need)
}

// MalformedError is returned for an object that is intact but is not a tree or
// commit in the one accepted form.
type MalformedError struct {
	ID     ID
	Kind   Kind // what the object is
	Reason string
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("%s %s is malformed: %s", e.Kind, e.ID, e.Reason)
}

// ConfigError is returned for a repository whose config cannot be read. What an
// archive is does not depend on it: without one it opens.
type ConfigError struct {
	Path   string
	Reason string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("config %s: %s", e.Path, e.Reason) }

// RefError is returned when refs/heads/main exists and is not an object id.
type RefError struct {
	Path   string
	Reason string
}

func (e *RefError) Error() string { return fmt.Sprintf("ref %s: %s", e.Path, e.Reason) }

// LockedError is returned by Begin when another writer holds the archive. The
// fields are zero when that writer could not be learned.
type LockedError struct {
	PID     int
	Host    string
	Command string
	Since   time.Time
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "another process is writing to the archive"
	}
	s := fmt.Sprintf("another process is writing to the archive: %q, process %d on %s", e.Command, e.PID, e.Host)
	if !e.Since.IsZero() {
		s += ", since " + e.Since.UTC().Format(time.RFC3339)
	}
	return s
}

// RefLockedError is returned by Publish when some other program holds git's
// lock of the branch and does not let go.
type RefLockedError struct{ Path string }

func (e *RefLockedError) Error() string {
	return fmt.Sprintf("another program has locked the branch; if no git command is running, remove %s", e.Path)
}

// MovedError is returned by Publish when main is not where the batch began: the
// batch must be made again on top of Have.
type MovedError struct{ Want, Have ID }

func (e *MovedError) Error() string {
	return fmt.Sprintf("main moved from %s to %s while the batch was made", e.Want, e.Have)
}

func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }
