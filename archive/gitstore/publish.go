package gitstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// batchName and mergedName are the packs in the private folder that are not yet
// placed, without extension. There is one writer at a time, so the names need
// not differ.
const (
	batchName  = "batch"
	mergedName = "merged"
)

// keepMark is what a .keep of ours begins with; people and git make others.
const keepMark = "walkback is publishing this pack\n"

// packPrefix begins the name of a pack.
const packPrefix = "pack-"

// Publish makes the commits of the batch durable and moves main to the newest.
// Nothing is acknowledged before it returns nil. When main is no longer where
// the batch began the error is a *MovedError and the batch is of no more use;
// when another program holds git's lock of the branch and keeps it for seconds,
// or ctx ends first, it is a *RefLockedError. After any error but *MovedError
// Publish can be tried again.
//
// Edits that are staged and not committed stay staged.
func (b *Batch) Publish(ctx context.Context) error {
	if b.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.headID() == b.start {
		return nil
	}
	if err := b.publish(ctx); err != nil {
		return fmt.Errorf("publishing: %w", err)
	}
	return nil
}

func (b *Batch) publish(ctx context.Context) error {
	to := b.headID()
	have, err := b.store.Head()
	if err != nil {
		return err
	}
	if have != b.start && have != to {
		return &MovedError{Want: b.start, Have: have}
	}
	if err := b.placePack(); err != nil {
		return err
	}
	if err := syncFolder(b.store.packs.folder); err != nil {
		return err
	}
	if err := b.store.packs.scan(); err != nil {
		return err
	}
	tried, err := b.store.moveMain(ctx, b.start, to)
	b.reached = b.reached || tried
	if err != nil {
		return err
	}
	b.releasePacks()
	b.start, b.reached = to, false
	clear(b.sums)
	// The batch is published: whatever keeps packs from being merged now is
	// tried again after the next.
	_ = b.store.mergePacks(ctx)
	return nil
}

// placePack finishes the pack and puts it among the others, kept from being
// collected. What it did before an error can be done again.
func (b *Batch) placePack() error {
	if b.spool == nil {
		return nil
	}
	trailer, err := b.store.seal(b.spool.packWriter, batchName)
	if err != nil {
		return err
	}
	stem, err := b.store.place(batchName, trailer)
	if err != nil {
		return err
	}
	err = b.spool.file.Close()
	b.spool, b.mark = nil, 0
	b.placed = append(b.placed, stem)
	return err
}

// seal finishes a pack in the private folder and makes its index and its .keep
// there, all durable.
func (s *Store) seal(w *packWriter, name string) (trailer [20]byte, err error) {
	if trailer, err = w.finish(); err != nil {
		return trailer, err
	}
	path := s.privatePath(name)
	if err := writeAgain(path+".idx", w.encodeIndex(trailer), 0o444); err != nil {
		return trailer, err
	}
	keep := fmt.Appendf([]byte(keepMark), "process %d\n", os.Getpid())
	return trailer, writeAgain(path+".keep", keep, 0o666)
}

// place puts a sealed pack among the others, kept from being collected, and
// returns its new path without extension. The name, which is the trailer, is one
// that no pack had before: see salt.
func (s *Store) place(name string, trailer [20]byte) (stem string, err error) {
	folder := s.packs.folder
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	stem = filepath.Join(folder, packPrefix+hex.EncodeToString(trailer[:]))
	if _, err := os.Lstat(stem + ".pack"); err == nil {
		return "", fmt.Errorf("there is a pack %s already: %w", stem, os.ErrExist)
	}
	for _, extension := range []string{".keep", ".idx", ".pack"} {
		if err := os.Rename(s.privatePath(name)+extension, stem+extension); err != nil {
			return "", errors.Join(err, removeIfThere(stem+".idx"), removeIfThere(stem+".keep"))
		}
	}
	return stem, nil
}

// discardSealed removes what seal made.
func (s *Store) discardSealed(name string) (err error) {
	for _, extension := range []string{".pack", ".idx", ".keep"} {
		err = errors.Join(err, removeIfThere(s.privatePath(name)+extension))
	}
	return err
}

// writeAgain makes a file durable; an earlier attempt may have left one.
func writeAgain(path string, content []byte, perm os.FileMode) error {
	if err := removeIfThere(path); err != nil {
		return err
	}
	return writeDurable(path, content, perm)
}

// releasePacks lets git repack what main now reaches. A .keep that stays is
// removed by the next writer.
func (b *Batch) releasePacks() {
	for _, stem := range b.placed {
		_ = os.Remove(stem + ".keep")
	}
	b.placed = nil
}

// withdrawPacks removes packs that main never came to reach, the index first:
// without it no reader looks into the pack.
func (b *Batch) withdrawPacks() error {
	if b.reached { // perhaps
		b.releasePacks()
	}
	var err error
	for _, stem := range b.placed {
		for _, extension := range []string{".idx", ".pack", ".keep"} {
			err = errors.Join(err, removeIfThere(stem+extension))
		}
	}
	if len(b.placed) > 0 {
		err = errors.Join(err, b.store.packs.scan())
	}
	b.placed = nil
	return err
}

// recoverDead cleans up after a writer that was killed. The holder of the writer
// lock may do so: there is no other. A pack that was complete stays: it may be
// what main points at.
func (s *Store) recoverDead() error {
	if err := s.unlockDead(); err != nil {
		return err
	}
	for _, name := range []string{batchName, mergedName} {
		if err := s.discardSealed(name); err != nil {
			return err
		}
	}
	if err := s.removeCompaction(); err != nil {
		return err
	}
	if err := s.packs.scan(); err != nil {
		return err
	}
	// Packs that cannot be removed, as on a system that guards open files, are
	// in nobody's way. Those that stand for them stay kept.
	replacing, _ := s.finishReplacing()
	names, err := readDirNames(s.packs.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, name := range names {
		stem, ok := strings.CutSuffix(filepath.Join(s.packs.folder, name), ".keep")
		if !ok || slices.Contains(replacing, stem) {
			continue
		}
		if err := releaseDead(stem); err != nil {
			return err
		}
	}
	return s.packs.scan()
}

// releaseDead removes a .keep of ours that is no longer needed, and the index that
// was renamed when its pack was not.
func releaseDead(stem string) error {
	if !keptByUs(stem) {
		return nil
	}
	if _, err := os.Lstat(stem + ".pack"); errors.Is(err, os.ErrNotExist) {
		if err := removeIfThere(stem + ".idx"); err != nil {
			return err
		}
	}
	return removeIfThere(stem + ".keep")
}

// keptByUs reports whether a pack has a .keep that we made.
func keptByUs(stem string) bool {
	content, err := readShort(stem+".keep", maxOwnerSize)
	return err == nil && strings.HasPrefix(string(content), keepMark)
}
