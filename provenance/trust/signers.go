package trust

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// maxSigners bounds an allowed_signers file.
const maxSigners = 10_000

// AllowedSigners is a parsed allowed_signers file.
type AllowedSigners []AllowedSigner

// AllowedSigner is one line of it.
type AllowedSigner struct {
	Principals []string  // patterns with * and ?, as ssh-keygen(1) PATTERNS
	Namespaces []string  // patterns; none means any
	After      time.Time // zero: no bound
	Before     time.Time // zero: no bound
	Authority  bool      // cert-authority: allows no plain key, but the certificates it issued
	Key        ssh.PublicKey
	Comment    string
}

// NotAllowedError says why a key may not sign.
type NotAllowedError struct {
	Principal string // "" when nobody's name is known for the key
	Key       string // fingerprint
	Reason    string
}

func (e *NotAllowedError) Error() string {
	if e.Principal == "" {
		return fmt.Sprintf("the key %s may not sign: %s", e.Key, e.Reason)
	}
	return fmt.Sprintf("%s (%s) may not sign: %s", e.Principal, e.Key, e.Reason)
}

// Moment is when something was signed.
type Moment struct {
	Claimed time.Time // by the signer
	// Proven is a time before which it was certainly signed, by the word of
	// somebody else; zero when there is none.
	Proven time.Time
}

// ParseAllowedSigners reads an allowed_signers file. Lines that are empty or
// begin with # are passed over; anything else that cannot be read is an error,
// since a signer half understood is a signer wrongly allowed.
func ParseAllowedSigners(data []byte) (AllowedSigners, error) {
	var signers AllowedSigners
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(strings.TrimLeft(line, " \t"), " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		signer, err := parseSigner(line)
		if err != nil {
			return nil, fmt.Errorf("reading allowed signers, line %d: %w", i+1, err)
		}
		if signers = append(signers, signer); len(signers) > maxSigners {
			return nil, fmt.Errorf("reading allowed signers: more than %d", maxSigners)
		}
	}
	return signers, nil
}

func parseSigner(line string) (AllowedSigner, error) {
	principals, rest, err := nextField(line)
	if err != nil {
		return AllowedSigner{}, err
	}
	signer := AllowedSigner{Principals: strings.Split(strings.Trim(principals, `"`), ",")}
	key, comment, options, tail, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return AllowedSigner{}, fmt.Errorf("no key: %w", err)
	}
	if len(bytes.TrimSpace(tail)) > 0 {
		return AllowedSigner{}, fmt.Errorf("more than one key")
	}
	signer.Key, signer.Comment = key, comment
	for _, option := range options {
		if err := signer.option(option); err != nil {
			return AllowedSigner{}, err
		}
	}
	return signer, nil
}

// nextField cuts the first field, which may be quoted.
func nextField(line string) (field, rest string, err error) {
	if strings.HasPrefix(line, `"`) {
		end := strings.IndexByte(line[1:], '"')
		if end < 0 {
			return "", "", fmt.Errorf("no closing quotation mark")
		}
		return line[:end+2], strings.TrimLeft(line[end+2:], " \t"), nil
	}
	i := strings.IndexAny(line, " \t")
	if i < 0 {
		return "", "", fmt.Errorf("no key")
	}
	return line[:i], strings.TrimLeft(line[i:], " \t"), nil
}

// option takes one option over. Each may stand once, its value in quotation
// marks: ssh-keygen refuses anything else, and so must we.
func (s *AllowedSigner) option(option string) (err error) {
	name, quoted, _ := strings.Cut(option, "=")
	if name = strings.ToLower(name); name == "cert-authority" && name == strings.ToLower(option) {
		s.Authority = true
		return nil
	}
	value, ok := strings.CutPrefix(quoted, `"`)
	value, closed := strings.CutSuffix(value, `"`)
	if !ok || !closed || strings.ContainsAny(value, `"\`) {
		return fmt.Errorf("option %q has no value in quotation marks", option)
	}
	again := false
	switch name {
	case "namespaces":
		again = s.Namespaces != nil
		s.Namespaces = strings.Split(value, ",")
	case "valid-after":
		again = !s.After.IsZero()
		s.After, err = parseSignerTime(value)
	case "valid-before":
		again = !s.Before.IsZero()
		s.Before, err = parseSignerTime(value)
	default:
		err = fmt.Errorf("unknown option %q", name)
	}
	if again {
		return fmt.Errorf("option %q stands twice", name)
	}
	return err
}

func parseSignerTime(s string) (time.Time, error) {
	for _, layout := range []string{"20060102Z", "200601021504Z", "20060102150405Z"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time like 20261123Z or 20261123052855Z (without Z it would depend on the reader's time zone)", s)
}

// Allow returns nil when the key may sign in this namespace under this principal
// at this moment, else a *NotAllowedError. windowed reports whether that rests on
// a window whose end no proven time lies before.
func (s AllowedSigners) Allow(namespace, principal string, key ssh.PublicKey, at Moment) (windowed bool, err error) {
	reason := "the archive does not allow this key"
	cert, certified := key.(*ssh.Certificate)
	for _, signer := range s {
		if certified && signer.Authority && sameKey(signer.Key, cert.SignatureKey) || !certified && sameKey(signer.Key, key) {
			refusal := signer.refuses(namespace, principal, cert, at)
			if refusal == "" {
				return at.Proven.IsZero() && signer.ends(cert), nil
			}
			reason = refusal
		}
	}
	return false, &NotAllowedError{Principal: principal, Key: Fingerprint(key), Reason: reason}
}

// refuses says why this line does not let its key sign, or the key that cert, if
// it is not nil, certifies.
func (s *AllowedSigner) refuses(namespace, principal string, cert *ssh.Certificate, at Moment) string {
	switch {
	case s.Authority && cert == nil:
		return "the key is only allowed as a certificate authority"
	case !matchAny(s.Principals, principal):
		return "the key belongs to another name: " + strings.Join(s.Principals, ",")
	case len(s.Namespaces) > 0 && !matchAny(s.Namespaces, namespace):
		return "the key is allowed for other purposes: " + strings.Join(s.Namespaces, ",")
	}
	if refusal := s.outside(at); refusal != "" || cert == nil {
		return refusal
	}
	return checkCertificate(cert, principal, at)
}

// outside says why a moment lies outside of the window. What was claimed must
// lie in it, and when it is proven only that the signature existed at a later
// time, that counts: a holder of an expired key can claim what he likes.
func (s *AllowedSigner) outside(at Moment) string {
	switch {
	case !s.After.IsZero() && at.Claimed.Before(s.After):
		return "the key was not yet allowed on " + at.Claimed.UTC().Format(time.RFC3339)
	case !s.Before.IsZero() && !at.Claimed.Before(s.Before):
		return "the key was no longer allowed on " + at.Claimed.UTC().Format(time.RFC3339)
	case !s.Before.IsZero() && !at.Proven.IsZero() && !at.Proven.Before(s.Before):
		return "the key was no longer allowed on " + at.Proven.UTC().Format(time.RFC3339) +
			", and nothing proves that it signed before that"
	}
	return ""
}

// ends reports whether the window of this line or of a certificate has an end.
func (s *AllowedSigner) ends(cert *ssh.Certificate) bool {
	return !s.Before.IsZero() || cert != nil && cert.ValidBefore != ssh.CertTimeInfinity
}

// matchAny is OpenSSH's pattern list: a "!" pattern that matches refuses.
func matchAny(patterns []string, s string) bool {
	negated := slices.ContainsFunc(patterns, func(p string) bool {
		return strings.HasPrefix(p, "!") && matchPattern(p[1:], s)
	})
	return !negated && slices.ContainsFunc(patterns, func(p string) bool {
		return !strings.HasPrefix(p, "!") && matchPattern(p, s)
	})
}

// matchPattern knows only * and ?, where path.Match has more.
func matchPattern(pattern, s string) bool {
	quoted := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `/`, "\x00").Replace(pattern)
	ok, err := path.Match(quoted, strings.ReplaceAll(s, "/", "\x00"))
	return err == nil && ok
}
