package schemas

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Manifest is manifest-sha256.txt: what a commit vouches for. Each line is
//
//	<64 lower-case hex digits>␠␠<path>
//
// ended by one LF, as sha256sum prints and checks it. Lines are sorted by the
// bytes of their paths and no path stands twice. Paths are relative to the root
// of the tree and made of segments [A-Za-z0-9._~-]+, none "." or "..". The
// manifest never lists itself and is never empty.
type Manifest []ManifestEntry

// ManifestEntry is one file of a manifest.
type ManifestEntry struct {
	SHA256 Digest // of the file's content
	Path   string
}

const (
	manifestSchema = "manifest"
	manifestPath   = "manifest-sha256.txt"
	maxManifest    = 64 << 20 // bytes: some half a million files
	hexLength      = 2 * len(Digest{})
)

// Encode returns the bytes of the manifest; m itself may be in any order. An
// entry that [ParseManifest] would refuse is a *[DecodeError].
func (m Manifest) Encode() ([]byte, error) {
	sorted := Manifest(slices.SortedFunc(slices.Values(m), func(a, b ManifestEntry) int { return cmp.Compare(a.Path, b.Path) }))
	var buf bytes.Buffer
	for i, entry := range sorted {
		buf.WriteString(entry.SHA256.Hex())
		buf.WriteString("  ")
		buf.WriteString(entry.Path)
		buf.WriteByte('\n')
		if buf.Len() > maxManifest {
			return nil, manifestError(0, "has more than %d bytes", maxManifest)
		}
		if err := sorted.check(i); err != nil {
			return nil, err
		}
	}
	if len(sorted) == 0 {
		return nil, manifestError(0, "lists no file")
	}
	return buf.Bytes(), nil
}

// ParseManifest reads the bytes that [Manifest.Encode] writes and nothing else.
// The error is a *[DecodeError].
func ParseManifest(data []byte) (Manifest, error) {
	if len(data) > maxManifest {
		return nil, manifestError(0, "has %d bytes, more than %d", len(data), maxManifest)
	}
	m := make(Manifest, 0, bytes.Count(data, []byte{'\n'}))
	for rest := string(data); rest != ""; {
		line, after, ended := strings.Cut(rest, "\n")
		n := len(m) + 1
		if !ended {
			return nil, manifestError(n, "does not end with LF")
		}
		if len(line) < hexLength+2 || line[hexLength:hexLength+2] != "  " {
			return nil, manifestError(n, "is not \"<64 hex digits>  <path>\"")
		}
		sum, ok := parseHex(line[:hexLength])
		if !ok {
			return nil, manifestError(n, "%q is not 64 lower-case hex digits", line[:hexLength])
		}
		m = append(m, ManifestEntry{SHA256: sum, Path: line[hexLength+2:]})
		if err := m.check(n - 1); err != nil {
			return nil, err
		}
		rest = after
	}
	if len(m) == 0 {
		return nil, manifestError(0, "lists no file")
	}
	return m, nil
}

// check returns what is wrong with entry i of a sorted manifest.
func (m Manifest) check(i int) error {
	path := m[i].Path
	if err := checkPath(path); err != nil {
		return manifestError(i+1, "%v", err)
	}
	switch {
	case path == manifestPath:
		return manifestError(i+1, "lists the manifest itself")
	case m[i].SHA256.IsZero():
		return manifestError(i+1, "%s has no digest", path)
	case i > 0 && m[i-1].Path == path:
		return manifestError(i+1, "lists %s twice", path)
	case i > 0 && m[i-1].Path > path:
		return manifestError(i+1, "%s stands after %s", path, m[i-1].Path)
	}
	return nil
}

func manifestError(line int, format string, args ...any) error {
	e := &DecodeError{Schema: manifestSchema, Problem: fmt.Sprintf(format, args...)}
	if line > 0 {
		e.Field = fmt.Sprintf("line %d", line)
	}
	return e
}
