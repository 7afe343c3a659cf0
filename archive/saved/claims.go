package saved

import (
	"strings"
	"time"

	"github.com/walkback-dev/walkback/archive/pattern"
)

// Claims are where and when a file says that it is from. Either may be empty.
type Claims struct {
	URL  string // http or https
	Date string // RFC 3339, with the zone as stated, or YYYY-MM-DD
}

// ClaimsOf returns what a file of this media type says of itself.
func ClaimsOf(mediaType string, content []byte) Claims {
	switch {
	case Reads(mediaType):
		m, err := Read(content)
		if err != nil {
			return Claims{}
		}
		return m.Claims()
	case mediaType == "text/html" || mediaType == "application/xhtml+xml":
		return claimsOfHTML(string(content[:min(len(content), claimsWithin)]))
	}
	return Claims{}
}

// Claims returns what the message says of itself.
func (m *Message) Claims() Claims {
	c := Claims{URL: m.URL}
	if !m.Date.IsZero() {
		c.Date = m.Date.Format(time.RFC3339)
	}
	return c
}

// claimsWithin is how far into a page its comment is looked for, in bytes.
const claimsWithin = 16 << 10

var (
	// <!-- saved from url=(0023)https://quay.example/a -->
	savedFrom = pattern.New(`(?i)<!--\s*saved from url=\(\d{4}\)\s*(\S+?)\s*-->`)
	// <!-- Page saved with SingleFile  url: https://…  saved date: Mon Mar 02 2026 11:00:00 GMT+0100 (…) -->
	singleFile = pattern.New(`(?is)<!--\s*Page saved with SingleFile[^>]*?\burl:\s*(\S+)\s+saved date:\s*([^(\n>-]*[+-]\d{4})`)
	// <!-- Saved from https://quay.example/a at 2026-03-02T10:00:00Z using monolith v2.8.3 -->
	monolith = pattern.New(`(?i)<!--\s*Saved from (\S+) at (\S+) using monolith`)
)

func claimsOfHTML(start string) Claims {
	if m := singleFile().FindStringSubmatch(start); m != nil {
		return claims(m[1], m[2], "Mon Jan 2 2006 15:04:05 GMT-0700", "Mon Jan 02 2006 15:04:05 GMT-0700")
	}
	if m := monolith().FindStringSubmatch(start); m != nil {
		return claims(m[1], m[2], time.RFC3339)
	}
	if m := savedFrom().FindStringSubmatch(start); m != nil {
		return claims(m[1], "")
	}
	return Claims{}
}

func claims(address, date string, layouts ...string) Claims {
	var c Claims
	if isWeb(address) {
		c.URL = address
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, strings.TrimSpace(date)); err == nil && t.Year() >= 1970 && t.Year() <= 9999 {
			c.Date = t.Format(time.RFC3339)
			break
		}
	}
	return c
}
