package gitstore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// has reports whether nothing is to be done for an object.
func (r *repair) has(id ID) bool {
	if r.done[id] || r.salvage[id] != nil {
		return true
	}
	if p, _, err := r.store.packs.find(id); p != nil && err == nil {
		return true
	}
	path := r.store.loosePath(id)
	_, err := os.Lstat(path)
	return err == nil && !slices.Contains(r.loose, path)
}

// object returns a commit or a tree, or makes sure of a file, from wherever it
// can be had; what comes from the other copy is staged. It is nil for what is
// lost, and for a file that is large.
func (r *repair) object(id ID, want *[32]byte) (*object, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if p := r.salvage[id]; p != nil {
		o, err := r.store.recheckObject(p, id)
		return &o, err
	}
	if !slices.Contains(r.loose, r.store.loosePath(id)) {
		if o, _, err := r.store.object(id); err == nil {
			return &o, nil
		}
	}
	if r.done[id] {
		return r.again(id)
	}
	o, err := r.fetch(id, want)
	if r.ctx.Err() != nil {
		return nil, r.ctx.Err()
	}
	var system *os.PathError
	if errors.As(err, &system) && isInside(system.Path, r.store.dir) {
		return nil, err // this machine, not the other copy
	}
	r.done[id] = true
	if err != nil {
		r.report.Lost = append(r.report.Lost, LostItem{ID: id, Err: err})
		return nil, nil
	}
	r.report.Repaired = append(r.report.Repaired, id)
	return o, nil
}

func isInside(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// again reads from the other copy what was staged before.
func (r *repair) again(id ID) (*object, error) {
	from, err := r.options.From(id)
	if err != nil {
		return nil, nil // it was lost
	}
	defer from.Close()
	if from.Size() > maxTight && from.Kind() == KindBlob {
		return nil, nil
	}
	content, err := io.ReadAll(from)
	if err != nil {
		return nil, nil
	}
	return &object{from.Kind(), content}, nil
}

// fetch stages an object of the other copy.
func (r *repair) fetch(id ID, want *[32]byte) (*object, error) {
	from, err := r.options.From(id)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if from.Kind() == KindBlob && from.Size() > maxTight {
		return nil, r.fetchLarge(id, from, want)
	}
	if from.Size() > maxWhole {
		return nil, fmt.Errorf("it has %d bytes, more than %d", from.Size(), int64(maxWhole))
	}
	content, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	if want != nil && sha256.Sum256(content) != *want {
		return nil, errOtherSum
	}
	o := object{from.Kind(), content}
	return &o, r.to.add(id, o, false)
}

// errOtherSum is why a file of another copy is refused that has the SHA-1 name it
// should have.
var errOtherSum = errors.New("the other copy has a file of another SHA-256 than the manifest says")

// fetchLarge stages a large file, which is read twice if its SHA-256 is known.
func (r *repair) fetchLarge(id ID, from *ObjectReader, want *[32]byte) error {
	if want != nil {
		sum := sha256.New()
		if _, err := io.Copy(sum, from); err != nil {
			return err
		}
		if [32]byte(sum.Sum(nil)) != *want {
			return errOtherSum
		}
		again, err := r.options.From(id)
		if err != nil {
			return err
		}
		defer again.Close()
		from = again
	}
	return r.to.addLarge(from)
}

// keepSalvage copies what is good in bad packs and nowhere else.
func (r *repair) keepSalvage() error {
	for _, p := range r.bad {
		for id, holder := range r.salvage {
			if holder != p || r.done[id] || r.options.Skip(id) {
				continue
			}
			if other, _, err := r.store.packs.find(id); other != nil && err == nil {
				continue
			}
			r.done[id] = true
			if err := r.copyFrom(p, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *repair) copyFrom(p *pack, id ID) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	at, _, err := p.index.find(id)
	if err != nil {
		return err
	}
	large, err := openLargePacked(p, id, at)
	if err != nil {
		return err
	}
	if large != nil && large.Kind() == KindBlob && large.Size() > maxTight {
		return errors.Join(r.to.addLarge(large), large.Close())
	}
	if large != nil {
		_ = large.Close() // nothing was read
	}
	o, err := r.store.recheckObject(p, id)
	if err != nil {
		return err
	}
	return r.to.add(id, o, false)
}
