package gitstore

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxRefSize    = 256
	maxPackedLine = 8 << 10
)

func (s *Store) refPath() string { return filepath.Join(s.dir, filepath.FromSlash(branch)) }

// Head returns the newest commit of main, from its own file or from
// packed-refs; zero when there is none yet. Anything else in its place, such as
// an empty file, is a *RefError.
func (s *Store) Head() (ID, error) {
	path := s.refPath()
	content, err := readShort(path, maxRefSize)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s.packedHead()
	case errors.Is(err, os.ErrPermission):
		return ID{}, err
	case err != nil:
		return ID{}, &RefError{Path: path, Reason: err.Error()}
	}
	return parseRef(path, string(content))
}

func parseRef(path, content string) (ID, error) {
	if content == "" {
		return ID{}, &RefError{Path: path, Reason: "the file is empty"}
	}
	id, err := ParseID(strings.TrimRight(content, "\n"))
	if err != nil {
		return ID{}, &RefError{Path: path, Reason: err.Error()}
	}
	if id.IsZero() {
		return ID{}, &RefError{Path: path, Reason: "it names the zero id"}
	}
	return id, nil
}

// packedHead looks main up in packed-refs.
func (s *Store) packedHead() (head ID, err error) {
	err = s.packedRefs(func(name, id string) error {
		if name == branch {
			head, err = parseRef(filepath.Join(s.dir, "packed-refs"), id)
		}
		return err
	})
	return head, err
}

// packedRefs calls visit for each ref in packed-refs (git-pack-refs).
func (s *Store) packedRefs(visit func(name, id string) error) error {
	path := filepath.Join(s.dir, "packed-refs")
	f, _, err := openRegular(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxPackedLine)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' || line[0] == '^' {
			continue
		}
		id, name, ok := strings.Cut(line, " ")
		if !ok {
			return &RefError{Path: path, Reason: fmt.Sprintf("line %q is not an id and a name", line)}
		}
		if err := visit(name, id); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return &RefError{Path: path, Reason: err.Error()}
	}
	return nil
}
