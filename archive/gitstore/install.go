package gitstore

import (
	"bufio"
	"context"
	"crypto/sha1"
	"fmt"
	"hash/crc32"
	"io"
)

// sealChecked seals a pack made of others in the private folder and reads it
// again from its files, then has check look at it.
func (s *Store) sealChecked(ctx context.Context, w *packWriter, name string, check func(*pack) error) ([20]byte, error) {
	trailer, err := s.seal(w, name)
	if err != nil {
		return trailer, err
	}
	return trailer, recheck(ctx, s.privatePath(name), w.list, check)
}

// recheck reads a pack from its files: its trailer, the checksum of each entry,
// the line of each in the index, and what check reads, if given.
func recheck(ctx context.Context, stem string, list []located, check func(*pack) error) error {
	index, err := openIndex(stem + ".idx")
	if err != nil {
		return err
	}
	p := &pack{path: stem + ".pack", index: index}
	defer p.close()
	if err := p.open(); err != nil {
		return err
	}
	if err := p.recheckEntries(ctx, list); err != nil {
		return &CorruptError{Where: p.path, Reason: err.Error()}
	}
	return check(p)
}

func (p *pack) recheckEntries(ctx context.Context, list []located) error {
	h := sha1.New()
	end := p.size - int64(packTrailer)
	r := bufio.NewReaderSize(io.TeeReader(io.NewSectionReader(p.file, 0, end), h), writeBuffer)
	if _, err := r.Discard(packHeaderSize); err != nil {
		return err
	}
	for i, line := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := end
		if i+1 < len(list) {
			next = list[i+1].offset
		}
		sum := crc32.NewIEEE()
		if _, err := io.CopyN(sum, r, next-line.offset); err != nil {
			return err
		}
		at, ok, err := p.index.find(line.id)
		if err != nil {
			return err
		}
		if !ok || at != (packed{line.offset, line.crc}) || sum.Sum32() != line.crc {
			return fmt.Errorf("object %s is not what was written", line.id)
		}
	}
	if [20]byte(h.Sum(nil)) != p.index.trailer || p.torn {
		return fmt.Errorf("it is not what was written")
	}
	return nil
}

// recheckObject returns an object of a pack whose name it bears.
func (s *Store) recheckObject(p *pack, id ID) (object, error) {
	at, ok, err := p.index.find(id)
	if err != nil {
		return object{}, err
	}
	if !ok {
		return object{}, &MissingError{ID: id}
	}
	o, _, err := s.packReader.read(p, id, at)
	if err != nil {
		return object{}, err
	}
	if got, attack := foreignID(o.kind, o.content); got != id || attack {
		return object{}, &CorruptError{ID: id, Where: p.path, Reason: "its content is that of " + got.String()}
	}
	return o, nil
}
