package schemas

// Revocation is a line of trust/revocations.jsonl: a key that somebody else may
// have. Lines are only ever added. What the key signed is accepted where it is an
// ancestor of the last good commit, or that commit itself, and is proven to have
// existed when the key was compromised.
type Revocation struct {
	Schema        string `json:"schema"`                    // revocation/1
	Key           string `json:"key_fp" rule:"fingerprint"` // SHA256:… fingerprint
	Reason        string `json:"reason" rule:"text"`
	CompromisedAt Time   `json:"compromised_at"`          // since when somebody else may have it
	LastGood      Digest `json:"last_good_commit_sha256"` // of the raw commit
}

// TrustPolicy is trust/policy.json, or what a reader of an archive demands of it: more
// than one signature of each snapshot.
type TrustPolicy struct {
	Schema       string        `json:"schema"` // policy/1
	Cosignatures *CosignPolicy `json:"cosignatures,omitempty"`
}

// CosignPolicy demands co-signatures of every snapshot from a sequence on, but of
// those of kind evidence, which hold the co-signatures.
type CosignPolicy struct {
	Threshold int64    `json:"threshold"`               // so many of the keys, 1 or more
	Keys      []string `json:"keys" rule:"fingerprint"` // SHA256:… fingerprints, each once
	From      int64    `json:"from"`                    // first sequence that it binds
}

// SignerList is what walkback key allowed prints: who may sign an archive.
type SignerList struct {
	Schema       string          `json:"schema"` // signer-list/1
	ArchiveID    string          `json:"archive_id" rule:"archive"`
	Sequence     int64           `json:"sequence"` // of the newest commit, which says so
	Signers      []AllowedSigner `json:"signers"`
	Cosignatures *CosignPolicy   `json:"cosignatures,omitempty"` // the policy
}

// AllowedSigner is a line of trust/allowed_signers.
type AllowedSigner struct {
	Fingerprint string         `json:"fingerprint" rule:"fingerprint"`
	Type        string         `json:"type"`
	Standing    SignerStanding `json:"standing"`
	Principals  []string       `json:"principals"`           // patterns with * and ?
	Namespaces  []string       `json:"namespaces,omitempty"` // patterns; none: any
	Authority   bool           `json:"authority,omitempty"`  // it certifies others
	From        Time           `json:"from,omitempty"`       // not before
	Until       Time           `json:"until,omitempty"`      // not from this time on
	Comment     string         `json:"comment,omitempty"`
}

// SignerStanding says whether an allowed signer may sign now.
type SignerStanding string

// The standings.
const (
	SignerAllowed SignerStanding = "allowed"
	SignerAwaited SignerStanding = "awaited" // its time has not come
	SignerRetired SignerStanding = "retired" // its time is over
	SignerRevoked SignerStanding = "revoked" // somebody else may have the key
)
