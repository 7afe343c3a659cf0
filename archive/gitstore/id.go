package gitstore

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"sync"

	"github.com/pjbgf/sha1cd"
)

// MaxObjectSize is the largest object that is written, or read piece by piece,
// in bytes. It is what the header of a pack entry says in six bytes, less a bit.
// Git has no bound of its own but for systems whose long has 32 bits, where it
// reads objects of less than 4 GiB.
const MaxObjectSize = 1 << 38

// maxWhole is the largest object that is read at once, into memory: commits,
// trees, deltas and what they make.
const maxWhole = 256 << 20

// ID is the SHA-1 name of a git object. It is comparable; the zero ID names
// nothing.
type ID [sha1.Size]byte

// ParseID reads 40 lower-case hex digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, fmt.Errorf("an object id has 40 hex digits, not %d characters", len(s))
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ID{}, fmt.Errorf("%q is no lower-case hex digit of an object id", c)
		}
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err
}

// String returns the ID as 40 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether the ID names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Kind is the kind of a git object, with git's own numbers (gitformat-pack).
type Kind uint8

// The kinds of objects. A walkback archive has no tags; a foreign one may.
const (
	KindCommit Kind = 1
	KindTree   Kind = 2
	KindBlob   Kind = 3
	KindTag    Kind = 4
)

// String returns git's word for the kind.
func (k Kind) String() string {
	switch k {
	case KindCommit:
		return "commit"
	case KindTree:
		return "tree"
	case KindBlob:
		return "blob"
	case KindTag:
		return "tag"
	}
	return "kind " + strconv.Itoa(int(k))
}

func parseKind(s string) (Kind, bool) {
	for k := KindCommit; k <= KindTag; k++ {
		if s == k.String() {
			return k, true
		}
	}
	return 0, false
}

// Mode is the mode of a tree entry. Only ModeFile and ModeFolder are written;
// reading returns whatever is there.
type Mode uint32

// The modes that are written.
const (
	ModeFile   Mode = 0o100644
	ModeFolder Mode = 0o040000
)

// IsFolder reports whether the entry is a tree.
func (m Mode) IsFolder() bool { return m == ModeFolder }

// String returns the mode as git prints it: six octal digits.
func (m Mode) String() string { return fmt.Sprintf("%06o", uint32(m)) }

// ownID names bytes that this process made.
func ownID(kind Kind, content []byte) ID {
	var id ID
	sumObject(sha1.New(), kind, content).Sum(id[:0])
	return id
}

// foreignID names bytes that somebody else may have made. It reports true when
// they bear the marks of a SHA-1 collision attack.
func foreignID(kind Kind, content []byte) (ID, bool) {
	h := detectors.Get().(sha1cd.CollisionResistantHash)
	defer detectors.Put(h)
	return foreignIDWith(h, kind, content)
}

// foreignIDWith is foreignID with a hash that is used again.
func foreignIDWith(h sha1cd.CollisionResistantHash, kind Kind, content []byte) (ID, bool) {
	var id ID
	h.Reset()
	_, attack := sumObject(h, kind, content).(sha1cd.CollisionResistantHash).CollisionResistantSum(id[:0])
	return id, attack
}

// detectors keeps hashes that detect collision attacks.
var detectors = sync.Pool{New: func() any { return sha1cd.New() }}

func sumObject(h hash.Hash, kind Kind, content []byte) hash.Hash {
	writeObjectHeader(h, kind, int64(len(content)))
	h.Write(content)
	return h
}

// writeObjectHeader begins the bytes that an object's name is the hash of.
func writeObjectHeader(h hash.Hash, kind Kind, size int64) {
	header := make([]byte, 0, 32)
	header = append(header, kind.String()...)
	header = append(header, ' ')
	header = strconv.AppendInt(header, size, 10)
	h.Write(append(header, 0))
}
