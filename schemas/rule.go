package schemas

import (
	"strings"
	"time"
)

// rule is what a string has to be, named by the `rule` tag of its field.
type rule struct {
	name    string
	pattern string // the same as a regular expression of JSON Schema; "" when it takes more
	max     int    // bytes; 0: only the document's limit
	want    string // completes "… is not"
	holds   func(string) bool
}

// rules are those that a `rule` tag may name; it may also list words, as in
// "equal|delete|insert", or the one that it has to be, as in "is:insert".
var rules = []rule{
	{
		name: "archive", want: "urn:uuid:<lower-case UUID>", holds: isArchiveID,
		pattern: `^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`,
	},
	{
		name: "run", want: "the name of a run, such as 20261123T052855Z-4f1d09ac", holds: isRun,
		pattern: `^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}$`,
	},
	{
		name: "name", want: "the name of a page", holds: isPageName, max: 8192,
		pattern: `^(https?://[!-~]+|urn:walkback:post:[A-Za-z0-9._~%-]+)$`,
	},
	{
		name: "address", want: "an absolute URL in ASCII", holds: isAddress,
		pattern: `^[a-z][a-z0-9+.-]*:[ -~]+$`,
	},
	{
		name: "path", want: "a relative path of letters, digits and . _ ~ -", holds: isPath, max: maxPath,
		pattern: `^` + segmentPattern + `(/` + segmentPattern + `)*$`,
	},
	{
		name: "commit", want: "40 lower-case hex digits", holds: func(s string) bool { return isHex(s, 40) },
		pattern: `^[0-9a-f]{40}$`,
	},
	{
		name: "fingerprint", want: "SHA256:<43 characters of base64>", holds: isFingerprint,
		pattern: `^SHA256:[A-Za-z0-9+/]{43}$`,
	},
	{
		name: "word", want: "words of a-z and 0-9 joined by -", holds: isWord, max: 64,
		pattern: `^[a-z0-9]+(-[a-z0-9]+)*$`,
	},
	{name: "date", want: "YYYY-MM-DD or a time of RFC 3339", holds: isDate},
	{name: "text", want: "any text", holds: func(s string) bool { return s != "" }},
}

// segmentPattern is one segment of a path: not empty, not "." and not "..".
const segmentPattern = `([A-Za-z0-9_~-]|\.[A-Za-z0-9_~-]|\.\.[A-Za-z0-9._~-])[A-Za-z0-9._~-]*`

// ruleNamed returns nil when there is no such rule.
func ruleNamed(name string) *rule {
	for i := range rules {
		if rules[i].name == name {
			return &rules[i]
		}
	}
	return nil
}

// isArchiveID reports whether s is urn:uuid: and a UUID in the lower-case form
// of RFC 9562 §4.
func isArchiveID(s string) bool {
	uuid, ok := strings.CutPrefix(s, "urn:uuid:")
	if !ok || len(uuid) != 36 {
		return false
	}
	for i := range len(uuid) {
		isDash := i == 8 || i == 13 || i == 18 || i == 23
		if isDash != (uuid[i] == '-') || !isDash && !isHexByte(uuid[i]) {
			return false
		}
	}
	return true
}

func isRun(s string) bool {
	if len(s) != len("20261123T052855Z-4f1d09ac") || s[8] != 'T' || s[15:17] != "Z-" {
		return false
	}
	return allBytes(s[:8], isDigit) && allBytes(s[9:15], isDigit) && isHex(s[17:], 8)
}

const postPrefix = "urn:walkback:post:"

// isPageName looks at the form only: whether a URL is serialised as WHATWG
// says is for those who can parse one.
func isPageName(s string) bool {
	if name, ok := strings.CutPrefix(s, postPrefix); ok {
		return name != "" && allBytes(name, func(c byte) bool { return c == '%' || isPathByte(c) })
	}
	rest, ok := strings.CutPrefix(s, "http")
	rest, ok2 := strings.CutPrefix(strings.TrimPrefix(rest, "s"), "://")
	return ok && ok2 && rest != "" && allBytes(rest, func(c byte) bool { return c > ' ' && c <= '~' })
}

// isAddress admits spaces: the WHATWG serialisation of an opaque path, such as
// that of a mailto: redirect, keeps them.
func isAddress(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || !isLower(scheme[0]) || rest == "" {
		return false
	}
	return allBytes(scheme, func(c byte) bool { return isLower(c) || isDigit(c) || c == '+' || c == '.' || c == '-' }) &&
		allBytes(rest, func(c byte) bool { return c >= ' ' && c <= '~' })
}

func isPath(s string) bool { return checkPath(s) == nil }

func isFingerprint(s string) bool {
	sum, ok := strings.CutPrefix(s, "SHA256:")
	return ok && len(sum) == 43 && allBytes(sum, func(c byte) bool {
		return isLower(c) || c >= 'A' && c <= 'Z' || isDigit(c) || c == '+' || c == '/'
	})
}

func isWord(s string) bool {
	for part := range strings.SplitSeq(s, "-") {
		if part == "" || !allBytes(part, func(c byte) bool { return isLower(c) || isDigit(c) }) {
			return false
		}
	}
	return true
}

func isDate(s string) bool {
	layout := time.RFC3339
	if len(s) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	_, err := time.Parse(layout, s)
	return err == nil
}

func allBytes(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return true
}

func isHex(s string, digits int) bool { return len(s) == digits && allBytes(s, isHexByte) }
func isHexByte(c byte) bool           { return isDigit(c) || c >= 'a' && c <= 'f' }
func isDigit(c byte) bool             { return c >= '0' && c <= '9' }
func isLower(c byte) bool             { return c >= 'a' && c <= 'z' }
