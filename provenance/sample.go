package provenance

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
)

// Sample is a share of the snapshots, drawn by chance.
type Sample struct {
	Share float64 // above 0, at most 1
	Seed  uint64  // the same seed draws the same snapshots
}

// inSample selects snapshots by lot. The newest is always among them: it is what
// the next command builds on.
func inSample(s Sample) scope {
	return func(v *verifier, l, _ *link) bool { return l.id == v.head.id || s.draws(l.sequence) }
}

func (s Sample) draws(sequence int64) bool {
	h := fnv.New64a()
	var buf [16]byte
	binary.BigEndian.PutUint64(buf[:8], s.Seed)
	binary.BigEndian.PutUint64(buf[8:], uint64(sequence))
	h.Write(buf[:])
	// The low bits of FNV are the well mixed ones.
	return float64(h.Sum64()<<11>>11)/(1<<53) < s.Share
}

func (s Sample) String() string { return fmt.Sprintf("%g%%, seed %d", s.Share*100, s.Seed) }
