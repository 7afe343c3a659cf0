package provenance

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// checkEvidence checks tokens, proofs and co-signatures.
func (v *bundleVerifier) checkEvidence() {
	names, err := v.bundle.List(bundledEvidence)
	if err != nil {
		v.bad(checkObjects, bundledEvidence, err)
		return
	}
	bySum := map[string]*link{}
	for _, l := range v.links {
		bySum[l.sha256.Hex()] = l
	}
	now, authErr := authoritiesFrom(v.trustBefore(v.head().sequence + 1))
	if authErr != nil {
		v.bad(checkTimestamps, "data/trust", authErr)
	}
	for _, name := range names {
		sum, base, _ := strings.Cut(strings.TrimPrefix(name, bundledEvidence+"/"), "/")
		of := bySum[sum]
		data, err := v.bundle.Read(name)
		switch {
		case err != nil:
			v.bad(checkTimestamps, name, err)
		case of == nil:
			v.report.problem(checkTimestamps, schemas.Tampered, name, "it is of no commit in the bundle")
		case strings.HasPrefix(base, archive.CosignPrefix):
			v.checkCosigned(of, name, data)
		default:
			if err := v.checkTime(of, name, base, data, now); err != nil {
				v.report.problem(checkTimestamps, timeVerdict(err), name, "%v", err)
			}
		}
	}
	v.checkTimes()
}

func (v *bundleVerifier) checkCosigned(of *link, name string, armor []byte) {
	v.report.looked(checkCosignatures, 1)
	key, err := trust.VerifyIn(trust.CosignNamespace, of.commit.Raw, armor)
	if err != nil {
		v.report.problem(checkCosignatures, signatureVerdict(err), name, "%v", err)
		return
	}
	head := v.head()
	now := trustFrom(v.trustBefore(head.sequence + 1))
	if now.err != nil {
		return // told
	}
	principal, err := now.state.Principal(trust.CosignNamespace, key, trust.Moment{Claimed: head.time})
	if err != nil {
		v.report.problem(checkCosignatures, schemas.Untrusted, name, "%v", err)
		return
	}
	i := slices.IndexFunc(v.report.Cosigners, func(u schemas.SignerUse) bool { return u.Key == trust.Fingerprint(key) })
	if i < 0 {
		v.report.Cosigners = append(v.report.Cosigners, schemas.SignerUse{Principal: principal, Key: trust.Fingerprint(key)})
		i = len(v.report.Cosigners) - 1
	}
	v.report.Cosigners[i].Commits++
}

// checkTime checks a file that proves a time of a commit.
func (v *bundleVerifier) checkTime(of *link, name, base string, data []byte, authorities map[string]*timestamp.Authority) error {
	v.report.looked(checkTimestamps, 1)
	kind, by, height := archive.EvidenceFile{Name: base}.Kind()
	switch kind {
	case archive.TokenEvidence:
		token, err := timestamp.ParseResponse(data)
		if err != nil {
			return err
		}
		authority := authorities[by]
		if authority == nil {
			return &timestamp.Error{Kind: timestamp.Untrusted, Reason: fmt.Sprintf("the archive does not say who %q is", by)}
		}
		proven, err := v.tokens.Verify(token, of.commit.Raw, authority)
		if err != nil {
			return err
		}
		v.times.add(proof{
			of: int(of.sequence), by: int(of.sequence), notAfter: proven.Time.Add(proven.Accuracy), notBefore: proven.Time.Add(-proven.Accuracy),
			kind: schemas.AuthoritySource, source: by, chain: proven.Chain, subject: name, authority: authority,
		})
	case archive.PendingProof, archive.BlockProof:
		p, err := timestamp.ParseProof(data)
		if err != nil {
			return err
		}
		if p.Digest != [32]byte(of.sha256) {
			return errors.New("it is a proof for other bytes")
		}
		return v.checkBlocks(of, name, p)
	case archive.BlockHeader:
		if len(data) != timestamp.HeaderSize {
			return fmt.Errorf("it has %d bytes, and a block header %d", len(data), timestamp.HeaderSize)
		}
		return v.options.Network.CheckWork((*timestamp.Header)(data), height)
	case archive.RevocationList:
		list, err := timestamp.ParseCRL(data)
		if err != nil {
			return err
		}
		v.times.lists = append(v.times.lists, list)
	default:
		if !strings.HasPrefix(base, "chain") {
			return fmt.Errorf("it is no evidence that is known here")
		}
	}
	return nil
}

func (v *bundleVerifier) checkBlocks(of *link, name string, p *timestamp.Proof) error {
	for _, a := range p.Attestations() {
		switch a.Kind {
		case timestamp.PendingAttestation:
			v.times.promises = append(v.times.promises, promise{of: int(of.sequence)})
		case timestamp.BitcoinAttestation:
			raw, err := v.bundle.Read(path.Join(path.Dir(name), archive.HeaderFile(a.Height)))
			if err != nil || len(raw) != timestamp.HeaderSize {
				v.times.unchecked = append(v.times.unchecked, attestation{of: int(of.sequence), Attestation: a, subject: name})
				continue
			}
			h := (*timestamp.Header)(raw)
			if err := v.options.Network.Proves(h, a); err != nil {
				return err
			}
			v.provenBy(of, a, h, name)
		}
	}
	return nil
}

func (v *bundleVerifier) provenBy(of *link, a *timestamp.Attestation, h *timestamp.Header, name string) {
	v.times.add(proof{
		of: int(of.sequence), by: int(of.sequence), notAfter: h.Time().Add(timestamp.BlockTolerance), notBefore: h.Time().Add(-timestamp.BlockTolerance),
		kind: schemas.BitcoinSource, source: nameOfBlock(a.Height), subject: name,
	})
}

// checkTimes holds the clocks of the snapshots to what is proven.
func (v *bundleVerifier) checkTimes() {
	if v.options.Headers != "" && len(v.times.unchecked) > 0 {
		v.lookUpHeaders()
	}
	v.times.dropRevoked(func(p proof, err error) {
		v.report.problem(checkTimestamps, timeVerdict(err), p.subject, "%v", err)
	})
	v.times.settle()
	for _, sequence := range v.targets {
		l := v.links[sequence]
		v.report.looked(checkTimes, 1)
		p := v.times.existed(int(sequence))
		switch {
		case p == nil && v.options.RequireTime:
			v.report.problem(checkTimes, schemas.Unproven, fmt.Sprintf("commit %d", sequence), "TIME-UNPROVEN: no timestamp proves when it existed")
		case p != nil && l.time.Sub(p.notAfter) > clockTolerance:
			v.report.problem(checkTimes, schemas.Unproven, fmt.Sprintf("commit %d", sequence), "TIME-CONFLICT: it says %s, but %s proves that it existed at %s",
				l.time.UTC().Format(time.RFC3339), p.source, p.notAfter.UTC().Format(time.RFC3339))
		}
	}
}

func (v *bundleVerifier) lookUpHeaders() {
	found, err := FindHeaders(v.ctx, v.options.Headers, v.times.roots())
	if err != nil {
		v.report.problem(checkTimestamps, schemas.Incomplete, "block headers", "%v", err)
	}
	var left []attestation
	for _, a := range v.times.unchecked {
		h, ok := found[string(a.Message)]
		if !ok {
			left = append(left, a)
			continue
		}
		if err := v.options.Network.Proves(h, a.Attestation); err != nil {
			v.report.problem(checkTimestamps, timeVerdict(err), a.subject, "%v", err)
			continue
		}
		v.provenBy(v.links[int64(a.of)], a.Attestation, h, a.subject)
	}
	v.times.unchecked = left
}

// checkLog checks the checkpoint, and that the snapshots are in its log.
func (v *bundleVerifier) checkLog() {
	names, err := v.bundle.List(bundledLog)
	if err != nil {
		v.bad(checkCheckpoints, bundledLog, err)
		return
	}
	keys, err := logKeys(v.trustBefore(v.head().sequence + 1)(checkpointKeys))
	if err != nil {
		v.bad(checkCheckpoints, checkpointKeys, err)
		return
	}
	policy := v.options.Checkpoints
	var known []sizedCheckpoint
	for _, name := range names {
		v.report.looked(checkCheckpoints, 1)
		data, err := v.bundle.Read(name)
		if err != nil {
			v.bad(checkCheckpoints, name, err)
			continue
		}
		if digits, ok := strings.CutSuffix(path.Base(name), ".tlog-proof"); ok {
			v.checkProof(name, digits, data, keys)
			continue
		}
		signed, err := checkpoint.Open(data, keys, policy.Witnesses)
		switch size, ok := checkpointSize(path.Base(name)); {
		case err != nil:
			v.report.problem(checkCheckpoints, schemas.Tampered, name, "%v", err)
		case !ok || signed.Size != size || signed.Origin != v.report.ArchiveID:
			v.report.problem(checkCheckpoints, schemas.Tampered, name, "it is of %d commits of %.100q", signed.Size, signed.Origin)
		default:
			known = append(known, sizedCheckpoint{signed, name})
		}
	}
	outer := &verifier{options: v.options, report: v.report}
	outer.checkQuorum(known)
}

func (v *bundleVerifier) checkProof(name, digits string, data []byte, keys []string) {
	proof, err := checkpoint.ParseProof(data)
	if err != nil {
		v.report.problem(checkCheckpoints, schemas.Tampered, name, "%v", err)
		return
	}
	l := v.links[proof.Index]
	if l == nil || strconv.FormatInt(proof.Index, 10) != digits {
		v.report.problem(checkCheckpoints, schemas.Tampered, name, "it is of snapshot %d", proof.Index)
		return
	}
	if _, err := proof.Verify(l.commit.Raw, keys, v.options.Checkpoints.Witnesses); err != nil {
		v.report.problem(checkCheckpoints, schemas.Rollback, name, "%v", err)
	}
}
