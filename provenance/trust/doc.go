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
// # Signatures
//
// Commits carry SSHSIG signatures (OpenSSH PROTOCOL.sshsig) in namespace "git"
// over the commit without its gpgsig header. [Verify] accepts SHA-256 and
// SHA-512, and keys of type ed25519, ecdsa (P-256, P-384, P-521), their
// security-key forms, and RSA of at least 2048 bits with an rsa-sha2
// signature.
//
// # Allowed signers
//
// trust/allowed_signers is the ALLOWED SIGNERS file of ssh-keygen(1): one
// signer a line, "principals [options] keytype base64key [comment]". A commit's
// key must be allowed by the file in its parent's tree, the root commit's by
// its own. Times in valid-after and valid-before must end in Z, since without
// it their meaning depends on the reader's time zone.
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
