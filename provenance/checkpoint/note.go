package checkpoint

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxNote bounds a checkpoint with its signatures, in bytes. A note has at most
// 100 signatures.
const MaxNote = 64 << 10

// Checkpoint is the text that is signed.
type Checkpoint struct {
	Origin string // which log it is of: an archive's id
	Size   int64  // leaves
	Root   Hash
}

// Text returns the lines of the checkpoint.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// errMalformed is all that is said of a text that is no checkpoint.
var errMalformed = errors.New("it is no checkpoint: want three lines, the origin, the number of leaves and the root in base64")

// Parse reads the text of a checkpoint. Extension lines, which other logs may
// add, are refused: an archive has none, and what is not understood must not be
// taken for signed.
func Parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, errMalformed
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, errMalformed
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, errMalformed
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if !validName(c.Origin) || c.Text() != text {
		return Checkpoint{}, errMalformed
	}
	return c, nil
}

// Signed is a checkpoint with its signatures.
type Signed struct {
	Checkpoint
	Log       string        // name and hash of the log key that has signed it, such as example.com/log+530d903a
	Witnessed []Cosignature // by the witnesses that were asked for, in the order of the note
	Unknown   int           // signatures of others, which were not verified
}

// Cosignature is a witness's word for a checkpoint.
type Cosignature struct {
	Witness string // its name
	Time    int64  // of the signature, in seconds since 1970
}

// Open verifies a note: by one of the log keys, and by whichever witnesses have
// signed it. Signatures that are by a known key and wrong make it fail; those of
// others are counted. Verifier keys are lines such as
// name+<8 hex digits>+<base64>.
func Open(data []byte, logKeys, witnesses []string) (*Signed, error) {
	if len(data) > MaxNote {
		return nil, fmt.Errorf("it has more than %d bytes", MaxNote)
	}
	var known []note.Verifier
	logs := map[string]bool{}
	for _, key := range logKeys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, fmt.Errorf("log key %.100q: %w", key, err)
		}
		known = append(known, v)
		logs[nameOf(v.Name(), v.KeyHash())] = true
	}
	for _, key := range witnesses {
		v, err := NewWitnessVerifier(key)
		if err != nil {
			return nil, err
		}
		known = append(known, v)
	}
	opened, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		var unverified *note.UnverifiedNoteError
		if errors.As(err, &unverified) {
			return nil, errors.New("no key that is known has signed it")
		}
		return nil, err
	}
	signed := &Signed{Unknown: len(opened.UnverifiedSigs)}
	if signed.Checkpoint, err = Parse(opened.Text); err != nil {
		return nil, err
	}
	for _, sig := range opened.Sigs {
		if !canonical(sig.Base64) {
			return nil, fmt.Errorf("the signature of %s has another encoding than it should", sig.Name)
		}
		if name := nameOf(sig.Name, sig.Hash); logs[name] {
			signed.Log = name
			continue
		}
		at, err := timeOf(sig)
		if err != nil {
			return nil, err
		}
		signed.Witnessed = append(signed.Witnessed, Cosignature{Witness: sig.Name, Time: at})
	}
	if signed.Log == "" {
		return nil, errors.New("witnesses have signed it, but not the log itself")
	}
	return signed, nil
}

// canonical reports whether base64 is encoded in the one way: package note takes
// others too, which differ in bits that mean nothing.
func canonical(encoded string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return err == nil && !strings.ContainsAny(encoded, "\r\n")
}

func nameOf(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// Key signs the checkpoints of one log.
type Key struct {
	signer   note.Signer
	verifier string
}

// NewKey makes a log key for an origin. The text is secret; [ParseKey] reads it.
func NewKey(origin string, random io.Reader) (text string, key *Key, err error) {
	text, _, err = note.GenerateKey(random, origin)
	if err != nil {
		return "", nil, fmt.Errorf("making a log key: %w", err)
	}
	key, err = ParseKey(text)
	return text, key, err
}

// ParseKey reads a log key: PRIVATE+KEY+<name>+<8 hex digits>+<base64>.
func ParseKey(text string) (*Key, error) {
	text = strings.TrimSpace(text)
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, errors.New("it is no log key: want PRIVATE+KEY+name+hash+key")
	}
	// The fields before it hold no plus sign, but base64 may.
	fields := strings.SplitN(text, "+", 5)
	secret, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(secret) != 1+ed25519.SeedSize {
		return nil, errors.New("it is no Ed25519 log key")
	}
	public := ed25519.NewKeyFromSeed(secret[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, err
	}
	return &Key{signer: signer, verifier: verifier}, nil
}

// Verifier returns the public half, as others need it to open what the key signs.
func (k *Key) Verifier() string { return k.verifier }

// Name returns the origin that the key is for.
func (k *Key) Name() string { return k.signer.Name() }

// Sign makes the note of a checkpoint, whose origin must be that of the key.
func (k *Key) Sign(c Checkpoint) ([]byte, error) {
	if c.Origin != k.Name() {
		return nil, fmt.Errorf("the log key is for %s, not for %s", k.Name(), c.Origin)
	}
	return note.Sign(&note.Note{Text: c.Text()}, k.signer)
}
