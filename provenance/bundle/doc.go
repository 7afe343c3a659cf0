// Package bundle reads and writes evidence bundles: one file that holds all that
// is needed to check, without the archive and with stock tools, what some captures
// were, who signed them and when they existed. It knows the form of the file; what
// its parts prove is for package provenance.
//
// # Form
//
// A bundle is a BagIt bag (RFC 8493), as a ZIP file of one folder. All entries are
// stored uncompressed, in bytewise order of their names, without times, comments
// and extra fields: there is one such file for a bag, so that any byte that is
// changed is noticed, in the container too. [Open] reads a folder as well, which is
// what unzip makes of it.
//
//	bagit.txt                       BagIt-Version: 1.0, UTF-8
//	bag-info.txt                    what it is of; Bagging-Date is that of the newest commit
//	manifest-sha256.txt             SHA-256 of every file in data/
//	tagmanifest-sha256.txt          SHA-256 of every other file but itself and its signature
//	tagmanifest-sha256.txt.sig      SSHSIG over it, namespace bundle@walkback
//	VERIFY.md                       how to check all of it, with stock tools
//	report.json, report.html        bundle-report/1: what the bundle shows, derived from data/
//	certificate-draft.txt           a draft for whoever has to certify it
//	diff.txt                        words that changed between two versions, where it is of a change
//	data/introduction.json          introduction/1 of the archive, by the word of who exported it
//	data/commits/<sequence>.commit  raw commits, in a row
//	data/commits/<sequence>.payload, .sig
//	                                of the commits of the snapshots: what was signed, and the signature
//	data/trust/<sequence>/manifest-sha256.txt, trust/…
//	                                of each commit that says who may sign: its manifest, and the trust
//	                                files that it brought
//	data/snapshots/<sequence>/manifest-sha256.txt, pages/…
//	                                the manifest of the commit, and the files of the captures
//	data/evidence/<SHA-256 of a raw commit>/…
//	                                tokens, proofs and co-signatures of it
//	data/log/checkpoint-<size>, <sequence>.tlog-proof
//	                                the newest checkpoint, and that the snapshots are in its log
//
// Files in data/ are vouched for by commits, each by its manifest, and these by
// their signatures; evidence by who made it. Nothing but the signature of the tag
// manifest vouches for the others: the report names them.
package bundle
