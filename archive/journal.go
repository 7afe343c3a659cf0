package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// Journal lets the same command continue a run that was cut short. It holds
// only the run's name: what the run has done already is read from the archive
// itself, so the two cannot disagree. It lives in the archive's private folder.
type Journal struct {
	Run     *Run
	Resumed bool

	file string
	lock *flock.Flock
}

// BusyError is returned when the same command is running already. A process that
// has ended holds nothing, however it ended: the lock is the operating system's.
type BusyError struct {
	Run   string
	PID   int // 0 when it is not known
	Host  string
	Since time.Time
}

func (e *BusyError) Error() string {
	what := "the same command is running already (run " + e.Run
	if e.PID > 0 {
		what += fmt.Sprintf(", process %d on %s since %s", e.PID, e.Host, e.Since.UTC().Format(time.RFC3339))
	}
	return what + ")"
}

// journalEntry is the journal's file.
type journalEntry struct {
	Run     string       `json:"run"`
	Started schemas.Time `json:"started"`
}

// journalOwner is the content of the lock's file while it is held: it only informs.
type journalOwner struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// tellOwner says in the lock's file who holds it. That it cannot be said only makes
// the message to others poorer.
func tellOwner(lock string, now time.Time) {
	host, _ := os.Hostname()
	if owner, err := json.Marshal(journalOwner{os.Getpid(), host, now.UTC().Truncate(time.Second)}); err == nil {
		_ = os.WriteFile(lock, append(owner, '\n'), 0o644)
	}
}

// busy tells who runs the same command.
func busy(run, lock string) *BusyError {
	e := &BusyError{Run: run}
	var owner journalOwner
	if data, err := os.ReadFile(lock); err == nil && json.Unmarshal(data, &owner) == nil {
		e.PID, e.Host, e.Since = owner.PID, owner.Host, owner.Since
	}
	return e
}

// Begin starts a run of a command, or continues the unfinished run of the same
// command: key says what it was asked to do. fresh starts anew in any case. The
// caller ends it with Finish or Leave.
func (a *Archive) Begin(key []string, fresh bool, options RunOptions) (*Journal, error) {
	sum := sha256.Sum256([]byte(strings.Join(key, "\x00")))
	file := a.private("journal", hex.EncodeToString(sum[:8])+".json")
	if err := os.MkdirAll(a.private("journal"), 0o755); err != nil {
		return nil, fmt.Errorf("opening journal: %w", err)
	}
	if err := noLinks(a.private(), a.private("journal"), file, file+".lock"); err != nil {
		return nil, err
	}
	lock, err := lockJournal(file + ".lock")
	if err != nil {
		return nil, err
	}
	j := &Journal{file: file, lock: lock}
	entry, err := readJournal(file)
	if err != nil {
		return nil, errors.Join(err, j.Leave())
	}
	if lock == nil {
		return nil, busy(entry.Run, file+".lock")
	}
	options = withDefaults(options)
	tellOwner(lock.Path(), options.Now())
	expired := options.Expires > 0 && options.Now().Sub(entry.Started.Time()) > options.Expires
	if entry.Run != "" && !fresh && !expired {
		j.Run, j.Resumed = newRun(a, options, entry.Run, entry.Started.Time()), true
		j.Run.earlier = sync.OnceValues(func() (*Checked, error) {
			return j.Run.Checked(context.Background())
		})
		return j, nil
	}
	if j.Run, err = NewRun(a, options); err != nil {
		return nil, errors.Join(err, j.Leave())
	}
	data, err := json.Marshal(journalEntry{Run: j.Run.ID, Started: schemas.TimeOf(j.Run.Started)})
	if err == nil {
		err = writeJournal(file, append(data, '\n'))
	}
	if err != nil {
		_ = os.Remove(file) // half of it counts as none
		return nil, errors.Join(fmt.Errorf("writing journal: %w", err), j.Leave())
	}
	return j, nil
}

// noLinks refuses symbolic links where our own files are written: in a foreign
// archive they could lead to any file of the user.
func noLinks(paths ...string) error {
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s is a symbolic link, which no archive has", path)
		}
	}
	return nil
}

// lockJournal returns nil when somebody else holds the lock. The lock's file is
// removed by its holder, so a lock counts only if the file still has its name.
func lockJournal(file string) (*flock.Flock, error) {
	for {
		lock := flock.New(file)
		got, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("locking journal: %w", err)
		}
		if !got {
			return nil, lock.Close()
		}
		held, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("locking journal: %w", err), lock.Close())
		}
		if named, err := os.Stat(file); err == nil && os.SameFile(held, named) {
			return lock, nil
		}
		if err := lock.Close(); err != nil {
			return nil, fmt.Errorf("locking journal: %w", err)
		}
	}
}

// writeJournal writes the file in place: half of it counts as none, and a
// process that is killed leaves no second file behind.
func writeJournal(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// readJournal takes a damaged journal for none: it can only cost a second look.
func readJournal(file string) (journalEntry, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return journalEntry{}, nil
	}
	if err != nil {
		return journalEntry{}, fmt.Errorf("reading journal: %w", err)
	}
	var entry journalEntry
	if json.Unmarshal(data, &entry) != nil || !strings.HasPrefix(entry.Run, entry.Started.Time().Format(runLayout)+"-") {
		return journalEntry{}, nil
	}
	return entry, nil
}

// Finish ends a run that did all it was asked to do. After an error, the same
// command would take the run for unfinished and look at nothing anew.
func (j *Journal) Finish() error {
	err := os.Remove(j.file)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // somebody else has cleaned up
	}
	if err != nil {
		err = fmt.Errorf("ending journal: %w", err)
	}
	return errors.Join(err, j.Leave())
}

// Leave ends a run that the same command shall continue.
func (j *Journal) Leave() error {
	if j.lock == nil {
		return nil
	}
	err := os.Remove(j.lock.Path())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, j.lock.Close())
}

// CapturedPost returns a post that the run has captured already, and nil for
// one that it has not.
func (r *Run) CapturedPost(ref PageRef) (*Page, *schemas.Post, error) {
	page, err := r.before(ref)
	if err != nil || page == nil {
		return nil, nil, err
	}
	post, err := page.Post()
	if err != nil || post == nil || post.Run != r.ID {
		return nil, nil, err
	}
	return page, post, nil
}

// Checked is what a run has recorded of the pages it looked at. A page that was
// captured for the first time has no line; one that was looked at twice has that
// of the look that the run stands by.
type Checked struct {
	Pages  map[schemas.PageID]schemas.CheckLine // an observation or a change
	Quotes []*schemas.QuoteVerdict
}

// Checked returns what earlier commits of this run say.
func (r *Run) Checked(ctx context.Context) (*Checked, error) {
	head, err := r.archive.Head()
	if err != nil {
		return nil, err
	}
	store := r.archive.store
	done := &Checked{Pages: map[schemas.PageID]schemas.CheckLine{}}
	folder, err := store.Lookup(head.Commit.Tree, checksFolder(r.Started))
	if errors.Is(err, gitstore.ErrNotFound) {
		return done, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := store.Entries(folder.ID)
	if err != nil {
		return nil, err
	}
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b gitstore.Entry) int {
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), strings.Compare(a.Name, b.Name)) // -2 before -10
	})
	for _, e := range entries {
		if !strings.HasPrefix(e.Name, r.ID+"-") {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		_, data, err := store.Object(e.ID)
		if err != nil {
			return nil, err
		}
		if err := done.add(data); err != nil {
			return nil, fmt.Errorf("reading %s: %w", path.Join(checksFolder(r.Started), e.Name), err)
		}
	}
	return done, nil
}

func (c *Checked) add(data []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, schemas.MaxLine)
	for lines.Scan() {
		line, err := schemas.DecodeCheckLine(append(lines.Bytes(), '\n'))
		if err != nil {
			return err
		}
		switch line := line.(type) {
		case *schemas.Observation:
			if c.Pages[line.Page] == nil || line.First != nil {
				c.Pages[line.Page] = line
			}
		case *schemas.Change:
			if c.Pages[line.Page] == nil || line.First != nil {
				c.Pages[line.Page] = line
			}
		case *schemas.QuoteVerdict:
			c.Quotes = append(c.Quotes, line)
		}
	}
	return lines.Err()
}

func withDefaults(options RunOptions) RunOptions {
	if options.Now == nil {
		options.Now = time.Now
	}
	return options
}
