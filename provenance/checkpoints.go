package provenance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/schemas"
)

const (
	// checkpointKeys lists the verifier keys of an archive's log, below trust/.
	checkpointKeys = "checkpoint.vkey"
	// checkpointPrefix begins the names of checkpoints in log/; their size
	// follows.
	checkpointPrefix = "checkpoint-"
)

// CheckpointOptions say who signs a checkpoint.
type CheckpointOptions struct {
	Key       *checkpoint.Key // whose name is the archive's id
	Witnesses []checkpoint.Witness
	Client    checkpoint.Doer // asks the witnesses
}

// Checkpoint signs what the whole history of the archive is, lets witnesses sign
// that too, and stores it. The first checkpoint by a log key enters the key into
// the trust folder before. When nothing was committed since the newest
// checkpoint but that itself, and every witness has signed it, it is returned as
// it is.
//
// A witness that does not answer or does not sign is part of the report. When one
// says that it has signed another history, nothing is stored.
func (rec *Recorder) Checkpoint(ctx context.Context, o CheckpointOptions) (*schemas.CheckpointReport, error) {
	if _, err := rec.begin(ctx); err != nil {
		return nil, err
	}
	keys, err := rec.enterLogKey(ctx, o.Key)
	if err != nil {
		return nil, err
	}
	head, err := rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	former, err := newestCheckpoint(head, keys, o.Witnesses)
	if err != nil {
		return nil, err
	}
	if former != nil && former.covers(head) && len(former.signed.Witnessed) == len(o.Witnesses) {
		return rec.checkpointReport(former.signed, former.note, o)
	}
	tree, err := logOf(ctx, rec.Archive, head)
	if err != nil {
		return nil, err
	}
	return rec.signCheckpoint(ctx, o, tree, former)
}

// storedCheckpoint is a checkpoint in the log folder.
type storedCheckpoint struct {
	signed *checkpoint.Signed
	note   []byte
}

// covers reports whether the checkpoint vouches for all but the commit that
// stores it.
func (c *storedCheckpoint) covers(head *archive.Snapshot) bool {
	return head.Message.Kind == schemas.KindEvidence && c.signed.Size == head.Message.Sequence
}

// enterLogKey adds the log key to those that the archive names, unless it is
// there, and returns all of them.
func (rec *Recorder) enterLogKey(ctx context.Context, key *checkpoint.Key) ([]string, error) {
	head, err := rec.Archive.Head()
	if err != nil {
		return nil, err
	}
	if key.Name() != rec.Archive.ID() {
		return nil, fmt.Errorf("the log key is for %s, this archive is %s", key.Name(), rec.Archive.ID())
	}
	keys, err := logKeys(head.Trust(checkpointKeys))
	if err != nil || slices.Contains(keys, key.Verifier()) {
		return keys, err
	}
	keys = append(keys, key.Verifier())
	file := &archive.TrustFile{Path: checkpointKeys, Content: []byte(strings.Join(keys, "\n") + "\n")}
	_, err = rec.Entrust(ctx, "a key for checkpoints", file)
	return keys, err
}

// logKeys reads the file of verifier keys, one a line.
func logKeys(data []byte, err error) ([]string, error) {
	if errors.Is(err, gitstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s/%s: %w", archive.TrustFolder, checkpointKeys, err)
	}
	return strings.Fields(string(data)), nil
}

// checkpointSize returns the size in the name of a checkpoint.
func checkpointSize(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, checkpointPrefix)
	size, err := strconv.ParseInt(digits, 10, 64)
	return size, ok && err == nil && strconv.FormatInt(size, 10) == digits
}

// newestCheckpoint returns the largest checkpoint of a snapshot, nil when there
// is none.
func newestCheckpoint(head *archive.Snapshot, keys []string, witnesses []checkpoint.Witness) (*storedCheckpoint, error) {
	names, err := head.LogNames()
	if err != nil {
		return nil, err
	}
	newest := int64(-1)
	for _, name := range names {
		if size, ok := checkpointSize(name); ok {
			newest = max(newest, size)
		}
	}
	if newest < 0 {
		return nil, nil
	}
	name := checkpointPrefix + strconv.FormatInt(newest, 10)
	note, err := head.Log(name)
	if err != nil {
		return nil, err
	}
	signed, err := checkpoint.Open(note, keys, witnessKeys(witnesses))
	if err != nil {
		return nil, fmt.Errorf("opening %s/%s: %w", archive.LogFolder, name, err)
	}
	return &storedCheckpoint{signed: signed, note: note}, nil
}

func witnessKeys(witnesses []checkpoint.Witness) []string {
	var keys []string
	for _, w := range witnesses {
		keys = append(keys, w.Key)
	}
	return keys
}

// logOf returns the log of all commits up to a snapshot.
func logOf(ctx context.Context, a *archive.Archive, head *archive.Snapshot) (*checkpoint.Tree, error) {
	leaves := make([]checkpoint.Hash, 0, head.Message.Sequence+1)
	for commit, err := range a.Store().History(head.Commit.ID) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("reading the log: %w", err)
		}
		leaves = append(leaves, checkpoint.LeafHash(commit.Raw))
	}
	if int64(len(leaves)) != head.Message.Sequence+1 {
		return nil, fmt.Errorf("the history has %d commits, but its newest is number %d: a checkpoint needs all of them", len(leaves), head.Message.Sequence)
	}
	tree := &checkpoint.Tree{}
	for _, leaf := range slices.Backward(leaves) {
		tree.Add(leaf)
	}
	return tree, nil
}

// signCheckpoint signs the log, asks the witnesses and stores what comes of it.
func (rec *Recorder) signCheckpoint(ctx context.Context, o CheckpointOptions, tree *checkpoint.Tree, former *storedCheckpoint) (*schemas.CheckpointReport, error) {
	root, err := tree.Root()
	if err != nil {
		return nil, err
	}
	note, err := o.Key.Sign(checkpoint.Checkpoint{Origin: rec.Archive.ID(), Size: tree.Size(), Root: root})
	if err != nil {
		return nil, err
	}
	var refused []schemas.WitnessRefusal
	for _, witness := range o.Witnesses {
		known := int64(0)
		if former != nil && len(former.signed.Witnessed) > 0 {
			known = former.signed.Size
		}
		cosigned, err := witness.Add(ctx, o.Client, note, known, tree)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			var refusal *checkpoint.RefusedError
			refused = append(refused, schemas.WitnessRefusal{
				Witness: witness.URL, Detail: err.Error(), Fork: errors.As(err, &refusal) && refusal.Fork(),
			})
			continue
		}
		note = cosigned
	}
	signed, err := checkpoint.Open(note, []string{o.Key.Verifier()}, witnessKeys(o.Witnesses))
	if err != nil {
		return nil, fmt.Errorf("opening what was signed: %w", err)
	}
	report, err := rec.checkpointReport(signed, note, o)
	if err != nil {
		return nil, err
	}
	report.Refused = refused
	if slices.ContainsFunc(refused, func(r schemas.WitnessRefusal) bool { return r.Fork }) {
		return report, nil // nothing is built on a history that a witness contradicts
	}
	name := checkpointPrefix + strconv.FormatInt(signed.Size, 10)
	snapshot, err := rec.Vouch(ctx, fmt.Sprintf("checkpoint of %d commits", signed.Size), nil, &archive.LogFile{Name: name, Content: note})
	if err != nil {
		return nil, err
	}
	if snapshot != nil {
		report.Sequence = snapshot.Message.Sequence
	}
	return report, nil
}

func (rec *Recorder) checkpointReport(signed *checkpoint.Signed, note []byte, o CheckpointOptions) (*schemas.CheckpointReport, error) {
	return &schemas.CheckpointReport{
		Schema: schemas.CheckpointReportSchema, ArchiveID: rec.Archive.ID(), Size: signed.Size, Root: signed.Root.String(),
		LogKey: o.Key.Verifier(), Note: string(note), Witnesses: witnessSignatures(signed),
	}, nil
}

func witnessSignatures(signed *checkpoint.Signed) []schemas.WitnessSignature {
	var list []schemas.WitnessSignature
	for _, c := range signed.Witnessed {
		list = append(list, schemas.WitnessSignature{Witness: c.Witness, Size: signed.Size, At: schemas.TimeOf(unix(c.Time))})
	}
	return list
}

// ErrNoCheckpoint says that no checkpoint vouches for a snapshot.
var ErrNoCheckpoint = errors.New("no checkpoint vouches for the snapshot")

// ProveInclusion returns the proof, in the form of [checkpoint.Proof], that a
// snapshot is in the log of the archive's newest checkpoint.
func ProveInclusion(ctx context.Context, a *archive.Archive, sequence int64) ([]byte, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	keys, err := logKeys(head.Trust(checkpointKeys))
	if err != nil {
		return nil, err
	}
	newest, err := newestCheckpoint(head, keys, nil)
	if err != nil {
		return nil, err
	}
	if newest == nil || sequence >= newest.signed.Size {
		return nil, fmt.Errorf("snapshot %d: %w", sequence, ErrNoCheckpoint)
	}
	tree, err := logOf(ctx, a, head)
	if err != nil {
		return nil, err
	}
	path, err := tree.Inclusion(sequence, newest.signed.Size)
	if err != nil {
		return nil, err
	}
	return (&checkpoint.Proof{Index: sequence, Path: path, Note: newest.note}).Encode(), nil
}
