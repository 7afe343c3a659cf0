package gitstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// WithholdOptions say what Withhold removes.
type WithholdOptions struct {
	Objects []ID          // of files; main may lead to them
	Owner   Owner         // told to other writers that wait
	Wait    time.Duration // for another writer; 0 is for as long as it takes
	// Progress is called often, with a total of 0 when that is not known.
	Progress func(what string, done, total int64)
}

// WithholdReport says what Withhold did.
type WithholdReport struct {
	Removed []ID // that were here, in the order of their names
	Packs   int  // that were made anew without them
}

// KeptPackError is returned by Withhold for packs that have an object which is to
// go, and that git or a person marked to be kept. Nothing was changed.
type KeptPackError struct{ Marks []string }

func (e *KeptPackError) Error() string {
	return "what is to be withheld is in packs that are marked to be kept: " + strings.Join(e.Marks, ", ")
}

// Withhold removes files from the repository for good: the packs that hold them
// are made anew without them, as Compact does it, and loose ones go. An old pack
// goes only when the new ones are durable, each object in them was read and
// compared, and they hold all of it but what is withheld. An error leaves all as
// it was, or an old pack beside the new; Withhold again goes on. What is not here
// is no error. It takes no part in who may decide that: that is for the caller.
//
// The bytes may still be where this cannot reach: in walkback/damaged, in other
// copies, in blocks of the disk that are free now.
func (s *Store) Withhold(ctx context.Context, o WithholdOptions) (*WithholdReport, error) {
	lock, err := s.lockWithin(ctx, o.Wait, o.Owner)
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	w := &withholding{store: s, options: o, omit: map[ID]bool{}, report: &WithholdReport{}}
	for _, id := range o.Objects {
		w.omit[id] = true
	}
	err = errors.Join(w.run(ctx), unlockWriter(lock))
	if err != nil {
		return nil, fmt.Errorf("removing what is withheld: %w", err)
	}
	return w.report, nil
}

// Has reports whether an object is here, in a pack or by itself.
func (s *Store) Has(id ID) (bool, error) {
	if err := s.packs.scan(); err != nil {
		return false, err
	}
	return s.has(id)
}

func (s *Store) has(id ID) (bool, error) {
	if p, _, err := s.packs.find(id); p != nil || err != nil {
		return p != nil, err
	}
	_, err := os.Lstat(s.loosePath(id))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// withholding is one run of Withhold.
type withholding struct {
	store   *Store
	options WithholdOptions
	omit    map[ID]bool
	report  *WithholdReport
}

func (w *withholding) run(ctx context.Context) error {
	if err := w.store.recoverDead(); err != nil {
		return err
	}
	for _, id := range slices.SortedFunc(maps.Keys(w.omit), func(a, b ID) int { return slices.Compare(a[:], b[:]) }) {
		here, err := w.store.has(id)
		if err != nil {
			return err
		}
		if here {
			w.report.Removed = append(w.report.Removed, id)
		}
	}
	old, err := w.holders()
	if err != nil {
		return err
	}
	// A pack of few objects may come out as one that a killed run left, see salt.
	for attempt := 0; len(old) > 0; attempt++ {
		if err = w.rewrite(ctx, old); err == nil || !errors.Is(err, os.ErrExist) || attempt == 32 {
			break
		}
	}
	if err != nil {
		return err
	}
	return w.removeLoose()
}

// holders returns the packs that have something which is to go.
func (w *withholding) holders() ([]mergeable, error) {
	w.store.packs.mu.RLock()
	packs := slices.Clone(w.store.packs.order)
	w.store.packs.mu.RUnlock()
	if err := w.store.packs.damage(); err != nil {
		return nil, err // nobody knows what is in there
	}
	var old []mergeable
	var marks []string
	for _, p := range packs {
		held, err := w.holds(p)
		if err != nil {
			return nil, err
		}
		one := mergeable{pack: p, objects: p.index.count}
		switch {
		case !held:
		case marked(one.stem()):
			marks = append(marks, marksOf(one.stem())...)
		default:
			old = append(old, one)
		}
	}
	if len(marks) > 0 {
		return nil, &KeptPackError{Marks: marks}
	}
	return old, nil
}

func (w *withholding) holds(p *pack) (bool, error) {
	for id := range w.omit {
		if _, ok, err := p.index.find(id); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// rewrite makes the packs anew without what is to go.
func (w *withholding) rewrite(ctx context.Context, old []mergeable) (err error) {
	c := &compaction{store: w.store, report: &CompactReport{}, omit: w.omit}
	c.options.Progress, c.options.Counts = w.options.Progress, func(string) bool { return false }
	defer func() { err = errors.Join(err, c.clean()) }()
	if c.from, err = w.store.inventoryOf(old); err != nil {
		return err
	}
	if err := c.arrange(ctx); err != nil {
		return err
	}
	if err := c.repack(ctx); err != nil {
		return err
	}
	placed, err := c.place()
	if err != nil {
		return err
	}
	// The record lets the next writer finish what a killed one began to remove.
	if err := w.store.noteReplaced(placed, c.from.stems()); err != nil {
		return errors.Join(err, releaseAll(placed))
	}
	if err := w.removeOld(placed, c.from.stems()); err != nil {
		return err
	}
	w.report.Packs = len(old)
	if _, err := w.store.finishReplacing(); err != nil {
		return err
	}
	return releaseAll(placed)
}

// removeOld removes packs that the new ones stand for, but for what is omitted.
func (w *withholding) removeOld(placed, old []string) error {
	var indexes []*packIndex
	defer func() {
		for _, x := range indexes {
			_ = x.close()
		}
	}()
	for _, stem := range placed {
		x, err := openMapped(stem + ".idx")
		if err != nil {
			return err
		}
		indexes = append(indexes, x)
	}
	if err := removeIfThere(filepath.Join(w.store.packs.folder, "multi-pack-index")); err != nil {
		return err
	}
	for _, stem := range old {
		if err := w.removeOldPack(stem, indexes); err != nil {
			return err
		}
	}
	return syncFolder(w.store.packs.folder)
}

func (w *withholding) removeOldPack(stem string, indexes []*packIndex) error {
	x, err := openMapped(stem + ".idx")
	if err != nil {
		return err
	}
	err = func() error {
		for i := range x.count {
			id := ID(x.id(i))
			if w.omit[id] {
				continue
			}
			held, err := heldByOne(id, indexes)
			if err != nil {
				return err
			}
			if !held {
				return fmt.Errorf("object %s of %s is in none of the new packs", id, stem)
			}
		}
		return nil
	}()
	if err = errors.Join(err, x.close()); err != nil {
		return err
	}
	return removePackFiles(stem)
}

func (w *withholding) removeLoose() error {
	for id := range w.omit {
		path := w.store.loosePath(id)
		if err := removeIfThere(path); err != nil {
			return err
		}
		_ = os.Remove(filepath.Dir(path)) // when it is empty
	}
	return nil
}

// marksOf returns the files that mark a pack, see marked.
func marksOf(stem string) (marks []string) {
	for _, extension := range markExtensions {
		if _, err := os.Lstat(stem + extension); err == nil {
			marks = append(marks, stem+extension)
		}
	}
	return marks
}
