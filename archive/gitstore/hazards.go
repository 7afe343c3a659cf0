package gitstore

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// HazardKind says what a hazard does to stock git.
type HazardKind uint8

const (
	// HazardView makes stock git show something else than this package reads.
	HazardView HazardKind = iota + 1
	// HazardAbsence makes objects absent that a full archive has.
	HazardAbsence
)

// Hazard is something in a repository that this package does not follow and
// that stock git does.
type Hazard struct {
	Kind   HazardKind
	Path   string // in the repository, with slashes
	Detail string
}

// Hazards lists, in a stable order, what makes stock git see another repository
// than this package: replacements, grafts, alternates, shallow and partial
// clones, includes and the like. An empty list means none was found.
func (s *Store) Hazards() ([]Hazard, error) {
	finders := []func() ([]Hazard, error){
		s.headHazards, s.replaceHazards, s.fileHazards, s.packHazards, s.configHazards,
	}
	var all []Hazard
	for _, find := range finders {
		found, err := find()
		if err != nil {
			return nil, fmt.Errorf("looking for hazards: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func (s *Store) headHazards() ([]Hazard, error) {
	content, err := readShort(filepath.Join(s.dir, "HEAD"), maxRefSize)
	if err != nil {
		return nil, err
	}
	target := strings.TrimSpace(strings.TrimPrefix(string(content), "ref:"))
	if target == branch {
		return nil, nil
	}
	return []Hazard{{HazardView, "HEAD", fmt.Sprintf("it names %q, not %s", target, branch)}}, nil
}

// replaceHazards finds git-replace refs, in their own files or packed.
func (s *Store) replaceHazards() ([]Hazard, error) {
	const prefix = "refs/replace/"
	var found []Hazard
	root := filepath.Join(s.dir, filepath.FromSlash(prefix))
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(s.dir, path)
			found = append(found, Hazard{HazardView, filepath.ToSlash(rel), "it replaces an object"})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.packedRefs(func(name, _ string) error {
		if strings.HasPrefix(name, prefix) {
			found = append(found, Hazard{HazardView, "packed-refs", fmt.Sprintf("%s replaces an object", name)})
		}
		return nil
	})
	return found, err
}

// fileHazards finds files whose mere content redirects git.
func (s *Store) fileHazards() ([]Hazard, error) {
	files := []Hazard{
		{HazardView, "info/grafts", "it gives commits other parents"},
		{HazardView, "info/attributes", "it changes how files are shown"},
		{HazardView, "commondir", "it moves objects and refs elsewhere"},
		{HazardAbsence, "shallow", "the history is cut off"},
		{HazardAbsence, "objects/info/alternates", "objects are kept in another repository"},
		{HazardAbsence, "objects/info/http-alternates", "objects are kept on a server"},
	}
	var found []Hazard
	for _, h := range files {
		info, err := os.Stat(filepath.Join(s.dir, filepath.FromSlash(h.Path)))
		if err == nil && info.Size() > 0 {
			found = append(found, h)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return found, nil
}

// packHazards finds packs that a partial clone left and packs that stock git
// refuses because their trailer is not the one their index was made for.
func (s *Store) packHazards() ([]Hazard, error) {
	names, err := readDirNames(s.packs.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	slices.Sort(names)
	var found []Hazard
	for _, name := range names {
		if strings.HasSuffix(name, ".promisor") {
			found = append(found, Hazard{HazardAbsence, "objects/pack/" + name, "the pack is that of a partial clone"})
		}
	}
	if err := s.packs.scan(); err != nil {
		return nil, err
	}
	s.packs.mu.RLock()
	packs, damaged := slices.Clone(s.packs.order), s.packs.damaged
	s.packs.mu.RUnlock()
	for stem, err := range damaged {
		found = append(found, Hazard{HazardAbsence, "objects/pack/" + stem + ".idx", err.Error()})
	}
	for _, p := range packs {
		detail := ""
		if err := p.open(); errors.Is(err, os.ErrClosed) || errors.Is(err, os.ErrNotExist) {
			continue // repacked since
		} else if err != nil {
			detail = err.Error()
		} else if p.torn {
			detail = "its end is not " + hex.EncodeToString(p.index.trailer[:]) + ", as its index says: stock git refuses it"
		}
		if detail != "" {
			found = append(found, Hazard{HazardAbsence, "objects/pack/" + filepath.Base(p.path), detail})
		}
	}
	slices.SortFunc(found, func(a, b Hazard) int { return strings.Compare(a.Path, b.Path) })
	return found, nil
}

func (s *Store) configHazards() ([]Hazard, error) {
	cfg, err := readConfig(s.dir)
	if err != nil {
		return nil, err
	}
	found := cfg.hazards("config")
	content, err := readShort(filepath.Join(s.dir, "config.worktree"), maxConfigSize)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(bytes.TrimSpace(content)) == 0 {
		return found, nil
	}
	return append(found, Hazard{HazardView, "config.worktree", "it is a second config"}), err
}

// plainSettings are those that neither bend what git shows nor name a program:
// whole sections, and keys of sections that also hold others. Everything else in
// the config of an archive is a hazard.
var plainSettings = map[string][]string{
	"core": {
		"repositoryformatversion", "filemode", "bare", "logallrefupdates", "ignorecase", "precomposeunicode",
		"symlinks", "sharedrepository", "fsync", "fsyncmethod", "compression", "loosecompression", "bigfilethreshold",
	},
	"remote":      {"url", "fetch", "pushurl", "push", "mirror", "tagopt", "prune"},
	"branch":      nil,
	"gc":          nil,
	"maintenance": nil,
	"pack":        nil,
	"repack":      nil,
	"receive":     nil,
	"transfer":    nil,
	"user":        {"name", "email"},
}

// hazards lists the settings that could bend what git shows, or let a repository
// choose a program that git runs.
func (s settings) hazards(path string) []Hazard {
	var found []Hazard
	for _, line := range s {
		section, _, _ := strings.Cut(line.name, ".")
		key := line.name[strings.LastIndexByte(line.name, '.')+1:]
		keys, known := plainSettings[section]
		kind := HazardView
		switch {
		case line.name == "extensions.partialclone",
			section == "remote" && (key == "promisor" || key == "partialclonefilter"):
			kind = HazardAbsence
		case line.name == "core.hookspath" && line.value == "/dev/null":
			continue // no hook is run: the way in which VERIFY.md makes a copy
		case known && (keys == nil || slices.Contains(keys, key)):
			continue
		}
		found = append(found, Hazard{kind, path, fmt.Sprintf("it sets %s to %q", line.name, line.value)})
	}
	return found
}
