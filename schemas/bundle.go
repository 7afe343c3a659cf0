package schemas

// BundleReport is report.json of an evidence bundle: what it shows, derived from
// its own files. Nothing but the bundle's signature vouches for it.
type BundleReport struct {
	Schema    string       `json:"schema"` // bundle-report/1
	ArchiveID string       `json:"archive_id" rule:"archive"`
	Tool      Tool         `json:"tool"`
	Exporter  SignerUse    `json:"exporter"`             // whose key signed the bundle; commits is the number in it
	First     CommitRef    `json:"first"`                // the oldest commit of the chain
	Head      CommitRef    `json:"head"`                 // the newest
	Pages     []BundlePage `json:"pages"`                // the one asked for first
	Change    *Change      `json:"change,omitempty"`     // verdict on the two versions, where the bundle is of a change
	Unsigned  []string     `json:"unsigned" rule:"path"` // files that nothing but the bundle's signature vouches for
	Limits    []string     `json:"limits"`               // what the bundle does not prove
}

// BundlePage is a page of a bundle.
type BundlePage struct {
	Page     PageID          `json:"page"`
	URL      string          `json:"url" rule:"name"`
	Folder   string          `json:"folder" rule:"path"` // in the archive, and below data/snapshots/<sequence>/
	Title    string          `json:"title,omitempty"`
	Versions []BundleVersion `json:"versions"` // oldest first
}

// BundleVersion is a capture that a bundle holds.
type BundleVersion struct {
	Commit     CommitRef `json:"commit"` // that recorded it
	CapturedAt Time      `json:"captured_at"`
	Method     Method    `json:"method"`
	Outcome    Outcome   `json:"outcome"`
	FinalURL   string    `json:"final_url,omitempty" rule:"address"`
	Status     int       `json:"status,omitempty" rule:"status"`
	Payload    Digest    `json:"payload,omitzero"`  // of the body as received
	Text       Digest    `json:"text,omitzero"`     // of text.md
	Bracket    *Bracket  `json:"bracket,omitempty"` // what timestamps prove of when it was recorded
}
