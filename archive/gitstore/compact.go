package gitstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// CompactOptions says how Compact works.
type CompactOptions struct {
	Owner Owner         // told to other writers that wait
	Wait  time.Duration // for another writer; 0 is for as long as it takes
	// DryRun makes all packs to learn their size, and throws them away.
	DryRun bool
	// Git is the path of the git program, which then writes a commit-graph; empty
	// means that none is written.
	Git string
	// Counts says which paths are counted as versions; nil counts none.
	Counts func(path string) bool
	// Progress is called often, with a total of 0 when that is not known.
	Progress func(what string, done, total int64)
}

// CompactReport says what Compact did.
type CompactReport struct {
	Before, After Footprint
	Commits       int64 // on main
	Versions      int64 // changes of a counted path in them
	Objects       int64 // packed
	Unreachable   int64 // of these, objects that main does not reach
	// NoGraph says why there is no commit-graph; empty when there is one.
	NoGraph string
}

// Footprint is what the objects of a repository take on disk.
type Footprint struct {
	Packs int
	Loose int   // objects in files of their own
	Bytes int64 // of packs, their indexes, and loose objects
}

// Compact packs all objects anew and tightly: the versions of a file beside each
// other, the newest whole, each older one as a delta on the next newer, and trees
// and commits likewise. Objects that main does not reach are kept. What was there
// before goes only when the new packs are durable and each object in them has
// been read and compared. An error, damage for instance, leaves all as it was.
// The errors are those of Begin and of reading. Packs that git or a person marked
// to be kept stay as they are. It needs the room of the new packs, and works in
// bounded memory.
func (s *Store) Compact(ctx context.Context, o CompactOptions) (*CompactReport, error) {
	lock, err := s.lockWithin(ctx, o.Wait, o.Owner)
	if err != nil {
		return nil, err
	}
	if o.Counts == nil {
		o.Counts = func(string) bool { return false }
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	c := &compaction{store: s, options: o, report: &CompactReport{}}
	err = errors.Join(c.run(ctx), unlockWriter(lock))
	if err != nil {
		return nil, fmt.Errorf("compacting: %w", err)
	}
	return c.report, nil
}

// compaction is one run of Compact.
type compaction struct {
	store   *Store
	options CompactOptions
	report  *CompactReport
	from    *inventory
	order   *sorter
	to      *repacker
	// Of the commit that is put in order: the files that it changes at the root,
	// and the folder of the first that it changes below.
	rootFiles   []Entry
	firstFolder string
	omit        map[ID]bool // objects that are left out
	names       []string    // sealed packs in the private folder
	trailer     [][20]byte
}

func (c *compaction) run(ctx context.Context) (err error) {
	if err := c.store.recoverDead(); err != nil {
		return err
	}
	if c.report.Before, err = c.store.footprint(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.clean()) }()
	if c.from, err = c.store.takeInventory(); err != nil {
		return err
	}
	c.report.After = c.untouched()
	if err := c.arrange(ctx); err != nil {
		return err
	}
	if err := c.repack(ctx); err != nil {
		return err
	}
	if c.options.DryRun {
		c.report.NoGraph = "nothing was written"
		return nil
	}
	if err := c.replace(); err != nil {
		return err
	}
	if c.report.After, err = c.store.footprint(); err != nil {
		return err
	}
	c.report.NoGraph = c.store.writeCommitGraph(ctx, c.options.Git)
	return nil
}

// replace puts the new packs in place and removes what they stand for.
func (c *compaction) replace() error {
	if same, err := c.same(); err != nil || same {
		return err
	}
	placed, err := c.place()
	if err != nil {
		return err
	}
	if err := c.store.replacePacks(placed, c.from.stems()); err != nil {
		return err // the next writer goes on
	}
	return c.from.removeLoose()
}

// place puts the sealed packs among the others and returns their stems; an error
// leaves none of them marked to be kept.
func (c *compaction) place() ([]string, error) {
	var placed []string
	for i, name := range c.names {
		stem, err := c.store.place(name, c.trailer[i])
		if err != nil {
			return nil, errors.Join(err, releaseAll(placed))
		}
		placed = append(placed, stem)
	}
	return placed, nil
}

// same reports whether the old packs are laid out as the new ones are, so that
// there is nothing to do.
func (c *compaction) same() (bool, error) {
	if len(c.names) != len(c.from.packs) || len(c.from.loose) > 0 {
		return false, nil
	}
	for _, name := range c.names {
		index, err := openIndex(c.store.privatePath(name) + ".idx")
		if err != nil {
			return false, err
		}
		same := slices.ContainsFunc(c.from.indexes, index.sameLayout)
		if err := index.close(); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// clean removes what is only needed meanwhile.
func (c *compaction) clean() error {
	var errs []error
	if c.to != nil {
		errs = append(errs, c.to.discard())
	}
	if c.order != nil {
		errs = append(errs, c.order.close())
	}
	if c.from != nil {
		errs = append(errs, c.from.close())
	}
	return errors.Join(append(errs, c.store.removeCompaction())...)
}

// compactPrefix begins the names of all files of a compaction in the private
// folder.
const compactPrefix = "compacting."

// removeCompaction removes them.
func (s *Store) removeCompaction() error {
	folder := filepath.Join(s.dir, private)
	names, err := readDirNames(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, name := range names {
		if strings.HasPrefix(name, compactPrefix) {
			err = errors.Join(err, removeIfThere(filepath.Join(folder, name)))
		}
	}
	return err
}

// footprint measures the objects on disk.
func (s *Store) footprint() (f Footprint, err error) {
	if err := s.packs.scan(); err != nil {
		return f, err
	}
	s.packs.mu.RLock()
	for name := range s.packs.packs {
		f.Packs++
		f.Bytes += packFiles(filepath.Join(s.packs.folder, name))
	}
	s.packs.mu.RUnlock()
	return f, s.eachLoose(func(_ ID, path string) error {
		f.Loose++
		f.Bytes += fileSize(path)
		return nil
	})
}

// packFiles returns the bytes of a pack and what belongs to it.
func packFiles(stem string) (bytes int64) {
	for _, extension := range []string{".pack", ".idx", ".rev", ".bitmap"} {
		bytes += fileSize(stem + extension)
	}
	return bytes
}

// fileSize is 0 for a file that is not there.
func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// untouched is the footprint of what a compaction does not replace.
func (c *compaction) untouched() Footprint {
	f := Footprint{Packs: c.report.Before.Packs - len(c.from.packs)}
	f.Bytes = c.report.Before.Bytes
	for _, stem := range c.from.stems() {
		f.Bytes -= packFiles(stem)
	}
	_ = c.store.eachLoose(func(_ ID, path string) error {
		f.Bytes -= fileSize(path)
		return nil
	})
	return f
}
