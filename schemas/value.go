package schemas

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Digest is the SHA-256 of some bytes. The zero Digest means "none".
type Digest [sha256.Size]byte

const digestPrefix = "sha256:"

// DigestOf returns the digest of data.
func DigestOf(data []byte) Digest { return sha256.Sum256(data) }

// ParseDigest reads the form "sha256:<64 lower-case hex digits>".
func ParseDigest(s string) (Digest, error) {
	var d Digest
	digits, ok := strings.CutPrefix(s, digestPrefix)
	if !ok || len(digits) != 2*len(d) || strings.ToLower(digits) != digits {
		return Digest{}, fmt.Errorf("%q is not sha256:<64 lower-case hex digits>", s)
	}
	if _, err := hex.Decode(d[:], []byte(digits)); err != nil {
		return Digest{}, fmt.Errorf("%q is not sha256:<64 lower-case hex digits>", s)
	}
	return d, nil
}

// String returns the form that [ParseDigest] reads.
func (d Digest) String() string { return digestPrefix + d.Hex() }

// Hex returns the 64 hex digits alone, as sha256sum prints them.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// IsZero reports whether d is "none".
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDigest(string(text))
	return err
}

// PageID names a page inside an archive: the first 20 hex digits of the
// SHA-256 of the page's name (its URL without fragment, or its URN).
type PageID [10]byte

// PageIDOf returns the id of the page with this name. The name must already be
// in its final form: nothing is normalised here.
func PageIDOf(name string) PageID {
	sum := sha256.Sum256([]byte(name))
	return PageID(sum[:len(PageID{})])
}

// ParsePageID reads 20 lower-case hex digits.
func ParsePageID(s string) (PageID, error) {
	var id PageID
	if len(s) != 2*len(id) || strings.ToLower(s) != s {
		return PageID{}, fmt.Errorf("%q is not a page id of 20 lower-case hex digits", s)
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return PageID{}, fmt.Errorf("%q is not a page id of 20 lower-case hex digits", s)
	}
	return id, nil
}

// String returns the 20 hex digits.
func (p PageID) String() string { return hex.EncodeToString(p[:]) }

// IsZero reports whether p names no page.
func (p PageID) IsZero() bool { return p == PageID{} }

// MarshalText implements encoding.TextMarshaler.
func (p PageID) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *PageID) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePageID(string(text))
	return err
}

// Time is an instant in UTC with millisecond precision: milliseconds since
// 1970-01-01T00:00:00Z. The zero Time means "none".
type Time int64

const timeLayout = "2006-01-02T15:04:05.000Z"

// TimeOf returns t, cut to the millisecond.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// ParseTime reads the one form that [Time.String] writes. The instant
// 1970-01-01T00:00:00.000Z is refused: it stands for "none".
func ParseTime(s string) (Time, error) {
	t, err := time.Parse(timeLayout, s)
	if err != nil || t.Format(timeLayout) != s {
		return 0, fmt.Errorf("%q is not a UTC time like 2026-11-23T05:28:55.000Z", s)
	}
	if t.UnixMilli() == 0 {
		return 0, fmt.Errorf("%q is no time at which anything was recorded", s)
	}
	return Time(t.UnixMilli()), nil
}

// Time returns t as a time.Time in UTC; the zero Time gives the zero time.Time.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}

// String returns RFC 3339 in UTC with milliseconds, or "" for "none".
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return t.Time().Format(timeLayout)
}

// IsZero reports whether t is "none".
func (t Time) IsZero() bool { return t == 0 }

// MarshalText implements encoding.TextMarshaler. Years outside 0000–9999 have
// no encoding.
func (t Time) MarshalText() ([]byte, error) {
	if year := t.Time().Year(); t != 0 && (year < 0 || year > 9999) {
		return nil, fmt.Errorf("time %d ms lies outside the years 0 to 9999", int64(t))
	}
	return []byte(t.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Time) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTime(string(text))
	return err
}
