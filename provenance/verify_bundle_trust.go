package provenance

import (
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/bundle"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// trustChange is what a commit brought to the trust folder.
type trustChange struct {
	sequence int64
	files    map[string][]byte // by name below trust/
}

// readTrust reads what the commits of kind init and trust brought, and holds it to
// their manifests.
func (v *bundleVerifier) readTrust() {
	for _, sequence := range v.order {
		l := v.links[sequence]
		if l.message.Kind != schemas.KindInit && l.message.Kind != schemas.KindTrust {
			continue
		}
		at := path.Join(bundledTrust, strconv.FormatInt(sequence, 10))
		manifest, ok := v.manifest(l, at)
		if !ok {
			continue
		}
		change := trustChange{sequence: sequence, files: map[string][]byte{}}
		for _, line := range manifest {
			name, ok := strings.CutPrefix(line.Path, archive.TrustFolder+"/")
			if !ok {
				continue
			}
			if data := v.listed(at, line); data != nil {
				change.files[name] = data
			}
		}
		v.trusts = append(v.trusts, change)
	}
	if len(v.trusts) == 0 {
		v.report.problem(checkSigners, schemas.Incomplete, bundledTrust, "nothing says who may sign")
	}
}

// trustBefore reads files of the trust folder as it was when a commit was made on
// top of it; the root stands for itself.
func (v *bundleVerifier) trustBefore(sequence int64) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		for _, change := range slices.Backward(v.trusts) {
			if change.sequence < sequence || change.sequence == 0 {
				if data, ok := change.files[name]; ok {
					return data, nil
				}
			}
		}
		return nil, nil
	}
}

// checkPin holds the root to what this user was told of the archive. What the
// bundle itself says of it is worth nothing.
func (v *bundleVerifier) checkPin() {
	root := v.links[0]
	if root == nil {
		v.report.problem(checkIntroduction, schemas.Incomplete, path.Join(bundledCommits, "0.commit"), "the root commit is missing")
		return
	}
	known := v.options.Introduction
	if known == nil && v.options.Memory != nil {
		var err error
		if known, err = v.options.Memory.Introduction(v.report.ArchiveID); err != nil {
			v.report.problem(checkIntroduction, schemas.Untrusted, "introduction", "%v", err)
			return
		}
	}
	v.report.looked(checkIntroduction, 1)
	key, err := trust.Verify(root.commit.Payload, []byte(root.commit.Signature))
	switch {
	case known == nil && v.options.Strict:
		v.report.problem(checkIntroduction, schemas.Untrusted, "introduction", "%s", unpinnedBundle)
	case known == nil:
		v.report.warn(checkIntroduction, unpinnedBundle)
	case known.ArchiveID != v.report.ArchiveID || known.RootSHA256 != root.sha256:
		v.report.problem(checkIntroduction, schemas.Untrusted, "commit 0",
			"the archive is %s with the root %s, but you were introduced to %s with %s", v.report.ArchiveID, root.sha256, known.ArchiveID, known.RootSHA256)
	case err == nil && trust.Fingerprint(key) != known.RootKey:
		v.report.problem(checkIntroduction, schemas.Untrusted, "commit 0", "it is signed by %s, the introduction says %s", trust.Fingerprint(key), known.RootKey)
	default:
		v.report.Pinned = true
	}
}

const unpinnedBundle = "UNPINNED: nothing outside this bundle says who made the archive; ask its operator for the introduction"

// checkCommit checks one commit of the chain: its link, its signature, its signer.
func (v *bundleVerifier) checkCommit(sequence int64) {
	l := v.links[sequence]
	subject := fmt.Sprintf("commit %d", sequence)
	v.report.looked(checkChain, 1)
	if l.message.ArchiveID != v.report.ArchiveID {
		v.report.problem(checkCommits, schemas.Tampered, subject, "it belongs to archive %s, not %s", l.message.ArchiveID, v.report.ArchiveID)
	}
	if parent := v.links[sequence-1]; parent != nil {
		if l.message.Parent != parent.sha256 || l.commit.Parent != parent.id {
			v.report.problem(checkChain, schemas.Tampered, subject, "it was made on a parent with %s, but commit %d has %s", l.message.Parent, sequence-1, parent.sha256)
		}
		if l.time.Before(parent.time) {
			v.report.problem(checkChain, schemas.Tampered, subject, "its time lies before its parent's")
		}
	}
	v.report.looked(checkSignatures, 1)
	key, err := trust.Verify(l.commit.Payload, []byte(l.commit.Signature))
	if err != nil {
		v.report.problem(checkSignatures, signatureVerdict(err), subject, "%v", err)
		return
	}
	before := trustFrom(v.trustBefore(sequence))
	if before.err != nil {
		v.badTrust(checkSigners, subject, before.err)
		return
	}
	v.report.looked(checkSigners, 1)
	windowed, err := before.state.Allow(trust.Namespace, l.commit.Committer.Email, key, trust.Moment{Claimed: l.time})
	if err != nil {
		v.report.problem(checkSigners, schemas.Untrusted, subject, "%v", err)
		return
	}
	if windowed {
		v.report.warn(checkSigners, "a key that may sign for a time only did so by its own clock")
	}
	v.report.signed(l.commit.Committer.Email, trust.Fingerprint(key))
}

// checkExporter checks the signature of the tag manifest: by a key that may sign
// the archive on top of the newest commit.
func (v *bundleVerifier) checkExporter() {
	tags, armor, err := v.bundle.Signed()
	if err != nil {
		v.bad(checkBag, bundle.SignatureFile, err)
		return
	}
	if armor == nil {
		v.report.problem(checkBag, schemas.Untrusted, bundle.SignatureFile, "nobody has signed the bundle, so nothing vouches for its report and its instructions")
		return
	}
	key, err := trust.VerifyIn(bundle.Namespace, tags, armor)
	if err == nil && !plainArmor(armor) {
		err = errors.New("the signature has another encoding than it should")
	}
	if err != nil {
		v.report.problem(checkBag, signatureVerdict(err), bundle.SignatureFile, "%v", err)
		return
	}
	head := v.head()
	now := trustFrom(v.trustBefore(head.sequence + 1))
	if now.err != nil {
		v.badTrust(checkBag, bundle.SignatureFile, now.err)
		return
	}
	if _, err := now.state.Principal(trust.Namespace, key, trust.Moment{Claimed: head.time}); err != nil {
		v.report.problem(checkBag, schemas.Untrusted, bundle.SignatureFile, "the bundle was signed by who may not sign the archive: %v", err)
	}
}

// badTrust files why it is not known who may sign: what is absent was left out.
func (v *bundleVerifier) badTrust(check, subject string, err error) {
	verdict := schemas.Untrusted
	if errors.Is(err, gitstore.ErrNotFound) {
		verdict = schemas.Incomplete
	}
	v.report.problem(check, verdict, subject, "%v", err)
}

// plainArmor reports whether base64 stands in the armor in the one way that it can
// be written: decoders take others, which differ in bits that mean nothing.
func plainArmor(armor []byte) bool {
	lines := strings.Split(strings.TrimSuffix(string(armor), "\n"), "\n")
	if len(lines) < 3 {
		return false
	}
	_, err := base64.StdEncoding.Strict().DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	return err == nil
}
