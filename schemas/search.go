package schemas

// Search is what walkback search found: versions whose text has all the words.
type Search struct {
	Schema    string      `json:"schema"` // search/1
	ArchiveID string      `json:"archive_id" rule:"archive"`
	Words     string      `json:"words" rule:"text"`
	More      bool        `json:"more"` // there are more hits than were asked for
	Hits      []SearchHit `json:"hits"` // those recorded last first
}

// SearchHit is one version of a page.
type SearchHit struct {
	Page       PageID        `json:"page"`
	URL        string        `json:"url" rule:"name"`
	Title      string        `json:"title,omitempty"`
	Version    int           `json:"version"`  // from 1
	Sequence   int64         `json:"sequence"` // of the commit that holds it
	Commit     string        `json:"commit" rule:"commit"`
	CapturedAt Time          `json:"captured_at"`
	Snippet    []SnippetPart `json:"snippet"` // the line that has most of the words
}

// SnippetPart is a piece of a snippet.
type SnippetPart struct {
	Text  string `json:"text" rule:"text"`
	Match bool   `json:"match,omitempty"` // it was searched for
}
