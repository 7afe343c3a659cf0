package timestamp

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	//lint:ignore SA1019 old proofs have it
	"golang.org/x/crypto/ripemd160"
)

// op is an operation of a proof, by its tag.
type op byte

const (
	opSHA1      op = 0x02
	opRIPEMD160 op = 0x03
	opSHA256    op = 0x08
	opKeccak256 op = 0x67
	opAppend    op = 0xf0
	opPrepend   op = 0xf1
	opReverse   op = 0xf2
	opHexlify   op = 0xf3
)

func (o op) hasArgument() bool { return o == opAppend || o == opPrepend }

func (o op) isHash() bool {
	return o == opSHA1 || o == opRIPEMD160 || o == opSHA256 || o == opKeccak256
}

func (o op) String() string {
	switch o {
	case opSHA1:
		return "SHA-1"
	case opRIPEMD160:
		return "RIPEMD-160"
	case opSHA256:
		return "SHA-256"
	case opKeccak256:
		return "Keccak-256"
	}
	return fmt.Sprintf("operation %#x", byte(o))
}

// apply returns the result of an operation. It never is empty, nor shares memory
// with the message.
func (o op) apply(message, argument []byte) ([]byte, error) {
	if len(message) > maxMessage || o == opHexlify && len(message) > maxMessage/2 {
		return nil, malformed("a message of the proof is too long for %s", o)
	}
	var result []byte
	switch o {
	case opAppend:
		result = slices.Concat(message, argument)
	case opPrepend:
		result = slices.Concat(argument, message)
	case opReverse:
		result = slices.Clone(message)
		slices.Reverse(result)
	case opHexlify:
		result = hex.AppendEncode(nil, message)
	case opSHA1:
		sum := sha1.Sum(message)
		result = sum[:]
	case opRIPEMD160:
		h := ripemd160.New()
		h.Write(message)
		result = h.Sum(nil)
	case opSHA256:
		sum := sha256.Sum256(message)
		result = sum[:]
	case opKeccak256:
		return nil, unsupported("the proof uses %s", o)
	default:
		return nil, malformed("the proof has an unknown operation %#x", byte(o))
	}
	if len(result) == 0 || len(result) > maxMessage {
		return nil, malformed("a message of the proof would have %d bytes, not 1 to %d", len(result), maxMessage)
	}
	return result, nil
}
