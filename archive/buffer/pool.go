package buffer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

const (
	// maxInMemory is how large a content in memory may become.
	maxInMemory = 256 << 10
	// maxMemory is what all contents in memory may take together; beyond it
	// even small ones go to files.
	maxMemory = 32 << 20
	// A pool is full, see Pool.Wait, when what it holds in memory has reached
	// maxMemory, or that together with files either of these. Files are counted
	// because a process may open only so many.
	fullBytes = 256 << 20
	fullFiles = 256
)

// Pool makes buffers and knows what they take. It is safe for concurrent use.
type Pool struct {
	folder string

	mu     sync.Mutex
	memory int64 // bytes in memory
	bytes  int64 // bytes in memory and in files
	files  int
	freed  chan struct{} // closed when something is freed; nil while nobody waits
}

// NewPool returns a pool whose files are made in the folder, which is made with
// the first; "" is the system's folder for temporary files.
func NewPool(folder string) *Pool {
	if folder == "" {
		folder = os.TempDir()
	}
	return &Pool{folder: folder}
}

// New returns an empty buffer, which the caller closes.
func (p *Pool) New() *Buffer { return &Buffer{pool: p} }

// Full reports whether the open buffers hold so much that no more work should
// be begun.
func (p *Pool) Full() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.full()
}

func (p *Pool) full() bool {
	return p.memory >= maxMemory || p.bytes >= fullBytes || p.files >= fullFiles
}

// Hold counts n bytes of memory that are held beside the buffers, such as what
// was made of their contents, until the function returned is called.
func (p *Pool) Hold(n int64) (release func()) {
	p.account(n, n, 0)
	return sync.OnceFunc(func() { p.account(-n, -n, 0) })
}

// Wait returns when the pool is not full, or with the error of ctx. Who holds
// buffers that nobody else will close must not wait.
func (p *Pool) Wait(ctx context.Context) error {
	for {
		p.mu.Lock()
		if !p.full() {
			p.mu.Unlock()
			return ctx.Err()
		}
		if p.freed == nil {
			p.freed = make(chan struct{})
		}
		freed := p.freed
		p.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// account notes what a buffer takes more, or less.
func (p *Pool) account(memory, bytes int64, files int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.memory += memory
	p.bytes += bytes
	p.files += files
	if p.freed != nil && !p.full() {
		close(p.freed)
		p.freed = nil
	}
}

// hasRoom reports whether n more bytes may be in memory.
func (p *Pool) hasRoom(n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.memory+n <= maxMemory
}

// prefix begins the names of files.
const prefix = "walkback-buffer."

// create makes a file, and takes its name away. Where that is not possible yet,
// name is what to remove in the end.
func (p *Pool) create() (f *os.File, name string, err error) {
	f, err = os.CreateTemp(p.folder, prefix+"*")
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(p.folder, 0o777); err == nil {
			f, err = os.CreateTemp(p.folder, prefix+"*")
		}
	}
	if err != nil {
		return nil, "", err
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		name = f.Name()
	}
	return f, name, nil
}

// Clean removes what killed processes left in the folder. Files of running ones
// have no name any more, or the system does not let them be removed.
func (p *Pool) Clean() error {
	folder, err := os.Open(p.folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	names, err := folder.Readdirnames(-1)
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			_ = os.Remove(filepath.Join(p.folder, name))
		}
	}
	return errors.Join(err, folder.Close())
}
