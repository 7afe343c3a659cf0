package gitstore

import (
	"errors"
	"strings"
	"testing"
)

func TestParseTree(t *testing.T) {
	entry := func(mode, name string) string { return mode + " " + name + "\x00" + strings.Repeat("\x11", 20) }
	for name, test := range map[string]struct {
		content string
		good    bool
	}{
		"empty":                  {"", true},
		"git's order":            {entry("100644", "a") + entry("100644", "a-b") + entry("40000", "aa") + entry("100644", "ab"), true},
		"folder after a.b":       {entry("100644", "a.b") + entry("40000", "a") + entry("100644", "a0"), true},
		"folder before a.b":      {entry("40000", "a") + entry("100644", "a.b"), false},
		"other modes":            {entry("120000", "a") + entry("160000", "b") + entry("100755", "c"), true},
		"out of order":           {entry("100644", "b") + entry("100644", "a"), false},
		"twice":                  {entry("100644", "a") + entry("100644", "a"), false},
		"file and folder":        {entry("100644", "a") + entry("40000", "a"), false},
		"file and folder, apart": {entry("100644", "a") + entry("100644", "a.b") + entry("40000", "a"), false},
		"zero-padded mode":       {entry("040000", "a"), false},
		"mode of a folder":       {entry("40755", "a"), false},
		"mode not octal":         {entry("100648", "a"), false},
		"mode too long":          {entry("1006440", "a"), false},
		"no mode":                {entry("", "a"), false},
		"no name":                {entry("100644", ""), false},
		"dot":                    {entry("100644", "."), false},
		"dot dot":                {entry("40000", ".."), false},
		"dot git":                {entry("40000", ".git"), false},
		"dot Git":                {entry("40000", ".GIT"), false},
		"slash":                  {entry("100644", "a/b"), false},
		"id cut off":             {entry("100644", "a")[:20], false},
		"name cut off":           {"100644 a", false},
		"mode cut off":           {"100644", false},
	} {
		entries, err := parseTree([]byte(test.content))
		var malformed *MalformedError
		switch {
		case test.good && err != nil, !test.good && !errors.As(err, &malformed):
			t.Errorf("%s: %v", name, err)
		case test.good && string(encodeTree(entries)) != test.content:
			t.Errorf("%s: encoding gives another tree", name)
		}
	}
}
