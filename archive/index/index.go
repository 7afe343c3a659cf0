package index

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// format is the version of the file's schema and of how words are cut. A file
// of another format is made anew.
const format = 7

// application is the application_id of a SQLite file of this format: "wbk" and
// the format.
const application = 'w'<<24 | 'b'<<16 | 'k'<<8 | format

// Index is an open index. It is safe for concurrent use, also by several
// processes. It must be closed.
type Index struct {
	db       *sql.DB
	file     string
	identity string
}

// ErrBusy is returned when another process makes the index anew or adds to it.
var ErrBusy = errors.New("another process is at work on the index")

// DamagedError is returned when the file contradicts itself. What was read from
// it before may be wrong. [Index.Discard] is the way out.
type DamagedError struct {
	File string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the index %s is damaged: %v", e.File, e.Err)
}

// Unwrap returns what was found.
func (e *DamagedError) Unwrap() error { return e.Err }

// Open opens the index in file, of which identity says what it is an index of,
// in any words. A file that is not there, damaged at first sight or of another
// format is made anew, empty. Beside one of another identity, whose users would
// else take turns in making it anew, the index has a file of its own, named for
// the identity. Errors: ErrBusy when a file must be made and another process is
// at work; else the folder cannot be used.
func Open(ctx context.Context, file, identity string) (*Index, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("opening index: %w", err)
	}
	x := &Index{file: file, identity: identity}
	if x.belongsTo() == another {
		x.file = fmt.Sprintf("%s-%08x%s", strings.TrimSuffix(file, filepath.Ext(file)), uint32(x.version()), filepath.Ext(file))
	}
	if x.belongsTo() == us {
		if err := x.connect(ctx); err == nil || !isDamage(err) {
			return x, err
		}
	}
	return x, x.locked(func() error { return x.remake(ctx) })
}

// Discard removes the file, so that the next Open makes it anew. This Index, its
// Views and those of other processes go on with the removed one until they are
// closed. It is ErrBusy while another process is at work.
func (x *Index) Discard() error {
	return x.locked(func() error {
		if err := os.Remove(x.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("discarding index: %w", err)
		}
		return nil
	})
}

// Close releases the file.
func (x *Index) Close() error {
	if x.db == nil {
		return nil
	}
	return x.db.Close()
}

// locked calls do while no other process makes the file anew or adds to it.
func (x *Index) locked(do func() error) error {
	unlock, err := x.lock()
	if err != nil {
		return err
	}
	return errors.Join(do(), unlock())
}

func (x *Index) lock() (unlock func() error, err error) {
	lock := flock.New(x.file + ".lock")
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking index: %w", err)
	}
	if !got {
		return nil, errors.Join(ErrBusy, lock.Close())
	}
	return lock.Close, nil
}

// remake is called under the lock, which another process may have held for the
// same purpose.
func (x *Index) remake(ctx context.Context) error {
	switch x.belongsTo() {
	case us:
		if err := x.connect(ctx); err == nil || !isDamage(err) {
			return err
		}
	case another:
		return ErrBusy // made meanwhile: the next Open goes round it
	case nobody:
	}
	return x.create(ctx)
}

// version is what the header of the file says.
func (x *Index) version() int32 {
	return int32(crc32.Checksum(fmt.Appendf(nil, "walkback index %d\n%s", format, x.identity), castagnoli))
}

// owner is whose a file is.
type owner int

const (
	nobody  owner = iota // it is not there, or of another format
	us                   // of this identity
	another              // of another identity
)

// belongsTo looks at the header without SQLite, which never gets to see a file
// that somebody else made.
func (x *Index) belongsTo() owner {
	f, err := os.Open(x.file)
	if err != nil {
		return nobody
	}
	defer f.Close()
	const magic, versionAt, applicationAt = "SQLite format 3\x00", 60, 68
	var header [100]byte
	if _, err := io.ReadFull(f, header[:]); err != nil || string(header[:len(magic)]) != magic {
		return nobody
	}
	switch {
	case binary.BigEndian.Uint32(header[applicationAt:]) != application:
		return nobody
	case int32(binary.BigEndian.Uint32(header[versionAt:])) != x.version():
		return another
	}
	return us
}

// connect opens the file that is there and reads its first rows.
func (x *Index) connect(ctx context.Context) error {
	x.db = x.open("rw", "journal_mode(wal)")
	view, err := x.View(ctx)
	if err == nil {
		err = view.Close()
	}
	if err != nil {
		err = errors.Join(err, x.db.Close())
		x.db = nil
	}
	return err
}

// open returns connections for which SQLite trusts nothing in the file.
func (x *Index) open(mode string, pragmas ...string) *sql.DB {
	query := url.Values{"mode": {mode}, "_defensive": {"1"}, "_pragma": append(pragmas,
		"busy_timeout(5000)", "synchronous(normal)", "cell_size_check(1)", "trusted_schema(0)", "temp_store(file)", "cache_size(-4000)")}
	location := url.URL{Scheme: "file", Path: filepath.ToSlash(x.file), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", location.String())
	if err != nil {
		panic("index: package modernc.org/sqlite registers no driver: " + err.Error())
	}
	return db
}

// create puts an empty index in the place of what is there, under the lock. The
// file goes before its journals, which SQLite would else apply to the new one.
func (x *Index) create(ctx context.Context) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(x.file + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("making index: %w", err)
		}
	}
	db := x.open("rwc", "page_size(4096)")
	err := x.write(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("making index: %w", err)
	}
	return x.connect(ctx)
}

// write writes the schema in one transaction, with the header's version: a
// file that was killed half-way is none of ours.
func (x *Index) write(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", application, x.version())); err != nil {
		return err
	}
	empty := about{identity: x.identity, sequence: -1}
	if err := empty.insert(ctx, tx); err != nil {
		return err
	}
	var none sortedName
	if _, err := tx.ExecContext(ctx, insertSorted, blob(nil), none.page, none.check(nil)); err != nil {
		return err
	}
	return tx.Commit()
}

// asDamage tells damage from other errors.
func (x *Index) asDamage(err error) error {
	var known *DamagedError
	if err == nil || errors.As(err, &known) || !isSQLiteDamage(err) {
		return err
	}
	return &DamagedError{File: x.file, Err: err}
}

// unscanned tells a value that is not of its column's kind from what SQLite or
// the context say.
func (x *Index) unscanned(err error) error {
	var failed *sqlite.Error
	if errors.As(err, &failed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &DamagedError{File: x.file, Err: err}
}

func (x *Index) damaged(format string, args ...any) error {
	return &DamagedError{File: x.file, Err: fmt.Errorf(format, args...)}
}

func isDamage(err error) bool {
	var damaged *DamagedError
	return errors.As(err, &damaged)
}

// isSQLiteDamage reports errors of SQLite that a sound file cannot cause. Our
// statements are fixed, so that SQLITE_ERROR, too, means another schema.
func isSQLiteDamage(err error) bool {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Code() & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT,
		sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_TOOBIG:
		return true
	}
	return false
}
