package provenance

import (
	"context"
	"fmt"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/schemas"
)

// Vouch adds evidence on commits of the archive, and log files, by one commit of
// kind evidence. The subject says in printable ASCII what it adds. It returns nil
// when all of it was there already.
func (rec *Recorder) Vouch(ctx context.Context, subject string, evidence []*archive.Evidence, log ...*archive.LogFile) (*archive.Snapshot, error) {
	return rec.append(ctx, &archive.Draft{Kind: schemas.KindEvidence, Subject: subject, Evidence: evidence, Log: log})
}

// Entrust writes files of the trust folder by one commit of kind trust. It
// returns nil when they were so already.
func (rec *Recorder) Entrust(ctx context.Context, subject string, files ...*archive.TrustFile) (*archive.Snapshot, error) {
	return rec.append(ctx, &archive.Draft{Kind: schemas.KindTrust, Subject: subject, Trust: files})
}

// append commits a draft that looks at no page, so that there is nothing to
// judge.
func (rec *Recorder) append(ctx context.Context, draft *archive.Draft) (*archive.Snapshot, error) {
	snapshots, err := rec.commitOnHead(ctx, nil, []*archive.Draft{draft})
	if err != nil {
		return nil, fmt.Errorf("committing %s: %w", draft.Kind, err)
	}
	rec.rememberNewest(snapshots)
	return snapshots[0], nil
}
