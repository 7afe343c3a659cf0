package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Entry is a file of a bundle.
type Entry struct {
	Name string // with slashes, below the bundle's folder
	Size int64
	Open func() (io.ReadCloser, error) // may be called several times
}

// Held returns an entry with this content.
func Held(name string, content []byte) Entry {
	return Entry{Name: name, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

const (
	// maxEntries bounds the files of a bundle.
	maxEntries = 1 << 20
	// maxName bounds a path in it, in bytes.
	maxName = 1024
)

// writeContainer writes the one ZIP file that these entries make in this folder.
func writeContainer(w io.Writer, folder string, entries []Entry) error {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	z := zip.NewWriter(w)
	for _, e := range entries {
		sum, err := crcOf(e)
		if err != nil {
			return fmt.Errorf("reading %s: %w", e.Name, err)
		}
		header := &zip.FileHeader{
			Name: folder + "/" + e.Name, Method: zip.Store, CRC32: sum,
			CompressedSize64: uint64(e.Size), UncompressedSize64: uint64(e.Size),
			// 1980-01-01, the first day that the format knows; 0 is none.
			//lint:ignore SA1019 CreateRaw writes this field, and not Modified
			ModifiedDate:  1<<5 | 1,
			ExternalAttrs: 0o100644 << 16, CreatorVersion: 3<<8 | 20,
		}
		to, err := z.CreateRaw(header)
		if err != nil {
			return err
		}
		if err := copyEntry(to, e); err != nil {
			return fmt.Errorf("writing %s: %w", e.Name, err)
		}
	}
	return z.Close()
}

func copyEntry(to io.Writer, e Entry) error {
	from, err := e.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	n, err := io.Copy(to, from)
	if err == nil && n != e.Size {
		err = fmt.Errorf("it has %d bytes, not %d", n, e.Size)
	}
	return err
}

func crcOf(e Entry) (uint32, error) {
	sum := crc32.NewIEEE()
	err := copyEntry(sum, e)
	return sum.Sum32(), err
}

// container is an opened bundle: a ZIP file, or a folder.
type container struct {
	fs.FS
	folder string
	file   *os.File // nil for a folder
	size   int64
	zip    *zip.Reader
}

// openContainer opens a file or a folder.
func openContainer(name string) (*container, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, err
		}
		return &container{FS: root.FS(), folder: info.Name()}, nil
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a file nor a folder", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	c := &container{file: f, size: info.Size()}
	if err := c.read(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return c, nil
}

// read reads the directory of a ZIP file. Everything about it that could be read
// in two ways is refused before anything in it is.
func (c *container) read() (err error) {
	if c.zip, err = zip.NewReader(c.file, c.size); err != nil {
		return &BagError{File: "the container", Reason: "it is no ZIP file that can be read: " + err.Error()}
	}
	if len(c.zip.File) == 0 || len(c.zip.File) > maxEntries {
		return &BagError{File: "the container", Reason: fmt.Sprintf("it has %d entries", len(c.zip.File))}
	}
	c.folder, _, _ = strings.Cut(c.zip.File[0].Name, "/")
	last := ""
	var total uint64
	for _, f := range c.zip.File {
		switch inside := strings.TrimPrefix(f.Name, c.folder+"/"); {
		case len(f.Name) > maxName || !fs.ValidPath(f.Name) || !printable(f.Name) || inside == f.Name:
			return &BagError{File: "the container", Reason: fmt.Sprintf("%.80q is no name of a file in a bundle", f.Name)}
		case f.Name <= last:
			return &BagError{File: "the container", Reason: "its entries are not in order, or one is there twice"}
		case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64 || !f.Mode().IsRegular():
			return &BagError{File: inside, Reason: "it is not stored as a plain file"}
		}
		last = f.Name
		if total += f.UncompressedSize64; total > uint64(c.size) {
			return &BagError{File: "the container", Reason: "its entries are larger than it is"}
		}
	}
	sub, err := fs.Sub(c.zip, c.folder)
	c.FS = sub
	return err
}

// printable reports names that look the same everywhere.
func printable(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.~/", r)
	})
}

// checkCanonical holds a ZIP file to the one form that its entries make.
func (c *container) checkCanonical() error {
	if c.zip == nil {
		return nil
	}
	var entries []Entry
	for _, f := range c.zip.File {
		entries = append(entries, Entry{Name: strings.TrimPrefix(f.Name, c.folder+"/"), Size: int64(f.UncompressedSize64), Open: f.Open})
	}
	same := &comparer{with: io.NewSectionReader(c.file, 0, c.size)}
	if err := writeContainer(same, c.folder, entries); err != nil {
		if errors.Is(err, errDiffers) {
			return &BagError{File: "the container", Reason: fmt.Sprintf("it is not the one ZIP file of its entries, near byte %d", same.at)}
		}
		return &BagError{File: "the container", Reason: err.Error()}
	}
	if same.at != c.size {
		return &BagError{File: "the container", Reason: "something follows it"}
	}
	return nil
}

// comparer is written to and compares.
type comparer struct {
	with io.Reader
	at   int64
	room [32 << 10]byte
}

var errDiffers = errors.New("it differs")

func (c *comparer) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		piece := p[done:min(len(p), done+len(c.room))]
		if _, err := io.ReadFull(c.with, c.room[:len(piece)]); err != nil || !bytes.Equal(piece, c.room[:len(piece)]) {
			return done, errDiffers
		}
		done += len(piece)
		c.at += int64(len(piece))
	}
	return len(p), nil
}

// Close lets go of the file.
func (c *container) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// isTag reports whether a file stands outside of the payload.
func isTag(name string) bool { return !strings.HasPrefix(path.Clean(name), "data/") }
