// Package schemas holds the documents that Walkback writes: their Go types,
// the one canonical encoding, strict decoding, and the JSON Schema (draft
// 2020-12) of each; also the text of commit messages ([Message]) and manifests
// ([Manifest]). It is the bottom of the import order and knows nothing of the
// web, of git or of keys.
//
// # Documents
//
//	archive.json                 archive/1         [Archive]
//	pages/…/capture.json         capture/1         [Capture]
//	pages/…/post.json            post/1            [Post]
//	pages/…/untracked.json       untracked/1       [Untracked]
//	pages/…/retractions.json     retractions/1     [Retractions]
//	withheld/<sequence>.json     withheld/1        [Withheld]
//	checks/…/<run>-<n>.jsonl     observation/1     [Observation]
//	                             change/1          [Change]
//	                             quote/1           [QuoteVerdict]
//	trust/revocations.jsonl      revocation/1      [Revocation]
//	trust/policy.json            policy/1          [TrustPolicy]
//	trust/tsa.json               authorities/1     [Authorities]
//	(outside the archive)        receipt/1         [Receipt]
//	                             introduction/1    [Introduction]
//	walkback verify --json       verify-report/1   [VerifyReport]
//	walkback capture --json      capture-report/1  [CaptureReport]
//	walkback check --json        check-report/1    [CheckReport]
//	walkback list --json         page-list/1       [PageList]
//	walkback log --json          log/1             [Log]
//	walkback custody --json      custody/1         [Custody]
//	walkback show --json         show/1            [Show]
//	walkback diff --json         diff/1            [Diff]
//	walkback search --json       search/1          [Search]
//	walkback quotes --json       quotes/1          [Quotes]
//	walkback retractions --json  retraction-report/1  [RetractionReport]
//	walkback stamp --json        stamp-report/1    [StampReport]
//	walkback key list --json     key-list/1        [KeyList]
//	walkback key allowed --json  signer-list/1     [SignerList]
//	walkback checkpoint --json   checkpoint-report/1  [CheckpointReport]
//	report.json of a bundle      bundle-report/1   [BundleReport]
//
// Every document begins with "schema": "<name>/<version>". Whoever makes one
// sets the field Schema to the constant of its type, such as [CaptureSchema].
// A reader that meets the name it wants with a higher version gets an
// [UnsupportedError], whatever else the document holds: hashes and signatures
// over the bytes can still be checked. All else that is wrong is a
// [DecodeError], which names the field.
//
// # Encoding
//
// There is exactly one encoding of a value: [Decode] accepts what [Encode]
// gives and nothing else, and Encode refuses what Decode would.
//
//   - A document is UTF-8 JSON (RFC 8259) with two-space indentation, one space
//     after each colon, keys in the order of the Go struct (which is the order
//     of "properties" in the JSON Schema), empty lists as [], and one LF at the
//     end. A line of a .jsonl file is the same without any white space, ended by
//     one LF; observations, changes, quotes and revocations are lines.
//   - Strings are valid UTF-8 and escaped as RFC 8785 §3.2.2.2 has it: the
//     quotation mark, the backslash and U+0000 to U+001F only, as \b \t \n \f \r
//     \" \\ or else \u00xx in lower-case hex.
//   - Numbers are whole, in plain decimal digits, within ±(2^53-1), and not
//     negative unless the field says so.
//   - An optional key is absent when its value is none: "", 0, false, an empty
//     list, no object. A required key is always there. null is never written.
//   - Times are RFC 3339 in UTC with milliseconds: 2026-11-23T05:28:55.000Z. The
//     first instant of 1970 stands for "none" and cannot be written.
//   - Digests are "sha256:" and 64 lower-case hex digits.
//   - Page ids are 20 lower-case hex digits and match the name beside them (see
//     [PageIDOf]).
//   - Runs are named 20261123T052855Z-4f1d09ac: when they started, in UTC, and
//     eight random hex digits. Archives are named urn:uuid:<lower-case UUID>.
//   - Paths are relative, of segments [A-Za-z0-9._~-]+ other than "." and "..",
//     1,024 bytes at most.
//   - Sequences count commits; the root commit of an archive is 0.
//   - Sizes are bytes, durations milliseconds.
//   - Byte ranges point into the content-decoded payload, those of hops into
//     head.http, those of resources into resources.http; text positions count code points of text.md.
//
// A line has at most 1 MiB, another stored document 16 MiB, a report 1 GiB.
//
// # JSON Schemas and vectors
//
// [JSONSchema] gives the files of the folder json. They say all that a JSON
// Schema can; what it cannot say is that keys are in order, that an id is the
// hash of a name, and that spans lie within their file.
//
// The folder testdata/vectors holds the exact bytes of at least one document of
// each kind, and in commit/ those of one signed commit: raw as git keeps it,
// payload (raw without gpgsig, which is what is signed), signature (SSHSIG
// armor, namespace git), message, manifest-sha256.txt, sha256 (of raw), id (git's
// name), parent (the raw parent commit), allowed_signers and principal. They are
// checked so, with stock tools only:
//
//	ssh-keygen -Y verify -n git -f allowed_signers -I "$(cat principal)" -s signature < payload
//	git hash-object -t commit --stdin < raw
//	sha256sum < raw
package schemas
