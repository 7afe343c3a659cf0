package checkpoint_test

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
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/walkback-dev/walkback/provenance/checkpoint"
)

// fakeTime is when the fake witness signs.
const fakeTime = 1_700_000_000

// fakeWitness is a witness of one log, by the letter of c2sp.org/tlog-witness.
type fakeWitness struct {
	t    *testing.T
	name string
	key  ed25519.PrivateKey
	hash uint32
	vkey string
	log  note.Verifier

	mu   sync.Mutex
	size int64
	root checkpoint.Hash
}

func newFakeWitness(t *testing.T, name, logKey string) *fakeWitness {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(logKey)
	if err != nil {
		t.Fatal(err)
	}
	encoded := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), encoded...))
	w := &fakeWitness{t: t, name: name, key: private, hash: binary.BigEndian.Uint32(sum[:]), log: verifier}
	w.vkey = fmt.Sprintf("%s+%08x+%s", name, w.hash, base64.StdEncoding.EncodeToString(encoded))
	return w
}

func (w *fakeWitness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
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
	message := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", int64(fakeTime), opened.Text)
	sig := binary.BigEndian.AppendUint32(nil, w.hash)
	sig = binary.BigEndian.AppendUint64(sig, fakeTime)
	sig = append(sig, ed25519.Sign(w.key, message)...)
	fmt.Fprintf(rw, "— %s %s\n", w.name, base64.StdEncoding.EncodeToString(sig))
}
