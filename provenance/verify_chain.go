package provenance

import (
	"context"
	"errors"
	"slices"

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
		l := v.readLink(id)
		if l == nil {
			break
		}
		v.append(l)
		// The head itself is always looked at, and needs its parent beside it.
		if known := v.options.since; known != nil && len(v.chain) > 1 && l.sequence <= known.Sequence {
			if v.resumed = v.seen != nil; v.resumed {
				break
			}
		}
		id = l.commit.Parent
		v.whole = id.IsZero()
		if len(v.chain)%1024 == 0 {
			v.progress("found snapshots", int64(len(v.chain)), v.head.sequence+1)
		}
	}
	slices.Reverse(v.chain)
	v.placeLastGood()
	v.placeEvidence()
	v.report.looked(checkCommits, int64(len(v.chain)))
	if (v.whole || v.resumed) && v.root.message != nil {
		v.readArchiveID()
	}
}

// append adds a commit to the chain, which is collected from its end.
func (v *verifier) append(l *link) {
	v.chain = append(v.chain, l.id)
	if len(v.chain) == 1 {
		v.head = *l
		v.recallRevocations()
	}
	v.noteLastGood(l)
	if l.message != nil && l.message.Kind == schemas.KindEvidence {
		v.evidence = append(v.evidence, len(v.chain)-1)
	} else if v.newest < 0 {
		v.newest = len(v.chain) - 1
	}
	v.root = *l
	if v.receipt != nil && l.sha256 == v.receipt.HeadSHA256 {
		v.seen = l
	}
	if v.before != nil && l.sha256 == v.before.HeadSHA256 && l.sequence == v.before.Sequence {
		v.found = true
	}
}

// newLink returns a commit as a link. The error says what is wrong with its
// message.
func newLink(commit *gitstore.Commit) (*link, error) {
	l := &link{
		id: commit.ID, tree: commit.Tree, sha256: schemas.Digest(commit.SHA256), sequence: -1, time: commit.Time, commit: commit,
	}
	message, err := schemas.ParseMessage(commit.Message)
	if err == nil {
		l.message, l.sequence = message, message.Sequence
	}
	return l, err
}

// readLink reads one commit. It returns nil when its parent cannot be known.
func (v *verifier) readLink(id gitstore.ID) *link {
	commit, err := v.store.Commit(id)
	if err != nil {
		var malformed *gitstore.MalformedError
		if errors.As(err, &malformed) {
			v.report.problem(checkCommits, schemas.Tampered, "commit "+id.String(), "%v", err)
		} else {
			v.report.unreadable("commit "+id.String(), err)
		}
		return nil
	}
	l, err := newLink(commit)
	if err != nil {
		v.badMessage(id, err)
	}
	return l
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
	about, err := archive.About(v.store, v.root.tree)
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
	root := &v.root
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
	commit := v.root.commit
	key, err := trust.Verify(commit.Payload, commit.Signature)
	if err == nil && trust.Fingerprint(key) != want {
		v.report.problem(checkIntroduction, schemas.Untrusted, "commit "+commit.ID.String(),
			"the root commit is signed by %s, the introduction says %s", trust.Fingerprint(key), want)
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
	if v.options.New {
		v.before, _ = v.options.Memory.Verified(id) // without it, all is verified
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
	head := &v.head
	if v.seen == nil || v.seen.sequence != receipt.Sequence {
		v.conflict(receipt)
	}
	switch {
	case v.seen != nil && v.seen.sequence == receipt.Sequence:
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

// checkCommit does every check on one commit; hash says whether its files are
// hashed too. parent is nil for the first one.
func (v *verifier) checkCommit(l, parent *link, hash bool) {
	subject := "commit " + l.id.String()
	v.checkLink(l, parent, subject)
	before := v.trustBefore(l, parent)
	v.checkSignature(l, parent, before, subject)
	v.checkTrust(l, parent, before, subject)
	v.checkCosignatures(l, parent, before, subject)
	if hash {
		v.checkFiles(l, parent, subject)
	}
}

// checkLink holds a commit to its parent.
func (v *verifier) checkLink(l, parent *link, subject string) {
	v.report.looked(checkChain, 1)
	message := l.message
	if v.report.ArchiveID != "" && message.ArchiveID != v.report.ArchiveID {
		v.report.problem(checkCommits, schemas.Tampered, subject, "it belongs to archive %s, not %s", message.ArchiveID, v.report.ArchiveID)
	}
	if parent == nil {
		if v.whole && message.Sequence != 0 {
			v.report.problem(checkChain, schemas.Tampered, subject, "it has no parent, but says it is snapshot %d", message.Sequence)
		}
		return
	}
	if message.Parent != parent.sha256 {
		v.report.problem(checkChain, schemas.Tampered, subject, "it was made on a parent with %s, but its parent has %s", message.Parent, parent.sha256)
	}
	if parent.message != nil && message.Sequence != parent.sequence+1 {
		v.report.problem(checkChain, schemas.Tampered, subject, "it is snapshot %d on top of snapshot %d", message.Sequence, parent.sequence)
	}
	if l.time.Before(parent.time) {
		v.report.problem(checkChain, schemas.Tampered, subject, "its time lies before its parent's")
	}
}

// placeEvidence turns distances from the head into places from the oldest commit.
func (v *verifier) placeEvidence() {
	last := len(v.chain) - 1
	for i, distance := range v.evidence {
		v.evidence[i] = last - distance
	}
	slices.Reverse(v.evidence)
	if v.newest >= 0 {
		v.newest = last - v.newest
	}
}
