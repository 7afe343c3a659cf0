package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// proofHeader is the first line of a proof.
const proofHeader = "c2sp.org/tlog-proof@v1"

// maxPath bounds an audit path: a log has less than 2^63 leaves.
const maxPath = 63

// Proof shows that a leaf is in the log of a checkpoint.
type Proof struct {
	Index int64  // of the leaf: the sequence of the commit
	Path  []Hash // from the leaf to the root
	Note  []byte // the checkpoint with its signatures
}

// Encode returns the bytes of the proof.
func (p *Proof) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nindex %d\n", proofHeader, p.Index)
	for _, hash := range p.Path {
		fmt.Fprintf(&b, "%s\n", hash)
	}
	b.WriteString("\n")
	b.Write(p.Note)
	return b.Bytes()
}

// ParseProof reads what Encode writes, and the line of extra data that others
// may put in, which is not verified by anything and left out.
func ParseProof(data []byte) (*Proof, error) {
	if len(data) > MaxNote+maxPath*64 {
		return nil, errors.New("it is too long for a proof")
	}
	head, signed, ok := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || lines[0] != proofHeader {
		return nil, fmt.Errorf("it is no proof: want %q on its first line", proofHeader)
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || len(lines) > 1+maxPath {
		return nil, errors.New("it is no proof: its index or its path is missing or too long")
	}
	digits, ok := strings.CutPrefix(lines[0], "index ")
	index, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != digits {
		return nil, errors.New("it is no proof: its index is not a number")
	}
	proof := &Proof{Index: index, Note: []byte(signed)}
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil || hash.String() != line {
			return nil, errors.New("it is no proof: its path holds what is no hash")
		}
		proof.Path = append(proof.Path, hash)
	}
	return proof, nil
}

// Verify checks the signatures of the checkpoint, see [Open], and that the leaf
// with these bytes is in its log.
func (p *Proof) Verify(commit []byte, logKeys, witnesses []string) (*Signed, error) {
	signed, err := Open(p.Note, logKeys, witnesses)
	if err != nil {
		return nil, fmt.Errorf("opening the checkpoint: %w", err)
	}
	return signed, CheckInclusion(p.Path, p.Index, LeafHash(commit), signed.Size, signed.Root)
}
