package schemas

// Retractions is retractions.json in a page's folder: what a list of
// retractions says of the publication whose DOI the page has. It stays until
// another list is imported, whatever is captured in between.
type Retractions struct {
	Schema     string             `json:"schema"` // retractions/1
	Page       PageID             `json:"page"`
	URL        string             `json:"url" rule:"name"`
	Run        string             `json:"run" rule:"run"`
	DOI        string             `json:"doi" rule:"text"` // of the publication, in lower case
	ImportedAt Time               `json:"imported_at"`
	List       Digest             `json:"list"`    // SHA-256 of the list as it was imported
	Records    []RetractionRecord `json:"records"` // gravest first
}

// RetractionRecord is one entry of a list of retractions.
type RetractionRecord struct {
	Class      ChangeClass `json:"class"`              // retraction, withdrawal, removal, expression-of-concern, correction, reinstatement
	Nature     string      `json:"nature" rule:"text"` // as the list has it
	Confidence Confidence  `json:"confidence"`
	Reason     string      `json:"reason,omitempty"`                                    // why it is no more than suspect
	Notice     string      `json:"notice,omitempty"`                                    // DOI of the notice, in lower case
	Date       string      `json:"date,omitempty" rule:"date"`                          // of the notice
	Source     string      `json:"source" rule:"retraction-watch|crossref|pubmed|jats"` // whose list it was
}

// RetractionReport is what walkback retractions import did.
type RetractionReport struct {
	Schema    string        `json:"schema"` // retraction-report/1
	ArchiveID string        `json:"archive_id" rule:"archive"`
	List      Digest        `json:"list"`
	Records   int           `json:"records"`          // of the list
	DOIs      int           `json:"dois"`             // pages of the archive with a DOI
	Pages     []Retractions `json:"pages"`            // those that the list speaks of
	Commit    *CommitRef    `json:"commit,omitempty"` // none when nothing was new
}
