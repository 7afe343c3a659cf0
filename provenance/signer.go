package provenance

import (
	"context"
	"errors"
	"time"

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

// Allowed returns who may sign the next snapshot of an archive at this time.
func Allowed(a *archive.Archive, at time.Time) (trust.AllowedSigners, error) {
	state, err := TrustState(a)
	if err != nil {
		return nil, err
	}
	return state.Signing(at), nil
}

// TrustState returns what the newest snapshot says of who may sign the next one.
func TrustState(a *archive.Archive) (*trust.State, error) {
	head, err := a.Head()
	if err != nil {
		return nil, err
	}
	return trustAt(a, head)
}

func trustAt(a *archive.Archive, head *archive.Snapshot) (*trust.State, error) {
	t := readTrust(a.Store(), head.Commit.Tree)
	return t.state, t.err
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
	state, err := trustAt(rec.Archive, head)
	if err != nil {
		return err
	}
	_, email := rec.Key.Person()
	_, err = state.Allow(trust.Namespace, email, rec.Key.Public(), trust.Moment{Claimed: rec.now()})
	var refusal *trust.NotAllowedError
	if errors.As(err, &refusal) {
		return &SignerError{Refusal: refusal, Allowed: state.Signing(rec.now())}
	}
	return err
}

func (rec *Recorder) now() time.Time {
	if rec.Now != nil {
		return rec.Now()
	}
	return time.Now()
}
