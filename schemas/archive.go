package schemas

// Archive is archive.json, written by the root commit and never changed.
type Archive struct {
	Schema  string `json:"schema"`            // archive/1
	ID      string `json:"id" rule:"archive"` // urn:uuid:…, random
	Created Time   `json:"created"`           // when the root commit was made
}

// Untracked is untracked.json in a page's folder: while it is there, check
// does not look at the page. Capturing the page again removes it.
type Untracked struct {
	Schema string `json:"schema"` // untracked/1
	Page   PageID `json:"page"`
	URL    string `json:"url" rule:"name"` // the page's name
	At     Time   `json:"at"`              // since when
	Reason string `json:"reason,omitempty"`
}

// Receipt is what this user last saw of an archive. It is kept outside the
// archive, so that a shorter or another history is noticed.
type Receipt struct {
	Schema     string `json:"schema"` // receipt/1
	ArchiveID  string `json:"archive_id" rule:"archive"`
	Sequence   int64  `json:"sequence"`    // of the newest commit seen
	HeadSHA256 Digest `json:"head_sha256"` // of that raw commit
	SeenAt     Time   `json:"seen_at"`
	Head       string `json:"head,omitempty"` // that raw commit: with its signature, it proves what was seen
}

// Introduction pins the beginning of an archive: who may have made it. It is
// kept outside the archive; without one, trust in the first key is on sight.
type Introduction struct {
	Schema     string `json:"schema"` // introduction/1
	ArchiveID  string `json:"archive_id" rule:"archive"`
	RootSHA256 Digest `json:"root_sha256"`                 // of the raw root commit
	RootKey    string `json:"root_key" rule:"fingerprint"` // SHA256:… fingerprint, as ssh-keygen -l prints it
	At         Time   `json:"at"`
}
