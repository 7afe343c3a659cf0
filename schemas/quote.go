package schemas

// QuoteMark says how a post sets a passage off as somebody else's words.
type QuoteMark string

// The marks.
const (
	MarkBlockquote QuoteMark = "blockquote" // set off from the text
	MarkElement    QuoteMark = "q"          // an element of the page around words in a line
	MarkMarkdown   QuoteMark = "markdown"   // lines that begin with ">"
	MarkPaired     QuoteMark = "paired"     // quotation marks
	MarkUnmarked   QuoteMark = "unmarked"   // nothing but the words that a source has, too
)

// QuoteState is how a passage of a post agrees with its source when it is bound.
type QuoteState string

// The states.
const (
	QuoteVerbatim   QuoteState = "verbatim"   // the same words and signs
	QuoteNormalised QuoteState = "normalised" // the same words; case, dashes or quotation marks differ
	QuoteElided     QuoteState = "elided"     // the same words, with omissions or insertions that the post marks
	QuoteAltered    QuoteState = "altered"    // some words differ
	QuoteAmbiguous  QuoteState = "ambiguous"  // it stands in several places, and nothing says which
	QuoteNotFound   QuoteState = "not-found"  // no source that could be read has it
	QuoteUnseen     QuoteState = "unseen"     // not found, and a source it may be from could not be read
)

// Quote is a passage of a post bound to the passage that it came from.
type Quote struct {
	// ID names the quote within its post, through all captures of the post: the
	// first 16 hex digits of the SHA-256 of its words in compare form, and "-2",
	// "-3" … for the same words once more.
	ID      string       `json:"id" rule:"word"`
	Mark    QuoteMark    `json:"mark"`              // how the post sets it off
	Speaker string       `json:"speaker,omitempty"` // whose words they are, as the post says it
	Passage Selection    `json:"passage"`           // in text.md of the post's capture
	State   QuoteState   `json:"state"`             // how it agrees with its source
	Places  []QuotePlace `json:"places,omitempty"`  // where it is from; several: the candidates
	// How the post differs from the source, where words differ.
	Segments []DiffSegment `json:"segments,omitempty"`
	Meaning  []string      `json:"meaning,omitempty" rule:"word"` // what the differing words are: number, negation, name …
}

// QuotePlace is a passage of a capture of a source. It is pinned: the passage is
// followed from here through all later versions.
type QuotePlace struct {
	Page       PageID      `json:"page"`            // the source
	URL        string      `json:"url" rule:"name"` // its name
	CapturedAt Time        `json:"captured_at"`     // of the capture that holds the passage
	Payload    Digest      `json:"payload"`         // of that capture
	Sequence   int64       `json:"sequence"`        // of the commit that holds that capture
	Selections []Selection `json:"selections"`      // one for each part, in order
}

// Selection is a passage of a text.md, named twice as the W3C Web Annotation Data
// Model does, §4.2.4 and §4.2.5, and by its bytes in the payload.
type Selection struct {
	Quote    TextQuoteSelector    `json:"quote"`           // the passage by its words
	Position TextPositionSelector `json:"position"`        // the passage by its place
	Block    int                  `json:"block"`           // of the text, from 0
	Bytes    *Span                `json:"bytes,omitempty"` // of the content-decoded payload: of its blocks, markup included
}

// TextQuoteSelector names a passage by its words and those around it.
type TextQuoteSelector struct {
	Type   string `json:"type" rule:"is:TextQuoteSelector"` // TextQuoteSelector
	Exact  string `json:"exact" rule:"text"`                // paragraphs are joined by a line feed
	Prefix string `json:"prefix,omitempty"`                 // what stands before it
	Suffix string `json:"suffix,omitempty"`                 // what stands after it
}

// TextPositionSelector names a passage by its place, in code points of text.md.
type TextPositionSelector struct {
	Type  string `json:"type" rule:"is:TextPositionSelector"` // TextPositionSelector
	Start int64  `json:"start"`                               // of its first code point, from 0
	End   int64  `json:"end"`                                 // after its last
}

// QuoteFate is what became of a quoted passage in its source.
type QuoteFate string

// The fates.
const (
	QuoteIntact         QuoteFate = "intact"          // it stands where it stood
	QuoteMoved          QuoteFate = "moved"           // it stands elsewhere on the page
	QuoteContextChanged QuoteFate = "context-changed" // it stands, and the words around it changed
	QuoteFateAltered    QuoteFate = "altered"         // words of it changed
	QuoteRemoved        QuoteFate = "removed"         // it is gone from the page
	QuoteFateUnseen     QuoteFate = "unseen"          // the page could not be seen, or not read
)

// Broken reports whether the source does not say any more what is quoted.
func (f QuoteFate) Broken() bool { return f == QuoteFateAltered || f == QuoteRemoved }

// QuoteVerdict is a line of a checks file: what became of a quote with a new
// capture of the page that it is bound to.
type QuoteVerdict struct {
	Schema  string `json:"schema"`               // quote/1
	Run     string `json:"run" rule:"run"`       // which run of the program saw this
	Page    PageID `json:"page"`                 // the source
	URL     string `json:"url" rule:"name"`      // its name
	Post    PageID `json:"post"`                 // that quotes it
	PostURL string `json:"post_url" rule:"name"` // its name
	Quote   string `json:"quote" rule:"word"`    // its id within the post
	Exact   string `json:"exact" rule:"text"`    // the words of the post

	Bound      State       `json:"bound"`                // the capture of the source that the quote is bound to
	Before     State       `json:"before"`               // the newest capture of the source before this one
	After      State       `json:"after"`                // this capture
	Was        QuoteFate   `json:"was"`                  // with the capture before
	Last       QuoteFate   `json:"last,omitempty"`       // where that was unseen: with the last capture that was seen
	Fate       QuoteFate   `json:"fate"`                 // with this one
	Passage    string      `json:"passage" rule:"text"`  // what the source said when the quote was bound
	Now        string      `json:"now,omitempty"`        // what it says in that place now, where it differs
	Selections []Selection `json:"selections,omitempty"` // where it stands now

	Segments []DiffSegment `json:"segments,omitempty"`            // from the passage to what is there now
	Meaning  []string      `json:"meaning,omitempty" rule:"word"` // what the changed words are: number, negation, name …
	Change   ChangeClass   `json:"change,omitempty"`              // the verdict on the page as a whole
	Notice   string        `json:"notice,omitempty"`              // a note of the page on its own changes that has words of the quote
}

// Breaks reports whether the source said the passage when it was last seen, or
// said something else, and does not now.
func (q *QuoteVerdict) Breaks() bool { return q.Fate.Broken() && (q.Last == "" || q.Last != q.Fate) }

// Mends reports whether the source says again what it did not say when it was
// last seen.
func (q *QuoteVerdict) Mends() bool {
	return !q.Fate.Broken() && q.Fate != QuoteFateUnseen && (q.Was.Broken() || q.Last.Broken())
}

// Quotes is what walkback quotes shows.
type Quotes struct {
	Schema    string       `json:"schema"`                       // quotes/1
	ArchiveID string       `json:"archive_id" rule:"archive"`    // of the archive that was asked
	Of        PageID       `json:"of,omitzero"`                  // only what is bound to this source
	OfURL     string       `json:"of_url,omitempty" rule:"name"` // its name
	Posts     []PostQuotes `json:"posts"`                        // that have quotes, by name
}

// PostQuotes are the quotes of one post.
type PostQuotes struct {
	Page       PageID          `json:"page"`            // the post
	URL        string          `json:"url" rule:"name"` // its name
	Title      string          `json:"title,omitempty"` // its headline
	CapturedAt Time            `json:"captured_at"`     // of the post's capture that these quotes stand in
	Quotes     []QuoteStanding `json:"quotes"`          // in reading order
}

// QuoteStanding is a quote with what has become of it.
type QuoteStanding struct {
	Quote   Quote       `json:"quote"`             // as the post has it
	Context string      `json:"context,omitempty"` // the paragraphs of the source that held the passage
	Fate    QuoteFate   `json:"fate,omitempty"`    // none where the quote is bound to no one place
	Bound   *QuoteProof `json:"bound,omitempty"`   // the capture that the quote is bound to
	Since   *QuoteProof `json:"since,omitempty"`   // the capture from which on it has fared so, where that is a later one
	// Where the source cannot be seen now: the last capture that could be read, and
	// the fate with that.
	LastSeen   *QuoteProof   `json:"last_seen,omitempty"`
	LastFate   QuoteFate     `json:"last_fate,omitempty"`           // see last_seen
	Now        string        `json:"now,omitempty"`                 // what stands in its place, where that differs
	NowContext string        `json:"now_context,omitempty"`         // the paragraphs that hold that
	Segments   []DiffSegment `json:"segments,omitempty"`            // from the passage to what is there now
	Meaning    []string      `json:"meaning,omitempty" rule:"word"` // what the changed words are: number, negation, name …
	Standing   ChangeClass   `json:"standing,omitempty"`            // what the source says of itself now: retraction, withdrawal …
	Notice     string        `json:"notice,omitempty"`              // a note on its own changes that has words of the quote
}

// QuoteProof names a capture and the commit that proves it.
type QuoteProof struct {
	State
	Commit string `json:"commit" rule:"commit"`
}
