package gitstore

import (
	"slices"
	"sync"
)

// maxMapped bounds how many bytes of the indexes that are searched most are mapped
// at a time: the system counts them as memory of the process, and those of a
// million snapshots have 300 MB.
const maxMapped = 16 << 20

// mapRoom is the room that the large indexes of a repository share for being
// mapped. It is safe for concurrent use.
type mapRoom struct {
	mu     sync.Mutex
	mapped []*packIndex // in the order in which they came
	used   int64
}

// take maps an index that has been searched often, and lets go of those that came
// first where there is no room for it. Where it cannot be mapped, the file will
// do.
func (r *mapRoom) take(x *packIndex) {
	if x.size > maxMapped {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Contains(r.mapped, x) {
		return
	}
	for len(r.mapped) > 0 && r.used+x.size > maxMapped {
		r.used -= r.mapped[0].size
		r.mapped[0].leave()
		r.mapped = r.mapped[1:]
	}
	if x.stay() == nil {
		r.mapped, r.used = append(r.mapped, x), r.used+x.size
	}
}

// stay maps the index until it is closed, or left.
func (x *packIndex) stay() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.data != nil:
		return nil
	case x.file == nil:
		return x.closedError()
	}
	return x.mapped(x.file)
}

// leave goes back to searching in the file.
func (x *packIndex) leave() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.data != nil && x.file != nil && x.unmap() == nil {
		x.data = nil
	}
	x.sought.Store(0)
}
