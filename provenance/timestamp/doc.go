// Package timestamp proves when bytes existed, by two kinds of source: time
// stamping authorities (RFC 3161) and the Bitcoin block chain, by way of
// OpenTimestamps. It reads, checks, asks for and writes their proofs, and knows
// nothing of archives. What is stamped are the raw bytes of a commit with its
// signature.
//
// # RFC 3161
//
// A [Request] names the SHA-256 of the bytes, a random nonce of 64 bits, and asks
// for the certificate of the authority. The answer is kept whole, as it came: a
// TimeStampResp in DER (file name *.tsr), the form that "openssl ts" reads.
// [ParseResponse] reads it, strictly: no byte is left over anywhere, there is one
// signer and one content of type TSTInfo. [Verifier.Verify] holds it to
//
//   - the stamped bytes: the imprint is their SHA-256, SHA-384 or SHA-512,
//   - the CMS signature (RFC 5652) over the signed attributes, which name the
//     content's type and digest,
//   - the ESS attribute signing-certificate or signing-certificate-v2 (RFC 5035),
//     which must name the certificate whose key signed,
//   - the certificate: no CA, its extended key usage critical and timeStamping
//     only; those above it may have none,
//   - a chain to a root of the [Authority] that holds at genTime, whatever the
//     date is now,
//   - revocation lists that are at hand (RFC 3161 §4.1), and the policies that
//     the authority is known to stamp under.
//
// The request's nonce is checked when the answer arrives ([Request.Answers]); it
// proves nothing later and is not kept apart from the token.
//
// Names are taken from the certificate that signed, found by issuer and serial
// number, never from others that came along.
//
// # OpenTimestamps
//
// A [Proof] is a DetachedTimestampFile (*.ots) over a SHA-256:
//
//	00 "OpenTimestamps" 00 00 "Proof" 00 bf 89 e2 e8 84 e8 92 94
//	01                     version
//	08 <32 bytes>          the stamped SHA-256; 02 (SHA-1), 03 and 67 are refused
//	<timestamp>
//
//	timestamp   = *(ff branch) branch
//	branch      = 00 attestation | f0 varbytes timestamp | f1 varbytes timestamp | op timestamp
//	op          = f2 (reverse) | f3 (hexlify) | 02 (sha1) | 03 (ripemd160) | 08 (sha256)
//	attestation = <8 bytes of tag> varbytes
//	varbytes    = varuint of the length (LEB128, shortest form), bytes
//
// f0 appends and f1 prepends its bytes, of which there are 1 to 4,096; a message
// has at most 4,096 bytes. Attestations are pending (83dfe30d2ef90c8e, the URI of
// a calendar as varbytes) and Bitcoin (0588960d73d71901, the height of a block as
// varuint); others are kept, and prove nothing here. 67 (keccak256) is named as
// unsupported. A proof has at most 64 KiB, 256 operations one after another, and
// 4,096 branches. Branches keep their order, so that a proof that is read and
// written again has the same bytes.
//
// A Bitcoin attestation is proven by the 80 bytes of a block [Header] alone: its
// Merkle root is the message, its double SHA-256 meets its own target, and that
// target is at least as hard as a floor for its height, so that a made-up header
// costs about as much as a real block. No node is asked. Of an attestation without
// a header nothing is proven, nor of a pending one.
//
// The time of a block is what its miner said; consensus lets it differ from the
// truth by up to two hours ([BlockTolerance]).
package timestamp
