package timestamptest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/walkback-dev/walkback/provenance/timestamp"
)

// Calendar is an OpenTimestamps calendar with a block chain of its own, of the
// kind that anybody can make blocks for.
type Calendar struct {
	URL  string // what it calls itself in its promises; set it before it is asked
	Fail bool   // it answers nothing but status 500

	mu      sync.Mutex
	waiting [][]byte          // commitments that are in no block
	mined   map[string][]byte // by commitment: the timestamp that leads into a block
}

const (
	ops256     = 0x08
	opsAppend  = 0xf0
	opsPrepend = 0xf1
)

func varbytes(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

// ServeHTTP answers POST /digest and GET /timestamp/<hex of the commitment>.
func (c *Calendar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.Fail:
		http.Error(w, "the calendar \x1b[31mis ill", http.StatusInternalServerError)
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/digest"):
		digest, err := io.ReadAll(io.LimitReader(r.Body, 65))
		if err != nil || len(digest) == 0 || len(digest) > 64 {
			http.Error(w, "no digest", http.StatusBadRequest)
			return
		}
		salt := sha256.Sum256(append([]byte(c.URL), digest...))
		sum := sha256.Sum256(append(digest, salt[:8]...))
		if !slices.ContainsFunc(c.waiting, func(known []byte) bool { return string(known) == string(sum[:]) }) {
			c.waiting = append(c.waiting, sum[:])
		}
		answer := slices.Concat([]byte{opsAppend}, varbytes(salt[:8]), []byte{ops256, 0}, pendingTag, varbytes(varbytes([]byte(c.URL))))
		_, _ = w.Write(answer) // a client that went away has no use for the error
	default:
		_, after, _ := strings.Cut(r.URL.Path, "/timestamp/")
		commitment, err := hex.DecodeString(after)
		answer, ok := c.mined[string(commitment)]
		if err != nil || !ok {
			http.Error(w, "Pending confirmation in Bitcoin blockchain", http.StatusNotFound)
			return
		}
		_, _ = w.Write(answer) // as above
	}
}

var (
	pendingTag = []byte{0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e}
	bitcoinTag = []byte{0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01}
)

// Mine puts all that waits into a block and returns its header.
func (c *Calendar) Mine(height uint64, at time.Time) *timestamp.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mined == nil {
		c.mined = map[string][]byte{}
	}
	// A chain of hashes is a tree, too: each commitment is joined to all before.
	root := sha256.Sum256([]byte("coinbase"))
	paths := make([][]byte, len(c.waiting))
	for i, commitment := range c.waiting {
		step := slices.Concat([]byte{opsPrepend}, varbytes(root[:]), []byte{ops256})
		for j := range i {
			paths[j] = slices.Concat(paths[j], []byte{opsAppend}, varbytes(commitment), []byte{ops256})
		}
		paths[i] = step
		root = sha256.Sum256(slices.Concat(root[:], commitment))
	}
	for i, commitment := range c.waiting {
		c.mined[string(commitment)] = slices.Concat(paths[i], []byte{0}, bitcoinTag, varbytes(binary.AppendUvarint(nil, height)))
	}
	c.waiting = nil
	return NewHeader(root, at, 0x207fffff)
}

// NewHeader makes a block header with this Merkle root and as much work as nBits
// asks for, which should be little.
func NewHeader(root [sha256.Size]byte, at time.Time, bits uint32) *timestamp.Header {
	var h timestamp.Header
	h[0] = 2
	copy(h[36:], root[:])
	binary.LittleEndian.PutUint32(h[68:], uint32(at.Unix()))
	binary.LittleEndian.PutUint32(h[72:], bits)
	for nonce := uint32(0); ; nonce++ {
		binary.LittleEndian.PutUint32(h[76:], nonce)
		if hash := h.Hash(); bits != 0x207fffff || hash[0] <= 0x7f {
			return &h
		}
	}
}
