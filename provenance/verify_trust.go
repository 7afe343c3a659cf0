package provenance

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// trusted is what a trust folder says, or why that is not known.
type trusted struct {
	state *trust.State
	err   error
	// policyErr says why the policy is not known; the rest is.
	policyErr error
}

// trusts are the trust folders that were read already, by their tree.
type trusts struct {
	mu    sync.Mutex
	known map[gitstore.ID]trusted
}

// trustOf returns what the trust folder in a commit's tree says.
func (v *verifier) trustOf(tree gitstore.ID) trusted {
	folder, err := v.store.Lookup(tree, archive.TrustFolder)
	if err != nil {
		return trusted{err: fmt.Errorf("reading %s: %w", archive.TrustFolder, err)}
	}
	v.trusts.mu.Lock()
	defer v.trusts.mu.Unlock()
	known, ok := v.trusts.known[folder.ID]
	if !ok {
		known = readTrust(v.store, tree)
		v.trusts.known[folder.ID] = known
	}
	return known
}

// trustBefore returns what a commit is judged by: what its parent's trust folder
// says, or the root's own. Where the parent is absent it is nothing.
func (v *verifier) trustBefore(l, parent *link) trusted {
	switch {
	case parent != nil:
		return v.trustOf(parent.tree)
	case v.whole:
		return v.trustOf(l.tree)
	}
	return trusted{}
}

// readTrust reads the trust folder in a tree.
func readTrust(store *gitstore.Store, tree gitstore.ID) trusted {
	return trustFrom(func(name string) ([]byte, error) { return trustFile(store, tree, name) })
}

// trustFrom does so with a reader of its files, which gives nil for one that is
// not there.
func trustFrom(read func(name string) ([]byte, error)) (t trusted) {
	signers, err := read(archive.SignersFile)
	if err != nil {
		return trusted{err: err}
	}
	if signers == nil {
		return trusted{err: fmt.Errorf("reading %s: %w", archive.AllowedSignersFile, gitstore.ErrNotFound)}
	}
	t.state = &trust.State{}
	if t.state.Signers, t.err = trust.ParseAllowedSigners(signers); t.err != nil {
		return t
	}
	var files [3][]byte
	for i, name := range []string{archive.RevokedKeysFile, archive.RevocationsFile, archive.PolicyFile} {
		if files[i], t.err = read(name); t.err != nil {
			return t
		}
	}
	if t.state.Revocations, t.err = trust.ParseRevocations(files[0], files[1]); t.err != nil {
		return t
	}
	if files[2] != nil {
		t.state.Policy, t.policyErr = trust.ParsePolicy(files[2])
	}
	return t
}

// trustFile reads a file of the trust folder; nil when there is none.
func trustFile(store *gitstore.Store, tree gitstore.ID, name string) ([]byte, error) {
	file := path.Join(archive.TrustFolder, name)
	entry, err := store.Lookup(tree, file)
	if errors.Is(err, gitstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	data, err := readShort(store, entry.ID)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return append([]byte{}, data...), nil // never nil
}

// checkSignature checks who signed, against what the parent allowed: a commit
// cannot let its own key in. The root stands for itself.
func (v *verifier) checkSignature(l, parent *link, before trusted, subject string) {
	v.report.looked(checkSignatures, 1)
	commit := l.commit
	key, err := trust.Verify(commit.Payload, commit.Signature)
	if err != nil {
		v.report.problem(checkSignatures, signatureVerdict(err), subject, "%v", err)
		return
	}
	if parent == nil && !v.whole {
		v.report.skip(checkSigners, "the parent of the oldest commit is absent, so who could sign it is not known")
		return
	}
	if before.err != nil {
		v.unreadableTrust(subject, before.err)
		return
	}
	v.report.looked(checkSigners, 1)
	principal, place := commit.Committer.Email, v.report.at
	windowed, err := before.state.Allow(trust.Namespace, principal, key, v.moment(commit.Time, place))
	if err != nil {
		v.report.problem(checkSigners, schemas.Untrusted, subject, "%v", err)
		return
	}
	// Evidence carries signatures of its own. The commit that keeps the newest
	// timestamp could not be proven by it.
	isEvidence := l.message.Kind == schemas.KindEvidence
	if why := v.compromised(key, place, isEvidence); why != "" {
		v.report.problem(checkSigners, schemas.Untrusted, subject, "%s (%s) may not have signed this: %s", principal, trust.Fingerprint(key), why)
		return
	}
	if windowed {
		v.unprovenWindow(subject)
	}
	if commit.Author != commit.Committer {
		v.report.problem(checkCommits, schemas.Tampered, subject, "author and committer differ")
	}
	v.report.signed(principal, trust.Fingerprint(key))
}

// signatureVerdict tells what is wrong from what cannot be judged.
func signatureVerdict(err error) schemas.Verdict {
	if errors.As(err, new(*trust.UnsupportedError)) {
		return schemas.Unsupported
	}
	return schemas.Tampered
}

func (v *verifier) unreadableTrust(subject string, err error) {
	switch {
	case objectError(err):
		v.report.unreadable(subject, err)
	case errors.As(err, new(*schemas.UnsupportedError)):
		v.report.problem(checkSigners, schemas.Unsupported, subject, "%v", err)
	default:
		v.report.problem(checkSigners, schemas.Untrusted, subject, "%v", err)
	}
}

func (v *verifier) moment(claimed time.Time, place int) trust.Moment {
	return trust.Moment{Claimed: claimed, Proven: v.proven(place)}
}

// proven is the time by which a commit is proven to have existed, zero when
// nothing proves it.
func (v *verifier) proven(place int) time.Time {
	if place < 0 {
		return time.Time{}
	}
	if v.options.provenBy != nil {
		return v.options.provenBy(place)
	}
	if p := v.times.existed(place); p != nil {
		return p.notAfter
	}
	return time.Time{}
}

// unprovenWindow notes that a key's window holds by the committer's own word.
func (v *verifier) unprovenWindow(subject string) {
	const detail = "TIME-UNPROVEN: a key that may sign for a time only did so by its own clock; no timestamp proves it"
	if v.options.Strict {
		v.report.problem(checkSigners, schemas.Unproven, subject, "%s", detail)
		return
	}
	v.report.warn(checkSigners, detail)
}

// recallRevocations reads which keys were revoked up to the head: revocations
// concern what was signed before them.
func (v *verifier) recallRevocations() {
	v.good = map[schemas.Digest]int{}
	if t := v.trustOf(v.head.tree); t.err == nil {
		v.revoked = t.state.Revocations
		for _, sum := range v.revoked.LastGood() {
			v.good[sum] = -1
		}
	}
}

// noteLastGood keeps how far from the head a commit is that a revocation names.
func (v *verifier) noteLastGood(l *link) {
	if _, ok := v.good[l.sha256]; ok {
		v.good[l.sha256] = len(v.chain) - 1
	}
}

// placeLastGood turns distances from the head into places from the oldest commit.
func (v *verifier) placeLastGood() {
	for sum, distance := range v.good {
		if distance < 0 {
			delete(v.good, sum)
			continue
		}
		v.good[sum] = len(v.chain) - 1 - distance
	}
}

// compromised says why what a key signed at a place of the chain is not accepted,
// because somebody else had the key, or nothing. Order and proof must both speak
// for it: a thief signs dates as he likes, and a position he can only take while
// nobody has seen the true one. For what is good by itself, order is enough.
func (v *verifier) compromised(key ssh.PublicKey, place int, byOrder bool) string {
	said, revoked := v.revoked.Of(key)
	if revoked && len(said) == 0 {
		return "the key was revoked, and nothing says up to which snapshot it was good"
	}
	for _, r := range said {
		since := "the key was compromised on " + r.CompromisedAt.String() + " (" + r.Reason + ")"
		last, ok := v.good[r.LastGood]
		proven := v.proven(place)
		switch {
		case !ok:
			return since + ", and its last good commit, with " + r.LastGood.String() + ", is not before this one"
		case place > last:
			return since + ", and this comes after its last good snapshot"
		case byOrder:
		case proven.IsZero():
			return "TIME-UNPROVEN: " + since + ", and no timestamp proves that this was signed before"
		case proven.After(r.CompromisedAt.Time()):
			return since + ", and it is proven only that this was signed before " + schemas.TimeOf(proven).String()
		}
	}
	return ""
}

// checkTrust holds a commit that says who may sign to what must stay true: the
// next commit can be judged by it, and no revocation is taken back.
func (v *verifier) checkTrust(l, parent *link, before trusted, subject string) {
	if l.message.Kind != schemas.KindTrust || parent == nil {
		return
	}
	after := v.trustOf(l.tree)
	if after.err != nil {
		v.unreadableTrust(subject, after.err)
		return
	}
	if err := after.policyErr; err != nil {
		verdict := schemas.Policy
		if errors.As(err, new(*schemas.UnsupportedError)) {
			verdict = schemas.Unsupported
		}
		v.report.problem(checkCosignatures, verdict, subject, "%s/%s: %v", archive.TrustFolder, archive.PolicyFile, err)
	}
	for _, name := range []string{archive.RevokedKeysFile, archive.RevocationsFile} {
		was, err := trustFile(v.store, parent.tree, name)
		var is []byte
		if err == nil {
			is, err = trustFile(v.store, l.tree, name)
		}
		if err != nil {
			v.report.unreadable(subject, err)
		} else if !bytes.HasPrefix(is, was) {
			v.report.problem(checkRules, schemas.Tampered, subject, "%s/%s: a revocation is taken back or changed", archive.TrustFolder, name)
		}
	}
	if before.err == nil {
		v.noteLetIn(before.state, after.state)
	}
}
