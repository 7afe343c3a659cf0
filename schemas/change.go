package schemas

// ChangeClass is the content verdict between two served captures.
type ChangeClass string

// The classes, from those that say nothing happened to the gravest.
const (
	NotCompared         ChangeClass = "not-compared"        // one side was not served
	Unchanged           ChangeClass = "unchanged"           // other bytes, and a reader sees no difference
	ReDerived           ChangeClass = "re-derived"          // the same bytes, read by a newer extractor
	BoilerplateOnly     ChangeClass = "boilerplate-only"    // only around the article, or only what changes each time
	ExtractionUnstable  ChangeClass = "extraction-unstable" // another part of the page was read: no verdict on the text
	Changed             ChangeClass = "changed"             // the bytes differ, and there is no text to compare
	MetadataOnly        ChangeClass = "metadata-only"       // canonical address, section, robots
	MovedText           ChangeClass = "move"                // the same paragraphs in another order
	MinorEdit           ChangeClass = "minor-edit"          // punctuation, case, one-word typing errors, markup
	DateChange          ChangeClass = "date"                // the stated date of publication
	BylineChange        ChangeClass = "byline"
	LinkTarget          ChangeClass = "link-target"  // the same words lead elsewhere
	MediaChange         ChangeClass = "media-change" // another image, film or sound in the place of one
	HeadlineChange      ChangeClass = "headline"
	SubstantiveEdit     ChangeClass = "substantive-edit"      // meaning changed, on a page that states no dates
	UpdateNote          ChangeClass = "update-note"           // a new note says that the text was updated
	Clarification       ChangeClass = "clarification"         // a new note clarifies
	Correction          ChangeClass = "correction"            // a new note corrects
	StealthEdit         ChangeClass = "stealth-edit"          // meaning changed, and no new note says so
	NoticeEdited        ChangeClass = "notice-edited"         // an earlier note reads otherwise
	NoticeRemoved       ChangeClass = "notice-removed"        // an earlier note is gone
	Restored            ChangeClass = "restored"              // it says again what an earlier capture said
	Oscillating         ChangeClass = "oscillating"           // it goes back and forth between versions
	Reinstatement       ChangeClass = "reinstatement"         // a retraction was taken back
	ExpressionOfConcern ChangeClass = "expression-of-concern" // the publisher doubts it
	Removal             ChangeClass = "removal"               // the publisher took the text away and says so
	Withdrawal          ChangeClass = "withdrawal"            // withdrawn by its authors or publisher
	Retraction          ChangeClass = "retraction"            // retracted
)

// Quiet reports whether a change is none for a reader: check and diff say
// nothing of it and end with 0.
func (c ChangeClass) Quiet() bool {
	switch c {
	case NotCompared, Unchanged, ReDerived, BoilerplateOnly, ExtractionUnstable:
		return true
	}
	return false
}

// Change is a line of a checks file: the verdict on a new capture of a page
// that was captured before.
type Change struct {
	Schema     string          `json:"schema"` // change/1
	Run        string          `json:"run" rule:"run"`
	Page       PageID          `json:"page"`
	URL        string          `json:"url" rule:"name"`
	Before     State           `json:"before"` // the newest capture before
	After      State           `json:"after"`
	Compared   *State          `json:"compared,omitempty"` // the newest served capture, where it is not Before
	First      *FirstLook      `json:"first,omitempty"`    // a passing fault before After in the same run; Before is the capture before that
	Class      ChangeClass     `json:"class"`
	Rule       string          `json:"rule" rule:"word"`
	Confidence Confidence      `json:"confidence"`
	Evidence   []string        `json:"evidence,omitempty"`
	Also       []ChangeClass   `json:"also,omitempty"`                // what else changed, gravest first
	Meaning    []string        `json:"meaning,omitempty" rule:"word"` // what the changed words are: number, negation, name, quotation …
	Restores   *State          `json:"restores,omitempty"`            // the newest earlier capture that said the same
	Returns    int             `json:"returns,omitempty"`             // how often the page has gone back to either of these two texts
	Extractor  string          `json:"extractor,omitempty"`           // both sides were read with it
	Words      *Words          `json:"words,omitempty"`
	Notices    []ChangedNotice `json:"notices,omitempty"`
	Fields     []ChangedField  `json:"fields,omitempty"`
	Passages   []Passage       `json:"passages,omitempty"` // the gravest changes first; the diff has all
	Volatile   []string        `json:"volatile,omitempty"` // passages that were left out because they change each time, digits as #
}

// Words counts what a word diff marks.
type Words struct {
	Added   int `json:"added"`
	Deleted int `json:"deleted"`
	Kept    int `json:"kept"`
}

// Passage is one changed place: the words that went and the words that came,
// each within its paragraph.
type Passage struct {
	Line    int      `json:"line"` // of text.md after the change, from 1
	Before  string   `json:"before,omitempty"`
	After   string   `json:"after,omitempty"`
	Meaning []string `json:"meaning,omitempty" rule:"word"`
}

// ChangedNotice is a note of a page on its own changes that came, went or reads
// otherwise now.
type ChangedNotice struct {
	Change string `json:"change" rule:"added|edited|removed"` // added, edited, removed
	Kind   string `json:"kind" rule:"word"`                   // correction, clarification, update, retraction, expression-of-concern
	Date   string `json:"date,omitempty"`                     // that the note states
	Where  string `json:"where" rule:"word"`                  // article, footer, container, json-ld
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// ChangedField is a statement of a page about itself that changed: headline,
// byline, published, link …
type ChangedField struct {
	Field   string   `json:"field" rule:"word"`
	Before  string   `json:"before,omitempty"`
	After   string   `json:"after,omitempty"`
	Sources []string `json:"sources,omitempty" rule:"word"` // that state it now: json-ld, h1 …
}
