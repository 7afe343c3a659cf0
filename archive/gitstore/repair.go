package gitstore

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pjbgf/sha1cd"
)

// Source gives objects of another copy by their names. It returns a
// *MissingError for one that it does not have. The caller closes the reader,
// which vouches for the name, see ObjectReader. [Store.Open] is one.
type Source func(id ID) (*ObjectReader, error)

// ReadAs returns a reader of content that is said to be the object of this name,
// such as a file of an evidence bundle. The last bytes come only when the content
// bears it.
func ReadAs(id ID, kind Kind, size int64, content io.ReadCloser) *ObjectReader {
	r := &ObjectReader{id: id, kind: kind, size: size, left: size, where: "another copy", close: content.Close, content: content, sum: sha1cd.New()}
	writeObjectHeader(r.sum, kind, size)
	r.failed, r.finish = r.corrupt, func() error { return nil }
	return r
}

// RepairOptions say what a repository is repaired from.
type RepairOptions struct {
	From  Source
	Owner Owner         // told to other writers that wait
	Wait  time.Duration // for another writer; 0 is for as long as it takes
	// Manifest is the path of a commit's list of SHA-256 digests, and Listed finds
	// the digest of a path in one. What comes from another copy must have it.
	Manifest string
	Listed   func(manifest []byte, path string) (sum [32]byte, ok bool)
	// Skip says which files are lacking on purpose; nil: none.
	Skip func(id ID) bool
	// Progress is called often, with a total of 0 when that is not known.
	Progress func(what string, done, total int64)
}

// RepairReport says what Repair did.
type RepairReport struct {
	Repaired []ID       // objects taken from the other copy, in the order they were found to be lacking
	Lost     []LostItem // objects that main leads to and that could not be had
	Aside    []string   // paths, in the repository, of damaged files that were moved out of the way
}

// LostItem is an object that could not be had, and why.
type LostItem struct {
	ID  ID
	Err error
}

// damagedFolder takes, in the private folder, what a repair moves aside.
const damagedFolder = "damaged"

// Repair replaces what is damaged or absent of all that main leads to by what
// another copy has. Each object from there must bear its name, which includes a
// look for collision attacks, and the SHA-256 that the manifest of its commit
// says. What is still good in a damaged pack is copied. Only when the new packs
// are durable and were read again, damaged files go to walkback/damaged; nothing
// is deleted. Where nothing is damaged, or nothing of it can be had, nothing is
// changed. It reads everything.
func (s *Store) Repair(ctx context.Context, o RepairOptions) (*RepairReport, error) {
	lock, err := s.lockWithin(ctx, o.Wait, o.Owner)
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	if o.Skip == nil {
		o.Skip = func(ID) bool { return false }
	}
	report, err := s.repair(ctx, o)
	if err = errors.Join(err, unlockWriter(lock)); err != nil {
		return nil, fmt.Errorf("repairing: %w", err)
	}
	return report, nil
}

// repair runs until its new packs have names that are free: one of few objects may
// come out as the damaged one that it stands for, see salt.
func (s *Store) repair(ctx context.Context, o RepairOptions) (*RepairReport, error) {
	for attempt := 0; ; attempt++ {
		r := &repair{store: s, ctx: ctx, options: o, report: &RepairReport{}, salvage: map[ID]*pack{}, done: map[ID]bool{}}
		err := r.run()
		if !errors.Is(err, os.ErrExist) || attempt == 32 {
			return r.report, err
		}
	}
}

// repair is one run of Repair.
type repair struct {
	store   *Store
	ctx     context.Context // of the one run
	options RepairOptions
	report  *RepairReport
	bad     []*pack
	unread  []string     // stems of packs whose index cannot be used
	loose   []string     // paths of damaged loose objects
	salvage map[ID]*pack // what is good in bad packs
	done    map[ID]bool  // staged, or lost
	to      *repacker
}

func (r *repair) run() (err error) {
	if err := r.store.recoverDead(); err != nil {
		return err
	}
	c := &compaction{store: r.store, report: &CompactReport{}}
	r.to = &repacker{compaction: c, ctx: r.ctx}
	defer func() { err = errors.Join(err, r.to.discard(), r.store.removeCompaction()) }()
	defer func() {
		for _, p := range r.bad {
			err = errors.Join(err, p.close())
		}
		r.store.packs.passOver(nil)
	}()
	if err := r.examine(); err != nil {
		return err
	}
	r.store.packs.passOver(append(stemsOf(r.bad), r.unread...))
	if err := r.follow(); err != nil {
		return err
	}
	if len(r.report.Lost) > 0 && len(r.report.Repaired) == 0 {
		return nil // it would be no better for it
	}
	if err := r.keepSalvage(); err != nil {
		return err
	}
	if err := r.to.finish(); err != nil {
		return err
	}
	return r.replace(c)
}

func stemsOf(packs []*pack) []string {
	var stems []string
	for _, p := range packs {
		stems = append(stems, mergeable{pack: p}.stem())
	}
	return stems
}

// examine reads every object of every pack and every loose one.
func (r *repair) examine() error {
	if err := r.store.packs.scan(); err != nil {
		return err
	}
	r.store.packs.mu.RLock()
	packs := slices.Clone(r.store.packs.order)
	for stem := range r.store.packs.damaged {
		r.unread = append(r.unread, filepath.Join(r.store.packs.folder, stem))
	}
	r.store.packs.mu.RUnlock()
	slices.Sort(r.unread)
	var total, done int64
	for _, p := range packs {
		total += p.index.count
	}
	for _, p := range packs {
		if err := r.examinePack(p, &done, total); err != nil {
			return err
		}
	}
	return r.store.eachLoose(func(id ID, path string) error {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if good, err := readsWell(r.store.openLargeLoose(id)); good || err != nil {
			return err
		}
		o, err := r.store.readLoose(id)
		if got, attack := foreignID(o.kind, o.content); err != nil || got != id || attack {
			r.loose = append(r.loose, path)
		}
		return nil
	})
}

// readsWell reads a large object to its end. It reports false for none.
func readsWell(large *ObjectReader, err error) (bool, error) {
	if large == nil || err != nil {
		return false, nil
	}
	_, err = io.Copy(io.Discard, large)
	return err == nil, large.Close()
}

func (r *repair) examinePack(of *pack, done *int64, total int64) error {
	stem := mergeable{pack: of}.stem()
	index, err := openMapped(stem + ".idx")
	if err != nil {
		r.unread = append(r.unread, stem)
		return nil
	}
	// One of its own, since the others will not look into it any more.
	p := &pack{path: of.path, index: index}
	good, wrong := []ID(nil), p.open() != nil || p.torn || !index.sealed()
	for i := range index.count {
		if err := r.ctx.Err(); err != nil {
			return errors.Join(err, p.close())
		}
		id := ID(index.id(i))
		if r.readable(p, id) {
			good = append(good, id)
		} else {
			wrong = true
		}
		*done++
		r.options.Progress("examined objects", *done, total)
	}
	if !wrong {
		return p.close()
	}
	r.bad = append(r.bad, p)
	for _, id := range good {
		r.salvage[id] = p
	}
	return nil
}

// readable reports whether a pack gives the object under its name.
func (r *repair) readable(p *pack, id ID) bool {
	if at, ok, err := p.index.find(id); err == nil && ok {
		if large, err := openLargePacked(p, id, at); err != nil || large != nil {
			good, err := readsWell(large, err)
			return good && err == nil
		}
	}
	_, err := r.store.recheckObject(p, id)
	return err == nil
}

// sealed reports whether the trailer of a mapped index is the hash of the rest.
func (x *packIndex) sealed() bool {
	end := len(x.data) - sha1.Size
	return end > 0 && sha1.Sum(x.data[:end]) == [sha1.Size]byte(x.data[end:])
}

// follow walks through all that main leads to and stages what is lacking.
func (r *repair) follow() error {
	head, err := r.store.Head()
	if err != nil {
		return err
	}
	count := int64(0)
	for id := head; !id.IsZero(); {
		commit, err := r.commit(id)
		if commit == nil || err != nil {
			return err
		}
		parent := ID{}
		if !commit.Parent.IsZero() {
			before, err := r.commit(commit.Parent)
			if err != nil {
				return err
			}
			if before != nil {
				parent = before.Tree
			}
		}
		if err := r.files(commit, parent); err != nil {
			return err
		}
		count++
		r.options.Progress("followed snapshots", count, 0)
		id = commit.Parent
	}
	return nil
}

// commit reads a commit, nil when it is lost.
func (r *repair) commit(id ID) (*Commit, error) {
	o, err := r.object(id, nil)
	if err != nil || o == nil {
		return nil, err
	}
	commit, err := parseCommit(o.content)
	if o.kind != KindCommit || err != nil {
		return nil, nil // verify tells
	}
	commit.ID = id
	return commit, nil
}

// files stages what is lacking of the trees and files that a commit brought.
func (r *repair) files(commit *Commit, parent ID) error {
	var manifest []byte
	read := trees(func(id ID) ([]Entry, error) {
		o, err := r.object(id, nil)
		if err != nil {
			return nil, err
		}
		if o == nil {
			return nil, nil // lost, with all that it leads to
		}
		return treeOf(id, *o)
	})
	for change, err := range read.changes(parent, commit.Tree) {
		if err != nil {
			if errors.As(err, new(*MalformedError)) {
				return nil
			}
			return err
		}
		if change.New.ID.IsZero() || r.has(change.New.ID) || r.options.Skip(change.New.ID) {
			continue
		}
		if manifest == nil && r.options.Listed != nil {
			manifest = []byte{}
			if entry, err := read.lookup(commit.Tree, r.options.Manifest); err == nil {
				if o, err := r.object(entry.ID, nil); err == nil && o != nil {
					manifest = o.content
				}
			}
		}
		var want *[32]byte
		if r.options.Listed != nil {
			if sum, ok := r.options.Listed(manifest, change.Path); ok {
				want = &sum
			}
		}
		if _, err := r.object(change.New.ID, want); err != nil {
			return err
		}
	}
	return nil
}

// replace puts the new packs in place, and then what is damaged out of it.
func (r *repair) replace(c *compaction) error {
	var placed []string
	for i, name := range c.names {
		stem, err := r.store.place(name, c.trailer[i])
		if err != nil {
			return errors.Join(err, releaseAll(placed))
		}
		placed = append(placed, stem)
	}
	if err := syncFolder(r.store.packs.folder); err != nil {
		return err
	}
	if err := r.moveAside(); err != nil {
		return err
	}
	return releaseAll(placed)
}

// moveAside moves damaged files into the private folder. The index goes first: a
// pack without one is not looked into.
func (r *repair) moveAside() error {
	if len(r.bad)+len(r.unread)+len(r.loose) == 0 {
		return nil
	}
	folder := r.store.privatePath(damagedFolder)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if err := removeIfThere(filepath.Join(r.store.packs.folder, "multi-pack-index")); err != nil {
		return err
	}
	move := func(path string) error {
		name := filepath.Base(path)
		if !strings.HasPrefix(name, packPrefix) {
			name = filepath.Base(filepath.Dir(path)) + name // a loose object
		}
		to := filepath.Join(folder, name)
		err := os.Rename(path, to)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil {
			r.report.Aside = append(r.report.Aside, filepath.Join(private, damagedFolder, filepath.Base(to)))
		}
		return err
	}
	for _, stem := range append(stemsOf(r.bad), r.unread...) {
		for _, extension := range []string{".idx", ".rev", ".bitmap", ".keep", ".pack"} {
			if err := move(stem + extension); err != nil {
				return err
			}
		}
	}
	for _, path := range r.loose {
		if err := move(path); err != nil {
			return err
		}
	}
	return errors.Join(syncFolder(folder), syncFolder(r.store.packs.folder))
}
