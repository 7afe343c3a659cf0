package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Namespace is that of the signature of a tag manifest.
const Namespace = "bundle@walkback"

const (
	payloadManifest = "manifest-sha256.txt"
	tagManifest     = "tagmanifest-sha256.txt"
	// SignatureFile holds the signature of the tag manifest.
	SignatureFile = tagManifest + ".sig"
	declaration   = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
)

// Contents is what a bundle is made of.
type Contents struct {
	Folder  string      // its name in the ZIP file
	Info    [][2]string // lines of bag-info.txt, in order
	Payload []Entry     // names begin with data/
	Tags    []Entry     // other files beside those that make a bag
}

// Write writes a bundle. sign signs the tag manifest, in [Namespace]. The same
// contents and signature make the same bytes.
func Write(w io.Writer, c Contents, sign func(tagManifest []byte) (armor []byte, err error)) error {
	var octets int64
	for _, e := range c.Payload {
		if isTag(e.Name) {
			return fmt.Errorf("%s is not in data", e.Name)
		}
		octets += e.Size
	}
	manifest, err := manifestOf(c.Payload)
	if err != nil {
		return err
	}
	var info strings.Builder
	for _, line := range append(slices.Clone(c.Info), [2]string{"Payload-Oxum", fmt.Sprintf("%d.%d", octets, len(c.Payload))}) {
		fmt.Fprintf(&info, "%s: %s\n", line[0], line[1])
	}
	tags := append(slices.Clone(c.Tags), Held("bagit.txt", []byte(declaration)),
		Held("bag-info.txt", []byte(info.String())), Held(payloadManifest, manifest))
	for _, e := range tags {
		if !isTag(e.Name) || e.Name == tagManifest || e.Name == SignatureFile {
			return fmt.Errorf("%s is no tag file", e.Name)
		}
	}
	tagged, err := manifestOf(tags)
	if err != nil {
		return err
	}
	armor, err := sign(tagged)
	if err != nil {
		return fmt.Errorf("signing the bundle: %w", err)
	}
	entries := append(slices.Concat(c.Payload, tags), Held(tagManifest, tagged), Held(SignatureFile, armor))
	for i, e := range entries {
		if !fs.ValidPath(e.Name) || !printable(e.Name) || len(e.Name)+len(c.Folder)+1 > maxName {
			return fmt.Errorf("%q is no name of a file in a bundle", e.Name)
		}
		if slices.ContainsFunc(entries[:i], func(o Entry) bool { return o.Name == e.Name }) && len(entries) < 1000 {
			return fmt.Errorf("%s is in the bundle twice", e.Name)
		}
	}
	return writeContainer(w, c.Folder, entries)
}

// manifestOf lists entries, bytewise sorted by path.
func manifestOf(entries []Entry) ([]byte, error) {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	for i, e := range entries {
		if i > 0 && entries[i-1].Name == e.Name {
			return nil, fmt.Errorf("%s is in the bundle twice", e.Name)
		}
		h := sha256.New()
		if err := copyEntry(h, e); err != nil {
			return nil, fmt.Errorf("reading %s: %w", e.Name, err)
		}
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(h.Sum(nil)), e.Name)
	}
	return b.Bytes(), nil
}

// Bundle is an opened bundle, the caller closes it. Its files are those of an
// [fs.FS]; a payload file's name begins with data/.
type Bundle struct {
	*container
}

// Open opens a bundle, a ZIP file or the folder that was unpacked from one. What it
// holds is not checked yet. The error is a *BagError for what is no bundle at all.
func Open(name string) (*Bundle, error) {
	c, err := openContainer(name)
	if err != nil {
		return nil, err
	}
	return &Bundle{c}, nil
}

// Check holds the bundle to its form: the container, the bag, and that the two
// manifests list all there is. The error is a *BagError or an *UnsupportedBagError.
func (b *Bundle) Check() error {
	if err := b.checkCanonical(); err != nil {
		return err
	}
	if err := CheckBag(b); err != nil {
		return err
	}
	listed, err := readManifest(b, tagManifest, "1.0")
	if err != nil {
		return err
	}
	files, err := bagFiles(b)
	if err != nil {
		return err
	}
	for _, name := range files {
		if isTag(name) && name != tagManifest && name != SignatureFile &&
			!slices.ContainsFunc(listed, func(l manifestLine) bool { return l.path == name }) {
			return &BagError{File: name, Reason: tagManifest + " does not list it"}
		}
	}
	return b.checkForm()
}

// checkForm refuses manifests that say the same in other bytes.
func (b *Bundle) checkForm() error {
	for _, name := range []string{payloadManifest, tagManifest} {
		data, err := readTag(b, name)
		if err != nil {
			return err
		}
		lines, err := readManifest(b, name, "1.0")
		if err != nil {
			return err
		}
		var again bytes.Buffer
		for i, l := range lines {
			if i > 0 && lines[i-1].path >= l.path {
				return &BagError{File: name, Reason: "its lines are not in order"}
			}
			fmt.Fprintf(&again, "%s  %s\n", l.sum, l.path)
		}
		if !bytes.Equal(again.Bytes(), data) {
			return &BagError{File: name, Reason: "it has another form than \"<digest>  <path>\" lines in order"}
		}
	}
	return nil
}

// Signed returns the tag manifest and its signature, nil when there is none.
func (b *Bundle) Signed() (tagManifestBytes, armor []byte, err error) {
	if tagManifestBytes, err = readTag(b, tagManifest); err != nil {
		return nil, nil, err
	}
	armor, err = readTag(b, SignatureFile)
	var bag *BagError
	if errors.As(err, &bag) && bag.Absent {
		return tagManifestBytes, nil, nil
	}
	return tagManifestBytes, armor, err
}

// Read returns a file that is small when it is what it should be.
func (b *Bundle) Read(name string) ([]byte, error) { return readSmall(b, name) }

// readSmall reads a file of which not all is bounded by what it is.
func readSmall(bag fs.FS, name string) ([]byte, error) {
	f, err := bag.Open(name)
	if err != nil {
		return nil, &BagError{File: name, Reason: "it is missing", Absent: errors.Is(err, fs.ErrNotExist)}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTag+1))
	if err != nil {
		return nil, &BagError{File: name, Reason: err.Error()}
	}
	if len(data) > maxTag {
		return nil, &BagError{File: name, Reason: fmt.Sprintf("it has more than %d bytes", maxTag)}
	}
	return data, nil
}

// List returns the names of all files below a folder, in bytewise order.
func (b *Bundle) List(folder string) ([]string, error) {
	files, err := bagFiles(b)
	if err != nil {
		return nil, err
	}
	var in []string
	for _, name := range files {
		if strings.HasPrefix(name, folder+"/") {
			in = append(in, name)
		}
	}
	slices.Sort(in)
	return in, nil
}

// Digest returns the SHA-256 of a file.
func (b *Bundle) Digest(name string) (sum [sha256.Size]byte, size int64, err error) {
	f, err := b.FS.Open(name)
	if err != nil {
		return sum, 0, &BagError{File: name, Reason: "it is missing", Absent: errors.Is(err, fs.ErrNotExist)}
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return sum, 0, &BagError{File: name, Reason: err.Error()}
	}
	h.Sum(sum[:0])
	return sum, size, nil
}
