package gitstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// maxLooseHeader is the longest head of a loose object that git reads.
const maxLooseHeader = 32

func (s *Store) loosePath(id ID) string {
	hex := id.String()
	return filepath.Join(s.dir, "objects", hex[:2], hex[2:])
}

// looseFolders returns the names in objects/, two hex digits for each folder of
// loose objects. An archive that only walkback wrote has none, which spares a
// look at the disk for each new object.
func (s *Store) looseFolders() (map[string]bool, error) {
	names, err := readDirNames(filepath.Join(s.dir, "objects"))
	folders := map[string]bool{}
	for _, name := range names {
		folders[name] = true
	}
	return folders, err
}

// readLoose returns a loose object: a zlib stream of "kind size NUL content". A
// file that is not there gives os.ErrNotExist.
func (s *Store) readLoose(id ID) (object, error) {
	path := s.loosePath(id)
	f, info, err := openRegular(path)
	if err != nil {
		return object{}, withID(err, id)
	}
	defer f.Close()
	o, err := inflateLoose(&s.packReader.inflaters, f, info.Size())
	if err == nil {
		return o, nil
	}
	var system *os.PathError
	if errors.As(err, &system) {
		return object{}, fmt.Errorf("reading object %s: %w", id, err)
	}
	return object{}, &CorruptError{ID: id, Where: path, Reason: err.Error()}
}

func inflateLoose(pool *inflaters, r io.ReaderAt, size int64) (object, error) {
	f := pool.get()
	defer pool.put(f)
	if err := f.reset(r, 0, size); err != nil {
		return object{}, err
	}
	kind, length, err := readLooseHeader(f.zlib)
	if err != nil {
		return object{}, err
	}
	if length > maxWhole {
		return object{}, fmt.Errorf("it has %d bytes, more than the %d that are read at once", length, maxWhole)
	}
	content, err := f.rest(length)
	if err != nil {
		return object{}, err
	}
	if f.consumed() != size {
		return object{}, errors.New("something follows the object")
	}
	return object{kind, content}, nil
}

func readLooseHeader(r io.Reader) (Kind, int64, error) {
	var header []byte
	for one := make([]byte, 1); len(header) < maxLooseHeader; header = append(header, one[0]) {
		if _, err := io.ReadFull(r, one); err == io.EOF {
			break
		} else if err != nil {
			return 0, 0, err
		}
		if one[0] == 0 {
			return parseLooseHeader(string(header))
		}
	}
	return 0, 0, errors.New("its header does not end")
}

func parseLooseHeader(header string) (Kind, int64, error) {
	word, digits, _ := strings.Cut(header, " ")
	kind, ok := parseKind(word)
	size, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || strconv.FormatInt(size, 10) != digits || size < 0 {
		return 0, 0, fmt.Errorf("its header %q is not a kind and a size", header)
	}
	if size > MaxObjectSize {
		return 0, 0, fmt.Errorf("it claims more than %d bytes", int64(MaxObjectSize))
	}
	return kind, size, nil
}
