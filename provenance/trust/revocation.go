package trust

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/schemas"
)

// maxRevocations bounds the revocations of an archive.
const maxRevocations = 10_000

// Revocations are the keys of an archive that somebody else may have. The zero
// value holds none.
type Revocations struct {
	revoked map[string]bool // by fingerprint, also those of which nothing more is said
	lines   []*schemas.Revocation
}

// ParseRevocations reads trust/revoked_keys, a file of public keys as
// ssh-keygen(1) takes it for -r, and trust/revocations.jsonl. Either may be
// empty. What cannot be read is an error: it may be a revocation.
func ParseRevocations(keys, lines []byte) (*Revocations, error) {
	r := &Revocations{revoked: map[string]bool{}}
	n := 0
	for line := range strings.Lines(string(keys)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0 {
			return nil, fmt.Errorf("reading revoked keys, line %d: it is not a public key", n)
		}
		if r.revoked[Fingerprint(key)] = true; len(r.revoked) > maxRevocations {
			return nil, fmt.Errorf("reading revoked keys: more than %d", maxRevocations)
		}
	}
	n = 0
	for line := range bytes.Lines(lines) {
		n++
		revocation, err := schemas.DecodeLine[schemas.Revocation](line)
		if err != nil {
			return nil, fmt.Errorf("reading revocations, line %d: %w", n, err)
		}
		r.revoked[revocation.Key] = true
		if r.lines = append(r.lines, revocation); len(r.lines) > maxRevocations {
			return nil, fmt.Errorf("reading revocations: more than %d", maxRevocations)
		}
	}
	return r, nil
}

// Of returns what is said of a key, or of the authority that certified it, and
// reports whether it is revoked. Nothing may be said of a revoked key: then
// nothing of what it signed is accepted.
func (r *Revocations) Of(key ssh.PublicKey) (said []*schemas.Revocation, revoked bool) {
	if r == nil {
		return nil, false
	}
	fingerprints := []string{Fingerprint(key)}
	if cert, ok := key.(*ssh.Certificate); ok {
		fingerprints = append(fingerprints, Fingerprint(cert.SignatureKey))
	}
	for _, fp := range fingerprints {
		if !r.revoked[fp] {
			continue
		}
		revoked = true
		before := len(said)
		for _, line := range r.lines {
			if line.Key == fp {
				said = append(said, line)
			}
		}
		if len(said) == before {
			return nil, true
		}
	}
	return said, revoked
}

// LastGood returns the commits that the revocations name.
func (r *Revocations) LastGood() []schemas.Digest {
	if r == nil {
		return nil
	}
	var sums []schemas.Digest
	for _, line := range r.lines {
		sums = append(sums, line.LastGood)
	}
	return sums
}

// AddRevoked returns the two files with one more revocation.
func AddRevoked(keys, lines []byte, key ssh.PublicKey, revocation *schemas.Revocation) (newKeys, newLines []byte, err error) {
	line, err := schemas.EncodeLine(revocation)
	if err != nil {
		return nil, nil, err
	}
	if len(keys) > 0 && !bytes.HasSuffix(keys, []byte("\n")) {
		keys = append(keys, '\n')
	}
	if known, err := ParseRevocations(keys, nil); err != nil {
		return nil, nil, err
	} else if !known.revoked[revocation.Key] {
		keys = append(bytes.Clone(keys), authorizedKey(key)+"\n"...)
	}
	return keys, append(bytes.Clone(lines), line...), nil
}
