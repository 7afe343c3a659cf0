// Package schemas holds the documents that Walkback writes: their Go types,
// the one canonical encoding, strict decoding, and the JSON Schema (draft
// 2020-12) of each. It is the bottom of the import order and knows nothing of
// the web, of git or of keys.
//
// # Encoding
//
// A document is UTF-8 JSON with two-space indentation, keys in the order of
// the Go struct (which is the order of "properties" in its schema file), one
// LF at the end, and none of the optional HTML escapes. A line of a .jsonl
// file is the same without indentation, ended by one LF. There is exactly one
// encoding of a value: Decode refuses bytes that do not come out of Encode
// again.
//
//   - Times are RFC 3339 in UTC with milliseconds: 2026-11-23T05:28:55.000Z.
//   - Digests are "sha256:" and 64 lower-case hex digits.
//   - Page ids are 20 lower-case hex digits (see [PageID]).
//   - Sequences count commits; the root commit of an archive is 0.
//   - Sizes are bytes, durations milliseconds.
//   - Byte ranges point into the content-decoded payload, text positions count
//     code points of text.md.
//
// Every document begins with "schema": "<name>/<version>". A reader that meets
// a known name with a higher version gets [UnsupportedError]: hashes and
// signatures over the bytes can still be checked.
//
// # Documents
//
//	archive.json                 archive/1         [Archive]
//	pages/…/capture.json         capture/1         [Capture]
//	pages/…/post.json            post/1            [Post]
//	pages/…/untracked.json       untracked/1       [Untracked]
//	checks/…/<run>-<n>.jsonl     observation/1     [Observation]
//	                             change/1          [Change]
//	(outside the archive)        receipt/1         [Receipt]
//	                             introduction/1    [Introduction]
//	walkback verify --json       verify-report/1   [VerifyReport]
//	walkback capture --json      capture-report/1  [CaptureReport]
//	walkback check --json        check-report/1    [CheckReport]
//	walkback list --json         page-list/1       [PageList]
//	walkback log --json          log/1             [Log]
//	walkback show --json         show/1            [Show]
//	walkback diff --json         diff/1            [Diff]
//	walkback key list --json     key-list/1        [KeyList]
package schemas
