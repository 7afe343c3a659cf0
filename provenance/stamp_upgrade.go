package provenance

import (
	"context"
	"fmt"
	"slices"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

// Upgrade asks the calendars for what became of their promises, the newest first,
// and keeps the proofs that lead into a block; and, from a file of raw block
// headers, the headers of those blocks. headers may be "".
func (rec *Recorder) Upgrade(ctx context.Context, s *Stamper, headers string) (*schemas.StampReport, error) {
	if err := rec.Ready(ctx); err != nil {
		return nil, err
	}
	head, err := rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	u := &upgrading{Stamper: s, rec: rec, head: head, report: rec.stampReport(), waiting: map[string][]blockWait{}}
	if err := u.ask(ctx); err != nil {
		return nil, err
	}
	if headers != "" {
		if err := u.addHeaders(ctx, headers); err != nil {
			return nil, err
		}
	}
	if len(u.evidence) == 0 {
		return u.report, nil
	}
	snapshot, err := rec.Vouch(ctx, "upgraded timestamps", u.evidence)
	if err != nil || snapshot == nil {
		return u.report, err
	}
	ref := snapshot.Ref()
	u.report.Commit = &ref
	return u.report, nil
}

// upgrading is one call of [Recorder.Upgrade].
type upgrading struct {
	*Stamper
	rec      *Recorder
	head     *archive.Snapshot
	report   *schemas.StampReport
	evidence []*archive.Evidence
	waiting  map[string][]blockWait // by Merkle root: proofs that lack the header of their block
}

type blockWait struct {
	of schemas.CommitRef
	a  *timestamp.Attestation
}

// folder is the evidence of one commit.
type folder struct {
	of    schemas.CommitRef
	files []archive.EvidenceFile
}

func (f *folder) has(name string) bool {
	return slices.ContainsFunc(f.files, func(file archive.EvidenceFile) bool { return file.Name == name })
}

func (f *folder) hasKind(kind archive.EvidenceKind) bool {
	return slices.ContainsFunc(f.files, func(file archive.EvidenceFile) bool { k, _, _ := file.Kind(); return k == kind })
}

// ask goes through all folders of evidence, the newest first.
func (u *upgrading) ask(ctx context.Context) error {
	var at *folder
	asked := 0
	for file, err := range u.head.EvidenceBack(ctx, u.head.Message.Sequence) {
		if err != nil {
			return err
		}
		if at != nil && at.of.SHA256 != file.Of {
			if err := u.folder(ctx, at, &asked); err != nil {
				return err
			}
			at = nil
		}
		if at == nil {
			at = &folder{of: schemas.CommitRef{Sequence: file.Low, SHA256: file.Of}}
		}
		at.files = append(at.files, file)
	}
	if at != nil {
		return u.folder(ctx, at, &asked)
	}
	return nil
}

func (u *upgrading) folder(ctx context.Context, f *folder, asked *int) error {
	done := f.hasKind(archive.BlockProof)
	for _, file := range f.files {
		kind, _, _ := file.Kind()
		if kind != archive.BlockProof && (kind != archive.PendingProof || done || *asked >= maxUpgrades) {
			continue
		}
		data, err := u.head.ReadEvidence(file)
		if err != nil {
			return err
		}
		proof, err := timestamp.ParseProof(data)
		if err != nil {
			continue // verify tells what is wrong with it
		}
		if kind == archive.PendingProof {
			*asked++
			if proof, err = u.upgrade(ctx, f, file, proof); err != nil {
				return err
			}
		}
		if proof != nil {
			u.wait(f, proof)
		}
	}
	return nil
}

// upgrade asks for one proof. It returns nil when that is in no block yet.
func (u *upgrading) upgrade(ctx context.Context, f *folder, file archive.EvidenceFile, pending *timestamp.Proof) (*timestamp.Proof, error) {
	result := schemas.StampResult{Name: fmt.Sprintf("%s of snapshot %d", file.Name, f.of.Sequence), Outcome: schemas.StampWaiting}
	var allowed []string
	for _, c := range u.Calendars {
		allowed = append(allowed, c.URL)
	}
	proof, err := u.Client.Upgrade(ctx, pending, allowed)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		result.Detail = err.Error()
		if proof == nil {
			result.Outcome = schemas.StampFailed
		}
	}
	if proof != nil {
		height, _ := proof.Height()
		result.Outcome, result.File = schemas.StampUpgraded, archive.BlockProofFile(height)
		if !slices.ContainsFunc(u.evidence, func(e *archive.Evidence) bool { return e.Of == f.of && e.Name == result.File }) {
			u.evidence = append(u.evidence, &archive.Evidence{Of: f.of, Name: result.File, Content: proof.Encode()})
		}
	}
	u.report.Asked = append(u.report.Asked, result)
	return proof, nil
}

// wait notes which headers a proof needs.
func (u *upgrading) wait(f *folder, proof *timestamp.Proof) {
	for _, a := range proof.Attestations() {
		if a.Kind == timestamp.BitcoinAttestation && !f.has(archive.HeaderFile(a.Height)) {
			u.waiting[string(a.Message)] = append(u.waiting[string(a.Message)], blockWait{of: f.of, a: a})
		}
	}
}

func (u *upgrading) addHeaders(ctx context.Context, file string) error {
	roots := map[string]bool{}
	for root := range u.waiting {
		roots[root] = true
	}
	found, err := FindHeaders(ctx, file, roots)
	if err != nil {
		return err
	}
	for root, h := range found {
		for _, w := range u.waiting[root] {
			result := schemas.StampResult{Name: nameOfBlock(w.a.Height), Outcome: schemas.StampGiven, Time: schemas.TimeOf(h.Time()), File: archive.HeaderFile(w.a.Height)}
			if err := u.Network.Proves(h, w.a); err != nil {
				result = schemas.StampResult{Name: result.Name, Outcome: schemas.StampFailed, Detail: err.Error()}
			} else {
				u.evidence = append(u.evidence, &archive.Evidence{Of: w.of, Name: result.File, Content: h[:]})
			}
			u.report.Asked = append(u.report.Asked, result)
		}
	}
	return nil
}
