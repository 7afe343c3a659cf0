package schemas

import "iter"

// Post is post.json: a post's sources, pinned as they were when the post was
// captured, and its quotes, bound to passages of them.
type Post struct {
	Schema     string    `json:"schema"` // post/1
	Page       PageID    `json:"page"`
	URL        string    `json:"url" rule:"name"` // the post's name
	Run        string    `json:"run" rule:"run"`
	CapturedAt Time      `json:"captured_at"`
	Payload    Digest    `json:"payload,omitzero"` // of the post's capture these sources come from
	MaxSources int       `json:"max_sources"`      // the limit in force; 0: no sources were wanted
	Sources    []Source  `json:"sources"`
	Omitted    []Omitted `json:"omitted,omitempty"`
	Quotes     []Quote   `json:"quotes,omitempty"` // in reading order
}

// Relied returns the pages that the post's quotes are bound to, each once; none
// for a nil post.
func (p *Post) Relied() iter.Seq[PageID] {
	return func(yield func(PageID) bool) {
		if p == nil {
			return
		}
		seen := map[PageID]bool{}
		for i := range p.Quotes {
			for j := range p.Quotes[i].Places {
				page := p.Quotes[i].Places[j].Page
				if seen[page] {
					continue
				}
				if seen[page] = true; !yield(page) {
					return
				}
			}
		}
	}
}

// Relation says why a page is a source of a post.
type Relation string

// The relations.
const (
	Linked  Relation = "linked"  // the post links to it
	Named   Relation = "named"   // the person who captured the post named it
	Quoted  Relation = "quoted"  // the post has words of it, and does not link to it
	Earlier Relation = "earlier" // an earlier version of the post linked to it or named it
)

// Source pins one source of a post.
type Source struct {
	Page       PageID   `json:"page"`
	URL        string   `json:"url" rule:"name"`               // the source page's name
	Link       string   `json:"link,omitempty" rule:"address"` // the address as linked, where it has a fragment
	Anchor     string   `json:"anchor,omitempty"`              // the words of the link
	Relation   Relation `json:"relation"`
	Outcome    Outcome  `json:"outcome"`
	CapturedAt Time     `json:"captured_at"`      // of the capture that holds these bytes
	Payload    Digest   `json:"payload,omitzero"` // none when nothing came back
	Sequence   int64    `json:"sequence"`         // of the commit that holds that capture
}

// Omitted is a link that was not captured, and why.
type Omitted struct {
	URL    string `json:"url" rule:"text"`
	Reason string `json:"reason" rule:"word"` // max-sources, …
}
