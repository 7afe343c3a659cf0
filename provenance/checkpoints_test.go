package provenance_test

import (
	"crypto/rand"
	"strconv"
	"strings"
	"testing"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/provenance/checkpoint"
	"github.com/walkback-dev/walkback/provenance/provenancetest"
	"github.com/walkback-dev/walkback/schemas"
)

// logged is an archive with one post and a checkpoint of it.
func logged(t *testing.T) (*provenancetest.Archive, *checkpoint.Key) {
	t.Helper()
	a := provenancetest.New(t, newWeb(t))
	a.Capture(postURL)
	_, key, err := checkpoint.NewKey(a.Archive.ID(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	report, err := a.Checkpoint(t.Context(), provenance.CheckpointOptions{Key: key})
	if err != nil || report.Size != 3 || report.Sequence != 3 {
		t.Fatalf("the checkpoint is %+v, %v", report, err)
	}
	return a, key
}

// store puts a note into the archive as whoever holds the signing key can.
func store(t *testing.T, a *provenancetest.Archive, size int64, note []byte) {
	t.Helper()
	name := "checkpoint-" + strconv.FormatInt(size, 10)
	if _, err := a.Vouch(t.Context(), "a note", nil, &archive.LogFile{Name: name, Content: note}); err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointsThatContradict(t *testing.T) {
	other := checkpoint.LeafHash([]byte("another history"))
	for _, test := range []struct {
		name string
		size int64
		note func(a *provenancetest.Archive, key *checkpoint.Key) []byte
		code int
		says string
	}{
		{"another root", 2, func(a *provenancetest.Archive, key *checkpoint.Key) []byte {
			return signed(t, key, checkpoint.Checkpoint{Origin: a.Archive.ID(), Size: 2, Root: other})
		}, 14, "log/checkpoint-2: the log key has signed 2 commits with the root " + other.String()},
		{"more than there is", 99, func(a *provenancetest.Archive, key *checkpoint.Key) []byte {
			return signed(t, key, checkpoint.Checkpoint{Origin: a.Archive.ID(), Size: 99, Root: other})
		}, 14, "log/checkpoint-99: the log key has signed 99 commits, but this history has 5: it was rolled back"},
		{"another log key", 2, func(a *provenancetest.Archive, _ *checkpoint.Key) []byte {
			_, stranger, err := checkpoint.NewKey(a.Archive.ID(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return signed(t, stranger, checkpoint.Checkpoint{Origin: a.Archive.ID(), Size: 2, Root: other})
		}, 10, "log/checkpoint-2: no key that is known has signed it"},
		{"another size", 1, func(a *provenancetest.Archive, key *checkpoint.Key) []byte {
			return signed(t, key, checkpoint.Checkpoint{Origin: a.Archive.ID(), Size: 2, Root: other})
		}, 10, "log/checkpoint-1: it is of 2 commits"},
		{"no note", 2, func(*provenancetest.Archive, *checkpoint.Key) []byte { return []byte("\x1b[31m\n") }, 10, "log/checkpoint-2: malformed note"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, key := logged(t)
			store(t, a, test.size, test.note(a, key))
			report := a.Verify()
			if got := problems(report); report.ExitCode != test.code || !strings.Contains(got, test.says) {
				t.Errorf("exit code %d, want %d; got %s, want %q", report.ExitCode, test.code, got, test.says)
			}
		})
	}
}

func signed(t *testing.T, key *checkpoint.Key, c checkpoint.Checkpoint) []byte {
	t.Helper()
	note, err := key.Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// A checkpoint that a reader was given proves a fork even to someone who never
// saw the archive before.
func TestCheckpointGiven(t *testing.T) {
	a, key := logged(t)
	given := signed(t, key, checkpoint.Checkpoint{Origin: a.Archive.ID(), Size: 2, Root: checkpoint.LeafHash(nil)})
	verify := func(notes map[string][]byte) *schemas.VerifyReport {
		report, err := provenance.Verify(t.Context(), a.Dir(), provenance.VerifyOptions{Checkpoints: provenance.CheckpointPolicy{Given: notes}})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	if report := verify(nil); report.ExitCode != 0 || report.Checkpoints.Size != 3 {
		t.Errorf("without it: %s", problems(report))
	}
	report := verify(map[string][]byte{"given.note": given})
	if got := problems(report); report.ExitCode != 14 || !strings.Contains(got, "given.note: the log key has signed 2 commits with the root") {
		t.Errorf("with it: %d %s", report.ExitCode, got)
	}
	if report := verify(map[string][]byte{"given.note": []byte("nonsense")}); report.ExitCode != 11 {
		t.Errorf("with nonsense: %d %s", report.ExitCode, problems(report))
	}
}

// Both signed heads of a fork are in the report.
func TestConflict(t *testing.T) {
	v := newVictim(t)
	seen, err := v.memory.Receipt(v.id)
	if err != nil || !strings.Contains(seen.Head, "BEGIN SSH SIGNATURE") {
		t.Fatalf("the receipt is %+v, %v", seen, err)
	}
	v.git("update-ref", "refs/heads/main", "main~1")
	report := v.verify(provenance.VerifyOptions{})
	if report.ExitCode != 14 || report.Conflict == nil || report.Conflict.Seen != seen.Head ||
		schemas.DigestOf([]byte(report.Conflict.Found)) != report.Head.SHA256 {
		t.Errorf("the report has %d, %+v", report.ExitCode, report.Conflict)
	}
}

func TestInclusionProof(t *testing.T) {
	a, _ := logged(t)
	data, err := provenance.ProveInclusion(t.Context(), a.Archive, 1)
	if err != nil {
		t.Fatal(err)
	}
	if sequence, signed, err := provenance.CheckInclusionProof(t.Context(), a.Archive, data, nil); err != nil || sequence != 1 || signed.Size != 3 {
		t.Errorf("checked: %d, %+v, %v", sequence, signed, err)
	}
	if _, err := provenance.ProveInclusion(t.Context(), a.Archive, 3); err == nil {
		t.Error("the commit that stores the checkpoint is in its own log")
	}
}
