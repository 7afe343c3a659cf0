package schemas

// TimeSourceKind says who proves a time.
type TimeSourceKind string

// The kinds of source.
const (
	AuthoritySource TimeSourceKind = "rfc3161" // a time stamping authority
	BitcoinSource   TimeSourceKind = "bitcoin" // a block, by way of OpenTimestamps
)

// Bracket is what timestamps prove of when a snapshot was made. The times are
// those of the sources.
type Bracket struct {
	NotAfter  *ProvenTime `json:"not_after,omitempty"`  // it existed then
	NotBefore *ProvenTime `json:"not_before,omitempty"` // it holds what was stamped then
}

// ProvenTime is a time with who proves it.
type ProvenTime struct {
	Time   Time           `json:"time"`
	Kind   TimeSourceKind `json:"kind"`
	Source string         `json:"source" rule:"text"` // name of the authority, or block N
	Of     int64          `json:"of"`                 // sequence of the snapshot that was stamped
}

// VerifyTimes is what a verification found of timestamps.
type VerifyTimes struct {
	Proven    int64        `json:"proven"`            // so many snapshots from the oldest on existed at a proven time
	Bracket   *Bracket     `json:"bracket,omitempty"` // of the newest snapshot that the verification is about
	Sources   []TimeSource `json:"sources"`
	Pending   int64        `json:"pending"`   // OpenTimestamps proofs that are in no block yet
	Unchecked int64        `json:"unchecked"` // those in a block whose header is not at hand
}

// TimeSource is who proves times, with what it proves.
type TimeSource struct {
	Kind      TimeSourceKind `json:"kind"`
	Name      string         `json:"name" rule:"text"`
	Tokens    int64          `json:"tokens"` // that are good
	First     Time           `json:"first"`
	Last      Time           `json:"last"`
	Qualified bool           `json:"qualified,omitempty"` // the archive calls it a qualified service
	Root      Digest         `json:"root,omitzero"`       // of the certificate that its chain ends in
	Known     bool           `json:"known,omitempty"`     // this reader's settings have that certificate, too
}

// StampReport is what walkback stamp did, and how the archive's snapshots stand.
type StampReport struct {
	Schema    string         `json:"schema"` // stamp-report/1
	ArchiveID string         `json:"archive_id" rule:"archive"`
	Of        *CommitRef     `json:"of,omitempty"`     // that was stamped
	Commit    *CommitRef     `json:"commit,omitempty"` // that holds the evidence
	Asked     []StampResult  `json:"asked"`
	Ranges    []StampRange   `json:"ranges"`          // oldest first, all but evidence at the end
	Renew     []StampRenewal `json:"renew,omitempty"` // whose stamps are to be renewed
}

// StampRenewal is an authority whose certificates end soon, or have ended, with no
// other proof that lasts.
type StampRenewal struct {
	Name string `json:"name" rule:"text"`
	Ends Time   `json:"ends"` // of the first certificate of the chain
}

// StampOutcome says what came of asking somebody.
type StampOutcome string

// The outcomes.
const (
	StampGiven    StampOutcome = "given"    // a token
	StampPromised StampOutcome = "promised" // a calendar will have it in a block
	StampUpgraded StampOutcome = "upgraded" // a promise was kept
	StampWaiting  StampOutcome = "waiting"  // the promise is not kept yet
	StampPresent  StampOutcome = "present"  // it was there before, so nobody was asked
	StampDelayed  StampOutcome = "delayed"  // it was asked a moment ago
	StampFailed   StampOutcome = "failed"   // it is asked again the next time
)

// StampResult is what came of asking an authority or a calendar.
type StampResult struct {
	Name    string       `json:"name" rule:"text"`
	Outcome StampOutcome `json:"outcome"`
	File    string       `json:"file,omitempty" rule:"path"` // of the evidence
	Time    Time         `json:"time,omitzero"`              // that is proven by it
	Detail  string       `json:"detail,omitempty"`
}

// StampState says how snapshots stand.
type StampState string

// The states.
const (
	TimeProven    StampState = "proven"
	TimePending   StampState = "pending"   // a calendar has promised a proof
	TimeUnchecked StampState = "unchecked" // there is a proof by a block, whose header is not at hand
	TimeMissing   StampState = "missing"   // nobody was asked, or nobody answered
)

// StampRange is a run of snapshots that stand alike.
type StampRange struct {
	From     int64      `json:"from"`
	To       int64      `json:"to"`
	State    StampState `json:"state"`
	NotAfter Time       `json:"not_after,omitzero"`
	By       []string   `json:"by,omitempty" rule:"text"` // who proves it, or has promised to
}

// Authorities is trust/tsa.json: the time stamping authorities that an archive
// trusts. The certificates of each are in trust/tsa/<name>.pem.
type Authorities struct {
	Schema      string             `json:"schema"` // authorities/1
	Authorities []TrustedAuthority `json:"authorities"`
}

// TrustedAuthority is one of them.
type TrustedAuthority struct {
	Name      string   `json:"name" rule:"word"`
	Policies  []string `json:"policies,omitempty" rule:"text"` // dotted OIDs that it stamps under; none: any
	Qualified bool     `json:"qualified,omitempty"`            // said to be a qualified service (eIDAS)
}
