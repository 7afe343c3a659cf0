package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance"
	"github.com/walkback-dev/walkback/schemas"
)

// Messages go to stderr as "walkback: error: …" and "walkback: hint: …", lower
// case, no full stop. An error says what is wrong, a hint what to do next.

func (p *program) say(kind, format string, args ...any) {
	if p.quiet && kind == "note" {
		return
	}
	fmt.Fprintf(p.stderr, "walkback: %s: %s\n", kind, cleanLine(fmt.Sprintf(format, args...)))
}

func (p *program) warn(err error) { p.say("warning", "%v", err) }

// complain prints an error with its hint and returns the exit code.
func (p *program) complain(err error) int {
	for _, line := range strings.Split(strings.TrimSpace(err.Error()), "\n") {
		p.say("error", "%s", line)
	}
	if hint := hintFor(err); hint != "" {
		first, rest, _ := strings.Cut(hint, "\n")
		p.say("hint", "%s", first)
		for line := range strings.Lines(rest) {
			fmt.Fprintln(p.stderr, "    "+cleanLine(strings.TrimSuffix(line, "\n")))
		}
	}
	return codeFor(err)
}

// noArchive is returned when a command needs an archive and there is none.
type noArchive struct{ dir string }

func (e *noArchive) Error() string { return "there is no archive at " + e.dir }

func codeFor(err error) int {
	var (
		u          *usage
		unverified *provenance.UnverifiedHeadError
		broken     unsound
	)
	switch {
	case errors.As(err, &u):
		return exitUsage
	case errors.As(err, &unverified), errors.As(err, &broken):
		return schemas.Untrusted.ExitCode()
	}
	return exitFailed
}

// damage reports whether an error speaks of objects that are not what was
// written, and what verify would say to them.
func damage(err error) (schemas.Verdict, bool) {
	var (
		corrupt   *gitstore.CorruptError
		malformed *gitstore.MalformedError
		missing   *gitstore.MissingError
		truncated *gitstore.TruncatedError
		branch    *archive.LostBranchError
	)
	switch {
	case errors.As(err, &corrupt), errors.As(err, &malformed):
		return schemas.Tampered, true
	case errors.As(err, &missing), errors.As(err, &truncated), errors.As(err, &branch):
		return schemas.Incomplete, true
	}
	return "", false
}

// shellWord quotes a word for a shell when it needs it.
func shellWord(s string) string {
	plain := strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:@%+=,")
	if s != "" && plain == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
