package gitstore

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Entry is one line of a tree. Name is a single path component.
type Entry struct {
	Name string
	Mode Mode
	ID   ID
}

// File is an entry that is no folder, with its path from the root of the tree.
type File struct {
	Path string
	Mode Mode
	ID   ID
}

// modeTypeMask and modeTypeFolder select the file type of a mode as stat(2)
// does; git takes every mode of that type for a folder.
const (
	modeTypeMask   = 0o170000
	modeTypeFolder = 0o040000
)

// parseTree reads a tree object: entries "mode SP name NUL id" in git's order.
// It refuses what programs could read in different ways: modes not in their
// shortest form, names out of order or twice, names "", ".", "..", ".git" or
// with a slash.
func parseTree(content []byte) ([]Entry, error) {
	var entries []Entry
	for rest := string(content); len(rest) > 0; { // the names are parts of this one string
		e, n, err := parseEntry(rest)
		if err != nil {
			return nil, err
		}
		if err := checkOrder(entries, e); err != nil {
			return nil, err
		}
		if entries == nil {
			entries = make([]Entry, 0, len(content)/n+1) // the first is often like the others
		}
		entries = append(entries, e)
		rest = rest[n:]
	}
	return entries, nil
}

func parseEntry(b string) (e Entry, size int, err error) {
	space := strings.IndexByte(b[:min(len(b), 8)], ' ')
	if space < 1 {
		return e, 0, malformedTree("an entry has no mode")
	}
	for _, c := range []byte(b[:space]) {
		if c < '0' || c > '7' {
			return e, 0, malformedTree("mode %q is not octal", b[:space])
		}
		e.Mode = e.Mode<<3 | Mode(c-'0')
	}
	switch {
	case b[0] == '0' || space > 6:
		return e, 0, malformedTree("mode %q is not in its shortest form", b[:space])
	case e.Mode&modeTypeMask == modeTypeFolder && !e.Mode.IsFolder():
		return e, 0, malformedTree("a folder has mode %s", e.Mode)
	}
	nul := strings.IndexByte(b[space:], 0)
	if nul < 0 {
		return e, 0, malformedTree("a name does not end")
	}
	e.Name = b[space+1 : space+nul]
	if fault := nameFault(e.Name); fault != "" {
		return e, 0, malformedTree("name %q %s", e.Name, fault)
	}
	size = space + nul + 1
	if len(b)-size < len(e.ID) {
		return e, 0, malformedTree("the entry of %q is cut off", e.Name)
	}
	size += copy(e.ID[:], b[size:])
	return e, size, nil
}

// checkOrder holds the next entry against those before it. A file and a folder
// of the same name need not be neighbours in git's order.
func checkOrder(before []Entry, e Entry) error {
	if n := len(before); n > 0 && compareEntries(before[n-1], e) >= 0 {
		return malformedTree("%q comes after %q", e.Name, before[n-1].Name)
	}
	if e.Mode.IsFolder() {
		if _, found := findKey(before, e.Name, false); found {
			return malformedTree("%q is there twice", e.Name)
		}
	}
	return nil
}

// encodeTree is the inverse of parseTree for ordered entries.
func encodeTree(entries []Entry) []byte {
	b := make([]byte, 0, treeSize(entries))
	for _, e := range entries {
		b = appendEntry(b, e)
	}
	return b
}

func appendEntry(b []byte, e Entry) []byte {
	b = append(strconv.AppendUint(b, uint64(e.Mode), 8), ' ')
	b = append(append(b, e.Name...), 0)
	return append(b, e.ID[:]...)
}

// entrySize returns the bytes of an entry in a tree.
func entrySize(e Entry) int {
	digits := (bits.Len32(uint32(e.Mode)) + 2) / 3
	return max(1, digits) + 1 + len(e.Name) + 1 + len(e.ID)
}

func treeSize(entries []Entry) int {
	size := 0
	for _, e := range entries {
		size += entrySize(e)
	}
	return size
}

// nameFault says what git has against a name in a tree, or nothing.
func nameFault(name string) string {
	switch {
	case name == "":
		return "is empty"
	case name == "." || name == ".." || len(name) == len(".git") && strings.EqualFold(name, ".git"):
		return "is reserved"
	case strings.IndexByte(name, '/') >= 0 || strings.IndexByte(name, 0) >= 0:
		return "has a slash or NUL in it"
	}
	return ""
}

// compareEntries orders entries as git does: bytewise, a folder as if its name
// ended in a slash. Walking trees in this order yields paths in bytewise order.
func compareEntries(a, b Entry) int {
	return compareKeys(a.Name, a.Mode.IsFolder(), b.Name, b.Mode.IsFolder())
}

func compareKeys(a string, aFolder bool, b string, bFolder bool) int {
	n := min(len(a), len(b))
	if c := strings.Compare(a[:n], b[:n]); c != 0 {
		return c
	}
	return int(keyByte(a, n, aFolder)) - int(keyByte(b, n, bFolder))
}

func keyByte(name string, i int, folder bool) byte {
	switch {
	case i < len(name):
		return name[i]
	case folder:
		return '/'
	}
	return 0
}

// findKey returns where the entry is, or where it would have to be put.
func findKey(entries []Entry, name string, folder bool) (int, bool) {
	return slices.BinarySearchFunc(entries, name, func(e Entry, name string) int {
		return compareKeys(e.Name, e.Mode.IsFolder(), name, folder)
	})
}

// findName returns the entry of that name, file or folder.
func findName(entries []Entry, name string) (int, bool) {
	if i, ok := findKey(entries, name, false); ok {
		return i, true
	}
	return findKey(entries, name, true)
}

func malformedTree(format string, args ...any) error {
	return &MalformedError{Kind: KindTree, Reason: fmt.Sprintf(format, args...)}
}
