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
	Authority  bool      // cert-authority: allows no plain key
	Key        ssh.PublicKey
}

// NotAllowedError says why a key may not sign.
type NotAllowedError struct {
	Principal string
	Key       string // fingerprint
	Reason    string
}

func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("%s (%s) may not sign: %s", e.Principal, e.Key, e.Reason)
}

// SignerLine returns the line of allowed_signers that lets this key sign
// commits under this e-mail, with its LF.
func SignerLine(email, publicKey string) string {
	return fmt.Sprintf("%s namespaces=%q %s\n", email, Namespace, publicKey)
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
	key, _, options, tail, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return AllowedSigner{}, fmt.Errorf("no key: %w", err)
	}
	if len(bytes.TrimSpace(tail)) > 0 {
		return AllowedSigner{}, fmt.Errorf("more than one key")
	}
	signer.Key = key
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

// Allow returns nil when the key may sign in namespace "git" under this
// principal at this time, else a *NotAllowedError.
func (s AllowedSigners) Allow(principal string, key ssh.PublicKey, at time.Time) error {
	reason := "the archive does not allow this key"
	for _, signer := range s {
		if !sameKey(signer.Key, key) {
			continue
		}
		switch {
		case signer.Authority:
			reason = "the key is only allowed as a certificate authority"
		case !matchAny(signer.Principals, principal):
			reason = "the key belongs to another name: " + strings.Join(signer.Principals, ",")
		case len(signer.Namespaces) > 0 && !matchAny(signer.Namespaces, Namespace):
			reason = "the key is allowed for other purposes: " + strings.Join(signer.Namespaces, ",")
		case !signer.After.IsZero() && at.Before(signer.After):
			reason = "the key was not yet allowed on " + at.UTC().Format(time.RFC3339)
		case !signer.Before.IsZero() && !at.Before(signer.Before):
			reason = "the key was no longer allowed on " + at.UTC().Format(time.RFC3339)
		default:
			return nil
		}
	}
	return &NotAllowedError{Principal: principal, Key: ssh.FingerprintSHA256(key), Reason: reason}
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
