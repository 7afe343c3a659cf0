package provenance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// checkRepository looks for what makes stock git show another history, or
// leaves objects to other places. We follow none of it.
func (v *verifier) checkRepository() {
	hazards, err := v.store.Hazards()
	if err != nil {
		v.report.problem(checkRepository, schemas.Incomplete, "repository", "%v", err)
		return
	}
	v.report.looked(checkRepository, 1)
	for _, h := range hazards {
		verdict := schemas.Tampered
		if h.Kind == gitstore.HazardAbsence {
			verdict = schemas.Incomplete
		}
		v.report.problem(checkRepository, verdict, h.Path, "%s", h.Detail)
	}
}

// walk collects the chain from the head back to the root and checks the form
// of each commit.
func (v *verifier) walk(ctx context.Context) {
	head, err := v.store.Head()
	if err != nil {
		v.report.problem(checkCommits, schemas.Incomplete, "refs/heads/main", "%v", err)
		return
	}
	if head.IsZero() {
		v.report.problem(checkCommits, schemas.Incomplete, "refs/heads/main", "there is no commit")
		return
	}
	for id := head; !id.IsZero() && ctx.Err() == nil; {
		l, parent, ok := v.readLink(id)
		if !ok {
			break
		}
		v.chain = append(v.chain, l)
		// The head itself is always looked at, and needs its parent beside it.
		if known := v.options.since; known != nil && len(v.chain) > 1 && l.sequence <= known.Sequence {
			v.resumed = slices.ContainsFunc(v.chain, func(l link) bool { return l.sha256 == known.HeadSHA256 })
			if v.resumed {
				break
			}
		}
		if parent.IsZero() {
			v.whole = true
		}
		id = parent
	}
	slices.Reverse(v.chain)
	v.report.looked(checkCommits, int64(len(v.chain)))
	if (v.whole || v.resumed) && v.chain[0].sound {
		v.readArchiveID()
	}
}

// readLink reads one commit. ok is false when its parent cannot be known.
func (v *verifier) readLink(id gitstore.ID) (l link, parent gitstore.ID, ok bool) {
	commit, err := v.store.Commit(id)
	if err != nil {
		var malformed *gitstore.MalformedError
		if errors.As(err, &malformed) {
			v.report.problem(checkCommits, schemas.Tampered, "commit "+id.String(), "%v", err)
		} else {
			v.report.unreadable("commit "+id.String(), err)
		}
		return link{}, gitstore.ID{}, false
	}
	l = link{id: id, tree: commit.Tree, sha256: schemas.Digest(commit.SHA256), time: commit.Time, sequence: -1}
	message, err := schemas.ParseMessage(commit.Message)
	if err != nil {
		v.badMessage(id, err)
		return l, commit.Parent, true
	}
	l.sequence, l.sound = message.Sequence, true
	return l, commit.Parent, true
}

func (v *verifier) badMessage(id gitstore.ID, err error) {
	verdict := schemas.Tampered
	var newer *schemas.UnsupportedError
	if errors.As(err, &newer) {
		verdict = schemas.Unsupported
	}
	v.report.problem(checkCommits, verdict, "commit "+id.String(), "%v", err)
}

// readArchiveID takes the id from the root's archive.json; every commit must
// name it.
func (v *verifier) readArchiveID() {
	about, err := archive.About(v.store, v.chain[0].tree)
	if err != nil {
		v.badDocument("archive.json", err)
		return
	}
	v.report.ArchiveID = about.ID
}

// checkIntroduction holds the root against what this user was told of it.
func (v *verifier) checkIntroduction() {
	if !v.whole || v.report.ArchiveID == "" {
		v.report.skip(checkIntroduction, "the root commit was not read")
		return
	}
	known := v.options.Introduction
	if v.options.Memory != nil {
		remembered, err := v.options.Memory.Introduction(v.report.ArchiveID)
		if err != nil {
			v.report.problem(checkIntroduction, schemas.Untrusted, "introduction", "%v", err)
			return
		}
		if known == nil {
			known = remembered
		} else if remembered != nil && remembered.RootSHA256 != known.RootSHA256 {
			v.report.problem(checkIntroduction, schemas.Untrusted, "introduction",
				"it names the root commit %s, but this archive was introduced before with %s", known.RootSHA256, remembered.RootSHA256)
		}
	}
	if known == nil {
		v.unpinned()
		return
	}
	v.report.looked(checkIntroduction, 1)
	root := v.chain[0]
	switch {
	case known.ArchiveID != v.report.ArchiveID:
		v.report.problem(checkIntroduction, schemas.Untrusted, "introduction", "it is for archive %s, this is %s", known.ArchiveID, v.report.ArchiveID)
	case known.RootSHA256 != root.sha256:
		v.report.problem(checkIntroduction, schemas.Untrusted, "commit "+root.id.String(),
			"the root commit has %s, the introduction says %s", root.sha256, known.RootSHA256)
	default:
		v.report.Pinned = true
		v.checkRootKey(known.RootKey)
	}
}

func (v *verifier) checkRootKey(want string) {
	commit, err := v.store.Commit(v.chain[0].id)
	if err != nil {
		return // walk has told
	}
	key, err := trust.Verify(commit.Payload, commit.Signature)
	if err == nil && ssh.FingerprintSHA256(key) != want {
		v.report.problem(checkIntroduction, schemas.Untrusted, "commit "+commit.ID.String(),
			"the root commit is signed by %s, the introduction says %s", ssh.FingerprintSHA256(key), want)
	}
}

func (v *verifier) unpinned() {
	const detail = "UNPINNED: nothing outside this archive says who made it; ask its operator for the introduction"
	if v.options.Strict {
		v.report.problem(checkIntroduction, schemas.Untrusted, "introduction", "%s", detail)
		return
	}
	v.report.warn(checkIntroduction, detail)
}

// recallReceipt reads what this user saw of the archive that the head belongs
// to.
func (v *verifier) recallReceipt() {
	if v.options.Memory == nil {
		return
	}
	if v.options.since != nil {
		v.receipt = v.options.since
		return
	}
	id, err := v.headArchiveID()
	if err != nil || id == "" {
		return // walk will tell what cannot be read
	}
	if v.receipt, err = v.options.Memory.Receipt(id); err != nil {
		v.report.problem(checkReceipt, schemas.Rollback, "receipt", "%v", err)
	}
}

// headArchiveID is what the head says: when older commits are absent, the root
// cannot be asked.
func (v *verifier) headArchiveID() (string, error) {
	head, err := v.store.Head()
	if err != nil || head.IsZero() {
		return "", err
	}
	commit, err := v.store.Commit(head)
	if err != nil {
		return "", err
	}
	message, err := schemas.ParseMessage(commit.Message)
	if err != nil {
		return "", err
	}
	return message.ArchiveID, nil
}

// checkReceipt looks for the newest commit that this user saw before. A shorter
// history was rolled back, another one forked.
func (v *verifier) checkReceipt() {
	receipt := v.receipt
	if receipt == nil || len(v.chain) == 0 {
		v.report.skip(checkReceipt, "no earlier look at this archive is known")
		return
	}
	v.report.looked(checkReceipt, 1)
	head := v.chain[len(v.chain)-1]
	at := slices.IndexFunc(v.chain, func(l link) bool { return l.sha256 == receipt.HeadSHA256 })
	switch {
	case at >= 0 && v.chain[at].sequence == receipt.Sequence:
	case head.sequence < receipt.Sequence:
		v.report.problem(checkReceipt, schemas.Rollback, "commit "+head.id.String(),
			"history ends at snapshot %d (%s), but on %s snapshot %d (%s) was seen",
			head.sequence, head.sha256, receipt.SeenAt, receipt.Sequence, receipt.HeadSHA256)
	default:
		v.report.problem(checkReceipt, schemas.Rollback, "commit "+head.id.String(),
			"history has no snapshot %d with %s, which was seen on %s: it was written anew",
			receipt.Sequence, receipt.HeadSHA256, receipt.SeenAt)
	}
}

// allowed is a parsed allowed_signers file, or why there is none.
type allowed struct {
	signers trust.AllowedSigners
	err     error
}

// signers are the files that were parsed already, by their blob.
type signers struct {
	mu    sync.Mutex
	known map[gitstore.ID]allowed
}

// checkCommit does every check on one commit; hash says whether its files are
// hashed too.
func (v *verifier) checkCommit(i int, hash bool) {
	subject := "commit " + v.chain[i].id.String()
	commit, err := v.store.Commit(v.chain[i].id)
	if err != nil {
		v.report.unreadable(subject, err)
		return
	}
	message, err := schemas.ParseMessage(commit.Message)
	if err != nil {
		v.badMessage(commit.ID, err)
		return
	}
	v.checkLink(i, subject, message)
	v.checkSignature(i, subject, commit)
	if hash {
		v.checkFiles(i, subject, message)
	}
}

// checkLink holds a commit to its parent.
func (v *verifier) checkLink(i int, subject string, message *schemas.Message) {
	v.report.looked(checkChain, 1)
	if v.report.ArchiveID != "" && message.ArchiveID != v.report.ArchiveID {
		v.report.problem(checkCommits, schemas.Tampered, subject, "it belongs to archive %s, not %s", message.ArchiveID, v.report.ArchiveID)
	}
	if i == 0 {
		if v.whole && message.Sequence != 0 {
			v.report.problem(checkChain, schemas.Tampered, subject, "it has no parent, but says it is snapshot %d", message.Sequence)
		}
		return
	}
	parent := v.chain[i-1]
	if message.Parent != parent.sha256 {
		v.report.problem(checkChain, schemas.Tampered, subject, "it was made on a parent with %s, but its parent has %s", message.Parent, parent.sha256)
	}
	if parent.sound && message.Sequence != parent.sequence+1 {
		v.report.problem(checkChain, schemas.Tampered, subject, "it is snapshot %d on top of snapshot %d", message.Sequence, parent.sequence)
	}
	if v.chain[i].time.Before(parent.time) {
		v.report.problem(checkChain, schemas.Tampered, subject, "its time lies before its parent's")
	}
}

// checkSignature checks who signed, against what the parent allowed: a commit
// cannot let its own key in. The root stands for itself.
func (v *verifier) checkSignature(i int, subject string, commit *gitstore.Commit) {
	v.report.looked(checkSignatures, 1)
	key, err := trust.Verify(commit.Payload, commit.Signature)
	var unsupported *trust.UnsupportedError
	switch {
	case errors.As(err, &unsupported):
		v.report.problem(checkSignatures, schemas.Unsupported, subject, "%v", err)
		return
	case err != nil:
		v.report.problem(checkSignatures, schemas.Tampered, subject, "%v", err)
		return
	}
	from := v.chain[max(i-1, 0)]
	if i == 0 && !v.whole {
		v.report.skip(checkSigners, "the parent of the oldest commit is absent, so who could sign it is not known")
		return
	}
	signers := v.allowedBy(from.tree)
	if objectError(signers.err) {
		v.report.unreadable(subject, signers.err)
		return
	}
	if signers.err != nil {
		v.report.problem(checkSigners, schemas.Untrusted, subject, "%v", signers.err)
		return
	}
	v.report.looked(checkSigners, 1)
	principal := commit.Committer.Email
	if err := signers.signers.Allow(principal, key, commit.Time); err != nil {
		v.report.problem(checkSigners, schemas.Untrusted, subject, "%v", err)
		return
	}
	if commit.Author != commit.Committer {
		v.report.problem(checkCommits, schemas.Tampered, subject, "author and committer differ")
	}
	v.report.signed(principal, ssh.FingerprintSHA256(key))
}

func (v *verifier) allowedBy(tree gitstore.ID) allowed {
	entry, err := v.store.Lookup(tree, archive.AllowedSignersFile)
	if err != nil {
		return allowed{err: fmt.Errorf("reading %s: %w", archive.AllowedSignersFile, err)}
	}
	v.signers.mu.Lock()
	defer v.signers.mu.Unlock()
	if known, ok := v.signers.known[entry.ID]; ok {
		return known
	}
	var a allowed
	_, data, err := v.store.Object(entry.ID)
	if err == nil {
		a.signers, err = trust.ParseAllowedSigners(data)
	}
	a.err = err
	v.signers.known[entry.ID] = a
	return a
}
