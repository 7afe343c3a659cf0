package schemas

import "strings"

// isArchiveID reports whether s is urn:uuid: and a UUID in the lower-case form
// of RFC 9562 §4.
func isArchiveID(s string) bool {
	uuid, ok := strings.CutPrefix(s, "urn:uuid:")
	if !ok || len(uuid) != 36 {
		return false
	}
	for i := range len(uuid) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if uuid[i] != '-' {
				return false
			}
		case !isHexByte(uuid[i]):
			return false
		}
	}
	return true
}

func isHexByte(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }
