package provenance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// RepairOptions say what an archive is repaired from.
type RepairOptions struct {
	From     gitstore.Source // objects of another copy
	Name     string          // of that copy, for the report
	Command  string          // shown to another process that waits
	Wait     time.Duration   // for another writer; 0: as long as it takes
	Progress Progress        // nil: nobody is told
}

// Repair replaces what is damaged or absent in the archive in dir by what another
// copy has, see [gitstore.Store.Repair]. It does not verify the archive: that is
// for who asks for it, afterwards.
func Repair(ctx context.Context, dir string, o RepairOptions) (*schemas.RepairSeen, error) {
	store, err := gitstore.Open(dir)
	if errors.Is(err, gitstore.ErrNotRepository) {
		return nil, fmt.Errorf("%s: %w", dir, archive.ErrNotArchive)
	}
	if err != nil {
		return nil, fmt.Errorf("opening archive %s: %w", dir, err)
	}
	defer store.Close()
	listed := &listedSums{}
	report, err := store.Repair(ctx, gitstore.RepairOptions{
		From: o.From, Owner: gitstore.Owner{Command: o.Command}, Wait: o.Wait, Progress: o.Progress,
		Manifest: archive.ManifestFile, Listed: listed.of, Skip: withheldIn(ctx, dir, store),
	})
	if err != nil {
		return nil, err
	}
	seen := &schemas.RepairSeen{From: o.Name, Repaired: int64(len(report.Repaired)), Aside: report.Aside}
	for _, lost := range report.Lost {
		if len(seen.Lost) == maxProblems {
			seen.More++
			continue
		}
		seen.Lost = append(seen.Lost, schemas.LostObject{Object: lost.ID.String(), Detail: lost.Err.Error()})
	}
	return seen, nil
}

// listedSums finds digests in manifests. It keeps the last one, since files that
// are repaired come together.
type listedSums struct {
	last schemas.Digest
	sums map[string]schemas.Digest
}

func (l *listedSums) of(manifest []byte, path string) (sum [32]byte, ok bool) {
	if digest := schemas.DigestOf(manifest); digest != l.last || l.sums == nil {
		l.last, l.sums = digest, map[string]schemas.Digest{}
		entries, err := schemas.ParseManifest(manifest)
		if err != nil {
			return sum, false // verify tells
		}
		for _, entry := range entries {
			l.sums[entry.Path] = entry.SHA256
		}
	}
	digest, ok := l.sums[path]
	return [32]byte(digest), ok
}
