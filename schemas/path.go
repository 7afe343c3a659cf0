package schemas

import (
	"fmt"
	"strings"
)

// maxPath bounds the length of a stored path in bytes.
const maxPath = 1024

// checkPath returns nil for a path that an archive may hold: relative, its
// segments of [A-Za-z0-9._~-] separated by single slashes, none "." or "..".
// Such a path means the same on every system and never leaves its folder.
func checkPath(path string) error {
	if len(path) > maxPath {
		return fmt.Errorf("the path has %d bytes, more than %d", len(path), maxPath)
	}
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "":
			return fmt.Errorf("%q is not a path of non-empty segments", path)
		case ".", "..":
			return fmt.Errorf("%q is not a path without %q", path, segment)
		}
		for i := range len(segment) {
			if !isPathByte(segment[i]) {
				return fmt.Errorf("%q is not a path of letters, digits and . _ ~ -", path)
			}
		}
	}
	return nil
}

func isPathByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '.' || c == '_' || c == '~' || c == '-'
}
