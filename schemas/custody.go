package schemas

// Custody is what walkback custody shows: who did what to the archive, or to one
// page of it, with what, and when, as far as its history tells.
type Custody struct {
	Schema    string         `json:"schema"` // custody/1
	ArchiveID string         `json:"archive_id" rule:"archive"`
	Page      PageID         `json:"page,omitzero"`
	URL       string         `json:"url,omitempty" rule:"name"`
	Events    []CustodyEvent `json:"events"` // newest first
}

// CustodyEvent is one event, in the words of PREMIS.
type CustodyEvent struct {
	Type     CustodyType     `json:"type"`
	At       Time            `json:"at"`                               // when it was; of a timestamp, when it was kept
	Sequence int64           `json:"sequence"`                         // of the commit that tells it
	Commit   string          `json:"commit" rule:"commit"`             // git's SHA-1 name
	Agent    string          `json:"agent" rule:"text"`                // who: name and address of the signer, or the name of an authority
	Key      string          `json:"key,omitempty" rule:"fingerprint"` // that the agent signed with
	Tool     *Tool           `json:"tool,omitempty"`                   // with what, where that is on record
	URL      string          `json:"url,omitempty" rule:"name"`        // of the page that it is about
	Of       Digest          `json:"of,omitzero"`                      // SHA-256 of the raw commit that it vouches for
	Outcome  string          `json:"outcome,omitempty"`
	Detail   string          `json:"detail,omitempty"`
	Objects  []CustodyObject `json:"objects,omitempty"`
}

// CustodyObject is a file that an event is about.
type CustodyObject struct {
	File   string `json:"file" rule:"path"` // in the page's folder, else in the tree
	Size   int64  `json:"size,omitempty"`   // bytes, where that is on record
	SHA256 Digest `json:"sha256"`
}

// CustodyType is what an event is.
type CustodyType string

// The types, in the words of the preservation vocabulary of the Library of
// Congress; timestamping is ours.
const (
	EventCapture     CustodyType = "capture"                      // a page was asked for, or handed in
	EventIngestion   CustodyType = "ingestion"                    // a commit took captures into the archive
	EventDigest      CustodyType = "message digest calculation"   // its manifest was made
	EventSignature   CustodyType = "digital signature generation" // a commit, a co-signature or a checkpoint was signed
	EventPolicy      CustodyType = "policy assignment"            // who may sign, what is looked at
	EventExtraction  CustodyType = "metadata modification"        // a text was read anew by another extractor
	EventTimestamp   CustodyType = "timestamping"                 // somebody else vouched for the time
	EventDeaccession CustodyType = "deaccession"                  // files were withheld
)
