package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/walkback-dev/walkback/archive/buffer"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/archive/resource"
	"github.com/walkback-dev/walkback/schemas"
)

// resourceCache is what a run was answered for resources: pages of one site share
// most of them, and each address is asked for once.
type resourceCache struct {
	mu      sync.Mutex
	answers map[string]*gathered
	shelf   *buffer.Shelf
}

// maxRemembered is how many answers a run remembers; each takes a kilobyte or two.
const maxRemembered = 10_000

// gathered is what a run was answered for one resource.
type gathered struct {
	done     chan struct{} // closed when the rest is set
	err      error         // of our own side
	resource schemas.Resource
	heads    []byte               // of all hops; the spans of resource point into it
	asks     []resource.Reference // of a style sheet

	id   gitstore.ID // of the payload; zero when there is none
	sum  schemas.Digest
	size int64

	mu    sync.Mutex
	blob  *gitstore.Blob // nil when no draft holds it any more
	users int
}

// answer returns what is known of an address; mine says that the caller has to
// find out.
func (c *resourceCache) answer(address string) (got *gathered, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := c.answers[address]; got != nil {
		return got, false
	}
	if c.answers == nil {
		c.answers = map[string]*gathered{}
	}
	if len(c.answers) >= maxRemembered {
		for other, got := range c.answers {
			if got.forgettable() {
				delete(c.answers, other)
				break
			}
		}
	}
	got = &gathered{done: make(chan struct{})}
	c.answers[address] = got
	return got, true
}

func (c *resourceCache) forget(address string, got *gathered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers[address] == got {
		delete(c.answers, address)
	}
}

// room returns where blobs of resources wait to be stored.
func (c *resourceCache) room(buffers *buffer.Pool) *shelved {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shelf == nil {
		c.shelf = buffers.NewShelf()
	}
	return &shelved{Buffer: buffers.New(), shelf: c.shelf}
}

// close lets go of payloads that no draft took.
func (c *resourceCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, got := range c.answers {
		if got.forgettable() {
			continue
		}
		select {
		case <-got.done:
			got.drop()
		default: // whoever asks has failed to stop
		}
	}
	c.answers = nil
}

// forgettable reports whether nothing is held for an answer.
func (g *gathered) forgettable() bool {
	select {
	case <-g.done:
	default:
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.users == 0 && g.blob == nil
}

func (g *gathered) drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users == 0 && g.blob != nil {
		_ = g.blob.Close() // a temporary file
		g.blob = nil
	}
}

// hold returns the payload of an answer for one more draft. When the drafts that
// held it are gone it is in the archive.
func (r *Run) hold(ctx context.Context, g *gathered) (*content, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.blob == nil {
		blob, err := r.storedBlob(ctx, g.id, g.sum)
		if err != nil {
			return nil, err
		}
		g.blob = blob
	}
	g.users++
	free := sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.users--; g.users == 0 && g.blob != nil {
			_ = g.blob.Close() // a temporary file
			g.blob = nil
		}
	})
	return &content{sum: g.sum, size: g.size, blob: g.blob, free: free}, nil
}

// storedBlob makes a blob of what the archive holds.
func (r *Run) storedBlob(ctx context.Context, id gitstore.ID, sum schemas.Digest) (*gitstore.Blob, error) {
	object, err := r.archive.store.Open(id)
	if err != nil {
		return nil, err
	}
	blob, err := r.makeBlob(ctx, object, object.Size())
	err = errors.Join(err, object.Close())
	if err == nil && schemas.Digest(blob.SHA256()) != sum {
		err = errors.Join(fmt.Errorf("object %s has not the digest %s that its capture gives", id, sum), blob.Close())
	}
	if err != nil {
		return nil, err
	}
	return blob, nil
}

// makeBlob makes a blob that waits on the shelf.
func (r *Run) makeBlob(ctx context.Context, from io.Reader, size int64) (*gitstore.Blob, error) {
	room := r.resources.room(r.buffers)
	room.Grow(64 + size/3)
	blob, err := gitstore.ReadBlob(ctx, from, size, room)
	if err != nil {
		return nil, err
	}
	if err := room.shelve(); err != nil {
		return nil, err
	}
	return blob, nil
}

// shelved is a buffer that moves to a shelf when it is full: a page has hundreds
// of resources.
type shelved struct {
	*buffer.Buffer
	shelf *buffer.Shelf
	kept  *buffer.Kept // nil until it has moved
}

// ownFile is the size from which on a blob has a file of its own.
const ownFile = 1 << 20

func (s *shelved) shelve() (err error) {
	if s.Size() < ownFile {
		s.kept, err = s.shelf.Keep(s.Buffer)
	}
	return err
}

func (s *shelved) ReadAt(p []byte, off int64) (int, error) {
	if s.kept != nil {
		return s.kept.ReadAt(p, off)
	}
	return s.Buffer.ReadAt(p, off)
}

func (s *shelved) Close() error {
	if s.kept != nil {
		return s.kept.Close()
	}
	return s.Buffer.Close()
}
