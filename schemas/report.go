package schemas

import (
	"fmt"
	"net/http"
)

// CaptureReport is what walkback capture did.
type CaptureReport struct {
	Schema    string         `json:"schema"` // capture-report/1
	ArchiveID string         `json:"archive_id,omitempty" rule:"archive"`
	Run       string         `json:"run" rule:"run"`
	Resumed   bool           `json:"resumed"` // an unfinished run was continued
	DryRun    bool           `json:"dry_run"` // nothing was written
	Posts     []CapturedPost `json:"posts"`
	Feeds     []FeedRead     `json:"feeds,omitempty"` // in the order they were named and found
	CutShort  string         `json:"cut_short,omitempty" rule:"interrupted|deadline|failed"`
	Left      int64          `json:"left,omitempty"` // posts that the same command has still to capture
}

// FeedRead is what a capture run found in a feed.
type FeedRead struct {
	Feed    string   `json:"feed" rule:"text"`           // its address, or the file as it was named
	Kind    string   `json:"kind,omitempty" rule:"word"` // rss, atom, json-feed, sitemap …; absent when it could not be read
	Title   string   `json:"title,omitempty"`
	Entries int64    `json:"entries"`                      // with an address that can be captured
	New     int64    `json:"new"`                          // of these: not captured yet, or updated since; taken up by this run
	Left    int64    `json:"left,omitempty"`               // new, and left for a later run (--limit)
	Passed  int64    `json:"passed,omitempty"`             // older than was asked for (--since)
	Undated int64    `json:"undated,omitempty"`            // without a date, where one was asked for
	Unfit   int64    `json:"unfit,omitempty"`              // without an address that can be captured
	Faults  []string `json:"faults,omitempty" rule:"text"` // why it, or parts of it, could not be read
}

// CapturedPost is one post of a capture run with its sources.
type CapturedPost struct {
	CapturedPage
	Commit   string         `json:"commit,omitempty" rule:"commit"` // git's SHA-1 name; none in a dry run
	Sequence int64          `json:"sequence"`
	Sources  []CapturedPage `json:"sources,omitempty"`
	Omitted  []Omitted      `json:"omitted,omitempty"`
	Quotes   []Quote        `json:"quotes,omitempty"` // in reading order
}

// CapturedPage is one page of a capture or check run.
type CapturedPage struct {
	Page      PageID       `json:"page"`
	URL       string       `json:"url" rule:"name"`
	Title     string       `json:"title,omitempty"`
	Result    ResultKind   `json:"result"`
	Outcome   Outcome      `json:"outcome"`
	Before    Outcome      `json:"before,omitempty"` // outcome at the capture before, if any
	Rule      string       `json:"rule,omitempty" rule:"word"`
	Detail    string       `json:"detail,omitempty"` // why it failed, in words
	Status    int          `json:"status,omitempty" rule:"status"`
	Bytes     int64        `json:"bytes"`                                                                           // of the payload
	Truncated Truncation   `json:"truncated,omitempty"`                                                             // why the payload is not whole
	TextLimit int64        `json:"text_limit,omitempty"`                                                            // the bytes that are read as text, where the payload has more
	NoText    string       `json:"no_text,omitempty" rule:"encrypted|damaged|pictures|too-complex|too-many-blocks"` // as in capture.json
	Change    *Change      `json:"change,omitempty"`
	Within    *TimeBracket `json:"within,omitempty"` // the change happened between these
	First     *FirstLook   `json:"first,omitempty"`  // a passing fault that a second look did not bear out
	// What the page says of itself at its first capture: retraction, withdrawal …
	Standing ChangeClass `json:"standing,omitempty"`
	// Where web archives may have it, for a page that was dead when it was first
	// captured: a TimeGate address of RFC 7089.
	OlderCopies string `json:"older_copies,omitempty" rule:"address"`
	// What came of the images, style sheets and the like that the page asks for.
	Resources *ResourceTally `json:"resources,omitempty"`
	// All of this in one word.
	Artifact ArtifactStatus `json:"artifact,omitempty"`
}

// ArtifactStatus says in one word what came of a page or a resource in a run.
type ArtifactStatus string

// What can come of an artifact.
const (
	ArtifactOK        ArtifactStatus = "ok"        // kept, whole
	ArtifactPartial   ArtifactStatus = "partial"   // kept, not whole, or without some of its resources
	ArtifactFailed    ArtifactStatus = "failed"    // not there, or not to be had
	ArtifactUnchanged ArtifactStatus = "unchanged" // as the archive has it already
	ArtifactBlocked   ArtifactStatus = "blocked"   // kept from us: a wall, robots.txt, or a limit of ours
)

// Sum sets Artifact by the other fields.
func (p *CapturedPage) Sum() {
	switch p.Outcome {
	case Served, NotModified:
		switch {
		case p.Result == ResultAsBefore:
			p.Artifact = ArtifactUnchanged
		case p.Truncated != "" || p.Resources != nil && p.Resources.Missing > 0:
			p.Artifact = ArtifactPartial
		default:
			p.Artifact = ArtifactOK
		}
	case Blocked, Challenged, Login, Consent, Paywalled, Legal, Refused:
		p.Artifact = ArtifactBlocked
	default:
		p.Artifact = ArtifactFailed
	}
}

// ResourceTally counts what a page is made of beside its payload.
type ResourceTally struct {
	Status  string `json:"status" rule:"ok|partial|failed"` // all came, some, none
	Kept    int    `json:"kept"`
	Missing int    `json:"missing"` // what did not come, or not whole, or was not asked for
	Bytes   int64  `json:"bytes"`   // of the kept ones

	Unchanged int            `json:"unchanged,omitempty"` // kept ones that the server says are as before
	Lost      []LostResource `json:"lost,omitempty"`      // the missing, of many the first 20
}

// LostResource is a resource that is missing, and why.
type LostResource struct {
	URL      string         `json:"url" rule:"address"`
	Kind     ResourceKind   `json:"kind"`
	Artifact ArtifactStatus `json:"artifact"`           // partial, failed or blocked
	Detail   string         `json:"detail" rule:"text"` // for a person
}

// maxLost bounds what a tally lists.
const maxLost = 20

// TallyResources returns nil for a page that asks for none.
func (c *Capture) TallyResources() *ResourceTally {
	if len(c.Resources) == 0 {
		return nil
	}
	t := &ResourceTally{Status: "partial", Missing: int(c.ResourcesOmitted)}
	for i := range c.Resources {
		r := &c.Resources[i]
		if r.File != nil {
			t.Kept++
			t.Bytes += r.File.Size
			if r.Status == http.StatusNotModified {
				t.Unchanged++
			}
		}
		if r.File == nil || r.Truncated != "" {
			t.Missing++
			if len(t.Lost) < maxLost {
				t.Lost = append(t.Lost, r.lost())
			}
		}
	}
	switch {
	case t.Missing == 0:
		t.Status = "ok"
	case t.Kept == 0:
		t.Status = "failed"
	}
	return t
}

// lost says why a resource is missing.
func (r *Resource) lost() LostResource {
	lost := LostResource{URL: r.URL, Kind: r.Kind, Artifact: ArtifactFailed, Detail: "no answer that is kept"}
	switch {
	case r.File != nil:
		lost.Artifact, lost.Detail = ArtifactPartial, "it was cut short ("+string(r.Truncated)+")"
	case r.Failure != nil:
		lost.Detail = r.Failure.Detail
		if lost.Detail == "" {
			lost.Detail = r.Failure.Reason
		}
		switch r.Failure.Reason {
		case "robots", "private-address", "too-many", "too-large", "too-late":
			lost.Artifact = ArtifactBlocked
		}
	case r.Status != 0:
		lost.Detail = fmt.Sprintf("HTTP %d", r.Status)
		switch r.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusUnavailableForLegalReasons:
			lost.Artifact = ArtifactBlocked
		}
	}
	return lost
}

// TimeBracket is an interval between two looks at a page.
type TimeBracket struct {
	After  Time `json:"after"`
	Before Time `json:"before"`
}

// ResultKind says what became of one page in a run.
type ResultKind string

// The kinds of result.
const (
	ResultNew      ResultKind = "new"       // captured for the first time
	ResultCaptured ResultKind = "captured"  // a further capture was stored
	ResultAsBefore ResultKind = "as-before" // an observation was stored
	ResultInRun    ResultKind = "in-run"    // captured earlier in the same run
)

// CheckReport is what walkback check found.
type CheckReport struct {
	Schema    string         `json:"schema"` // check-report/1
	ArchiveID string         `json:"archive_id" rule:"archive"`
	Run       string         `json:"run" rule:"run"`
	Resumed   bool           `json:"resumed"`
	Pages     []CapturedPage `json:"pages"`
	Commits   []CommitRef    `json:"commits,omitempty"` // made by this run
	Quotes    []QuoteVerdict `json:"quotes,omitempty"`  // that fare otherwise than before, the broken ones first
	CutShort  string         `json:"cut_short,omitempty" rule:"interrupted|deadline|failed"`
	Left      int64          `json:"left,omitempty"` // pages that the same command has still to look at
}

// PageList is what walkback list shows.
type PageList struct {
	Schema    string       `json:"schema"` // page-list/1
	ArchiveID string       `json:"archive_id" rule:"archive"`
	Pages     []ListedPage `json:"pages"`
}

// ListedPage is one page of an archive as its newest capture has it.
type ListedPage struct {
	Page       PageID  `json:"page"`
	URL        string  `json:"url" rule:"name"`
	Title      string  `json:"title,omitempty"`
	Post       bool    `json:"post"`    // it was captured as a post
	Tracked    bool    `json:"tracked"` // check looks at it
	Method     Method  `json:"method"`
	Outcome    Outcome `json:"outcome"`
	CapturedAt Time    `json:"captured_at"`
	Bytes      int64   `json:"bytes"`
	LookedAt   Time    `json:"looked_at,omitzero"` // the last look, in a list of when pages are due
	DueAt      Time    `json:"due_at,omitzero"`    // when the page is to be looked at again, likewise
}

// Log is what walkback log shows: the commits of an archive, or of one page.
type Log struct {
	Schema    string     `json:"schema"` // log/1
	ArchiveID string     `json:"archive_id" rule:"archive"`
	Page      PageID     `json:"page,omitzero"`
	URL       string     `json:"url,omitempty" rule:"name"`
	Entries   []LogEntry `json:"entries"` // newest first
}

// LogEntry is one commit.
type LogEntry struct {
	Sequence  int64       `json:"sequence"`
	Commit    string      `json:"commit" rule:"commit"`
	Time      Time        `json:"time"` // of the commit
	Signer    string      `json:"signer"`
	Kind      CommitKind  `json:"kind"` // init, capture, check, …
	Subject   string      `json:"subject"`
	Outcome   Outcome     `json:"outcome,omitempty"` // of the page's capture
	Version   int         `json:"version,omitempty"` // number of the version it made, from 1
	Title     string      `json:"title,omitempty"`
	Payload   Digest      `json:"payload,omitzero"`
	Words     *Words      `json:"words,omitempty"` // against the version before
	Captured  Time        `json:"captured_at,omitzero"`
	Untracked bool        `json:"untracked,omitempty"`
	Class     ChangeClass `json:"class,omitempty"`    // verdict on the capture
	Passage   *Passage    `json:"passage,omitempty"`  // its gravest change
	Bracket   *Bracket    `json:"bracket,omitempty"`  // what timestamps prove of when it was made
	Vantage   *Vantage    `json:"vantage,omitempty"`  // from where the page was looked at
	Withheld  int64       `json:"withheld,omitempty"` // sequence of the commit that took out what the capture held
}

// Show is what walkback show shows: one page at one version.
type Show struct {
	Schema      string       `json:"schema"` // show/1
	ArchiveID   string       `json:"archive_id" rule:"archive"`
	Commit      CommitRef    `json:"commit"`             // that holds the capture
	Folder      string       `json:"folder" rule:"path"` // the page's folder in the tree
	Capture     *Capture     `json:"capture"`
	Post        *Post        `json:"post,omitempty"`
	Text        string       `json:"text,omitempty"`
	Withheld    *Withheld    `json:"withheld,omitempty"`    // the record by which files of the capture were taken out
	Change      *Change      `json:"change,omitempty"`      // verdict on the capture, against the one before
	Standing    ChangeClass  `json:"standing,omitempty"`    // what the page says of itself: retraction, withdrawal …
	Retractions *Retractions `json:"retractions,omitempty"` // what was imported about its DOI
	Bracket     *Bracket     `json:"bracket,omitempty"`     // what timestamps prove of when it was recorded
}

// Diff is what walkback diff shows between two versions of a page.
type Diff struct {
	Schema    string     `json:"schema"` // diff/1
	ArchiveID string     `json:"archive_id" rule:"archive"`
	Page      PageID     `json:"page"`
	URL       string     `json:"url" rule:"name"`
	Before    DiffSide   `json:"before"`
	After     DiffSide   `json:"after"`
	Extractor string     `json:"extractor" rule:"text"` // both sides were read with it
	Words     Words      `json:"words"`
	Hunks     []DiffHunk `json:"hunks"`
	Change    *Change    `json:"change,omitempty"` // verdict on these two versions
}

// DiffSide is one side of a Diff.
type DiffSide struct {
	State
	Commit  string   `json:"commit" rule:"commit"`
	Title   string   `json:"title,omitempty"`
	Bracket *Bracket `json:"bracket,omitempty"` // what timestamps prove of when it was recorded
}

// DiffHunk is a run of lines around changes.
type DiffHunk struct {
	BeforeLine int           `json:"before_line"` // first line on each side, from 1
	AfterLine  int           `json:"after_line"`
	Segments   []DiffSegment `json:"segments"`
}

// DiffSegment is a run of text that is equal, deleted or inserted.
type DiffSegment struct {
	Op   string `json:"op" rule:"equal|delete|insert"` // equal, delete, insert
	Text string `json:"text" rule:"text"`
}

// KeyList is what walkback key list shows.
type KeyList struct {
	Schema string      `json:"schema"` // key-list/1
	Keys   []ListedKey `json:"keys"`
}

// ListedKey is one signing key.
type ListedKey struct {
	Fingerprint string `json:"fingerprint" rule:"fingerprint"`
	Type        string `json:"type" rule:"text"` // ssh-ed25519 …
	Name        string `json:"name"`
	Email       string `json:"email"`
	Source      string `json:"source" rule:"file|agent"` // file, agent
	File        string `json:"file,omitempty"`
	Default     bool   `json:"default"`
}
