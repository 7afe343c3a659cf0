package checkpoint

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a hash of the tree. It prints as base64.
type Hash = tlog.Hash

// LeafHash returns the hash of a leaf, the raw bytes of a commit.
func LeafHash(commit []byte) Hash { return tlog.RecordHash(commit) }

// Frontier finds the roots of a growing log. Its size does not depend on that of
// the log. The zero value is the empty log.
type Frontier struct {
	size int64
	full []Hash // roots of the full subtrees that the leaves fall into, largest first
}

// Add appends a leaf.
func (f *Frontier) Add(leaf Hash) {
	f.full = append(f.full, leaf)
	for merges := bits.TrailingZeros64(uint64(f.size + 1)); merges > 0; merges-- {
		last := len(f.full) - 1
		f.full[last-1] = tlog.NodeHash(f.full[last-1], f.full[last])
		f.full = f.full[:last]
	}
	f.size++
}

// Size returns the number of leaves.
func (f *Frontier) Size() int64 { return f.size }

// Root returns the root of the tree. That of the empty log is the hash of
// nothing.
func (f *Frontier) Root() Hash {
	if len(f.full) == 0 {
		root, _ := tlog.TreeHash(0, nil) // which reads nothing
		return root
	}
	root := f.full[len(f.full)-1]
	for i := len(f.full) - 2; i >= 0; i-- {
		root = tlog.NodeHash(f.full[i], root)
	}
	return root
}

// Tree makes proofs. It holds 64 bytes a leaf. The zero value is the empty log.
type Tree struct {
	size   int64
	hashes []Hash // in the order of tlog.StoredHashIndex
}

// Add appends a leaf.
func (t *Tree) Add(leaf Hash) {
	hashes, err := tlog.StoredHashesForRecordHash(t.size, leaf, t)
	if err != nil {
		panic(err) // ReadHashes has all that it asks for
	}
	t.hashes = append(t.hashes, hashes...)
	t.size++
}

// Size returns the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// ReadHashes makes Tree a tlog.HashReader.
func (t *Tree) ReadHashes(indexes []int64) ([]Hash, error) {
	read := make([]Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("the log has no hash %d", index)
		}
		read[i] = t.hashes[index]
	}
	return read, nil
}

// Inclusion returns the audit path from a leaf to the root of the log's first
// size leaves (RFC 6962 §2.1.1).
func (t *Tree) Inclusion(leaf, size int64) ([]Hash, error) {
	if leaf < 0 || leaf >= size || size > t.size {
		return nil, fmt.Errorf("leaf %d of %d is not in a log of %d", leaf, size, t.size)
	}
	return tlog.ProveRecord(size, leaf, t)
}

// Consistency returns the proof that the log's first size leaves begin with its
// first old ones (RFC 6962 §2.1.2). It is empty when old is 0 or size.
func (t *Tree) Consistency(old, size int64) ([]Hash, error) {
	if old < 0 || old > size || size > t.size {
		return nil, fmt.Errorf("a log of %d has no proof from %d to %d", t.size, old, size)
	}
	if old == 0 || old == size {
		return nil, nil
	}
	return tlog.ProveTree(size, old, t)
}

// CheckInclusion verifies an audit path.
func CheckInclusion(path []Hash, index int64, leaf Hash, size int64, root Hash) error {
	if err := tlog.CheckRecord(path, size, root, index, leaf); err != nil {
		return fmt.Errorf("the path does not lead from leaf %d to the root of %d leaves", index, size)
	}
	return nil
}

// CheckConsistency verifies that a log of size leaves begins with one of old
// leaves.
func CheckConsistency(proof []Hash, old int64, oldRoot Hash, size int64, root Hash) error {
	if old < 1 || old > size {
		return fmt.Errorf("there is no proof from %d to %d leaves", old, size)
	}
	if err := tlog.CheckTree(proof, size, root, old, oldRoot); err != nil {
		return fmt.Errorf("the log of %d leaves does not begin with that of %d", size, old)
	}
	return nil
}

// Root returns the root of the whole log.
func (t *Tree) Root() (Hash, error) { return tlog.TreeHash(t.size, t) }
