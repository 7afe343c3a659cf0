package gitstore

import "math/bits"

// recent is the files that a worker inflated last, by where they lie: in a pack, a
// delta follows its base closely. Their memory is used again.
type recent struct {
	at    map[int64]int // offset → number in the queue
	queue []recentFile  // oldest first
	first int           // number of the first in the queue
	bytes int
	free  [32][][]byte // by the power of two that is their capacity
	spare int          // bytes in free
}

type recentFile struct {
	offset  int64
	content []byte
}

func (r *recent) get(offset int64) ([]byte, bool) {
	n, ok := r.at[offset]
	if !ok {
		return nil, false
	}
	return r.queue[n-r.first].content, true
}

// room returns memory for a file of this size. It is lost unless it is kept.
func (r *recent) room(size int) []byte {
	class := sizeClass(size)
	if n := len(r.free[class]); n > 0 {
		b := r.free[class][n-1]
		r.free[class] = r.free[class][:n-1]
		r.spare -= cap(b)
		return b[:size]
	}
	return make([]byte, size, 1<<class)
}

func (r *recent) keep(offset int64, content []byte) {
	r.at[offset] = r.first + len(r.queue)
	r.queue = append(r.queue, recentFile{offset, content})
	for r.bytes += cap(content); r.bytes > scanBudget && len(r.queue) > 1; {
		r.drop()
	}
}

// drop lets the oldest file go.
func (r *recent) drop() {
	oldest := r.queue[0]
	delete(r.at, oldest.offset)
	r.queue[0] = recentFile{}
	r.queue = r.queue[1:]
	r.first++
	size := cap(oldest.content)
	r.bytes -= size
	if r.spare+size <= scanBudget {
		r.free[sizeClass(size)] = append(r.free[sizeClass(size)], oldest.content)
		r.spare += size
	}
}

// sizeClass returns the power of two that has room for size.
func sizeClass(size int) int { return bits.Len(uint(max(size, 1) - 1)) }

func (r *recent) clear() {
	for len(r.queue) > 0 {
		r.drop()
	}
}
