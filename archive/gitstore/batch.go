package gitstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/gofrs/flock"
)

// Signer makes an armored SSHSIG, namespace git, over a commit without its
// signature.
type Signer interface {
	Sign(message io.Reader) ([]byte, error)
}

// Batch is a series of commits on top of main, and edits staged for the next
// one. Its methods must not be called at the same time. Nothing of it can be
// seen in the repository before Publish. It must be closed.
type Batch struct {
	store   *Store
	lock    *flock.Flock
	start   ID      // where main is, for all this batch knows
	head    *Commit // newest, nil when there is none
	staging *staging
	spool   *spool // made with the first object
	mark    int    // objects in spool that are committed
	sums    map[ID][32]byte
	differ  differ
	placed  []string // packs that main does not reach yet, without extension
	reached bool     // main may reach them all the same: moving it failed midway
	closed  bool
}

// Begin starts a batch once no other writer is at work, and cleans up what a
// killed one left. When ctx ends before that, the error is a *LockedError. A
// main that does not lead to a commit in the accepted form cannot be built on:
// the error is that of Head or Commit.
func (s *Store) Begin(ctx context.Context, owner Owner) (*Batch, error) {
	lock, err := s.lockWriter(ctx, owner)
	if err != nil {
		return nil, err
	}
	b := &Batch{store: s, lock: lock, sums: map[ID][32]byte{}}
	if err := b.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("beginning a batch: %w", err), unlockWriter(lock))
	}
	return b, nil
}

func (b *Batch) begin() (err error) {
	if err := b.store.recoverDead(); err != nil {
		return err
	}
	if b.start, err = b.store.Head(); err != nil {
		return err
	}
	if !b.start.IsZero() {
		if b.head, err = b.store.Commit(b.start); err != nil {
			return err
		}
	}
	b.Discard()
	return nil
}

// Head returns the newest commit, whether published or not; nil when there is
// none.
func (b *Batch) Head() *Commit { return b.head }

func (b *Batch) headID() ID {
	if b.head == nil {
		return ID{}
	}
	return b.head.ID
}

func (b *Batch) headTree() ID {
	if b.head == nil {
		return ID{}
	}
	return b.head.Tree
}

// Put stages a file. Path components are printable ASCII, portable to every
// file system; a file cannot take the place of a folder nor the reverse.
func (b *Batch) Put(path string, blob *Blob) error {
	err := b.put(path, blob)
	if err != nil {
		return fmt.Errorf("staging %q: %w", path, err)
	}
	return nil
}

func (b *Batch) put(path string, blob *Blob) error {
	switch {
	case b.closed:
		return ErrClosed
	case blob.size > MaxObjectSize:
		return fmt.Errorf("it has %d bytes, more than %d", blob.size, int64(MaxObjectSize))
	}
	if err := checkPath(path); err != nil {
		return err
	}
	former, err := b.staging.file(path)
	if err != nil {
		return err
	}
	before := b.spooled()
	if err := b.write(blob.id, former, func(w *spool) error { return b.addBlob(w, blob, former) }); err != nil {
		return err
	}
	if err := b.staging.put(path, blob.id); err != nil {
		b.rollback(before)
		return err
	}
	b.sums[blob.id] = blob.sum
	return nil
}

// PutStored stages a file whose content the commit that the batch began with has,
// or one before it: nothing is written.
func (b *Batch) PutStored(path string, id ID) error {
	if b.closed {
		return ErrClosed
	}
	err := checkPath(path)
	if err == nil {
		err = b.staging.put(path, id)
	}
	if err != nil {
		return fmt.Errorf("staging %q: %w", path, err)
	}
	return nil
}

// write adds an object to the pack, unless it takes its own place: then the pack
// or the commit that the batch began with has it. An object that is elsewhere in
// the repository is written again all the same. No ref may reach that one, and a
// git repack that looked before this batch is published would throw it away
// after. Compacting stores it once.
func (b *Batch) write(id, former ID, add func(*spool) error) (err error) {
	if id == former || b.spool != nil && b.spool.has(id) {
		return nil
	}
	if b.spool == nil {
		if b.spool, err = newSpool(b.store.privatePath(batchName) + ".pack"); err != nil {
			return err
		}
	}
	return add(b.spool)
}

func (b *Batch) spooled() int {
	if b.spool == nil {
		return 0
	}
	return len(b.spool.entries)
}

func (b *Batch) rollback(n int) {
	if b.spool != nil {
		b.spool.rollback(n)
	}
}

// Remove stages the removal of a file or of a whole folder; ErrNotFound when
// neither is there. Folders that become empty go too.
func (b *Batch) Remove(path string) error {
	if b.closed {
		return ErrClosed
	}
	if err := b.staging.remove(path); err != nil {
		return fmt.Errorf("removing %q: %w", path, err)
	}
	return nil
}

// Lookup returns an entry of the staged tree, as Store.Lookup does.
func (b *Batch) Lookup(path string) (Entry, error) {
	return trees(b.staging.entries).lookup(b.staging.seal(), path)
}

// Files yields the files of the staged tree, as Store.Files does. The batch
// must not be changed meanwhile.
func (b *Batch) Files(folder string) iter.Seq2[File, error] {
	return trees(b.staging.entries).files(b.staging.seal(), folder)
}

// Changes yields what the staged tree changes in the newest commit, as
// Store.Changes does. The batch must not be changed meanwhile.
func (b *Batch) Changes() iter.Seq2[Change, error] {
	return trees(b.staging.entries).changes(b.headTree(), b.staging.seal())
}

// Object returns an object of the batch or else of the repository, as
// Store.Object does.
func (b *Batch) Object(id ID) (Kind, []byte, error) {
	if b.spool != nil {
		if o, ok, err := b.spool.read(&b.store.packReader.inflaters, id); ok || err != nil {
			return o.kind, o.content, err
		}
	}
	if entries, ok := b.staging.sealed[id]; ok {
		return KindTree, encodeTree(entries), nil
	}
	return b.store.Object(id)
}

// tree reads a tree of the batch or of the repository.
func (b *Batch) tree(id ID) ([]Entry, error) {
	if b.spool == nil || !b.spool.has(id) {
		return b.store.entries(id)
	}
	if entries, ok := b.store.trees.get(id); ok {
		return entries, nil
	}
	o, _, err := b.spool.read(&b.store.packReader.inflaters, id)
	if err != nil {
		return nil, err
	}
	return treeOf(id, o)
}

// SHA256 returns the SHA-256 of a blob's content. For blobs put since the last
// Publish it costs nothing, others are read.
func (b *Batch) SHA256(id ID) ([32]byte, error) {
	if sum, ok := b.sums[id]; ok {
		return sum, nil
	}
	if b.spool != nil && b.spool.has(id) {
		kind, content, err := b.Object(id)
		if err == nil && kind != KindBlob {
			err = &MalformedError{ID: id, Kind: kind, Reason: "it is not a blob"}
		}
		return sha256.Sum256(content), err
	}
	r, err := b.store.Open(id)
	if err != nil {
		return [32]byte{}, err
	}
	if r.Kind() != KindBlob {
		return [32]byte{}, errors.Join(&MalformedError{ID: id, Kind: r.Kind(), Reason: "it is not a blob"}, r.Close())
	}
	h := sha256.New()
	_, err = io.Copy(h, r)
	return [32]byte(h.Sum(nil)), errors.Join(err, r.Close())
}

// Commit makes a signed commit of the staged tree on top of the newest one. Its
// time is at least that of its parent, in whole seconds. On an error the staged
// edits stay as they are.
func (b *Batch) Commit(by Person, at time.Time, message string, signer Signer) (*Commit, error) {
	if b.closed {
		return nil, ErrClosed
	}
	c, err := b.sign(by, at, message, signer)
	if err == nil {
		err = b.storeCommit(c)
	}
	if err != nil {
		return nil, fmt.Errorf("committing: %w", err)
	}
	b.head = c
	b.mark = b.spooled()
	b.staging = newStaging(c.Tree, b.tree)
	return c, nil
}

// sign builds the commit's bytes and reads them back as strictly as any
// others.
func (b *Batch) sign(by Person, at time.Time, message string, signer Signer) (*Commit, error) {
	if err := by.check(); err != nil {
		return nil, err
	}
	at = at.UTC().Truncate(time.Second)
	if b.head != nil && at.Before(b.head.Time) {
		at = b.head.Time
	}
	payload := encodePayload(b.staging.seal(), b.headID(), by, at, message)
	armor, err := signer.Sign(bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return ParseCommit(spliceSignature(payload, armor))
}

// storeCommit adds the changed trees and the commit to the pack, or nothing.
func (b *Batch) storeCommit(c *Commit) error {
	before := b.spooled()
	err := b.staging.unstored(func(id, former ID, entries []Entry) error {
		b.store.keepTree(id, entries)
		return b.write(id, former, func(w *spool) error { return b.addTree(w, id, former, entries) })
	})
	if err == nil {
		err = b.write(c.ID, ID{}, func(w *spool) error { return w.add(KindCommit, c.ID, int64(len(c.Raw)), deflate(c.Raw)) })
	}
	if err != nil {
		b.rollback(before)
	}
	return err
}

// Discard forgets the edits staged since the last Commit.
func (b *Batch) Discard() {
	b.rollback(b.mark)
	b.staging = newStaging(b.headTree(), b.tree)
}

// Close ends the batch and lets the next writer in. Commits that were not
// published are gone without a trace on disk. Closing again does nothing.
func (b *Batch) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	err := b.withdrawPacks()
	if b.spool != nil {
		err = errors.Join(err, b.spool.discard())
		b.spool = nil
	}
	return errors.Join(err, b.store.discardSealed(batchName), unlockWriter(b.lock))
}
