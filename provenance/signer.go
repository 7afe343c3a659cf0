package provenance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/provenance/trust"
)

// SignerError is returned when a key may not sign in an archive: what it signed
// would never verify, and nothing could be built on it.
type SignerError struct {
	Refusal *trust.NotAllowedError
	Allowed trust.AllowedSigners
}

func (e *SignerError) Error() string { return e.Refusal.Error() }

func (e *SignerError) Unwrap() error { return e.Refusal }

// Allowed returns who may sign the next snapshot of an archive.
func Allowed(a *archive.Archive) (trust.AllowedSigners, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	return allowedAt(a, head)
}

func allowedAt(a *archive.Archive, head *archive.Snapshot) (trust.AllowedSigners, error) {
	entry, err := a.Store().Lookup(head.Commit.Tree, archive.AllowedSignersFile)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", archive.AllowedSignersFile, err)
	}
	_, data, err := a.Store().Object(entry.ID)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", archive.AllowedSignersFile, err)
	}
	return trust.ParseAllowedSigners(data)
}

// Ready returns nil when the next snapshot can be built: the head verifies, else
// *UnverifiedHeadError, and the key may sign, else *SignerError. Every commit
// demands the same; asking first spares the user a run that could not be kept.
func (rec *Recorder) Ready(ctx context.Context) error {
	head, err := rec.Archive.Head()
	if err != nil {
		return err
	}
	return rec.guard(ctx, head)
}

func (rec *Recorder) maySignAfter(head *archive.Snapshot) error {
	signers, err := allowedAt(rec.Archive, head)
	if err != nil {
		return err
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(rec.Key.PublicKey()))
	if err != nil {
		return fmt.Errorf("reading the signing key: %w", err)
	}
	now := time.Now
	if rec.Now != nil {
		now = rec.Now
	}
	_, email := rec.Key.Person()
	err = signers.Allow(email, key, now())
	var refusal *trust.NotAllowedError
	if errors.As(err, &refusal) {
		return &SignerError{Refusal: refusal, Allowed: signers}
	}
	return err
}
