package provenance

import (
	"context"
	"errors"
	"fmt"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// Cosignature returns the armored SSHSIG of a key over the raw commit of a
// snapshot, its signature included, in the namespace of co-signatures.
func Cosignature(key *trust.Key, of *archive.Snapshot) ([]byte, error) {
	return key.SignIn(trust.CosignNamespace, of.Commit.Raw)
}

// CosignError is returned for a co-signature that verify would refuse.
type CosignError struct {
	Of  schemas.CommitRef
	Err error
}

func (e *CosignError) Error() string {
	return fmt.Sprintf("the co-signature of snapshot %d: %v", e.Of.Sequence, e.Err)
}

func (e *CosignError) Unwrap() error { return e.Err }

// CosignedBy checks a co-signature against what the newest snapshot allows, and
// returns who made it.
func CosignedBy(a *archive.Archive, of *archive.Snapshot, armor []byte, at trust.Moment) (principal, fingerprint string, err error) {
	fail := func(err error) (string, string, error) {
		return "", "", &CosignError{Of: of.Ref(), Err: err}
	}
	key, err := trust.VerifyIn(trust.CosignNamespace, of.Commit.Raw, armor)
	if err != nil {
		return fail(err)
	}
	state, err := TrustState(a)
	if err != nil {
		return "", "", err
	}
	principal, err = state.Principal(trust.CosignNamespace, key, at)
	if err == nil {
		return principal, trust.Fingerprint(key), nil
	}
	// Whoever is let in by a trust commit may co-sign that one.
	if of.Message.Kind == schemas.KindTrust {
		if own, ownErr := trustAt(a, of); ownErr == nil {
			if _, revoked := state.Revocations.Of(key); !revoked {
				if principal, ok := own.Signers.Holder(key); ok {
					return principal, trust.Fingerprint(key), nil
				}
			}
		}
	}
	return fail(err)
}

// Cosign co-signs snapshots with a key and keeps that as evidence, by one commit
// that the recorder signs. It returns nil when the key had co-signed all of them.
func (rec *Recorder) Cosign(ctx context.Context, key *trust.Key, of ...*archive.Snapshot) (*archive.Snapshot, error) {
	var armors [][]byte
	var missing []*archive.Snapshot
	head, err := rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	for _, snapshot := range of {
		has, err := hasCosigned(ctx, head, snapshot, key.Fingerprint())
		if err != nil {
			return nil, err
		}
		if has {
			continue
		}
		armor, err := Cosignature(key, snapshot)
		if err != nil {
			return nil, err
		}
		missing, armors = append(missing, snapshot), append(armors, armor)
	}
	if len(missing) == 0 {
		return nil, nil
	}
	return rec.AddCosignatures(ctx, missing, armors)
}

// AddCosignatures keeps co-signatures, one of each snapshot, as evidence. Those
// that verify would refuse are a *CosignError, and nothing is kept.
func (rec *Recorder) AddCosignatures(ctx context.Context, of []*archive.Snapshot, armors [][]byte) (*archive.Snapshot, error) {
	var evidence []*archive.Evidence
	head, err := rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	by := ""
	for i, snapshot := range of {
		_, fp, err := CosignedBy(rec.Archive, snapshot, armors[i], trust.Moment{Claimed: rec.now()})
		if err != nil {
			return nil, err
		}
		has, err := hasCosigned(ctx, head, snapshot, fp)
		if err != nil {
			return nil, err
		}
		if !has {
			evidence = append(evidence, &archive.Evidence{Of: snapshot.Ref(), Name: archive.CosignFile(fp), Content: armors[i]})
			by = fp
		}
	}
	switch len(evidence) {
	case 0:
		return nil, nil
	case 1:
		return rec.Vouch(ctx, fmt.Sprintf("snapshot %d co-signed by %s", evidence[0].Of.Sequence, by), evidence)
	}
	return rec.Vouch(ctx, fmt.Sprintf("%d co-signatures", len(evidence)), evidence)
}

// hasCosigned reports whether there is a co-signature already. Of keys that sign
// anew each time the first one stays.
func hasCosigned(ctx context.Context, head, of *archive.Snapshot, fingerprint string) (bool, error) {
	files, err := head.EvidenceOf(ctx, of.Ref())
	if err != nil {
		return false, err
	}
	for _, file := range files {
		if file.Name == archive.CosignFile(fingerprint) {
			return true, nil
		}
	}
	return false, nil
}

// Uncosigned returns the snapshots from a sequence on that a key has not
// co-signed, oldest first: all but those of kind evidence.
func Uncosigned(ctx context.Context, a *archive.Archive, key *trust.Key, from int64) ([]*archive.Snapshot, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	var open []*archive.Snapshot
	for sequence := from; sequence <= head.Message.Sequence; sequence++ {
		snapshot, err := a.At(ctx, sequence)
		if err != nil {
			return nil, err
		}
		if snapshot.Message.Kind == schemas.KindEvidence {
			continue
		}
		has, err := hasCosigned(ctx, head, snapshot, key.Fingerprint())
		if err != nil {
			return nil, err
		}
		if !has {
			open = append(open, snapshot)
		}
	}
	return open, nil
}

// CosignedWhich returns the snapshot that a co-signature is of: the newest that
// it fits.
func CosignedWhich(ctx context.Context, a *archive.Archive, armor []byte) (*archive.Snapshot, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	for sequence := head.Message.Sequence; sequence >= 0 && ctx.Err() == nil; sequence-- {
		snapshot, err := a.At(ctx, sequence)
		if err != nil {
			return nil, err
		}
		_, err = trust.VerifyIn(trust.CosignNamespace, snapshot.Commit.Raw, armor)
		var bad *trust.SignatureError
		switch {
		case err == nil:
			return snapshot, nil
		case !errors.As(err, &bad) || !bad.Misfit:
			return nil, err
		}
	}
	return nil, errors.Join(ctx.Err(), errors.New("the co-signature is of no snapshot of this archive"))
}
