package schemas

// Method says how the bytes of a capture came in.
type Method string

// The methods.
const (
	Fetched  Method = "fetched"  // asked for over HTTP by us
	Rendered Method = "rendered" // through a browser of ours
	Given    Method = "given"    // handed in as a file: nobody saw it at an address
	Imported Method = "imported" // taken over from another archive
)

// Outcome is the access verdict on a capture: did we see the page that a
// reader would see? It is decided before any content is compared.
type Outcome string

// The outcomes.
const (
	Served      Outcome = "served"       // the page itself
	NotModified Outcome = "not-modified" // the server said: as before (304)
	Missing     Outcome = "missing"      // 404, not yet confirmed
	Gone        Outcome = "gone"         // 410, or 404 seen twice at least an hour apart
	Legal       Outcome = "legal"        // 451
	Redirected  Outcome = "redirected"   // sent to a home page or another place instead of the page
	Login       Outcome = "login"        // a sign-in form instead of the page
	Consent     Outcome = "consent"      // a consent wall instead of the page
	Paywalled   Outcome = "paywalled"    // a beginning of the page, then a gate
	Challenged  Outcome = "challenged"   // a bot challenge instead of the page
	Blocked     Outcome = "blocked"      // refused to us: 401, 403, 406, 429 …
	ServerError Outcome = "server-error" // 5xx, or an empty answer
	Unreachable Outcome = "unreachable"  // no complete answer: DNS, refused, TLS, timeout, reset
	WrongType   Outcome = "wrong-type"   // another kind of document than before
	Parked      Outcome = "parked"       // a domain seller's page
	Refused     Outcome = "refused"      // we did not ask: private address, robots.txt, scheme
)

// Confidence is how sure a verdict is.
type Confidence string

// The confidences.
const (
	Certain Confidence = "certain"
	Likely  Confidence = "likely"
	Suspect Confidence = "suspect"
)

// Access is an outcome with the rule that gave it and what the rule saw.
type Access struct {
	Outcome    Outcome    `json:"outcome"`
	Rule       string     `json:"rule" rule:"word"` // stable id, such as http-410
	Confidence Confidence `json:"confidence"`
	Evidence   []string   `json:"evidence,omitempty"` // short quotations of the answer
}

// Capture is capture.json: the newest capture of a page.
type Capture struct {
	Schema     string `json:"schema"` // capture/1
	Page       PageID `json:"page"`
	URL        string `json:"url" rule:"name"` // the page's name: its exact URL, or a URN for a given post
	Method     Method `json:"method"`
	Run        string `json:"run" rule:"run"` // which run of the program made it
	Sequence   int64  `json:"sequence"`       // of the commit that first holds it
	CapturedAt Time   `json:"captured_at"`    // the real clock when the first request was sent
	DurationMS int64  `json:"duration_ms"`
	Access     Access `json:"access"`

	// Said by whoever handed the file in, and never compared as if fetched.
	ClaimedURL  string `json:"claimed_url,omitempty"`
	ClaimedDate string `json:"claimed_date,omitempty" rule:"date"` // YYYY-MM-DD or RFC 3339

	// Of a post that was asked for through the API of its service.
	Asked  string `json:"asked,omitempty" rule:"address"` // what was asked in place of the page
	Reader string `json:"reader,omitempty" rule:"text"`   // what read the payload, and its version: mastodon/1

	FinalURL  string     `json:"final_url,omitempty" rule:"address"` // where the last hop was asked
	Status    int        `json:"status,omitempty" rule:"status"`     // of the last hop
	Failure   *Failure   `json:"failure,omitempty"`
	Truncated Truncation `json:"truncated,omitempty"`                      // why the payload is not whole
	Robots    string     `json:"robots,omitempty" rule:"followed|ignored"` // whether robots.txt was asked for leave; absent where a person asked for the page
	Head      *File      `json:"head,omitempty"`                           // head.http
	Hops      []Hop      `json:"hops,omitempty"`                           // in order; absent for given posts
	Body      *Body      `json:"body,omitempty"`
	// What the page is made of beside its payload: images, style sheets, fonts.
	Resources        []Resource `json:"resources,omitempty"`         // in the order in which the page asks for them
	ResourceHeads    *File      `json:"resource_heads,omitempty"`    // resources.http
	ResourcesOmitted int64      `json:"resources_omitted,omitempty"` // how many more it asks for that are not listed
	Text             *Text      `json:"text,omitempty"`
	TextLimit        int64      `json:"text_limit,omitempty"`                                                            // the bytes of a decoded payload that are read as text, where this one has more and was not read
	NoText           string     `json:"no_text,omitempty" rule:"encrypted|damaged|pictures|too-complex|too-many-blocks"` // why a PDF has no text, or why a text was not read
	LastServed       *State     `json:"last_served,omitempty"`                                                           // the newest served capture, where this one was not served

	Tool        *Tool        `json:"tool,omitempty"`
	Operator    string       `json:"operator,omitempty"`
	Clock       *Clock       `json:"clock,omitempty"`
	Vantage     *Vantage     `json:"vantage,omitempty"`
	Rendering   *Rendering   `json:"rendering,omitempty"` // of a page that a browser of ours showed
	Screenshots []Screenshot `json:"screenshots,omitempty"`
}

// Files returns every file of the page's folder that the capture names, with
// repetitions where hops share a file.
func (c *Capture) Files() []File {
	var files []File
	if c.Head != nil {
		files = append(files, *c.Head)
	}
	if c.Body != nil {
		files = append(files, File{File: c.Body.File, Size: c.Body.Size, SHA256: c.Body.SHA256})
	}
	if c.Text != nil {
		files = append(files, File{File: c.Text.File, Size: c.Text.Size, SHA256: c.Text.SHA256})
	}
	for _, hop := range c.Hops {
		if hop.Body != nil {
			files = append(files, *hop.Body)
		}
		if hop.TLS != nil && hop.TLS.Chain != nil {
			files = append(files, *hop.TLS.Chain)
		}
	}
	for _, r := range c.Resources {
		if r.File != nil {
			files = append(files, *r.File)
		}
	}
	if c.ResourceHeads != nil {
		files = append(files, *c.ResourceHeads)
	}
	if c.Rendering != nil {
		for _, file := range []*File{c.Rendering.Document, c.Rendering.PDF} {
			if file != nil {
				files = append(files, *file)
			}
		}
	}
	for _, s := range c.Screenshots {
		files = append(files, File{File: s.File, Size: s.Size, SHA256: s.SHA256})
	}
	return files
}

// Truncation is the reason why a payload is not whole, in the words of
// WARC 1.1 §5.13 (WARC-Truncated).
type Truncation string

// The truncations.
const (
	TruncatedLength     Truncation = "length"     // our limit on bytes
	TruncatedTime       Truncation = "time"       // our limit on time
	TruncatedDisconnect Truncation = "disconnect" // the other side stopped
)

// Failure says why there was no complete exchange.
type Failure struct {
	Reason string `json:"reason" rule:"word"` // stable word: dns, refused, tls, timeout, reset, …
	Detail string `json:"detail"`             // for a person
}

// File is a file of the page's folder.
type File struct {
	File   string `json:"file" rule:"path"` // path relative to the page's folder
	Size   int64  `json:"size"`
	SHA256 Digest `json:"sha256"`
}

// Body is the payload as received: transfer-coding removed, content-coding
// kept.
type Body struct {
	File            string `json:"file" rule:"path"`
	Size            int64  `json:"size"`
	SHA256          Digest `json:"sha256"`
	MediaType       string `json:"media_type" rule:"text"`     // as declared, or as sniffed when nothing was declared
	ContentType     string `json:"content_type,omitempty"`     // the header, where it says more than the media type
	ContentEncoding string `json:"content_encoding,omitempty"` // gzip, br, zstd, deflate: still on the stored bytes
}

// Hop is one request and its answer.
type Hop struct {
	URL           string     `json:"url" rule:"address"`
	StartedAt     Time       `json:"started_at"`
	DurationMS    int64      `json:"duration_ms"`
	RemoteAddr    string     `json:"remote_addr,omitempty"` // address:port that was dialled
	Status        int        `json:"status,omitempty" rule:"status"`
	Request       *Span      `json:"request,omitempty"`  // where in head.http its head stands
	Response      *Span      `json:"response,omitempty"` // likewise
	TLS           *TLS       `json:"tls,omitempty"`
	Body          *File      `json:"body,omitempty"`           // of a redirect, in resources/
	BodyTruncated Truncation `json:"body_truncated,omitempty"` // why that is not whole
	Redacted      []string   `json:"redacted,omitempty"`
	Resolved      []string   `json:"resolved,omitempty"` // every address that the look-up of the host's name gave, before the dial that made the connection
	Tries         []Try      `json:"tries,omitempty"`    // of this very request before, that failed in a way that may pass; in order
}

// Try is a request that was made again because what came of it may pass. Its
// answer is not kept.
type Try struct {
	StartedAt  Time     `json:"started_at"`
	DurationMS int64    `json:"duration_ms"`
	RemoteAddr string   `json:"remote_addr,omitempty"`          // address:port that was dialled
	Status     int      `json:"status,omitempty" rule:"status"` // 429, 502, 503, 504
	RetryAfter string   `json:"retry_after,omitempty"`          // as the server sent it
	Failure    *Failure `json:"failure,omitempty"`              // where there was no answer
}

// Span is a range of bytes.
type Span struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// TLS describes the connection of a hop.
type TLS struct {
	Version    string `json:"version"` // TLS 1.3
	Cipher     string `json:"cipher"`
	ServerName string `json:"server_name"`
	Chain      *File  `json:"chain,omitempty"` // the certificates as presented, PEM, leaf first
}

// Text is what the extractor made of the newest served capture. It is derived
// data: verify checks its bytes, never that it is right.
type Text struct {
	File          string `json:"file" rule:"path"` // text.md
	Size          int64  `json:"size"`
	SHA256        Digest `json:"sha256"`
	Extractor     string `json:"extractor" rule:"text"` // name and version
	CapturedAt    Time   `json:"captured_at"`           // of the served capture it was made from
	Payload       Digest `json:"payload"`               // of that capture
	Sequence      int64  `json:"sequence"`              // of the commit that holds that payload
	Charset       string `json:"charset,omitempty"`
	CharsetSource string `json:"charset_source,omitempty" rule:"http|bom|meta|sniff"` // http, bom, meta, sniff
	Title         string `json:"title,omitempty"`
	Byline        string `json:"byline,omitempty"`
	Published     string `json:"published,omitempty"` // as precise as the page says
	Modified      string `json:"modified,omitempty"`
	Canonical     string `json:"canonical,omitempty"`
	Language      string `json:"language,omitempty"`
	DOI           string `json:"doi,omitempty"` // that the page states, in lower case
	// What the page says of itself as a publication, or none; absent when nobody
	// asked. Read it with Says.
	Standing string `json:"standing,omitempty" rule:"none|reinstatement|expression-of-concern|removal|withdrawal|retraction"`
	// Lines that were found to change with each capture and are there still, digits
	// as #: see Change.Volatile.
	Volatile []string `json:"volatile,omitempty"`
}

// noStanding is written where a page says nothing of itself as a publication.
const noStanding = "none"

// Says returns what the page says of itself as a publication, such as
// [Retraction]; "" when it says nothing. It reports false when the capture was
// made without asking.
func (t *Text) Says() (standing ChangeClass, known bool) {
	switch t.Standing {
	case "":
		return "", false
	case noStanding:
		return "", true
	}
	return ChangeClass(t.Standing), true
}

// Say keeps what the page says of itself as a publication; "" is nothing.
func (t *Text) Say(standing ChangeClass) {
	if t.Standing = string(standing); standing == "" {
		t.Standing = noStanding
	}
}

// Tool names the program that made a capture.
type Tool struct {
	Name    string `json:"name" rule:"text"`
	Version string `json:"version" rule:"text"`
}

// Clock says what the times of a capture rest on.
type Clock struct {
	// What is known of the clock: synchronised, unsynchronised (what the system
	// says of itself), or system, when it says nothing.
	Source     string `json:"source" rule:"text"`
	OffsetMS   int64  `json:"offset_ms,omitempty" rule:"signed"`
	MaxErrorMS int64  `json:"max_error_ms,omitempty"` // bound that the system gives for its error, rounded up
	// The Date of the final response minus our clock when the request was begun:
	// a hint, since the server's clock may be the wrong one. Its unit is a second.
	ServerOffsetMS int64 `json:"server_offset_ms,omitempty" rule:"signed"`
}

// Vantage says from where a page was looked at.
type Vantage struct {
	Name string `json:"name" rule:"text"`
	Via  string `json:"via,omitempty"` // proxy that all was asked through, without credentials
}

// Rendering says how a browser of ours showed a page. Its payload is the page as it
// stood in the end. Heads in head.http and resources.http are as the browser
// reports them, in the form of HTTP/1.1, and bodies without content-coding.
type Rendering struct {
	Browser           string     `json:"browser" rule:"text"` // product and version
	Settled           bool       `json:"settled"`             // whether the page came to rest before it was recorded
	Limits            []string   `json:"limits,omitempty"`    // what was cut short: time, bytes, requests, dialogs …
	Document          *File      `json:"document,omitempty"`  // what the server answered the last hop with
	DocumentTruncated Truncation `json:"document_truncated,omitempty"`
	PDF               *File      `json:"pdf,omitempty"` // the page as printed
}

// Screenshot is a picture of the rendered page.
type Screenshot struct {
	File   string `json:"file" rule:"path"`
	Size   int64  `json:"size"`
	SHA256 Digest `json:"sha256"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}
