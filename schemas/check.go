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

// ChangeClass is the content verdict between two served captures.
type ChangeClass string

// The classes that are judged today. Others are added by later versions of
// this document.
const (
	NotCompared ChangeClass = "not-compared" // one side was not served
	Unchanged   ChangeClass = "unchanged"    // other bytes, same text and links
	Changed     ChangeClass = "changed"      // the text or its links differ
)

// State is one side of a change.
type State struct {
	Sequence   int64   `json:"sequence"` // of the commit that holds the capture
	CapturedAt Time    `json:"captured_at"`
	Outcome    Outcome `json:"outcome"`
	FinalURL   string  `json:"final_url,omitempty" rule:"address"`
	Payload    Digest  `json:"payload,omitzero"`
}

// Change is a line of a checks file: the verdict on a new capture of a page
// that was captured before.
type Change struct {
	Schema     string      `json:"schema"` // change/1
	Run        string      `json:"run" rule:"run"`
	Page       PageID      `json:"page"`
	URL        string      `json:"url" rule:"name"`
	Before     State       `json:"before"` // the newest capture before
	After      State       `json:"after"`
	Compared   *State      `json:"compared,omitempty"` // the newest served capture, where it is not Before
	Class      ChangeClass `json:"class"`
	Rule       string      `json:"rule" rule:"word"`
	Confidence Confidence  `json:"confidence"`
	Evidence   []string    `json:"evidence,omitempty"`
	Extractor  string      `json:"extractor,omitempty"` // both sides were read with it
	Words      *Words      `json:"words,omitempty"`
	Passages   []Passage   `json:"passages,omitempty"` // the first changes; the diff has all
}

// Words counts what a word diff marks.
type Words struct {
	Added   int `json:"added"`
	Deleted int `json:"deleted"`
	Kept    int `json:"kept"`
}

// Passage is one changed place: the words that went and the words that came,
// each within its line.
type Passage struct {
	Line   int    `json:"line"` // of text.md after the change, from 1
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}
