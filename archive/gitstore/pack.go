package gitstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// A pack (gitformat-pack): "PACK", version, number of objects; the entries; the
// SHA-1 of all that. An entry is a header with kind and inflated size, for a
// delta the place of its base, and a zlib stream.
const (
	packMagic      = "PACK"
	packHeaderSize = 12
	packTrailer    = len(ID{})
	kindOffset     = Kind(6) // delta on the entry that far before
	kindRef        = Kind(7) // delta on the object of that id

	maxEntryHeader = 32
	// maxChain is the deepest delta chain git itself makes (pack-objects).
	maxChain = 4095
	// maxChainBytes bounds the work that one chain can ask for.
	maxChainBytes = 8 * maxWhole
)

// pack reads one pack with its index. Its file is opened when first needed.
type pack struct {
	path  string
	index *packIndex
	at    time.Time // of the index, to look into the newest pack first

	mu   sync.Mutex // held to open and close the file
	shut bool       // for good
	file *os.File
	size int64
	torn bool  // the trailer is not the one the index was made for
	bad  error // what is wrong with the file as a whole
}

// base is where an inflated delta base came from.
type base struct {
	pack   *pack
	offset int64
}

// object is an inflated object.
type object struct {
	kind    Kind
	content []byte
}

// open makes the file ready to be read. What the system refuses, such as one
// more open file, is tried again the next time.
func (p *pack) open() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return &os.PathError{Op: "open", Path: p.path, Err: os.ErrClosed}
	}
	if p.file != nil {
		return p.bad
	}
	f, info, err := openRegular(p.path)
	if err != nil {
		return err
	}
	p.file, p.size = f, info.Size()
	p.torn, p.bad = p.checkEnds()
	return p.bad
}

// checkEnds holds the pack's header and trailer against its index.
func (p *pack) checkEnds() (torn bool, err error) {
	need := int64(packHeaderSize + packTrailer)
	if p.size < need {
		return true, &TruncatedError{Where: p.path, Size: p.size, Need: need}
	}
	var header [packHeaderSize]byte
	var trailer [packTrailer]byte
	if _, err := p.file.ReadAt(header[:], 0); err != nil {
		return true, err
	}
	if _, err := p.file.ReadAt(trailer[:], p.size-int64(packTrailer)); err != nil {
		return true, err
	}
	version, count := binary.BigEndian.Uint32(header[4:]), binary.BigEndian.Uint32(header[8:])
	if string(header[:4]) != packMagic || version != 2 && version != 3 || int64(count) != p.index.count {
		err = &CorruptError{Where: p.path, Reason: "its header does not fit its index"}
	}
	return trailer != p.index.trailer, err
}

func (p *pack) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = true
	err := p.index.close()
	if p.file != nil {
		err = errors.Join(err, p.file.Close())
	}
	return err
}

// entry is the head of an entry in a pack.
type entry struct {
	kind   Kind
	size   int64 // inflated; of a delta, the size of the delta
	data   int64 // offset of the zlib stream
	offset int64 // kindOffset: where the base begins
	id     ID    // kindRef: the base
}

// parseEntryHeader reads the head of the entry that begins at off.
func parseEntryHeader(b []byte, off int64) (entry, error) {
	e := entry{}
	var n int
	for shift := uint(0); ; {
		if n == len(b) {
			return e, io.ErrUnexpectedEOF
		}
		c := b[n]
		if n++; n == 1 {
			e.kind, e.size, shift = Kind(c>>4&7), int64(c&15), 4
		} else {
			e.size |= int64(c&0x7f) << shift
			shift += 7
		}
		if e.size > MaxObjectSize || shift > 39 {
			return e, fmt.Errorf("it claims more than %d bytes", int64(MaxObjectSize))
		}
		if c&0x80 == 0 {
			break
		}
	}
	switch e.kind {
	case KindCommit, KindTree, KindBlob, KindTag:
	case kindRef:
		if len(b)-n < len(e.id) {
			return e, io.ErrUnexpectedEOF
		}
		n += copy(e.id[:], b[n:])
	case kindOffset:
		back, m, err := parseBack(b[n:])
		if err != nil {
			return e, err
		}
		if e.offset = off - back; back <= 0 || e.offset < packHeaderSize {
			return e, errors.New("its delta base lies outside the pack")
		}
		n += m
	default:
		return e, fmt.Errorf("its kind %d is unknown", e.kind)
	}
	e.data = off + int64(n)
	return e, nil
}

// parseBack reads the distance to a delta base.
func parseBack(b []byte) (back int64, n int, err error) {
	for {
		if n == len(b) {
			return 0, 0, io.ErrUnexpectedEOF
		}
		if n > 8 {
			return 0, 0, errors.New("the distance to its delta base is too large")
		}
		c := b[n]
		if n++; n > 1 {
			back++
		}
		if back = back<<7 | int64(c&0x7f); c&0x80 == 0 {
			return back, n, nil
		}
	}
}

func (p *pack) entryAt(off int64) (entry, error) {
	if off < packHeaderSize || off >= p.size {
		return entry{}, io.ErrUnexpectedEOF
	}
	var head [maxEntryHeader]byte
	n, err := p.file.ReadAt(head[:], off)
	if err != nil && err != io.EOF {
		return entry{}, err
	}
	return parseEntryHeader(head[:n], off)
}

// packReader is what reading from packs needs besides the pack.
type packReader struct {
	inflaters inflaters
	unzippers sync.Pool // of *unzipper
	bases     *lru[base, object]
}

// read returns the object at its place in the pack. The content may be shared
// with the cache when shared is true.
func (r *packReader) read(p *pack, id ID, at packed) (o object, shared bool, err error) {
	if err := p.open(); err != nil {
		return object{}, false, withID(err, id)
	}
	o, shared, err = r.resolve(p, at)
	if err == nil {
		return o, shared, nil
	}
	where := fmt.Sprintf("%s at %d", p.path, at.offset)
	var path *os.PathError
	switch {
	case errors.As(err, &path):
		return object{}, false, fmt.Errorf("reading object %s: %w", id, err)
	case errors.Is(err, io.ErrUnexpectedEOF) && p.torn:
		return object{}, false, &TruncatedError{ID: id, Where: p.path, Size: p.size, Need: max(p.size, at.offset) + 1}
	}
	return object{}, false, &CorruptError{ID: id, Where: where, Reason: err.Error()}
}

// resolve follows the delta chain down by headers alone, then builds the object
// up from its base, so that at most a base, a delta and a result are in memory.
func (r *packReader) resolve(p *pack, at packed) (o object, shared bool, err error) {
	u, ok := r.unzippers.Get().(*unzipper)
	if !ok {
		u = &unzipper{}
	}
	defer r.unzippers.Put(u)
	u.from, u.raw = 0, u.raw[:0]
	var chain []entry // deltas, outermost first
	off, crc := at.offset, &at.crc
	for {
		if cached, ok := r.bases.get(base{p, off}); ok && crc == nil {
			o = cached
			break
		}
		e, err := u.entryAt(p, off)
		if err != nil {
			return object{}, false, err
		}
		if e.kind <= KindTag {
			content, err := r.inflate(u, p, off, e, crc)
			if err != nil {
				return object{}, false, err
			}
			if o = (object{e.kind, content}); len(chain) > 0 {
				r.bases.put(base{p, off}, o, len(content))
			}
			break
		}
		if len(chain) == maxChain {
			return object{}, false, fmt.Errorf("its delta chain is deeper than %d", maxChain)
		}
		if e.kind == kindRef {
			found, ok, err := p.index.find(e.id)
			if err != nil || !ok {
				return object{}, false, errors.Join(errors.New("its delta base is not in the pack"), err)
			}
			e.offset = found.offset
		}
		chain = append(chain, e)
		off, crc = e.offset, nil
	}
	return r.applyChain(u, p, at, chain, o)
}

func (r *packReader) applyChain(u *unzipper, p *pack, at packed, chain []entry, o object) (object, bool, error) {
	work := int64(len(o.content))
	for i := len(chain) - 1; i >= 0; i-- {
		off, crc := at.offset, &at.crc
		if i > 0 {
			off, crc = chain[i-1].offset, nil
		}
		delta, err := r.inflate(u, p, off, chain[i], crc)
		if err != nil {
			return object{}, false, err
		}
		if o.content, err = applyDelta(o.content, delta); err != nil {
			return object{}, false, err
		}
		if work += int64(len(o.content) + len(delta)); work > maxChainBytes {
			return object{}, false, fmt.Errorf("its delta chain makes more than %d bytes", int64(maxChainBytes))
		}
		r.bases.put(base{p, off}, o, len(o.content))
	}
	return o, len(chain) > 0, nil
}

// inflate returns the content of an entry; with crc given, the entry's bytes
// must have this checksum.
func (r *packReader) inflate(u *unzipper, p *pack, off int64, e entry, crc *uint32) ([]byte, error) {
	if e.size > maxWhole {
		return nil, fmt.Errorf("it has %d bytes, more than the %d that are read at once", e.size, maxWhole)
	}
	if e.size <= largeSize {
		content, err := u.inflateSmall(p, off, e, crc)
		if !errors.Is(err, errMore) {
			return content, err
		}
	}
	content, consumed, err := r.inflaters.inflateAt(p.file, e.data, p.size, e.size)
	if err != nil || crc == nil {
		return content, err
	}
	sum, err := r.inflaters.checksum(p.file, off, e.data+consumed)
	if err == nil {
		err = sameCRC(sum, *crc)
	}
	return content, err
}

// errMore is returned when a stream is longer than what was read of its file.
var errMore = errors.New("the stream goes on")

// firstLook is how much of a pack is read to learn what an entry is. Most
// deltas end within.
const firstLook = 1 << 10

// look makes raw the n bytes of a pack from off on, or fewer at its end.
func (u *unzipper) look(p *pack, off, n int64) error {
	u.from, u.raw = 0, slices.Grow(u.raw[:0], int(n))[:min(n, p.size-off)]
	if _, err := p.file.ReadAt(u.raw, off); err != nil {
		return err
	}
	u.from = off
	return nil
}

// entryAt is pack.entryAt for an entry that is read next.
func (u *unzipper) entryAt(p *pack, off int64) (entry, error) {
	if off < packHeaderSize || off >= p.size {
		return entry{}, io.ErrUnexpectedEOF
	}
	if err := u.look(p, off, firstLook); err != nil {
		return entry{}, err
	}
	return parseEntryHeader(u.raw[:min(len(u.raw), maxEntryHeader)], off)
}

// inflateSmall is inflate for a stream that is not much longer than it should be;
// for others the error is errMore.
func (u *unzipper) inflateSmall(p *pack, off int64, e entry, crc *uint32) ([]byte, error) {
	head := int(e.data - off)
	whole := int64(head) + e.size + 64
	if e.size > 4<<10 {
		whole = int64(head) + e.size/2 + 2<<10
	}
	content := make([]byte, e.size)
	for {
		if u.from != off || int64(len(u.raw)) < min(e.size/4, whole) {
			if err := u.look(p, off, whole); err != nil {
				return nil, err
			}
		}
		n, err := u.unzip(content, u.raw[head:])
		switch {
		case err == nil:
			return content, checkCRC(u.raw[:head+n], crc)
		case !errors.Is(err, io.ErrUnexpectedEOF) || off+int64(len(u.raw)) == p.size:
			return nil, err
		case int64(len(u.raw)) >= whole:
			return nil, errMore
		}
		u.from = 0
	}
}

// checkCRC holds the bytes of an entry against their checksum, if it is given.
func checkCRC(raw []byte, want *uint32) error {
	if want == nil {
		return nil
	}
	return sameCRC(crc32.ChecksumIEEE(raw), *want)
}

func sameCRC(got, want uint32) error {
	if got != want {
		return fmt.Errorf("its CRC is %08x, the index says %08x", got, want)
	}
	return nil
}

// withID names the object that could not be read because of a damaged file.
func withID(err error, id ID) error {
	var corrupt *CorruptError
	var truncated *TruncatedError
	switch {
	case errors.As(err, &corrupt):
		return &CorruptError{ID: id, Where: corrupt.Where, Reason: corrupt.Reason}
	case errors.As(err, &truncated):
		return &TruncatedError{ID: id, Where: truncated.Where, Size: truncated.Size, Need: truncated.Need}
	}
	return fmt.Errorf("reading object %s: %w", id, err)
}
