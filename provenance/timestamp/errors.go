package timestamp

import "fmt"

// Kind says what is wrong with a proof.
type Kind int

// The kinds of error.
const (
	Malformed   Kind = iota // it is not in the one form that it has to have
	Mismatch                // it is for other bytes, or its signature is bad
	Untrusted               // it is sound, but from nobody who is to be believed
	Unsupported             // it uses what is not known or too weak here
)

// Error is why a proof proves nothing.
type Error struct {
	Kind   Kind
	Reason string
}

func (e *Error) Error() string { return e.Reason }

func malformed(format string, args ...any) error {
	return &Error{Malformed, fmt.Sprintf(format, args...)}
}

func mismatch(format string, args ...any) error {
	return &Error{Mismatch, fmt.Sprintf(format, args...)}
}

func untrusted(format string, args ...any) error {
	return &Error{Untrusted, fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	return &Error{Unsupported, fmt.Sprintf(format, args...)}
}
