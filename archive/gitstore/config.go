package gitstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const maxConfigSize = 1 << 20

// settings is what a repository's config says. It is looked at, never obeyed.
type settings []setting

// setting is one line: section.subsection.key in lower case but for the
// subsection, and its value.
type setting struct{ name, value string }

// readConfig reads a repository's config; includes are not followed. A
// repository without config has no settings, as with git.
func readConfig(dir string) (settings, error) {
	content, err := readShort(filepath.Join(dir, "config"), maxConfigSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading its config: %w", err)
	}
	all, err := parseConfig(content)
	if err != nil {
		return nil, &ConfigError{Path: filepath.Join(dir, "config"), Reason: err.Error()}
	}
	return all, nil
}

func (s settings) checkSupported() error {
	for _, line := range s {
		value := strings.ToLower(line.value)
		switch line.name {
		case "core.repositoryformatversion":
			if value != "0" && value != "1" {
				return &UnsupportedError{What: "format version " + line.value}
			}
		case "extensions.objectformat":
			if value != "sha1" {
				return &UnsupportedError{What: "object names of " + line.value}
			}
		case "extensions.refstorage":
			if value != "files" {
				return &UnsupportedError{What: "refs stored as " + line.value}
			}
		case "extensions.noop", "extensions.partialclone", "extensions.preciousobjects",
			"extensions.worktreeconfig", "extensions.relativeworktrees":
			// None of them changes where objects and refs are.
		default:
			if strings.HasPrefix(line.name, "extensions.") {
				return &UnsupportedError{What: line.name}
			}
		}
	}
	return nil
}
