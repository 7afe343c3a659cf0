package gitstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// inventory is the objects that a compaction packs anew: those of packs that may
// be replaced, and loose ones. An object has a number, that of its line in the
// first index that lists it; one bit for each says whether it is done.
type inventory struct {
	store   *Store
	packs   []mergeable
	indexes []*packIndex // of packs, mapped on their own: git may remove packs
	first   []int64      // number of the first object of each
	total   int64
	done    []uint64
	loose   map[ID]bool // done, for those that are in no pack of packs
}

func (s *Store) takeInventory() (*inventory, error) {
	all, err := s.allPacks()
	if err != nil {
		return nil, err
	}
	packs, _ := s.mergeable(all)
	v, err := s.inventoryOf(packs)
	if err != nil {
		return nil, err
	}
	err = s.eachLoose(func(id ID, _ string) error {
		if _, packed, err := v.number(id); packed || err != nil {
			return err
		}
		v.loose[id] = false
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, v.close())
	}
	return v, nil
}

// inventoryOf is the inventory of these packs alone.
func (s *Store) inventoryOf(packs []mergeable) (*inventory, error) {
	v := &inventory{store: s, packs: packs, loose: map[ID]bool{}}
	for _, one := range packs {
		index, err := openMapped(one.stem() + ".idx")
		if err != nil {
			return nil, errors.Join(err, v.close())
		}
		v.indexes, v.first = append(v.indexes, index), append(v.first, v.total)
		v.total += index.count
	}
	v.done = make([]uint64, v.total/64+1)
	return v, nil
}

func (v *inventory) close() error {
	var errs []error
	for _, x := range v.indexes {
		errs = append(errs, x.close())
	}
	return errors.Join(errs...)
}

func (v *inventory) stems() []string {
	var stems []string
	for _, one := range v.packs {
		stems = append(stems, one.stem())
	}
	return stems
}

// size is the number of objects; those in several packs count more than once.
func (v *inventory) size() int64 { return v.total + int64(len(v.loose)) }

func (v *inventory) number(id ID) (int64, bool, error) {
	for k, x := range v.indexes {
		if rank, ok, err := x.rank(id); ok || err != nil {
			return v.first[k] + rank, ok, err
		}
	}
	return 0, false, nil
}

// take reports whether an object is still to be packed, and marks it as done.
// Objects that are elsewhere, in packs that stay, are not to be packed.
func (v *inventory) take(id ID) (bool, error) {
	n, ok, err := v.number(id)
	if err != nil {
		return false, err
	}
	if ok {
		was := v.done[n/64]>>(n%64)&1 == 1
		v.done[n/64] |= 1 << (n % 64)
		return !was, nil
	}
	done, ok := v.loose[id]
	if ok {
		v.loose[id] = true
	}
	return ok && !done, nil
}

// rest calls visit for the objects that have not been taken.
func (v *inventory) rest(visit func(ID) error) error {
	visitNew := func(id ID) error {
		fresh, err := v.take(id)
		if err != nil || !fresh {
			return err
		}
		return visit(id)
	}
	for k, x := range v.indexes {
		for i := range x.count {
			if n := v.first[k] + i; v.done[n/64]>>(n%64)&1 == 1 {
				continue
			}
			if err := visitNew(ID(x.id(i))); err != nil {
				return err
			}
		}
	}
	var loose []ID
	for id, done := range v.loose {
		if !done {
			loose = append(loose, id)
		}
	}
	slices.SortFunc(loose, func(a, b ID) int { return slices.Compare(a[:], b[:]) })
	for _, id := range loose {
		if err := visitNew(id); err != nil {
			return err
		}
	}
	return nil
}

// removeLoose removes the loose objects that the new packs hold.
func (v *inventory) removeLoose() error {
	return v.store.eachLoose(func(id ID, path string) error {
		if _, packed, err := v.number(id); !packed && !v.loose[id] || err != nil {
			return err
		}
		if p, _, err := v.store.packs.find(id); p == nil || err != nil {
			return err
		}
		if err := removeIfThere(path); err != nil {
			return err
		}
		_ = os.Remove(filepath.Dir(path)) // when it is empty
		return nil
	})
}

// eachLoose visits the loose objects.
func (s *Store) eachLoose(visit func(id ID, path string) error) error {
	folders, err := s.looseFolders()
	if err != nil {
		return err
	}
	for i := range 256 {
		first := fmt.Sprintf("%02x", i)
		if !folders[first] {
			continue
		}
		folder := filepath.Join(s.dir, "objects", first)
		names, err := readDirNames(folder)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, name := range names {
			id, err := ParseID(first + name)
			if err != nil {
				continue // a temporary file of git's
			}
			if err := visit(id, filepath.Join(folder, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
