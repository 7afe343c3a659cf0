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
	// The first look of the run, where this is the second and did not bear it out.
	First   *FirstLook `json:"first,omitempty"`
	Robots  string     `json:"robots,omitempty" rule:"followed|ignored"` // as in a capture
	Vantage *Vantage   `json:"vantage,omitempty"`                        // likewise
}

// FirstLook is a look at a page that a second one, later in the same run, did not
// bear out: a passing fault. It is a capture of its own, kept in the page's
// history.
type FirstLook struct {
	Sequence   int64   `json:"sequence"` // of the commit that holds it
	CapturedAt Time    `json:"captured_at"`
	Outcome    Outcome `json:"outcome"`
	Rule       string  `json:"rule" rule:"word"`
	Status     int     `json:"status,omitempty" rule:"status"`
	Detail     string  `json:"detail,omitempty"` // why it failed, in words
}

// State is one side of a change.
type State struct {
	Sequence   int64   `json:"sequence"` // of the commit that holds the capture
	CapturedAt Time    `json:"captured_at"`
	Outcome    Outcome `json:"outcome"`
	FinalURL   string  `json:"final_url,omitempty" rule:"address"`
	Payload    Digest  `json:"payload,omitzero"`
}
