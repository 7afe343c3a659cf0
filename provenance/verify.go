package provenance

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/timestamp"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// VerifyOptions say what to verify and against what.
type VerifyOptions struct {
	Memory       *trust.Memory         // receipts and introductions of this user
	Introduction *schemas.Introduction // handed over for this archive; nil: the one in Memory, if any
	Page         *archive.PageRef      // hash only what snapshots of this page hold
	Range        *Range                // hash only what these snapshots hold
	Sample       *Sample               // hash only what these snapshots hold; nil: all
	New          bool                  // hash only what came after the last whole verification in Memory
	Strict       bool                  // an archive that is not pinned is untrusted, a window that no timestamp proves is unproven
	Policy       *schemas.TrustPolicy  // demanded beside what the archive demands of itself; nil: nothing
	RequireTime  bool                  // a snapshot whose time no timestamp proves is unproven
	Headers      string                // file of raw Bitcoin block headers, 80 bytes each; "": none
	Roots        []*x509.Certificate   // of time stamping authorities that this user knows by himself
	Network      timestamp.Network     // whose headers prove times
	Now          func() time.Time      // nil: time.Now
	Progress     Progress              // nil: nobody is told
	Checkpoints  CheckpointPolicy

	// since stops the walk at a commit that was verified before.
	since *schemas.Receipt
	// provenBy gives the time by which a commit of the chain, by its place from
	// the oldest, is proven to have existed; the zero time when nothing proves it.
	// nil: as timestamps prove.
	provenBy func(place int) time.Time
}

// Progress is told how far a step of the verification is. total is 0 when it is
// not known. It is called by several goroutines.
type Progress func(step string, done, total int64)

// Range is a range of snapshots by sequence, both ends included.
type Range struct{ From, To int64 }

// scope says for which commits files are hashed. The form, the signature and
// the chain of every commit are always checked.
type scope func(v *verifier, l, parent *link) bool

// sinceVerified hashes all files, or those that came after a verification that is
// to be relied on.
func sinceVerified(v *verifier, l, _ *link) bool {
	return !v.relies() || l.sequence > v.before.Sequence
}

// sinceReceipt is the quick check before something is built on a head: all that
// came after what was verified before, or the newest commit of an archive that
// this user never verified.
func sinceReceipt(v *verifier, l, _ *link) bool { return v.resumed || l.id == v.head.id }

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
	v.demands = true
	var hash scope
	whole := false
	switch {
	case options.Page != nil:
		hash = ofPage(*options.Page)
	case options.Range != nil:
		hash = inRange(*options.Range)
	case options.Sample != nil:
		hash = inSample(*options.Sample)
	default:
		whole, v.scan = true, true
		hash = sinceVerified
	}
	report := v.run(ctx, hash)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// A receipt spares later commands what it vouches for, so that only a whole
	// verification gives one.
	if whole && report.Verdict == schemas.Verified && options.Memory != nil {
		if err := v.rememberGood(); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// ofPage selects the commits that touch a page's folder.
func ofPage(ref archive.PageRef) scope {
	return func(v *verifier, l, parent *link) bool {
		now, err := v.store.Lookup(l.tree, ref.Folder)
		if err != nil && !errors.Is(err, gitstore.ErrNotFound) {
			return true // let the full check name what is wrong
		}
		var before gitstore.Entry
		if parent != nil {
			if before, err = v.store.Lookup(parent.tree, ref.Folder); err != nil && !errors.Is(err, gitstore.ErrNotFound) {
				return true
			}
		}
		return now.ID != before.ID
	}
}

func inRange(r Range) scope {
	return func(_ *verifier, l, _ *link) bool { return l.sequence >= r.From && l.sequence <= r.To }
}

// verifier holds the state of one verification. Of each commit it keeps the id
// alone: a million of them must not fill the memory.
type verifier struct {
	store   *gitstore.Store
	options VerifyOptions
	scan    bool // read all files in one pass before the commits are checked
	report  *report
	chain   []gitstore.ID // root first
	root    link          // the first of chain
	head    link          // the last
	seen    *link         // the commit of the receipt, if it is in chain
	whole   bool          // chain begins with a root commit
	resumed bool          // chain begins with a commit that was verified before
	receipt *schemas.Receipt
	before  *schemas.Receipt // what was verified before, when that is to be relied on
	found   bool             // its commit is in chain
	hashes  *hashes
	trusts  *trusts
	revoked *trust.Revocations     // as of the head
	good    map[schemas.Digest]int // places of the last good commits that revoked names, as far as they are in chain
	cosigns *cosigns

	evidence    []int // places of the commits of kind evidence
	newest      int   // place of the newest commit of another kind
	times       *times
	authorities *authorities
	tokens      *timestamp.Verifier

	withheld *withheldFiles // by the records in the head's tree

	demands bool // policies are held against the co-signatures
}

// link is a commit of the chain.
type link struct {
	id       gitstore.ID
	tree     gitstore.ID
	sha256   schemas.Digest
	sequence int64 // -1 when it is not known
	time     time.Time
	commit   *gitstore.Commit
	message  *schemas.Message // nil when its form is not as it should be
}

func newVerifier(store *gitstore.Store, options VerifyOptions) *verifier {
	if options.Now == nil {
		options.Now = time.Now
	}
	return &verifier{
		store: store, options: options, report: newReport(),
		hashes: newHashes(store), trusts: &trusts{known: map[gitstore.ID]trusted{}}, cosigns: newCosigns(),
		newest: -1, times: &times{}, authorities: newAuthorities(), tokens: &timestamp.Verifier{}, withheld: &withheldFiles{},
	}
}

// run does every check and returns the report. It stops early only when ctx is
// done.
func (v *verifier) run(ctx context.Context, hash scope) *schemas.VerifyReport {
	v.checkRepository()
	v.recallReceipt() // before the head: a commit in between must not look like a rollback
	v.walk(ctx)
	v.readWithheld()
	v.checkIntroduction()
	v.checkReceipt()
	if v.scan && !v.relies() {
		v.readFiles(ctx)
		defer v.hashes.close()
	}
	v.checkAllEvidence(ctx)
	v.checkCommits(ctx, hash)
	v.checkPolicies(ctx)
	v.checkCheckpoints(ctx)
	v.reportWithheld()
	v.limits()
	return v.report.finish(v)
}

// relies reports whether files that were verified before are not hashed again.
func (v *verifier) relies() bool { return v.before != nil && v.found }

func (v *verifier) progress(step string, done, total int64) {
	if v.options.Progress != nil {
		v.options.Progress(step, done, total)
	}
}

// segment is how many commits are checked in one go, from the newest to the
// oldest: packs hold an older version as what differs from the newer.
const segment = 64

// checkCommits checks each commit of the chain, several at a time: they do not
// depend on one another once the chain is known. Each worker has a report of its
// own, and what they find is put together in the order of the chain.
func (v *verifier) checkCommits(ctx context.Context, hash scope) {
	var (
		left    atomic.Int64
		workers sync.WaitGroup
		mu      sync.Mutex
		checked int64
	)
	left.Store(int64(len(v.chain)))
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for to := left.Add(-segment) + segment; to > 0 && ctx.Err() == nil; to = left.Add(-segment) + segment {
				from := max(to-segment, 0)
				worker := *v
				worker.report = newReport()
				worker.report.ArchiveID = v.report.ArchiveID
				worker.checkSegment(ctx, int(from), int(to), hash)
				mu.Lock()
				v.report.merge(worker.report)
				checked += to - from
				v.progress("verified snapshots", checked, int64(len(v.chain)))
				mu.Unlock()
			}
		})
	}
	workers.Wait()
}

// checkSegment checks the commits of the chain from one index up to another.
func (v *verifier) checkSegment(ctx context.Context, from, to int, hash scope) {
	var parent *link
	for i := to - 1; i >= from && ctx.Err() == nil; i-- {
		l := parent
		if l == nil {
			l = v.linkAt(i)
		}
		if parent = nil; i > 0 {
			parent = v.linkAt(i - 1)
		}
		if l == nil || i > 0 && parent == nil {
			parent = nil
			continue
		}
		if l.message != nil && !(i == 0 && v.resumed) {
			v.report.at = i
			v.checkCommit(l, parent, hash(v, l, parent))
		}
	}
}

// linkAt reads a commit that walk has read before. It returns nil if that is not
// possible any more.
func (v *verifier) linkAt(i int) *link {
	commit, err := v.store.Commit(v.chain[i])
	if err != nil {
		v.report.at = i
		v.report.unreadable("commit "+v.chain[i].String(), err)
		return nil
	}
	l, _ := newLink(commit)
	return l
}

// readFiles finds the SHA-256 of all files in one pass over the packs. What it
// cannot read is left to the check that needs it, which will name it.
func (v *verifier) readFiles(ctx context.Context) {
	digests, err := v.store.Digests(ctx, func(done, total int64) { v.progress("read bytes", done, total) })
	if err == nil {
		v.hashes.digests = digests
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
	receipt := receiptFor(v.report.ArchiveID, v.head.ref(), v.head.commit.Raw, v.options.Now)
	if err := v.options.Memory.RememberVerified(receipt); err != nil {
		return err
	}
	return v.options.Memory.Remember(receipt)
}

func (l *link) ref() schemas.CommitRef {
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
	case v.options.Sample != nil:
		notes = append(notes, fmt.Sprintf("files of snapshots outside the sample (%s) were not hashed", v.options.Sample))
	case v.relies():
		notes = append(notes, fmt.Sprintf("files of the snapshots up to %d were hashed on %s, not now", v.before.Sequence, v.before.SeenAt))
	}
	if v.options.since == nil {
		if note := v.notWitnessed(); note != "" {
			notes = append(notes, note)
		}
	}
	notes = append(notes, v.reportTimes()...)
	notes = append(notes, withheldLimits(v.report.Withheld)...)
	v.report.Limits = append(notes,
		"that the pages were true, complete, or the same for other visitors",
	)
}
