package timestamp

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"slices"
	"time"
)

// HeaderSize is the size of a block header, in bytes.
const HeaderSize = 80

// Header is the header of a Bitcoin block, as it is hashed:
//
//	4 version, 32 previous block, 32 Merkle root, 4 time, 4 nBits, 4 nonce
//
// with numbers in little-endian order.
type Header [HeaderSize]byte

// BlockTolerance is by how much the time of a block may differ from the truth.
const BlockTolerance = 2 * time.Hour

// MerkleRoot returns the root of the block's transactions, in the order of bytes
// in which it is hashed.
func (h *Header) MerkleRoot() []byte { return h[36:68] }

// Time returns when the miner says that the block was made, UTC.
func (h *Header) Time() time.Time {
	return time.Unix(int64(binary.LittleEndian.Uint32(h[68:72])), 0).UTC()
}

// Hash returns the double SHA-256 as it is usually written, highest byte first.
func (h *Header) Hash() [sha256.Size]byte {
	once := sha256.Sum256(h[:])
	twice := sha256.Sum256(once[:])
	slices.Reverse(twice[:])
	return twice
}

// Network is the block chain that headers are of.
type Network int

// The networks. Regtest is a chain that anybody can make blocks for: it is for
// tests alone.
const (
	Mainnet Network = iota
	Regtest
)

// floors are the least difficulties of blocks from a height on. Each is about
// half of the lowest that the chain has had since that height, so that a header
// which is made up costs half of a real block at least, and no real one is
// refused.
var floors = []struct {
	height     int64
	difficulty int64
}{
	{850_000, 40e12},
	{800_000, 25e12},
	{700_000, 9e12},
	{600_000, 6e12},
	{550_000, 2.5e12},
	{500_000, 900e9},
	{450_000, 160e9},
	{400_000, 75e9},
	{350_000, 20e9},
	{300_000, 4e9},
	{250_000, 15e6},
	{200_000, 1_200_000},
	{150_000, 500_000},
	{120_000, 30_000},
	{100_000, 7_000},
	{0, 1},
}

// maxTarget is the target of difficulty 1.
var maxTarget = [32]byte{4: 0xff, 5: 0xff}

// Proves returns nil when a header shows that work was done for an attestation:
// its Merkle root is the message, and its hash meets its target, which is not too
// easy for a block of this height. The error is an *Error.
func (n Network) Proves(h *Header, a *Attestation) error {
	switch {
	case a.Kind != BitcoinAttestation:
		return malformed("a block header proves nothing for what is %s", a)
	case !bytes.Equal(h.MerkleRoot(), a.Message):
		return mismatch("the Merkle root of block %d is not what the proof leads to", a.Height)
	case a.Weak != "":
		return unsupported("the proof leads through a %s, which two different contents can share", a.Weak)
	}
	return n.CheckWork(h, a.Height)
}

// CheckWork returns nil when a header meets its own target, and that is not too
// easy for a block of this height. The error is an *Error.
func (n Network) CheckWork(h *Header, height int64) error {
	target, ok := targetOf(binary.LittleEndian.Uint32(h[72:76]))
	if !ok {
		return malformed("the header of block %d has no target", height)
	}
	hash := h.Hash()
	if new(big.Int).SetBytes(hash[:]).Cmp(target) > 0 {
		return mismatch("the header of block %d does not meet its own target: no work was done for it", height)
	}
	if n == Regtest {
		return nil
	}
	i := slices.IndexFunc(floors, func(f struct{ height, difficulty int64 }) bool { return height >= f.height })
	easiest := new(big.Int).SetBytes(maxTarget[:])
	easiest.Div(easiest, big.NewInt(floors[i].difficulty))
	if target.Cmp(easiest) > 0 {
		return untrusted("the header of block %d was made with less work than any block of that height", height)
	}
	return nil
}

// targetOf expands nBits.
func targetOf(bits uint32) (*big.Int, bool) {
	size, mantissa := bits>>24, bits&0x7fffff
	if bits&0x800000 != 0 || mantissa == 0 || size > 34 {
		return nil, false
	}
	target := big.NewInt(int64(mantissa))
	if size <= 3 {
		target.Rsh(target, 8*(3-uint(size)))
	} else {
		target.Lsh(target, 8*(uint(size)-3))
	}
	return target, target.Sign() > 0
}
