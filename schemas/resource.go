package schemas

// ResourceKind says what a page asks for a resource as.
type ResourceKind string

// The kinds of resources.
const (
	ResourceImage    ResourceKind = "image"
	ResourceStyle    ResourceKind = "style"
	ResourceFont     ResourceKind = "font"
	ResourceIcon     ResourceKind = "icon"     // of the page, for tabs and bookmarks
	ResourceMedia    ResourceKind = "media"    // video, audio, captions
	ResourceScript   ResourceKind = "script"   // asked for by a browser of ours only
	ResourceDocument ResourceKind = "document" // in a frame
	ResourceOther    ResourceKind = "other"    // all else that a browser asks for
)

// Resource is one thing that a page is made of beside its payload, and the
// exchange that brought it. One that did not come is there too, with the reason:
// it makes no capture a failure.
type Resource struct {
	URL       string       `json:"url" rule:"address"` // as the page asks for it, resolved, without fragment
	Kind      ResourceKind `json:"kind"`
	StartedAt Time         `json:"started_at,omitempty"` // of the first request; absent when we asked nobody, or do not know

	FinalURL        string     `json:"final_url,omitempty" rule:"address"` // where the last hop was asked, where that is another address
	Status          int        `json:"status,omitempty" rule:"status"`     // of the last hop; 304: the file is that of the capture before
	MediaType       string     `json:"media_type,omitempty"`               // as declared, or as sniffed when nothing was declared
	ContentEncoding string     `json:"content_encoding,omitempty"`         // still on the stored bytes
	RemoteAddr      string     `json:"remote_addr,omitempty"`              // address:port that was dialled for the last hop
	Request         *Span      `json:"request,omitempty"`                  // where in resources.http the head of the last request stands
	Response        *Span      `json:"response,omitempty"`                 // likewise of its answer
	Redacted        []string   `json:"redacted,omitempty"`                 // as those of a hop
	Failure         *Failure   `json:"failure,omitempty"`                  // why it did not come: that of an exchange, or too-many, too-large, too-late
	Truncated       Truncation `json:"truncated,omitempty"`                // why the file is not whole
	File            *File      `json:"file,omitempty"`                     // in resources/, the payload as received; absent when none came
}
