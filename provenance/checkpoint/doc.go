// Package checkpoint says what an archive's whole history was at one moment, in
// a form that others can sign too and that no longer and no other history
// contradicts unnoticed.
//
// # Log
//
// The log of an archive is derived from its branch, so nothing of it is stored:
// leaf i is the raw bytes of the commit with sequence i, and the tree over the
// leaves is that of RFC 6962 §2.1 (SHA-256; leaves hashed after a zero byte,
// nodes after a one). See [Frontier] for the root alone and [Tree] for proofs.
//
// # Checkpoint
//
// A checkpoint (c2sp.org/tlog-checkpoint) is a signed note
// (c2sp.org/signed-note) with the text
//
//	urn:uuid:2f1e6c1c-6d4c-4a5b-9d0f-0f3a0b6c7d8e
//	43
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
// the origin, which is the archive's id; the number of leaves, which is the
// sequence of the newest commit plus one; and the root of the tree in base64.
// After an empty line follow the signatures: one line that begins with an em
// dash, of the archive's log key (Ed25519, algorithm 1, made for this alone and
// never a key that signs commits), then those of witnesses (cosignature/v1,
// algorithm 4, c2sp.org/tlog-cosignature), which carry a time.
//
// It is stored as log/checkpoint-<size>. The log key's verifier key stands in
// trust/checkpoint.vkey, one a line; a key that is not used any more stays there
// for the checkpoints that it has signed.
//
// # Proof
//
// A proof (c2sp.org/tlog-proof@v1) shows without the archive that a commit is in
// the log of a checkpoint:
//
//	c2sp.org/tlog-proof@v1
//	index 41
//	<a hash of the audit path in base64, one a line>
//
//	<the checkpoint>
//
// # Witness
//
// A witness (c2sp.org/tlog-witness) signs only checkpoints that contain the
// history it signed before. Whoever trusts one knows that it was shown no other
// history. See [Witness.Add].
package checkpoint
