package schemas

import "slices"

// Withheld is withheld/<sequence>.json, written by the commit of kind withhold
// with that sequence and never changed: what was taken out of the archive, by
// whose decision, and the digests that are left of it.
type Withheld struct {
	Schema    string         `json:"schema"`                          // withheld/1
	At        Time           `json:"at"`                              // when it was decided
	Reason    string         `json:"reason" rule:"text"`              // in the words of whoever said so
	Authority string         `json:"authority,omitempty" rule:"text"` // who ordered it, such as a court and the number of a case
	Page      PageID         `json:"page"`
	URL       string         `json:"url" rule:"name"` // the page that was named
	Items     []WithheldItem `json:"items"`
}

// WithheldItem is what a capture had of the files that were withheld.
type WithheldItem struct {
	URL        string         `json:"url" rule:"name"` // of the page; another one when it held the same bytes
	Sequence   int64          `json:"sequence"`        // of the commit that brought the files
	CapturedAt Time           `json:"captured_at"`
	Files      []WithheldFile `json:"files"`
}

// WithheldFile is one file that was withheld.
type WithheldFile struct {
	File   string `json:"file" rule:"path"` // in the page's folder
	Size   int64  `json:"size"`
	SHA256 Digest `json:"sha256"`
	Object string `json:"object" rule:"commit"` // git's SHA-1 name
}

// WithheldSeen is what a record of the archive says was withheld, and how much of
// that is there all the same.
type WithheldSeen struct {
	Sequence  int64  `json:"sequence"` // of the commit that made the record
	At        Time   `json:"at"`
	Reason    string `json:"reason" rule:"text"`
	Authority string `json:"authority,omitempty" rule:"text"`
	URL       string `json:"url" rule:"name"`
	Files     int64  `json:"files"`             // withheld, each content once
	Bytes     int64  `json:"bytes"`             // of these
	Present   int64  `json:"present,omitempty"` // of these files, those that are there: not removed yet, or captured again
}

// Contents returns the files of a capture that hold what the page said or showed:
// payloads, texts, pictures. Heads and certificates are none.
func (c *Capture) Contents() []File {
	var other []string
	for _, file := range []*File{c.Head, c.ResourceHeads} {
		if file != nil {
			other = append(other, file.File)
		}
	}
	for _, hop := range c.Hops {
		if hop.TLS != nil && hop.TLS.Chain != nil {
			other = append(other, hop.TLS.Chain.File)
		}
	}
	var files []File
	for _, file := range c.Files() {
		if !slices.Contains(other, file.File) && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}
