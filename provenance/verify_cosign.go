package provenance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// cosigns is what all workers of a verification find out about co-signatures.
type cosigns struct {
	mu      sync.Mutex
	by      map[int]map[string]bool          // of commits by their place: fingerprints of the keys that co-signed
	users   map[string]*schemas.SignerUse    // by fingerprint
	letIn   map[string]bool                  // fingerprints of the keys that trust commits let in
	demands map[*schemas.TrustPolicy]*demand // policies of the archive
}

// demand is a policy and the newest commit that it binds.
type demand struct {
	of   string // whose policy it is, in words
	last int    // its place
}

func newCosigns() *cosigns {
	return &cosigns{
		by: map[int]map[string]bool{}, users: map[string]*schemas.SignerUse{},
		letIn: map[string]bool{}, demands: map[*schemas.TrustPolicy]*demand{},
	}
}

func (c *cosigns) add(place int, principal, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[place] == nil {
		c.by[place] = map[string]bool{}
	}
	if c.by[place][key] {
		return
	}
	c.by[place][key] = true
	if c.users[key] == nil {
		c.users[key] = &schemas.SignerUse{Principal: principal, Key: key}
	}
	c.users[key].Commits++
}

// bind notes that a policy binds the commit at a place.
func (c *cosigns) bind(policy *schemas.TrustPolicy, of string, place int) {
	if policy == nil || policy.Cosignatures == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.demands[policy]; d == nil {
		c.demands[policy] = &demand{of: of, last: place}
	} else {
		d.last = max(d.last, place)
	}
}

func (c *cosigns) cosigners() []schemas.SignerUse {
	var uses []schemas.SignerUse
	for _, use := range c.users {
		uses = append(uses, *use)
	}
	return uses
}

const policyOfArchive = "the archive's policy"

// checkCosignatures checks the co-signatures that a commit adds, against what its
// parent allows. The policy that its parent has binds it.
func (v *verifier) checkCosignatures(l, parent *link, before trusted, subject string) {
	if parent == nil || before.err != nil {
		return // told by checkSignature
	}
	v.cosigns.bind(before.state.Policy, policyOfArchive, v.report.at)
	if l.message.Kind != schemas.KindEvidence {
		return
	}
	for change, err := range v.store.Changes(parent.tree, l.tree) {
		if err != nil {
			v.report.unreadable(subject, err)
			return
		}
		file, ok := archive.EvidencePath(change.Path)
		if ok && strings.HasPrefix(file.Name, archive.CosignPrefix) && !change.New.ID.IsZero() {
			file.Blob = change.New.ID
			v.checkCosignature(l, before.state, file)
		}
	}
}

// checkCosignature checks one of them, which commit l adds.
func (v *verifier) checkCosignature(l *link, before *trust.State, file archive.EvidenceFile) {
	v.report.looked(checkCosignatures, 1)
	subject := file.Path()
	armor, err := readShort(v.store, file.Blob)
	if err != nil {
		v.report.unreadable(subject, err)
		return
	}
	place, of, err := v.vouchedFor(file)
	switch {
	case err != nil:
		v.report.unreadable(subject, err)
		return
	case of == nil && v.resumed:
		return // it is of a commit that was verified before
	case of == nil || place >= v.report.at:
		v.report.problem(checkCosignatures, schemas.Tampered, subject, "it is of no snapshot before the one that adds it")
		return
	}
	key, err := trust.VerifyIn(trust.CosignNamespace, of.commit.Raw, armor)
	if err != nil {
		v.report.problem(checkCosignatures, signatureVerdict(err), subject, "%v", err)
		return
	}
	if archive.CosignFile(trust.Fingerprint(key)) != file.Name {
		v.report.problem(checkCosignatures, schemas.Tampered, subject, "it is made by another key, %s", trust.Fingerprint(key))
		return
	}
	principal, err := v.cosigner(l, before, of, key)
	if err != nil {
		v.report.problem(checkCosignatures, schemas.Untrusted, subject, "%v", err)
		return
	}
	if why := v.compromised(key, v.report.at, false); why != "" {
		v.report.warn(checkCosignatures, fmt.Sprintf("a co-signature of snapshot %d by %s does not count: %s", of.sequence, principal, why))
		return
	}
	v.cosigns.add(place, principal, trust.Fingerprint(key))
}

// cosigner returns the name of who co-signed a commit. Beside those whom the
// parent of commit l allows, whoever is let in by a trust commit may co-sign that
// one, to show that he has the key.
func (v *verifier) cosigner(l *link, before *trust.State, of *link, key ssh.PublicKey) (string, error) {
	principal, err := before.Principal(trust.CosignNamespace, key, v.moment(l.time, v.report.at))
	if err == nil || of.message.Kind != schemas.KindTrust {
		return principal, err
	}
	if own := v.trustOf(of.tree); own.err == nil {
		if principal, ok := own.state.Signers.Holder(key); ok {
			return principal, nil
		}
	}
	return "", err
}

// vouchedFor finds the commit that evidence is of; nil when it is not in the
// chain.
func (v *verifier) vouchedFor(file archive.EvidenceFile) (place int, of *link, err error) {
	const lowest = 1 << 24 // a folder tells the last 24 bits of a sequence
	for sequence := file.Low; sequence <= v.head.sequence; sequence += lowest {
		place := int(sequence - (v.head.sequence - int64(len(v.chain)-1)))
		if place < 0 || place >= len(v.chain) {
			continue
		}
		commit, err := v.store.Commit(v.chain[place])
		if err != nil {
			return 0, nil, err
		}
		if l, err := newLink(commit); err == nil && l.sha256 == file.Of {
			return place, l, nil
		}
	}
	return 0, nil, nil
}

// noteLetIn notes the keys that a trust commit lets in.
func (v *verifier) noteLetIn(before, after *trust.State) {
	known := map[string]bool{}
	for _, signer := range before.Signers {
		known[trust.Fingerprint(signer.Key)] = true
	}
	for _, signer := range after.Signers {
		if fp := trust.Fingerprint(signer.Key); !known[fp] && !signer.Authority {
			known[fp] = true
			v.cosigns.mu.Lock()
			v.cosigns.letIn[fp] = true
			v.cosigns.mu.Unlock()
		}
	}
}

// checkPolicies holds the co-signatures to what policies demand of them. A policy
// of the archive binds the snapshots from the one that it names to the one that
// replaces it, that one included: who may change a policy cannot free himself of
// it in the same stroke.
func (v *verifier) checkPolicies(ctx context.Context) {
	if !v.demands || len(v.chain) == 0 || ctx.Err() != nil {
		return
	}
	v.report.at = -1
	if head := v.trustOf(v.head.tree); head.err == nil {
		v.cosigns.bind(head.state.Policy, policyOfArchive, len(v.chain)-1)
	}
	v.cosigns.bind(v.options.Policy, "the policy handed over", len(v.chain)-1)
	if len(v.cosigns.demands) > 0 && !v.whole {
		v.report.skip(checkCosignatures, "older snapshots are absent, so policies were not held against them")
		return
	}
	for policy, d := range v.cosigns.demands {
		c := policy.Cosignatures
		for place := int(min(c.From, int64(len(v.chain)))); place <= d.last && ctx.Err() == nil; place++ {
			v.checkDemand(place, c, d.of)
		}
	}
	v.report.at = -1
	v.checkLetIn()
}

func (v *verifier) checkDemand(place int, c *schemas.CosignPolicy, of string) {
	l := v.linkAt(place)
	if l == nil || l.message == nil || l.message.Kind == schemas.KindEvidence {
		return
	}
	var have int64
	for _, key := range c.Keys {
		if v.cosigns.by[place][key] {
			have++
		}
	}
	if have < c.Threshold {
		v.report.at = place
		v.report.problem(checkCosignatures, schemas.Policy, "commit "+l.id.String(),
			"snapshot %d has %d of the %d co-signatures that %s demands", l.sequence, have, c.Threshold, of)
	}
}

// checkLetIn warns of keys whose holder never showed that he has them.
func (v *verifier) checkLetIn() {
	shown := map[string]bool{}
	for _, use := range v.report.users {
		shown[use.Key] = true
	}
	silent := 0
	for key := range v.cosigns.letIn {
		if !shown[key] && v.cosigns.users[key] == nil {
			silent++
		}
	}
	if silent > 0 {
		v.report.warn(checkCosignatures, fmt.Sprintf("of the keys that were let in, %d signed and co-signed nothing: nothing shows that somebody has them", silent))
	}
}

// maxShort bounds the files of the trust folder and of co-signatures.
const maxShort = 4 << 20

// readShort reads a file that is small when it is what it should be.
func readShort(store *gitstore.Store, id gitstore.ID) ([]byte, error) {
	file, err := store.Open(id)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if file.Kind() != gitstore.KindBlob {
		return nil, &gitstore.CorruptError{ID: id, Reason: "it is no file"}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxShort+1))
	if err == nil && len(data) > maxShort {
		err = errors.New("it has more than 4 MiB")
	}
	return data, err
}
