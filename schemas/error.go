package schemas

import (
	"fmt"
	"strconv"
	"strings"
)

// DecodeError says why some bytes are not a document of format 1, or why a
// value cannot be written as one.
type DecodeError struct {
	Schema  string // what was expected, such as capture/1
	Field   string // where, such as hops[2].tls.chain.sha256; empty for the whole
	Problem string
}

func (e *DecodeError) Error() string {
	if e.Field == "" {
		return e.Schema + ": " + e.Problem
	}
	return e.Schema + ": " + e.Field + ": " + e.Problem
}

// UnsupportedError is returned for a document whose name is known but whose
// version is higher than this program reads. Its hash and the signature over
// it can still be checked.
type UnsupportedError struct {
	Name    string // capture, Archive-Format …
	Version int64
	Known   int64 // the highest version that is read
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s has version %d, and this program reads versions up to %d", e.Name, e.Version, e.Known)
}

// parseCount reads a number from 0 to 2^63-1 in its one decimal form.
func parseCount(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}

// problem starts the way up to the caller: within adds where it was.
func problem(format string, args ...any) *DecodeError {
	return &DecodeError{Problem: fmt.Sprintf(format, args...)}
}

// within puts a step, a key or "[index]", before the field that e names.
func (e *DecodeError) within(step string) *DecodeError {
	switch {
	case e.Field == "":
		e.Field = step
	case strings.HasPrefix(e.Field, "["):
		e.Field = step + e.Field
	default:
		e.Field = step + "." + e.Field
	}
	return e
}
