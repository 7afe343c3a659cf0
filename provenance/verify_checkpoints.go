package provenance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/schemas"
)

// CheckpointPolicy is what a verifier knows of checkpoints from elsewhere.
type CheckpointPolicy struct {
	Given     map[string][]byte // checkpoints that came another way than with the archive, by what to call them
	Witnesses []string          // verifier keys of the witnesses that are trusted
	Quorum    int               // how many of them must have signed the newest checkpoint
}

// sizedCheckpoint is a verified note, and what it was found as.
type sizedCheckpoint struct {
	*checkpoint.Signed
	subject string
}

// checkCheckpoints holds the history against every checkpoint that is known:
// each must be of its first commits.
func (v *verifier) checkCheckpoints(ctx context.Context) {
	if v.options.since != nil {
		return // a quick look at what came since the receipt
	}
	if !v.whole || v.report.ArchiveID == "" || len(v.chain) == 0 {
		v.report.skip(checkCheckpoints, "the history does not reach back to its root, so its log is not known")
		return
	}
	known, ok := v.openCheckpoints()
	if !ok {
		return
	}
	if len(known) > 0 {
		v.compareLog(ctx, known)
	}
	v.checkQuorum(known)
}

// openCheckpoints verifies the signatures of all checkpoints, and returns them
// smallest first.
func (v *verifier) openCheckpoints() ([]sizedCheckpoint, bool) {
	keys, err := logKeys(v.trustFile(checkpointKeys))
	if err != nil {
		v.report.unreadable(archive.TrustFolder+"/"+checkpointKeys, err)
		return nil, false
	}
	var known []sizedCheckpoint
	open := func(subject string, note []byte, untrusted schemas.Verdict) *checkpoint.Signed {
		signed, err := checkpoint.Open(note, keys, v.options.Checkpoints.Witnesses)
		switch {
		case err != nil:
			v.report.problem(checkCheckpoints, untrusted, subject, "%v", err)
			return nil
		case signed.Origin != v.report.ArchiveID:
			v.report.problem(checkCheckpoints, untrusted, subject, "it is of the archive %q, this is %s", signed.Origin, v.report.ArchiveID)
			return nil
		}
		known = append(known, sizedCheckpoint{signed, subject})
		return signed
	}
	for file, err := range v.store.Files(v.head.tree, archive.LogFolder) {
		if err != nil {
			v.report.unreadable(archive.LogFolder, err)
			return nil, false
		}
		size, ok := checkpointSize(strings.TrimPrefix(file.Path, archive.LogFolder+"/"))
		if !ok {
			v.report.warn(checkCheckpoints, "nothing is known of files such as "+file.Path)
			continue
		}
		note, err := v.small(file.ID)
		if err != nil {
			v.report.unreadable(file.Path, err)
			continue
		}
		if signed := open(file.Path, note, schemas.Tampered); signed != nil && signed.Size != size {
			v.report.problem(checkCheckpoints, schemas.Tampered, file.Path, "it is of %d commits", signed.Size)
		}
	}
	for name, note := range v.options.Checkpoints.Given {
		open(name, note, schemas.Untrusted)
	}
	slices.SortStableFunc(known, func(a, b sizedCheckpoint) int { return cmp.Compare(a.Size, b.Size) })
	return known, true
}

// trustFile reads a file of the newest snapshot's trust folder.
func (v *verifier) trustFile(name string) ([]byte, error) {
	entry, err := v.store.Lookup(v.head.tree, archive.TrustFolder+"/"+name)
	if err != nil {
		return nil, err
	}
	return v.small(entry.ID)
}

// small reads a file that has no reason to be large.
func (v *verifier) small(id gitstore.ID) ([]byte, error) {
	file, err := v.store.Open(id)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if file.Size() > archive.EvidenceLimit {
		return nil, &gitstore.CorruptError{ID: id, Reason: fmt.Sprintf("it has more than %d bytes", archive.EvidenceLimit)}
	}
	_, data, err := v.store.Object(id)
	return data, err
}

// compareLog walks through the log from its beginning and compares its root with
// that of each checkpoint where it has its size.
func (v *verifier) compareLog(ctx context.Context, known []sizedCheckpoint) {
	frontier := &checkpoint.Frontier{}
	next := 0
	compare := func() {
		for ; next < len(known) && known[next].Size == frontier.Size(); next++ {
			c := known[next]
			v.report.looked(checkCheckpoints, 1)
			if root := frontier.Root(); c.Root != root {
				v.report.problem(checkCheckpoints, schemas.Rollback, c.subject,
					"the log key has signed %d commits with the root %s, but those of this history have %s: another history was signed", c.Size, c.Root, root)
			}
		}
	}
	compare()
	for _, id := range v.chain {
		if next == len(known) || ctx.Err() != nil {
			return
		}
		commit, err := v.store.Commit(id)
		if err != nil {
			return // the checks on commits tell why
		}
		frontier.Add(checkpoint.LeafHash(commit.Raw))
		compare()
	}
	for _, c := range known[next:] {
		v.report.looked(checkCheckpoints, 1)
		v.report.problem(checkCheckpoints, schemas.Rollback, c.subject,
			"the log key has signed %d commits, but this history has %d: it was rolled back", c.Size, len(v.chain))
	}
}

// checkQuorum notes who has cosigned, and holds the newest checkpoint to the
// number of witnesses that is asked for.
func (v *verifier) checkQuorum(known []sizedCheckpoint) {
	policy := v.options.Checkpoints
	witnessed := 0
	if len(known) > 0 {
		newest := known[len(known)-1]
		seen := &schemas.CheckpointsSeen{Count: int64(len(known)), Size: newest.Size, Root: newest.Root.String()}
		latest := map[string]schemas.WitnessSignature{}
		for _, c := range known {
			seen.Unknown += int64(c.Unknown)
			for _, w := range witnessSignatures(c.Signed) {
				latest[w.Witness] = w
			}
		}
		for _, w := range latest {
			seen.Witnesses = append(seen.Witnesses, w)
		}
		slices.SortFunc(seen.Witnesses, func(a, b schemas.WitnessSignature) int { return strings.Compare(a.Witness, b.Witness) })
		v.report.Checkpoints = seen
		names := map[string]bool{}
		for _, w := range newest.Witnessed {
			names[w.Witness] = true
		}
		witnessed = len(names)
	}
	if witnessed < policy.Quorum {
		v.report.problem(checkCheckpoints, schemas.Policy, "checkpoints",
			"%d of the witnesses that you trust have signed the newest checkpoint, %d are asked for", witnessed, policy.Quorum)
	}
	if witnessed == 0 && len(known) > 0 {
		v.report.warn(checkCheckpoints, "UNWITNESSED: no witness that you trust has signed the newest checkpoint")
	}
}

// notWitnessed says what is open as long as no witness has signed.
func (v *verifier) notWitnessed() string {
	if seen := v.report.Checkpoints; seen != nil && len(seen.Witnesses) > 0 {
		return ""
	}
	return "that no one was shown another history: no witness that you trust has signed a checkpoint of this one"
}

// conflict keeps both heads of a history that is not the one seen before.
func (v *verifier) conflict(seen *schemas.Receipt) {
	if seen.Head == "" {
		return
	}
	conflict := &schemas.Conflict{Seen: seen.Head}
	found := v.head.commit
	if i := seen.Sequence; v.whole && i < int64(len(v.chain)) {
		if commit, err := v.store.Commit(v.chain[i]); err == nil {
			found = commit
		}
	}
	if utf8.Valid(found.Raw) {
		conflict.Found = string(found.Raw)
	}
	v.report.Conflict = conflict
}

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// ErrOtherCommit says that a proof is not of the commit that the archive has at
// its place.
var ErrOtherCommit = errors.New("the proof is of another commit")

// CheckInclusionProof verifies a proof against the archive: its log key has
// signed a log that has the archive's commit at the place the proof names. It
// returns the sequence of that commit and the checkpoint.
func CheckInclusionProof(ctx context.Context, a *archive.Archive, data []byte, witnesses []string) (int64, *checkpoint.Signed, error) {
	proof, err := checkpoint.ParseProof(data)
	if err != nil {
		return 0, nil, err
	}
	head, err := a.Head()
	if err != nil {
		return 0, nil, err
	}
	keys, err := logKeys(head.Trust(checkpointKeys))
	if err != nil {
		return 0, nil, err
	}
	snapshot, err := a.At(ctx, proof.Index)
	if err != nil {
		return 0, nil, err
	}
	signed, err := proof.Verify(snapshot.Commit.Raw, keys, witnesses)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrOtherCommit, err)
	}
	return proof.Index, signed, nil
}
