// Package trust answers who may sign an archive, and remembers what this user
// has seen of it.
//
// # Keys
//
// A signing key is an ordinary OpenSSH private key (openssh-key-v1, mode 0600)
// with its public half beside it in <file>.pub, or a key that an ssh-agent
// holds. The comment of the public half is "Name <email>"; name and e-mail are
// those of every commit that the key signs, and the e-mail is the principal in
// allowed_signers. A key without such a comment signs as
// "walkback <XXXXXXXX@walkback.invalid>", XXXXXXXX being the first eight
// letters or digits of its fingerprint.
//
// A key may also sign by way of a program ([OpenProgramKey]) that is called as git
// calls ssh-keygen: "PROGRAM -Y sign -n <namespace> -f <key> <file>" writes
// <file>.sig. What it writes is checked before it is used.
//
// # Signatures
//
// Commits carry SSHSIG signatures (OpenSSH PROTOCOL.sshsig) in namespace "git"
// over the commit without its gpgsig header; co-signatures are SSHSIG over the raw
// commit, gpgsig included, in namespace "cosign@walkback". [VerifyIn] accepts
// SHA-256 and SHA-512, and keys of type ed25519, ecdsa (P-256, P-384, P-521), their
// security-key forms if a user was present, and RSA of at least 2048 bits with an
// rsa-sha2 signature. The armor stands alone: nothing before or after it. Another
// version, hash, type of key or of signature is *[UnsupportedError], which is not
// the same as wrong.
//
// # Allowed signers
//
// trust/allowed_signers is the ALLOWED SIGNERS file of ssh-keygen(1): one
// signer a line, "principals [options] keytype base64key [comment]". A commit's
// key must be allowed by the file in its parent's tree, the root commit's by
// its own; the principal is the committer's e-mail. Times in valid-after and
// valid-before must end in Z, since without it their meaning depends on the
// reader's time zone, and are written as YYYYMMDDhhmmssZ. valid-before is the first
// instant at which the key may no longer sign. Lines are added, and windows ended,
// but no line is taken out: stock tools can check old commits by the newest file.
//
// A window is judged by the committer's time; where timestamps prove only a later
// one, by that. A key in a certificate (…-cert-v01@openssh.com) is allowed by a
// line with cert-authority of the key that certified it, if the certificate is one
// of a user, names the principal, has no critical options and holds at that time.
//
// # Revocations
//
// trust/revoked_keys holds public keys, one a line, as gpg.ssh.revocationFile takes
// them; trust/revocations.jsonl holds for each of them a revocation/1. Both files
// only grow. A revoked key signs nothing from the next commit on; what it signed
// before is accepted if it is the last good commit or an ancestor of it, and is
// proven to have existed when the key was compromised; a commit of kind evidence
// need not be proven. Of a key in revoked_keys alone, nothing is accepted.
//
// # Co-signatures
//
// A co-signature is evidence on the commit that it is of, in a file
// cosign-<fingerprint>.sig, the fingerprint in the alphabet of RFC 4648 §5. Its key
// must be allowed in namespace cosign@walkback by the parent of the commit that
// adds it. Of a trust commit, also a key that it lets in may be the co-signer: so
// the holder shows that he has it.
//
// trust/policy.json, a policy/1, demands co-signatures by so many of some keys, of
// every commit but those of kind evidence, from a sequence to the commit that
// replaces the policy, that one included.
//
// # Receipts and introductions
//
// They live outside the archive, in the user's state folder, one file an
// archive:
//
//	receipts/<uuid>.json         receipt/1: the newest head that was seen
//	introductions/<uuid>.json    introduction/1: the root commit and its key
//	verified/<uuid>.json         receipt/1: the newest head when all was verified
//
// An archive whose history does not contain the commit of the receipt was
// rolled back or forked. An archive without an introduction is UNPINNED: its
// own word is all that says who made it.
package trust
