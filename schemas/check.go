package schemas

// Observation is a line of a checks file: a page was looked at, and its
// outcome, final address and payload were as before.
type Observation struct {
	Schema     string `json:"schema"` // observation/1
	Run        string `json:"run" rule:"run"`
	Page       PageID `json:"page"`
	URL        string `json:"url" rule:"name"`
	Method     Method `json:"method"`
	ObservedAt Time   `json:"observed_at"`
	DurationMS int64  `json:"duration_ms"`
	Access     Access `json:"access"`
	FinalURL   string `json:"final_url,omitempty" rule:"address"`
	Status     int    `json:"status,omitempty" rule:"status"`
	Payload    Digest `json:"payload,omitzero"` // none when nothing came back, or for a 304
	As         int64  `json:"as"`               // sequence of the capture that it equals
}

// State is one side of a change.
type State struct {
	Sequence   int64   `json:"sequence"` // of the commit that holds the capture
	CapturedAt Time    `json:"captured_at"`
	Outcome    Outcome `json:"outcome"`
	FinalURL   string  `json:"final_url,omitempty" rule:"address"`
	Payload    Digest  `json:"payload,omitzero"`
}
