package timestamp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// MaxProof bounds an OpenTimestamps proof, in bytes.
const MaxProof = 64 << 10

const (
	maxMessage  = 4096 // bytes of a message and of an argument
	maxPayload  = 8192 // bytes of an attestation
	maxURI      = 1000
	maxDepth    = 256 // operations one after another
	maxBranches = 4096
)

// proofMagic begins every proof.
const proofMagic = "\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"

const proofVersion = 1

const (
	branchMark      = 0xff
	attestationMark = 0x00
)

// Proof is an OpenTimestamps proof for a SHA-256: a tree of operations, whose
// leaves are attestations on the message there.
type Proof struct {
	Digest [sha256.Size]byte
	root   *node
}

// node is a message with all that follows from it.
type node struct {
	message  []byte
	weak     string // a hash on the way to it that two messages can share, or ""
	branches []branch
}

// branch is an attestation on a message, or an operation with its result.
type branch struct {
	attestation *Attestation
	op          op
	argument    []byte
	next        *node
}

// AttestationKind says who attests.
type AttestationKind int

// The kinds of attestation.
const (
	OtherAttestation   AttestationKind = iota // by somebody who is not known here
	PendingAttestation                        // by a calendar that promises to have it in a block
	BitcoinAttestation                        // by the block of this height, whose Merkle root the message is
)

// Attestation is a leaf of a proof.
type Attestation struct {
	Kind    AttestationKind
	URI     string // of the calendar, of a pending one
	Height  int64  // of the block, of a Bitcoin one
	Tag     [8]byte
	Message []byte // what it attests
	Weak    string // a hash on the way from the digest that two messages can share, or ""

	payload []byte
}

var (
	tagPending = [8]byte{0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e}
	tagBitcoin = [8]byte{0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01}
)

// maxHeight is far above any block that there will be.
const maxHeight = 1 << 31

// ParseProof reads a proof. The error is an *Error.
func ParseProof(data []byte) (*Proof, error) {
	if len(data) > MaxProof {
		return nil, malformed("the proof has %d bytes, more than %d", len(data), MaxProof)
	}
	r := &proofReader{data: data}
	if magic, err := r.take(len(proofMagic)); err != nil || string(magic) != proofMagic {
		return nil, malformed("it is not an OpenTimestamps proof")
	}
	version, err := r.varuint()
	if err != nil {
		return nil, err
	}
	if version != proofVersion {
		return nil, unsupported("the proof has version %d", version)
	}
	if err := r.fileHash(); err != nil {
		return nil, err
	}
	digest, err := r.take(sha256.Size)
	if err != nil {
		return nil, err
	}
	root, err := r.rest(digest)
	if err != nil {
		return nil, err
	}
	return &Proof{Digest: [sha256.Size]byte(digest), root: root}, nil
}

// parseTimestamp reads what a calendar answers: a timestamp on a message that the
// caller knows.
func parseTimestamp(data, message []byte) (*node, error) {
	if len(data) > MaxProof {
		return nil, malformed("the answer has %d bytes, more than %d", len(data), MaxProof)
	}
	return (&proofReader{data: data}).rest(message)
}

// proofReader reads the parts of a proof from the front of data.
type proofReader struct {
	data     []byte
	branches int
}

// rest reads a timestamp that is all that is left.
func (r *proofReader) rest(message []byte) (*node, error) {
	n, err := r.node(message, "", maxDepth)
	if err != nil {
		return nil, err
	}
	if len(r.data) > 0 {
		return nil, malformed("there are %d bytes behind the proof", len(r.data))
	}
	return n, nil
}

func (r *proofReader) take(n int) ([]byte, error) {
	if n > len(r.data) {
		return nil, malformed("the proof is cut off")
	}
	taken := r.data[:n:n]
	r.data = r.data[n:]
	return taken, nil
}

func (r *proofReader) varuint() (uint64, error) {
	n, length := binary.Uvarint(r.data)
	switch {
	case length == 0:
		return 0, malformed("the proof is cut off")
	case length < 0 || length > 1 && r.data[length-1] == 0:
		return 0, malformed("a number in the proof is not in its shortest form")
	}
	r.data = r.data[length:]
	return n, nil
}

func (r *proofReader) varbytes(least, most int) ([]byte, error) {
	n, err := r.varuint()
	if err != nil {
		return nil, err
	}
	if n < uint64(least) || n > uint64(most) {
		return nil, malformed("a part of the proof has %d bytes, not %d to %d", n, least, most)
	}
	return r.take(int(n))
}

func (r *proofReader) fileHash() error {
	tag, err := r.take(1)
	switch {
	case err != nil:
		return err
	case op(tag[0]) == opSHA256:
		return nil
	case op(tag[0]) == opSHA1:
		return unsupported("the proof is over a SHA-1, which two different contents can share")
	case op(tag[0]).isHash():
		return unsupported("the proof is over a %s", op(tag[0]))
	}
	return malformed("the proof is over no hash, but operation %#x", tag[0])
}

func (r *proofReader) node(message []byte, weak string, depth int) (*node, error) {
	if depth == 0 {
		return nil, malformed("the proof has more than %d operations one after another", maxDepth)
	}
	n := &node{message: message, weak: weak}
	for {
		tag, err := r.take(1)
		if err != nil {
			return nil, err
		}
		more := tag[0] == branchMark
		if more {
			if tag, err = r.take(1); err != nil {
				return nil, err
			}
		}
		if r.branches++; r.branches > maxBranches {
			return nil, malformed("the proof has more than %d branches", maxBranches)
		}
		b, err := r.branch(tag[0], n, depth)
		if err != nil {
			return nil, err
		}
		if n.branches = append(n.branches, b); !more {
			return n, nil
		}
	}
}

func (r *proofReader) branch(tag byte, from *node, depth int) (b branch, err error) {
	if tag == attestationMark {
		b.attestation, err = r.attestation(from)
		return b, err
	}
	b.op = op(tag)
	if b.op.hasArgument() {
		if b.argument, err = r.varbytes(1, maxMessage); err != nil {
			return b, err
		}
	}
	result, err := b.op.apply(from.message, b.argument)
	if err != nil {
		return b, err
	}
	weak := from.weak
	if b.op == opSHA1 {
		weak = b.op.String()
	}
	b.next, err = r.node(result, weak, depth-1)
	return b, err
}

func (r *proofReader) attestation(on *node) (*Attestation, error) {
	tag, err := r.take(len(tagPending))
	if err != nil {
		return nil, err
	}
	a := &Attestation{Tag: [8]byte(tag), Message: on.message, Weak: on.weak}
	if a.payload, err = r.varbytes(0, maxPayload); err != nil {
		return nil, err
	}
	inner := &proofReader{data: a.payload}
	switch a.Tag {
	case tagPending:
		a.Kind = PendingAttestation
		uri, err := inner.varbytes(0, maxURI)
		if err != nil {
			return nil, err
		}
		if a.URI = string(uri); !isCalendarURI(a.URI) {
			return nil, malformed("the address of a calendar has characters that it may not have")
		}
	case tagBitcoin:
		a.Kind = BitcoinAttestation
		height, err := inner.varuint()
		if err != nil {
			return nil, err
		}
		if height > maxHeight {
			return nil, malformed("the proof names block %d, which there will never be", height)
		}
		a.Height = int64(height)
	default:
		return a, nil
	}
	if len(inner.data) > 0 {
		return nil, malformed("there are %d bytes behind an attestation", len(inner.data))
	}
	return a, nil
}

// isCalendarURI reports whether a URI has only the characters that calendars may
// have: none of a query, of a user or of an escape.
func isCalendarURI(uri string) bool {
	for _, c := range []byte(uri) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || bytes.IndexByte([]byte("-._/:"), c) >= 0) {
			return false
		}
	}
	return true
}

// Encode returns the bytes of the proof.
func (p *Proof) Encode() []byte {
	out := append([]byte(proofMagic), proofVersion, byte(opSHA256))
	out = append(out, p.Digest[:]...)
	return p.root.encode(out)
}

func (n *node) encode(out []byte) []byte {
	for i, b := range n.branches {
		if i < len(n.branches)-1 {
			out = append(out, branchMark)
		}
		if a := b.attestation; a != nil {
			out = append(append(out, attestationMark), a.Tag[:]...)
			out = append(binary.AppendUvarint(out, uint64(len(a.payload))), a.payload...)
			continue
		}
		if out = append(out, byte(b.op)); b.op.hasArgument() {
			out = append(binary.AppendUvarint(out, uint64(len(b.argument))), b.argument...)
		}
		out = b.next.encode(out)
	}
	return out
}

// Attestations returns the leaves of the proof, in their order.
func (p *Proof) Attestations() []*Attestation { return p.root.attestations(nil) }

func (n *node) attestations(found []*Attestation) []*Attestation {
	for _, b := range n.branches {
		if b.attestation != nil {
			found = append(found, b.attestation)
		} else {
			found = b.next.attestations(found)
		}
	}
	return found
}

// merge takes over what another timestamp on the same message has. What both have
// is there once.
func (n *node) merge(other *node) {
	for _, b := range other.branches {
		i := slices.IndexFunc(n.branches, func(known branch) bool { return known.same(b) })
		switch {
		case i < 0:
			n.branches = append(n.branches, b)
		case b.next != nil:
			n.branches[i].next.merge(b.next)
		}
	}
}

func (b branch) same(c branch) bool {
	if b.attestation != nil || c.attestation != nil {
		return b.attestation != nil && c.attestation != nil && b.attestation.Tag == c.attestation.Tag &&
			bytes.Equal(b.attestation.payload, c.attestation.payload)
	}
	return b.op == c.op && bytes.Equal(b.argument, c.argument)
}

// Merge takes over what another proof for the same digest has.
func (p *Proof) Merge(other *Proof) error {
	if p.Digest != other.Digest {
		return mismatch("the proofs are for different bytes")
	}
	p.root.merge(other.root)
	return nil
}

// Height returns the lowest block that the proof names; false when it names none.
func (p *Proof) Height() (int64, bool) {
	lowest, found := int64(0), false
	for _, a := range p.Attestations() {
		if a.Kind == BitcoinAttestation && (!found || a.Height < lowest) {
			lowest, found = a.Height, true
		}
	}
	return lowest, found
}

// replacePending puts what a calendar answered in the place of its promise.
func (n *node) replacePending(uri string, message []byte, answer *node) {
	for i := 0; i < len(n.branches); i++ {
		b := n.branches[i]
		switch {
		case b.next != nil:
			b.next.replacePending(uri, message, answer)
		case b.attestation.Kind == PendingAttestation && b.attestation.URI == uri && bytes.Equal(n.message, message):
			n.branches = slices.Delete(n.branches, i, i+1)
			n.merge(answer)
			return
		}
	}
}

// String says which attestations there are, for messages.
func (a *Attestation) String() string {
	switch a.Kind {
	case PendingAttestation:
		return "pending at " + a.URI
	case BitcoinAttestation:
		return fmt.Sprintf("Bitcoin block %d", a.Height)
	}
	return fmt.Sprintf("unknown attestation %x", a.Tag)
}
