package provenance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/schemas"
)

// The checks, in the order in which a report lists them.
const (
	checkRepository   = "repository"   // nothing makes stock git show something else
	checkObjects      = "objects"      // every object read has the name it is stored under
	checkCommits      = "commits"      // each commit has the one form of an archive
	checkIntroduction = "introduction" // the root is the one this user was introduced to
	checkSignatures   = "signatures"   // each commit is signed
	checkSigners      = "signers"      // by a key that its parent allowed
	checkChain        = "chain"        // each commit names its parent's SHA-256
	checkManifests    = "manifests"    // each file that a commit touches hashes as its manifest says
	checkRules        = "rules"        // each commit writes only what its kind may, and nothing is lost
	checkDocuments    = "documents"    // what the files say of each other is true
	checkTimestamps   = "timestamps"   // each timestamp is by whom it says, for the commit that it is of
	checkTimes        = "times"        // the times of commits and captures lie within what timestamps prove
	checkCosignatures = "cosignatures" // others vouch for commits, and as many as a policy demands
	checkCheckpoints  = "checkpoints"  // history begins with each that was signed for it
	checkReceipt      = "receipt"      // history contains what this user saw before
)

var checkOrder = []string{
	checkRepository, checkObjects, checkCommits, checkIntroduction, checkSignatures, checkSigners,
	checkChain, checkManifests, checkRules, checkDocuments, checkTimestamps, checkTimes, checkCosignatures, checkCheckpoints, checkReceipt,
}

// checkBag is the check of a bundle that comes before all others.
const checkBag = "bag" // the file is the one that was written, and signed

// maxProblems bounds what each check lists; the rest is counted.
const maxProblems = 100

// report collects what the checks find.
type report struct {
	schemas.VerifyReport
	checks map[string]*schemas.Check
	places map[string][]int // of each check's problems: the place in the chain of their commit
	users  map[string]*schemas.SignerUse
	at     int // place of the commit that is checked; -1 before that
}

func newReport() *report {
	r := &report{checks: map[string]*schemas.Check{}, places: map[string][]int{}, users: map[string]*schemas.SignerUse{}, at: -1}
	for _, id := range checkOrder {
		r.checks[id] = &schemas.Check{ID: id, Status: schemas.Pass}
	}
	r.Verdict = schemas.Verified
	return r
}

// looked counts n things that a check looked at.
func (r *report) looked(id string, n int64) { r.checks[id].Count += n }

func (r *report) problem(id string, verdict schemas.Verdict, subject, format string, args ...any) {
	r.add(id, r.at, schemas.Problem{Verdict: verdict, Subject: subject, Detail: fmt.Sprintf(format, args...)})
}

// add files a problem behind those of the same commit. Of too many, those of the
// newest commits are only counted.
func (r *report) add(id string, at int, p schemas.Problem) {
	check, places := r.checks[id], r.places[id]
	check.Status = schemas.Fail
	r.Verdict = r.Verdict.Worse(p.Verdict)
	i, _ := slices.BinarySearch(places, at+1)
	if i < maxProblems {
		check.Problems, places = slices.Insert(check.Problems, i, p), slices.Insert(places, i, at)
	}
	if i == maxProblems || len(places) > maxProblems {
		check.More++
	}
	last := min(len(places), maxProblems)
	check.Problems, r.places[id] = check.Problems[:last], places[:last]
}

// warn notes something that does not change the verdict.
func (r *report) warn(id, detail string) {
	if check := r.checks[id]; check.Status != schemas.Fail {
		check.Status, check.Detail = schemas.Warn, detail
	}
}

// skip notes that a check could not be done.
func (r *report) skip(id, why string) {
	if check := r.checks[id]; check.Status == schemas.Pass {
		check.Status, check.Detail = schemas.Skip, why
	}
}

// unreadable files an error of the store under the check on objects: damage is
// tampering, absence is incompleteness.
func (r *report) unreadable(subject string, err error) {
	var (
		missing   *gitstore.MissingError
		truncated *gitstore.TruncatedError
		newer     *schemas.UnsupportedError
	)
	switch {
	case errors.As(err, &newer):
		r.problem(checkDocuments, schemas.Unsupported, subject, "%v", err)
	case errors.As(err, &missing), errors.As(err, &truncated):
		r.problem(checkObjects, schemas.Incomplete, subject, "%v", err)
	default:
		r.problem(checkObjects, schemas.Tampered, subject, "%v", err)
	}
}

func (r *report) signed(principal, key string) {
	use := r.users[key+" "+principal]
	if use == nil {
		use = &schemas.SignerUse{Principal: principal, Key: key}
		r.users[key+" "+principal] = use
	}
	use.Commits++
}

// merge adds what another report has looked at and found.
func (r *report) merge(other *report) {
	for _, id := range checkOrder {
		check := other.checks[id]
		r.checks[id].Count += check.Count
		switch check.Status {
		case schemas.Warn:
			r.warn(id, check.Detail)
		case schemas.Skip:
			r.skip(id, check.Detail)
		}
		for i, p := range check.Problems {
			r.add(id, other.places[id][i], p)
		}
		r.checks[id].More += check.More
	}
	for key, use := range other.users {
		if mine := r.users[key]; mine != nil {
			mine.Commits += use.Commits
		} else {
			r.users[key] = use
		}
	}
}

func (r *report) finish(v *verifier) *schemas.VerifyReport {
	r.Subject = "archive"
	switch {
	case v.options.Page != nil:
		r.Subject = "page " + v.options.Page.Name
	case v.options.Range != nil:
		r.Subject = fmt.Sprintf("range %d..%d", v.options.Range.From, v.options.Range.To)
	case v.options.Sample != nil:
		r.Subject = "sample of " + v.options.Sample.String()
	}
	if len(v.chain) > 0 {
		head := v.head.ref()
		r.Head = &head
	}
	r.Commits = int64(len(v.chain))
	r.Files, r.Bytes = v.hashes.files.Load(), v.hashes.bytes.Load()
	r.checks[checkObjects].Count = r.Files + r.Commits
	r.Cosigners = v.cosigns.cosigners()
	return r.sum(v.options.Now(), checkOrder)
}

// sum completes the report with these checks.
func (r *report) sum(now time.Time, order []string) *schemas.VerifyReport {
	r.Schema = schemas.VerifyReportSchema
	r.VerifiedAt = schemas.TimeOf(now)
	r.ExitCode = r.Verdict.ExitCode()
	for _, id := range order {
		r.Checks = append(r.Checks, *r.checks[id])
	}
	for _, use := range r.users {
		r.Signers = append(r.Signers, *use)
	}
	for _, uses := range [][]schemas.SignerUse{r.Signers, r.Cosigners} {
		slices.SortFunc(uses, func(a, b schemas.SignerUse) int {
			return strings.Compare(a.Principal+a.Key, b.Principal+b.Key)
		})
	}
	return &r.VerifyReport
}
