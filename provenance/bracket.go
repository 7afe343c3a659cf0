package provenance

import (
	"context"
	"iter"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/schemas"
)

// maxFolders bounds how many folders of evidence without a proven time are looked
// through for one that has.
const maxFolders = 64

// Brackets finds what timestamps prove of single snapshots of an archive, from the
// evidence next to them. It is for readers, whom [Verify] has told that the archive
// is sound: what is wrong with evidence is passed over. One goroutine uses it.
type Brackets struct {
	archive     *archive.Archive
	network     timestamp.Network
	head        *archive.Snapshot
	none        bool // no snapshot has any evidence: it is never taken out again
	authorities *authorities
	tokens      timestamp.Verifier
}

// NewBrackets begins with the archive as it is now.
func NewBrackets(a *archive.Archive, network timestamp.Network) (*Brackets, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	has, err := head.HasEvidence()
	if err != nil {
		return nil, err
	}
	return &Brackets{archive: a, network: network, head: head, none: !has, authorities: newAuthorities()}, nil
}

// Of returns what is proven of a snapshot: that it existed at a time, by the
// nearest proof of it or of a later one, and that it is later than a time, by the
// nearest proof that it or an earlier one holds. It is nil when nothing is.
func (b *Brackets) Of(ctx context.Context, s *archive.Snapshot) (*schemas.Bracket, error) {
	if b.none {
		return nil, nil // without a look into its tree
	}
	sequence := s.Message.Sequence
	existed, err := b.nearest(ctx, b.head, b.head.EvidenceFrom(ctx, sequence), func(p, q *schemas.ProvenTime) bool { return p.Time < q.Time }, 1)
	if err != nil {
		return nil, err
	}
	followed, err := b.nearest(ctx, s, s.EvidenceBack(ctx, sequence-1), func(p, q *schemas.ProvenTime) bool { return p.Time > q.Time }, -1)
	if err != nil || existed == nil && followed == nil {
		return nil, err
	}
	return &schemas.Bracket{NotAfter: existed, NotBefore: followed}, nil
}

// nearest returns the best proof of the first folder of evidence that has one. side
// says in which direction the uncertainty of a source counts.
func (b *Brackets) nearest(ctx context.Context, in *archive.Snapshot, files iter.Seq2[archive.EvidenceFile, error], better func(p, q *schemas.ProvenTime) bool, side int) (best *schemas.ProvenTime, err error) {
	var of schemas.Digest
	folders := 0
	for file, err := range files {
		if err != nil {
			return nil, err
		}
		if file.Of != of {
			if best != nil || folders == maxFolders {
				break
			}
			of, folders = file.Of, folders+1
		}
		p, err := b.proven(ctx, in, file, side)
		if err != nil {
			return nil, err
		}
		if p != nil && (best == nil || better(p, best)) {
			best = p
		}
	}
	return best, nil
}

// proven returns the time that a file of evidence proves, nil when it proves none.
func (b *Brackets) proven(ctx context.Context, in *archive.Snapshot, file archive.EvidenceFile, side int) (*schemas.ProvenTime, error) {
	kind, name, _ := file.Kind()
	if kind != archive.TokenEvidence && kind != archive.BlockProof {
		return nil, nil
	}
	of, err := b.archive.At(ctx, file.Low)
	if err != nil || of.Ref().SHA256 != file.Of {
		return nil, err
	}
	data, err := in.ReadEvidence(file)
	if err != nil {
		return nil, err
	}
	if kind == archive.BlockProof {
		return b.provenByBlock(of, file, data, side)
	}
	known, err := b.authorities.of(b.archive.Store(), b.head.Commit.Tree)
	if err != nil || known[name] == nil {
		return nil, err
	}
	token, err := timestamp.ParseResponse(data)
	if err != nil {
		return nil, nil //nolint:nilerr // verify tells
	}
	p, err := b.tokens.Verify(token, of.Commit.Raw, known[name])
	if err != nil {
		return nil, nil //nolint:nilerr // verify tells
	}
	at := p.Time.Add(p.Accuracy)
	if side < 0 {
		at = p.Time.Add(-p.Accuracy)
	}
	return &schemas.ProvenTime{Time: schemas.TimeOf(at), Kind: schemas.AuthoritySource, Source: name, Of: of.Message.Sequence}, nil
}

func (b *Brackets) provenByBlock(of *archive.Snapshot, file archive.EvidenceFile, data []byte, side int) (*schemas.ProvenTime, error) {
	proof, err := timestamp.ParseProof(data)
	if err != nil || proof.Digest != of.Commit.SHA256 {
		return nil, nil //nolint:nilerr // verify tells
	}
	for _, a := range proof.Attestations() {
		if a.Kind != timestamp.BitcoinAttestation {
			continue
		}
		header := file
		header.Name = archive.HeaderFile(a.Height)
		entry, err := b.archive.Store().Lookup(b.head.Commit.Tree, header.Path())
		if err != nil {
			continue // there is none, or verify tells
		}
		header.Blob = entry.ID
		raw, err := b.head.ReadEvidence(header)
		if err != nil || len(raw) != timestamp.HeaderSize {
			continue
		}
		if h := (*timestamp.Header)(raw); b.network.Proves(h, a) == nil {
			at := h.Time().Add(timestamp.BlockTolerance)
			if side < 0 {
				at = h.Time().Add(-timestamp.BlockTolerance)
			}
			return &schemas.ProvenTime{Time: schemas.TimeOf(at), Kind: schemas.BitcoinSource, Source: nameOfBlock(a.Height), Of: of.Message.Sequence}, nil
		}
	}
	return nil, nil
}
