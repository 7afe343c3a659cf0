package gitstore

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Each batch leaves a pack, and every reader of the archive looks into each. So
// packs are merged as they come, by size: packs of a level are copied into one
// of the next, which moves each object at most once a level.
const (
	mergeLevel = 16 // packs of a level that are merged
	maxPacks   = 48 // more are merged whatever their level
	// maxPackSize and maxPackObjects bound a pack made of others, and with it the
	// work after one batch and the memory for its index.
	maxPackSize    = 2 << 30
	maxPackObjects = 1 << 20
)

// mergeable is a pack that may be merged.
type mergeable struct {
	pack    *pack
	size    int64
	objects int64
}

// stem is the pack's path without extension.
func (m mergeable) stem() string { return strings.TrimSuffix(m.pack.path, ".pack") }

// level returns the level of a pack: below 1 MiB, 16 MiB, 256 MiB, and above.
func (m mergeable) level() int {
	level := 0
	for limit := int64(1 << 20); level < 3 && m.size >= limit; limit <<= 4 {
		level++
	}
	return level
}

// mergePacks merges packs when there are too many. Only the holder of the writer
// lock may call it.
func (s *Store) mergePacks(ctx context.Context) error {
	all, err := s.allPacks()
	if err != nil || len(chooseMerge(all, 0)) < 2 { // nor are any, of fewer: see mergeable
		return err
	}
	packs, others := s.mergeable(all)
	chosen := chooseMerge(packs, others)
	if len(chosen) < 2 {
		return nil
	}
	return s.merge(ctx, chosen)
}

// allPacks returns all packs, smallest first.
func (s *Store) allPacks() (packs []mergeable, err error) {
	if err := s.packs.scan(); err != nil {
		return nil, err
	}
	s.packs.mu.RLock()
	defer s.packs.mu.RUnlock()
	for _, p := range s.packs.packs {
		info, err := os.Stat(p.path)
		if err != nil {
			return nil, err
		}
		packs = append(packs, mergeable{p, info.Size(), p.index.count})
	}
	slices.SortFunc(packs, func(a, b mergeable) int {
		return cmp.Or(cmp.Compare(a.size, b.size), strings.Compare(a.pack.path, b.pack.path))
	})
	return packs, nil
}

// mergeable returns those of all packs that may be replaced, in their order, and
// the number of others: those that somebody keeps, that git treats in a way of its
// own, or that are damaged.
func (s *Store) mergeable(all []mergeable) (packs []mergeable, others int) {
	for _, one := range all {
		if name := filepath.Base(one.stem()); s.unmerged[name] || !isPackName(name) || marked(one.stem()) {
			others++
		} else {
			packs = append(packs, one)
		}
	}
	return packs, others
}

// marked reports whether a pack is kept, is that of a partial clone, or holds
// what git waits to forget.
func marked(stem string) bool { return len(marksOf(stem)) > 0 }

var markExtensions = []string{".keep", ".promisor", ".mtimes"}

// chooseMerge returns the packs to merge, out of packs from the smallest, or
// fewer than two.
func chooseMerge(packs []mergeable, others int) []mergeable {
	var chosen []mergeable
	for level, rest := 0, packs; level < 3; level++ {
		n := 0
		for n < len(rest) && rest[n].level() == level {
			n++
		}
		if n >= mergeLevel {
			chosen = rest[:n]
			break
		}
		rest = rest[n:]
	}
	if chosen == nil && len(packs)+others > maxPacks {
		chosen = packs[:min(len(packs), mergeLevel)]
	}
	var size, objects int64
	for i, m := range chosen {
		size, objects = size+m.size, objects+m.objects
		if size > maxPackSize || objects > maxPackObjects {
			return chosen[:i]
		}
	}
	return chosen
}

// merge replaces packs by one.
func (s *Store) merge(ctx context.Context, packs []mergeable) (err error) {
	w, err := newPackWriter(s.privatePath(mergedName) + ".pack")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.file.Close(), s.discardSealed(mergedName)) }()
	m := merger{to: w}
	for _, one := range packs {
		if err := m.add(ctx, one.pack); err != nil {
			// Damage is told to who reads the object. It must not be copied, for
			// the copy would look sound.
			if !errors.As(err, new(*os.PathError)) && ctx.Err() == nil {
				s.unmerged[filepath.Base(one.stem())] = true
			}
			return fmt.Errorf("copying %s: %w", one.pack.path, err)
		}
	}
	trailer, err := s.sealChecked(ctx, w, mergedName, func(p *pack) error { return s.recheckObjects(p, m.relinked) })
	if err != nil {
		return err
	}
	stem, err := s.place(mergedName, trailer)
	if err != nil {
		return err
	}
	var old []string
	for _, one := range packs {
		old = append(old, one.stem())
	}
	return s.replacePacks([]string{stem}, old)
}

func (s *Store) recheckObjects(p *pack, ids []ID) error {
	for _, id := range ids {
		if _, err := s.recheckObject(p, id); err != nil {
			return err
		}
	}
	return nil
}

// merger copies packs into one, entry by entry. Objects that a former one holds
// are left out.
type merger struct {
	to       *packWriter
	from     []*mergeSource
	relinked []ID // deltas whose base is at another distance now
}

// mergeSource is a pack that is being copied.
type mergeSource struct {
	pack   *pack
	size   int64
	shifts []shift
	left   map[int64]ID // left out, by offset
}

// shift says how far entries moved, from an offset on.
type shift struct{ from, by int64 }

func (m *merger) add(ctx context.Context, p *pack) error {
	if err := p.open(); err != nil {
		return err
	}
	if p.torn {
		return errors.New("its end is not the one its index was made for")
	}
	lines, err := p.index.all()
	if err != nil {
		return err
	}
	source := &mergeSource{pack: p, size: p.size - int64(packTrailer), left: map[int64]ID{}}
	r := bufio.NewReaderSize(io.NewSectionReader(p.file, packHeaderSize, source.size-packHeaderSize), 64<<10)
	at := int64(packHeaderSize)
	for i, line := range lines {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := source.size
		if i+1 < len(lines) {
			end = lines[i+1].offset
		}
		if line.offset != at || end <= at {
			return fmt.Errorf("its index does not say what is at %d", at)
		}
		if err := m.copy(source, line, end-at, r); err != nil {
			return fmt.Errorf("object %s: %w", line.id, err)
		}
		at = end
	}
	m.from = append(m.from, source)
	return nil
}

// copy copies the next entry.
func (m *merger) copy(from *mergeSource, line located, length int64, r *bufio.Reader) error {
	_, _, held, err := m.find(line.id)
	if err != nil {
		return err
	}
	if held {
		from.left[line.offset] = line.id
		_, err := io.CopyN(io.Discard, r, length)
		return err
	}
	start, err := r.Peek(int(min(length, maxEntryHeader)))
	if err != nil {
		return err
	}
	e, err := parseEntryHeader(start, line.offset)
	if err != nil {
		return err
	}
	former := slices.Clone(start[:e.data-line.offset])
	head := former
	if e.kind == kindOffset {
		base, err := m.place(from, e.offset)
		if err != nil {
			return err
		}
		if back := m.to.end() - base; back != line.offset-e.offset {
			head = appendBack(appendEntryHeader(nil, kindOffset, e.size), back)
			m.relinked = append(m.relinked, line.id)
		}
	}
	if _, err := r.Discard(len(former)); err != nil {
		return err
	}
	if by := m.to.end() - line.offset; len(from.shifts) == 0 || from.shifts[len(from.shifts)-1].by != by {
		from.shifts = append(from.shifts, shift{line.offset, by})
	}
	return m.to.copyFrom(line.id, head, former, r, length-int64(len(former)), line.crc)
}

// find returns where the first pack that has been copied has an object.
func (m *merger) find(id ID) (*mergeSource, int64, bool, error) {
	for _, source := range m.from {
		at, ok, err := source.pack.index.find(id)
		if ok || err != nil {
			return source, at.offset, ok, err
		}
	}
	return nil, 0, false, nil
}

// place returns where an entry of a source stands now.
func (m *merger) place(from *mergeSource, offset int64) (int64, error) {
	if id, ok := from.left[offset]; ok {
		source, at, _, err := m.find(id)
		if err != nil {
			return 0, err
		}
		return m.place(source, at)
	}
	i, ok := slices.BinarySearchFunc(from.shifts, offset, func(s shift, offset int64) int { return cmp.Compare(s.from, offset) })
	if !ok {
		i--
	}
	if i < 0 {
		return 0, errors.New("its delta base lies outside the pack")
	}
	return offset + from.shifts[i].by, nil
}
