// Package gitstore keeps blobs, trees and signed commits in a bare git
// repository. It knows git and none of the documents stored in it.
//
// # Repository
//
// A repository written here is one that any git reads: format version 0, SHA-1,
// bare, HEAD at refs/heads/main, one linear branch. Its config switches off all
// automatic maintenance, so that no stock command repacks or prunes behind a
// writer's back:
//
//	core.bare true, core.fsync all, gc.auto 0, gc.pruneExpire never,
//	maintenance.auto false, receive.autogc false, receive.denyDeletes true,
//	receive.denyNonFastForwards true, transfer.unpackLimit 1
//
// The folder walkback/ inside the repository is private to this program and is
// ignored by git. These names in it belong to this package: writer.lock (a lock
// file held by the one writer; its content says who), main.next (the value
// refs/heads/main is about to take), batch.* (a batch not yet published), merged.*
// (a pack being made of others) and packs.replaced (which packs such a one takes
// the place of) and compacting.* (what Compact needs meanwhile).
//
// # Reading
//
// Objects come from packs with a version 2 index and from loose objects, also
// those that stock git wrote. Every object is hashed again with a SHA-1 that
// detects collision attacks, and its bytes are never handed out when they are
// not what its name says. Nothing in the repository is executed or obeyed: no
// hook, no config setting, no replacement, graft or alternate. Store.Hazards
// lists what would make stock git see something else. Whatever a repository
// claims about sizes, depths and counts is held against limits, and memory is
// taken only as data arrives.
//
// # Commits
//
// A commit is accepted in one form only, the form written here:
//
//	tree <40 hex>
//	parent <40 hex>                         (absent in the first commit)
//	author <name> <<email>> <seconds> +0000
//	committer <name> <<email>> <seconds> +0000
//	gpgsig -----BEGIN SSH SIGNATURE-----
//	 <base64>
//	 -----END SSH SIGNATURE-----
//
//	<message, UTF-8, ending in one LF>
//
// No other header, LF only, both times equal. The signature covers the commit
// without its gpgsig lines.
//
// # Writing
//
// Writers take turns. A Batch collects any number of commits and publishes them
// in this order, so that a process killed at any moment loses only what it has
// not acknowledged and leaves nothing for a person to clean:
//
//  1. one pack and its index, written in walkback/ and synced;
//  2. a .keep beside their final place, which stops a concurrent git gc from
//     taking the pack before a ref points at it;
//  3. rename of the index, then of the pack, then sync of the folder: a pack
//     without index confuses other readers, an index without pack does not;
//  4. refs/heads/main.lock as git does it, but created by a hard link to
//     main.next, so that the lock exists with its content or not at all, and a
//     lock left by a killed writer is known by being that very file;
//  5. the ref is read again, compared with where the batch began, and replaced
//     by rename; the folder is synced; the .keep goes.
//
// Files and commits are deflated at level 2, for packs written here are meant to
// be consolidated later. Where one batch holds several versions of a tree or a
// file, the further ones are deltas on the former, at most 40 in a chain.
//
// # Merging
//
// After a batch is published, packs are merged when 16 of about one size have
// come together, so that there are never more than 50 of ordinary size. Entries
// are copied as they are, each held against its checksum. The new pack is made
// durable, read again from disk and put in place like that of a batch; then
// packs.replaced is written, then the old packs go. A process killed in between
// leaves objects twice, which harms nobody, and the next writer goes on. Packs
// with a .keep, those of partial clones and damaged ones are left alone. Readers
// that find a pack gone look for others.
//
// No two packs written here have one name, and an object that is in the repository
// but not in the place of a changed file is written again: see salt.go and
// Batch.write for what git repack would do otherwise.
//
// # Compacting
//
// Store.Compact makes all packs anew: commits, then trees, then files, those of a
// path together from the newest version on. The newest is whole, each older one a
// delta on the next newer as far as that saves enough, at most 50 in a chain;
// above 1 MiB nothing is a delta. Deflate level 6; a pack ends at 2 GiB. Every
// object is read back from the finished pack and compared with the one it stands
// for; then the packs are put in place and replace the old ones as merged packs
// do. Objects that no commit of main reaches are packed whole behind the others.
package gitstore
