package provenance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// VerifyOptions say what to verify and against what.
type VerifyOptions struct {
	Memory       *trust.Memory           // receipts and introductions of this user
	Introduction *schemas.Introduction   // handed over for this archive; nil: the one in Memory, if any
	Page         *archive.PageRef        // hash only what snapshots of this page hold
	Range        *Range                  // hash only what these snapshots hold
	Strict       bool                    // an archive that is not pinned is untrusted
	Now          func() time.Time        // nil: time.Now
	Progress     func(done, total int64) // called by several goroutines

	// since stops the walk at a commit that was verified before.
	since *schemas.Receipt
}

// Range is a range of snapshots by sequence, both ends included.
type Range struct{ From, To int64 }

// scope says for which commits files are hashed. The form, the signature and
// the chain of every commit are always checked.
type scope func(v *verifier, index int) bool

// everything hashes all files of all commits.
func everything(*verifier, int) bool { return true }

// sinceReceipt is the quick check before something is built on a head: all that
// came after what was verified before, or the newest commit of an archive that
// this user never verified.
func sinceReceipt(v *verifier, index int) bool { return v.resumed || index == len(v.chain)-1 }

// Verify checks the archive in dir from its raw objects: all checks run, the
// worst problem decides. An archive that nothing was found wrong with gets a
// receipt in options.Memory. The error is for what could not be checked at all,
// such as a folder that is no archive.
func Verify(ctx context.Context, dir string, options VerifyOptions) (*schemas.VerifyReport, error) {
	store, err := gitstore.Open(dir)
	if errors.Is(err, gitstore.ErrNotRepository) {
		return nil, fmt.Errorf("%s: %w", dir, archive.ErrNotArchive)
	}
	if err != nil {
		return nil, fmt.Errorf("opening archive %s: %w", dir, err)
	}
	defer store.Close()
	v := newVerifier(store, options)
	hash := scope(everything)
	switch {
	case options.Page != nil:
		hash = ofPage(*options.Page)
	case options.Range != nil:
		hash = inRange(*options.Range)
	}
	report := v.run(ctx, hash)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// A receipt spares later commands what it vouches for, so that only a whole
	// verification gives one.
	whole := options.Page == nil && options.Range == nil
	if whole && report.Verdict == schemas.Verified && options.Memory != nil {
		if err := v.rememberGood(); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// ofPage selects the commits that touch a page's folder.
func ofPage(ref archive.PageRef) scope {
	return func(v *verifier, i int) bool {
		now, err := v.store.Lookup(v.chain[i].tree, ref.Folder)
		if err != nil && !errors.Is(err, gitstore.ErrNotFound) {
			return true // let the full check name what is wrong
		}
		var before gitstore.Entry
		if i > 0 {
			if before, err = v.store.Lookup(v.chain[i-1].tree, ref.Folder); err != nil && !errors.Is(err, gitstore.ErrNotFound) {
				return true
			}
		}
		return now.ID != before.ID
	}
}

func inRange(r Range) scope {
	return func(v *verifier, i int) bool {
		return v.chain[i].sequence >= r.From && v.chain[i].sequence <= r.To
	}
}

// verifier holds the state of one verification.
type verifier struct {
	store   *gitstore.Store
	options VerifyOptions
	report  *report
	chain   []link // root first
	whole   bool   // chain begins with a root commit
	resumed bool   // chain begins with a commit that was verified before
	receipt *schemas.Receipt
	hashes  *hashes
	signers *signers
}

// link is what is kept of each commit of the chain.
type link struct {
	id       gitstore.ID
	tree     gitstore.ID
	sha256   schemas.Digest
	sequence int64
	time     time.Time
	sound    bool // its form is as it should be
}

func newVerifier(store *gitstore.Store, options VerifyOptions) *verifier {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &verifier{
		store: store, options: options, report: newReport(),
		hashes: newHashes(store), signers: &signers{known: map[gitstore.ID]allowed{}},
	}
}

// run does every check and returns the report. It stops early only when ctx is
// done.
func (v *verifier) run(ctx context.Context, hash scope) *schemas.VerifyReport {
	v.checkRepository()
	v.recallReceipt() // before the head: a commit in between must not look like a rollback
	v.walk(ctx)
	v.checkIntroduction()
	v.checkReceipt()
	v.checkCommits(ctx, hash)
	v.limits()
	return v.report.finish(v)
}

// checkCommits checks each commit of the chain, several at a time: they do not
// depend on one another once the chain is known. Each worker has a report of its
// own, and what they find is put together in the order of the chain.
func (v *verifier) checkCommits(ctx context.Context, hash scope) {
	var (
		next, done atomic.Int64
		workers    sync.WaitGroup
		mu         sync.Mutex
		found      = map[int]*report{}
	)
	check := func(i int) {
		worker := *v
		worker.report = newReport()
		worker.report.ArchiveID = v.report.ArchiveID
		worker.checkCommit(i, hash(v, i))
		mu.Lock()
		defer mu.Unlock()
		if v.report.count(worker.report) {
			found[i] = worker.report
		}
	}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1) - 1); i < len(v.chain) && ctx.Err() == nil; i = int(next.Add(1) - 1) {
				if v.chain[i].sound && !(i == 0 && v.resumed) {
					check(i)
				}
				if n := done.Add(1); v.options.Progress != nil {
					v.options.Progress(n, int64(len(v.chain)))
				}
			}
		})
	}
	workers.Wait()
	for _, i := range slices.Sorted(maps.Keys(found)) {
		v.report.take(found[i])
	}
}

// rememberGood keeps a receipt for what verified, and the introduction that was
// handed over for it.
func (v *verifier) rememberGood() error {
	if v.options.Introduction != nil {
		if err := v.options.Memory.Introduce(*v.options.Introduction); err != nil {
			return err
		}
	}
	head := v.chain[len(v.chain)-1]
	return remember(v.options.Memory, v.report.ArchiveID, head.ref(), v.options.Now)
}

func (l link) ref() schemas.CommitRef {
	return schemas.CommitRef{Commit: l.id.String(), Sequence: l.sequence, SHA256: l.sha256}
}

// limits says in words what this verification leaves open.
func (v *verifier) limits() {
	var notes []string
	switch {
	case v.options.Page != nil:
		notes = append(notes, "files of snapshots that do not touch this page were not hashed")
	case v.options.Range != nil:
		notes = append(notes, "files of snapshots outside the range were not hashed")
	}
	v.report.Limits = append(notes,
		"times are the operator's own: no timestamp of a third party was checked",
		"that the pages were true, complete, or the same for other visitors is not proven",
	)
}
