package archive

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// Archive is an open archive. Its methods may be called by several goroutines;
// only one at a time, in all processes, commits.
type Archive struct {
	store  *gitstore.Store
	dir    string
	reader *reader
	about  schemas.Archive

	mu    sync.Mutex
	chain []gitstore.ID // the commits of main by sequence, as far as known

	withheld withheldFiles // of the head that was asked for last

	indexed indexed
}

// Signer signs commits. Its person becomes author and committer.
type Signer interface {
	gitstore.Signer
	Person() (name, email string)
}

// ErrNotArchive is returned for a folder that is no archive of ours.
var ErrNotArchive = errors.New("not a walkback archive")

// ErrExists is returned by Init where there is an archive already.
var ErrExists = errors.New("there is an archive already")

// ErrUnborn is returned for an archive whose making was interrupted before its
// first commit. Init completes it.
var ErrUnborn = errors.New("the archive has no commit yet")

// verifyText is VERIFY.md: how to check an archive without this program.
//
//go:embed VERIFY.md
var verifyText []byte

const attributesText = "* -text\n"

// InitOptions say how a new archive begins.
type InitOptions struct {
	Signer         Signer
	AllowedSigners []byte           // trust/allowed_signers; must allow Signer
	Now            func() time.Time // nil: time.Now
	Random         io.Reader        // for the archive's id; nil: crypto/rand
}

// Init makes an archive in dir, which must be empty, absent, or an archive
// without a commit, and signs its root commit. The caller closes it.
func Init(ctx context.Context, dir string, options InitOptions) (*Archive, error) {
	store, err := gitstore.Open(dir)
	if errors.Is(err, gitstore.ErrNotRepository) || errors.Is(err, gitstore.ErrUnfinished) {
		if err = gitstore.Init(dir); err == nil {
			store, err = gitstore.Open(dir)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("making archive %s: %w", dir, err)
	}
	a := &Archive{store: store, dir: dir, reader: newReader()}
	if _, err = a.currentHead(); err == nil {
		err = ErrExists
	} else if errors.Is(err, ErrUnborn) {
		err = a.commitRoot(ctx, options)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making archive %s: %w", dir, err), store.Close())
	}
	return a, nil
}

func (a *Archive) commitRoot(ctx context.Context, options InitOptions) error {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Random == nil {
		options.Random = rand.Reader
	}
	batch, err := a.store.Begin(ctx, gitstore.Owner{Command: "init"})
	if err != nil {
		return err
	}
	defer batch.Close()
	if batch.Head() != nil {
		return ErrExists
	}
	id, err := newArchiveID(options.Random)
	if err != nil {
		return err
	}
	now := options.Now()
	a.about = schemas.Archive{Schema: schemas.ArchiveSchema, ID: id, Created: schemas.TimeOf(now)}
	about, err := schemas.Encode(&a.about)
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{
		archiveFile: about, verifyFile: verifyText, attributesFile: []byte(attributesText), AllowedSignersFile: options.AllowedSigners,
	} {
		if err := batch.Put(path, gitstore.NewBlob(content)); err != nil {
			return err
		}
	}
	message := schemas.Message{Kind: schemas.KindInit, Subject: "walkback archive", ArchiveID: id}
	if _, err := seal(batch, message, now, options.Signer); err != nil {
		return err
	}
	return batch.Publish(ctx)
}

func newArchiveID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("making an archive id: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40 // RFC 9562 §5.4: version 4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]), nil
}

// Open opens the archive in dir. It reads only; a damaged archive opens as
// long as its newest commit says what it is. Errors: ErrNotArchive, ErrUnborn,
// *LostBranchError, and those of the store. The caller closes it.
func Open(dir string) (*Archive, error) {
	store, err := gitstore.Open(dir)
	switch {
	case errors.Is(err, gitstore.ErrNotRepository):
		return nil, fmt.Errorf("%s: %w", dir, ErrNotArchive)
	case errors.Is(err, gitstore.ErrUnfinished):
		return nil, fmt.Errorf("opening archive %s: %w", dir, ErrUnborn)
	}
	if err != nil {
		return nil, fmt.Errorf("opening archive %s: %w", dir, err)
	}
	a := &Archive{store: store, dir: dir, reader: newReader()}
	if err := a.readAbout(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening archive %s: %w", dir, err), store.Close())
	}
	return a, nil
}

func (a *Archive) readAbout() error {
	head, err := a.currentHead()
	if err != nil {
		return err
	}
	commit, err := a.store.Commit(head)
	if err != nil {
		return err
	}
	about, err := About(a.store, commit.Tree)
	if err != nil {
		return err
	}
	a.about = *about
	return nil
}

// About reads archive.json from a tree, or returns ErrNotArchive.
func About(store *gitstore.Store, tree gitstore.ID) (*schemas.Archive, error) {
	entry, err := store.Lookup(tree, archiveFile)
	if errors.Is(err, gitstore.ErrNotFound) {
		return nil, ErrNotArchive
	}
	if err != nil {
		return nil, err
	}
	_, data, err := store.Object(entry.ID)
	if err != nil {
		return nil, err
	}
	return schemas.Decode[schemas.Archive](data)
}

// Close releases the archive.
func (a *Archive) Close() error { return errors.Join(a.indexed.close(), a.store.Close()) }

// ID returns the archive's urn:uuid.
func (a *Archive) ID() string { return a.about.ID }

// Dir returns the folder that was opened.
func (a *Archive) Dir() string { return a.dir }

// Store returns the repository beneath, for those who check its raw objects.
func (a *Archive) Store() *gitstore.Store { return a.store }

// private returns a path in the folder for what can be rebuilt.
func (a *Archive) private(elem ...string) string {
	return filepath.Join(append([]string{a.dir, "walkback"}, elem...)...)
}
