// Package archive is an archive of posts and the sources they cite: a bare git
// repository with one linear branch, main, whose every commit is a signed
// snapshot. It says what the web said, and when; who vouches for it and what it
// means is for package provenance.
//
// # Flow
//
// A [Run] looks at pages: fetch, access, extract. [Run.Capture] gives the
// [Draft] of a post with its sources, [Run.Check] that of a page seen before.
// Nothing is written until [Archive.Commit] encodes, signs and publishes
// drafts; when it returns, they are durable.
//
// # Repository format 1
//
//	archive.json                 archive/1; never changes
//	VERIFY.md                    how to verify this archive with stock tools
//	.gitattributes               * -text; never changes
//	manifest-sha256.txt          what the commit vouches for, see below
//	trust/allowed_signers        who may sign the next commit, see package trust
//	trust/revoked_keys           public keys that somebody else may have
//	trust/revocations.jsonl      revocation/1 lines: since when, and up to which commit
//	trust/policy.json            policy/1: how many must co-sign
//	pages/<h>/<h>/<h>/<h>/<host>~<slug>~<id>/
//	    capture.json             capture/1: the newest capture
//	    head.http                request and response heads of every hop
//	    body.<ext>[.gz|.br|.zst] the payload as received
//	    text.md                  text of the newest served capture
//	    post.json                post/1, for posts: the pinned sources, and the quotes
//	    untracked.json           untracked/1: check passes the page over
//	    screenshot.png           of a page that a browser showed
//	    print.pdf                likewise, on request
//	    resources.http           likewise of every hop of its resources' exchanges
//	    resources/<16 hex>.<ext> payloads of its resources: images, style sheets,
//	                             fonts …; bodies of redirects, up to 64 KiB each
//	    tls/<16 hex>.pem         certificate chains, leaf first
//	    past/…                   imported older captures
//	withheld/<sequence>.json     withheld/1: what the commit with this sequence took
//	                             out of the archive
//	checks/<yyyy>/<mm>/<dd>/<hh>/<run>-<n>.jsonl
//	                             observation/1 and change/1 lines of a run that
//	                             began in that hour (UTC)
//
// Place of a page. Its name is the WHATWG serialisation of its URL without
// fragment, or urn:walkback:post:<name> with everything but RFC 3986 unreserved
// characters percent-encoded. <id> is the first 20 hex digits of the name's
// SHA-256, <h> its first four, one a level. <host> is the host with port in
// lower-case punycode, other characters than [a-z0-9.-] replaced by "_", cut at
// 60; "given" for a post handed in as a file. <slug> is the last segment of the
// path that is not empty, or the post's name, in lower case, runs of other
// characters than [a-z0-9] replaced by one "-", none at the ends, cut at 32; it
// may be empty. testdata/places.jsonl has examples. <16 hex> are the first
// digits of the SHA-256 of the file's bytes.
//
// Names never change, so the git history of a folder is the history of a page.
//
// Manifest. manifest-sha256.txt lists every file of every page folder that the
// commit touches, changed or not, and every other file that it adds or changes,
// never itself: 64 hex digits, two spaces, the path, LF; bytewise sorted by
// path. All files have mode 100644. Nothing outside of touched page folders is
// ever deleted. So one commit with its manifest and the files it lists is a
// complete proof of a snapshot, and by induction the whole tree rests on
// SHA-256.
//
// Same or new. A look whose outcome, final address and payload SHA-256 are those
// of the newest capture, or that was answered 304, is an observation: a line in
// checks/. Any other look is a capture. After a failure text.md stays that of
// the newest served capture, and capture.json says whose it is. Where a look is
// doubted, a page is looked at twice in a run, and both looks are recorded, the
// earlier one first: see [Run.LookAgain]. When the first was a passing fault and
// the second is as before, the folder gets back the capture before that.
//
// Services. A post of a service that is known to package social is asked for through
// the API of the service, under the name of its page: capture.json has what was
// asked and what read the answer, which is the payload. A page that was served in one
// of the two ways is looked at in that way from then on.
//
// Given posts. The payload is the file as it was handed in. Of a page saved as MHTML,
// text.md and the resources are those of the parts of the file; of mail, text.md is a
// text with its heads and attachments. claimed_url and claimed_date are what a person
// said, else what the file says of itself.
//
// Withheld. A commit of kind withhold adds one record and deletes the files that it
// lists from the folders of pages. Their objects are then removed: files of earlier
// snapshots that a record lists may lack. No other commit writes in withheld/.
//
// Commits. The message is that of [schemas.Message]; the commit has the one form
// that package gitstore describes. A capture commit holds one post and its
// sources, a check commit the looks of at most 256 pages or 30 seconds. Where a
// capture replaces a text.md that another extractor made, a rederive commit comes
// before, with text.md read anew and the text entry of capture.json; it makes no
// capture and no version.
//
// Heads. For each hop in order: the request head, any 1xx heads, the response
// head, exact but for the values listed as redacted. Spans in capture.json say
// where each stands.
//
// Texts. What has no text of its own, such as a picture, has no text.md; a PDF says
// why in no_text, and so does a text of too many blocks. Quotes from a PDF have no byte range: see package pdf.
//
// # Private state
//
// <archive>/walkback/ holds what can be rebuilt or lost: locks, temporary files,
// in journal/ the names of unfinished runs, and in index.db what the commits say
// of pages, for quick answers (see [Archive.UseIndex]).
package archive
