package bundle

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// BagError says what is wrong with a bag.
type BagError struct {
	File   string // in the bag
	Reason string
	Absent bool // it is not damaged: something is missing
}

func (e *BagError) Error() string { return e.File + ": " + e.Reason }

// UnsupportedBagError says what about a bag is not read here.
type UnsupportedBagError struct{ What string }

func (e *UnsupportedBagError) Error() string { return e.What + " is not supported" }

// maxTag bounds the manifests and other tag files that are read whole, in bytes.
const maxTag = 64 << 20

// algorithms are those of manifests (RFC 8493 §2.4).
var algorithms = map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}

// CheckBag holds a bag to RFC 8493: it is complete, and every file has the digest
// that each manifest says. Older versions from 0.93 on are read, too. What has to
// be fetched, and tag files in other encodings than UTF-8, are not supported. The
// first thing that is wrong is a *BagError.
func CheckBag(bag fs.FS) error {
	version, err := readDeclaration(bag)
	if err != nil {
		return err
	}
	if _, err := fs.Stat(bag, "fetch.txt"); err == nil {
		return &UnsupportedBagError{What: "a bag that is to be completed by fetching"}
	}
	files, err := bagFiles(bag)
	if err != nil {
		return err
	}
	present := map[string]bool{}
	for _, name := range files {
		present[name] = true
	}
	if info, err := fs.Stat(bag, "data"); err != nil || !info.IsDir() {
		return &BagError{File: "data", Reason: "the bag has no payload folder", Absent: true}
	}
	manifests := 0
	for _, name := range files {
		algorithm, tag, ok := manifestName(name)
		if !ok {
			continue
		}
		if algorithms[algorithm] == nil {
			return &UnsupportedBagError{What: "the digest algorithm " + algorithm}
		}
		if !tag {
			manifests++
		}
		if err := checkManifest(bag, name, algorithms[algorithm], tag, version, present); err != nil {
			return err
		}
	}
	if manifests == 0 {
		return &BagError{File: "manifest-sha256.txt", Reason: "the bag has no payload manifest", Absent: true}
	}
	return nil
}

// readDeclaration reads bagit.txt (RFC 8493 §2.1.1) and returns the version.
func readDeclaration(bag fs.FS) (version string, err error) {
	data, err := readTag(bag, "bagit.txt")
	if err != nil {
		return "", err
	}
	wrong := &BagError{File: "bagit.txt", Reason: "it is not \"BagIt-Version: M.N\" and \"Tag-File-Character-Encoding: UTF-8\", a line each"}
	text, _ := strings.CutSuffix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	lines := strings.Split(text, "\n")
	if len(lines) != 2 {
		return "", wrong
	}
	version, ok := strings.CutPrefix(lines[0], "BagIt-Version: ")
	encoding, ok2 := strings.CutPrefix(lines[1], "Tag-File-Character-Encoding: ")
	if !ok || !ok2 {
		return "", wrong
	}
	if !slices.Contains([]string{"0.93", "0.94", "0.95", "0.96", "0.97", "1.0"}, version) {
		return "", &BagError{File: "bagit.txt", Reason: fmt.Sprintf("%.20q is not a version of BagIt", version)}
	}
	if encoding != "UTF-8" {
		return "", &UnsupportedBagError{What: fmt.Sprintf("the encoding %.40q of tag files", encoding)}
	}
	return version, nil
}

// readTag reads a tag file.
func readTag(bag fs.FS, name string) ([]byte, error) {
	data, err := readSmall(bag, name)
	switch {
	case err != nil:
		return nil, err
	case !utf8.Valid(data):
		return nil, &BagError{File: name, Reason: "it is not UTF-8"}
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return nil, &BagError{File: name, Reason: "it begins with a byte order mark"}
	}
	return data, nil
}

// bagFiles lists all files, in order. What is neither file nor folder is refused.
func bagFiles(bag fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(bag, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return &BagError{File: name, Reason: err.Error()}
		case d.IsDir():
		case !d.Type().IsRegular():
			return &BagError{File: name, Reason: "it is no regular file"}
		default:
			files = append(files, name)
		}
		return nil
	})
	return files, err
}

// manifestName takes the name of a manifest apart.
func manifestName(name string) (algorithm string, tag, ok bool) {
	rest, tag := strings.CutPrefix(name, "tag")
	rest, ok = strings.CutPrefix(rest, "manifest-")
	if !ok {
		return "", false, false
	}
	algorithm, ok = strings.CutSuffix(rest, ".txt")
	return algorithm, tag, ok && !strings.Contains(algorithm, "/")
}

// checkManifest holds files to a manifest. That of the payload has to list all of
// it.
func checkManifest(bag fs.FS, manifest string, newHash func() hash.Hash, tag bool, version string, present map[string]bool) error {
	listed, err := readManifest(bag, manifest, version)
	if err != nil {
		return err
	}
	paths := map[string]bool{}
	for _, line := range listed {
		paths[line.path] = true
		if !tag && !strings.HasPrefix(line.path, "data/") {
			return &BagError{File: manifest, Reason: fmt.Sprintf("it lists %q, which is not in data", line.path)}
		}
		if !present[line.path] {
			return &BagError{File: line.path, Reason: "it is missing, but " + manifest + " lists it", Absent: true}
		}
		sum, err := sumOf(bag, line.path, newHash())
		if err != nil {
			return err
		}
		if sum != line.sum {
			return &BagError{File: line.path, Reason: fmt.Sprintf("it has the digest %s, %s says %s", sum, manifest, line.sum)}
		}
	}
	if tag {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(present)) {
		if strings.HasPrefix(name, "data/") && !paths[name] {
			return &BagError{File: name, Reason: manifest + " does not list it"}
		}
	}
	return nil
}

type manifestLine struct{ sum, path string }

// readManifest reads "<hex>  <path>" lines. A path that is listed twice, or that
// leads out of the bag, is refused, since tools differ on what it means.
func readManifest(bag fs.FS, manifest, version string) ([]manifestLine, error) {
	data, err := readTag(bag, manifest)
	if err != nil {
		return nil, err
	}
	var lines []manifestLine
	seen := map[string]bool{}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		text := strings.TrimSuffix(scanner.Text(), "\r")
		if text == "" {
			continue
		}
		sum, name, _ := strings.Cut(text, " ")
		name = strings.TrimLeft(name, " \t")
		name = strings.TrimPrefix(name, "*") // as md5sum marks binary files
		name = strings.TrimPrefix(name, "./")
		if version == "1.0" {
			name = unescape.Replace(name)
		}
		if _, err := hex.DecodeString(sum); err != nil || name == "" {
			return nil, &BagError{File: manifest, Reason: fmt.Sprintf("%.80q is not a digest and a path", text)}
		}
		if !fs.ValidPath(name) || strings.ContainsAny(name, "\\") || strings.HasPrefix(name, "~") || strings.Contains(name, ":") && version != "1.0" {
			return nil, &BagError{File: manifest, Reason: fmt.Sprintf("%.80q is no path within the bag", name)}
		}
		if seen[name] {
			return nil, &BagError{File: manifest, Reason: fmt.Sprintf("it lists %.80q twice", name)}
		}
		seen[name] = true
		lines = append(lines, manifestLine{strings.ToLower(sum), name})
	}
	if err := scanner.Err(); err != nil {
		return nil, &BagError{File: manifest, Reason: err.Error()}
	}
	return lines, nil
}

// unescape undoes what RFC 8493 §2.1.3 does to line ends in paths.
var unescape = strings.NewReplacer("%0A", "\n", "%0a", "\n", "%0D", "\r", "%0d", "\r", "%25", "%")

func sumOf(bag fs.FS, name string, h hash.Hash) (string, error) {
	f, err := bag.Open(name)
	if err != nil {
		return "", &BagError{File: name, Reason: err.Error()}
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", &BagError{File: path.Clean(name), Reason: err.Error()}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
