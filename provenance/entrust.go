package provenance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/walkback-dev/walkback/archive"
	"github.com/walkback-dev/walkback/archive/gitstore"
	"github.com/walkback-dev/walkback/provenance/trust"
	"github.com/walkback-dev/walkback/schemas"
)

// LockoutError is returned when nobody could sign the next snapshot any more.
type LockoutError struct{ Key string }

func (e *LockoutError) Error() string {
	return fmt.Sprintf("without the key %s nobody could sign the next snapshot", e.Key)
}

// KeyError is returned for a key that cannot be dealt with as was asked.
type KeyError struct {
	Key    string // fingerprint
	Reason string
}

func (e *KeyError) Error() string { return "the key " + e.Key + " " + e.Reason }

// errMoved ends a commit on another head than its files were made for.
var errMoved = errors.New("another process committed in the meantime")

// entrust makes files of the trust folder from those that the head has, and
// commits them by one commit of kind trust. Where another process commits in the
// meantime it begins anew: what that one wrote must not be written over. It
// returns nil when all is so already.
func (rec *Recorder) entrust(ctx context.Context, edit func(*trustEdit) (subject string, err error)) (*archive.Snapshot, error) {
	for {
		head, err := rec.Archive.Head()
		if err != nil {
			return nil, err
		}
		e, err := rec.beginEdit(head)
		if err != nil {
			return nil, err
		}
		subject, err := edit(e)
		if err != nil {
			return nil, err
		}
		draft := &archive.Draft{Kind: schemas.KindTrust, Subject: subject, Trust: e.files}
		snapshots, err := rec.Archive.Commit(ctx, nil, archive.CommitOptions{
			Signer: rec.Key, Command: rec.Command, Wait: rec.Wait, Now: func() time.Time { return e.at },
			Guard: func(now *archive.Snapshot) error {
				if now.Commit.ID != head.Commit.ID {
					return errMoved
				}
				return rec.guard(ctx, now)
			},
		}, draft)
		if errors.Is(err, errMoved) || errors.As(err, new(*gitstore.MovedError)) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("committing %s: %w", draft.Kind, err)
		}
		rec.rememberNewest(snapshots)
		return snapshots[0], nil
	}
}

// trustEdit is the trust folder of a head, about to be changed.
type trustEdit struct {
	head  *archive.Snapshot
	state *trust.State
	at    time.Time // of the commit, in whole seconds
	files []*archive.TrustFile
}

// beginEdit reads the head's trust folder. The commit will be of now, and never
// before its parent.
func (rec *Recorder) beginEdit(head *archive.Snapshot) (*trustEdit, error) {
	state, err := trustAt(rec.Archive, head)
	if err != nil {
		return nil, err
	}
	at := rec.now().UTC().Truncate(time.Second)
	if at.Before(head.Commit.Time) {
		at = head.Commit.Time
	}
	return &trustEdit{head: head, state: state, at: at}, nil
}

// read returns a file of the trust folder as it will be, empty when there is none.
func (e *trustEdit) read(name string) ([]byte, error) {
	for _, f := range e.files {
		if f.Path == name {
			return f.Content, nil
		}
	}
	data, err := e.head.Trust(name)
	if errors.Is(err, gitstore.ErrNotFound) {
		return nil, nil
	}
	return data, err
}

func (e *trustEdit) write(name string, content []byte) {
	for _, f := range e.files {
		if f.Path == name {
			f.Content = content
			return
		}
	}
	e.files = append(e.files, &archive.TrustFile{Path: name, Content: content})
}

// LetIn lets a key sign in an archive, as the line says. The holder of the key
// shows that he has it when he co-signs the snapshot that is returned; nil when
// the very line was there already.
func (rec *Recorder) LetIn(ctx context.Context, signer *trust.AllowedSigner) (*archive.Snapshot, error) {
	return rec.entrust(ctx, func(e *trustEdit) (string, error) {
		return "let in " + trust.Fingerprint(signer.Key), e.letIn(signer)
	})
}

func (e *trustEdit) letIn(signer *trust.AllowedSigner) error {
	fp := trust.Fingerprint(signer.Key)
	if err := lettable(signer.Key); err != nil {
		return err
	}
	if _, revoked := e.state.Revocations.Of(signer.Key); revoked {
		return &KeyError{Key: fp, Reason: "was revoked, and no revocation is taken back"}
	}
	if !signer.Before.IsZero() && !signer.Before.After(e.at) {
		return &KeyError{Key: fp, Reason: "would be let in until " + signer.Before.UTC().Format(time.RFC3339) + ", which is past"}
	}
	file, err := e.read(archive.SignersFile)
	if err != nil {
		return err
	}
	line := signer.Line()
	for i := range e.state.Signers {
		if e.state.Signers[i].Line() == line {
			return nil
		}
	}
	e.write(archive.SignersFile, trust.AddSigner(file, signer))
	return nil
}

// lettable returns why no line of the allowed signers can have a key, or nil.
func lettable(key ssh.PublicKey) error {
	if _, ok := key.(*ssh.Certificate); ok {
		return &KeyError{Key: trust.Fingerprint(key), Reason: "stands in a certificate: let in the key itself, or the authority that certified it"}
	}
	if err := trust.CheckKey(key); err != nil {
		return &KeyError{Key: trust.Fingerprint(key), Reason: "cannot be let in: " + err.Error()}
	}
	return nil
}

// Retire ends what a key may do at a time, at that of the commit when it is zero.
// What it signed before stays good. It returns a *LockoutError when nobody else
// could sign, unless that is wanted, and nil when the key had ended before.
func (rec *Recorder) Retire(ctx context.Context, key ssh.PublicKey, at time.Time, last bool) (*archive.Snapshot, error) {
	return rec.entrust(ctx, func(e *trustEdit) (string, error) {
		return "retire " + trust.Fingerprint(key), e.retire(key, at, last)
	})
}

func (e *trustEdit) retire(key ssh.PublicKey, at time.Time, last bool) error {
	fp := trust.Fingerprint(key)
	if at.IsZero() {
		at = e.at
	} else if at = at.UTC().Truncate(time.Second); at.Before(e.at) {
		return &KeyError{Key: fp, Reason: "would end on " + at.Format(time.RFC3339) + ", which is past: what it signed since would not verify any more"}
	}
	file, err := e.read(archive.SignersFile)
	if err != nil {
		return err
	}
	ended, changed, err := trust.EndSigner(file, fp, at)
	if err != nil || changed == 0 {
		return err
	}
	if after, err := trust.ParseAllowedSigners(ended); err != nil {
		return err
	} else if s := (&trust.State{Signers: after, Revocations: e.state.Revocations}); !last && e.state.CanSign(e.at, "") && !s.CanSign(e.at, fp) {
		return &LockoutError{Key: fp}
	}
	e.write(archive.SignersFile, ended)
	return nil
}

// Revocation is a key that somebody else may have.
type Revocation struct {
	Key      ssh.PublicKey
	Reason   string
	Since    time.Time         // when somebody else got it; zero: when it is revoked
	LastGood schemas.CommitRef // the last snapshot that is its owner's; none: the newest
	Last     bool              // also when nobody else could sign
}

// Revoke writes down that somebody else may have a key. What it signed after the
// last good snapshot, or cannot be proven to have signed before it was
// compromised, does not verify from then on. A key cannot revoke itself: whoever
// has it could do the same.
func (rec *Recorder) Revoke(ctx context.Context, r *Revocation) (*archive.Snapshot, error) {
	return rec.entrust(ctx, func(e *trustEdit) (string, error) {
		fp := trust.Fingerprint(r.Key)
		return "revoke " + fp, e.revoke(r, trust.Fingerprint(rec.Key.Public()))
	})
}

func (e *trustEdit) revoke(r *Revocation, by string) error {
	fp := trust.Fingerprint(r.Key)
	if fp == by {
		return &KeyError{Key: fp, Reason: "cannot revoke itself: whoever else has it could do so too"}
	}
	if _, revoked := e.state.Revocations.Of(r.Key); revoked {
		return &KeyError{Key: fp, Reason: "was revoked before"}
	}
	if err := e.retire(r.Key, time.Time{}, r.Last); err != nil {
		return err
	}
	since, good := r.Since, r.LastGood
	if since.IsZero() {
		since = e.at
	}
	if good.SHA256.IsZero() {
		good = e.head.Ref()
	}
	keys, err := e.read(archive.RevokedKeysFile)
	if err != nil {
		return err
	}
	lines, err := e.read(archive.RevocationsFile)
	if err != nil {
		return err
	}
	keys, lines, err = trust.AddRevoked(keys, lines, r.Key, &schemas.Revocation{
		Schema: schemas.RevocationSchema, Key: fp, Reason: r.Reason, CompromisedAt: schemas.TimeOf(since), LastGood: good.SHA256,
	})
	if err != nil {
		return err
	}
	e.write(archive.RevokedKeysFile, keys)
	e.write(archive.RevocationsFile, lines)
	return nil
}

// Rotate lets a new key in and retires the one that signs, in one snapshot, which
// the new key co-signs to show that somebody has it. From then on the recorder
// signs with the new key.
func (rec *Recorder) Rotate(ctx context.Context, to *trust.Key) (changed, cosigned *archive.Snapshot, err error) {
	old := rec.Key.Public()
	if trust.Fingerprint(old) == to.Fingerprint() {
		return nil, nil, &KeyError{Key: to.Fingerprint(), Reason: "is the one that signs already"}
	}
	changed, err = rec.entrust(ctx, func(e *trustEdit) (string, error) {
		name, email := to.Person()
		err := e.letIn(&trust.AllowedSigner{
			Principals: []string{email}, Namespaces: []string{trust.Namespace, trust.CosignNamespace}, Key: to.Public(), Comment: name,
		})
		if err == nil {
			err = e.retire(old, time.Time{}, false)
		}
		return "replace " + trust.Fingerprint(old) + " by " + to.Fingerprint(), err
	})
	if err != nil || changed == nil {
		return changed, nil, err
	}
	rec.Key = to
	cosigned, err = rec.Cosign(ctx, to, changed)
	return changed, cosigned, err
}

// Demand sets the archive's policy.
func (rec *Recorder) Demand(ctx context.Context, policy *schemas.TrustPolicy) (*archive.Snapshot, error) {
	if err := trust.CheckPolicy(policy); err != nil {
		return nil, err
	}
	content, err := schemas.Encode(policy)
	if err != nil {
		return nil, err
	}
	return rec.entrust(ctx, func(e *trustEdit) (string, error) {
		e.write(archive.PolicyFile, content)
		subject := "demand nothing"
		if c := policy.Cosignatures; c != nil {
			subject = fmt.Sprintf("demand %d of %d co-signatures from snapshot %d", c.Threshold, len(c.Keys), c.From)
		}
		return subject, nil
	})
}
