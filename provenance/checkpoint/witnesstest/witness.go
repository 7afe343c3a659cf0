// Package witnesstest is a witness of one log, by the letter of
// c2sp.org/tlog-witness, for tests.
package witnesstest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/walkback-dev/walkback/provenance/checkpoint"
)

// Time is when the witness says that it signs, in seconds since 1970.
const Time = 1_700_000_000

// Witness is an http.Handler that answers add-checkpoint.
type Witness struct {
	Key string // its verifier key

	name   string
	secret ed25519.PrivateKey
	hash   uint32
	log    note.Verifier

	mu   sync.Mutex
	size int64
	root checkpoint.Hash
}

// New makes a witness of the log with this verifier key.
func New(name, logKey string) (*Witness, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(logKey)
	if err != nil {
		return nil, err
	}
	encoded := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), encoded...))
	w := &Witness{name: name, secret: private, hash: binary.BigEndian.Uint32(sum[:]), log: verifier}
	w.Key = fmt.Sprintf("%s+%08x+%s", name, w.hash, base64.StdEncoding.EncodeToString(encoded))
	return w, nil
}

// ServeHTTP answers a request to add a checkpoint.
func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/add-checkpoint") {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	head, signed, _ := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	var proof []checkpoint.Hash
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			rw.WriteHeader(http.StatusBadRequest)
			return
		}
		proof = append(proof, hash)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(w.log))
	if err != nil {
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	c, err := checkpoint.Parse(opened.Text)
	if err != nil || old > c.Size {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case old != w.size:
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%d\n", w.size)
		return
	case old == c.Size && w.root != c.Root:
		rw.WriteHeader(http.StatusConflict)
		return
	case old > 0 && old < c.Size && checkpoint.CheckConsistency(proof, old, w.root, c.Size, c.Root) != nil:
		rw.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	w.size, w.root = c.Size, c.Root
	message := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", int64(Time), opened.Text)
	sig := binary.BigEndian.AppendUint32(nil, w.hash)
	sig = binary.BigEndian.AppendUint64(sig, Time)
	sig = append(sig, ed25519.Sign(w.secret, message)...)
	fmt.Fprintf(rw, "— %s %s\n", w.name, base64.StdEncoding.EncodeToString(sig))
}
