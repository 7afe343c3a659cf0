package schemas

// Verdict is the result of a verification, or of one check of it.
type Verdict string

// The verdicts, worst first. [Verdict.ExitCode] gives the process exit code.
const (
	Tampered    Verdict = "tampered"
	Rollback    Verdict = "rollback-or-fork"
	Untrusted   Verdict = "untrusted"
	Incomplete  Verdict = "incomplete"
	Unproven    Verdict = "time-unproven"
	Policy      Verdict = "policy"
	Unsupported Verdict = "unsupported"
	Verified    Verdict = "verified"
)

// verdictOrder is worst first: several problems give the worst.
var verdictOrder = [...]struct {
	verdict Verdict
	code    int
}{
	{Tampered, 10},
	{Rollback, 14},
	{Untrusted, 11},
	{Incomplete, 12},
	{Unproven, 13},
	{Policy, 16},
	{Unsupported, 15},
	{Verified, 0},
}

// ExitCode returns the exit code of the verdict.
func (v Verdict) ExitCode() int {
	for _, o := range verdictOrder {
		if o.verdict == v {
			return o.code
		}
	}
	return 1
}

// Worse returns the worse of two verdicts.
func (v Verdict) Worse(w Verdict) Verdict {
	for _, o := range verdictOrder {
		if o.verdict == v || o.verdict == w {
			return o.verdict
		}
	}
	return v
}

// CheckStatus is how one check ended.
type CheckStatus string

// The statuses.
const (
	Pass CheckStatus = "pass"
	Fail CheckStatus = "fail"
	Warn CheckStatus = "warn"
	Skip CheckStatus = "skip" // could not be done, and why
)

// VerifyReport is what walkback verify found.
type VerifyReport struct {
	Schema      string           `json:"schema"`              // verify-report/1
	Subject     string           `json:"subject" rule:"text"` // archive, page <url>, range A..B
	ArchiveID   string           `json:"archive_id,omitempty" rule:"archive"`
	VerifiedAt  Time             `json:"verified_at"`
	Verdict     Verdict          `json:"verdict"`
	ExitCode    int              `json:"exit_code"`
	Pinned      bool             `json:"pinned"` // an introduction kept outside the archive was used
	Head        *CommitRef       `json:"head,omitempty"`
	Commits     int64            `json:"commits"` // verified
	Files       int64            `json:"files"`   // hashed
	Bytes       int64            `json:"bytes"`   // hashed
	Checks      []Check          `json:"checks"`
	Signers     []SignerUse      `json:"signers,omitempty"`
	Cosigners   []SignerUse      `json:"cosigners,omitempty"` // of the co-signatures that are good
	Times       *VerifyTimes     `json:"times,omitempty"`     // what timestamps prove
	Checkpoints *CheckpointsSeen `json:"checkpoints,omitempty"`
	Withheld    []WithheldSeen   `json:"withheld,omitempty"` // what was taken out on record, apart from damage
	Conflict    *Conflict        `json:"conflict,omitempty"` // with what this user saw before
	Repair      *RepairSeen      `json:"repair,omitempty"`   // what was done before
	Limits      []string         `json:"limits,omitempty"`   // what was not proven
}

// CommitRef names a commit of an archive.
type CommitRef struct {
	Commit   string `json:"commit" rule:"commit"` // git's SHA-1 name
	Sequence int64  `json:"sequence"`
	SHA256   Digest `json:"sha256"` // of the raw commit
}

// Check is one check with all it found.
type Check struct {
	ID       string      `json:"id" rule:"word"`
	Status   CheckStatus `json:"status"`
	Count    int64       `json:"count"` // things looked at
	Detail   string      `json:"detail,omitempty"`
	Problems []Problem   `json:"problems,omitempty"`
	More     int64       `json:"more,omitempty"` // problems beyond those listed
}

// Problem is one thing a check found wrong.
type Problem struct {
	Verdict Verdict `json:"verdict"`
	Subject string  `json:"subject"` // commit, path or object
	Detail  string  `json:"detail"`
}

// SignerUse counts the commits that one key signed, or co-signed.
type SignerUse struct {
	Principal string `json:"principal"`
	Key       string `json:"key" rule:"fingerprint"` // SHA256:… fingerprint
	Commits   int64  `json:"commits"`
}

// RepairSeen is what a repair has done before a verification.
type RepairSeen struct {
	From     string       `json:"from" rule:"text"`            // the other copy
	Repaired int64        `json:"repaired"`                    // objects taken from it
	Aside    []string     `json:"aside,omitempty" rule:"path"` // damaged files that were moved out of the way, in the archive's folder
	Lost     []LostObject `json:"lost,omitempty"`              // what the other copy does not have either
	More     int64        `json:"more,omitempty"`              // of these beyond those listed
}

// LostObject is an object that could not be had.
type LostObject struct {
	Object string `json:"object" rule:"commit"` // git's SHA-1 name
	Detail string `json:"detail"`
}
